//! A rule's settings: typed, with defaults, and without a place for unknown ones.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::field::Field;
use crate::quantity::Quantity;
use crate::value::Value;

/// Why settings are refused. The bundle then does not load: a mistyped setting must not be taken for its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(String);

impl SettingsError {
    /// Settings that are of the right types and make no sense: says which, and why.
    #[must_use]
    pub const fn new(message: String) -> Self {
        Self(message)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl core::error::Error for SettingsError {}

/// A type that a setting may have.
pub trait Setting: Sized {
    /// What a value of this type is, for a message.
    const NOUN: &'static str;

    /// The value, or `None` if it is of another type.
    fn read(field: Field<'_>) -> Option<Self>;
}

impl Setting for bool {
    const NOUN: &'static str = "true or false";
    fn read(field: Field<'_>) -> Option<Self> {
        field.bool()
    }
}

impl Setting for u32 {
    const NOUN: &'static str = "a whole number of at least 0";
    fn read(field: Field<'_>) -> Option<Self> {
        field.integer()?.try_into().ok()
    }
}

impl Setting for String {
    const NOUN: &'static str = "a string";
    fn read(field: Field<'_>) -> Option<Self> {
        field.str().map(String::from)
    }
}

impl Setting for Quantity {
    const NOUN: &'static str = "a quantity, such as 500m or 1Gi";
    fn read(field: Field<'_>) -> Option<Self> {
        field.quantity()
    }
}

/// A string, a number or a boolean, where a setting stands for a value of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A number; `3` equals `3.0`.
    Number(Quantity),
    /// Text.
    String(String),
}

impl Scalar {
    /// Whether a value is this one. Types count: `"3"` is not `3`, as in the API.
    #[must_use]
    pub fn is(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Bool(own), Value::Bool(other)) => own == other,
            (Self::Number(own), Value::Number(other)) => Quantity::parse(other).as_ref() == Ok(own),
            (Self::String(own), Value::String(other)) => own == other,
            _ => false,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(formatter),
            Self::Number(value) => value.fmt(formatter),
            Self::String(value) => formatter.write_str(value),
        }
    }
}

impl Setting for Scalar {
    const NOUN: &'static str = "a string, a number, true or false";
    fn read(field: Field<'_>) -> Option<Self> {
        match field.value()? {
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(text) => Quantity::parse(text).ok().map(Self::Number),
            Value::String(text) => Some(Self::String(String::from(*text))),
            _ => None,
        }
    }
}

impl<T: Setting> Setting for Vec<T> {
    const NOUN: &'static str = "a list";
    fn read(field: Field<'_>) -> Option<Self> {
        field.is_list().then(|| field.items().map(T::read).collect())?
    }
}

impl<T: Setting> Setting for Option<T> {
    const NOUN: &'static str = T::NOUN;
    fn read(field: Field<'_>) -> Option<Self> {
        T::read(field).map(Some)
    }
}

/// A struct that a setting may be a list of. Written by the `policy!` macro.
pub trait SettingStruct: Sized {
    /// The struct, from a map of its fields.
    ///
    /// # Errors
    /// A field is unknown, missing, or of another type.
    fn read(settings: Settings<'_>) -> Result<Self, SettingsError>;
}

/// A default list of strings: one loop in the module, instead of code for each of them.
#[doc(hidden)]
#[must_use]
pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| String::from(*text)).collect()
}

/// The settings as given, an object or nothing.
#[derive(Clone, Copy)]
pub struct Settings<'a>(Field<'a>);

impl<'a> Settings<'a> {
    pub(crate) const fn new(field: Field<'a>) -> Self {
        Self(field)
    }

    /// Refuses settings outside `known`.
    ///
    /// # Errors
    /// Names the unknown setting and those there are.
    pub fn only(self, known: &[&str]) -> Result<(), SettingsError> {
        if self.0.is_set() && self.0.map().is_none() {
            return Err(SettingsError("settings are a map".to_string()));
        }
        match self.0.entries().find(|(key, _)| !known.contains(key)) {
            None => Ok(()),
            Some((key, _)) if known.is_empty() => {
                Err(SettingsError(format!("unknown setting `{key}`: this rule has no settings")))
            }
            Some((key, _)) => {
                let message = format!("unknown setting `{key}`; known are");
                Err(SettingsError(known.iter().fold(message, |message, name| message + " " + name)))
            }
        }
    }

    /// The setting, or its default where it is not given.
    ///
    /// # Errors
    /// The value is of another type.
    pub fn read<T: Setting>(self, name: &str, default: impl FnOnce() -> T) -> Result<T, SettingsError> {
        let field = self.0.entry(name);
        if !field.is_set() {
            return Ok(default());
        }
        T::read(field).ok_or_else(|| SettingsError(format!("the setting `{name}` must be {}", T::NOUN)))
    }

    /// The setting, which has no default.
    ///
    /// # Errors
    /// It is not given, or of another type.
    pub fn required<T: Setting>(self, name: &str) -> Result<T, SettingsError> {
        self.read(name, || None)?.ok_or_else(|| SettingsError(format!("the setting `{name}` is missing")))
    }

    /// The list of structs; empty where it is not given.
    ///
    /// # Errors
    /// It is no list, or one of its items is refused: says which.
    pub fn structs<T: SettingStruct>(self, name: &str) -> Result<Vec<T>, SettingsError> {
        let list = self.0.entry(name);
        if list.is_set() && !list.is_list() {
            return Err(SettingsError(format!("the setting `{name}` must be a list")));
        }
        let items = list.items().enumerate().map(|(index, item)| {
            T::read(Settings(item)).map_err(|cause| SettingsError(format!("{name}[{index}]: {cause}")))
        });
        items.collect()
    }
}
