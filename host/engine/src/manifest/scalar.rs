//! What a scalar means: YAML 1.1 as `sigs.k8s.io/yaml` (go-yaml v2) resolves it, then as JSON carries it.
//!
//! `yes` is true, `010` is 8 and `1:30` is a string; each oddity here is one of Kubernetes' own reader, because a rule
//! must judge what a cluster would see. It must not know where a scalar stands.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::Number;

use super::node::Value;
use super::problem::ProblemKind;

/// What `!!` stands for.
pub(super) const YAML_NAMESPACE: &[u8] = b"tag:yaml.org,2002:";

/// As Go's `base64.StdEncoding`: padded, and whatever the last bits are.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// A scalar's type, written out or left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Left open: a plain scalar.
    Open,
    /// `!`: a string, but for `<<`, which it leaves a merge key.
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
    /// The type of a scalar that has this tag, written in full, or none, and that stands there without quotes, or with.
    pub(super) fn of(tag: Option<&[u8]>, is_plain: bool) -> Self {
        let Some(tag) = tag else {
            return if is_plain { Self::Open } else { Self::String };
        };
        match tag.strip_prefix(YAML_NAMESPACE) {
            Some(b"str") => Self::String,
            Some(b"binary") => Self::Binary,
            Some(b"merge") => Self::Merge,
            Some(b"null") => Self::Fixed("!!null"),
            Some(b"bool") => Self::Fixed("!!bool"),
            Some(b"int") => Self::Fixed("!!int"),
            Some(b"float") => Self::Fixed("!!float"),
            Some(b"timestamp") => Self::Fixed("!!timestamp"),
            None if tag == b"!" => Self::NonSpecific,
            _ => Self::Other,
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
        Tag::String | Tag::Other | Tag::Merge | Tag::NonSpecific => Ok(Scalar::Text(text)),
        Tag::Open => Ok(resolve_plain(&text).unwrap_or(Scalar::Text(text))),
        Tag::Binary => {
            let encoded: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
            let decoded = BASE64.decode(encoded).map_err(|_| ProblemKind::InvalidTag { tag: "!!binary" })?;
            Ok(Scalar::Text(Cow::Owned(go_text(&decoded))))
        }
        Tag::Fixed(tag) => match (tag, resolve_plain(&text)) {
            ("!!null", Some(Scalar::Null)) => Ok(Scalar::Null),
            ("!!bool", Some(Scalar::Bool(value))) => Ok(Scalar::Bool(value)),
            ("!!int", Some(number @ (Scalar::Int(_) | Scalar::Uint(_)))) => Ok(number),
            ("!!float", Some(Scalar::Float(value))) => Ok(Scalar::Float(value)),
            #[expect(clippy::cast_precision_loss, reason = "as Kubernetes' reader does")]
            ("!!float", Some(Scalar::Int(value))) => Ok(Scalar::Float(value as f64)),
            ("!!timestamp", None) if looks_like_date(&text) => Ok(Scalar::Text(text)),
            _ => Err(ProblemKind::InvalidTag { tag }),
        },
    }
}

/// Bytes as Go writes them into JSON: each that is not UTF-8 is a replacement character of its own.
fn go_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
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

