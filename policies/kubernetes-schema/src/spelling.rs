//! What somebody meant who wrote a field or a value that is not known.

use alloc::format;
use alloc::string::String;

use sdk::field::Field;
use sdk::near::distance;
use sdk::prelude::Fix;

use crate::table::{self, Type};

/// The known word that is nearest to this one, if one is near: the same but for case, or one or two letters off.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let allowed = (word.len() / 4).clamp(1, 3);
    let near = known.filter(|known| !known.is_empty() && known.len().abs_diff(word.len()) <= allowed);
    let near = near.map(|known| (distance(word, known), known));
    near.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// What to say of an unknown field, and how to fix it where that is known. `around` are the structs from the root to the one
/// in which the field stands.
pub fn hint(around: &[(&'static Type, Field<'_>)], of: &'static Type, key: &str, minor: u8) -> (String, Option<Fix>) {
    if let Some(field) = of.named(key).next() {
        let when = if field.since() > minor {
            format!("from 1.{} on", field.since())
        } else {
            format!("until 1.{}", field.until())
        };
        return (format!(" in Kubernetes 1.{minor}; it is known {when}"), None);
    }
    if let ("serviceName" | "servicePort", "networking.v1.IngressBackend") = (key, of.name) {
        return (
            "; networking.k8s.io/v1 has it in `service`".into(),
            Some("service: {name: <serviceName>, port: {number: <servicePort>}}".into()),
        );
    }
    if let Some(meant) = nearest(key, of.fields(minor).map(|field| field.name)) {
        return (format!("; did you mean `{meant}`?"), Some(format!("{meant}:").into()));
    }
    // Further out: the field of a struct around this one.
    let outside = around.iter().rev().skip(1).find(|(of, _)| of.field(key, minor).is_some());
    if let Some((_, place)) = outside {
        let path = sdk::path::shorten(&place.path());
        let place = if path.is_empty() || path == "$" { "the top".into() } else { format!("`{path}`") };
        return (format!("; it belongs to {place}"), Some(format!("move it to {place}").into()));
    }
    match below(of, key, minor, 3) {
        Some(place) => (format!("; it belongs to `{place}`"), Some(format!("move it to `{place}`").into())),
        None => (String::new(), None),
    }
}

/// The nearest struct below this one that has the field, as the way to it.
fn below(of: &'static Type, key: &str, minor: u8, depth: u8) -> Option<String> {
    let structs = || {
        of.fields(minor).filter(|field| field.name != "status" && field.name != "metadata").filter_map(|field| {
            match field.shape {
                table::Shape::Struct(index) => table::type_at(index).map(|of| (field.name, of)),
                _ => None,
            }
        })
    };
    let here = structs().find(|(_, of)| of.field(key, minor).is_some()).map(|(name, _)| name.into());
    let deeper =
        || structs().find_map(|(name, of)| below(of, key, minor, depth - 1).map(|rest| format!("{name}.{rest}")));
    here.or_else(|| if depth > 1 { deeper() } else { None })
}
