use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::{Applicability, Edit, Fix, Json, Level, Outcome, Verdict};
use serde_json::json;

use super::*;
use crate::bundle::{Bundle, Rule};
use crate::file::File;
use crate::input::Input;
use crate::judge::Judgement;
use crate::manifest::{Limits, read};
use crate::policy::Policy;
use crate::question::Completeness;
use crate::report::{Judged, Report};
use crate::waiver::Date;

const TEXT: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  a: 1 # one\n---\napiVersion: v1\nkind: Pod\nmetadata: &m {name: api}\nspec: {b: *m}\n";

fn edit(path: &str, value: Json, applicability: Applicability) -> Fix {
    Fix::Edit(Edit { path: path.into(), value, applicability })
}

/// What comes of these fixes, each of one of the objects by its index, under two rules that find them in turn.
fn with<T>(fixes: Vec<(usize, Fix)>, then: impl FnOnce(&Report<'_>) -> T) -> T {
    let input = Input::new(vec![File { manifest: read("a.yaml", TEXT.into(), &Limits::default()), project: 0 }]);
    let metadata = json!({"protocolVersion": "v1", "rules": [], "mutating": false});
    let rule = |name: &str| Rule::foreign(Policy::read(name, &metadata).unwrap(), ());
    let bundle = Bundle::new(vec![rule("one"), rule("two")]);
    let judged = input.subjects().enumerate().map(|(at, subject)| {
        let of_object = fixes.iter().enumerate().filter(|(_, (of, _))| *of == at);
        let judgements = of_object.map(|(index, (_, fix))| {
            let finding = protocol::Finding {
                level: Level::Violation,
                path: "$['spec']".into(),
                container: None,
                message: format!("finding {index}"),
                fix: Some(fix.clone()),
                conceal: false,
            };
            let outcome = Outcome { verdict: Verdict::Fail, reason: None, findings: vec![finding] };
            Judgement { rule: index % 2, outcome: Arc::new(outcome), mutated: None, severity: None }
        });
        Judged { subject, judgements: judgements.collect() }
    });
    let judged = judged.collect();
    then(&Report::new(&input, &bundle, Completeness::Partial, judged, Vec::new(), &[], Date::LAST))
}

fn planned(fixes: Vec<(usize, Fix)>, needing_review: bool) -> Plan {
    let (refused, held) = (BTreeMap::new(), BTreeSet::new());
    with(fixes, |report| plan(report, Choice { needing_review, refused: &refused, held: &held }))
}

fn text(plan: &Plan) -> Option<&str> {
    plan.texts.first().map(|new| new.text.as_str())
}

#[test]
fn safe_edits_are_made_others_on_request_and_placeholders_never() {
    use Applicability::{Example, NeedsReview, Safe};
    let fixes = vec![
        (0, edit("$['spec']", Json::of("a", 2), Safe)),
        (0, edit("$['spec']", Json::of("c", true), NeedsReview)),
        (0, edit("$['spec']", Json::of("d", "<name>"), Example)),
        (0, edit("$['spec']", Json::of("e", "https://<host>/"), Safe)),
        (0, edit("$['spec']", Json::of("f", vec![Json::from("REPLACE_ME")]), Safe)),
        (0, Fix::from("think")),
    ];
    let safe = planned(fixes.clone(), false);
    assert_eq!(text(&safe), Some(&*TEXT.replace("a: 1 #", "a: 2 #")));
    assert_eq!((safe.made.len(), safe.need_review, safe.by_hand, safe.left.len()), (1, 1, 4, 0));
    let all = planned(fixes, true);
    assert_eq!(text(&all), Some(&*TEXT.replace("a: 1 # one\n", "a: 2 # one\n  c: true\n")));
    assert_eq!(all.made.iter().map(|made| made.needs_review).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn of_edits_that_contradict_each_other_the_safe_one_wins_and_the_other_waits() {
    let fixes = vec![
        (0, edit("$['spec']", Json::of("a", 3), Applicability::NeedsReview)),
        (0, edit("$['spec']", Json::of("a", 2), Applicability::Safe)),
    ];
    let plan = planned(fixes, true);
    assert_eq!(text(&plan), Some(&*TEXT.replace("a: 1 #", "a: 2 #")));
    assert_eq!((plan.made.len(), plan.left.len()), (1, 0));
}

#[test]
fn what_the_text_does_not_allow_is_left_and_the_rest_is_made() {
    let fixes = vec![
        (0, edit("$['spec']", Json::of("a", 2), Applicability::Safe)),
        (1, edit("$['spec']['b']", Json::of("name", "other"), Applicability::Safe)),
        (0, edit("$['nowhere']", Json::of("a", 2), Applicability::Safe)),
    ];
    let plan = planned(fixes, false);
    assert_eq!(text(&plan), Some(&*TEXT.replace("a: 1 #", "a: 2 #")));
    let why: Vec<&str> = plan.left.iter().map(|left| left.why.as_str()).collect();
    assert!(why[0].contains("there is nothing at nowhere") && why[1].contains("alias"), "{why:?}");
}

#[test]
fn what_is_refused_is_told_and_what_is_held_is_not() {
    let fixes = || vec![(0, edit("$['spec']", Json::of("a", 2), Applicability::Safe))];
    let finding = planned(fixes(), false).made[0].finding.clone();
    let (refused, held) = (BTreeMap::from([(finding.clone(), "no".to_owned())]), BTreeSet::from([finding]));
    let none = (BTreeMap::new(), BTreeSet::new());
    let refused = with(fixes(), |it| plan(it, Choice { needing_review: false, refused: &refused, held: &none.1 }));
    assert_eq!((refused.texts.len(), refused.left[0].why.as_str()), (0, "no"));
    let held = with(fixes(), |it| plan(it, Choice { needing_review: false, refused: &none.0, held: &held }));
    assert_eq!((held.texts.len(), held.left.len()), (0, 0));
}

#[test]
fn a_check_objects_to_what_stays_and_to_what_is_new() {
    let safe = |object, key: &str| (object, edit("$['spec']", Json::of(key, 2), Applicability::Safe));
    let answers = |fixes| with(fixes, Answers::of);
    let made = |fixes| planned(fixes, false).made;
    let findings = |made: &[Made]| -> Vec<Finding> { made.iter().map(|made| made.finding.clone()).collect() };
    let before = || vec![safe(0, "a"), safe(1, "b")];
    let fixed = made(vec![safe(0, "a")]);
    // `finding 0` is the first of whatever is found.
    let advice = || (1, Fix::from("x"));
    assert_eq!(objections(&answers(vec![safe(0, "a")]), &fixed, &answers(vec![])), []);
    let stays = objections(&answers(vec![safe(0, "a")]), &fixed, &answers(vec![safe(0, "a")]));
    assert!(
        stays.iter().all(|it| it.suspects == findings(&fixed)) && stays[0].reason.contains("the same"),
        "{stays:?}"
    );
    let new = objections(&answers(vec![safe(0, "a")]), &fixed, &answers(vec![advice()]));
    assert_eq!(new, [Objection { suspects: findings(&fixed), reason: "then one would find: finding 0".into() }]);
    // Of two objects, the one that has it is to blame.
    let both = made(before());
    let found = objections(&answers(before()), &both, &answers(vec![(1, Fix::from("x")), (1, Fix::from("y"))]));
    assert!(found.iter().all(|it| it.suspects.iter().all(|of| of.asked.document == 1)), "{found:?}");
}

#[test]
fn of_the_edits_of_an_object_those_are_to_blame_that_the_rule_reads() {
    let edits = vec![
        (0, edit("$['spec']", Json::of("replicas", 2), Applicability::Safe)),
        (0, edit("$['spec']", Json::of("other", 2), Applicability::Safe)),
    ];
    let made = planned(edits, false).made;
    assert_eq!(made[0].fields, [["spec".to_owned(), "replicas".to_owned()]]);
    let near = |reads: &[&str]| {
        let mask = protocol::FieldMask::for_kind(reads, "", "Pod");
        let asked = Asked { rule: "three".into(), ..made[0].finding.asked.clone() };
        answers::near(&made, &asked, &mask).into_iter().map(|of| of.message).collect::<Vec<_>>()
    };
    assert_eq!(near(&["spec.replicas"]), ["finding 0"]);
    assert_eq!(near(&["spec.other.deep"]), ["finding 1"]);
    assert_eq!(near(&["spec"]), ["finding 0", "finding 1"]);
    assert_eq!(near(&["*"]), ["finding 0", "finding 1"]);
    assert_eq!(near(&["status"]), ["finding 0", "finding 1"], "it looked something up");
}
