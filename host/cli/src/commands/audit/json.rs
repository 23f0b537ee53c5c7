//! The audit as JSON, format `seaworthy.dev/audit/v1`: one document, written as the objects come, so that what is counted
//! stands at its end. Fields are added, never renamed or removed.

use std::collections::BTreeMap;

use cluster::Shard;
use engine::report::{FindingRow, ObjectRow, ResultRow, RuleRow, to_json};
use protocol::Verdict;
use serde::Serialize;

use super::tally::Tally;
use super::{Judged, Outlet};
use crate::failure::Failure;
use crate::present::output;

/// What stands behind the results.
#[derive(Serialize)]
struct Tail<'a> {
    rules: Vec<RuleRow<'a>>,
    unseen: Vec<Unseen<'a>>,
    problems: &'a [String],
    summary: Summary,
}

#[derive(Serialize)]
struct Unseen<'a> {
    kind: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Summary {
    outcome: &'static str,
    objects: usize,
    owned: usize,
    broken: usize,
    problems: usize,
    verdicts: BTreeMap<Verdict, usize>,
}

/// Writes the document.
pub struct Json {
    namespaces: Vec<String>,
    shard: Option<Shard>,
    results: usize,
}

impl Json {
    pub fn new(namespaces: &[String], shard: Option<Shard>) -> Self {
        Self { namespaces: namespaces.to_vec(), shard, results: 0 }
    }

    /// What is to be written before the next result.
    fn lead(&mut self) -> String {
        self.results += 1;
        if self.results > 1 {
            return ",".into();
        }
        let (version, namespaces) = (to_json(&env!("CARGO_PKG_VERSION")), to_json(&self.namespaces));
        let namespaces = namespaces.replace('\n', "\n  ");
        let shard =
            self.shard.map(|Shard { index, of }| format!("  \"shard\": {{\"index\": {index}, \"of\": {of}}},\n"));
        format!(
            "{{\n  \"format\": \"seaworthy.dev/audit/v1\",\n  \"version\": {version},\n  \"namespaces\": {namespaces},\n\
             {}  \"results\": [",
            shard.unwrap_or_default()
        )
    }
}

impl Outlet for Json {
    fn batch(&mut self, judged: &[Judged<'_>], tally: &mut Tally<'_>) -> Result<(), Failure> {
        let mut text = String::new();
        for Judged { object, judgements } in judged {
            let object = ObjectRow::from(*object);
            for judgement in judgements {
                let Some(rule) = tally.rules.get(judgement.rule) else { continue };
                let result = ResultRow::new(rule, judgement, object.clone(), FindingRow::from);
                text += &self.lead();
                text += "\n    ";
                text += &to_json(&result).replace('\n', "\n    ");
            }
        }
        output::print(&text)
    }

    fn finish(&mut self, tally: &mut Tally<'_>) -> Result<(), Failure> {
        let rules = tally.rules.iter().zip(&tally.verdicts);
        let tail = Tail {
            rules: rules.map(|(rule, verdicts)| RuleRow::new(rule, verdicts.clone())).collect(),
            unseen: tally.unseen.iter().map(|(kind, reason)| Unseen { kind, reason }).collect(),
            problems: &tally.problems,
            summary: Summary {
                outcome: tally.conclusion().name(),
                objects: tally.objects,
                owned: tally.owned,
                broken: tally.broken,
                problems: tally.problem_count,
                verdicts: tally.all_verdicts(),
            },
        };
        let head = if self.results == 0 { self.lead() } else { "\n  ".into() };
        let tail = to_json(&tail);
        // The members of the tail go on where the results end.
        output::print(&format!("{head}],{}\n", tail.strip_prefix('{').unwrap_or(&tail)))
    }
}
