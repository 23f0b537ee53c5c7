//! Values that only hold the place of another: variables, words that ask to be replaced, references to where a secret is
//! kept, and what is encrypted already. A value is such a place only as a whole: `$ecretPassw0rd` is a value, and so is
//! `hunter2${EMPTY}`.
//!
//! Pure functions over text.

use crate::names::is_field_name;
use crate::text::{begins, cut, has, holds, is_one_of, lines, pieces, snake_case, squashed, without, without_end};

const REFERENCES: &[&str] = &include!("../data/references.rs");

/// The words that ask to be replaced, and those that stand beside them.
const WORDS: (&[&str], &[&str]) = include!("../data/placeholders.rs");

/// Whether a value is nothing, a variable, something encrypted, a reference, or words that ask to be replaced. A text of
/// several lines is not one, whatever else is in it, unless all that is not a placeholder in it is the armour of a key
/// or a certificate.
pub fn is_placeholder(value: &str) -> bool {
    let value = value.trim_ascii();
    if !value.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return true;
    }
    if has(value, b"\n") {
        return is_armour(value) && lines(value).all(|line| is_armour(line) || is_placeholder(line))
            || value.starts_with("$ANSIBLE_VAULT;");
    }
    is_enclosed(value)
        || is_shell_variable(value)
        || is_name_in_capitals(value)
        || is_one_of(&["none", "null", "nil", "unset", "undefined"], value)
        || is_reference(value)
        || is_stand_in(value)
        || is_made_of_variables(value)
        // `printf` puts a value there.
        || matches!(value, "%s" | "%v" | "%q")
}

/// Whether a value says where the secret is, as a path, an address of a secret store or an expression of a language.
pub fn is_reference(value: &str) -> bool {
    let begins = |prefix: &str| {
        let rest = value.strip_prefix(prefix);
        // What begins by chance goes on with another letter.
        let is_letter = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        rest.is_some_and(|rest| !is_letter(prefix.bytes().last()) || !is_letter(rest.bytes().next()))
    };
    REFERENCES.iter().any(|prefix| begins(prefix))
}

/// `<password>`, `[redacted]`, `%PASSWORD%`, `{PASSWORD}`, `ENC[...]`, `...`, `__PASSWORD__`, but no JSON nor XML.
fn is_enclosed(value: &str) -> bool {
    const PAIRS: [(&str, &str); 11] = [
        ("<", ">"),
        ("{", "}"),
        ("[", "]"),
        ("%", "%"),
        ("ENC[", "]"),
        ("ENC(", ")"),
        ("...", "..."),
        ("@", "@"),
        ("__", "__"),
        ("((", "))"),
        ("#{", "}#"),
    ];
    let is_inside = |inside: &str| !inside.bytes().any(|byte| matches!(byte, b'"' | b'<' | b'>' | b',' | b'\''));
    PAIRS.iter().any(|(open, close)| {
        value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inside| is_inside(inside) || open.starts_with("ENC"))
    })
}

/// `$DB_PASSWORD`, `$1`, and in small letters `$password`, which says by its name that it is a variable.
fn is_shell_variable(value: &str) -> bool {
    let Some(name) = value.strip_prefix('$') else { return false };
    let is_of = |kind: fn(u8) -> bool| name.bytes().all(|byte| kind(byte) || byte == b'_' || byte.is_ascii_digit());
    match name.as_bytes() {
        [b'0'..=b'9'] => true,
        [b'A'..=b'Z' | b'_', ..] => is_of(|byte| byte.is_ascii_uppercase()),
        [b'a'..=b'z', ..] => is_of(|byte| byte.is_ascii_lowercase()) && is_field_name(name),
        _ => false,
    }
}

/// `$slack-token`, `$dex.github.clientSecret`, `$oauth:client-secret`: the key of a Secret, as Argo CD and its notifications
/// take it. Elsewhere it is a value like any other. A name of many digits may be part of one.
pub fn is_key_of_secret(value: &str) -> bool {
    let Some(name) = value.strip_prefix('$').filter(|name| has(name, b"-.:")) else { return false };
    let (secret, key) = cut(name, b":").unwrap_or(("", name));
    let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let digits = secret.bytes().filter(u8::is_ascii_digit).count();
    name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && secret.bytes().all(is_lower)
        && digits * 4 <= secret.len()
        && is_field_name(key)
}

/// `GOOGLE_API_KEY`: a name in capitals stands for what a script puts there.
fn is_name_in_capitals(value: &str) -> bool {
    has(value, b"_") && value.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'_'))
}

/// `${VAR}`, `$(VAR)`, `{{ template }}`, one after the other. What `${VAR:-default}` falls back to is a value.
fn is_made_of_variables(value: &str) -> bool {
    const PAIRS: [(&str, &str); 3] = [("${", "}"), ("$(", ")"), ("{{", "}}")];
    let (mut rest, mut has_any) = (value, false);
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'$' | b'{')) {
        let (Some(before), Some(from)) = (rest.get(..at), rest.get(at..)) else { return false };
        let inside = PAIRS.iter().find_map(|(open, close)| Some((from.strip_prefix(open)?, *close)));
        let Some((inside, close)) = inside else { return false };
        let Some((inside, after)) = split_once(inside, close) else { return false };
        let default = if close == "}" { cut(inside, b":").map(|(_, default)| default) } else { None };
        let default = default
            .map(|default| if begins(default, b"-=?+") { default.get(1..).unwrap_or_default() } else { default });
        if default.is_some_and(|default| !is_placeholder(default)) || !is_scheme(before) {
            return false;
        }
        (rest, has_any) = (after, true);
    }
    has_any && is_scheme(rest)
}

