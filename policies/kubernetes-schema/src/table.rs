//! What Kubernetes serves, as constants that `build.rs` makes of the tables, and how to look into them. This module knows
//! shapes; what is done with an object of such a shape is `walk`'s.

use sdk::field::Field as View;
use sdk::text::same;
use sdk::value::Value;

use crate::formats;
use crate::walk::Walk;

/// A kind that the API serves.
pub struct Kind {
    pub api_version: &'static str,
    pub name: &'static str,
    pub is_namespaced: bool,
    /// Its type, by index.
    pub shape: u16,
    since: u8,
    until: u8,
}

/// A struct of the API.
pub struct Type {
    pub name: &'static str,
    /// By the length of their names, and then by name.
    fields: &'static [Field],
    pub checks: &'static [Rule],
}

pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    since: u8,
    until: u8,
    pub checks: &'static [Check],
}

/// What a value looks like.
#[derive(Clone, Copy)]
pub enum Shape {
    Text,
    Bool,
    Int32,
    Int64,
    Double,
    Bytes,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    Any,
    Object,
    SchemaOrList,
    SchemaOrBool,
    SchemaOrStrings,
    Struct(u16),
    List(&'static Shape),
    Map(&'static Shape),
}

/// What is asked of the value of one field, of the items of a list, or of the values of a map.
#[derive(Clone, Copy)]
pub enum Check {
    /// Whatever the table's enum says.
    AnyValue,
    /// One of these, each since and until a minor version.
    Enum(&'static [(&'static str, u8, u8)]),
    Range(i64, i64),
    Text(&'static formats::Format),
    /// The keys of a map.
    Keys(&'static formats::Format),
    /// No two items of a list have the same values in these fields; of texts themselves, in none.
    Key(&'static [&'static str]),
    /// Not an empty text.
    Filled,
    /// Dropped without a word.
    Gated,
    /// Of a struct: nothing but types and names of fields is looked at.
    Unchecked,
    /// Where it is set, it is not an empty list.
    ListFilled,
    /// A quantity of at least so much.
    AtLeast(&'static str),
    /// So many items, or members.
    Most(usize),
    /// So many bytes of text.
    Length(usize),
}

/// What is asked of a struct as a whole.
#[derive(Clone, Copy)]
pub enum Rule {
    /// Not missing, and no empty text or list.
    Required(&'static str),
    /// A map that is not missing or empty.
    NotEmpty(&'static str),
    /// A struct that is there, whether or not it is written.
    Implied(&'static str, u16),
    Exactly(&'static [&'static str]),
    AtMost(&'static [&'static str]),
    Call(for<'a, 'w> fn(&mut Walk<'a, 'w>, View<'a>)),
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

impl Kind {
    pub const fn is_served(&self, minor: u8) -> bool {
        self.since <= minor && minor <= self.until
    }

    /// The group and the version.
    pub fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl Field {
    pub const fn is_served(&self, minor: u8) -> bool {
        self.since <= minor && minor <= self.until
    }

    /// Whether nothing is asked of the field but its type, and the value has it.
    pub const fn is_plain(&self, value: &Value<'_>) -> bool {
        matches!(
            (self.checks, self.shape, value),
            (_, _, Value::Null) | ([], Shape::Text, Value::String(_)) | ([], Shape::Bool, Value::Bool(_))
        )
    }

    pub const fn since(&self) -> u8 {
        self.since
    }

    pub const fn until(&self) -> u8 {
        self.until
    }
}

impl Type {
    /// The fields of that name: one, or one for each shape that it has had.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &'static Field> {
        let start = self.fields.partition_point(|field| field.name.len() < name.len());
        let of_length = self.fields.get(start..).unwrap_or_default().iter();
        of_length.take_while(move |field| field.name.len() == name.len()).filter(move |field| same(field.name, name))
    }

    pub fn field(&self, name: &str, minor: u8) -> Option<&'static Field> {
        self.named(name).find(|field| field.is_served(minor))
    }

    pub fn fields(&self, minor: u8) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(move |field| field.is_served(minor))
    }
}

/// The type at an index of the tables.
pub fn type_at(index: u16) -> Option<&'static Type> {
    TYPES.get(usize::from(index))
}

/// The kind, whether or not it is served in some version.
pub fn kind(api_version: &str, name: &str) -> Option<&'static Kind> {
    let at = KINDS.binary_search_by(|kind| (kind.api_version, kind.name).cmp(&(api_version, name))).ok()?;
    KINDS.get(at)
}
