//! What a scalar means: YAML 1.1 as `sigs.k8s.io/yaml` (go-yaml v2) resolves it, then as JSON carries it.
//!
//! `yes` is true, `010` is 8 and `1:30` is a string; each oddity here is one of Kubernetes' own reader, because a rule
//! must judge what a cluster would see. It must not know where a scalar stands.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use granit_parser::Tag as ParserTag;
use serde_json::Number;

use super::node::Value;
use super::problem::ProblemKind;

const YAML_NAMESPACE: &str = "tag:yaml.org,2002:";

/// A scalar's type, written out or left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Left open: a plain scalar.
    Open,
    /// `!`: left open, but nothing is a string and not null.
    NonSpecific,
    /// `!!str`, or quotes.
    String,
    /// `!!binary`: base64 of a string.
    Binary,
    /// `!!merge`: the key `<<`.
    Merge,
    /// `!!null`, `!!bool`, `!!int`, `!!float`, `!!timestamp`: what must come out, in that writing.
    Fixed(&'static str),
    /// Any other; it says nothing, and the scalar is a string.
    Other,
}

impl Tag {
    /// The type of a scalar that has this tag, or none, and is written with quotes, or without.
    pub(super) fn of(tag: Option<&ParserTag>, is_plain: bool) -> Self {
        let Some(tag) = tag else {
            return if is_plain { Self::Open } else { Self::String };
        };
        match tag.suffix_in_namespace(YAML_NAMESPACE).as_deref() {
            Some("str") => Self::String,
            Some("binary") => Self::Binary,
            Some("merge") => Self::Merge,
            Some("null") => Self::Fixed("!!null"),
            Some("bool") => Self::Fixed("!!bool"),
            Some("int") => Self::Fixed("!!int"),
            Some("float") => Self::Fixed("!!float"),
            Some("timestamp") => Self::Fixed("!!timestamp"),
            Some(_) => Self::Other,
            // The non-specific tag opens even what is quoted.
            None if tag.handle().is_empty() && tag.suffix() == "!" => Self::NonSpecific,
            None => Self::Other,
        }
    }
}

/// A scalar resolved, with the difference between integers and floats that JSON forgets and keys need.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'text> {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    Float(f64),
    Text(Cow<'text, str>),
}

/// Resolves a scalar.
///
/// # Errors
/// [`ProblemKind::InvalidTag`].
pub(super) fn resolve(text: Cow<'_, str>, tag: Tag) -> Result<Scalar<'_>, ProblemKind> {
    match tag {
        Tag::String | Tag::Other | Tag::Merge => Ok(Scalar::Text(text)),
        Tag::NonSpecific if text.is_empty() => Ok(Scalar::Text(text)),
        Tag::Open | Tag::NonSpecific => Ok(resolve_plain(&text).unwrap_or(Scalar::Text(text))),
        Tag::Binary => {
            let encoded: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
            let decoded = STANDARD.decode(encoded).map_err(|_| invalid("!!binary", &text))?;
            Ok(Scalar::Text(Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())))
        }
        Tag::Fixed(tag) => match (tag, resolve_plain(&text)) {
            ("!!null", Some(Scalar::Null)) => Ok(Scalar::Null),
            ("!!bool", Some(Scalar::Bool(value))) => Ok(Scalar::Bool(value)),
            ("!!int", Some(number @ (Scalar::Int(_) | Scalar::Uint(_)))) => Ok(number),
            ("!!float", Some(Scalar::Float(value))) => Ok(Scalar::Float(value)),
            #[expect(clippy::cast_precision_loss, reason = "as Kubernetes' reader does")]
            ("!!float", Some(Scalar::Int(value))) => Ok(Scalar::Float(value as f64)),
            ("!!timestamp", None) if looks_like_date(&text) => Ok(Scalar::Text(text)),
            _ => Err(invalid(tag, &text)),
        },
    }
}

fn invalid(tag: &'static str, text: &str) -> ProblemKind {
    ProblemKind::InvalidTag { tag, value: text.chars().take(64).collect() }
}

/// Four digits and a dash: what go-yaml asks of a date before it looks closer. Times are strings in JSON either way.
fn looks_like_date(text: &str) -> bool {
    text.find(|character: char| !character.is_ascii_digit()) == Some(4) && text.as_bytes().get(4) == Some(&b'-')
}

