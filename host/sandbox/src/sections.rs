//! What a module says of itself, read from its custom sections. Nothing is compiled and nothing runs: this is how a
//! bundle of strangers is looked through.

use protocol::RuleMetadata;
use protocol::contract::{KUBEWARDEN_SECTION, RULE_SECTION};
use serde_json::Value;
use wasmparser::{Parser, Payload};

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
    if wasm.len() > limits.module_bytes {
        return Err(LoadError::TooLarge { size: wasm.len(), limit: limits.module_bytes });
    }
    let mut found = Found::default();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CustomSection(section) = payload.map_err(|error| LoadError::Invalid(error.to_string()))? {
            found.take(section.name(), section.data(), limits)?;
        }
    }
    found.parse()
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

    pub(crate) fn parse(&self) -> Result<Sections, LoadError> {
        let rule = self.rule.map(|data| parse::<RuleMetadata>(RULE_SECTION, data)).transpose()?;
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
