//! `--diff`: what the template of today would change in what it once wrote.

use std::fmt::Write as _;
use std::path::Path;

use scaffold::{Answers, Change, RECORD, Record, render};
use similar::TextDiff;

use super::template::TemplateOptions;
use crate::exit::{BROKEN, HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::present::output::{self, BOLD, DIM, GREEN, RED, YELLOW, printable};

/// Runs the command in the folder of a service.
pub fn run(folder: &Path, options: &TemplateOptions) -> Result<u8, Failure> {
    let file = |cause: &dyn ToString| Failure::File(cause.to_string());
    let record = Record::read(&folder.join(RECORD)).map_err(|cause| file(&cause))?;
    let (template, _) = options.find(Some(&record.template))?;
    let (name, version) = (&template.declaration.name, template.declaration.version);
    if version < record.version {
        return Err(Failure::File(format!(
            "the service was made with version {} of the template, and this is version {version}: update seaworthy",
            record.version
        )));
    }
    // What the template asks no more is no answer any more.
    let asked = |answer: &String| template.declaration.answers.iter().any(|asked| asked.name == *answer);
    let given = record.answers.clone().into_iter().filter(|(answer, _)| asked(answer)).collect();
    let answers = match Answers::new(&template, &given) {
        Ok(answers) => answers,
        Err(causes) => {
            causes.iter().for_each(|cause| output::complain(&cause.to_string()));
            return Ok(UNDECIDED);
        }
    };
    let rendered = render(&template, &answers).map_err(|cause| file(&cause))?;
    let steps = rendered.record.as_deref().map_or(0, |record| record.split('/').count());
    let folder = folder.canonicalize().map_err(|cause| file(&cause))?;
    let Some(root) = folder.ancestors().nth(steps) else {
        return Err(Failure::File(format!("{} is not where the template writes a service", folder.display())));
    };
    let changes = record.changes(root, &rendered).map_err(|cause| file(&cause))?;
    let mut text = String::new();
    for (path, change) in &changes {
        let path = printable(path);
        match change {
            Change::Added { text: new } => show(&path, "new in the template", "", new, &mut text),
            Change::Changed { old, new, is_edited: false } => {
                show(&path, "changed in the template", old, new, &mut text)
            }
            Change::Changed { old, new, is_edited: true } => {
                show(&path, "changed in the template, and here as well", old, new, &mut text);
            }
            Change::Removed => {
                let _ = writeln!(text, "{BOLD}{path}{BOLD:#}  {YELLOW}not in the template any more{YELLOW:#}\n");
            }
            Change::NotHere => {}
        }
    }
    let from = if version == record.version { String::new() } else { format!(", was {}", record.version) };
    let is_same = text.is_empty();
    let result = if is_same { "nothing to change" } else { "changes above; nothing was written" };
    let _ = writeln!(text, "Template {name}, version {version}{from}: {result}");
    output::print(&text)?;
    let mut is_whole = true;
    for (path, _) in changes.iter().filter(|(_, change)| **change == Change::NotHere) {
        output::complain(&format!("{} is not here, so it was not compared: clone it", root.join(path).display()));
        is_whole = false;
    }
    Ok(if !is_whole {
        UNDECIDED
    } else if is_same {
        HOLDS
    } else {
        BROKEN
    })
}

fn show(path: &str, why: &str, old: &str, new: &str, text: &mut String) {
    let _ = writeln!(text, "{BOLD}{path}{BOLD:#}  {YELLOW}{why}{YELLOW:#}");
    let diff = TextDiff::from_lines(old, new);
    for hunk in diff.unified_diff().context_radius(2).iter_hunks() {
        let _ = writeln!(text, "{DIM}{}{DIM:#}", hunk.header());
        for change in hunk.iter_changes() {
            let line = printable(change.value().trim_end_matches('\n'));
            let _ = match change.tag() {
                similar::ChangeTag::Equal => writeln!(text, " {line}"),
                similar::ChangeTag::Delete => writeln!(text, "{RED}-{line}{RED:#}"),
                similar::ChangeTag::Insert => writeln!(text, "{GREEN}+{line}{GREEN:#}"),
            };
        }
    }
    text.push('\n');
}
