//! `name: value` and `name=value`, as YAML, JSON, properties, shells and programs write them.

use crate::names::is_field_name;
use crate::scan::{Pass, unquoted};
use crate::text::{begins, cut, has, without_end};

/// What is assigned.
pub struct Value<'a> {
    pub text: &'a str,
}

fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// What may stand before a name in the middle of a line: `-e PASSWORD=x`, `;Password=x`, `?token=x`, `--set a=b,password=x`.
fn is_before_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b';' | b'&' | b'?' | b',' | b'=' | b':' | b'`')
}

impl<'a> Pass<'a> {
    /// The name before the sign, where it is worth a look: one of a secret's, or of the few that say what a value is.
    pub fn name_before(&self, sign: u8, at: usize) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let line = bytes.get(self.line..at)?;
        let spaces = line.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let mut line = line.get(..line.len() - spaces)?;
        let quote = line.last().copied().filter(|byte| matches!(byte, b'"' | b'\''));
        if quote.is_some() {
            line = line.get(..line.len() - 1)?;
            line = line.strip_suffix(b"\\").unwrap_or(line);
        }
        let length = line.iter().rev().take_while(|byte| is_name_part(**byte)).count();
        let (before, name) = line.split_at_checked(line.len() - length)?;
        let is_known = matches!(name, b"name" | b"key" | b"value" | b"auth") || self.names.may_name(name);
        if length == 0 || !is_known {
            return None;
        }
        let before = before.last().copied();
        let is_allowed = match (before, quote) {
            (_, Some(quote)) => before == Some(quote),
            (None, None) => true,
            (Some(before), None) if self.is_separated => {
                sign == b'=' && spaces == 0 && is_before_name(before)
                    || sign == b':' && self.has_brace && matches!(before, b'{' | b',' | b' ')
            }
            (Some(b'{'), None) => sign == b':' && self.byte(at.checked_add(1)).is_ascii_whitespace(),
            (Some(before), None) => is_before_name(before),
        };
        let end = self.line + line.len();
        if is_allowed { self.text.get(end - length..end) } else { None }
    }

    /// The name behind the sign in a map of one line, `{name: DB_PASSWORD, value: hunter2}`, where it is no value itself.
    pub fn name_in_braces(&self, at: usize) -> Option<&'a str> {
        let (name, _) = cut(self.line_from(at + 1), b",}")?;
        let name = unquoted(name);
        (self.has_brace && !self.is_code && name.bytes().all(is_name_part)).then_some(name)
    }
}

impl<'a> Value<'a> {
    /// What follows the sign, if it is a value: a quoted text, or a word of its own where the text is no code.
    pub fn read(pass: &Pass<'a>, sign: u8, at: usize, is_first: bool) -> Option<Self> {
        let (before, next) = (pass.byte(at.checked_sub(1)), pass.byte(at.checked_add(1)));
        let is_comparison =
            b"!<>=~+|*/%^:".contains(&before) || matches!(next, b'=' | b'~') && sign == b'=' || next == b':';
        if is_comparison {
            return None;
        }
        // `:=` and `=>`.
        let is_arrow = sign == b'=' && next == b'>';
        let start = at + if is_arrow || sign == b':' && next == b'=' { 2 } else { 1 };
        let line = pass.line_from(start);
        let rest = line.trim_ascii_start();
        let text = match quoted(rest) {
            Some((text, after)) => {
                let is_part = pass.is_code && begins(after.trim_ascii_start(), b"+.[%");
                if is_part || pass.is_code && is_field_name(text) {
                    return None;
                }
                text
            }
            None if begins(rest, b"\"'`") || pass.is_code || is_arrow => return None,
            None if sign == b':' && matches!(rest.trim_ascii_end(), "|" | ">" | "|-" | ">-" | "|+" | ">+") => {
                pass.line_from(start + line.len() + 1).trim_ascii()
            }
            None => bare(rest, is_first && !pass.has_brace, sign == b'=' && rest.len() == line.len())?,
        };
        // Prose has spaces.
        (!text.bytes().any(|byte| byte.is_ascii_whitespace())).then_some(Self { text })
    }
}

/// The text in quotes, and what follows. Quotes within JSON within JSON are escaped.
fn quoted(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("\\\"") {
        let end = rest.as_bytes().windows(2).position(|pair| pair == b"\\\"")?;
        return Some((rest.get(..end)?, rest.get(end + 2..)?));
    }
    let quote = text.bytes().next().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let rest = text.get(1..)?;
    let mut is_escaped = false;
    let end = rest.bytes().position(|byte| {
        let is_end = byte == quote && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    Some((rest.get(..end)?, rest.get(end + 1..)?))
}

/// A value without quotes: the rest of a line of configuration, or else a word. Of a line that goes on behind it, only what
/// a shell would take for an assignment has one.
fn bare(rest: &str, is_line: bool, is_adjacent: bool) -> Option<&str> {
    let is_space = |byte: u8| byte.is_ascii_whitespace();
    let line = comment_cut(rest).trim_ascii_end();
    let is_word = !is_line || line.bytes().any(is_space);
    if is_word && is_line && !is_adjacent {
        return None;
    }
    let is_end = |byte: u8| is_space(byte) || matches!(byte, b',' | b';' | b'&' | b'"' | b'\'' | b'`' | b'}' | b'\\');
    let opens = line.starts_with("${") || line.starts_with("{{");
    let word = if opens {
        let end = line.bytes().position(|byte| byte == b'}').map_or(line.len(), |end| end + 1);
        let end = if line.get(end..).is_some_and(|rest| rest.starts_with('}')) { end + 1 } else { end };
        if is_word { line.get(..end)? } else { line }
    } else if is_word {
        line.bytes().position(is_end).map_or(line, |end| line.get(..end).unwrap_or_default())
    } else {
        line
    };
    let is_statement =
        without_end(word, b";,)") != word || line.get(word.len()..).is_some_and(|rest| begins(rest, b",)"));
    let word = without_end(word, b",;\"'");
    // Tags, anchors and the signs of programs.
    let is_code =
        !opens && has(word, b"()[]{}<>|`\"") || begins(word, b"!&*=>~%@") || is_statement && is_field_name(word);
    if is_code { None } else { Some(word) }
}

/// Without a comment behind it.
fn comment_cut(line: &str) -> &str {
    let at = line.as_bytes().windows(2).position(|pair| matches!(pair, [b' ' | b'\t', b'#']));
    at.map_or(line, |at| line.get(..at).unwrap_or_default())
}
