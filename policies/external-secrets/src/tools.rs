//! Programs that take a password behind a flag whose name does not say so.

use crate::placeholders::is_placeholder;
use crate::scan::unquoted;
use crate::shapes::is_user_with_password;

/// How the password follows the flag.
#[derive(Clone, Copy)]
enum Form {
    /// `-a hunter2`
    Word,
    /// `-u web:hunter2`
    AfterName,
    /// `-phunter2`
    Attached,
}

const TOOLS: &[(&str, &str, Form)] = &include!("../data/tools.rs");

/// Whether the program gets a password in what follows its name.
pub fn has_password(program: &str, line: &str) -> bool {
    if !TOOLS.iter().any(|(name, ..)| *name == program) {
        return false;
    }
    let mut words =
        line.split_ascii_whitespace().take_while(|word| !matches!(*word, "|" | "||" | "&&" | ";")).peekable();
    while let Some(word) = words.next() {
        let next = words.peek().map(|next| unquoted(next)).unwrap_or_default();
        for (name, flag, form) in TOOLS {
            let Some(rest) = word.strip_prefix(flag).filter(|_| *name == program) else { continue };
            let is_password = |value: &str| !value.starts_with('-') && !is_placeholder(value);
            let has_password = match form {
                Form::Word => rest.is_empty() && is_password(next),
                Form::AfterName => rest.is_empty() && is_user_with_password(next),
                Form::Attached => !rest.is_empty() && is_password(unquoted(rest)),
            };
            if has_password {
                return true;
            }
        }
    }
    false
}
