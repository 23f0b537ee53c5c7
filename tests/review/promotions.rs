//! The rule environment-promotion on a scripted history: what staging had before production, for how long, and what nobody can
//! know.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::history::History;
use crate::support;

const STAGING: &str = "services/web/staging/kustomization.yaml";
const PRODUCTION: &str = "services/web/production/kustomization.yaml";

/// Hours since a day in 2024.
const START: u64 = 1_710_000_000;

fn overlay(version: &str) -> String {
    format!("resources: [../base]\nimages:\n  - name: example.com/web\n    {version}\n")
}

/// Writes files and commits them, so many hours after the start.
pub fn commit(history: &History, hour: u64, files: &[(&str, &str)]) {
    files.iter().for_each(|(path, text)| history.write(path, text));
    commit_all(history, hour);
}

fn commit_all(history: &History, hour: u64) {
    history.git(&["add", "--all"]);
    history.git_at(START + hour * 3600, &["commit", "--quiet", "--allow-empty", "--message=change"]);
}

/// A repository whose production has had version 1 for a long time, on the branch `main`.
pub fn usual() -> History {
    let history = History::of(&[]);
    history.git(&["switch", "--quiet", "main"]);
    let one = overlay("newTag: 1.0.0");
    commit(
        &history,
        0,
        &[(STAGING, &one), (PRODUCTION, &one), ("services/web/base/kustomization.yaml", "resources: []\n")],
    );
    history
}

/// What the rule says of the repository: the verdicts by the alphabet, and the report as a text.
pub fn check(history: &History, more: &[&str]) -> (String, String) {
    check_at(history, ".", more)
}

fn check_at(history: &History, path: &str, more: &[&str]) -> (String, String) {
    let words = [
        "check",
        path,
        "--rule",
        "environment-promotion",
        "--format",
        "json",
        "--render",
        "never",
        "--allow-unchecked",
    ];
    let run = history.run(None, &[&words[..], more].concat());
    let report: Value =
        serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}{}", run.out, run.err));
    let text = report.to_string();
    let results = report["results"].as_array().unwrap().iter();
    let verdicts = results.filter(|result| result["object"]["kind"] == "Promotion");
    let mut verdicts: Vec<&str> = verdicts.map(|result| result["verdict"].as_str().unwrap()).collect();
    verdicts.sort_unstable();
    (verdicts.join(" "), text)
}

