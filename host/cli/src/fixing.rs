//! Makes edits in memory and has them checked, until nothing is left to edit.
//!
//! Each round checks the texts of the one before. What the check objects to is taken back; where it may be one of several
//! edits, half of them wait, until it is known which. It must not know how the result is shown, and writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use engine::fixes::{Answers, Choice, Finding, Made, Objection, Plan, objections, plan};
use engine::manifest::Limits;
use engine::report::Conclusion;
use protocol::Profile;
use sources::{Edited, Origin};

use crate::change::FileChange;
use crate::failure::Failure;
use crate::options::judging::Judging;
use crate::options::policies::PolicyOptions;
use crate::prepared::{Judged, Known, Needs, Prepared};

/// How often everything is checked, at most. Three times do mostly; more where the check objects.
const ROUNDS: usize = 40;

/// Rounds of edits that are checked together, where one calls for another: a hook for a longer grace period.
const STEPS: usize = 3;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What edits came to.
#[derive(Default)]
pub struct Fixed {
    /// The files that change, each with the path that it was read by.
    pub changes: Vec<(PathBuf, FileChange)>,
    /// The findings that are fixed then.
    pub made: Vec<Made>,
    /// What is left of the others.
    pub rest: Plan,
    /// Whether something could not be checked.
    pub is_incomplete: bool,
}

/// A file that changes.
#[derive(Clone)]
struct Text {
    /// The path that it was read by.
    path: PathBuf,
    name: String,
    old: String,
    new: String,
    has_mark: bool,
}

/// Texts by where their files really lie.
type Texts = BTreeMap<PathBuf, Text>;

/// Edits that no check has agreed to yet.
struct Attempt {
    texts: Texts,
    made: Vec<Made>,
    /// How many rounds of edits it has.
    steps: usize,
}

/// What one check came to.
struct Round {
    answers: Answers,
    plan: Plan,
    texts: Texts,
    /// The edits of files that cannot be written, and why.
    unwritable: BTreeMap<Finding, String>,
    is_incomplete: bool,
}

/// Makes all edits that are safe, and with `needing_review` those too that somebody has to review.
///
/// # Errors
/// As for a check.
pub fn fixed(options: &Judging, needing_review: bool) -> Result<Fixed, Failure> {
    let policies = PolicyOptions::default();
    let needs = Needs { profile: Profile::Recommended, whole_objects: true, documentation: false };
    let mut prepared = Prepared::new(options, &policies, needs, Known::Baseline)?.again_and_again();
    let (mut texts, mut answers, mut fixed) = (Texts::new(), Answers::default(), Fixed::default());
    let mut tried: Option<Attempt> = None;
    let (mut refused, mut held) = (BTreeMap::new(), BTreeSet::new());
    for _ in 0..ROUNDS {
        let now = tried.as_ref().map_or(&texts, |attempt| &attempt.texts);
        prepared.edit(edited(now));
        prepared.read()?;
        let choice = Choice { needing_review, refused: &refused, held: &held };
        let round = prepared.check(|judged| Ok(Round::new(&judged, choice, now)))?;
        if let Some(attempt) = tried.take() {
            let objections = objections(&answers, &attempt.made, &round.answers);
            if objections.is_empty() {
                texts = attempt.texts;
                fixed.made.extend(attempt.made);
                if !held.is_empty() {
                    // The plan is without what waits: it is made anew.
                    held.clear();
                    answers = round.answers;
                    continue;
                }
            } else if attempt.steps < STEPS && !round.plan.made.is_empty() {
                // What is found anew may have an edit too.
                let made = attempt.made.into_iter().chain(round.plan.made).collect();
                tried = Some(Attempt { texts: round.texts, made, steps: attempt.steps + 1 });
                continue;
            } else {
                objections.into_iter().for_each(|of| take_back(of, &mut refused, &mut held));
                continue;
            }
        }
        answers = round.answers;
        if !round.unwritable.is_empty() {
            refused.extend(round.unwritable);
            continue;
        }
        if !round.plan.made.is_empty() {
            tried = Some(Attempt { texts: round.texts, made: round.plan.made.clone(), steps: 1 });
        }
        (fixed.rest, fixed.is_incomplete) = (round.plan, round.is_incomplete);
        if tried.is_none() && held.is_empty() {
            break;
        }
        if tried.is_none() {
            held.clear();
        }
    }
    fixed.changes = texts.into_values().map(Text::into_change).collect();
    Ok(fixed)
}

