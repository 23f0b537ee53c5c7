//! What a module says of itself, read from its custom sections. Nothing is compiled and nothing runs: this is how a
//! bundle of strangers is looked through.

use engine::{RawSections, RefusalError, Sections};
use protocol::RuleMetadata;
use wasmparser::{Chunk, Parser, Payload};

use crate::{Limits, LoadError};

/// Reads a module's metadata without compiling or running it.
///
/// # Errors
/// The module is not WebAssembly, or a section is missing, twice there, too large or not what it should be.
pub fn sections(wasm: &[u8], limits: &Limits) -> Result<Sections, LoadError> {
    Ok(find(wasm, limits)?.read()?)
}

/// Reads our section alone, for whoever asks for no more: of a bundle's metadata the other is as much again.
///
/// # Errors
/// As [`sections`], but for what only the other section would show.
pub fn rule(wasm: &[u8], limits: &Limits) -> Result<Option<RuleMetadata>, LoadError> {
    Ok(find(wasm, limits)?.rule()?)
}

fn find<'a>(wasm: &'a [u8], limits: &Limits) -> Result<RawSections<'a>, LoadError> {
    check_size(wasm, limits)?;
    let mut found = RawSections::default();
    each_section(wasm, |payload| match payload {
        Payload::CustomSection(section) => Ok(found.take(section.name(), section.data(), limits.section_bytes)?),
        _ => Ok(()),
    })?;
    Ok(found)
}

pub(crate) const fn check_size(wasm: &[u8], limits: &Limits) -> Result<(), RefusalError> {
    let (size, limit) = (wasm.len(), limits.module_bytes);
    if size > limit { Err(RefusalError::TooLarge { size, limit }) } else { Ok(()) }
}

/// Goes through a module's sections, past its functions: they are most of it, and nothing is said there.
pub(crate) fn each_section<'a>(
    wasm: &'a [u8],
    mut look: impl FnMut(Payload<'a>) -> Result<(), LoadError>,
) -> Result<(), LoadError> {
    let (mut parser, mut rest) = (Parser::new(0), wasm);
    loop {
        let (consumed, payload) = match parser.parse(rest, true)? {
            Chunk::Parsed { consumed, payload } => (consumed, payload),
            Chunk::NeedMoreData(_) => return Err(LoadError::invalid("it ends too early")),
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match payload {
            Payload::CodeSectionStart { size, .. } => {
                parser.skip_section();
                let ends = || LoadError::invalid("its code ends too early");
                rest = rest.get(size as usize..).ok_or_else(ends)?;
            }
            Payload::End(_) => return Ok(()),
            payload => look(payload)?,
        }
    }
}