#[track_caller]
pub fn expect((verdict, text): (String, String), wanted: &str, says: &[&str]) {
    assert_eq!(verdict, wanted, "{text}");
    for says in says {
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[test]
fn what_staging_had_for_long_enough_is_promoted() {
    let history = usual();
    commit(&history, 10, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    commit(&history, 40, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    expect(check(&history, &[]), "pass", &[]);
    // Staging goes on; what it had counts.
    commit(&history, 41, &[(STAGING, &overlay("newTag: 1.2.0"))]);
    expect(check(&history, &[]), "pass", &[]);
}

#[test]
fn what_staging_had_for_minutes_is_too_early() {
    let history = usual();
    commit(&history, 10, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    commit(&history, 12, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    expect(check(&history, &[]), "pass", &[]);
    history.write("seaworthy.yaml", "rules:\n  environment-promotion: {settings: {soak_hours: 24}}\n");
    expect(
        check(&history, &[]),
        "fail",
        &["staging had example.com/web:1.1.0 for 2 hours", "24 hours are required", "do not say when it ran"],
    );
    // It was taken away again before production took it.
    let history = usual();
    commit(&history, 10, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    commit(&history, 10, &[(STAGING, &overlay("newTag: 1.2.0"))]);
    commit(&history, 50, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    expect(check(&history, &[]), "fail", &["for 0 seconds"]);
}

#[test]
fn what_staging_never_had_or_gets_at_the_same_time_is_not_promoted() {
    let history = usual();
    commit(&history, 10, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    expect(check(&history, &[]), "fail", &["staging never had: it has `1.0.0`", PRODUCTION]);
    commit(&history, 20, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    expect(check(&history, &[]), "fail", &["no later than staging"]);
    // One pull request for both, not merged yet.
    let history = usual();
    let both = overlay("newTag: 1.1.0");
    history.git(&["switch", "--quiet", "--create", "feature/both"]);
    commit(&history, 10, &[(STAGING, &both), (PRODUCTION, &both)]);
    expect(check(&history, &[]), "fail", &["no later than staging"]);
}

#[test]
fn a_branch_that_nobody_trusts_proves_nothing_and_a_merge_counts_when_it_was_merged() {
    let history = usual();
    history.git(&["switch", "--quiet", "--create", "feature/staging"]);
    commit(&history, 10, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    history.git(&["switch", "--quiet", "main"]);
    history.git(&["merge", "--quiet", "--no-ff", "--no-commit", "feature/staging"]);
    commit_all(&history, 100);
    commit(&history, 100, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    // The commit of the branch is 90 hours older.
    expect(check(&history, &[]), "fail", &["no later than staging"]);
    expect(check(&history, &["--trusted-branch", "feature/staging"]), "pass", &[]);
    expect(check(&history, &["--trusted-branch", "nowhere"]), "unknown", &["there is no revision `nowhere`"]);
}

#[test]
fn what_is_checked_out_is_trusted_only_without_a_remote() {
    let history = usual();
    history.git(&["branch", "--quiet", "--move", "main", "trunk"]);
    history.git(&["branch", "--quiet", "--delete", "--force", "feature/change"]);
    commit(&history, 10, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    commit(&history, 40, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    expect(check(&history, &[]), "pass", &[]);
    // As a pipeline fetches one branch alone.
    history.git(&["remote", "add", "origin", "."]);
    history.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    history.git(&["switch", "--quiet", "--detach"]);
    expect(check(&history, &[]), "unknown", &["fetch the default branch, or give --trusted-branch"]);
    expect(check(&history, &["--trusted-branch", "origin/trunk"]), "pass", &[]);
    history.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    expect(check(&history, &[]), "pass", &[]);
}

#[test]
fn two_repositories_are_mapped() {
    let (staging, production) = (History::of(&[]), History::of(&[]));
    for history in [&staging, &production] {
        history.git(&["switch", "--quiet", "main"]);
    }
    let values = |tag: &str| format!("image:\n  tag: {tag}\n");
    commit(&staging, 0, &[("web/values.yaml", &values("1.0.0"))]);
    commit(&production, 1, &[("web/values.yaml", &values("1.0.0"))]);
    commit(&staging, 10, &[("web/values.yaml", &values("1.1.0"))]);
    commit(&production, 40, &[("web/values.yaml", &values("1.1.0"))]);
    let map = format!("staging={},production={}", staging.path().display(), production.path().display());
    expect(check(&production, &["--environments", &map]), "pass", &[]);
    commit(&production, 41, &[("web/values.yaml", &values("1.2.0"))]);
    expect(
        check(&production, &["--environments", &map]),
        "fail",
        &["image:1.2.0, which staging never had: it has `1.1.0`"],
    );
    let run = production.run(None, &["check", ".", "--environments", "staging=nowhere"]);
    let said = "error: nowhere does not exist: --environments names it for staging; correct the path\n";
    assert!(run.code == Some(2) && run.out.starts_with(said), "{}{}", run.out, run.err);
    let run = production.run(None, &["check", ".", "--environments", "stagin=."]);
    assert!(run.err.contains("did you mean `staging`?"), "{}", run.err);
}

#[test]
fn without_the_history_nothing_is_green() {
    let history = usual();
    commit(&history, 10, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    commit(&history, 40, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    let shallow = History::of(&[]);
    let url = format!("file://{}", history.path().display());
    shallow.git(&["clone", "--quiet", "--depth=1", "--branch=main", &url, "clone"]);
    expect(check_at(&shallow, "clone", &[]), "unknown", &["this clone is shallow", "fetch-depth: 0"]);
    shallow.git(&["-C", "clone", "fetch", "--quiet", "--unshallow"]);
    expect(check_at(&shallow, "clone", &[]), "pass", &[]);
    std::fs::remove_dir_all(history.path().join(".git")).unwrap();
    expect(check(&history, &[]), "unknown", &["is in no git repository"]);
}

#[test]
fn a_repository_is_read_only_where_production_is_checked() {
    let history = usual();
    commit(
        &history,
        10,
        &[("apps/web.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\n")],
    );
    // A git that leaves a trace.
    let tools = History::of(&[]);
    let (git, trace) = (tools.path().join("git"), tools.path().join("trace"));
    std::fs::write(&git, format!("#!/bin/sh\n: > {}\nexec /usr/bin/git \"$@\"\n", trace.display())).unwrap();
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (path, is_read) in [
        ("services/web/base", false),
        ("services/web/staging", false),
        ("services/web/production", true),
        ("services", true),
        ("apps", true),
    ] {
        let words = ["check", path, "--rule", "environment-promotion", "--render", "never", "--allow-unchecked"];
        let mut command = history.0.command(&words);
        command.env("PATH", format!("{}:/usr/bin:/bin", tools.path().display()));
        support::run(&mut command, "");
        assert_eq!(std::fs::remove_file(&trace).is_ok(), is_read, "{path}");
    }
    let mut command = history.0.command(&["check", "services/web/base", "--environments", "production=services"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", tools.path().display()));
    support::run(&mut command, "");
    assert!(trace.exists());
}

#[test]
fn staging_that_is_gone_and_a_mapping_of_nothing_are_not_green() {
    let history = usual();
    history.remove(STAGING);
    commit(&history, 10, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    expect(check(&history, &[]), "fail", &["1.1.0, which staging never had"]);
    for (map, says) in [
        ("staging=services/*/stagin,production=services/*/production", "services/*/stagin is mapped to an environment"),
        ("staging=services/*/base,production=services/*/prod", "services/*/prod is mapped to an environment"),
    ] {
        let run = history.run(None, &["check", ".", "--rule", "environment-promotion", "--environments", map]);
        assert!(run.code != Some(0) && run.out.contains(says), "{map}: {}{}", run.out, run.err);
    }
    // There is a file of staging, and it names nothing.
    let map = "staging=services/*/base,production=services/*/production";
    expect(check(&history, &["--environments", map]), "fail", &["no file of staging names this service"]);
}

#[test]
fn what_is_not_compared_as_a_whole_is_not_green() {
    let large = |version: &str| format!("{}{}", overlay(version), "# more\n".repeat((8 << 20) / 7));
    let many = |count: usize| {
        let images: String = (0..count).map(|it| format!("  - {{name: example.com/i{it}, newTag: 1.0.0}}\n")).collect();
        format!("images:\n{images}")
    };
    let history = usual();
    let lacks = |says: &str| {
        let words = ["check", ".", "--rule", "environment-promotion", "--render", "never", "--allow-unchecked"];
        let run = history.run(None, &words);
        assert!(run.code != Some(0) && run.out.contains(says), "{says}: {}{}", run.out, run.err);
    };
    history.write(PRODUCTION, &many(1_001));
    lacks("names more than 1000 versions, so that its promotion is not checked");
    history.write(PRODUCTION, &large("newTag: 1.0.0"));
    lacks("has more than 8 MiB, so that its promotion is not checked");
    history.remove(PRODUCTION);
    let link = |from: &str, to: &str| std::os::unix::fs::symlink(to, history.path().join(from)).unwrap();
    link(PRODUCTION, "../staging/kustomization.yaml");
    lacks("is a link, which has no history of its own, so that its promotion is not checked");

    // Staging decides about production.
    history.remove(PRODUCTION);
    history.write(PRODUCTION, &overlay("newTag: 1.0.0"));
    for (text, says) in
        [(many(1_001), "names more than 1000 versions"), (large("newTag: 1.0.0"), "has more than 8 MiB")]
    {
        history.write(STAGING, &text);
        expect(check(&history, &[]), "unknown", &[says]);
    }
    history.remove(STAGING);
    link(STAGING, "../base/kustomization.yaml");
    expect(check(&history, &[]), "unknown", &["services/web/staging/kustomization.yaml is a link"]);
    // Large for a while.
    history.remove(STAGING);
    commit(&history, 10, &[(STAGING, &large("newTag: 1.1.0"))]);
    commit(&history, 11, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    expect(check(&history, &[]), "unknown", &["the history has a file with more than 8 MiB"]);
}

#[test]
fn an_overlay_that_was_renamed_keeps_its_history() {
    let history = usual();
    commit(&history, 10, &[(STAGING, &overlay("newTag: 1.1.0"))]);
    history.rename("services/web", "apps/web");
    commit(&history, 30, &[("apps/web/production/kustomization.yaml", &overlay("newTag: 1.1.0"))]);
    history.write("seaworthy.yaml", "rules:\n  environment-promotion: {settings: {soak_hours: 20}}\n");
    expect(check(&history, &[]), "pass", &[]);
}

#[test]
fn a_digest_is_compared_with_a_digest() {
    let digest = |letter: &str| format!("digest: sha256:{}", letter.repeat(64));
    let history = usual();
    commit(&history, 10, &[(PRODUCTION, &overlay(&digest("a")))]);
    expect(check(&history, &[]), "unknown", &["which cannot be compared"]);
    let history = usual();
    commit(&history, 10, &[(STAGING, &overlay(&digest("a")))]);
    commit(&history, 40, &[(PRODUCTION, &overlay(&digest("a")))]);
    expect(check(&history, &[]), "pass", &[]);
    let history = usual();
    let both = |letter: &str| overlay(&format!("newTag: 1.1.0\n    {}", digest(letter)));
    commit(&history, 10, &[(STAGING, &both("a"))]);
    commit(&history, 40, &[(PRODUCTION, &both("b"))]);
    // The same tag, and another image.
    expect(check(&history, &[]), "unknown", &["cannot be compared"]);
}

#[test]
fn each_of_several_images_is_promoted_by_itself() {
    let two = |web: &str, side: &str| {
        format!(
            "images:\n  - {{name: example.com/web, newTag: {web}}}\n  - {{name: example.com/side, newTag: {side}}}\n"
        )
    };
    let history = usual();
    commit(&history, 5, &[(STAGING, &two("1.0.0", "1.0.0")), (PRODUCTION, &two("1.0.0", "1.0.0"))]);
    commit(&history, 10, &[(STAGING, &two("1.1.0", "1.0.0"))]);
    commit(&history, 40, &[(PRODUCTION, &two("1.1.0", "1.1.0"))]);
    let (verdict, text) = check(&history, &[]);
    assert_eq!(verdict, "fail", "{text}");
    assert!(text.contains("example.com/side:1.1.0, which staging never had") && !text.contains("web:1.1.0"), "{text}");
}

#[test]
fn hostile_files_and_histories_are_looked_at_and_nothing_more() {
    let history = usual();
    let bomb = "a: &a [1, 1]\nb: &b [*a, *a]\nimages: [{name: *b, newTag: *b}, {name: x, newTag: {a: b}}, 3]\n";
    commit(&history, 5, &[(STAGING, bomb)]);
    commit(&history, 6, &[(STAGING, "\u{0}\u{1}"), ("services/web/staging/a\nb\t.yaml", "image: a:1\n")]);
    commit(&history, 7, &[(STAGING, &overlay("newTag: \"1.1.0\\n::error::hi\\e[31m\""))]);
    commit(&history, 8, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    let (verdict, text) = check(&history, &[]);
    assert_eq!(verdict, "fail", "{text}");
    let human =
        history.run(None, &["check", ".", "--rule", "environment-promotion", "--render", "never", "--allow-unchecked"]);
    assert!(!human.out.contains('\u{1b}') && !human.out.contains("\n::error"), "{:?}", human.out);
}

#[test]
fn a_promotion_of_old_is_no_news_to_a_change() {
    let history = usual();
    commit(&history, 10, &[(PRODUCTION, &overlay("newTag: 1.1.0"))]);
    history.git(&["switch", "--quiet", "--create", "feature/other"]);
    commit(&history, 20, &[("README.md", "# Shop\n")]);
    let words =
        ["check", ".", "--rule", "environment-promotion", "--base", "main", "--render", "never", "--allow-unchecked"];
    let run = history.run(None, &words);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    commit(&history, 30, &[(PRODUCTION, &overlay("newTag: 1.2.0"))]);
    let run = history.run(None, &words);
    assert!(run.code == Some(1) && run.out.contains("1.2.0"), "{}{}", run.out, run.err);
}

#[test]
fn readiness_shows_it_in_the_delivery_section_of_the_service() {
    let history = usual();
    let web = |namespace: &str, tag: &str| {
        let name = format!("namespace: {namespace}");
        crate::history::WEB.replace("namespace: shop", &name).replace("web:1.0.0", &format!("web:{tag}"))
    };
    commit(
        &history,
        10,
        &[
            ("services/web/staging/web.yaml", &web("shop-staging", "1.0.0")),
            ("services/web/production/web.yaml", &web("shop-production", "1.0.0")),
        ],
    );
    commit(&history, 20, &[("services/web/production/web.yaml", &web("shop-production", "1.1.0"))]);
    let words = ["readiness", ".", "--render", "never", "--allow-unchecked", "--format", "json"];
    let run = history.run(None, &words);
    let card: Value = serde_json::from_str(&run.out).unwrap_or_else(|cause| panic!("{cause}: {}{}", run.out, run.err));
    let services = card["services"].as_array().unwrap();
    let service = services.iter().find(|card| card["namespace"] == "shop-production").unwrap();
    let delivery = service["sections"].as_array().unwrap().iter().find(|card| card["section"] == "delivery").unwrap();
    let line =
        delivery["lines"].as_array().unwrap().iter().find(|line| line["rule"] == "environment-promotion").unwrap();
    assert_eq!(line["verdict"], "fail", "{line:#}");
    assert!(line["remarks"][0]["message"].as_str().unwrap().contains("staging never had"), "{line:#}");
    // The share is that of the checklist, without delivery.
    assert_eq!(run.code, Some(1), "{}", run.err);
}

#[test]
fn what_only_a_base_sets_reaches_both_at_once() {
    let history = usual();
    let base = |tag: &str| format!("images: [{{name: example.com/side, newTag: {tag}}}]\n");
    commit(&history, 10, &[("services/web/base/kustomization.yaml", &base("1.0.0"))]);
    expect(check(&history, &[]), "pass pass", &[]);
    commit(&history, 20, &[("services/web/base/kustomization.yaml", &base("1.1.0"))]);
    expect(check(&history, &[]), "fail pass", &["example.com/side:1.1.0 no later than staging"]);
}

#[test]
fn files_that_a_kustomization_of_production_lists_are_compared() {
    for overlay in ["resources: [web.yaml]\n", "resources: [../base]\npatches: [{path: web.yaml}]\n"] {
        let history = usual();
        let web = |tag: &str| crate::history::WEB.replace("web:1.0.0", &format!("web:{tag}"));
        let [staging, production] = ["staging", "production"].map(|stage| format!("services/web/{stage}/web.yaml"));
        commit(&history, 10, &[(STAGING, overlay), (PRODUCTION, overlay)]);
        commit(&history, 10, &[(&staging, &web("1.0.0")), (&production, &web("1.0.0"))]);
        expect(check(&history, &[]), "pass", &[]);
        commit(&history, 20, &[(&production, &web("9.9.9"))]);
        expect(check(&history, &[]), "fail", &["web:9.9.9, which staging never had: it has `1.0.0`", &production]);
    }
}

#[test]
fn a_revision_that_a_git_generator_reads_is_promoted() {
    let history = usual();
    let config = |stage: &str, revision: &str| format!("{{\"env\": \"{stage}\", \"revision\": \"{revision}\"}}\n");
    let [staging, production] = ["envs/staging/config.json", "envs/production/config.json"];
    commit(&history, 10, &[(staging, &config("staging", "v1.0.0")), (production, &config("production", "v1.0.0"))]);
    commit(&history, 20, &[(production, &config("production", "v9.0.0"))]);
    expect(check(&history, &[]), "fail pass", &["revision:v9.0.0, which staging never had: it has `v1.0.0`"]);
}
