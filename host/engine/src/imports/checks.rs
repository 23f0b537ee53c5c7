//! Which rules cover which checks of other tools: the same table as in `docs/coming-from.md`, and a test holds them equal.

use super::ignored::Tool;

/// Lines of three columns: a tool, a check, and the rules that cover it; none where no rule does.
const TABLE: &str = include_str!("checks.tsv");

/// Rules whose findings are a team's own: a check of another tool counts only after somebody writes it as settings.
const OWN: &str = "field-assertions";

fn lines(tool: Tool) -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(move |line| {
        let mut columns = line.split('\t');
        (columns.next()? == tool.name()).then_some((columns.next()?, columns.next().unwrap_or_default()))
    })
}

/// The rules that cover a check; `None` where the tool has no check of that name.
pub fn rules(tool: Tool, check: &str) -> Option<Vec<&'static str>> {
    let (_, rules) = lines(tool).find(|(name, _)| *name == check)?;
    Some(rules.split_ascii_whitespace().filter(|rule| *rule != OWN).collect())
}

/// The checks of the tool that a rule covers.
pub fn checks(tool: Tool, rule: &str) -> impl Iterator<Item = &'static str> {
    lines(tool)
        .filter(move |(_, rules)| rules.split_ascii_whitespace().any(|known| known == rule))
        .map(|(check, _)| check)
}
