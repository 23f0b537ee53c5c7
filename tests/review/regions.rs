//! The rule environment-promotion where environments are in several regions.

use crate::promotions::{check, commit, expect, usual};

#[test]
fn production_in_regions_is_compared_with_the_staging_of_all() {
    let history = usual();
    let commit = |hour: u64, place: &str, tag: &str| {
        commit(&history, hour, &[(&format!("clusters/{place}/web/values.yaml"), &format!("image: {{tag: {tag}}}\n"))]);
    };
    ["staging", "prod-eu", "prod-us"].iter().for_each(|place| commit(10, place, "1.0.0"));
    commit(20, "staging", "2.0.0");
    commit(40, "prod-eu", "2.0.0");
    expect(check(&history, &[]), "pass pass pass", &[]);
    commit(50, "prod-us", "3.0.0");
    expect(check(&history, &[]), "fail pass pass", &["3.0.0, which staging never had", "clusters/staging/web"]);
}

#[test]
fn production_of_a_region_is_compared_with_staging_of_the_same_or_else_of_any() {
    let history = usual();
    let commit = |hour: u64, place: &str, tag: &str| {
        commit(&history, hour, &[(&format!("clusters/{place}/web/values.yaml"), &format!("image: {{tag: {tag}}}\n"))]);
    };
    ["staging-eu", "staging-asia", "prod-us"].iter().for_each(|place| commit(10, place, "1.0.0"));
    // One of the regions is enough.
    commit(20, "staging-eu", "2.0.0");
    commit(40, "prod-us", "2.0.0");
    expect(check(&history, &[]), "pass pass", &[]);
    commit(50, "prod-us", "3.0.0");
    expect(check(&history, &[]), "fail pass", &["3.0.0, which staging never had: it has `", "clusters/staging-"]);
    // The region has a staging of its own, which never had what the others have.
    commit(60, "staging-us", "1.0.0");
    commit(60, "staging-eu", "3.0.0");
    commit(90, "prod-us", "4.0.0");
    commit(100, "prod-us", "3.0.0");
    expect(
        check(&history, &[]),
        "fail pass",
        &["3.0.0, which staging never had: it has `1.0.0`", "clusters/staging-us"],
    );
}
