//! What deploys workloads and was not checked: where it stands, why, and the command that shows what it deploys.

use std::fmt::Write as _;

use super::Run;
use crate::report::Report;
use crate::report::render::style::{DIM, YELLOW};
use crate::shown::{count, one_line};
use crate::unchecked::{Source, Unchecked};

/// Places that are told.
const SHOWN: usize = 10;

pub(super) fn write(report: &Report<'_>, run: &Run<'_>, text: &mut String) {
    let unchecked = report.unchecked();
    if unchecked.is_empty() {
        return;
    }
    let files = count(unchecked.iter().map(|unchecked| unchecked.files).sum(), "file");
    let deploy = if files == "1 file" { "deploys" } else { "deploy" };
    let _ = writeln!(text, "{YELLOW}not checked:{YELLOW:#} {files} that {deploy} workloads");
    for (unchecked, line) in unchecked.iter().zip(lines(report, unchecked)).take(SHOWN) {
        let _ = writeln!(text, "  {}", one_line(&line));
        if let Some(command) = unchecked.command() {
            let _ = writeln!(text, "    {DIM}{}{DIM:#}", one_line(&command));
        }
    }
    if unchecked.len() > SHOWN {
        let _ = writeln!(text, "  {DIM}and {} more; `--format json` names all{DIM:#}", unchecked.len() - SHOWN);
    }
    let is_rendered = |it: &Unchecked| matches!(it.source, Source::Chart(_) | Source::Kustomization(_));
    if let Some(cause) = run.render_never.filter(|_| unchecked.iter().any(is_rendered)) {
        let _ = writeln!(text, "  nothing is rendered: {}", one_line(cause));
    }
}

/// A line each: `charts/web/Chart.yaml:1: a Helm chart: 3 templates are not rendered`.
pub fn lines<'a>(report: &'a Report<'_>, unchecked: &'a [Unchecked]) -> impl Iterator<Item = String> + 'a {
    unchecked.iter().map(|unchecked| {
        let name = report.input.file(unchecked.file).map_or("", |file| &file.manifest.name);
        format!("{name}:{}: {unchecked}", unchecked.line)
    })
}
