//! What a name says about its value, and whether the value is one at all.
//!
//! Pure functions over text; the module must not know where a name comes from.

use sdk::prelude::*;

use crate::text::{ends_with_letters, holds, is_one_of, lines, pieces, snake_case, squashed};

/// Words that make of a secret's name the name of something about it: `TOKEN_URL`, `PASSWORD_FILE`, `secretName`.
const ABOUT: &[&str] = &[
    "algo",
    "algorithm",
    "audience",
    "backend",
    "cache",
    "class",
    "cmd",
    "command",
    "connector",
    "count",
    "dir",
    "directory",
    "disabled",
    "domain",
    "duration",
    "enable",
    "enabled",
    "encoder",
    "encoding",
    "encryption",
    "endpoint",
    "engine",
    "env",
    "expiration",
    "expires",
    "expiry",
    "field",
    "file",
    "format",
    "grant",
    "hashing",
    "header",
    "hint",
    "host",
    "id",
    "interval",
    "issuer",
    "key",
    "keys",
    "kind",
    "label",
    "length",
    "lifetime",
    "limit",
    "location",
    "login",
    "manager",
    "map",
    "max",
    "method",
    "min",
    "mode",
    "mount",
    "name",
    "names",
    "namespace",
    "path",
    "paths",
    "pattern",
    "policy",
    "port",
    "prefix",
    "provider",
    "ref",
    "regex",
    "region",
    "required",
    "reset",
    "rotation",
    "server",
    "service",
    "size",
    "store",
    "strategy",
    "suffix",
    "template",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "user",
    "username",
    "validation",
    "version",
    "volume",
];

/// The names of secrets that may stand before other words: `DB_PASSWORD_TEST`.
const AHEAD: &[&str] = &["secret", "password", "pass"];

/// What a value begins with that says where the secret is, instead of what it is: Vault, vals, 1Password, Berglas, AWS.
const REFERENCES: &[&str] =
    &["vault:", "ref+", "op://", "berglas://", "sm://", "arn:aws:secretsmanager:", "arn:aws:ssm:", "secretref:"];

/// The letters with which a value begins that somebody is to replace, whatever stands between them.
const STAND_INS: &[&str] = &[
    "changeme",
    "changeit",
    "changethis",
    "replace",
    "placeholder",
    "todo",
    "tbd",
    "fixme",
    "your",
    "insert",
    "example",
    "dummy",
    "redacted",
    "setme",
];

/// The letters that say the same wherever they stand, as in `sk-REPLACE_ME`.
const STAND_INS_ANYWHERE: &[&str] = &["changeme", "replaceme", "replacewith", "goeshere", "redacted"];

/// Whether the name is that of a secret, and the value may be one.
pub fn is_secret(known: &[String], name: &str, value: &str) -> bool {
    // What only counts variables of one kind, as in `TOKEN_2`.
    let length = name.bytes().rposition(|byte| byte.is_ascii_alphabetic()).map_or(0, |last| last + 1);
    let name = snake_case(name.get(..length).unwrap_or_default());
    let letters = squashed(&name);
    // Most entries differ in their last letter, so that few are spelt out.
    let may_name = |entry: &&String| ends_with_letters(&letters, entry) || is_one_of(AHEAD, entry);
    known.iter().filter(may_name).any(|entry| {
        let entry = snake_case(entry);
        names(&name, &entry) && !is_plain(&entry, value)
    })
}

/// Whether the name ends with the entry: as words, or in one word (`dbpassword`) where the entry is long enough not to
/// be met by chance. Some may also stand further ahead, if no other word changes the meaning: what `DB_PASSWORD_SECRET`
/// is goes by `secret`, which may be the name of a Secret, and to `pass` something through is to let it.
fn names(name: &str, entry: &str) -> bool {
    let is_about = |word: &str| ABOUT.contains(&word) || (word == "secret" && entry == "password");
    let words = || pieces(name, |letter| letter == '_').into_iter();
    let ahead = || words().any(|word| word == entry) && !words().any(is_about);
    let in_one = || entry.len() > 4 && squashed(name).ends_with(&squashed(entry));
    let as_words = name.strip_suffix(entry).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
    as_words || in_one() || (AHEAD.contains(&entry) && ahead() && !name.starts_with("pass_"))
}

/// Whether a value is none that anybody would keep secret, under the name of such an entry.
fn is_plain(entry: &str, value: &str) -> bool {
    let value = value.trim_ascii();
    let is_switch = is_one_of(&["true", "false", "yes", "no", "on", "off", "0", "1"], value);
    let is_number = || value.bytes().all(|byte| byte.is_ascii_digit());
    let is_place = value.starts_with(['/', '~'])
        || value.starts_with("./")
        || value.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"));
    is_placeholder(value)
        || is_switch
        || is_place
        || (is_number() && !entry.starts_with('p'))
        // `SECRET`, for what is called a secret.
        || value == entry.to_ascii_uppercase()
        || (matches!(entry, "secret" | "credential" | "credentials") && is_object_name(value))
}

/// `shop-database` and `shop/database`: more likely the name of a Secret than what is in it.
fn is_object_name(value: &str) -> bool {
    let is_name = value.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'/'));
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    is_name && value.bytes().any(|byte| matches!(byte, b'-' | b'/')) && digits * 4 < value.len()
}

