//! What a name says about its value, and whether the value is one at all.
//!
//! Pure functions over text; the module must not know where a name comes from.

use sdk::prelude::*;

use crate::placeholders::{is_key_of_secret, is_placeholder, is_reference};
use crate::text::{begins, cut, is_one_of, last_word, pieces, snake_case, squashed};

const ABOUT: &[&str] = &include!("../data/about.rs");

/// The names of secrets that may stand before other words: `DB_PASSWORD_TEST`.
const AHEAD: &[&str] = &["secret", "password", "pass"];

/// The names of secrets that are looked for, in the forms in which they are compared.
pub struct Names {
    entries: Vec<Entry>,
    /// By the last letter of one of them, the letters before it, a bit each.
    ends: [u32; 32],
    /// Whether `$slack-token` is the key of a Secret.
    has_keys: bool,
}

struct Entry {
    /// `api_key`.
    words: String,
    /// `apikey`.
    letters: String,
}

impl Names {
    pub fn new(known: &[String], has_keys: bool) -> Self {
        let entries: Vec<Entry> = known
            .iter()
            .map(|name| {
                let words = snake_case(name);
                Entry { letters: squashed(&words), words }
            })
            .collect();
        let mut ends = [0; 32];
        for entry in &entries {
            let mut letters = entry.letters.bytes().rev();
            let (last, before) = (letters.next().unwrap_or_default(), letters.next());
            if let Some(end) = ends.get_mut(usize::from(last & 31)) {
                *end |= before.map_or(u32::MAX, bit);
            }
        }
        Self { entries, ends, has_keys }
    }

    /// Whether the name may be that of a secret, told by its last two letters and a look for those that stand ahead.
    pub fn may_name(&self, name: &[u8]) -> bool {
        let mut letters = name.iter().rev().filter(|byte| byte.is_ascii_alphabetic());
        let (last, before) = (letters.next().copied().unwrap_or_default(), letters.next().copied());
        let ends = self.ends.get(usize::from(last & 31)).copied().unwrap_or_default();
        let is_ahead = |three: &[u8]| {
            matches!(three, [b'p' | b'P', b'a' | b'A', b's' | b'S'] | [b's' | b'S', b'e' | b'E', b'c' | b'C'])
        };
        ends & before.map_or(u32::MAX, bit) != 0 || name.windows(3).any(is_ahead)
    }

    /// Whether the name is that of a secret, and the value may be one.
    pub fn is_secret(&self, name: &str, value: &str) -> bool {
        self.entries_of(name).any(|entry| !is_plain(entry, value)) && !self.is_key(value)
    }

    /// Whether the value names the key of a Secret, for whoever reads it.
    pub fn is_key(&self, value: &str) -> bool {
        self.has_keys && is_key_of_secret(value.trim_ascii())
    }

    /// Whether the name is that of a secret, whatever the value.
    pub fn are_of(&self, name: &str) -> bool {
        self.entries_of(name).next().is_some()
    }

    fn entries_of(&self, name: &str) -> impl Iterator<Item = &str> {
        // What only counts variables of one kind, as in `TOKEN_2`.
        let length = name.bytes().rposition(|byte| byte.is_ascii_alphabetic()).map_or(0, |last| last + 1);
        let name = snake_case(name.get(..length).unwrap_or_default());
        let letters = squashed(&name);
        self.entries.iter().filter(move |entry| entry.names(&name, &letters)).map(|entry| entry.words.as_str())
    }
}

impl Entry {
    /// Whether the name ends with the entry: as words, or in one word (`dbpassword`) where the entry is long enough not to
    /// be met by chance. Some may also stand further ahead, if no other word changes the meaning: what
    /// `DB_PASSWORD_SECRET` is goes by `secret`, which may be the name of a Secret, and to `pass` something through is to
    /// let it.
    fn names(&self, name: &str, letters: &str) -> bool {
        let entry = self.words.as_str();
        // Which Secret, and not what is in it: `existingSecret`, `imagePullSecret`.
        let is_of =
            |owner: &str| matches!(owner, "existing" | "pull" | "tls" | "ca" | "cert" | "certificate" | "credentials");
        if entry == "secret" && name.strip_suffix("_secret").map(last_word).is_some_and(is_of) {
            return false;
        }
        let as_words = name.strip_suffix(entry).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
        let in_one = entry.len() > 4 && letters.ends_with(&self.letters);
        let is_about = |word: &str| ABOUT.contains(&word) || (word == "secret" && entry == "password");
        let words = || pieces(name, |letter| letter == '_').into_iter();
        let ahead = || words().any(|word| word == entry) && !words().any(is_about) && !name.starts_with("pass_");
        as_words || in_one || (AHEAD.contains(&entry) && ahead())
    }
}

