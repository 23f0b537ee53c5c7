//! Knows Dockerfiles by their names and reads each into a document, for rules that check them.
//!
//! It must not know where they lie, nor what a Dockerfile should say.

mod line;
mod parse;
mod words;

use std::path::Path;

use engine::File;
use engine::documents::dockerfile;
use engine::manifest::Manifest;
use protocol::RuleMetadata;
use protocol::documents::DOCKERFILE;

use crate::error::ReadError;
use crate::files::{Dockerfile, Files, Origin};
use crate::read::{name, read_regular};

/// Whether any of the rules checks Dockerfiles or looks them up.
pub fn asks_for_dockerfiles<'a>(mut rules: impl Iterator<Item = &'a RuleMetadata>) -> bool {
    rules.any(|rule| DOCKERFILE.is_asked_for_by(rule))
}

/// Whether a file is a Dockerfile by its name: `Dockerfile`, `Dockerfile.dev`, `web.dockerfile`, `Containerfile`. What a
/// template engine has yet to fill in does not count, nor what Docker leaves out.
pub fn is_dockerfile(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()) else { return false };
    let has = |known: &str| {
        name == known
            || name.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'))
            || name.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'))
    };
    let ends = name.rsplit('.').next().unwrap_or_default();
    (has("dockerfile") || has("containerfile")) && !OTHER.contains(&ends)
}

/// Endings of files that are about Dockerfiles, or become one.
const OTHER: [&str; 14] = [
    "dockerignore",
    "containerignore",
    "tmpl",
    "tpl",
    "template",
    "gotmpl",
    "j2",
    "jinja",
    "jinja2",
    "erb",
    "in",
    "yaml",
    "yml",
    "json",
];

/// Reads the Dockerfiles that were found, and tells of those that are left out.
pub fn read_dockerfiles(files: &mut Files) {
    for Dockerfile { path, real, left_out } in std::mem::take(&mut files.dockerfiles) {
        match left_out {
            Some(reason) => files.skip(&path, reason),
            None => read_one(&path, &real, files),
        }
    }
}

fn read_one(path: &Path, real: &Path, files: &mut Files) {
    match manifest(path, real) {
        Ok(Some(manifest)) => {
            let project = files.projects.project(real);
            files.add(File { manifest, project }, Origin::Disk(path.to_owned()));
        }
        Ok(None) => files.skip(path, "a template of a Dockerfile"),
        Err(cause) => files.fail(path, &cause),
    }
}

/// The document; `None` where a template engine has yet to make a Dockerfile of the text.
fn manifest(path: &Path, real: &Path) -> Result<Option<Manifest>, ReadError> {
    let bytes = read_regular(real, DOCKERFILE.bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| ReadError::NotText)?;
    match parse::parse(&text) {
        Err(_) if text.contains("{{") || text.contains("{%") => Ok(None),
        Err(cause) => Err(ReadError::Dockerfile(cause)),
        Ok(instructions) => Ok(Some(dockerfile(&name(path), text, &instructions)?)),
    }
}

#[cfg(test)]
mod tests;
