//! What was written from which template and answers, kept beside it, so that a newer template can be compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::answers::Answers;
use crate::plan::place;
use crate::render::{File, Rendered};
use crate::template::Template;

/// What the file is called.
pub const RECORD: &str = ".seaworthy-template.yaml";

/// What stands above a record.
const HEAD: &str = "# What this was made of. `--diff` compares it with the template of today. Commit this file, and leave it as it is.\n";

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The template: one of ours by its name, a folder, or an address in a registry.
    pub template: String,
    /// What the address stood for, in a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Its version.
    pub version: u32,
    /// All answers, the defaults of then among them.
    pub answers: BTreeMap<String, String>,
    /// The digest of each file as it was written.
    pub files: BTreeMap<String, String>,
}

/// Where a template comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What a record calls it.
    pub name: String,
    /// What stood there, if that is in a registry.
    pub digest: Option<String>,
}

/// Why a record is of no use.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It cannot be read.
    #[error("{} cannot be read: {cause}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It is no record.
    #[error("{} is not a record of a template: {cause}", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
}

/// What a newer template makes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has it, and it is not here.
    Added {
        /// Its text.
        text: String,
    },
    /// It has another text.
    Changed {
        /// The text here.
        old: String,
        /// The text of the template.
        new: String,
        /// Whether somebody changed the file here as well.
        is_edited: bool,
    },
    /// It has it no more.
    Removed,
    /// Its repository is not here, so that it was not compared.
    NotHere,
}

impl Record {
    /// The record of what is written.
    #[must_use]
    pub fn new(template: &Template, origin: &Origin, answers: &Answers, rendered: &Rendered) -> Self {
        let own = rendered.files.iter().filter(|file| !file.is_shared);
        Self {
            template: origin.name.clone(),
            digest: origin.digest.clone(),
            version: template.declaration.version,
            answers: answers.0.clone(),
            files: own.map(|file| (file.path.clone(), digest(&file.text))).collect(),
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// It cannot be read, or is not a record.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let text = fs::read_to_string(path).map_err(|cause| RecordError::Read { path: path.to_owned(), cause })?;
        serde_saphyr::from_str(&text)
            .map_err(|cause| RecordError::Form { path: path.to_owned(), cause: cause.to_string() })
    }

    /// The file that keeps it, in a folder of what was written.
    ///
    /// # Errors
    /// It cannot be written as YAML.
    pub fn file(&self, folder: &str) -> Result<File, RecordError> {
        let path = format!("{folder}/{RECORD}");
        let text = serde_saphyr::to_string(self)
            .map_err(|cause| RecordError::Form { path: PathBuf::from(&path), cause: cause.to_string() })?;
        Ok(File { path, text: format!("{HEAD}{text}"), is_shared: false })
    }

    /// What the files that a template makes today would change below a folder. A file that only people changed since then is
    /// no change.
    ///
    /// # Errors
    /// A file that is there cannot be read.
    pub fn changes(&self, folder: &Path, rendered: &Rendered) -> Result<BTreeMap<String, Change>, RecordError> {
        let mut changes = BTreeMap::new();
        for file in rendered.files.iter().filter(|file| !file.is_shared) {
            let path = place(folder, &file.path);
            let written = self.files.get(&file.path);
            let is_new = written.is_none_or(|written| *written != digest(&file.text));
            let repository = file.path.split('/').next().unwrap_or_default();
            if !place(folder, repository).exists() {
                changes.insert(repository.to_owned(), Change::NotHere);
                continue;
            }
            let old = match fs::read_to_string(&path) {
                Ok(old) => old,
                // Who deleted it did not want it.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                    if is_new {
                        changes.insert(file.path.clone(), Change::Added { text: file.text.clone() });
                    }
                    continue;
                }
                Err(cause) => return Err(RecordError::Read { path, cause }),
            };
            if is_new && old != file.text {
                let is_edited = written.is_none_or(|written| *written != digest(&old));
                changes.insert(file.path.clone(), Change::Changed { old, new: file.text.clone(), is_edited });
            }
        }
        for path in self.files.keys().filter(|path| !rendered.files.iter().any(|file| file.path == **path)) {
            if place(folder, path).exists() {
                changes.insert(path.clone(), Change::Removed);
            }
        }
        Ok(changes)
    }
}

fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().fold(String::from("sha256:"), |text, byte| text + &format!("{byte:02x}"))
}
