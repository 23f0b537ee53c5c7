//! The configuration: what it changes, and what is refused in it.

use crate::bundles::{FixedRule, POD, usual_folder};
use crate::support::{Folder, Run};

fn check(config: &str) -> Run {
    usual_folder().and("ready.yaml", config).run(&["check", "pod.yaml", "--bundle", "bundle", "--config", "ready.yaml"])
}

#[test]
fn settings_change_a_verdict() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    image: a:1\n    resources:\n      \
               requests: {cpu: 1, memory: 1Gi}\n      limits: {memory: 1Gi}\n";
    let folder =
        Folder::of("pod.yaml", pod).and("c.yaml", "rules: {container-resources: {settings: {cpu_limit: false}}}");
    let arguments = ["check", "pod.yaml", "--rule", "container-resources", "--config", "c.yaml"];
    folder.run(&arguments[..4]).with(1);
    folder.run(&arguments).with(0);
}

#[test]
fn what_the_schema_cannot_say_the_rule_itself_refuses() {
    let folder = Folder::of("pod.yaml", POD).and("c.yaml", "rules: {container-resources: {settings: {cpu_max: much}}}");
    let complaint = folder.run(&["check", "pod.yaml", "--config", "c.yaml"]).complaint();
    assert!(complaint.starts_with("error: c.yaml:1: the settings of container-resources are refused: "), "{complaint}");
}

#[test]
fn values_that_are_not_there_are_refused_without_a_chart_too() {
    let folder = Folder::of("pod.yaml", POD).and("c.yaml", "rendering: {values: [gone.yaml]}\n");
    let complaint = folder.run(&["check", "pod.yaml", "--config", "c.yaml"]).complaint();
    assert!(
        complaint.starts_with("error: c.yaml: `rendering.values` names gone.yaml, which does not exist"),
        "{complaint}"
    );
}

#[test]
fn a_rule_that_needs_settings_is_off_and_told_until_it_has_them() {
    let needy = || {
        let mut rule = FixedRule::new("needs-words", protocol::Verdict::Pass);
        rule.metadata.settings = serde_json::json!({"type": "object", "required": ["words"], "properties": {
            "words": {"type": "array", "items": {"type": "string"}, "description": "What to look for."}}});
        rule
    };
    let folder = usual_folder().bundle(&[needy()]).and("c.yaml", "rules: {needs-words: {settings: {words: [a]}}}");
    let run = |more: &[&str]| folder.run(&[&["check", "pod.yaml", "--bundle", "bundle"], more].concat());
    let out = run(&[]).with(1);
    assert!(out.ends_with("\ndisabled, because they have no settings: needs-words\n"), "{out}");
    assert!(!out.contains("do not apply here"), "{out}");
    let complaint = run(&["--rule", "needs-words"]).complaint();
    assert!(complaint.starts_with("error: the rule needs-words is disabled: it has no settings"), "{complaint}");
    assert!(!run(&["--config", "c.yaml"]).with(1).contains("disabled"));
    run(&["--config", "c.yaml", "--rule", "needs-words"]).with(0);
}

#[test]
fn a_rule_can_be_off() {
    let out = check("rules:\n  image-is-plain: {enabled: false}\n  team-is-named: {enabled: false}\n").with(0);
    assert!(!out.contains("image-is-plain"), "{out}");
    let none =
        "rules: {image-is-plain: {enabled: false}, team-is-named: {enabled: false}, note-is-short: {enabled: false}}";
    assert!(check(none).complaint().starts_with("error: --rule, --skip, --severity"));
}

#[test]
fn the_configuration_is_read_against_all_rules_whichever_are_chosen() {
    let folder = usual_folder().and("c.yaml", "rules: {team-is-named: {settings: {strict: true}}}");
    let arguments = ["check", "pod.yaml", "--bundle", "bundle", "--config", "c.yaml", "--rule", "note-is-short"];
    folder.run(&arguments).with(0);
}

