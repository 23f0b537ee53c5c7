//! Text from manifests and modules, made plain: nothing in it moves a terminal's cursor, turns the text around it or
//! passes for something of ours.

/// Whether a character is a control, has no width, or changes the direction of the text around it: what must not reach a
/// terminal from a manifest or a module. All of them have four hexadecimal digits.
#[must_use]
pub const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

/// The text with control characters escaped, so that no manifest and no module can write to the terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    escape(text, |character| character == '\n')
}

/// The same without line breaks: for what must not begin a line of its own, and pass for one of ours, nor for a command
/// to a CI system: GitHub obeys lines that begin with `::`, Azure Pipelines `##vso[` anywhere.
#[must_use]
pub fn one_line(text: &str) -> String {
    let safe = escape(text, |_| false);
    let safe =
        if safe.contains("##") { safe.replace("##vso[", "#\\u{23}vso[").replace("##[", "#\\u{23}[") } else { safe };
    match safe.trim_start().strip_prefix("::") {
        Some(rest) => format!("\\u{{3a}}:{rest}"),
        None => safe,
    }
}

/// `1 file`, `2 files`, `8,000 files`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(number)) }
}

/// `8,000`: how people read numbers.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text, or its beginning of so many characters.
#[must_use]
pub fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !keep(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_command_to_a_ci_system() {
        for (name, safe) in [
            ("::error::x.yaml", "\\u{3a}:error::x.yaml"),
            ("a ##vso[task.complete]", "a #\\u{23}vso[task.complete]"),
            ("##[error]a", "#\\u{23}[error]a"),
            ("a::b #1", "a::b #1"),
        ] {
            assert_eq!(one_line(name), safe);
        }
    }
}
