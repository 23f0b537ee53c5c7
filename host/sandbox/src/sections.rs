//! What a module says of itself, read from its custom sections. Nothing is compiled and nothing runs: this is how a
//! bundle of strangers is looked through.

use protocol::RuleMetadata;
use protocol::contract::{KUBEWARDEN_SECTION, RULE_SECTION};
use serde_json::Value;
use wasmparser::{Chunk, Parser, Payload};

use crate::{Limits, LoadError};

/// What a module says of itself. At least one of the two is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Sections {
    /// Ours: a rule. Absent in a policy of somebody else's.
    pub rule: Option<RuleMetadata>,
    /// Kubewarden's, an object with `protocolVersion` `"v1"`.
    pub kubewarden: Option<Value>,
}

/// Reads a module's metadata without compiling or running it.
///
/// # Errors
/// The module is not WebAssembly, or a section is missing, twice there, too large or not what it should be.
pub fn sections(wasm: &[u8], limits: &Limits) -> Result<Sections, LoadError> {
    find(wasm, limits)?.parse()
}

/// Reads our section alone, for whoever asks for no more: of a bundle's metadata the other is as much again.
///
/// # Errors
/// As [`sections`], but for what only the other section would show.
pub fn rule(wasm: &[u8], limits: &Limits) -> Result<Option<RuleMetadata>, LoadError> {
    find(wasm, limits)?.rule()
}

fn find<'a>(wasm: &'a [u8], limits: &Limits) -> Result<Found<'a>, LoadError> {
    if wasm.len() > limits.module_bytes {
        return Err(LoadError::TooLarge { size: wasm.len(), limit: limits.module_bytes });
    }
    let mut found = Found::default();
    each_section(wasm, |payload| match payload {
        Payload::CustomSection(section) => found.take(section.name(), section.data(), limits),
        _ => Ok(()),
    })?;
    Ok(found)
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
            Chunk::NeedMoreData(_) => return Err(LoadError::Invalid("it ends too early".into())),
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match payload {
            Payload::CodeSectionStart { size, .. } => {
                parser.skip_section();
                let ends = || LoadError::Invalid("its code ends too early".into());
                rest = rest.get(size as usize..).ok_or_else(ends)?;
            }
            Payload::End(_) => return Ok(()),
            payload => look(payload)?,
        }
    }
}

/// The sections' bytes, each at most once.
#[derive(Default)]
pub(crate) struct Found<'a> {
    rule: Option<&'a [u8]>,
    kubewarden: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    /// Takes a custom section if it is one of the two.
    pub(crate) fn take(&mut self, name: &str, data: &'a [u8], limits: &Limits) -> Result<(), LoadError> {
        let (place, section) = match name {
            RULE_SECTION => (&mut self.rule, RULE_SECTION),
            KUBEWARDEN_SECTION => (&mut self.kubewarden, KUBEWARDEN_SECTION),
            _ => return Ok(()),
        };
        if data.len() > limits.section_bytes {
            return Err(LoadError::SectionTooLarge { section, size: data.len(), limit: limits.section_bytes });
        }
        match place.replace(data) {
            // Which of the two is meant would depend on who reads.
            Some(_) => Err(LoadError::DuplicateSection(section)),
            None => Ok(()),
        }
    }

    fn rule(&self) -> Result<Option<RuleMetadata>, LoadError> {
        self.rule.map(|data| parse(RULE_SECTION, data)).transpose()
    }

    pub(crate) fn parse(&self) -> Result<Sections, LoadError> {
        let rule = self.rule()?;
        let kubewarden = self.kubewarden.map(|data| parse::<Value>(KUBEWARDEN_SECTION, data)).transpose()?;
        if let Some(metadata) = &kubewarden {
            let version = metadata.get("protocolVersion").and_then(Value::as_str);
            if version != Some("v1") {
                let cause = match version {
                    Some(other) => format!("protocolVersion is {other:?}, expected \"v1\""),
                    None => "protocolVersion is missing, expected \"v1\"".to_owned(),
                };
                return Err(LoadError::BadSection { section: KUBEWARDEN_SECTION, cause });
            }
        }
        if rule.is_none() && kubewarden.is_none() {
            return Err(LoadError::NoMetadata);
        }
        Ok(Sections { rule, kubewarden })
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(section: &'static str, data: &'a [u8]) -> Result<T, LoadError> {
    serde_json::from_slice(data).map_err(|error| LoadError::BadSection { section, cause: error.to_string() })
}
