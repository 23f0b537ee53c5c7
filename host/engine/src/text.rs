//! Text from strangers, made fit to be seen: names and messages may carry whatever their author wished.
//!
//! It must not know where the text is shown; each format escapes its own syntax on top of this.

/// Controls, and what has no width or changes the direction of the text around it.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text in one line, with everything hidden written out: `a\u{202e}b`.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
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
    fn what_is_hidden_is_written_out() {
        assert_eq!(one_line("a\n\u{1b}[31mb\u{202e}c\u{e0041}"), "a\\n\\u{1b}[31mb\\u{202e}c\\u{e0041}");
        assert_eq!(one_line("Größe 漢字 🚢"), "Größe 漢字 🚢");
    }
}
