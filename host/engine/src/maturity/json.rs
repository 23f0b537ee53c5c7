//! The answer as JSON, format `seaworthy.dev/maturity/v1`: fields are added, never renamed or removed.

use serde::Serialize;

use super::{Level, Maturity, Practice};
use crate::report::to_json;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: &'static str,
    level: LevelJson,
    /// The next level and what it lacks; null above the highest.
    next: Option<Next>,
    practices: Vec<PracticeJson<'a>>,
}

#[derive(Serialize)]
struct LevelJson {
    number: u8,
    name: &'static str,
}

#[derive(Serialize)]
struct Next {
    number: u8,
    name: &'static str,
    missing: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PracticeJson<'a> {
    name: &'static str,
    title: &'static str,
    level: u8,
    looked_for: &'static str,
    /// Empty where nothing was found, which is no proof that there is nothing.
    evidence: Vec<EvidenceJson<'a>>,
}

#[derive(Serialize)]
struct EvidenceJson<'a> {
    what: &'a str,
    file: &'a str,
    line: u32,
}

impl Maturity {
    /// The answer as indented JSON.
    #[must_use]
    pub fn to_json(&self, version: &'static str) -> String {
        let level = self.level();
        let next = |next: Level| Next {
            number: next.number(),
            name: next.name(),
            missing: self.missing(next).map(Practice::name).collect(),
        };
        let practices = Practice::ALL.into_iter().map(|practice| {
            let evidence = self.of(practice);
            let evidence =
                evidence.map(|found| EvidenceJson { what: &found.what, file: &found.file, line: found.line });
            PracticeJson {
                name: practice.name(),
                title: practice.title(),
                level: practice.level().number(),
                looked_for: practice.looked_for(),
                evidence: evidence.collect(),
            }
        });
        let document = Document {
            format: "seaworthy.dev/maturity/v1",
            version,
            level: LevelJson { number: level.number(), name: level.name() },
            next: self.next().map(next),
            practices: practices.collect(),
        };
        to_json(&document)
    }
}
