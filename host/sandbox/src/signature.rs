//! Types of functions, short enough to be listed: one letter a value, `i` for i32 and `I` for i64.

use std::fmt;

use wasmparser::{FuncType, ValType};

/// A function's name and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    params: &'static str,
    results: &'static str,
}

impl Signature {
    pub(crate) const fn new(name: &'static str, params: &'static str, results: &'static str) -> Self {
        Self { name, params, results }
    }

    /// The parameters' letters.
    pub(crate) fn params(&self) -> impl Iterator<Item = char> {
        self.params.chars()
    }

    /// The results' letters.
    pub(crate) fn results(&self) -> impl Iterator<Item = char> {
        self.results.chars()
    }

    /// Whether a module's type is this one.
    pub(crate) fn is(&self, ty: &FuncType) -> bool {
        self.params().eq(ty.params().iter().map(letter)) && self.results().eq(ty.results().iter().map(letter))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |letter| if letter == 'I' { ValType::I64 } else { ValType::I32 };
        write(formatter, self.params().map(name), self.results().map(name))
    }
}

/// A type as text: `(i32, i32) -> i32`.
pub(crate) fn describe(ty: &FuncType) -> String {
    struct Text<'a>(&'a FuncType);
    impl fmt::Display for Text<'_> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(formatter, self.0.params().iter().copied(), self.0.results().iter().copied())
        }
    }
    Text(ty).to_string()
}

fn write(
    formatter: &mut fmt::Formatter<'_>,
    params: impl Iterator<Item = ValType>,
    results: impl Iterator<Item = ValType>,
) -> fmt::Result {
    write!(formatter, "({})", list(params))?;
    match list(results) {
        none if none.is_empty() => Ok(()),
        some => write!(formatter, " -> {some}"),
    }
}

/// A hostile type may have a thousand parameters; nobody reads more than a few.
fn list(mut values: impl Iterator<Item = ValType>) -> String {
    let mut text = values.by_ref().take(16).map(|value| value.to_string()).collect::<Vec<_>>().join(", ");
    if values.next().is_some() {
        text.push_str(", ...");
    }
    text
}

fn letter(value: &ValType) -> char {
    match value {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        _ => '?',
    }
}
