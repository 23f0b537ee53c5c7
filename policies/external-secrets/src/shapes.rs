//! Texts that are secrets by their shape, wherever they stand.
//!
//! Pure functions over text; the module must not know where the text comes from. What is found is named by its kind,
//! never by its value.

use sdk::prelude::*;

use crate::names::is_placeholder;
use crate::text::{after, decode_base64, is_one_of, pieces};

const CONNECTION_STRING: &str = "a connection string with a password";

/// What begins a token, how many characters follow at least, and whose it is.
const TOKENS: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghu_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("ghr_", 36, "a GitHub token"),
    ("github_pat_", 22, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("glrt-", 20, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("xoxa-", 20, "a Slack token"),
    ("xapp-", 20, "a Slack token"),
    ("AIza", 35, "a Google API key"),
    ("ya29.", 20, "a Google access token"),
    ("GOCSPX-", 24, "a Google client secret"),
    ("sk_live_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("sq0atp-", 22, "a Square token"),
    ("sq0csp-", 40, "a Square token"),
    ("shpat_", 32, "a Shopify token"),
    ("SG.", 40, "a SendGrid key"),
    ("amzn.mws.", 36, "an Amazon MWS token"),
    ("npm_", 36, "an npm token"),
    ("pypi-", 16, "a PyPI token"),
    ("dckr_pat_", 20, "a Docker Hub token"),
    ("hvs.", 20, "a Vault token"),
    ("glsa_", 32, "a Grafana token"),
    ("dop_v1_", 40, "a DigitalOcean token"),
    ("sk-ant-", 20, "an Anthropic key"),
    ("sk-proj-", 20, "an OpenAI key"),
    ("hf_", 34, "a Hugging Face token"),
    ("AGE-SECRET-KEY-1", 50, "an age key"),
];

/// What is in URLs to which everybody may post who knows them, and whose they are.
const WEBHOOKS: &[(&str, &str)] = &[
    ("hooks.slack.com/services/", "a Slack webhook"),
    ("discord.com/api/webhooks/", "a Discord webhook"),
    (".webhook.office.com/webhook", "a Microsoft Teams webhook"),
];

/// Keys under which connection strings keep their password.
const CONNECTION_KEYS: &[&str] = &["password", "pwd", "accountkey", "sharedaccesskey"];

/// The kind of secret that the text holds, plain or encoded.
pub fn find(text: &str) -> Option<&'static str> {
    let mut found = find_plain(text);
    // No secret of a known shape is shorter, encoded.
    for word in words(text).into_iter().filter(|word| word.len() >= 24) {
        found = found.or_else(|| find_plain(&decode_base64(word)?));
    }
    found
}

fn words(text: &str) -> Vec<&str> {
    pieces(text, |letter| letter.is_ascii_whitespace() || matches!(letter, '"' | '\'' | '`' | ',' | '<' | '>'))
}

fn find_plain(text: &str) -> Option<&'static str> {
    let lines = pieces(text, |letter| matches!(letter, '\n' | '"' | '\'' | '`'));
    for (line, next) in lines.iter().zip(lines.iter().skip(1).chain([&""])) {
        let is_left_out = line.trim_ascii_end().ends_with('-') && !next.trim_ascii().is_empty() && is_placeholder(next);
        if is_private_key(line) && !is_left_out {
            return Some("a private key");
        }
        if is_keywords_with_password(line) {
            return Some(CONNECTION_STRING);
        }
    }
    for word in words(text) {
        if is_url_with_password(word) || is_connection_with_password(word) {
            return Some(CONNECTION_STRING);
        }
        if let Some(kind) = webhook(word) {
            return Some(kind);
        }
        for word in pieces(word, |letter| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'))) {
            if let Some(kind) = token(word) {
                return Some(kind);
            }
        }
    }
    None
}

/// `-----BEGIN RSA PRIVATE KEY-----`, OpenPGP's `PRIVATE KEY BLOCK`, and PuTTY's own form; people do not count the dashes.
fn is_private_key(line: &str) -> bool {
    let line = line.trim_ascii();
    let Some(header) = line.strip_prefix("---") else {
        return line.starts_with("PuTTY-User-Key-File-");
    };
    let Some(header) = header.trim_start_matches('-').strip_prefix("BEGIN ") else {
        return false;
    };
    let kind = header.split_once('-').map_or(header, |(kind, _)| kind);
    kind.ends_with("PRIVATE KEY") || kind.ends_with("PRIVATE KEY BLOCK")
}

