//! Versions that one commit hides, shows, renames or moves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::found;
use super::shared::environments;
use crate::documents::Promoted;
use crate::promotion::{FileChange, Pairs, Present, Side, Step, Timeline, named};

/// The first version of production in a file after these commits, one a second. A file without a text is gone.
fn promoted(commits: &[&[(&str, &str)]], path: &str) -> Promoted {
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    let mut steps = Vec::new();
    for (number, changes) in commits.iter().enumerate() {
        let change = |(path, text): &(&str, &str)| FileChange {
            old: files.contains_key(path).then(|| (*path).to_owned()),
            new: (!text.is_empty()).then(|| ((*path).to_owned(), Arc::from(found(path, text)))),
        };
        let made = changes.iter().map(change).collect();
        steps.push(Step { commit: format!("c{number}"), time: number as u64, changes: made });
        files.extend(changes.iter().copied());
        files.retain(|_, text| !text.is_empty());
    }
    let files: Vec<(&str, &str)> = files.into_iter().collect();
    let environments = environments(&files);
    let mut side = Side { timeline: Timeline::new(steps, &environments, 1_000), ..Side::default() };
    for (path, text) in &files {
        let present = named(path, &found(path, text), &environments).into_iter();
        side.present.extend(present.map(|named| Present { file: (*path).to_owned(), named }));
    }
    Pairs::new(&[&side]).of(0, path).into_iter().next().unwrap()
}

const WEB: &str = "kind: Deployment\napiVersion: apps/v1\nspec: {containers: [{name: web, image: 'acme/web:2'}]}";
const BASE: (&str, &str) = ("web/base/kustomization.yaml", "resources: [web.yaml]");
const SHARED: &str = "web/base/web.yaml";
const STAGING: &str = "web/staging/kustomization.yaml";
const PRODUCTION: &str = "web/production/kustomization.yaml";
const PLAIN: &str = "resources: [../base]";
const PINNED: &str = "resources: [../base]\nimages: [{name: acme/web, newTag: '1'}]";
const RENAMED: &str = "resources: [../base]\nimages: [{name: acme/web, newName: evil/other}]";

#[test]
fn a_base_counts_from_the_commit_on_that_shows_it() {
    let first = [BASE, (SHARED, WEB), (STAGING, PINNED), (PRODUCTION, PINNED)];
    let both = promoted(&[&first, &[(STAGING, PLAIN), (PRODUCTION, PLAIN)]], SHARED);
    assert_eq!((both.written, both.staging[0].from, both.earlier), (Some(1), Some(1), 1), "{both:?}");
    let later = promoted(&[&first, &[(STAGING, PLAIN)], &[(PRODUCTION, PLAIN)]], SHARED);
    assert_eq!((later.written, later.staging[0].from, later.earlier), (Some(2), Some(1), 1), "{later:?}");
}

#[test]
fn a_base_that_is_renamed_keeps_its_history() {
    let first = [BASE, (SHARED, WEB), (STAGING, PLAIN), (PRODUCTION, PLAIN)];
    let moved: Vec<(String, &str)> = first.iter().map(|(path, text)| (path.replace("web/", "shop/"), *text)).collect();
    let step = |time: u64, changes: Vec<FileChange>| Step { commit: format!("c{time}"), time, changes };
    let new = |path: &str, text: &str| Some((path.to_owned(), Arc::from(found(path, text))));
    let made = first.iter().map(|(path, text)| FileChange { old: None, new: new(path, text) });
    let renamed = first.iter().zip(&moved);
    let renamed = renamed.map(|((old, _), (path, text))| FileChange { old: Some((*old).into()), new: new(path, text) });
    let files: Vec<(&str, &str)> = moved.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let steps = [step(1, made.collect()), step(2, renamed.collect())];
    let stood = Timeline::new(steps, &environments(&files), 1_000).stood;
    let times: Vec<_> = stood.iter().map(|stood| (stood.file.as_str(), stood.from, stood.until)).collect();
    assert_eq!(times, [("shop/base/web.yaml", 1, None); 2], "{stood:?}");
}

