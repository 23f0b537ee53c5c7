//! Grouping, shares and escaping, over reports made by hand.

use std::cell::Cell;

use protocol::{Finding, Level, Outcome, Profile, RuleMetadata, Section, Severity, Verdict};
use serde_json::json;

use super::service::Services;
use super::{Card, Grouping, Line, Mark, NameSource, Scorecard, Standing, render};
use crate::judge::Judgement;
use crate::manifest::{Limits, read};
use crate::report::render::style::{GREEN, YELLOW};
use crate::report::{Judged, Report};
use crate::waiver::Date;
use crate::{Bundle, Completeness, File, Input, Rule};

thread_local! {
    /// How many workloads and services were looked at for whose an object is.
    pub(super) static SCANNED: Cell<usize> = const { Cell::new(0) };
}

fn rule(section: Section, name: &str) -> Rule<()> {
    let metadata = RuleMetadata {
        name: name.into(),
        version: "0.1.0".into(),
        title: format!("It has {name}"),
        documentation: String::new(),
        severity: Severity::High,
        section,
        since: "0.1.0".into(),
        url: String::new(),
        profile: Profile::default(),
        rests_on: Vec::new(),
        yields_to: Vec::new(),
        applies_to: Vec::new(),
        reads: Vec::new(),
        looks_up: Vec::new(),
        capabilities: Vec::new(),
        settings: json!({}),
        examples: Vec::new(),
    };
    Rule::new(metadata, ())
}

/// The rules, in the bundle's order: one a section, and two for delivery and security.
fn bundle() -> Bundle<()> {
    Bundle::new(vec![
        rule(Section::Reliability, "probe"),
        rule(Section::Security, "no-root"),
        rule(Section::Security, "no-token"),
        rule(Section::Operations, "runbook"),
        rule(Section::Delivery, "approval"),
    ])
}

const PROBE: usize = 0;
const NO_ROOT: usize = 1;
const NO_TOKEN: usize = 2;
const RUNBOOK: usize = 3;
const APPROVAL: usize = 4;

fn outcome(verdict: Verdict) -> Outcome {
    let reason = (verdict != Verdict::Pass && verdict != Verdict::Fail).then(|| format!("the reason of {verdict}"));
    let findings = if verdict == Verdict::Fail { vec![finding("it is broken")] } else { Vec::new() };
    Outcome { verdict, reason, findings }
}

fn finding(message: &str) -> Finding {
    let (path, fix) = ("$['spec']".into(), Some("a: b\nc: d".into()));
    Finding {
        level: Level::Violation,
        path,
        container: Some("app".into()),
        message: message.into(),
        fix,
        conceal: false,
    }
}

fn input(files: &[(&str, usize, &str)]) -> Input {
    let file = |(name, project, text): &(&str, usize, &str)| File {
        manifest: read(name, text.as_bytes().to_vec(), &Limits::default()),
        project: *project,
    };
    let input = Input::new(files.iter().map(file).collect());
    for file in input.files() {
        assert!(file.manifest.problems.is_empty(), "{:?}", file.manifest.problems);
    }
    input
}

/// A report of what `say` answers for the object of that display name.
fn report<'a>(input: &'a Input, bundle: &'a Bundle<()>, say: &dyn Fn(&str) -> Vec<(usize, Outcome)>) -> Report<'a> {
    let judged = input.subjects().map(|subject| {
        let answers = say(&subject.object.display_name()).into_iter();
        Judged {
            subject,
            judgements: answers
                .map(|(rule, outcome)| Judgement { rule, outcome: outcome.into(), mutated: None, severity: None })
                .collect(),
        }
    });
    Report::new(input, bundle, Completeness::Complete, judged.collect(), Vec::new(), &[], Date::LAST)
}

/// Which objects stand on which card, where each is judged by one rule.
fn owned(text: &str, grouping: &Grouping) -> Vec<(String, Vec<String>)> {
    let (input, bundle) = (input(&[("k8s/all.yaml", 0, text)]), bundle());
    let report = report(&input, &bundle, &|_| vec![(PROBE, outcome(Verdict::Pass))]);
    let of = |card: &Card<'_>| {
        let objects =
            card.objects.iter().map(|subject| format!("{} {}", subject.object.kind, subject.object.display_name()));
        (card.title(), objects.collect())
    };
    Scorecard::new(&report, grouping).cards.iter().map(of).collect()
}

