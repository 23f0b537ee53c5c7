//! The rule environment-promotion where a change takes away, moves or renames what names a version.

use crate::promotions::{check, commit, expect, usual};

const STAGING: &str = "services/shop/staging/kustomization.yaml";
const PRODUCTION: &str = "services/shop/production/kustomization.yaml";
const PLAIN: &str = "resources: [../base]\n";

/// A Deployment in a base.
fn web(image: &str) -> String {
    crate::history::WEB.replace("example.com/web:1.0.0", image)
}

#[test]
fn a_base_that_both_show_at_once_was_not_in_staging_before() {
    let pinned = format!("{PLAIN}images: [{{name: example.com/shop, newTag: 1.0.0}}]\n");
    let base = web("example.com/shop:2.0.0");
    let first = [
        ("services/shop/base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("services/shop/base/web.yaml", base.as_str()),
        (STAGING, pinned.as_str()),
        (PRODUCTION, pinned.as_str()),
    ];
    let history = usual();
    commit(&history, 10, &first);
    commit(&history, 60, &[(STAGING, PLAIN), (PRODUCTION, PLAIN)]);
    expect(check(&history, &[]), "fail pass", &["example.com/shop:2.0.0 no later than staging"]);
    let history = usual();
    commit(&history, 10, &first);
    commit(&history, 60, &[(STAGING, PLAIN)]);
    commit(&history, 90, &[(PRODUCTION, PLAIN)]);
    expect(check(&history, &[]), "pass pass", &[]);
}

#[test]
fn another_repository_for_the_tag_of_a_base_is_another_image() {
    let history = usual();
    let values = "services/shop/values.yaml";
    let [staging, production] = ["staging", "production"].map(|stage| format!("services/shop/values-{stage}.yaml"));
    let both = "image: {repository: acme/web, tag: 1.0.0}\n";
    commit(&history, 10, &[(values, both), (&staging, "a: 1\n"), (&production, "a: 1\n")]);
    expect(check(&history, &[]), "pass pass", &[]);
    commit(&history, 20, &[(&production, "image: {repository: evil/other}\n")]);
    expect(check(&history, &[]), "fail pass", &["evil/other:1.0.0, which staging never had: it has `acme/web:1.0.0`"]);
}

#[test]
fn a_key_that_is_renamed_with_its_version_has_to_wait() {
    let history = usual();
    let [staging, production] = ["staging", "production"].map(|stage| format!("services/shop/values-{stage}.yaml"));
    let commit = |hour: u64, text: &str| commit(&history, hour, &[(&staging, text), (&production, text)]);
    commit(10, "image: {tag: 1.0.0}\n");
    expect(check(&history, &[]), "pass pass", &[]);
    commit(20, "web: {image: {tag: 2.0.0}}\n");
    expect(check(&history, &[]), "fail pass", &["2.0.0 no later than staging"]);
}
