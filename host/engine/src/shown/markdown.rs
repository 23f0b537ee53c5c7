//! Text of strangers in Markdown, as GitHub and GitLab show it.
//!
//! Names and messages come from strangers, and a comment is posted by somebody whom others trust. So no character of
//! theirs is markup, and none calls a person, an issue or an address.

use std::fmt::Write as _;

use super::plain::{is_hidden, printable};

/// What stands where two characters would mean something together.
const BREAK: &str = "<!-- -->";

/// The text as literal Markdown in one line.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut characters = text.trim().chars().peekable();
    while let Some(character) = characters.next() {
        let is_last = characters.peek().is_none_or(|next| next.is_whitespace());
        match character {
            '\n' | '\r' | '\t' => safe.push(' '),
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '$' | '~' => safe.extend(['\\', character]),
            // Lists, numbered or not, and underlines of headings: only where they come first.
            '-' | '+' | '=' if safe.is_empty() => safe.extend(['\\', character]),
            '.' | ')' if !safe.is_empty() && safe.bytes().all(|byte| byte.is_ascii_digit()) => {
                safe.extend(['\\', character]);
            }
            // People and addresses, issues, links and pictures by name.
            '@' | '#' | ':' if !is_last => {
                safe.push(character);
                safe.push_str(BREAK);
            }
            '#' => safe.push_str("\\#"),
            '.' | '-' if is_last_word(&safe, if character == '.' { "www" } else { "gh" }) => {
                safe.push(character);
                safe.push_str(BREAK);
            }
            hidden if is_hidden(hidden) => {
                let _ = write!(safe, "\\\\u{{{:x}}}", u32::from(hidden));
            }
            other => safe.push(other),
        }
    }
    safe
}

/// Whether the text ends with this word, in either case.
fn is_last_word(text: &str, word: &str) -> bool {
    let start = text.len().saturating_sub(word.len());
    text.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(word))
}

/// The text as a block of YAML: no line of it ends the block.
#[must_use]
pub fn code_block(text: &str) -> String {
    let (mut longest, mut run) = (2, 0);
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}yaml\n{}\n{fence}\n", printable(text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_of_strangers_is_text() {
        for (text, literal) in [
            ("a_b*c*`d`", "a\\_b\\*c\\*\\`d\\`"),
            ("<img src=x>&amp;", "&lt;img src=x&gt;&amp;amp;"),
            ("[x](https://evil)", "\\[x\\](https:<!-- -->//evil)"),
            ("@everyone #12 acme/web#1", "@<!-- -->everyone #<!-- -->12 acme/web#<!-- -->1"),
            ("www.evil.com WWW.evil.com", "www.<!-- -->evil.com WWW.<!-- -->evil.com"),
            ("GH-1 it-is", "GH-<!-- -->1 it-is"),
            ("# heading", "\\# heading"),
            ("- [x] done\n- [x] and done", "\\- \\[x\\] done - \\[x\\] and done"),
            ("1. one", "1\\. one"),
            ("---", "\\---"),
            ("$x$ ~~y~~ ![z]", "\\$x\\$ \\~\\~y\\~\\~ \\!\\[z\\]"),
            ("a\u{202e}b\u{7}", "a\\\\u{202e}b\\\\u{7}"),
            ("needs a probe: port 80, not 8080.", "needs a probe: port 80, not 8080."),
        ] {
            assert_eq!(markdown(text), literal);
        }
    }

    #[test]
    fn no_line_of_a_code_block_ends_it() {
        assert_eq!(code_block("a: b"), "```yaml\na: b\n```\n");
        assert_eq!(code_block("a\n```\n# x ````\n"), "`````yaml\na\n```\n# x ````\n`````\n");
        assert_eq!(code_block("a\u{202e}"), "```yaml\na\\u{202e}\n```\n");
    }
}
