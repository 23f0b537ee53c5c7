//! The links by which an object leads to pages about it.
//!
//! Backstage reads `metadata.links` of an entity. An API server does not know that field and drops it, so what is in a
//! cluster links by annotations, as Argo CD shows them: `link.argocd.argoproj.io/runbook: Runbook|https://...`. The module
//! must not know what a rule looks for. A rule that uses it declares `metadata.annotations`, and of entities
//! `metadata.links`.

use alloc::vec;
use alloc::vec::Vec;

use crate::field::Field;
use crate::object::Object;
use crate::service::text_at;

const ANNOTATION: &str = "link.argocd.argoproj.io/";

/// A link.
pub struct Link<'a> {
    /// Where the address stands.
    pub at: Field<'a>,
    /// The address; `None` if it has no address.
    pub url: Option<&'a str>,
    /// What else is said of it: title, type and icon, or the key of the annotation and a title.
    names: Vec<&'a str>,
}

impl Link<'_> {
    /// Whether it is said to lead to such a page. Case does not count.
    #[must_use]
    pub fn is_called(&self, word: &str) -> bool {
        self.names.iter().any(|name| speaks_of(name, word))
    }

    /// Whether its address has this word in it. Case does not count.
    #[must_use]
    pub fn points_to(&self, word: &str) -> bool {
        self.url.is_some_and(|url| speaks_of(url, word))
    }
}

fn speaks_of(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// The links of a Backstage entity, those of `metadata.links` first.
#[must_use]
pub fn links(entity: Object<'_>) -> Vec<Link<'_>> {
    let written = entity.get("metadata.links").items().map(|link| {
        let names = ["title", "type", "icon"].iter().filter_map(|field| text_at(link, &[field])).collect();
        Link { at: link.get("url"), url: text_at(link, &["url"]), names }
    });
    written.chain(annotated(entity.get("metadata.annotations"))).collect()
}

/// The links among the annotations of any object.
pub fn annotated(annotations: Field<'_>) -> impl Iterator<Item = Link<'_>> {
    annotations.entries().filter_map(|(key, at)| {
        let (name, text) = (key.strip_prefix(ANNOTATION)?, text_at(at, &[])?);
        let (title, url) = text.split_once('|').unwrap_or(("", text));
        Some(Link { at, url: Some(url), names: vec![name, title] })
    })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::memory::Memory;
    use crate::value::Value;

    #[test]
    fn an_entity_links_by_its_field_and_by_annotations() {
        let memory = Memory::new();
        let json = br#"{"metadata": {
            "links": [{"title": "Runbook", "url": "https://a"}, {"title": 1, "type": "wiki"}],
            "annotations": {
                "link.argocd.argoproj.io/external-link": "The RunBook|https://b",
                "link.argocd.argoproj.io/dashboard": "https://grafana.example.com",
                "link.argocd.argoproj.io/odd": 1,
                "runbook": "https://c"
            }
        }}"#;
        let value = Value::parse(json, &memory.bump).unwrap();
        let found = links(Object::new(Field::root(&memory, Some(&value)), None));
        let urls = |word: &str| {
            let called = found.iter().filter(|link| link.is_called(word));
            called.map(|link| link.url.unwrap_or_default().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(urls("runbook"), ["https://a", "https://b"]);
        assert_eq!((urls("wiki"), urls("dashboard")), (vec!["".into()], vec!["https://grafana.example.com".into()]));
        assert!(found.iter().any(|link| link.points_to("GRAFANA")));
    }
}
