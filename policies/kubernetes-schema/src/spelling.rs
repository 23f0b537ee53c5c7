//! What somebody meant who wrote a field or a value that is not known.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sdk::field::Field;
use sdk::prelude::Fix;

use crate::table::{self, Type};

/// The known word that is nearest to this one, if one is near: the same but for case, or one or two letters off.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let allowed = (word.len() / 4).clamp(1, 3);
    let near = known.filter(|known| !known.is_empty()).map(|known| (distance(word, known, allowed), known));
    near.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// How many letters differ, are missing, are too many or change places, without regard to case; more than `most` is enough
/// to know.
fn distance(one: &str, other: &str, most: usize) -> usize {
    if one.len().abs_diff(other.len()) > most {
        return most + 1;
    }
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let (one, other): (Vec<u8>, Vec<u8>) = (one.into_bytes(), other.into_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = alloc::vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&last, column) + usize::from(letter != wanted)).min(at(&last, column + 1) + 1);
            least = least.min(at(&next, column) + 1);
            let swapped =
                row > 0 && column > 0 && one.get(row - 1) == Some(wanted) && other.get(column - 1) == Some(letter);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            next.push(least);
        }
        before = core::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or(most + 1)
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
