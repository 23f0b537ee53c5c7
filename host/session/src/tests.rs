//! A session as faces drive it, with a runtime that counts how often it is asked.

use std::sync::atomic::{AtomicUsize, Ordering};

use engine::manifest::{Limits, Origin, Position, Rendering};
use engine::{HostCall, HostCalls, InputAlone, ModuleError, Reply, Spot};
use protocol::{KindMatch, LookUp, Profile, RuleMetadata, Section, Severity, Tool, Verdict, contract};
use serde_json::{Value, json};

use super::*;

/// Says what it was sent and what it looked up, and counts how often it was asked.
#[derive(Default)]
struct Echo(AtomicUsize);

/// The look-ups that a module makes, each an operation and a payload.
type LookUps = Vec<(&'static str, Value)>;

impl Runtime for Echo {
    type Module = LookUps;

    fn call(
        &self,
        module: &LookUps,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        let answer = if operation == "validate_settings" {
            json!({"valid": !String::from_utf8_lossy(payload).contains("bad")})
        } else {
            self.0.fetch_add(1, Ordering::Relaxed);
            let mut said = String::from_utf8_lossy(payload).into_owned();
            for (mark, failure) in [("explode", ModuleError::NoReply), ("late", ModuleError::SwitchedOff(3))] {
                if said.contains(mark) {
                    return Err(failure);
                }
            }
            for (operation, payload) in module {
                let payload = payload.to_string();
                let namespace = contract::KUBERNETES;
                let call = HostCall { binding: contract::BINDING, namespace, operation, payload: payload.as_bytes() };
                match host.call(call) {
                    Ok(answer) => said += &String::from_utf8_lossy(&answer),
                    Err(refusal) => said += &refusal.to_string(),
                }
            }
            json!({"accepted": false, "message": said})
        };
        Ok(Reply { bytes: answer.to_string().into_bytes(), log: String::new() })
    }
}

fn rule(name: &str, kind: &str, looks_up: LookUps) -> Rule<LookUps> {
    let kinds = ["Service", "ConfigMap", "Namespace"];
    let declared = kinds.map(|kind| LookUp { api_version: "v1".into(), kind: kind.into(), reads: vec!["*".into()] });
    let metadata = RuleMetadata {
        name: name.into(),
        version: String::new(),
        title: String::new(),
        documentation: String::new(),
        severity: Severity::Low,
        section: Section::Delivery,
        since: String::new(),
        url: String::new(),
        profile: Profile::default(),
        rests_on: Vec::new(),
        yields_to: Vec::new(),
        applies_to: vec![KindMatch { group: "*".into(), versions: vec!["*".into()], kind: kind.into() }],
        reads: vec!["*".into()],
        looks_up: declared.into(),
        capabilities: Vec::new(),
        settings: json!({}),
        examples: Vec::new(),
    };
    Rule::new(metadata, looks_up)
}

/// One rule that looks up nothing, one a list of a namespace, one an object, one everything of a kind.
fn session() -> Session<Echo> {
    let services = |namespace| json!({"api_version": "v1", "kind": "Service", "namespace": namespace});
    let map = json!({"api_version": "v1", "kind": "ConfigMap", "namespace": "a", "name": "one"});
    let rules = vec![
        rule("alone", "Deployment", Vec::new()),
        rule("list", "Deployment", vec![(contract::LIST_BY_NAMESPACE, services("a"))]),
        rule("get", "Deployment", vec![(contract::GET_RESOURCE, map)]),
        rule("all", "Service", vec![(contract::LIST_ALL, json!({"api_version": "v1", "kind": "Service"}))]),
    ];
    Session::new(Echo::default(), rules)
}

fn object(kind: &str, namespace: &str, name: &str, mark: usize) -> String {
    let version = if kind == "Deployment" { "apps/v1" } else { "v1" };
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nmark: {mark}\n")
}

fn evaluated(session: &mut Session<Echo>) -> usize {
    let before = session.runtime().0.load(Ordering::Relaxed);
    let counted = session.check(&InOrder).evaluated;
    assert_eq!(session.runtime().0.load(Ordering::Relaxed) - before, counted);
    counted
}

#[test]
fn one_file_of_500_changes_and_only_what_depends_on_it_is_evaluated_again() {
    let mut session = session();
    let texts = (0..500).map(|index| {
        let kind = if index < 400 { "Deployment" } else { "Service" };
        let namespace = if index % 2 == 0 { "a" } else { "b" };
        (format!("{index}.yaml"), object(kind, namespace, &format!("x{index}"), 0).into_bytes())
    });
    session.files.replace(texts);
    assert_eq!(evaluated(&mut session), 400 * 3 + 100);
    assert_eq!(evaluated(&mut session), 0);
    // A Deployment, which nobody looks up.
    session.files.set("0.yaml", object("Deployment", "a", "x0", 1).into());
    assert_eq!(evaluated(&mut session), 3);
    // A Service of another namespace than the one that Deployments look in.
    session.files.set("401.yaml", object("Service", "b", "x401", 1).into());
    assert_eq!(evaluated(&mut session), 100);
    // One of that namespace: of 400 Deployments those see it that list it.
    session.files.set("400.yaml", object("Service", "a", "x400", 1).into());
    assert_eq!(evaluated(&mut session), 400 + 100);
    // An object that nobody asks for by its name changes nothing.
    session.files.set("map.yaml", object("ConfigMap", "a", "two", 0).into());
    assert_eq!(evaluated(&mut session), 0);
    session.files.set("map.yaml", object("ConfigMap", "a", "one", 0).into());
    assert_eq!(evaluated(&mut session), 400);
    // What was the text before is known, in a file with something new.
    let two = object("Deployment", "a", "x0", 1) + "---\n" + &object("Deployment", "a", "new", 0);
    session.files.set("0.yaml", two.into());
    assert_eq!(evaluated(&mut session), 3);
    session.files.remove("0.yaml");
    assert_eq!(evaluated(&mut session), 0);
}

#[test]
fn whatever_is_edited_a_session_says_what_one_says_that_remembers_nothing() {
    let mut session = session();
    let mut state = 7_usize;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let folders = ["", "base/", "overlays/dev/", "overlays/prod/"];
    let (mut run, mut all) = (0, 0);
    for step in 0..900 {
        let mut path = format!("{}{}.yaml", folders[next(4)], next(3));
        if next(6) == 0 {
            // What moves objects into a namespace, and together.
            path = format!("{}kustomization.yaml", folders[next(4)]);
            let namespace = ["namespace: a", "namespace: b", ""][next(3)];
            let resources = ["0.yaml", "1.yaml, 2.yaml", "../../base", "base"][next(4)];
            let text = format!(
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [{resources}]\n{namespace}\n"
            );
            session.files.set(&path, text.into());
        } else if next(5) == 0 {
            session.files.remove(&path);
        } else {
            let objects: Vec<String> = (0..=next(2))
                .map(|_| {
                    let kind = ["Deployment", "Service", "ConfigMap"][next(3)];
                    object(kind, ["a", "b", "\"\""][next(3)], ["one", "two"][next(2)], next(2))
                })
                .collect();
            session.files.set(&path, objects.join("---\n").into());
        }
        let checked = session.check(&InOrder);
        run += checked.evaluated;
        let remembered: Vec<_> = checked.judged.into_iter().map(|judged| judged.judgements).collect();
        let fresh = session.check_beyond(&InOrder, &InputAlone);
        all += fresh.evaluated;
        let fresh: Vec<_> = fresh.judged.into_iter().map(|judged| judged.judgements).collect();
        assert_eq!(remembered, fresh, "step {step}, {path}");
    }
    assert!(run * 2 < all, "{run} of {all} evaluations were run");
}

#[test]
fn a_rule_with_other_settings_is_another() {
    let mut session = session();
    session.files.set("a.yaml", object("Deployment", "a", "web", 0).into());
    assert_eq!(evaluated(&mut session), 3);
    let setup = |settings: &[(&str, Value)]| {
        let settings = settings.iter().map(|(rule, settings)| ((*rule).to_owned(), settings.clone())).collect();
        let config = Config { settings, ..Config::default() };
        Setup { config, profile: None, completeness: Completeness::Partial, today: Date::LAST }
    };
    let (any, none) = (|_: &str| true, |_: &str| false);
    session.configure(setup(&[("list", json!({"deep": true}))]), any, none).unwrap();
    assert_eq!(evaluated(&mut session), 1);
    session.configure(setup(&[("list", json!({"deep": true}))]), |name| name != "alone", none).unwrap();
    let checked = session.check(&InOrder);
    assert_eq!((checked.evaluated, checked.judged[0].judgements.len()), (0, 2));
    session.configure(setup(&[]), any, none).unwrap();
    assert_eq!(evaluated(&mut session), 1, "its own settings are back");
    let refused = session.configure(setup(&[("get", json!("bad"))]), any, none).unwrap_err();
    assert_eq!(refused.to_string(), "the settings of get are refused: refused without a reason");
    let mut placed = setup(&[("get", json!("bad"))]);
    let spot = Spot { file: "c.yaml".into(), position: Position { line: 12, column: 5 } };
    placed.config.settings_spots = vec![("get".to_owned(), spot)];
    let refused = session.configure(placed, any, none).unwrap_err();
    assert_eq!(refused.to_string(), "c.yaml:12: the settings of get are refused: refused without a reason");
    // Nobody looks at the settings of a rule that is not used, and they do not become its own.
    session.configure(setup(&[("get", json!("bad"))]), |name| name != "get", none).unwrap();
    session.configure(setup(&[("get", json!("bad"))]), any, none).unwrap_err();
    session.forget("alone");
    assert_eq!(evaluated(&mut session), 1);
    let whole = Setup { completeness: Completeness::Complete, ..setup(&[]) };
    session.configure(whole, any, none).unwrap();
    assert_eq!(evaluated(&mut session), 3, "the world is another");
}

#[test]
fn a_failure_is_not_remembered() {
    let mut session = session();
    for name in ["explode", "late"] {
        session.files.set("a.yaml", object("Deployment", "a", name, 0).into());
        assert_eq!(evaluated(&mut session), 3, "{name}");
        assert_eq!(evaluated(&mut session), 3, "{name}");
    }
}

#[test]
fn objects_that_stand_in_no_file_are_checked_in_a_world_of_their_own() {
    let mut session = session();
    let objects = |text: String| -> Vec<Object> {
        engine::manifest::read("a.yaml", text.into(), &Limits::default()).objects().cloned().collect()
    };
    let seen = objects(object("Service", "a", "seen", 0));
    let world = World::of(&seen, Vec::new());
    let checked = objects(object("Deployment", "a", "web", 0) + "---\n" + &object("Deployment", "a", "db", 0));
    let (config, profile) = (Config::default(), None);
    let setup = Setup { config, profile, completeness: Completeness::Complete, today: Date::LAST };
    session.configure(setup, |_| true, |_| false).unwrap();
    let said = session.check_objects(&InOrder, &world, &checked);
    let verdicts: Vec<Vec<Verdict>> =
        said.iter().map(|of| of.iter().map(|judgement| judgement.outcome.verdict).collect()).collect();
    assert_eq!(verdicts, [[Verdict::Fail; 3]; 2]);
    let list = &said[1][2].outcome.findings[0].message;
    assert!(list.contains("\"seen\"") && list.contains("complete"), "{list}");
    assert_eq!(evaluated(&mut session), 0, "no file is there");
}

#[test]
fn what_nobody_uses_is_forgotten_and_the_rest_is_not() {
    let mut session = session();
    session.files.set("a.yaml", object("Deployment", "a", "web", 0).into());
    let other = object("Deployment", "a", "other", 0);
    session.files.set("b.yaml", other.clone().into());
    session.check(&InOrder);
    session.files.remove("b.yaml");
    session.check(&InOrder);
    session.files.set("b.yaml", other.clone().into());
    assert_eq!(evaluated(&mut session), 0, "it was there a moment ago");
    session.files.remove("b.yaml");
    for _ in 0..20 {
        assert_eq!(evaluated(&mut session), 0);
    }
    session.files.set("b.yaml", other.into());
    assert_eq!(evaluated(&mut session), 3);
}

#[test]
fn what_is_no_manifest_is_skipped_beside_manifests_and_told_alone() {
    let mut session = session();
    session.files.set("notes.yaml", "a: [\n".into());
    let problems = |session: &mut Session<Echo>| {
        let checked = session.check(&InOrder);
        checked.input.files().iter().map(|file| file.manifest.problems.len()).sum::<usize>()
    };
    assert_eq!(problems(&mut session), 1);
    session.files.set("a.yaml", object("Deployment", "a", "web", 0).into());
    assert_eq!(problems(&mut session), 0);
    session.files.remove("a.yaml");
    assert_eq!(problems(&mut session), 1);
}

#[test]
fn a_pod_is_checked_through_its_owner_for_as_long_as_that_is_there() {
    let mut session = Session::new(Echo::default(), vec![rule("pods", "Pod", Vec::new())]);
    let pod = |owner: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {owner}-1, namespace: a, ownerReferences: \
             [{{apiVersion: apps/v1, kind: StatefulSet, name: {owner}, controller: true}}]}}\nspec: {{containers: [{{name: a}}]}}\n"
        )
    };
    let set = |name: &str| {
        format!("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {name}, namespace: a}}\nspec: {{}}\n")
    };
    let same = |session: &mut Session<Echo>| {
        let [remembered, fresh] = [true, false].map(|remembers| {
            let checked = if remembers { session.check(&InOrder) } else { session.check_beyond(&InOrder, &InputAlone) };
            checked.judged.into_iter().flat_map(|judged| judged.judgements).collect::<Vec<_>>()
        });
        assert_eq!(remembered, fresh);
    };
    session.files.set("pods.yaml", (pod("web") + "---\n" + &pod("db")).into());
    same(&mut session);
    session.files.set("web.yaml", set("web").into());
    same(&mut session);
    session.files.set("db.yaml", set("db").into());
    same(&mut session);
    session.files.remove("web.yaml");
    same(&mut session);
}

