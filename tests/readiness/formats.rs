//! The four formats, byte for byte, of rules that answer the same whatever they are asked; and what hostile names do there.

use protocol::{Level, Section, Verdict};
use serde_json::Value;
use snapbox::{Data, assert_data_eq};

use crate::bundles::FixedRule;
use crate::support::Folder;

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app.kubernetes.io/name: catalog}}
spec:
  containers:
    - {name: app, image: fancy:2}
---
apiVersion: v1
kind: Pod
metadata: {name: worker, namespace: shop, labels: {app.kubernetes.io/name: catalog}}
spec: {}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: shop}
spec: {}
";

const WAIVER: &str = "\
longest_waiver_days: 400000
waivers:
  - {rule: hooks-are-there, object: {name: api}, by: ana@example.com, why: until 4.2, until: 2999-12-31}
  - {rule: hooks-are-there, object: {name: worker}, by: ana@example.com, why: until 4.2, until: 2999-12-31}
";

fn in_section(section: Section, mut rule: FixedRule) -> FixedRule {
    rule.metadata.section = section;
    rule
}

/// Every verdict once, over all sections.
pub fn rules() -> Vec<FixedRule> {
    vec![
        in_section(Section::Reliability, FixedRule::new("probes-are-there", Verdict::Pass)),
        in_section(
            Section::Reliability,
            FixedRule::new("starts-are-waited-for", Verdict::NotApplicable).because("nothing starts slowly here"),
        ),
        in_section(
            Section::Observability,
            FixedRule::new("logs-are-read", Verdict::Unknown).because("the Service may be elsewhere"),
        ),
        FixedRule::new("image-is-plain", Verdict::Fail)
            .finds_in(
                Some("app"),
                Level::Violation,
                "$['spec']['containers'][0]['image']",
                "the image is not plain",
                Some("image: plain:1\nimagePullPolicy: Always"),
            )
            .finds(Level::Warning, "$['metadata']", "a label would be nice", None),
        in_section(Section::Operations, FixedRule::new("hooks-are-there", Verdict::Fail)).finds(
            Level::Violation,
            "$['spec']",
            "there is no hook",
            None,
        ),
        in_section(Section::Delivery, FixedRule::new("change-is-approved", Verdict::Fail)).finds(
            Level::Violation,
            "$",
            "nobody approved it",
            None,
        ),
    ]
}

fn folder() -> Folder {
    Folder::of("k8s/pods.yaml", PODS).and("config.yaml", WAIVER).bundle(&rules())
}

fn printed(format: &str) -> String {
    let arguments = ["readiness", "k8s", "--bundle", "bundle", "--config", "config.yaml", "--format", format];
    let version = env!("CARGO_PKG_VERSION");
    let printed = folder().run(&arguments).with(1);
    printed
        .replace(&format!("seaworthy {version}."), "seaworthy VERSION.")
        .replace(&format!("\"{version}\""), "\"VERSION\"")
}

/// What the golden file says. `SNAPSHOTS=overwrite` writes it anew.
fn golden(name: &str) -> Data {
    let path = seaworthy_tests::artifacts::workspace().join("tests/readiness/goldens").join(name);
    Data::read_from(&path, Some(snapbox::data::DataFormat::Text))
}

#[test]
fn people_read_the_checklist_in_a_terminal() {
    assert_data_eq!(printed("human"), golden("terminal.txt").raw());
}

#[test]
fn a_pull_request_gets_a_checklist_in_markdown() {
    assert_data_eq!(printed("markdown"), golden("checklist.md").raw());
}

/// GitHub refuses a comment of more than 65,536 characters.
#[test]
fn a_checklist_of_many_services_fits_in_a_comment() {
    let pod = |index| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: s{index}, namespace: shop}}\n---\n");
    let rule = FixedRule::new("image-is-plain", Verdict::Fail).finds(Level::Violation, "$", "it is not plain", None);
    let folder = Folder::of("k8s/pods.yaml", (0..2_000).map(pod).collect::<String>()).bundle(&[rule]);
    let text = folder.run(&["readiness", "k8s", "--bundle", "bundle", "--format", "markdown"]).with(1);
    assert!(text.chars().count() < 65_536 && text.len() > 60_000, "{}", text.len());
    let left_out = 2_000 - text.matches("### shop/s").count();
    let number = format!("{},{:03}", left_out / 1000, left_out % 1000);
    let rest = format!("\n{number} more cards, none worse: `seaworthy readiness` shows all.\n");
    assert!(text.ends_with(&rest), "{}", &text[text.len() - 200..]);
    assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
}

#[test]
fn machines_read_json() {
    assert_data_eq!(printed("json"), golden("card.json").raw());
}

#[test]
fn everybody_reads_the_page() {
    let page = printed("html");
    let (before, rest) = page.split_once("<time").unwrap();
    let (date, after) = rest.split_once("</time>").unwrap();
    assert_eq!(date.len(), " datetime=\"YYYY-MM-DD\">YYYY-MM-DD".len(), "{date}");
    assert_data_eq!(format!("{before}TODAY{after}"), golden("page.html").raw());
}

#[test]
fn the_page_fetches_and_runs_nothing() {
    let page = printed("html");
    for forbidden in
        ["<script", "<link", "<img", "<iframe", "http://", "https://", "url(", "@import", "onclick", "javascript:"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn all_formats_say_the_same_share() {
    let card: Value = serde_json::from_str(&printed("json")).unwrap();
    let share = &card["services"][0]["share"];
    assert_eq!(
        [&share["holds"], &share["counted"], &share["percent"]],
        [1, 2, 50],
        "unknown, waived and n/a lines do not count"
    );
    let human = printed("human");
    assert!(human.contains("shop/catalog  50 %  1 of 2 checks pass, 1 unknown, 1 waived, 1 n/a"), "{human}");
    assert!(printed("markdown").contains("1 of 2 checks pass, 1 unknown, 1 waived, 1 n/a"));
    assert!(printed("html").contains("1 of 2 checks pass, 1 unknown, 1 waived, 1 n/a"));
}

#[test]
fn hostile_names_and_messages_stay_text() {
    const HOSTILE: &str =
        "\u{1b}[2J\u{202e}</li><script>alert(1)</script> @everyone [x](https://evil.example)\n- [x] done";
    let manifest = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}, namespace: shop}}\nspec: {{}}\n",
        serde_json::to_string(HOSTILE).unwrap()
    );
    let rule = FixedRule::new("image-is-plain", Verdict::Fail)
        .finds_in(Some(HOSTILE), Level::Violation, "$['spec']", HOSTILE, Some(HOSTILE))
        .because(HOSTILE);
    let folder = Folder::of("k8s/pods.yaml", manifest).bundle(&[rule]);
    for format in ["human", "markdown", "html", "json"] {
        let out = folder.run(&["readiness", "k8s", "--bundle", "bundle", "--format", format]).with(1);
        assert!(!out.contains('\u{1b}'), "{format}: no escape sequence");
        assert!(!out.contains('\u{202e}'), "{format}: the direction does not change");
        assert!(matches!(format, "json" | "human") || !out.contains("<script"), "{format}: no element");
        let ticked = out.lines().filter(|line| line.trim_start().starts_with("- [x]")).count();
        // Line breaks mean nothing in HTML.
        assert!(format == "html" || ticked == 0, "{format}: no line passes for one of ours");
        if format == "markdown" {
            assert!(!out.contains("@everyone") && !out.contains("[x](") && !out.contains("https://"), "{out}");
        }
    }
}
