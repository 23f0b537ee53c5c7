//! When a text may stand in YAML as it is. What is written otherwise is for each writer to choose.

/// Whether no reader, of YAML 1.1 or of 1.2, takes the bare text for anything but this string: as a value or as a key, in
/// a block or in braces.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b" _-./<>@:$+=()".contains(&byte);
    let is_first = |byte: u8| byte.is_ascii_alphanumeric() || b"/<$_(".contains(&byte);
    text.bytes().next().is_some_and(is_first)
        && text.bytes().all(is_usual)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && text != "<<"
        && !may_be_number(text)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether somebody may read a number or a date: what begins with a digit and has no letter that neither of them has.
fn may_be_number(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphabetic() && !b"eEobxtTzZ".contains(&byte);
    text.bytes().next().is_some_and(|first| first.is_ascii_digit())
        && (text.starts_with("0x") || !text.bytes().any(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_as_something_else_is_not_plain() {
        for plain in [
            "100m",
            "1Gi",
            "web",
            "v1.36.0",
            "/bin/true",
            "reg:5000/a/b:<version>",
            "a b",
            "a:b",
            "app.kubernetes.io/name",
            "$(A)",
            "_1",
        ] {
            assert!(is_plain(plain), "{plain}");
        }
        for text in [
            "",
            "1",
            "1.5",
            "1e3",
            "1_000",
            "0x1F",
            "0xfg",
            "0o17",
            "0b1",
            "12:30",
            "2024-01-01",
            "2001-12-14t21:59:43Z",
            ".5",
            "-1",
            "+1",
            "true",
            "No",
            "Y",
            "~",
            "null",
            "NaN",
            ".inf",
            "a: b",
            "a #b",
            "a:",
            " a",
            "a ",
            "a, b",
            "{a}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a`",
            "'a'",
            "\"",
            "a\nb",
            "a\tb",
            "é",
            "-",
            "- a",
            "?",
            "? a",
            "#a",
            "=",
            "<<",
            "\\",
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }
}