fn edited(texts: &Texts) -> Edited {
    Edited::new(texts.iter().map(|(real, text)| (real.clone(), text.bytes().into_bytes())).collect())
}

/// What the check objects to is refused for good as soon as it is known which edit it was.
fn take_back(
    Objection { suspects, reason }: Objection,
    refused: &mut BTreeMap<Finding, String>,
    held: &mut BTreeSet<Finding>,
) {
    match suspects.as_slice() {
        [one] => _ = refused.insert(one.clone(), reason),
        several => held.extend(several.iter().skip(several.len() / 2).cloned()),
    }
}

impl Round {
    fn new(judged: &Judged<'_>, choice: Choice<'_>, now: &Texts) -> Self {
        let report = judged.report;
        let plan = plan(report, choice);
        let (mut texts, mut unwritable) = (now.clone(), BTreeMap::new());
        for new in &plan.texts {
            let manifest = report.input.file(new.file).map(|file| &file.manifest);
            let (Some(manifest), Some(origin)) = (manifest, judged.origins.get(new.file)) else { continue };
            let (name, old) = (manifest.name.clone(), manifest.source.text().into_owned());
            let text = Text { path: PathBuf::new(), name, old, new: new.text.clone(), has_mark: false };
            match text.in_file(origin, now) {
                Ok((real, text)) => _ = texts.insert(real, text),
                Err(why) => {
                    let of_file = plan.made.iter().filter(|made| made.file == new.file);
                    unwritable.extend(of_file.map(|made| (made.finding.clone(), why.clone())));
                }
            }
        }
        let is_incomplete = report.conclusion() == Conclusion::Incomplete;
        Self { answers: Answers::of(report), plan, texts, unwritable, is_incomplete }
    }
}

impl Text {
    /// The same with the file that it belongs into, and where that really lies. What changed before is still compared with
    /// what is on the disk.
    fn in_file(self, origin: &Origin, now: &Texts) -> Result<(PathBuf, Self), String> {
        let Origin::Disk(path) = origin else { return Err("it is in no file".into()) };
        let is_link = fs::symlink_metadata(path).is_ok_and(|kind| kind.is_symlink());
        let real = fs::canonicalize(path).ok().filter(|_| !is_link);
        let real = real.ok_or("its file is a link, and is not written through")?;
        if let Some(before) = now.get(&real) {
            return Ok((real, Self { new: self.new, ..before.clone() }));
        }
        let bytes =
            sources::read_regular(&real, Limits::default().bytes).map_err(|cause| format!("its file {cause}"))?;
        let text = String::from_utf8(bytes).ok();
        let (has_mark, text) = match text.as_deref().map(|text| text.strip_prefix(BYTE_ORDER_MARK).ok_or(text)) {
            Some(Ok(text)) => (true, text),
            Some(Err(text)) => (false, text),
            None => return Err("its file is not UTF-8".into()),
        };
        if text != self.old {
            return Err("its file has changed meanwhile".into());
        }
        Ok((real, Self { path: path.clone(), has_mark, ..self }))
    }

    fn bytes(&self) -> String {
        format!("{}{}", if self.has_mark { BYTE_ORDER_MARK } else { "" }, self.new)
    }

    fn into_change(self) -> (PathBuf, FileChange) {
        let Self { path, name, old, new, .. } = self;
        (path, FileChange { name, old, new, is_clean: true })
    }
}
