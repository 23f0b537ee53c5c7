//! Where templates come from: ours are in the binary, a team's own is a folder, or files that somebody else has fetched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::declaration::Declaration;

/// Our templates: `<name>/<path>`, and the text.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// What says how the others are used.
const DECLARATION: &str = "template.yaml";

/// Bytes of a template's files, together: more is no template.
pub const BYTES: u64 = 16 << 20;

/// A template: a declaration and files.
#[derive(Clone, Debug)]
pub struct Template {
    /// What it says of itself.
    pub declaration: Declaration,
    /// Its files by their paths, the declaration aside.
    pub files: BTreeMap<String, String>,
}

/// Why something is no template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// No template has that name.
    #[error("there is no template `{0}`")]
    Unknown(String),
    /// A file cannot be read.
    #[error("{} cannot be read: {cause}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A file is not a regular file.
    #[error("{} is a link or no regular file, which a template must not have", .0.display())]
    Special(PathBuf),
    /// A file is no text.
    #[error("{path} of {place} is not UTF-8")]
    NoText {
        /// Where it was fetched from.
        place: String,
        /// The file.
        path: String,
    },
    /// All is too much.
    #[error("{} holds more than {} MiB, which is too much for a template", .0.display(), BYTES >> 20)]
    Large(PathBuf),
    /// The declaration is missing or says something wrong.
    #[error("{place}: {cause}")]
    Declaration {
        /// The declaration.
        place: String,
        /// What is wrong, and where in it.
        cause: String,
    },
}

impl Template {
    /// One of ours.
    ///
    /// # Errors
    /// No template has that name.
    pub fn built_in(name: &str) -> Result<Self, TemplateError> {
        let files = BUILT_IN.iter().filter_map(|(path, text)| {
            let path = path.strip_prefix(name)?.strip_prefix('/')?;
            Some((path.to_owned(), (*text).to_owned()))
        });
        let files: BTreeMap<_, _> = files.collect();
        if files.is_empty() {
            return Err(TemplateError::Unknown(name.to_owned()));
        }
        Self::new(name, files)
    }

    /// The template in a folder.
    ///
    /// # Errors
    /// It cannot be read, or is not a template.
    pub fn read(folder: &Path) -> Result<Self, TemplateError> {
        Self::new(&folder.display().to_string(), read(folder)?)
    }

    /// All files of the template in a folder, the declaration among them, for whoever passes them on.
    ///
    /// # Errors
    /// They cannot be read, or are no template.
    pub fn files(folder: &Path) -> Result<BTreeMap<String, String>, TemplateError> {
        let files = read(folder)?;
        Self::new(&folder.display().to_string(), files.clone()).map(|_| files)
    }

    /// The template of these files, as they were fetched from a place.
    ///
    /// # Errors
    /// One of them is no text, or they are no template.
    pub fn of_files(place: &str, files: BTreeMap<String, Vec<u8>>) -> Result<Self, TemplateError> {
        let text = |(path, bytes): (String, Vec<u8>)| match String::from_utf8(bytes) {
            Ok(text) => Ok((path, text)),
            Err(_) => Err(TemplateError::NoText { place: place.to_owned(), path }),
        };
        Self::new(place, files.into_iter().map(text).collect::<Result<_, _>>()?)
    }

    fn new(place: &str, mut files: BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let wrong = |cause: String| TemplateError::Declaration { place: format!("{place}/{DECLARATION}"), cause };
        let text = files.remove(DECLARATION).ok_or_else(|| wrong("is not there, so this is no template".into()))?;
        let declaration: Declaration = serde_saphyr::from_str(&text).map_err(|cause| wrong(cause.to_string()))?;
        for part in &declaration.files {
            let below = format!("{}/", part.from);
            if !files.keys().any(|path| *path == part.from || path.starts_with(&below)) {
                return Err(wrong(format!("`from: {}` is not in the template", part.from)));
            }
        }
        for answer in &declaration.answers {
            if let Some(pattern) = &answer.pattern {
                regex_lite::Regex::new(pattern).map_err(|cause| {
                    wrong(format!("the pattern of `{}` is not a regular expression: {cause}", answer.name))
                })?;
            }
        }
        Ok(Self { declaration, files })
    }
}

/// The files of a folder, by their paths in it.
///
/// # Errors
/// One of them cannot be read, or is no text.
fn read(folder: &Path) -> Result<BTreeMap<String, String>, TemplateError> {
    let error = |path: &Path| {
        let path = path.to_owned();
        |cause| TemplateError::Read { path, cause }
    };
    let (mut files, mut bytes) = (BTreeMap::new(), 0);
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|cause| error(folder)(cause.into()))?;
        let path = entry.path();
        if entry.file_type().is_dir() {
            continue;
        }
        if !entry.file_type().is_file() {
            return Err(TemplateError::Special(path.to_owned()));
        }
        bytes += entry.metadata().map_err(|cause| error(path)(cause.into()))?.len();
        if bytes > BYTES {
            return Err(TemplateError::Large(folder.to_owned()));
        }
        let text = fs::read_to_string(path).map_err(error(path))?;
        let below = path.strip_prefix(folder).unwrap_or(path);
        let steps: Vec<_> = below.iter().map(|step| step.to_string_lossy()).collect();
        files.insert(steps.join("/"), text);
    }
    Ok(files)
}
