//! The syntax of a Dockerfile, as BuildKit has it (`frontend/dockerfile/parser`): continued lines, comments inside them,
//! the escape directive, here-documents and the exec form. It must not know what any instruction does.

use std::ops::Range;

use engine::documents::{Form, Instruction, Word};

use super::line::Line;
use super::words;
use crate::error::SyntaxError;

/// All instructions that there are.
#[rustfmt::skip]
const KEYWORDS: [&str; 18] = [
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
];
/// Those that take a JSON list.
const TAKE_LISTS: [&str; 7] = ["ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"];
/// Those whose shell form is one command.
const COMMANDS: [&str; 4] = ["CMD", "ENTRYPOINT", "RUN", "SHELL"];
/// Those that here-documents follow.
const TAKE_HEREDOCS: [&str; 3] = ["ADD", "COPY", "RUN"];

/// Reads the instructions of a Dockerfile.
///
/// # Errors
/// What BuildKit refuses too: an unknown instruction, one before the first `FROM` that is no `ARG`, no `FROM` at all, a
/// `FROM` that is not an image or an image and the name of its stage, a here-document without an end.
pub fn parse(text: &str) -> Result<Vec<Instruction>, SyntaxError> {
    let mut parser = Parser { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 }, line: 0, escape: '\\' };
    parser.read_directives();
    let (mut instructions, mut stage) = (Vec::new(), None);
    while let Some((line, number)) = parser.next_line() {
        let error = |what: String| SyntaxError { line: number, what };
        let Some(keyword) = words::next(&line.text, 0, parser.escape) else { continue };
        let name = slice(&line.text, &keyword).to_ascii_uppercase();
        if !KEYWORDS.contains(&name.as_str()) {
            return Err(error(format!("`{}` is not an instruction", shown(slice(&line.text, &keyword)))));
        }
        if name == "FROM" {
            stage = Some(stage.map_or(0, |stage: u32| stage.saturating_add(1)));
        } else if stage.is_none() && name != "ARG" {
            return Err(error(format!("`{name}` comes before the first `FROM`, where only `ARG` is allowed")));
        }
        let mut instruction = parser.instruction(&line, keyword, &name, stage);
        if name == "FROM" && !is_from(&instruction.arguments) {
            return Err(error("`FROM` takes an image, or `IMAGE AS STAGE`".to_owned()));
        }
        instruction.range.end =
            parser.skip_heredocs(&line, &name, &instruction, number)?.unwrap_or(instruction.range.end);
        instructions.push(instruction);
    }
    match stage {
        Some(_) => Ok(instructions),
        None => Err(SyntaxError { line: parser.line.max(1), what: "there is no `FROM`".to_owned() }),
    }
}

/// Whether these are the arguments of a `FROM`.
fn is_from(arguments: &[Word]) -> bool {
    match arguments {
        [_] => true,
        [_, between, _] => between.text.eq_ignore_ascii_case("as"),
        _ => false,
    }
}

/// The text in a range of another, which lies in it.
fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}

/// The beginning of what somebody wrote.
fn shown(text: &str) -> String {
    text.chars().take(32).collect()
}

struct Parser<'a> {
    text: &'a str,
    /// Where the next physical line begins.
    at: usize,
    /// How many were read.
    line: usize,
    escape: char,
}

impl<'a> Parser<'a> {
    /// The next physical line without its end, and where it begins.
    fn physical_line(&mut self) -> Option<(&'a str, usize)> {
        let (start, rest) = (self.at, self.text.get(self.at..).filter(|rest| !rest.is_empty())?);
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        self.at += length;
        self.line += 1;
        Some((rest.get(..length)?.trim_end_matches(['\r', '\n']), start))
    }