#[test]
fn a_profile_follows_what_the_files_show() {
    let mut needy = rule("needy", "Deployment", Vec::new());
    let tool = Tool { name: "Portal".into(), groups: vec!["portal.example".into()], ..Tool::default() };
    needy.metadata.rests_on = vec![vec![tool]];
    let mut session = Session::new(Echo::default(), vec![rule("plain", "Deployment", Vec::new()), needy]);
    let setup = |profile, enabled: &[&str]| {
        let enabled = enabled.iter().map(ToString::to_string).collect();
        let config = Config { enabled, ..Config::default() };
        Setup { config, profile, completeness: Completeness::Partial, today: Date::LAST }
    };
    let asked = |session: &mut Session<Echo>| {
        let checked = session.check(&InOrder);
        let left_out = checked.selected.map_or(0, |selected| selected.left_out.len());
        (checked.bundle.rules().len(), left_out, checked.evaluated)
    };
    let (any, none) = (|_: &str| true, |_: &str| false);
    session.files.set("a.yaml", object("Deployment", "a", "web", 0).into());
    session.configure(setup(Some(Profile::Recommended), &[]), any, none).unwrap();
    assert_eq!(asked(&mut session), (1, 1, 1));
    session.files.set("page.yaml", "apiVersion: portal.example/v1\nkind: Page\nmetadata: {name: a}\n".into());
    assert_eq!(asked(&mut session), (2, 0, 1), "only the rule that came is evaluated");
    session.configure(setup(Some(Profile::Recommended), &[]), any, none).unwrap();
    assert_eq!(asked(&mut session), (2, 0, 0));
    session.files.remove("page.yaml");
    assert_eq!(asked(&mut session), (1, 1, 0));
    session.configure(setup(Some(Profile::Recommended), &["needy"]), any, none).unwrap();
    assert_eq!(asked(&mut session), (2, 0, 0));
    session.configure(setup(None, &[]), any, none).unwrap();
    assert_eq!(asked(&mut session), (2, 0, 0));
}

