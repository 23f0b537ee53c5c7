//! Secrets in `ENV` and `ARG`, known by their names.

use sdk::prelude::*;
use sdk::text::holds;

use crate::stages::Instruction;

/// Words that name a secret wherever they stand.
const WORDS: &[&str] = &["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "CREDENTIAL"];
/// Words that name one only at the end.
const ENDS: &[&str] = &["_PASS", "_PWD"];
/// Two words that do so together.
const KEYS: &[&str] = &["API_KEY", "PRIVATE_KEY", "ACCESS_KEY", "SIGNING_KEY", "ENCRYPTION_KEY", "AUTH_KEY"];
/// What a name ends with that only says where a secret is, or something about it.
const ABOUT: &[&str] = &[
    "_FILE",
    "_PATH",
    "_DIR",
    "_URL",
    "_URI",
    "_NAME",
    "_ID",
    "_TTL",
    "_EXPIRY",
    "_LENGTH",
    "_TYPE",
    "_HEADER",
    "_ENABLED",
    "_VERSION",
    "_SHA256",
    "_CHECKSUM",
    "_USER",
    "_HOST",
    "_PORT",
    "_REGION",
    "_PROVIDER",
    "_STORE",
];
/// Longer words in which one of those stands by chance, or beside a word that says otherwise.
const OTHERS: &[&str] = &["PUBLIC", "TOKENIZ"];

pub fn check(instruction: &Instruction<'_>, findings: &mut Findings) {
    // The image keeps what `ONBUILD` runs later, and says it to everybody.
    let inner = usize::from(instruction.keyword == "ONBUILD");
    let keyword = if inner > 0 { instruction.words().next().unwrap_or_default() } else { instruction.keyword };
    let is_argument = keyword.eq_ignore_ascii_case("ARG");
    if !is_argument && !keyword.eq_ignore_ascii_case("ENV") {
        return;
    }
    let mut arguments = instruction.arguments().skip(inner);
    let first = instruction.words().nth(inner).unwrap_or_default();
    // `ENV NAME a value with spaces` is the old form of one variable.
    if !is_argument && !first.contains('=') {
        let name = arguments.next();
        let value = arguments.next().and_then(Field::str).unwrap_or_default();
        if let Some(name) = name.filter(|_| is_secret(first) && is_value(value) && !is_amount(first, value)) {
            tell(name, first, is_argument, findings);
        }
        return;
    }
    for argument in arguments {
        let (name, value) = argument.str().unwrap_or_default().split_once('=').unwrap_or_default();
        let name = if is_argument && name.is_empty() { argument.str().unwrap_or_default() } else { name };
        if is_secret(name) && (is_argument || is_value(value)) && !is_amount(name, value) {
            tell(argument, name, is_argument, findings);
        }
    }
}

fn tell(at: Field<'_>, name: &str, is_argument: bool, findings: &mut Findings) {
    let message = if is_argument {
        format!("`{name}` looks like a secret, and the image's history keeps build arguments")
    } else {
        format!("`{name}` looks like a secret, and everybody who pulls the image can read it")
    };
    findings.fail_concealed(
        at,
        message,
        "RUN --mount=type=secret while building, a Secret of Kubernetes while running",
    );
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    let is_about = ABOUT.iter().any(|end| name.ends_with(end)) || OTHERS.iter().any(|word| holds(&name, word));
    let is_named = WORDS.iter().chain(KEYS).any(|words| holds(&name, words));
    !is_about && (is_named || ENDS.iter().any(|end| name.ends_with(end)))
}

/// Whether a value could be a secret: it cannot if it is empty, a path, a switch or a placeholder.
fn is_value(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    let is_switch = matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "0" | "1" | "changeme");
    // `GOOGLE_APPLICATION_CREDENTIALS` and its like name a file.
    let is_path = ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start)) || value.ends_with(".json");
    !value.is_empty() && !is_path && !value.starts_with('<') && !is_switch
}

/// `4096` is an amount under the name `MAX_TOKENS`, and a bad password under the name `DB_PASSWORD`.
fn is_amount(name: &str, value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let name = name.to_ascii_uppercase();
    is_number && !holds(&name, "PASS") && !name.ends_with("_PWD")
}
