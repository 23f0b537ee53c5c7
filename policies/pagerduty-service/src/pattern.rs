//! The regular expressions that people write in routes: words, with `|`, `.*` and `.+`.

/// Whether a pattern matches the whole of a text, as Alertmanager anchors it; `None` where it is written in more of the
/// language than is read here.
pub fn matches(pattern: &str, text: &str) -> Option<bool> {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let pattern = pattern.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(pattern);
    let mut found = false;
    for alternative in pattern.split('|') {
        found |= matches_one(alternative.as_bytes(), text.as_bytes())?;
    }
    Some(found)
}

fn matches_one(pattern: &[u8], text: &[u8]) -> Option<bool> {
    match pattern {
        [] => Some(text.is_empty()),
        [b'.', b'*', rest @ ..] => any_tail(rest, text),
        [b'.', b'+', rest @ ..] => match text {
            [] => Some(false),
            [_, text @ ..] => any_tail(rest, text),
        },
        [b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'*' | b'+' | b'?' | b'\\' | b'^' | b'$', ..]
        | [_, b'*' | b'+' | b'?' | b'{', ..] => None,
        [wanted, pattern @ ..] => match text {
            [found, text @ ..] if *wanted == b'.' || wanted == found => matches_one(pattern, text),
            // The rest may still be more than is read here.
            _ => matches_one(pattern, &[]).map(|_| false),
        },
    }
}

/// Whether the pattern matches some end of the text.
fn any_tail(pattern: &[u8], text: &[u8]) -> Option<bool> {
    let mut text = text;
    let mut found = matches_one(pattern, text)?;
    while let [_, rest @ ..] = text {
        text = rest;
        found = found || matches_one(pattern, text)?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_alternatives_and_wildcards_match_the_whole_text() {
        for (pattern, text, expected) in [
            ("web", "web", true),
            ("web", "website", false),
            ("web", "we", false),
            ("api|web", "web", true),
            ("(api|web)", "api", true),
            ("^web$", "web", true),
            ("web.*", "website", true),
            ("web.+", "web", false),
            (".*", "", true),
            (".+", "", false),
            (".*-web", "shop-web", true),
            ("w.b", "web", true),
            ("a.*b.*c", "axxbyyc", true),
            ("a.*b.*c", "axxcyyb", false),
            ("", "", true),
            ("", "web", false),
        ] {
            assert_eq!(matches(pattern, text), Some(expected), "{pattern} {text}");
        }
    }

    #[test]
    fn more_of_the_language_is_not_read() {
        for pattern in ["we?b", "x[abc]", "web\\.shop", "(a|b)(c|d)", "y{2}", "web|[a]"] {
            assert_eq!(matches(pattern, "web"), None, "{pattern}");
        }
    }
}
