//! `seaworthy test`: asks a policy the cases of a file, in the sandbox, and says which are decided otherwise.

mod ask;
mod cases;
mod junit;
mod update;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use engine::{Capabilities, Policy, Rule, is_rule_name};
use sandbox::{Module, Sandbox};
use serde_json::Value as Json;

use self::ask::{Answer, ask};
use self::cases::{Case, Suite};
use self::update::updated;
use crate::bundle;
use crate::cache;
use crate::exit::{BROKEN, HOLDS};
use crate::failure::Failure;
use crate::judging;
use crate::present::output::{self, BOLD, DIM, GREEN, RED, count, one_line};
use crate::replace::replace;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy test cases.yaml              the policy that the file names
  seaworthy test cases.yaml --policy safe-labels.wasm
                                         another one
  seaworthy test policies/*/cases.yaml --format junit > results.xml
  seaworthy test cases.yaml --update     write the current answers into the file

A file of cases:
  policy: safe-labels.wasm
  settings: {mandatory_labels: [owner]}
  cases:
    - name: a Pod without an owner is rejected
      object: {apiVersion: v1, kind: Pod, metadata: {name: web}}
      expect: reject
      message: owner

docs/testing-policies.md has all fields.

Exit codes:
  0  all cases are decided as expected
  1  a case is not
  2  there is no case, or a file or a policy cannot be used";

#[derive(clap::Args)]
pub struct Args {
    /// The files of cases.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// The policy: a module of Kubewarden's or a rule of seaworthy's. Without it, each file names its own.
    #[arg(long, value_name = "FILE.wasm")]
    pub policy: Option<PathBuf>,

    /// How to print the results.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,

    /// Write the policy's answers into the cases that expect something else. Cases without an answer are not changed.
    #[arg(long)]
    pub update: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For CI servers: XML.
    Junit,
}

/// What became of a case.
struct Result {
    file: String,
    line: u32,
    policy: String,
    name: String,
    failure: Option<String>,
}

/// Runs the command.
pub fn run(options: &Args) -> std::result::Result<u8, Failure> {
    let mut results = Vec::new();
    let mut written = Vec::new();
    for file in &options.files {
        let suite = Suite::read(file)?;
        if suite.cases.is_empty() {
            return Err(Failure::Usage(format!("{} has no cases, so nothing is tested", suite.shown)));
        }
        let path = match (&options.policy, &suite.policy) {
            (Some(path), _) => path.clone(),
            (None, Some(named)) => suite.folder.join(named),
            (None, None) => {
                return Err(Failure::Usage(format!(
                    "{} names no policy: add `policy: FILE.wasm`, or --policy",
                    suite.shown
                )));
            }
        };
        let sandbox = judging::sandbox(sandbox::Limits::default(), 1)?;
        let answers = answers(&sandbox, &path, &suite, &mut results)?;
        if options.update && !answers.is_empty() {
            let changed: Vec<(usize, &Answer)> = answers.iter().map(|(index, answer)| (*index, answer)).collect();
            let Some(text) = updated(&suite, &changed) else {
                let message = format!("{} cannot be changed without losing its layout: change it by hand", suite.shown);
                return Err(Failure::File(message));
            };
            replace(file, text.as_bytes()).map_err(|cause| Failure::File(format!("{} {cause}", suite.shown)))?;
            written.push(format!("{}: {} updated", suite.shown, count(changed.len(), "case")));
        }
    }
    match options.format {
        Format::Human => output::print(&human(&results, &written))?,
        Format::Junit => output::print(&junit::render(&results))?,
    }
    Ok(if results.iter().any(|result| result.failure.is_some()) { BROKEN } else { HOLDS })
}

/// Asks all cases of a file. What comes back are the answers that were not expected, by the index of the case.
fn answers(
    sandbox: &Sandbox,
    path: &Path,
    suite: &Suite,
    results: &mut Vec<Result>,
) -> std::result::Result<Vec<(usize, Answer)>, Failure> {
    let rule = load(sandbox, path)?;
    let policy = rule.metadata.name.clone();
    let mut held = Some(rule);
    let mut unexpected = Vec::new();
    for (index, (line, case)) in suite.cases.iter().enumerate() {
        let settings = case.settings.as_ref().unwrap_or(&suite.settings);
        let Some(rule) = held.take() else { break };
        let (asked, answer) = ask(sandbox, rule, case, settings, &suite.folder);
        held = asked;
        let failure = match answer {
            Err(cause) => Some(cause),
            Ok(answer) => {
                let failure = difference(case, &answer);
                if failure.is_some() {
                    unexpected.push((index, answer));
                }
                failure
            }
        };
        let (file, name) = (suite.shown.clone(), case.name.clone());
        results.push(Result { file, line: *line, policy: policy.clone(), name, failure });
    }
    Ok(unexpected)
}

/// A policy of anybody's, which may ask what it declares: a case answers.
fn load(sandbox: &Sandbox, path: &Path) -> std::result::Result<Rule<Module>, Failure> {
    let shown = one_line(&sources::name(path));
    let failed =
        |cause: &dyn std::fmt::Display| Failure::Bundle(format!("the policy {shown} {}", one_line(&cause.to_string())));
    let (wasm, sections) = bundle::read_module(path).map_err(|cause| failed(&cause))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let module = match cache::open() {
        Some(cache) => sandbox.load_cached(&name, &wasm, &cache),
        None => sandbox.load(&name, &wasm),
    };
    let module = module.map_err(|cause| failed(&format!("cannot be loaded: {cause}")))?;
    let rule = match (sections.rule, sections.kubewarden) {
        (Some(rule), _) if is_rule_name(&rule.name) => Rule::new(rule, module),
        (_, Some(metadata)) => {
            let policy = Policy::read(&name, &metadata).map_err(|cause| failed(&format!("cannot be run: {cause}")))?;
            Rule::foreign(policy, module)
        }
        _ => return Err(failed(&"carries no metadata of Kubewarden's")),
    };
    rule.check_protocol(sandbox).map_err(|cause| failed(&format!("cannot be used: {cause}")))?;
    Ok(rule.allowing(Capabilities::all()))
}

/// How an answer is not what the case expects.
fn difference(case: &Case, answer: &Answer) -> Option<String> {
    let said = if answer.message.is_empty() { String::new() } else { format!(": {}", one_line(&answer.message)) };
    if answer.verdict != case.expect {
        return Some(format!("expected {}, and it says {}{said}", case.expect.name(), answer.verdict.name()));
    }
    if let Some(words) = case.message.as_ref().filter(|words| !answer.message.contains(words.as_str())) {
        return Some(format!(
            "expected a message with `{}`, and it says `{}`",
            one_line(words),
            one_line(&answer.message)
        ));
    }
    match (&case.mutated, &answer.mutated) {
        (Some(expected), Some(mutated)) if expected != mutated => {
            Some(format!("it changes the object to {}", shown(mutated)))
        }
        (Some(_), None) => Some("expected a change of the object, and it changes nothing".into()),
        (None, Some(mutated)) => {
            Some(format!("it changes the object, and the case has no `mutated`: {}", shown(mutated)))
        }
        _ => None,
    }
}

fn shown(object: &Json) -> String {
    one_line(&object.to_string())
}

fn human(results: &[Result], written: &[String]) -> String {
    let mut text = String::new();
    let mut file = "";
    for result in results {
        if result.file != file {
            file = &result.file;
            let _ = writeln!(text, "{BOLD}{file}{BOLD:#}  {DIM}{}{DIM:#}", one_line(&result.policy));
        }
        let name = one_line(&result.name);
        let _ = match &result.failure {
            None => writeln!(text, "  {GREEN}ok{GREEN:#}    {name}"),
            Some(cause) => {
                writeln!(text, "  {RED}FAIL{RED:#}  {name}\n        {file}:{}: {}", result.line, one_line(cause))
            }
        };
    }
    let failed = results.iter().filter(|result| result.failure.is_some()).count();
    let _ = writeln!(text, "\n{}: {} passed, {failed} failed", count(results.len(), "case"), results.len() - failed);
    for line in written {
        let _ = writeln!(text, "{line}");
    }
    text
}
