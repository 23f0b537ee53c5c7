//! Has the rules about one kind of documents look at one, beside others that they may look up. What commands about a change
//! have in common.
//!
//! It must not know what a document is about, nor how an answer is printed.

use engine::config::Config;
use engine::manifest::Manifest;
use engine::{Completeness, File, InputAlone};
use protocol::documents::DocumentKind;
use sandbox::{Limits, Module};
use session::{Checked, Setup};

use crate::budget;
use crate::bundle::{Found, Refusals};
use crate::cores::Check;
use crate::failure::Failure;
use crate::judging;
use crate::options::selection::Selection;

/// A document, and those that its rules may look up.
pub struct Shown {
    pub document: Manifest,
    pub around: Vec<Manifest>,
}

/// The rules that are about the kind by its name, and not disabled.
pub fn about(kind: &DocumentKind, all: Vec<Found>, config: &Config) -> Vec<Found> {
    let is_on = |name: &String| !config.disabled.contains(name);
    all.into_iter().filter(|found| kind.is_checked_by(&found.metadata) && is_on(&found.metadata.name)).collect()
}

/// Hands on what these rules say of the document, under this configuration. What is waived or counts in some places only is
/// said of objects, and means nothing here.
pub fn ask<T>(
    found: Vec<Found>,
    config: &Config,
    refusals: &mut Refusals,
    Shown { document, around }: Shown,
    then: impl FnOnce(Checked<'_, Module>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut config = config.clone();
    judging::keep_asked(&mut config, &found);
    config.overrides.clear();
    config.waivers.clear();
    let sandbox = judging::sandbox(Limits::default(), found.len())?;
    let rules = judging::load(&sandbox, found, Vec::new(), &config, refusals)?;
    let run = sandbox.run_within(budget::of_run(None));
    let setup = Setup { config, profile: None, completeness: Completeness::Complete, today: judging::today() };
    let mut session = judging::session(&run, rules, setup, &Selection::default())?;
    let file = |manifest| File { manifest, project: 0 };
    session.files.load(vec![file(document)], Vec::new());
    let around = around.into_iter().map(file).collect();
    session.load_trees(around);
    then(session.check_beyond(&Check { in_order: true }, &InputAlone))
}