/// The value of a plain scalar; `None` where it is a string.
fn resolve_plain(text: &str) -> Option<Scalar<'static>> {
    // The first byte tells nearly every string apart.
    match text.bytes().next() {
        None => Some(Scalar::Null),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => resolve_word(text),
        Some(b'.') => resolve_word(text).or_else(|| go_float(text)),
        Some(b'+' | b'-' | b'0'..=b'9') => resolve_word(text).or_else(|| resolve_number(text)),
        Some(_) => None,
    }
}

fn resolve_word(text: &str) -> Option<Scalar<'static>> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// `strconv.ParseFloat` of a text that begins with a dot: an underscore may stand between two digits.
fn go_float(text: &str) -> Option<Scalar<'static>> {
    let mut before = b' ';
    for byte in text.bytes() {
        let misplaced = (byte == b'_' && !before.is_ascii_digit()) || (before == b'_' && !byte.is_ascii_digit());
        if misplaced {
            return None;
        }
        before = byte;
    }
    if before == b'_' { None } else { decimal_float(&text.replace('_', "")) }
}

fn resolve_number(text: &str) -> Option<Scalar<'static>> {
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    go_integer(&plain).or_else(|| decimal_float(&plain)).or_else(|| {
        // `0b-1` is -1: go-yaml cuts the prefix off and reads what follows, sign and all.
        i64::from_str_radix(plain.strip_prefix("0b")?, 2).ok().map(Scalar::Int)
    })
}

/// `strconv.ParseInt` and, for what is larger, `strconv.ParseUint`, both with base 0.
fn go_integer(text: &str) -> Option<Scalar<'static>> {
    let (sign, magnitude) = match text.as_bytes().first()? {
        sign @ (b'+' | b'-') => (Some(*sign), text.get(1..)?),
        _ => (None, text),
    };
    let (radix, digits) = match magnitude.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, magnitude.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, magnitude.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, magnitude.get(2..)?),
        [b'0', _, ..] => (8, magnitude.get(1..)?),
        _ => (10, magnitude),
    };
    // A second sign is none of Go's, though Rust would take it.
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    match (sign, i64::try_from(value)) {
        (Some(b'-'), _) => 0i64.checked_sub_unsigned(value).map(Scalar::Int),
        (_, Ok(value)) => Some(Scalar::Int(value)),
        (None, Err(_)) => Some(Scalar::Uint(value)),
        (Some(_), Err(_)) => None,
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, unless it is too large for a float.
fn decimal_float(text: &str) -> Option<Scalar<'static>> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = digits(unsigned);
    let mut rest = unsigned.get(whole..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if whole + length == 0 {
            return None;
        }
        rest = fraction.get(length..)?;
    } else if whole == 0 {
        return None;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits(exponent);
        if length == 0 {
            return None;
        }
        rest = exponent.get(length..)?;
    }
    let value: f64 = text.parse().ok()?;
    (rest.is_empty() && value.is_finite()).then_some(Scalar::Float(value))
}

impl Scalar<'_> {
    /// The value as JSON has it. Go writes a float without a fraction as an integer, and its reader takes it for one.
    ///
    /// # Errors
    /// [`ProblemKind::NotJson`].
    pub(super) fn into_value(self) -> Result<Value, ProblemKind> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Number(value.into()),
            Self::Uint(value) => Value::Number(value.into()),
            Self::Float(value) => Value::Number(json_float(value).ok_or(ProblemKind::NotJson)?),
            Self::Text(text) => Value::String(text.into()),
        })
    }

    /// The key that this is in JSON.
    ///
    /// # Errors
    /// [`ProblemKind::InvalidKey`].
    pub(super) fn into_key(self) -> Result<Box<str>, ProblemKind> {
        Ok(match self {
            Self::Null => return Err(ProblemKind::InvalidKey("null")),
            Self::Uint(_) => return Err(ProblemKind::InvalidKey("a number above 2^63")),
            Self::Bool(value) => if value { "true" } else { "false" }.into(),
            Self::Int(value) => value.to_string().into(),
            Self::Float(value) => go_shortest(value).into(),
            Self::Text(text) => text.into(),
        })
    }
}

fn json_float(value: f64) -> Option<Number> {
    #[expect(clippy::cast_possible_truncation, reason = "checked by the way back")]
    let whole = value as i64;
    #[expect(clippy::cast_precision_loss, reason = "that is the check")]
    let is_whole = whole as f64 == value && whole != i64::MAX;
    if is_whole { Some(whole.into()) } else { Number::from_f64(value) }
}

/// `strconv.FormatFloat(value, 'g', -1, 32)`, with YAML's names for what is no number: how `sigs.k8s.io/yaml` writes a
/// float that is a key.
fn go_shortest(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "Kubernetes' reader does so")]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{value}"),
    }
}
