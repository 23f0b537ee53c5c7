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

/// What to say of an unknown field.
pub struct Hint<'a> {
    pub text: String,
    pub fix: Option<Fix>,
    /// The field that was meant, by another name or at another place.
    pub meant: Option<Field<'a>>,
}

/// What was meant by an unknown field, and how to fix it where that is known. `around` are the structs from the root to the
/// one in which the field stands.
pub fn hint<'a>(around: &[(&'static Type, Field<'a>)], of: &'static Type, key: &str, minor: u8) -> Hint<'a> {
    if let Some(field) = of.named(key).next() {
        let when = if field.since() > minor {
            format!("from 1.{} on", field.since())
        } else {
            format!("until 1.{}", field.until())
        };
        return Hint { text: format!(" in Kubernetes 1.{minor}; it is known {when}"), fix: None, meant: None };
    }
    if let ("serviceName" | "servicePort", "networking.v1.IngressBackend") = (key, of.name) {
        return Hint {
            text: "; networking.k8s.io/v1 has it in `service`".into(),
            fix: Some("service: {name: <serviceName>, port: {number: <servicePort>}}".into()),
            meant: around.last().map(|(_, at)| at.entry("service")),
        };
    }
    let here = around.last().map(|(_, at)| *at);
    if let Some(meant) = nearest(key, of.fields(minor).map(|field| field.name)) {
        return Hint {
            text: format!("; did you mean `{meant}`?"),
            fix: Some(format!("{meant}:").into()),
            meant: here.map(|at| at.entry(meant)),
        };
    }
    let moved = |place: String, meant| Hint {
        text: format!("; it belongs to {place}"),
        fix: Some(format!("move it to {place}").into()),
        meant,
    };
    // Further out: the field of a struct around this one.
    let outside = around.iter().rev().skip(1).find_map(|(of, at)| Some((of.field(key, minor)?, at)));
    if let Some((field, at)) = outside {
        let path = sdk::path::shorten(&at.path());
        let place = if path.is_empty() || path == "$" { "the top".into() } else { format!("`{path}`") };
        return moved(place, Some(at.entry(field.name)));
    }
    match below(of, key, minor, 3) {
        Some(place) => moved(format!("`{place}`"), here.map(|at| place.split('.').fold(at, Field::entry).entry(key))),
        None => Hint { text: String::new(), fix: None, meant: None },
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