fn workload(kind: &str, name: &str, labels: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}\n\
         spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{serviceAccountName: {name}-sa, volumes: \
         [{{secret: {{secretName: {name}-key}}}}]}}}}}}\n---\n"
    )
}

#[test]
fn workloads_are_grouped_by_the_first_name_that_they_have() {
    let text = [
        workload("Deployment", "api", "app.kubernetes.io/name: catalog, app.kubernetes.io/part-of: shop-system"),
        workload("StatefulSet", "db", "app.kubernetes.io/name: catalog, backstage.io/kubernetes-id: catalog-db"),
        workload("Deployment", "worker", "app.kubernetes.io/part-of: shop-system"),
    ]
    .concat();
    let names = |sources: &[NameSource]| {
        let cards = owned(&text, &Grouping(sources.to_vec())).into_iter();
        cards.map(|(title, objects)| (title, objects.len())).collect::<Vec<_>>()
    };
    let card = |title: &str, objects| (title.to_owned(), objects);
    assert_eq!(
        names(&Grouping::default().0),
        [card("shop/catalog", 1), card("shop/catalog-db", 1), card("shop/worker", 1)]
    );
    assert_eq!(names(&[NameSource::Name]), [card("shop/catalog", 2), card("shop/worker", 1)]);
    assert_eq!(names(&[NameSource::PartOf, NameSource::Name]), [card("shop/catalog", 1), card("shop/shop-system", 2)]);
    assert_eq!(
        names(&[NameSource::Workload, NameSource::Name]),
        [card("shop/api", 1), card("shop/db", 1), card("shop/worker", 1)]
    );
}

#[test]
fn the_label_of_the_pods_names_the_service_where_the_workload_has_none() {
    let text =
        workload("Deployment", "api", "").replace("labels: {app: api}", "labels: {app.kubernetes.io/name: catalog}");
    assert_eq!(owned(&text, &Grouping::default()), [("shop/catalog".into(), vec!["Deployment api".into()])]);
}

#[test]
fn one_name_in_two_namespaces_or_projects_is_two_services() {
    let deployment =
        |namespace: &str| format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web{namespace}}}\n");
    let [plain, prod] = [deployment(""), deployment(", namespace: prod")];
    let input = input(&[("a.yaml", 0, &plain), ("b.yaml", 0, &prod), ("c/d.yaml", 1, &plain), ("e.yaml", 0, &plain)]);
    let bundle = bundle();
    let report = report(&input, &bundle, &|_| vec![(PROBE, outcome(Verdict::Pass))]);
    let card = Scorecard::new(&report, &Grouping::default());
    let objects: Vec<_> = card.cards.iter().map(|card| (card.title(), card.objects.len())).collect();
    assert_eq!(objects, [("web".into(), 2), ("web".into(), 1), ("prod/web".into(), 1)]);
}

#[test]
fn other_objects_belong_to_the_service_that_they_name() {
    let text = [
        workload("Deployment", "catalog", ""),
        workload("Deployment", "front", ""),
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a, namespace: shop}\n\
         spec: {selector: {matchExpressions: [{key: app, operator: In, values: [catalog]}]}}\n---\n"
            .into(),
        "apiVersion: v1\nkind: Service\nmetadata: {name: b, namespace: shop}\nspec: {selector: {app: front}}\n---\n"
            .into(),
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: c, namespace: shop}\n\
         spec: {scaleTargetRef: {kind: Deployment, name: front}}\n---\n"
            .into(),
        "apiVersion: v1\nkind: Secret\nmetadata: {name: catalog-key, namespace: shop}\n---\n".into(),
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: front-sa, namespace: shop}\n---\n".into(),
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: d, namespace: shop}\n\
         roleRef: {kind: Role, name: reader}\nsubjects: [{kind: ServiceAccount, name: front-sa}]\n---\n"
            .into(),
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader, namespace: shop}\n---\n".into(),
        "apiVersion: backstage.io/v1alpha1\nkind: Component\n\
         metadata: {name: the-catalog, namespace: default, annotations: {backstage.io/kubernetes-id: catalog}}\n---\n"
            .into(),
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: front, namespace: shop}\n---\n"
            .into(),
    ]
    .concat();
    let owned = owned(&text, &Grouping::default());
    let expected = [
        (
            "shop/catalog",
            vec!["Deployment catalog", "PodDisruptionBudget a", "Secret catalog-key", "Component the-catalog"],
        ),
        (
            "shop/front",
            vec![
                "Deployment front",
                "Service b",
                "HorizontalPodAutoscaler c",
                "ServiceAccount front-sa",
                "RoleBinding d",
                "Role reader",
                "PrometheusRule front",
            ],
        ),
    ];
    let expected = expected.map(|(title, objects)| (title.to_owned(), objects.into_iter().map(String::from).collect()));
    assert_eq!(owned, expected);
}