#[test]
fn a_rule_that_is_off_is_asked_where_an_override_turns_it_on_whatever_the_profile() {
    let mut extra = rule("extra", "Deployment", Vec::new());
    extra.metadata.profile = Profile::Full;
    let text = "rules: {extra: {enabled: false}}\noverrides: [{namespaces: [b], rules: {extra: {enabled: true}}}]\n";
    let config = Config::read("c.yaml", text.into(), &[&extra.metadata]).unwrap();
    let mut session = Session::new(Echo::default(), vec![rule("plain", "Deployment", Vec::new()), extra]);
    let profile = Some(Profile::Recommended);
    let setup = Setup { config, profile, completeness: Completeness::Partial, today: Date::LAST };
    session.configure(setup, |_| true, |_| false).unwrap();
    for namespace in ["a", "b"] {
        session.files.set(&format!("{namespace}.yaml"), object("Deployment", namespace, "web", 0).into());
    }
    let checked = session.check(&InOrder);
    let asked: Vec<usize> = checked.judged.iter().map(|judged| judged.judgements.len()).collect();
    assert_eq!(asked, [1, 2]);
}

#[test]
fn a_rule_that_the_profile_leaves_out_is_asked_only_where_an_override_turns_it_on() {
    let mut extra = rule("extra", "Deployment", Vec::new());
    extra.metadata.profile = Profile::Full;
    let text = "overrides: [{namespaces: [b], rules: {extra: {enabled: true}}}]\n";
    let config = Config::read("c.yaml", text.into(), &[&extra.metadata]).unwrap();
    let mut session = Session::new(Echo::default(), vec![rule("plain", "Deployment", Vec::new()), extra]);
    for namespace in ["a", "b"] {
        session.files.set(&format!("{namespace}.yaml"), object("Deployment", namespace, "web", 0).into());
    }
    let mut asked = |profile| {
        let config = config.clone();
        let setup = Setup { config, profile, completeness: Completeness::Partial, today: Date::LAST };
        session.configure(setup, |_| true, |_| false).unwrap();
        let checked = session.check(&InOrder);
        let left_out = checked.selected.map_or(0, |selected| selected.left_out.len());
        let asked: Vec<usize> = checked.judged.iter().map(|judged| judged.judgements.len()).collect();
        (asked, left_out, checked.evaluated)
    };
    assert_eq!(asked(Some(Profile::Recommended)), (vec![1, 2], 0, 3));
    assert_eq!(asked(Some(Profile::Recommended)), (vec![1, 2], 0, 0), "nothing has changed");
    assert_eq!(asked(Some(Profile::Full)).0, [2, 2]);
    assert_eq!(asked(Some(Profile::Recommended)).0, [1, 2]);
    assert_eq!(asked(None).0, [2, 2]);
}