/// Whether what is no string can be this text, as a key in JSON.
pub(super) fn is_typed(text: &str) -> bool {
    resolve_plain(text).is_some()
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
    // Go does not take a second sign, though Rust would.
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

/// A float as Go writes it into JSON, in the fewest digits, and as Kubernetes reads that: without a fraction, an integer.
fn json_float(value: f64) -> Option<Number> {
    let whole = if value.fract() == 0.0 { format!("{value}").parse::<i64>().ok() } else { None };
    // Zero has no sign in an integer.
    whole.map(Number::from).or_else(|| Number::from_f64(value))
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

#[cfg(test)]
mod tests {
    use super::super::node::Entry;
    use super::super::tests::{json_of, read_text};
    use super::super::{Content, Node, Value};

    fn value_of(yaml: &str) -> Node {
        let manifest = read_text(&format!("v: {yaml}\n"));
        assert_eq!(manifest.problems, [], "{yaml}");
        let Content::Other(node) = &manifest.documents[0].content else { panic!("{yaml}") };
        node.get("v").unwrap().clone()
    }

    fn key_of(yaml: &str) -> String {
        let manifest = read_text(&format!("{yaml}: v\n"));
        assert_eq!(manifest.problems, [], "{yaml}");
        let Content::Other(Node { value: Value::Mapping(entries), .. }) = &manifest.documents[0].content else {
            panic!("{yaml}")
        };
        let [Entry { key, .. }] = entries.as_slice() else { panic!("{yaml}") };
        key.to_string()
    }

    #[test]
    fn booleans_and_null_have_the_spellings_of_yaml_1_1_and_no_other() {
        for (spellings, json) in [
            ("y Y yes Yes YES true True TRUE on On ON", "true"),
            ("n N no No NO false False FALSE off Off OFF", "false"),
            ("~ null Null NULL", "null"),
        ] {
            for yaml in spellings.split(' ') {
                assert_eq!(json_of(&value_of(yaml)), json, "{yaml}");
            }
        }
        for yaml in ["yEs", "nO", "tRUE", "oN", "nuLL", "yess", "t", "f"] {
            assert_eq!(json_of(&value_of(yaml)), format!("\"{yaml}\""));
        }
    }

    /// Each line was seen in the output of `kubectl`, version 1.32.
    #[test]
    fn scalars_mean_what_they_mean_to_kubernetes() {
        for (yaml, json) in [
            // Integers.
            ("010", "8"),
            ("0o10", "8"),
            ("0x1F", "31"),
            ("0X1f", "31"),
            ("0b11", "3"),
            ("-0b11", "-3"),
            ("0b-11", "-3"),
            ("1_000", "1000"),
            ("+1", "1"),
            ("00", "0"),
            ("-0", "0"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551616", "1.8446744073709552e+19"),
            // Floats; one without a fraction is an integer in JSON.
            ("08", "8"),
            ("1e3", "1000"),
            ("1.", "1"),
            ("1.0", "1"),
            ("-0.0", "0"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            (".5_0", "0.5"),
            ("1.e1", "10"),
            ("1.50", "1.5"),
            ("1e21", "1e+21"),
            ("922337203685477580.58", "922337203685477600"),
            // Strings, whatever they look like.
            ("=", "\"=\""),
            ("<<", "\"<<\""),
            ("1:30", "\"1:30\""),
            ("1e400", "\"1e400\""),
            ("0x", "\"0x\""),
            ("0o9", "\"0o9\""),
            ("0x+5", "\"0x+5\""),
            ("--1", "\"--1\""),
            ("_1", "\"_1\""),
            ("._5", "\"._5\""),
            (".", "\".\""),
            ("1e", "\"1e\""),
            ("1.2.3", "\"1.2.3\""),
            ("0xFFFFFFFFFFFFFFFFFF", "\"0xFFFFFFFFFFFFFFFFFF\""),
            ("2001-01-01", "\"2001-01-01\""),
            ("'010'", "\"010\""),
            ("\"yes\"", "\"yes\""),
            ("100m", "\"100m\""),
            // Tags.
            ("!!str 5", "\"5\""),
            ("!!str", "\"\""),
            ("!!int \"7\"", "7"),
            ("!!float 3", "3"),
            ("!!bool 'on'", "true"),
            ("!!null ''", "null"),
            ("!!binary aGVsbG8=", "\"hello\""),
            ("!!timestamp 2001-01-01", "\"2001-01-01\""),
            ("! \"8\"", "\"8\""),
            ("! true", "\"true\""),
            ("! null", "\"null\""),
            ("! ~", "\"~\""),
            ("!!binary 4oI=", "\"\u{fffd}\u{fffd}\""),
            ("!!binary aGVsbG9=", "\"hello\""),
            ("!", "\"\""),
            ("!custom 9", "\"9\""),
            ("!<tag:yaml.org,2002:str> 5", "\"5\""),
        ] {
            assert_eq!(json_of(&value_of(yaml)), json, "{yaml}");
        }
    }

    #[test]
    fn keys_become_the_strings_that_kubernetes_makes_of_them() {
        for (yaml, key) in [
            ("name", "name"),
            ("1", "1"),
            ("010", "8"),
            ("0x10", "16"),
            ("yes", "true"),
            ("off", "false"),
            ("1.5", "1.5"),
            ("1.0", "1"),
            ("100000.0", "100000"),
            ("1e6", "1e+06"),
            ("1234567.0", "1.234567e+06"),
            ("0.00001", "1e-05"),
            (".inf", ".inf"),
            ("2001-01-01", "2001-01-01"),
            ("'yes'", "yes"),
            ("'<<'", "<<"),
        ] {
            assert_eq!(key_of(yaml), key, "{yaml}");
        }
    }

    #[test]
    fn tags_that_do_not_fit_are_refused() {
        for yaml in ["!!int x", "!!int 1.5", "!!bool 1", "!!null x", "!!float x", "!!timestamp x", "!!binary '*'"] {
            let manifest = read_text(&format!("v: {yaml}\n"));
            let problem = manifest.problems[0].to_string();
            let (tag, _) = yaml.split_once(' ').unwrap();
            assert!(problem.ends_with(&format!("the value is no {tag}")), "{problem}");
        }
    }
}