fn token(word: &str) -> Option<&'static str> {
    for (prefix, length, kind) in TOKENS {
        if word.strip_prefix(prefix).is_some_and(|body| body.len() >= *length && is_random(body)) {
            return Some(kind);
        }
    }
    let is_web_token = word.starts_with("eyJ") && word.len() > 50 && count(word, b'.') == 2;
    is_web_token.then_some("a JSON web token")
}

fn webhook(word: &str) -> Option<&'static str> {
    let url = after_scheme(word)?;
    let (_, kind) =
        WEBHOOKS.iter().find(|(start, _)| after(url, start).is_some_and(|path| path.len() >= 40 && is_random(path)))?;
    Some(kind)
}

/// What follows `https://` in a word.
fn after_scheme(word: &str) -> Option<&str> {
    word.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"))
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

fn count(text: &str, wanted: u8) -> usize {
    text.bytes().filter(|byte| *byte == wanted).count()
}

/// `scheme://user:password@host`, or Go's `user:password@tcp(host)`.
fn is_url_with_password(word: &str) -> bool {
    let end = |rest: &str| rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let authority = after_scheme(word).map(|rest| end(rest).and_then(|end| rest.get(..end)).unwrap_or(rest));
    let user = match authority.unwrap_or(word).rsplit_once('@') {
        Some((user, host)) if authority.is_some() || host.starts_with("tcp(") => user,
        _ => return false,
    };
    user.split_once(':').is_some_and(|(_, password)| !is_placeholder(password))
}

/// `Server=db;User Id=web;Password=...`. An assignment that stands alone is judged by its name, elsewhere.
fn is_connection_with_password(word: &str) -> bool {
    let parts = pieces(word, |letter| matches!(letter, ';' | '&'));
    let is_list = parts.len() > 1;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or_default();
        if is_list && is_one_of(CONNECTION_KEYS, key) && !is_placeholder(value) {
            return true;
        }
    }
    false
}