#[test]
fn what_belongs_to_no_single_service_is_shared_and_never_guessed() {
    let text = [
        workload("Deployment", "catalog", ""),
        workload("Deployment", "front", ""),
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: all, namespace: shop}\n\
         spec: {podSelector: {}}\n---\n"
            .into(),
        "apiVersion: v1\nkind: Secret\nmetadata: {name: catalog-key, namespace: other}\n---\n".into(),
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n\
         metadata: {name: catalog, namespace: other, labels: {app.kubernetes.io/name: catalog}}\n---\n"
            .into(),
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: odd, namespace: shop}\nspec: {selector: [app]}\n"
            .into(),
    ]
    .concat();
    let shared = |title: &str, objects: &[&str]| (title.to_owned(), objects.iter().map(ToString::to_string).collect());
    assert_eq!(
        owned(&text, &Grouping::default())[2..],
        [
            shared("shared in other", &["Secret catalog-key", "PrometheusRule catalog"]),
            shared("shared in shop", &["NetworkPolicy all", "PodDisruptionBudget odd"])
        ]
    );
}

/// The card of one service with an api and a worker.
fn with_card(api: &[(usize, Verdict)], worker: &[(usize, Verdict)], see: impl Fn(&Card<'_>)) {
    let label = "app.kubernetes.io/name: shop";
    let text = [workload("Deployment", "api", label), workload("Deployment", "worker", label)].concat();
    let (input, bundle) = (input(&[("k8s/shop.yaml", 0, &text)]), bundle());
    let say = |name: &str| {
        let answers = if name == "api" { api } else { worker };
        answers.iter().map(|(rule, verdict)| (*rule, outcome(*verdict))).collect()
    };
    let report = report(&input, &bundle, &say);
    let scorecard = Scorecard::new(&report, &Grouping::default());
    assert_eq!(scorecard.cards.len(), 1);
    see(&scorecard.cards[0]);
}

#[test]
fn the_worst_verdict_is_that_of_the_line_and_what_does_not_apply_is_none() {
    let verdict = |one, other| {
        let found = std::cell::Cell::new(Verdict::Pass);
        with_card(&[(PROBE, one)], &[(PROBE, other)], |card| found.set(card.sections[0].lines[0].verdict));
        found.get()
    };
    use Verdict::{Error, Fail, NotApplicable, Pass, Unknown, Waived};
    for (one, other, worst) in [
        (Pass, Pass, Pass),
        (Pass, NotApplicable, Pass),
        (NotApplicable, NotApplicable, NotApplicable),
        (Pass, Waived, Waived),
        (Waived, Unknown, Unknown),
        (Unknown, Fail, Fail),
        (Fail, Error, Error),
    ] {
        assert_eq!((verdict(one, other), verdict(other, one)), (worst, worst), "{one} {other}");
    }
}

#[test]
fn unknown_waived_and_inapplicable_lines_do_not_count_and_a_gate_takes_unknown_for_a_failure() {
    use Verdict::{Fail, NotApplicable, Pass, Unknown, Waived};
    let api = [(PROBE, Pass), (NO_ROOT, Unknown), (NO_TOKEN, Waived), (RUNBOOK, Fail), (APPROVAL, Fail)];
    with_card(&api, &[(PROBE, NotApplicable)], |card| {
        let share = card.share();
        assert_eq!((share.holds, share.counted, share.unknown, share.percent()), (1, 2, 1, Some(50)));
        assert!(share.is_under(34) && !share.is_under(33) && share.standing() == Standing::Not);
        let marks =
            [Mark::Done, Mark::Open, Mark::Unknown, Mark::Waived, Mark::NotApplicable].map(|mark| card.count(mark));
        assert_eq!(marks, [1, 1, 1, 1, 0]);
        let shares: Vec<_> =
            card.sections.iter().map(|of| (of.title(), of.share().holds, of.share().counted)).collect();
        assert_eq!(shares, [("Reliability", 1, 1), ("Security", 0, 0), ("Operations", 0, 1), ("Delivery", 0, 1)]);
    });
    with_card(&[(PROBE, Pass), (NO_ROOT, Unknown)], &[], |card| {
        assert_eq!((card.share().percent(), card.share().standing()), (Some(100), Standing::Nearly), "not green");
    });
    with_card(&[(PROBE, NotApplicable)], &[], |card| {
        assert_eq!(card.share().percent(), None);
        assert_eq!(card.count(Mark::NotApplicable), 4, "delivery is listed only where it concerns the service");
        assert!(!card.has_open_lines());
    });
    with_card(&[(APPROVAL, Fail)], &[], |card| assert!(card.has_open_lines()));
}

#[test]
fn nothing_is_green_while_something_was_not_checked_or_nothing_counts() {
    let (input, bundle) = (input(&[("k8s/a.yaml", 0, &workload("Deployment", "api", ""))]), bundle());
    let shown = |verdict: Verdict, is_incomplete: bool, fail_under: Option<u8>| {
        let report = report(&input, &bundle, &|_| vec![(PROBE, outcome(verdict))]);
        let scorecard = Scorecard { is_incomplete, ..Scorecard::new(&report, &Grouping::default()) };
        let html = render::html(&scorecard, &report, "", Date::LAST);
        (render::human(&scorecard, &report, fail_under).lines().last().unwrap().to_owned(), html)
    };
    let (line, html) = shown(Verdict::Pass, false, None);
    assert_eq!(line, format!("{GREEN}1 service: 1 ready{GREEN:#}"));
    assert!(html.contains("<p>1 service, ready.</p>") && html.contains("good\">100 %"));
    let (line, html) = shown(Verdict::Pass, true, None);
    assert_eq!(line, format!("{YELLOW}1 service: 0 ready; not everything was checked{YELLOW:#}"));
    assert!(html.contains("1 service, not ready: not everything was checked.") && !html.contains("good\">1"));
    let gate = format!("{YELLOW}1 service: none is under 80 %; not everything was checked{YELLOW:#}");
    assert_eq!(shown(Verdict::Pass, true, Some(80)).0, gate);
    assert_eq!(shown(Verdict::NotApplicable, false, None).0, format!("{YELLOW}1 service: 0 ready{YELLOW:#}"));
}

#[test]
fn under_a_line_stand_all_findings_and_the_reasons_that_made_it() {
    use Verdict::{Fail, NotApplicable, Waived};
    let said = |line: &Line<'_>| line.remarks().iter().map(|remark| remark.message.to_owned()).collect::<Vec<_>>();
    with_card(&[(PROBE, NotApplicable)], &[(PROBE, Fail)], |card| {
        assert_eq!(said(&card.sections[0].lines[0]), ["it is broken"]);
        assert_eq!(card.sections[0].lines[0].remarks()[0].about(), "Deployment worker, container app");
    });
    with_card(&[(PROBE, NotApplicable)], &[(PROBE, NotApplicable)], |card| {
        assert_eq!(said(&card.sections[0].lines[0]), ["the reason of not-applicable"]);
    });
    with_card(&[(PROBE, Waived)], &[(PROBE, Waived)], |card| {
        assert_eq!(said(&card.sections[0].lines[0]), ["the reason of waived"; 2]);
    });
}

#[test]
fn a_service_is_named_with_or_without_its_namespace() {
    with_card(&[], &[], |card| {
        assert!(card.is_named("shop") && card.is_named("shop/shop"));
        assert!(!card.is_named("shop/") && !card.is_named("api"));
    });
}

#[test]
fn no_format_lets_a_manifest_or_a_module_write_markup() {
    const HOSTILE: &str = "</li></ul><script>alert(1)</script>@everyone\n- [x] All of it";
    let text = workload(
        "Deployment",
        "api",
        "app.kubernetes.io/name: \"</h2><script>alert(1)</script>\\n## Ready @everyone\"",
    );
    let (input, bundle) = (input(&[("<b>/@everyone.yaml", 0, &text)]), bundle());
    let say = |_: &str| {
        let (mut broken, mut unknown) = (outcome(Verdict::Fail), outcome(Verdict::Unknown));
        broken.findings =
            vec![Finding { container: Some(HOSTILE.into()), fix: Some(HOSTILE.into()), ..finding(HOSTILE) }];
        unknown.reason = Some(HOSTILE.into());
        vec![(PROBE, broken), (NO_ROOT, unknown)]
    };
    let report = report(&input, &bundle, &say);
    let scorecard = Scorecard::new(&report, &Grouping::default());
    let page = render::html(&scorecard, &report, "<b>", Date::LAST);
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script") && !page.contains("<b>"));
    assert_eq!(page.matches("</article>").count(), 1);
    let markdown = render::markdown(&scorecard, &report);
    assert!(markdown.contains("&lt;script&gt;alert(1)") && !markdown.contains("<script") && !markdown.contains("<b>"));
    assert!(!markdown.contains("@everyone"), "nobody is called");
    let lines = |start: &str| markdown.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((lines("## "), lines("### "), lines("- [x]"), lines("- [ ]")), (1, 1, 0, 1));
}

#[test]
fn a_log_belongs_to_the_workload_or_the_service_that_it_names() {
    let log = |name: &str| {
        format!(
            "apiVersion: seaworthy.dev/v1\nkind: LogSample\nmetadata: {{name: {name}}}\nspec: {{lines: [a]}}\n---\n"
        )
    };
    let text = [
        workload("Deployment", "api", "app.kubernetes.io/name: catalog"),
        workload("Deployment", "catalog", ""),
        log("api"),
        log("catalog"),
        log("nobody"),
        log("api, namespace: elsewhere"),
    ]
    .concat();
    let logs = |(card, objects): &(String, Vec<String>)| {
        let logs = objects.iter().filter(|object| object.starts_with("LogSample ")).cloned();
        (card.clone(), logs.collect::<Vec<_>>())
    };
    let owned = owned(&text, &Grouping::default());
    let expected = [
        ("shop/catalog".to_owned(), vec!["LogSample api".to_owned(), "LogSample catalog".to_owned()]),
        ("shared".to_owned(), vec!["LogSample nobody".to_owned()]),
        ("shared in elsewhere".to_owned(), vec!["LogSample api".to_owned()]),
    ];
    assert_eq!(owned.iter().map(logs).collect::<Vec<_>>(), expected);
}

/// How many workloads and services are looked at where so many services have what services have.
fn scanned(number: usize) -> usize {
    let text: String = (0..number)
        .map(|index| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: s-{index}, namespace: shop}}\nspec: {{template: {{metadata: \
                 {{labels: {{app: s-{index}, tier: web}}}}, spec: {{serviceAccountName: s-{index}, volumes: [{{configMap: {{name: s-{index}}}}}]}}}}}}\n\
                 ---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: s-{index}}}\n\
                 ---\napiVersion: v1\nkind: Service\nmetadata: {{name: a-{index}, namespace: shop}}\nspec: {{selector: {{app: s-{index}}}}}\n\
                 ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: s-{index}, namespace: shop}}\n\
                 ---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: b-{index}, namespace: shop}}\nspec: \
                 {{scaleTargetRef: {{kind: Deployment, name: s-{index}}}}}\n\
                 ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: c-{index}, namespace: shop}}\n\
                 subjects: [{{kind: ServiceAccount, name: s-{index}}}]\n---\n"
            )
        })
        .collect();
    let manifest = read("a.yaml", text.into_bytes(), &Limits::default());
    assert_eq!(manifest.problems, []);
    let input = Input::new(vec![File { manifest, project: 0 }]);
    SCANNED.set(0);
    let grouping = Grouping::default();
    let services = Services::of(&input, &grouping);
    for (index, subject) in input.subjects().enumerate() {
        let owners = services.owners(&grouping, 0, subject);
        let names: Vec<&str> = owners.iter().map(|owner| services.identities[*owner].name.as_str()).collect();
        assert_eq!(names, [format!("s-{}", index / 6)], "{}", subject.object.kind);
    }
    SCANNED.get()
}

#[test]
fn whose_an_object_is_costs_no_square_of_the_services() {
    let [one, two] = [40, 80].map(scanned);
    assert!(one > 0 && two * 10 <= one * 22, "{one} for 40 services, {two} for 80");
}