fn bit(byte: u8) -> u32 {
    1 << (byte & 31)
}

/// Whether a value is not worth keeping secret, under the name of such an entry.
fn is_plain(entry: &str, value: &str) -> bool {
    let value = value.trim_ascii();
    let is_number = || value.bytes().all(|byte| byte.is_ascii_digit());
    let is_place = begins(value, b"/~")
        || value.starts_with("./")
        || cut(value, b":").is_some_and(|(_, rest)| rest.starts_with("//"));
    is_placeholder(value)
        || is_reference(value)
        || is_switch(value)
        || is_place
        || (is_number() && !entry.starts_with('p'))
        // `SECRET`, for what is called a secret.
        || value == entry.to_ascii_uppercase()
        || (matches!(entry, "secret" | "credential" | "credentials") && is_object_name(value))
        // The key within a Secret: `secretKey: api-token`.
        || (matches!(entry, "secret_key" | "secret") && is_field_name(value))
}

/// `true`, `off` and the like.
pub fn is_switch(value: &str) -> bool {
    is_one_of(&["true", "false", "yes", "no", "on", "off", "0", "1", "enabled", "disabled"], value)
}

/// `shop-database` and `shop/database`: more likely the name of a Secret than what is in it.
fn is_object_name(value: &str) -> bool {
    let is_name = value.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'/'));
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    is_name && value.bytes().any(|byte| matches!(byte, b'-' | b'/')) && digits * 4 < value.len()
}

/// `password`, `API_TOKEN`, `client-secret`: the name of a secret, and so hardly one itself.
pub fn is_field_name(value: &str) -> bool {
    let is_name = value.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.'));
    let words = snake_case(value);
    is_name
        && matches!(last_word(&words), "password" | "passwd" | "secret" | "token" | "key" | "credentials" | "username")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_secret(name: &str, value: &str) -> bool {
        let names = Names::new(
            &["password", "pass", "secret", "token", "api_key", "master_key", "credentials"].map(String::from),
            false,
        );
        let is_secret = names.is_secret(name, value);
        assert!(!is_secret || names.may_name(name.as_bytes()), "{name} is never looked at");
        is_secret
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
            assert!(is_secret(name, "hunter2"), "{name}");
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
            "PASSWORD_ROUNDS",
            "PASSWORD_HASH_ITERATIONS",
            "PASSWORD_AGE_DAYS",
            "SECRET_SYNC_PERIOD",
            "SECRET_LABELS",
            "existingSecret",
            "auth.existingSecret",
            "IMAGE_PULL_SECRET",
            "tlsSecret",
            "credentialsSecret",
            "passwordFrom",
        ] {
            assert!(!is_secret(name, "hunter2"), "{name}");
        }
    }

    #[test]
    fn a_value_that_nobody_would_keep_secret_is_none() {
        for (name, value) in [
            ("REQUIRE_PASSWORD", "true"),
            ("ALLOW_EMPTY_PASSWORD", "Yes"),
            ("csrfToken", "enabled"),
            ("CSRF_TOKEN", "Disabled"),
            ("MAX_TOKEN", "4096"),
            ("DB_PASSWORD", "/run/secrets/db"),
            ("TOKEN", "https://auth.example.com/token"),
            ("KMS_MASTER_KEY", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            ("TLS_SECRET", "shop-tls"),
            ("DB_PASSWORD_SECRET", "shop-db"),
            ("CREDENTIALS", "cloud-credentials.json"),
            ("secret", "shop/web"),
            ("COOKIE_SECRET", "SECRET"),
        ] {
            assert!(!is_secret(name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD", "123456"),
            ("DB_PASSWORD", "password"),
            ("CLIENT_SECRET", "3f9a-77b1-20c4-9d1e"),
            ("GRAYLOG_PASSWORD_SECRET", "squirrel"),
            ("SECRET", "squirrel"),
        ] {
            assert!(is_secret(name, value), "{name}");
        }
    }
}
