//! Annotations of a pull request on GitHub: workflow commands, a line each, that a step prints.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step and drops the others without a word. So the worst come
//! first, and the last of ten counts the rest.

use std::fmt::Write as _;

use protocol::{Fix, Severity};

use super::gaps::{gaps, worst_first};
use crate::manifest::Position;
use crate::report::{Diagnostic, Report};
use crate::shown::{count, one_line};

/// How many of each kind GitHub shows of a step.
const SHOWN: usize = 10;

/// What GitHub knows, the worst first.
const KINDS: [&str; 3] = ["error", "warning", "notice"];

/// The report as workflow commands. An incomplete run begins with an error that says so.
#[must_use]
pub fn github(report: &Report<'_>) -> String {
    let mut commands = KINDS.map(|kind| (kind, Vec::new()));
    let mut add = |kind: &str, command: String| {
        let of_kind = commands.iter_mut().find(|(name, _)| *name == kind);
        of_kind.into_iter().for_each(|(_, commands)| commands.push(command.clone()));
    };
    let gaps = gaps(report);
    if !gaps.is_empty() {
        let title = "seaworthy: incomplete";
        let text = format!("Incomplete: {}, not everything could be checked", count(gaps.len(), "problem"));
        add("error", command("error", None, title, &text));
        for gap in &gaps {
            let place = (!gap.file.is_empty()).then_some((&*gap.file, at(gap.line), None));
            add("error", command("error", place, "seaworthy: not checked", &gap.text));
        }
    }
    for found in worst_first(report) {
        let kind = kind(&found);
        let place = found.place.map_or((at(1), None), |place| (place.start, Some(place.end)));
        let title = format!("{}[{}]", if found.is_error() { found.severity.name() } else { "advice" }, found.rule.name);
        add(kind, command(kind, Some((found.file, place.0, place.1)), &title, &message(&found)));
    }
    let mut text = String::new();
    for (kind, commands) in commands {
        let (told, rest) = match commands.len() {
            0..=SHOWN => (commands.len(), 0),
            all => (SHOWN - 1, all - (SHOWN - 1)),
        };
        text.extend(commands.into_iter().take(told));
        if rest > 0 {
            let more = format!("and {rest} more of this kind, none worse: GitHub shows {SHOWN} of a step");
            text += &command(kind, None, "seaworthy", &more);
        }
    }
    text
}

const fn at(line: u32) -> Position {
    Position { line, column: 1 }
}

const fn kind(found: &Diagnostic<'_>) -> &'static str {
    match (found.is_error(), found.severity) {
        (true, Severity::Critical | Severity::High) => "error",
        (true, Severity::Medium) => "warning",
        _ => "notice",
    }
}

fn message(found: &Diagnostic<'_>) -> String {
    let mut text = format!("{}: {}", one_line(&found.about()), one_line(found.message.unwrap_or_default()));
    if let Some(fix) = found.fix.map(Fix::text) {
        text += &format!("\nfix: {}", fix.lines().map(one_line).collect::<Vec<_>>().join("\n"));
    }
    if !found.environments.is_empty() {
        text += &format!("\nenvironments: {}", one_line(&found.environments.join(", ")));
    }
    text
}

/// One command, with a line break behind. Nothing in it begins another one.
fn command(kind: &str, place: Option<(&str, Position, Option<Position>)>, title: &str, text: &str) -> String {
    let mut command = format!("::{kind} ");
    if let Some((file, start, end)) = place {
        let _ = write!(command, "file={},line={},col={},", property(file), start.line, start.column);
        // GitHub takes columns of one line only.
        if let Some(end) = end.filter(|end| end.line >= start.line) {
            let _ = write!(command, "endLine={},", end.line);
            if end.line == start.line {
                let _ = write!(command, "endColumn={},", end.column.max(start.column));
            }
        }
    }
    let _ = writeln!(command, "title={}::{}", property(title), data(text));
    command
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_command() {
        let place = Some(("a,b:c%.yaml", Position { line: 2, column: 3 }, Some(Position { line: 2, column: 9 })));
        let written = command("error", place, "high[x]", "100 %\n::warning::no\r");
        assert_eq!(
            written,
            "::error file=a%2Cb%3Ac%25.yaml,line=2,col=3,endLine=2,endColumn=9,title=high[x]::100 %25%0A::warning::no%0D\n"
        );
    }
}