#[test]
fn what_is_not_known_is_refused_with_its_place_and_a_suggestion() {
    for (config, expected) in [
        ("rules:\n  team-is-name: {}\n", "2:3: `team-is-name` is not known here; did you mean `team-is-named`?"),
        ("rule: {}\n", "1:1: `rule` is not known here; did you mean `rules`?"),
        ("rules:\n  team-is-named:\n    enable: true\n", "3:5: `enable` is not known here; did you mean `enabled`?"),
        (
            "rules:\n  team-is-named: {settings: {strikt: true}}\n",
            "2:30: `strikt` is not known here; did you mean `strict`?",
        ),
        ("rules:\n  team-is-named: {settings: {strict: 1}}\n", "2:38: `strict` is true or false, not a number"),
        ("rules: {team-is-named: {enabled: 'no'}}\n", "1:34: `enabled` is true or false"),
        ("rules: {team-is-named: off}\n", "1:24: a rule takes a mapping, such as `{enabled: false}`"),
        ("rules: []\n", "1:8: expected a mapping, found a list"),
        ("waivers: {}\n", "1:10: expected a list, found a mapping"),
        ("a: 1\na: 2\n", "2:1: the key `a` is there twice"),
        ("rules: {}\n---\nrules: {}\n", "2:1: a configuration is one document"),
        (
            "apiVersion: v1\nkind: Pod\n",
            "1:1: this is a Kubernetes object; a configuration has `rules`, `waivers` and others, see docs/configuration.md",
        ),
        (
            "waivers:\n- {rule: team-is-name, object: {name: web}}\n",
            "2:10: there is no rule `team-is-name`; did you mean `team-is-named`?",
        ),
        ("waivers:\n- {rule: team-is-named}\n", "2:3: `object` is missing"),
        (&waiver("2999-02-30", ""), "2:70: `until` must be a date, such as 2027-03-31"),
        (&waiver("2999-01-01", ", who: me"), "2:82: `who` is not known here; did you mean `why`?"),
        (&waiver("2999-01-01", "").replace("by: ana", "by: ''"), "2:58: `by` is a string that is not empty"),
    ] {
        let complaint = check(config).complaint();
        assert_eq!(complaint, format!("error: ready.yaml:{expected}\n"), "{config}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_named() {
    let folder = usual_folder();
    for (config, expected) in [
        ("missing.yaml", "missing.yaml does not exist"),
        ("bundle", "bundle is a folder"),
        ("/dev/zero", "/dev/zero is not a regular file; to read a pipe, give `-`"),
    ] {
        let complaint = folder.run(&["check", "pod.yaml", "--config", config]).complaint();
        assert_eq!(complaint, format!("error: {expected}\n"));
    }
}

fn waiver(until: &str, more: &str) -> String {
    format!(
        "longest_waiver_days: 400000\nwaivers: [{{rule: team-is-named, object: {{name: web}}, by: ana, until: {until}{more}, why: it moves}}]\n"
    )
}

fn with_waiver(waiver: &str) -> Run {
    let folder = usual_folder().and("c.yaml", waiver);
    folder.run(&["check", "pod.yaml", "--bundle", "bundle", "--config", "c.yaml", "--rule", "team-is-named"])
}

#[test]
fn a_waiver_counts_until_its_day_and_says_who_answers_for_it() {
    let out = with_waiver(&waiver("2999-01-01", "")).with(0);
    assert!(out.starts_with("waived: team-is-named for Pod shop/web by ana until 2999-01-01: it moves\n"), "{out}");
    assert!(out.contains("All checks passed or are waived (1 waived;"), "{out}");
    assert!(!out.contains("nobody is named"), "{out}");
}

#[test]
fn an_expired_waiver_does_not_count_and_is_told() {
    let out = with_waiver(&waiver("1999-01-01", "")).with(1);
    assert!(out.contains("\nexpired: the waiver of team-is-named for web, by ana, ended on 1999-01-01: fix the finding or renew the waiver \
                          (c.yaml:2)\n"), "{out}");
}

#[test]
fn a_waiver_that_fits_nothing_is_told() {
    let unused = "unused waiver of team-is-named for other, by ana: no finding matches it (c.yaml:2)\n";
    let out = with_waiver(&waiver("2999-01-01", "").replace("name: web", "name: other")).with(1);
    assert!(out.contains(unused), "{out}");
    for waiver in [
        waiver("2999-01-01", ""),
        waiver("1999-01-01", "").replace("name: web", "name: other"),
        // Its rule was not asked.
        waiver("2999-01-01", "").replace("team-is-named", "image-is-plain"),
    ] {
        let out = with_waiver(&waiver).out;
        assert!(!out.contains("unused"), "{out}");
    }
}

#[test]
fn a_waiver_covers_nothing_but_what_it_names() {
    for (from, to) in [
        ("name: web", "name: other"),
        ("name: web", "name: web, kind: Deployment"),
        ("name: web", "name: web, namespace: other"),
        ("rule: team-is-named", "rule: image-is-plain"),
        ("by: ana", "container: app, by: ana"),
    ] {
        with_waiver(&waiver("2999-01-01", "").replace(from, to)).with(1);
    }
    with_waiver(&waiver("2999-01-01", "").replace("name: web", "name: web, kind: Pod, namespace: shop")).with(0);
}

#[test]
fn an_error_cannot_be_waived() {
    let rule = FixedRule::new("never-decides", protocol::Verdict::Error).because("no luck");
    let config = waiver("2999-01-01", "").replace("team-is-named", "never-decides");
    let folder = Folder::of("pod.yaml", POD).and("c.yaml", config).bundle(&[rule]);
    folder.run(&["check", "pod.yaml", "--bundle", "bundle", "--config", "c.yaml"]).with(2);
}

#[test]
fn a_waiver_that_lasts_too_long_is_refused() {
    let config =
        "waivers:\n- {rule: team-is-named, object: {name: web}, owner: ana, reason: it moves, expires: 2999-01-01}\n";
    let complaint = check(config).complaint();
    assert!(
        complaint.starts_with("error: ready.yaml:2:3: the waiver of team-is-named ends on 2999-01-01, in "),
        "{complaint}"
    );
    assert!(complaint.contains("a waiver may last 365 days"), "{complaint}");
}

#[test]
fn what_no_waiver_covers_stays_broken_beside_what_one_does() {
    let rule = FixedRule::new("is-good", protocol::Verdict::Fail)
        .finds_in(Some("app"), protocol::Level::Violation, "$['spec']['containers'][0]", "app is bad", None)
        .finds_in(Some("proxy"), protocol::Level::Violation, "$['spec']['containers'][1]", "proxy is bad", None);
    let waiver = "longest_waiver_days: 400000\nwaivers: [{rule: is-good, object: {name: w*, kind: Pod}, container: app, owner: \
                  ana, reason: it moves, expires: 2999-01-01}]\n";
    let folder = Folder::of("pod.yaml", POD).and("c.yaml", waiver).bundle(&[rule]);
    let run = |more: &[&str]| {
        folder.run(&[&["check", "pod.yaml", "--bundle", "bundle", "--config", "c.yaml"], more].concat())
    };
    let out = run(&[]).with(1);
    assert!(out.contains("proxy is bad") && !out.contains("app is bad"), "{out}");
    assert!(out.contains("waived: is-good for Pod shop/web by ana until 2999-01-01: it moves\n"), "{out}");
    let report: serde_json::Value = serde_json::from_str(&run(&["--format", "json"]).with(1)).unwrap();
    assert_eq!(crate::schema::faults(&report), Vec::<String>::new());
    let verdicts: Vec<&str> =
        report["results"].as_array().unwrap().iter().map(|it| it["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["fail", "waived"]);
    let waiver = &report["waivers"][0];
    assert_eq!((&waiver["state"], &waiver["findings"], &waiver["file"]), (&"used".into(), &1.into(), &"c.yaml".into()));
}

#[test]
fn an_annotation_waives_only_where_the_configuration_says_so() {
    let day = "2999-01-01";
    let annotation = format!("waiver.seaworthy.dev/team-is-named: '{{reason: it moves, owner: ana, expires: {day}}}'");
    let pod = POD.replace("  annotations:\n", &format!("  annotations:\n    {annotation}\n"));
    assert_ne!(pod, POD);
    let folder = usual_folder()
        .and("pod.yaml", pod)
        .and("yes.yaml", "longest_waiver_days: 400000\nrules: {team-is-named: {annotations: true}}\n")
        .and("short.yaml", "rules: {team-is-named: {annotations: true}}\n")
        .and("no.yaml", "longest_waiver_days: 400000\n");
    let run = |config: &str| {
        folder.run(&["check", "pod.yaml", "--bundle", "bundle", "--config", config, "--rule", "team-is-named"])
    };
    let out = run("yes.yaml").with(0);
    assert!(out.contains("waived: team-is-named for Pod shop/web by ana until 2999-01-01: it moves\n"), "{out}");
    let out = run("no.yaml").with(1);
    let said = "ignored waiver: Pod shop/web: the configuration does not allow annotations to waive team-is-named: \
                `annotations: true` of the rule allows it\n";
    assert!(out.contains(said), "{out}");
    assert!(run("short.yaml").with(1).contains("at most 365 days count"));
}
