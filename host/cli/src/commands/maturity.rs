//! `seaworthy maturity`: the level that a repository shows evidence for.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use engine::Input;
use engine::maturity::{Catalog, Evidence, Level, Maturity, Practice};
use sources::{Exclude, Files, Mode, Reading, RenderOptions};

use crate::bundle;
use crate::exit::{HOLDS, UNDECIDED};
use crate::failure::Failure;
use crate::input;
use crate::judging;
use crate::present::output::{self, BOLD, CYAN, DIM, GREEN, YELLOW, one_line};
use crate::present::table::{WIDTH, wrapped};

/// How many traces of one practice are told.
const TOLD: usize = 5;

pub const EXAMPLES: &str = "\
Examples:
  seaworthy maturity .
                       the level, the evidence, and what the next level asks for
  seaworthy maturity . --format json
                       for machines
  seaworthy maturity . --config platform.yaml
                       with your own evidence

Only evidence in files counts. Exit code 2 if something could not be read.";

#[derive(clap::Args)]
pub struct Args {
    /// The repository: folders or files, searched for .yaml, .yml and .json.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Do not read what matches this pattern, in the way of .gitignore: `tests/`, `*.secret.yaml`. May be given several
    /// times. What a .gitignore or an .ignore leaves out is not read either, and is listed.
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<Exclude>,

    /// The configuration: what else is evidence, under `maturity`.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT")]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For machines, see `docs/maturity.md`.
    Json,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let mut catalog = Catalog::built_in();
    if let Some(path) = &options.config {
        let (rules, _) = bundle::find(None)?;
        catalog = catalog.and(&judging::read_config(Some(path), &rules)?.maturity);
    }
    // Evidence is what people wrote, not what a tool makes of it.
    let as_written = RenderOptions { mode: Mode::Never, ..RenderOptions::default() };
    let Files { files, unread, .. } = input::read(&options.paths, &options.exclude, &as_written, &Reading::default());
    let input = Input::new(files);
    let roots: Vec<String> = options.paths.iter().map(|path| sources::name(path)).collect();
    let maturity = Maturity::new(&input, &catalog, &roots);
    let text = match options.format {
        // Of nothing there is nothing to say but that.
        Format::Human if input.files().is_empty() => String::new(),
        Format::Human => render(&maturity),
        Format::Json => maturity.to_json(env!("CARGO_PKG_VERSION")) + "\n",
    };
    output::print(&text)?;
    let problems = sources::problems(&input, &unread);
    problems.iter().for_each(|problem| output::complain(problem));
    if input.files().is_empty() && problems.is_empty() {
        output::complain("there is no .yaml, .yml or .json file here");
    }
    Ok(if problems.is_empty() && !input.files().is_empty() { HOLDS } else { UNDECIDED })
}

fn render(maturity: &Maturity) -> String {
    let level = maturity.level();
    let mut text = String::new();
    for of in Level::ALL.into_iter().skip(1) {
        let style = if of <= level { GREEN } else { DIM };
        let _ = writeln!(text, "{style}{BOLD}L{} {}{BOLD:#}{style:#}", of.number(), of.name());
        for practice in Practice::ALL.into_iter().filter(|practice| practice.level() == of) {
            write_practice(practice, &maturity.of(practice).collect::<Vec<_>>(), &mut text);
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{BOLD}The files show evidence for L{} ({}){BOLD:#}", level.number(), level.name());
    if let Some(next) = maturity.next() {
        let _ = writeln!(text, "For L{} ({}) there is no evidence of:", next.number(), next.name());
        for practice in maturity.missing(next) {
            let _ = writeln!(text, "  {YELLOW}-{YELLOW:#} {}", practice.title());
            for line in wrapped(practice.looked_for(), WIDTH - 4) {
                let _ = writeln!(text, "    {DIM}{line}{DIM:#}");
            }
        }
    }
    text
}

fn write_practice(practice: Practice, evidence: &[&Evidence], text: &mut String) {
    let title = practice.title();
    if evidence.is_empty() {
        let _ = writeln!(text, "  {DIM}no evidence{DIM:#}  {title}");
        return;
    }
    let _ = writeln!(text, "  {GREEN}evidence{GREEN:#}     {title}");
    for Evidence { what, file, line, .. } in evidence.iter().take(TOLD) {
        let (what, file) = (one_line(what), one_line(file));
        let _ = writeln!(text, "               {CYAN}{file}:{line}{CYAN:#}  {what}");
    }
    if evidence.len() > TOLD {
        let _ = writeln!(text, "               {DIM}and {} more{DIM:#}", evidence.len() - TOLD);
    }
}