#[test]
fn a_repository_without_a_tag_is_that_of_the_base() {
    let first = [BASE, (SHARED, WEB), (STAGING, PLAIN), (PRODUCTION, PLAIN)];
    let found = promoted(&[&first, &[(PRODUCTION, RENAMED)]], SHARED);
    assert_eq!((found.of.as_deref(), found.tag.as_deref(), found.written), (Some("evil/other"), Some("2"), Some(1)));
    assert_eq!(found.staging[0].tag.as_deref(), Some("acme/web:2"));
    // Staging is given the same one at the same time.
    let found = promoted(&[&first, &[(STAGING, RENAMED), (PRODUCTION, RENAMED)]], SHARED);
    let staging: Vec<_> = found.staging.iter().map(|it| (it.tag.as_deref(), it.from)).collect();
    assert_eq!((staging, found.earlier), (vec![(Some("acme/web:2"), Some(0)), (Some("2"), Some(1))], 1));

    let values = ("web/values.yaml", "image: {repository: acme/web, tag: '2'}");
    let first = [values, ("web/values-staging.yaml", "a: b"), ("web/values-production.yaml", "a: b")];
    for (own, of) in [
        ("image: {repository: evil/other}", "evil/other"),
        ("image: {registry: evil.example.com}", "evil.example.com/acme/web"),
    ] {
        let found = promoted(&[&first, &[("web/values-production.yaml", own)]], values.0);
        assert_eq!((found.of.as_deref(), found.tag.as_deref()), (Some(of), Some("2")));
    }
}

#[test]
fn a_repository_without_any_tag_is_compared_with_the_same_one() {
    let (staging, production) = ("web/values-staging.yaml", "web/values-production.yaml");
    let (one, other) = ("image: {repository: acme/web}", "image: {repository: evil/other}");
    let same = promoted(&[&[(staging, one), (production, one)]], production);
    assert!(same.tag.is_none() && same.staging.len() == 1, "{same:?}");
    let tagged = "image: {repository: acme/web, tag: '1'}";
    for staged in [other, tagged] {
        let found = promoted(&[&[(staging, staged), (production, one)]], production);
        assert!(found.tag.is_none() && found.staging.is_empty(), "{found:?}");
    }
}

#[test]
fn what_moves_is_no_first_version() {
    let (staging, production) = ("web/values-staging.yaml", "web/values-production.yaml");
    let (one, two) = ("image: {tag: '1'}", "web: {image: {tag: '2'}}");
    let key = promoted(&[&[(staging, one), (production, one)], &[(staging, two), (production, two)]], production);
    assert_eq!(key.earlier, 1, "{key:?}");
    let [old_staging, old] = ["services/web/staging/values.yaml", "services/web/production/values.yaml"];
    let [new_staging, new] = ["apps/web/staging/values.yaml", "apps/web/production/values.yaml"];
    let moved = |before: &str, after: &str| {
        let first = [(old_staging, before), (old, before)];
        promoted(&[&first, &[(old_staging, ""), (old, ""), (new_staging, after), (new, after)]], new)
    };
    assert_eq!(moved(one, "image: {tag: '2'}").earlier, 1);
    let of = |tag: &str| format!("image: {{repository: acme/web, tag: '{tag}'}}");
    assert_eq!(moved(&of("1"), &of("2")).earlier, 1);
    // The same version of the same thing has only moved.
    let same = moved(&of("1"), &of("1"));
    assert_eq!((same.written, same.earlier, same.staging[0].from), (Some(0), 0, Some(0)), "{same:?}");
}

#[test]
fn a_new_image_beside_others_is_a_first_version() {
    let (staging, production) = ("web/values-staging.yaml", "web/values-production.yaml");
    let (one, two) = ("a: {image: {tag: '1'}}", "b: {image: {tag: '7'}}\na: {image: {tag: '1'}}");
    let steps: [&[(&str, &str)]; 3] =
        [&[(staging, one), (production, one)], &[(staging, two)], &[(staging, two), (production, two)]];
    let found = promoted(&steps, production);
    assert_eq!((found.tag.as_deref(), found.earlier), (Some("7"), 0));
}
