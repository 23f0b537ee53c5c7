//! Writes what a template makes, and says what was written and what to do next.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use scaffold::{Answers, File, Origin, Plan, Record, Rendered, Template, render};

use crate::exit::{HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::present::output::{self, BOLD, DIM, count, shown};

/// The template of services in the binary.
pub const SERVICE: &str = "service";

/// Where files are written, if at all.
pub struct Writing<'a> {
    pub folder: &'a Path,
    pub dry_run: bool,
}

/// What was made, or each reason why not on standard error.
pub fn settled<T, E: ToString>(made: Result<T, Vec<E>>) -> Option<T> {
    made.map_err(|causes| causes.iter().for_each(|cause| output::complain(&cause.to_string()))).ok()
}

impl Writing<'_> {
    /// Writes what a template makes of the answers, and the record of it. The record says where the template is from.
    pub fn template(
        &self,
        template: &Template,
        origin: &Origin,
        given: &BTreeMap<String, String>,
    ) -> Result<u8, Failure> {
        let Some(answers) = settled(Answers::new(template, given)) else { return Ok(UNDECIDED) };
        let rendered = render(template, &answers).map_err(|cause| Failure::Usage(cause.to_string()))?;
        let after = format!("{}{}", placeholders(template, &answers, &rendered), next(&rendered));
        let mut files = rendered.files.clone();
        if let Some(folder) = &rendered.record {
            let record = Record::new(template, origin, &answers, &rendered);
            files.push(record.file(folder).map_err(|cause| Failure::File(cause.to_string()))?);
        }
        self.files(files, &after)
    }

    /// Writes files, and says so.
    pub fn files(&self, files: Vec<File>, after: &str) -> Result<u8, Failure> {
        let Some(plan) = settled(Plan::new(self.folder, files)) else {
            output::complain("nothing was written: no file is ever overwritten");
            return Ok(UNDECIDED);
        };
        if !self.dry_run {
            plan.write().map_err(|cause| Failure::File(cause.to_string()))?;
        }
        let verb = if self.dry_run { "Would write" } else { "Wrote" };
        let mut text = format!("{BOLD}{verb} {}{BOLD:#}\n", count(plan.new.len(), "file"));
        for (path, _) in &plan.new {
            let _ = writeln!(text, "  {}", shown(path));
        }
        for path in &plan.kept {
            let path = shown(path);
            let _ = writeln!(text, "  {path} {DIM}exists already and is shared: not changed{DIM:#}");
        }
        output::print(&(text + after))?;
        Ok(HOLDS)
    }
}

/// The answers that nobody gave and that are only there to be replaced, and where they stand.
fn placeholders(template: &Template, answers: &Answers, rendered: &Rendered) -> String {
    let mut text = String::new();
    for asked in template.declaration.answers.iter().filter(|asked| asked.fill_in) {
        let Some(value) = answers.get(&asked.name).filter(|value| asked.default.as_deref() == Some(value)) else {
            continue;
        };
        let _ = writeln!(text, "  {value}  {} {DIM}(--set {}=...){DIM:#}", asked.about, asked.name);
        for file in rendered.files.iter().filter(|file| file.text.contains(value)) {
            let _ = writeln!(text, "    {DIM}{}{DIM:#}", file.path);
        }
    }
    if text.is_empty() { text } else { format!("\n{BOLD}Replace before production{BOLD:#}\n{text}") }
}

fn next(rendered: &Rendered) -> String {
    let lines = rendered.next.lines().fold(String::new(), |text, line| text + "  " + line + "\n");
    if lines.is_empty() { lines } else { format!("\n{BOLD}Next{BOLD:#}\n{lines}") }
}
