//! A module before it runs: what it says of itself, and why it is refused.
//!
//! Here are the answers that must not depend on who runs it. It must not know WebAssembly: whoever reads a module's bytes
//! hands over its custom sections one by one, and refuses in these words what is no policy.

use protocol::RuleMetadata;
use protocol::contract::{KUBEWARDEN_SECTION, RULE_SECTION};
use serde::Deserialize;
use serde_json::Value;

/// What a module says of itself. At least one of the two is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Sections {
    /// Ours: a rule. Absent in a policy of somebody else's.
    pub rule: Option<RuleMetadata>,
    /// Kubewarden's, an object with `protocolVersion` `"v1"`.
    pub kubewarden: Option<Value>,
}

/// The bytes of the two sections, each at most once.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawSections<'a> {
    rule: Option<&'a [u8]>,
    kubewarden: Option<&'a [u8]>,
}

impl<'a> RawSections<'a> {
    /// Takes a custom section, of no more than `limit` bytes, if it is one of the two.
    ///
    /// # Errors
    /// It is larger, or there already.
    pub fn take(&mut self, name: &str, data: &'a [u8], limit: usize) -> Result<(), RefusalError> {
        let (place, section) = match name {
            RULE_SECTION => (&mut self.rule, RULE_SECTION),
            KUBEWARDEN_SECTION => (&mut self.kubewarden, KUBEWARDEN_SECTION),
            _ => return Ok(()),
        };
        if data.len() > limit {
            return Err(RefusalError::SectionTooLarge { section, size: data.len(), limit });
        }
        match place.replace(data) {
            // Which of the two is meant would depend on who reads.
            Some(_) => Err(RefusalError::DuplicateSection(section)),
            None => Ok(()),
        }
    }

    /// Reads our section alone, for whoever asks for no more.
    ///
    /// # Errors
    /// It is not what it should be.
    pub fn rule(&self) -> Result<Option<RuleMetadata>, RefusalError> {
        self.rule.map(|data| read(RULE_SECTION, data)).transpose()
    }

    /// Reads both.
    ///
    /// # Errors
    /// Neither is there, or one is not what it should be.
    pub fn read(&self) -> Result<Sections, RefusalError> {
        let rule = self.rule()?;
        let kubewarden = self.kubewarden.map(|data| read::<Value>(KUBEWARDEN_SECTION, data)).transpose()?;
        if let Some(metadata) = &kubewarden {
            let version = metadata.get("protocolVersion").and_then(Value::as_str);
            if version != Some("v1") {
                let cause = match version {
                    Some(other) => format!("protocolVersion is {other:?}, expected \"v1\""),
                    None => "protocolVersion is missing, expected \"v1\"".to_owned(),
                };
                return Err(RefusalError::BadSection { section: KUBEWARDEN_SECTION, cause });
            }
        }
        if rule.is_none() && kubewarden.is_none() {
            return Err(RefusalError::NoMetadata);
        }
        Ok(Sections { rule, kubewarden })
    }
}

fn read<'a, T: Deserialize<'a>>(section: &'static str, data: &'a [u8]) -> Result<T, RefusalError> {
    serde_json::from_slice(data).map_err(|cause| RefusalError::BadSection { section, cause: cause.to_string() })
}

/// Whether a text may be the name of a rule or a policy: 1 to 100 lower-case letters, digits and `-`, of which the last does
/// not come first. It is an identifier in every output, and becomes the name of a file; it can be nothing else.
#[must_use]
pub fn is_rule_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=100).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(is_plain)
}

/// Why a module is refused, whoever would run it. Names come from the module, which may be hostile: they are shown escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusalError {
    /// It is larger than it may be; both in bytes.
    #[error("the module has {size} bytes, more than {limit}")]
    TooLarge {
        /// What it is.
        size: usize,
        /// What it may be.
        limit: usize,
    },
    /// Not a core WebAssembly module, or one that is not valid; where and why.
    #[error("not a valid WebAssembly module: {0}")]
    Invalid(String),
    /// It imports what no policy gets.
    #[error("it imports {module:?} {name:?}; a policy may import waPC and WASI preview 1 only")]
    ForeignImport {
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
    /// It lacks an export that the contract asks for.
    #[error("it does not export {0:?}")]
    MissingExport(&'static str),
    /// It says neither what rule nor what policy it is.
    #[error("it has neither of the sections {RULE_SECTION:?} and {KUBEWARDEN_SECTION:?}")]
    NoMetadata,
    /// It has a metadata section twice.
    #[error("it has the section {0:?} twice")]
    DuplicateSection(&'static str),
    /// A metadata section is larger than it may be; both in bytes.
    #[error("the section {section:?} has {size} bytes, more than {limit}")]
    SectionTooLarge {
        /// The section.
        section: &'static str,
        /// What it is.
        size: usize,
        /// What it may be.
        limit: usize,
    },
    /// A metadata section does not say what it should.
    #[error("the section {section:?} is wrong: {cause}")]
    BadSection {
        /// The section.
        section: &'static str,
        /// Why.
        cause: String,
    },
}
