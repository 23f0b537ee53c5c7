//! A review as text: for people, for machines, as a comment on a pull request, and as annotations of GitHub. Names come from
//! strangers, so none of their characters is a command or markup.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Decision, Part, Review};
use crate::report::render::style::{BOLD, DIM, GREEN, RED, YELLOW};
use crate::shown::{count, markdown as escape, one_line, to_json};

/// How many parts are told one by one.
const TOLD: usize = 50;

/// How many annotations of each kind GitHub shows of a step.
const ANNOTATIONS: usize = 10;

/// What the decision is, in words.
const fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::Unchanged => "Nothing changed, so there is nothing to approve",
        Decision::Classified => "Approvals not checked: give the reviews with --approvals",
        Decision::Approved => "Approved",
        Decision::Refused => "Not approved",
        Decision::Undecided => "Undecided",
    }
}

/// What is missing, or why nothing was decided.
fn causes(review: &Review) -> impl Iterator<Item = &String> {
    review.missing.iter().chain(&review.reason)
}

fn place(part: &Part) -> String {
    let of = part.environment.as_deref().map(|environment| format!(" ({environment})")).unwrap_or_default();
    format!("{}{of}", part.place)
}

/// For people.
#[must_use]
pub fn human(review: &Review) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}\n\n", one_line(&review.change));
    if review.decision == Decision::Unchanged {
        return text + decided(review.decision) + "\n";
    }
    let width = review.parts.iter().map(|part| part.class.chars().count()).max().unwrap_or_default();
    for part in review.strictest_first().take(TOLD) {
        let (class, what, reason) = (one_line(&part.class), one_line(&part.what), one_line(&part.reason));
        let from = if part.is_file { String::new() } else { format!("  {DIM}{}{DIM:#}", one_line(&place(part))) };
        let _ = writeln!(text, "  {class:width$}  {what}: {reason}{from}");
    }
    if review.parts.len() > TOLD {
        let _ = writeln!(text, "  {DIM}and {} more{DIM:#}", review.parts.len() - TOLD);
    }
    if review.parts.is_empty() {
        text.push_str("  No deployed object is another one.\n");
    }
    text.push('\n');
    for (name, value) in rows(review) {
        let _ = writeln!(text, "{name:10}{}", one_line(value));
    }
    let style = match review.decision {
        Decision::Approved => GREEN,
        Decision::Refused => RED,
        Decision::Unchanged | Decision::Classified | Decision::Undecided => YELLOW,
    };
    let _ = writeln!(text, "\n{style}{}{style:#}", decided(review.decision));
    for cause in causes(review) {
        let _ = writeln!(text, "  {}", one_line(cause));
    }
    text
}

/// What the change takes, each with its name.
fn rows(review: &Review) -> impl Iterator<Item = (&'static str, &str)> {
    let rows =
        [("Class", &review.class), ("Merge", &review.merge), ("Reviews", &review.reviews), ("Path", &review.path)];
    rows.into_iter().map(|(name, value)| (name, value.as_str())).filter(|(_, value)| !value.is_empty())
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: &'a str,
    #[serde(flatten)]
    review: &'a Review,
}

/// For machines, format `seaworthy.dev/review/v1`: fields are added, never renamed or removed.
#[must_use]
pub fn json(review: &Review, version: &str) -> String {
    to_json(&Document { format: "seaworthy.dev/review/v1", version, review }) + "\n"
}

/// A comment for a pull request.
#[must_use]
pub fn markdown(review: &Review) -> String {
    if review.decision == Decision::Unchanged {
        return format!("## Change review\n\n**{}**\n", decided(review.decision));
    }
    let class = if review.class.is_empty() { "not classified" } else { &review.class };
    let mut text = format!("## Change review: {}\n\n**{}**\n", escape(class), decided(review.decision));
    for cause in causes(review) {
        let _ = writeln!(text, "\n- {}", escape(cause));
    }
    text.push_str("\n| | |\n|---|---|\n");
    for (name, value) in rows(review) {
        let _ = writeln!(text, "| {name} | {} |", escape(value));
    }
    if !review.parts.is_empty() {
        let _ = writeln!(text, "\n| class | what | why | where |\n|---|---|---|---|");
    }
    for part in review.strictest_first().take(TOLD) {
        let (class, what) = (escape(&part.class), escape(&part.what));
        let _ = writeln!(text, "| {class} | {what} | {} | {} |", escape(&part.reason), escape(&place(part)));
    }
    if review.parts.len() > TOLD {
        let _ = writeln!(text, "\nand {} more", review.parts.len() - TOLD);
    }
    text
}

/// Workflow commands of GitHub, a line each. It shows ten of a kind, so the last one counts the rest.
#[must_use]
pub fn github(review: &Review) -> String {
    let mut text = String::new();
    let kind = match review.decision {
        Decision::Refused | Decision::Undecided => "error",
        Decision::Unchanged | Decision::Classified | Decision::Approved => "notice",
    };
    let takes = rows(review).map(|(name, value)| format!("{name}: {value}"));
    let said = std::iter::once(decided(review.decision).to_owned()).chain(causes(review).cloned()).chain(takes);
    text += &command(kind, None, &said.collect::<Vec<_>>().join(". "));
    // What is no annotation of its own is counted in the last one.
    let room = if kind == "notice" { ANNOTATIONS - 1 } else { ANNOTATIONS };
    let told = if review.parts.len() > room { room - 1 } else { review.parts.len() };
    for part in review.strictest_first().take(told) {
        let file = part.is_file.then_some(part.place.as_str());
        let from = if part.is_file { String::new() } else { format!(", from {}", place(part)) };
        text += &command("notice", file, &format!("{}: {}: {}{from}", part.class, part.what, part.reason));
    }
    if review.parts.len() > told {
        text +=
            &command("notice", None, &format!("and {} of the change", count(review.parts.len() - told, "more part")));
    }
    text
}

fn command(kind: &str, file: Option<&str>, message: &str) -> String {
    let data = |text: &str| one_line(text).replace('%', "%25");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let file = file.map(|file| format!("file={},", property(file))).unwrap_or_default();
    format!("::{kind} {file}title=seaworthy review::{}\n", data(message))
}