/// Whether a value only holds the place of another: nothing, a variable, something encrypted, a reference to where it
/// is kept, or words that ask to be replaced. A text of several lines does not, whatever it holds besides, unless all
/// that is not a placeholder in it is the armour of a key or a certificate.
pub fn is_placeholder(value: &str) -> bool {
    let value = value.trim_ascii();
    let bytes = value.as_bytes();
    if !bytes.iter().any(u8::is_ascii_alphanumeric) {
        return true;
    }
    if bytes.contains(&b'\n') {
        return is_armour(value) && lines(value).all(|line| is_armour(line) || is_placeholder(line));
    }
    // `x-$(VAR)`, `${VAR}` and `{{ template }}`.
    let mut pairs = bytes.iter().zip(bytes.iter().skip(1));
    let has_variable = pairs.any(|pair| matches!(pair, (b'$', b'(' | b'{') | (b'{', b'{')));
    let is_whole = match bytes {
        [b'$', b'0'..=b'9'] | [b'$', b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] | [b'E', b'N', b'C', b'[', ..] => true,
        [b'.', b'.', b'.', ..] => true,
        // Not JSON, nor XML.
        [b'<', inside @ .., b'>']
        | [b'{', inside @ .., b'}']
        | [b'[', inside @ .., b']']
        | [b'%', inside @ .., b'%'] => !inside.iter().any(|byte| matches!(byte, b'"' | b'<' | b'>' | b',')),
        _ => false,
    };
    // `GOOGLE_API_KEY`: a name in capitals stands for what a script puts there.
    let is_name = bytes.contains(&b'_') && bytes.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'_'));
    let is_word = is_one_of(&["none", "null", "nil", "unset", "undefined"], value);
    let is_reference = REFERENCES.iter().any(|prefix| value.starts_with(prefix));
    has_variable || is_whole || is_name || is_word || is_reference || is_stand_in(value)
}

fn is_stand_in(value: &str) -> bool {
    let letters = squashed(&value.to_ascii_lowercase());
    STAND_INS.iter().any(|words| letters.starts_with(words))
        || STAND_INS_ANYWHERE.iter().any(|words| holds(&letters, words))
        || holds(value, "XXXX")
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
        let kind = line.trim_ascii().trim_matches('-');
        let kind = kind.strip_prefix("BEGIN ").or_else(|| kind.strip_prefix("END ")).unwrap_or_default();
        kind.ends_with("CERTIFICATE") || kind.ends_with("PUBLIC KEY")
    };
    is_key(value) && !value.contains('\n')
        || is_armour(value)
            && lines(value).all(|line| if is_armour(line) { is_public_armour(line) } else { is_body(line) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["password", "pass", "secret", "token", "api_key", "credentials"].map(String::from).to_vec()
    }

    #[test]
    fn a_name_is_read_in_every_spelling() {
        for name in [
            "PASSWORD",
            "DB_PASSWORD",
            "dbPassword",
            "db-password",
            "spring.datasource.password",
            "dbpassword",
            "SMTP_PASS",
            "smtpPass",
            "PGPASSWORD",
            "CLIENT_SECRET",
            "SECRET_BLAH",
            "password_only",
            "API_KEY",
            "apiKey",
            "x-api-key",
            "APIKEY",
            "accessToken",
            "API_KEY_2",
            "dbPassword1",
            "DB_PASS_TEST",
        ] {
            assert!(is_secret(&known(), name, "hunter2"), "{name}");
        }
    }

    #[test]
    fn a_name_about_a_secret_is_no_secrets_name() {
        for name in [
            "PASSWORD_FILE",
            "RESTIC_PASSWORD_COMMAND",
            "SMTP_PASSWORD_CMD",
            "secretName",
            "SECRET_NAME",
            "TOKEN_URL",
            "token_ttl",
            "passwordKey",
            "password.encoder",
            "passwordConnector",
            "API_KEY_HEADER",
            "COMPASS",
            "BYPASS",
            "MAX_TOKENS",
            "SECRETS_PATH",
            "KEY",
            "USERNAME",
            "secretStoreRef",
            "tokenizer",
            "pass_through",
            "PASS_RATE",
            "PASSWORD_ENCRYPTION",
            "password.hashing",
            "PROXY_PASS_URL",
            "TOKEN_URL_2",
            "SHA256",
        ] {
            assert!(!is_secret(&known(), name, "hunter2"), "{name}");
        }
    }

    #[test]
    fn a_value_that_nobody_would_keep_secret_is_none() {
        for (name, value) in [
            ("REQUIRE_PASSWORD", "true"),
            ("ALLOW_EMPTY_PASSWORD", "Yes"),
            ("MAX_TOKEN", "4096"),
            ("DB_PASSWORD", "/run/secrets/db"),
            ("TOKEN", "https://auth.example.com/token"),
            ("TLS_SECRET", "shop-tls"),
            ("DB_PASSWORD_SECRET", "shop-db"),
            ("CREDENTIALS", "cloud-credentials.json"),
            ("secret", "shop/web"),
            ("COOKIE_SECRET", "SECRET"),
        ] {
            assert!(!is_secret(&known(), name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD", "123456"),
            ("DB_PASSWORD", "password"),
            ("CLIENT_SECRET", "3f9a-77b1-20c4-9d1e"),
            ("GRAYLOG_PASSWORD_SECRET", "squirrel"),
            ("SECRET", "squirrel"),
        ] {
            assert!(is_secret(&known(), name, value), "{name}");
        }
    }

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
            "x-${A}",
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
}
