//! The instructions of a Dockerfile, as a parser has found them.
//!
//! It must not know the syntax, nor any instruction: escapes, here-documents and continued lines are the parser's.

use std::ops::Range;

use protocol::documents::DOCKERFILE;

use super::build::{Name, document, entry_at, list, string, unplaced};
use super::schema::DocumentError;
use crate::manifest::{Manifest, Node, Source, Span, Value};

/// A flag or an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it means: quotes of the exec form and line continuations are gone. Variables are not replaced.
    pub text: String,
    /// The bytes of the file that it was read from.
    pub range: Range<usize>,
}

/// How the command of an instruction is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JSON list, which runs without a shell.
    Exec,
    /// Anything else.
    Shell,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Shell => "shell",
        }
    }
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The bytes of the file that it takes, from its keyword to the end of its last argument or here-document.
    pub range: Range<usize>,
    /// Its first word. Case does not matter: rules see capital letters.
    pub keyword: Word,
    /// The build stage that it belongs to, from 0, its `FROM` included; none before the first `FROM`.
    pub stage: Option<u32>,
    /// How it is written.
    pub form: Form,
    /// What begins with `--`, in front of the arguments.
    pub flags: Vec<Word>,
    /// The items of the exec form; the whole command of a `RUN`, `CMD`, `ENTRYPOINT` or `SHELL` in the shell form; of others
    /// each word, such as `NAME=value` of an `ENV`.
    pub arguments: Vec<Word>,
}

/// The document with `spec.instructions`. `file` is the Dockerfile's path as people know it, and the document's name.
///
/// # Errors
/// The file is larger than a document may be, or an instruction is not in the text.
pub fn dockerfile(file: &str, text: String, instructions: &[Instruction]) -> Result<Manifest, DocumentError> {
    let source = Source::new(text);
    let items = instructions.iter().map(|instruction| node(&source, instruction)).collect::<Result<_, _>>()?;
    let spec = vec![entry_at("instructions", Span::default(), list(items))];
    document(&DOCKERFILE, file, Name { namespace: None, name: file }, source, spec)
}

fn node(source: &Source, instruction: &Instruction) -> Result<Node, DocumentError> {
    let place = |range: &Range<usize>| match source.text().get(range.clone()) {
        Some(_) => Ok(Span::new(range.start, range.end)),
        None => Err(DocumentError::Outside),
    };
    let words = |words: &[Word]| {
        let words = words.iter().map(|word| Ok(string(&word.text, place(&word.range)?)));
        words.collect::<Result<_, _>>().map(list)
    };
    let (all, keyword) = (place(&instruction.range)?, place(&instruction.keyword.range)?);
    let mut entries = vec![
        ("keyword", string(&instruction.keyword.text.to_ascii_uppercase(), keyword)),
        ("line", unplaced(Value::Number(source.position(all.start).line.into()))),
    ];
    entries.extend(instruction.stage.map(|stage| ("stage", unplaced(Value::Number(stage.into())))));
    entries.extend([
        ("form", string(instruction.form.name(), Span::default())),
        ("flags", words(&instruction.flags)?),
        ("arguments", words(&instruction.arguments)?),
        ("text", string(&source.slice(all), all)),
    ]);
    // A finding about what the instruction lacks points at its keyword.
    let entries = entries.into_iter().map(|(key, value)| entry_at(key, keyword, value));
    Ok(Node { value: Value::Mapping(entries.collect()), span: all })
}