    /// `# escape=`, among the directives at the top. The first line that is not a directive ends them.
    fn read_directives(&mut self) {
        loop {
            let (at, line) = (self.at, self.line);
            let directive = self.physical_line().and_then(|(text, _)| {
                let (name, value) = text.trim().strip_prefix('#')?.split_once('=')?;
                let name = name.trim();
                let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
                is_name.then_some((name.to_ascii_lowercase(), value.trim()))
            });
            match directive {
                Some((name, "`")) if name == "escape" => self.escape = '`',
                Some(_) => {}
                None => {
                    (self.at, self.line) = (at, line);
                    return;
                }
            }
        }
    }

    /// The next line with all lines that continue it, and the number of the first. Comments and empty lines inside it are
    /// left out.
    fn next_line(&mut self) -> Option<(Line, usize)> {
        let mut line = Line::default();
        let (first, at) = loop {
            let (text, at) = self.physical_line()?;
            let trimmed = text.trim_start();
            if !trimmed.is_empty() && !trimmed.starts_with('#') {
                break (trimmed, at + text.len() - trimmed.len());
            }
        };
        let number = self.line;
        let mut continued = self.push(&mut line, first, at);
        while continued {
            let Some((text, at)) = self.physical_line() else { break };
            let trimmed = text.trim_start();
            if !trimmed.is_empty() && !trimmed.starts_with('#') {
                continued = self.push(&mut line, text, at);
            }
        }
        Some((line, number))
    }

    /// Adds a physical line without the escape character at its end; says whether there was one. Two do not count.
    fn push(&self, line: &mut Line, text: &str, at: usize) -> bool {
        let kept =
            text.trim_end_matches([' ', '\t']).strip_suffix(self.escape).filter(|kept| !kept.ends_with(self.escape));
        line.push(kept.unwrap_or(text), at);
        kept.is_some()
    }

    fn instruction(&self, line: &Line, keyword: Range<usize>, name: &str, stage: Option<u32>) -> Instruction {
        let text = line.text.as_str();
        let word = |range: Range<usize>| Word { text: slice(text, &range).to_owned(), range: line.place(&range) };
        let (flags, begin) = words::flags(text, keyword.end, self.escape);
        let rest = slice(text, &(begin..text.len()));
        let start = begin + rest.len() - rest.trim_start().len();
        let whole = start..start + rest.trim().len();
        let list = words::exec(rest).filter(|_| TAKE_LISTS.contains(&name));
        let form = if list.is_some() { Form::Exec } else { Form::Shell };
        let arguments = match list {
            Some(items) => {
                let place = |range: Range<usize>| line.place(&(begin + range.start..begin + range.end));
                items.into_iter().map(|(text, range)| Word { text, range: place(range) }).collect()
            }
            None if whole.is_empty() => Vec::new(),
            None if COMMANDS.contains(&name) => vec![word(whole.clone())],
            None => words::all(text, begin, self.escape).into_iter().map(word).collect(),
        };
        let all = keyword.start..whole.end.max(begin).max(keyword.end);
        Instruction {
            range: line.place(&all),
            keyword: word(keyword),
            stage,
            form,
            flags: flags.into_iter().map(word).collect(),
            arguments,
        }
    }

    /// Leaves the here-documents behind a line, and says where the last of them ends.
    fn skip_heredocs(
        &mut self,
        line: &Line,
        name: &str,
        instruction: &Instruction,
        number: usize,
    ) -> Result<Option<usize>, SyntaxError> {
        let inner = instruction.arguments.first().map(|word| word.text.to_ascii_uppercase());
        let named = if name == "ONBUILD" { inner.as_deref().unwrap_or_default() } else { name };
        if instruction.form == Form::Exec || !TAKE_HEREDOCS.contains(&named) {
            return Ok(None);
        }
        let mut end = None;
        for heredoc in words::heredocs(&line.text, name.len(), self.escape) {
            loop {
                let Some((text, at)) = self.physical_line() else {
                    let what = format!("nothing ends the here-document `{}`", shown(&heredoc.end));
                    return Err(SyntaxError { line: number, what });
                };
                end = Some(at + text.len());
                let text = if heredoc.strips_tabs { text.trim_start_matches('\t') } else { text };
                if text == heredoc.end {
                    break;
                }
            }
        }
        Ok(end)
    }
}
