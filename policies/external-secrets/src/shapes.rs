//! Texts that are secrets by their shape, wherever they stand.
//!
//! Pure functions over text, each asked at a place where the scanner has seen how such a text begins. What is found is
//! named by its kind, never by its value.

use crate::placeholders::is_placeholder;
use crate::text::{after, cut, cut_last, decode_base64};

pub const CONNECTION_STRING: &str = "a connection string with a password";

const TOKENS: &[(&str, usize, &str)] = &include!("../data/tokens.rs");
const WEBHOOKS: &[(&str, &str)] = &include!("../data/webhooks.rs");

/// No token is shorter.
pub const SHORTEST_TOKEN: usize = 20;

/// A URL is looked at that far.
const URL: usize = 1000;

/// A word of letters, digits, `_`, `-` and `.`.
pub fn token(word: &str) -> Option<&'static str> {
    for (prefix, length, kind) in TOKENS {
        if word.strip_prefix(prefix).is_some_and(|body| body.len() >= *length && is_random(body)) {
            return Some(kind);
        }
    }
    let is_web_token =
        word.starts_with("eyJ") && word.len() > 50 && word.bytes().filter(|byte| *byte == b'.').count() == 2;
    is_web_token.then_some("a JSON web token")
}

/// `-----BEGIN RSA PRIVATE KEY-----`, and OpenPGP's `PRIVATE KEY BLOCK`; people do not count the dashes. The text is what
/// follows `BEGIN`. A placeholder in the armour of a key is no key.
pub fn is_private_key(text: &str) -> bool {
    const ENDS: &[u8] = b"\n\"'`";
    let (line, rest) = cut(text, ENDS).unwrap_or((text, ""));
    let next = cut(rest, ENDS).map_or(rest, |(next, _)| next);
    let Some(header) = line.strip_prefix(' ') else { return false };
    let kind = cut(header, b"-").map_or(header, |(kind, _)| kind).trim_ascii_end();
    let is_left_out = line.trim_ascii_end().ends_with('-') && !next.trim_ascii().is_empty() && is_placeholder(next);
    (kind.ends_with("PRIVATE KEY") || kind.ends_with("PRIVATE KEY BLOCK")) && !is_left_out
}

/// What follows `scheme://`: a name and a password before the host, or a path that is a password itself.
pub fn url(text: &str) -> Option<&'static str> {
    let is_end = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'\\');
    let end = text.bytes().take(URL).position(is_end).unwrap_or(text.len().min(URL));
    let url = text.get(..end)?;
    let end = url.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(url.len());
    let (user, _) = cut_last(url.get(..end)?, b"@").unwrap_or_default();
    if is_user_with_password(user) {
        return Some(CONNECTION_STRING);
    }
    let is_webhook = |start: &str| after(url, start).is_some_and(|path| path.len() >= 40 && is_random(path));
    WEBHOOKS.iter().find(|(start, _)| is_webhook(start)).map(|(_, kind)| *kind)
}

/// `web:hunter2`.
pub fn is_user_with_password(text: &str) -> bool {
    cut(text, b":").is_some_and(|(_, password)| !is_placeholder(password))
}

/// What follows `Bearer`.
pub fn is_bearer(text: &str) -> bool {
    let credential = credential(text);
    credential.len() >= 16 && is_random(credential) && !is_placeholder(credential)
}

/// What follows `Basic`, or is Docker's `auth`: base64 of `web:hunter2`.
pub fn is_basic(text: &str) -> bool {
    let is_pair = |text: &str| !text.bytes().any(|byte| byte.is_ascii_control()) && is_user_with_password(text);
    decode_base64(credential(text)).is_some_and(|pair| is_pair(&pair))
}

/// RFC 7235's `token68`.
fn credential(text: &str) -> &str {
    let text = text.trim_ascii_start();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    text.bytes().position(|byte| !is_part(byte)).map_or(text, |end| text.get(..end).unwrap_or_default())
}

/// Tells a token from `ghp_xxxxxxxx`, and from the `AKIAIOSFODNN7EXAMPLE` of manuals.
fn is_random(body: &str) -> bool {
    let mut seen = 0u128;
    for byte in body.bytes() {
        seen |= 1 << (byte & 127);
    }
    let digits = 0x3ff << b'0';
    seen.count_ones() > 6 && seen & digits != 0 && !body.ends_with("EXAMPLE")
}