#[test]
fn settings_of_an_override_count_where_the_rule_has_no_others() {
    let mut needy = rule("needy", "Deployment", Vec::new());
    needy.metadata.settings = json!({"properties": {"name": {"type": "string"}}, "required": ["name"]});
    let text = "overrides: [{namespaces: [b], rules: {needy: {settings: {name: x}}}}]\n";
    let config = Config::read("c.yaml", text.into(), &[&needy.metadata]).unwrap();
    let mut session = Session::new(Echo::default(), vec![needy.with_settings(&json!({}))]);
    let setup = Setup { config, profile: None, completeness: Completeness::Partial, today: Date::LAST };
    session.configure(setup, |_| true, |_| false).unwrap();
    for namespace in ["a", "b"] {
        session.files.set(&format!("{namespace}.yaml"), object("Deployment", namespace, "web", 0).into());
    }
    let checked = session.check(&InOrder);
    let asked: Vec<usize> = checked.judged.iter().map(|judged| judged.judgements.len()).collect();
    assert_eq!(asked, [0, 1]);
}

#[test]
fn what_a_change_leaves_alone_is_evaluated_once_for_both_sides() {
    let mut session = session();
    let file = |name: &str, text: String| File {
        manifest: engine::manifest::read(name, text.into_bytes(), &Limits::default()),
        project: 0,
    };
    let of = |marks: [usize; 3]| -> Vec<File> {
        let files = marks.into_iter().enumerate();
        files
            .map(|(at, mark)| file(&format!("{at}.yaml"), object("Deployment", "a", &format!("x{at}"), mark)))
            .collect()
    };
    session.compare_with(of([0, 0, 0]), Vec::new(), Vec::new());
    let mut now = of([0, 0, 1]);
    now.push(file("3.yaml", object("Deployment", "a", "new", 0)));
    session.files.load(now, Vec::new());
    let said = |checked: &Checked<'_, LookUps>| -> Vec<String> {
        let first = |judged: &Judged<'_>| judged.judgements[0].outcome.findings[0].message.clone();
        checked.judged.iter().map(first).collect()
    };
    let base = session.check_base(&InOrder, None);
    assert_eq!(base.evaluated, 3 * 3);
    let before = said(&base);
    assert!(before.iter().all(|said| said.contains("\"operation\":\"UPDATE\"") && said.contains("\"oldObject\":{")));
    let now = session.check(&InOrder);
    assert_eq!(now.evaluated, 2 * 3, "what changed, and what is new");
    let after = said(&now);
    assert_eq!(after[..2], before[..2]);
    assert!(after[2].contains("\"mark\":1") && after[2].contains("\"mark\":0"), "both objects: {}", after[2]);
    assert!(after[3].contains("\"operation\":\"CREATE\"") && !after[3].contains("oldObject"), "{}", after[3]);
    assert_eq!(evaluated(&mut session), 0);
    session.compare_with(of([0, 0, 1]), Vec::new(), Vec::new());
    assert_eq!(evaluated(&mut session), 3, "it replaces another object now");
}

