//! What mutating policies would change: told as findings, written with `--write`.
//!
//! A manifest that a policy would change is not what would be stored, so it is broken until it is changed. Of several
//! policies that change one object the first is shown and written; the next is asked again when its change is there, as an
//! API server would ask it.

use std::sync::Arc;

use engine::config::Config;
use engine::edit::{Change, Operation, Wanted, rewritten};
use engine::report::{self, is_shown};
use engine::waiver::Date;
use engine::{Bundle, Input, Standings, Subject};
use foreign::mutation::changes;
use protocol::path::Segment;
use protocol::{Finding, Level, Outcome, RuleMetadata, Verdict};
use serde_json::Value as Json;
use sources::Origin;

use crate::change::{FileChange, write};
use crate::failure::Failure;
use crate::present::output::one_line;

/// Where an accepted mutation stands among the answers.
struct Pending {
    file: usize,
    judged: usize,
    judgement: usize,
    mutated: Json,
}

/// Looks at all mutations: makes findings of them, and the new texts of the files; writes these if that was asked for.
///
/// # Errors
/// A file cannot be written.
pub fn settle<M>(
    (input, origins): (&Input, &[Origin]),
    bundle: &Bundle<M>,
    judged: &mut [report::Judged<'_>],
    (config, today): (&Config, Date),
    is_to_write: bool,
) -> Result<Vec<FileChange>, Failure> {
    let rules: Vec<&RuleMetadata> = bundle.rules().iter().map(|rule| &rule.metadata).collect();
    let mut pending: Vec<Pending> = Vec::new();
    for (at, of) in judged.iter_mut().enumerate() {
        let object = of.subject.object;
        for (index, judgement) in of.judgements.iter_mut().enumerate() {
            let Some(mutated) = judgement.mutated.take() else { continue };
            match changes(object, &mutated) {
                Err(cause) => judgement.outcome = Arc::new(error(cause.to_string())),
                Ok(changes) if changes.is_empty() => {}
                Ok(changes) => {
                    let outcome = Arc::make_mut(&mut judgement.outcome);
                    outcome.verdict = Verdict::Fail;
                    outcome.findings.extend(changes.iter().map(finding));
                    let mut waived = vec![judgement.clone()];
                    Standings::new(&config.waivers, today).accept(&rules, object, None, &mut waived);
                    let is_waived = waived.iter().all(|judgement| judgement.outcome.verdict == Verdict::Waived);
                    let is_first = pending.last().is_none_or(|other| other.judged != at);
                    if !is_waived && is_first {
                        pending.push(Pending { file: of.subject.file, judged: at, judgement: index, mutated });
                    }
                }
            }
        }
    }
    let mut all = Vec::new();
    for of_file in pending.chunk_by(|one, other| one.file == other.file) {
        let file = of_file.first().and_then(|pending| input.file(pending.file));
        let Some(manifest) = file.map(|file| &file.manifest) else { continue };
        let wanted = of_file.iter().filter_map(|pending| {
            let Subject { document, object, .. } = judged.get(pending.judged)?.subject;
            Some(Wanted { document, object, mutated: &pending.mutated })
        });
        let outcome: Option<Arc<Outcome>> = match rewritten(manifest, &wanted.collect::<Vec<_>>()) {
            Err(cause) => Some(Arc::new(error(cause.to_string()))),
            Ok(new) => {
                let change = FileChange {
                    name: manifest.name.clone(),
                    old: manifest.source.text().into_owned(),
                    new: new.text,
                    is_clean: new.is_clean,
                };
                let origin = of_file.first().and_then(|pending| origins.get(pending.file));
                if let Some(Origin::Disk(path)) = origin.filter(|_| is_to_write) {
                    write(path, &change)
                        .map_err(|cause| Failure::File(format!("{} {cause}", one_line(&change.name))))?;
                }
                all.push(change);
                is_to_write.then(|| Arc::new(Outcome { verdict: Verdict::Pass, reason: None, findings: Vec::new() }))
            }
        };
        for Pending { judged: at, judgement, .. } in of_file {
            let place = judged.get_mut(*at).and_then(|of| of.judgements.get_mut(*judgement));
            if let (Some(place), Some(outcome)) = (place, &outcome) {
                place.outcome = Arc::clone(outcome);
            }
        }
    }
    Ok(all)
}

fn error(cause: String) -> Outcome {
    Outcome { verdict: Verdict::Error, reason: Some(cause), findings: Vec::new() }
}

/// One change as a finding. What the object has there is not repeated, and of what the policy gives, only values that
/// are known to be harmless.
fn finding(change: &Change) -> Finding {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let new = change.value().filter(|value| !value.is_object() && !value.is_array());
    let is_hidden = new.is_none_or(|value| !value.is_boolean() && !is_shown(&change.path, &text(value)));
    let message = match &change.operation {
        Operation::Replace(_) => "the policy sets this to another value",
        Operation::Add(_) => "the policy adds this",
        Operation::Insert(_) => "the policy adds an item here",
        Operation::Remove => "the policy takes this away",
    };
    let fix = new.filter(|_| !is_hidden).map(|value| match change.path.last() {
        Some(Segment::Key(key)) => format!("{key}: {}", text(value)),
        _ => value.to_string(),
    });
    Finding {
        level: Level::Violation,
        path: change.place(),
        container: None,
        message: message.into(),
        fix: fix.map(Into::into),
        conceal: is_hidden,
    }
}
