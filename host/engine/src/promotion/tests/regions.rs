//! Production of a region, held against staging of the same one, or of another.

use super::against;
use crate::promotion::Environments;

/// What production, the first file, is held against: the tags, in order.
fn tags(files: &[(&str, &str)]) -> Vec<String> {
    let texts: Vec<(&str, String)> =
        files.iter().map(|(path, tag)| (*path, format!("image: {{tag: '{tag}'}}"))).collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let mut found = against(&Environments::default(), &files, Vec::new()).unwrap();
    found.sort();
    found
}

const PRODUCTION_US: (&str, &str) = ("clusters/prod-us/web/values.yaml", "9");
const STAGING_US: (&str, &str) = ("clusters/staging-us/web/values.yaml", "1");
const STAGING_EU: (&str, &str) = ("clusters/staging-eu/web/values.yaml", "2");

#[test]
fn staging_of_the_same_region_counts_alone() {
    assert_eq!(tags(&[PRODUCTION_US, STAGING_US, STAGING_EU]), ["1 today"]);
    // However it is spelled.
    let spelled = ("clusters/us-staging/web/values.yaml", "1");
    assert_eq!(tags(&[PRODUCTION_US, spelled, STAGING_EU]), ["1 today"]);
}

#[test]
fn staging_of_any_region_counts_where_none_is_of_the_same() {
    assert_eq!(tags(&[PRODUCTION_US, STAGING_EU]), ["2 today"]);
    let asia = ("clusters/staging-asia-east1/web/values.yaml", "3");
    assert_eq!(tags(&[PRODUCTION_US, STAGING_EU, asia]), ["2 today", "3 today"]);
    assert_eq!(tags(&[("clusters/prod/web/values.yaml", "9"), STAGING_EU, STAGING_US]), ["1 today", "2 today"]);
    assert_eq!(tags(&[("web/values-prod-us.yaml", "9"), ("web/values-staging-eu.yaml", "2")]), ["2 today"]);
    // Another service is no region.
    assert_eq!(tags(&[PRODUCTION_US, ("clusters/staging-eu/api/values.yaml", "2")]), [""; 0]);
    assert_eq!(tags(&[("web-prod-us/values.yaml", "9"), ("api-staging-us/values.yaml", "2")]), [""; 0]);
}

#[test]
fn a_region_may_be_a_folder_or_a_part_of_another_one() {
    let (eu, staging) = (("clusters/eu/production/web/values.yaml", "9"), ("clusters/staging/web/values.yaml", "1"));
    assert_eq!(tags(&[eu, ("clusters/us/staging/web/values.yaml", "2")]), ["2 today"]);
    assert_eq!(tags(&[eu, staging]), ["1 today"]);
    assert_eq!(tags(&[("web/values-eu-prod.yaml", "9"), ("web/values-staging.yaml", "1")]), ["1 today"]);
    for near in ["clusters/prod-us-east-1/web/values.yaml", "clusters/prod-use1/web/values.yaml"] {
        assert_eq!(tags(&[(near, "9"), STAGING_US, STAGING_EU]), ["1 today"], "{near}");
    }
}

#[test]
fn staging_of_a_file_that_may_be_of_another_service_cannot_be_compared() {
    for (production, staging) in [
        ("apps/payments-prod/values.yaml", "apps/staging/values.yaml"),
        ("web/prod-admin/values.yaml", "web/staging/values.yaml"),
        ("web/values-prod-worker.yaml", "web/values-staging.yaml"),
    ] {
        assert_eq!(tags(&[(production, "9"), (staging, "9")]), ["?:9 today"], "{production}");
    }
}

#[test]
fn one_file_may_have_all_regions() {
    let of = |elements: &str| {
        let set = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: web}}\nspec: {{generators: [{{list: \
             {{elements: [{{env: prod-us, tag: '9'}}, {elements}]}}}}]}}\n"
        );
        against(&Environments::default(), &[("apps/web.yaml", &set)], Vec::new()).unwrap()
    };
    assert_eq!(of("{env: staging-eu, tag: '2'}"), ["2 today"]);
    assert_eq!(of("{env: staging-eu, tag: '2'}, {env: staging-us, tag: '1'}"), ["1 today"]);
    assert_eq!(of("{env: staging, tag: '3'}"), ["3 today"]);
    assert_eq!(of("{env: staging, url: 'https://1', replicas: 5, tag: '3'}"), ["3 today"]);
    assert_eq!(of("{env: staging, region: us, tag: '3'}, {env: staging, region: eu, tag: '4'}"), ["3 today"]);
}

#[test]
fn an_image_that_several_stagings_name_is_that_of_the_region() {
    let image = |tag: &str| format!("images: [{{name: acme/web, newTag: '{tag}'}}]");
    let of = |staging: &[(&str, &str)]| {
        let texts: Vec<(&str, String)> = staging.iter().map(|(path, tag)| (*path, image(tag))).collect();
        let own = image("9");
        let mut files = vec![("clusters/prod-us/kustomization.yaml", own.as_str())];
        files.extend(texts.iter().map(|(path, text)| (*path, text.as_str())));
        against(&Environments::default(), &files, Vec::new()).unwrap()
    };
    let (us, eu) = (("web/staging-us/kustomization.yaml", "1"), ("web/staging-eu/kustomization.yaml", "2"));
    assert_eq!(of(&[us, eu]), ["1 today"]);
    assert_eq!(of(&[eu]), ["2 today"]);
}