#[test]
fn the_rules_of_today_check_the_base() {
    let mut session = session();
    let file = |kind: &str| File {
        manifest: engine::manifest::read("a.yaml", object(kind, "a", "one", 0).into_bytes(), &Limits::default()),
        project: 0,
    };
    session.files.load(vec![file("Deployment")], Vec::new());
    assert_eq!(session.check_base(&InOrder, None).judged.len(), 0, "there is no base");
    session.compare_with(vec![file("Service")], Vec::new(), Vec::new());
    assert_eq!(session.check_base(&InOrder, Some(&InputAlone)).judged[0].subject.object.kind, "Service");
    assert_eq!(session.check(&InOrder).judged[0].subject.object.kind, "Deployment");
}

/// What the rules say of each object of these files.
fn said_of(session: &mut Session<Echo>, files: &[File]) -> Vec<String> {
    session.files.load(files.to_vec(), Vec::new());
    let checked = session.check(&InOrder);
    let judgements = checked.judged.iter().flat_map(|judged| &judged.judgements);
    judgements.map(|judgement| judgement.outcome.findings[0].message.clone()).collect()
}

/// What is remembered says, step by step, what somebody who remembers nothing says.
fn check_steps(steps: &[Vec<File>]) {
    let asking = || {
        let all = json!({"api_version": "v1", "kind": "ConfigMap"});
        let anywhere = json!({"api_version": "v1", "kind": "ConfigMap", "anywhere": true});
        let looks_up = |payload: Value| vec![("list_resources_all", payload)];
        let rules = [("all", all), ("anywhere", anywhere)];
        let rules = rules.map(|(name, payload)| rule(name, "Deployment", looks_up(payload)));
        Session::new(Echo::default(), rules.into())
    };
    let mut session = asking();
    for (number, files) in steps.iter().enumerate() {
        assert_eq!(said_of(&mut session, files), said_of(&mut asking(), files), "step {number}");
    }
}