/// PostgreSQL's `host=db user=web password=...`, and nothing else in the line.
fn is_keywords_with_password(line: &str) -> bool {
    let (mut keywords, mut has_password) = (0, false);
    for word in pieces(line, |letter| letter.is_ascii_whitespace()) {
        let (name, value) = word.split_once('=').unwrap_or_default();
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            keywords += 1;
            has_password |= name == "password" && !is_placeholder(value);
        } else if !word.is_empty() {
            return false;
        }
    }
    keywords > 1 && has_password
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written apart, so that no scanner takes this file for a leak.
    fn joined(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn a_private_key_is_found_in_every_dress() {
        for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
            let key = joined(&["-----BEGIN ", kind, "PRIVATE ", "KEY-----"]);
            assert_eq!(find(&format!("{key}\nMIIE\n")), Some("a private key"));
            assert_eq!(find(&format!("{{\"type\": \"account\", \"key\": \"{key}\\nMIIE\"}}")), Some("a private key"));
            assert_eq!(find(&format!("tls:\n  key: |\n    {key}\n    MIIE\n")), Some("a private key"));
        }
        assert_eq!(find(&joined(&["-----BEGIN PGP PRIVATE ", "KEY BLOCK-----"])), Some("a private key"));
        assert_eq!(find(&joined(&["---BEGIN OPENSSH PRIVATE ", "KEY---\nxxxxx\n"])), Some("a private key"));
        assert_eq!(find(&joined(&["PuTTY-User-Key-", "File-3: ssh-ed25519\n"])), Some("a private key"));
        for text in ["-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "PRIVATE KEY", "begin private key"] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn encoding_hides_nothing() {
        // The first line of a private key, of a certificate, and a URL with a password.
        let key = joined(&["LS0tLS1CRUdJTiBSU0EgUFJJ", "VkFURSBLRVktLS0tLQpNSUlF"]);
        for text in [key.clone(), format!("client-key-data: {key}\n"), format!("[\"{key}\"]")] {
            assert_eq!(find(&text), Some("a private key"), "{text}");
        }
        assert_eq!(find("cG9zdGdyZXM6Ly93ZWI6aHVudGVyMkBkYi9zaG9w"), Some(CONNECTION_STRING));
        for text in
            ["LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUR", "/var/run/secrets/kubernetes/io", "aGVsbG8gd29ybGQsIGl0"]
        {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        let body = "8f3Kq0ZpL2mXv7Rt5Yb1Nc9Wd4Hs6Jg0Ea3TzUo";
        for (prefix, _, kind) in TOKENS.iter().filter(|(_, length, _)| *length <= 40) {
            let token = joined(&[prefix, body, "x"]);
            for text in [
                token.clone(),
                format!("key={token}"),
                format!("Authorization: Bearer {token}\n"),
                format!("[\"{token}\"]"),
            ] {
                assert_eq!(find(&text), Some(*kind), "{prefix}");
            }
            assert_eq!(find(&joined(&["a", &token])), None, "{prefix} inside of a word");
        }
        let web_token =
            joined(&["eyJ", "hbGciOiJIUzI1NiJ9", ".eyJ", "zdWIiOiIxMjM0NTY3ODkwIn0", ".dozjgNryP4J3jVmNHl0w5N"]);
        assert_eq!(find(&web_token), Some("a JSON web token"));
    }

    #[test]
    fn a_url_to_which_whoever_knows_it_may_post_is_found_wherever_it_stands() {
        for (host, rest, kind) in [
            ("https://hooks.slack.com", "/services/T8F3KQ0ZP/B2MXV7RT5/Yb1Nc9Wd4Hs6Jg0Ea3TzUo8f", "a Slack webhook"),
            ("https://discord.com", "/api/webhooks/830192837465564738/Yb1Nc9Wd4Hs6Jg0Ea3TzUo8f", "a Discord webhook"),
            (
                "https://shop.webhook.office.com",
                "/webhookb2/8f3c1d20-5b7a@6e2f9b41/IncomingWebhook/b1c9d4a6e0f3",
                "a Microsoft Teams webhook",
            ),
        ] {
            let url = joined(&[host, rest]);
            for text in [url.clone(), format!("curl -d @- {url}"), format!("slack_api_url: '{url}'\n")] {
                assert_eq!(find(&text), Some(kind), "{host}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_token_in_a_manual_is_none() {
        for text in [
            joined(&["AKIA", "IOSFODNN7EXAMPLE"]),
            joined(&["ghp_", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]),
            joined(&["glpat-", "abcdefghijklmnopqrstuvwx"]),
            joined(&["ghp_", "8f3Kq0Zp"]),
            "SG.".to_string(),
            "npm_config_registry".to_string(),
            "eyJust.a.word".to_string(),
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX".to_string(),
            "https://hooks.slack.com/services/YOUR/WEBHOOK/URL".to_string(),
            "https://discord.com/api/webhooks/123456789012345678".to_string(),
        ] {
            assert_eq!(find(&text), None, "{text}");
        }
    }

    #[test]
    fn a_connection_string_is_one_with_a_password_in_it() {
        for text in [
            "postgres://web:hunter2@db:5432/shop",
            "DSN is amqp://guest:guest@rabbitmq/ here",
            "redis://:hunter2@cache:6379",
            "https://user:p%40ss@example.com/path?a=b",
            "web:hunter2@tcp(db:3306)/shop",
            "mongodb://web:hunter2@a:1,b:2/shop",
            "url: \"mysql://web:hunter2@db\"",
            "Server=db;User=web;Password=hunter2;",
            "host=db port=5432 user=web password=hunter2 sslmode=disable",
            "DSN: \"user=web password=hunter2\"",
            "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=bGV0bWVpbg==;EndpointSuffix=core.windows.net",
        ] {
            assert_eq!(find(text), Some(CONNECTION_STRING), "{text}");
        }
        for text in [
            "postgres://db:5432/shop",
            "postgres://web@db:5432/shop",
            "postgres://web:@db:5432/shop",
            "postgres://web:$(PASSWORD)@db:5432/shop",
            "postgres://web:${PASSWORD}@db:5432/shop",
            "postgres://web:<password>@db:5432/shop",
            "http://[::1]:8080/a@b",
            "http://example.com/user:name@example.com",
            "mailto:jane@example.com",
            "jane@example.com",
            "a:b@example.com",
            "Server=db;User=web;Password=$(PASSWORD);",
            "Server=db;User=web",
            "host=db user=web password=$(PASSWORD)",
            "connect(user=user, password=password)",
            "if password=$1 then user=web",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