fn split_once<'a>(text: &'a str, end: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(end.len()).position(|window| window == end.as_bytes())?;
    Some((text.get(..at)?, text.get(at + end.len()..)?))
}

/// What may stand around a variable.
fn is_scheme(text: &str) -> bool {
    let letters = squashed(text);
    letters.is_empty() || is_one_of(&["bearer", "basic", "token", "x"], &letters)
}

/// `changeme`, `YOUR_TOKEN1`, `replace-with-real`, and `sk-XXXX`.
fn is_stand_in(value: &str) -> bool {
    let mut is_told = holds(value, "XXXX");
    let words = snake_case(without_end(value, b"0123456789"));
    // Of digits at its end it may have one.
    if value.len() > 1 && value.bytes().rev().take_while(u8::is_ascii_digit).count() > 1 {
        return false;
    }
    for word in pieces(&words, |letter| letter == '_').into_iter().filter(|word| !word.is_empty()) {
        if word.len() > 3 && word.bytes().all(|byte| byte == b'x') {
            continue;
        }
        let mut rest = word;
        while !rest.is_empty() {
            let longest = |words: &[&'static str]| {
                words
                    .iter()
                    .filter(|known| rest.starts_with(**known))
                    .map(|known| known.len())
                    .max()
                    .unwrap_or_default()
            };
            let (asks, beside) = (longest(WORDS.0), longest(WORDS.1));
            is_told |= asks > beside;
            let length = asks.max(beside);
            if length == 0 {
                // A letter or two before what is crossed out, as in `p-XXXX`.
                if rest.len() < 3 && holds(value, "XXXX") {
                    break;
                }
                return false;
            }
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    is_told && squashed(value).len() > 2
}

/// `-----BEGIN CERTIFICATE-----`, and its end.
fn is_armour(line: &str) -> bool {
    line.starts_with("-----")
}

/// Whether a value is one that everybody may see: a certificate without its key, or a public key.
pub fn is_public(value: &str) -> bool {
    let value = value.trim_ascii();
    let is_key = |line: &str| ["ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-"].iter().any(|kind| line.starts_with(kind));
    let is_body = |line: &str| line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/= \t\r".contains(&byte));
    let is_public_armour = |line: &str| {
        let kind = without(line.trim_ascii(), b"-");
        let kind = kind.strip_prefix("BEGIN ").or_else(|| kind.strip_prefix("END ")).unwrap_or_default();
        kind.ends_with("CERTIFICATE") || kind.ends_with("PUBLIC KEY")
    };
    is_key(value) && !has(value, b"\n")
        || is_armour(value)
            && lines(value).all(|line| if is_armour(line) { is_public_armour(line) } else { is_body(line) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_the_place_of_a_value_is_none() {
        for value in [
            "",
            "  ",
            "***",
            "...",
            "$(DB_PASSWORD)",
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "Bearer ${A}",
            "${A}-${B}",
            "${A:-}",
            "${A:-changeme}",
            "$password",
            "process.env.DB_PASSWORD",
            "var.password",
            "file:/run/secrets/password",
            "env:DB_PASSWORD",
            "((password))",
            "$ANSIBLE_VAULT;1.1;AES256\n6162",
            "{{ .Values.password }}",
            "<password>",
            "<Client Secret>",
            "{PASSWORD}",
            "%PASSWORD%",
            "[redacted]",
            "ENC[AES256_GCM,data:x]",
            "GOOGLE_API_KEY_VAL",
            "__SECRET__",
            "vault:secret/data/shop#password",
            "ref+vault://shop",
            "op://shop/db/password",
            "changeme",
            "CHANGE_ME",
            "change-me-in-production",
            "REPLACE",
            "replace-with-real",
            "TODO",
            "your-password-here",
            "YOUR_TOKEN1",
            "<path:secret/data/shop#key>",
            "sk-REPLACE_ME",
            "ghp_replace-with-yours",
            "**the token goes here**",
            "p-XXXX",
            "...the certificate in base64...",
            "-----BEGIN CERTIFICATE-----\n<certificate>\n-----END CERTIFICATE-----\n",
            "-----BEGIN PRIVATE KEY-----\n...\n\n-----END PRIVATE KEY-----",
            "none",
            "null",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in [
            "{\"auths\": {}}",
            "[\"hunter2\"]",
            "<a>hunter2</a>",
            "user: ${USER}\npassword: hunter2",
            "example:\n  hunter2",
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----",
            "<certificate>\n<key>",
            "irreplaceable",
            "more...",
            "hunter2",
            "$ecretPassw0rd",
            "$ecretpassword",
            "$tr0ng-password",
            "$ecret-api-token",
            "hunter2${EMPTY}",
            "${A:-hunter2}",
            "${A:hunter2}",
            "changeme123",
            "yourmom99",
            "example-hunter2",
            "variable",
            "environment",
            "ENC[a]hunter2",
            "...hunter2",
            "<a>hunter2",
            "postgres",
            "pa$$word",
            "$3cret",
            "xxx",
            "xxxxxxxx",
            "P_A1",
            "ABC",
            "t0do",
            "minio123",
            "ENCODED",
        ] {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn a_key_of_a_secret_has_the_name_of_one() {
        for value in
            ["$slack-token", "$dex.github.clientSecret", "$github-oauth:client-secret", "$oauth2:client-secret"]
        {
            assert!(is_key_of_secret(value), "{value}");
        }
        for value in ["$tr0ng-password", "$ecret-hunter", "$ecret:hunter2", "$x7k2:token", "$Shop-token", "slack-token"]
        {
            assert!(!is_key_of_secret(value), "{value}");
        }
    }
}