fn file_of(name: &str, project: usize, text: &str) -> File {
    File { manifest: engine::manifest::read(name, text.as_bytes().to_vec(), &Limits::default()), project }
}

#[test]
fn what_was_said_in_one_project_is_looked_at_in_another_by_what_is_there() {
    let (asker, asked) = (object("Deployment", "a", "one", 0), object("ConfigMap", "a", "two", 0));
    let mut files = vec![file_of("a/d.yaml", 0, &asker)];
    let mut steps = vec![files.clone()];
    for more in [file_of("b/d.yaml", 1, &asker), file_of("b/c.yaml", 1, &asked), file_of("a/c.yaml", 0, &asked)] {
        files.push(more);
        steps.push(files.clone());
    }
    check_steps(&steps);
}

#[test]
fn what_cannot_be_read_is_part_of_what_is_seen() {
    let asker = file_of("d.yaml", 0, &object("Deployment", "a", "one", 0));
    let steps = ["kind: [", &object("Service", "a", "two", 0), "kind: ["];
    check_steps(&steps.map(|text| vec![asker.clone(), file_of("s.yaml", 0, text)]));
}

#[test]
fn what_is_seen_and_not_judged_is_part_of_what_is_seen() {
    let asker = file_of("d.yaml", 0, &object("Deployment", "a", "one", 0));
    let hook = |name: &str| {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: a, annotations: {{helm.sh/hook: test}}}}\n"
        );
        let mut file = file_of("chart (helm template)", 0, &text);
        file.manifest.origin = Origin::Rendered(Rendering::default().into());
        vec![asker.clone(), file]
    };
    check_steps(&[hook("one"), hook("other"), hook("one")]);
}
