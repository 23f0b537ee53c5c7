//! Where the modules are: by the tag under which each is published, or by the digest under which `seaworthy push` put it.

use std::collections::BTreeMap;
use std::path::Path;

use registry::{Reference, SCHEME};
use serde::Deserialize;

use super::Args;
use crate::failure::Failure;

/// What is known of the places of all modules.
pub enum Places {
    /// By their own word, as far as the command line says nothing else.
    Published { registry: Option<String>, tag: Option<String> },
    /// By rule, `HOST/REPOSITORY@DIGEST`.
    Pushed(BTreeMap<String, String>),
}

/// Where one module is.
pub struct Place {
    /// `registry://` and a reference.
    pub module: String,
    /// The reference without the rule's name, and the tag, where the two are all there is to it.
    pub parts: Option<(String, String)>,
}

/// What `seaworthy push --format json` prints, as far as it matters here.
#[derive(Deserialize)]
struct Pushed {
    modules: Vec<PushedModule>,
}

#[derive(Deserialize)]
struct PushedModule {
    rule: Option<String>,
    pinned: String,
}

/// The most that such a file has.
const FILE_BYTES: usize = 1 << 20;

impl Places {
    /// Reads the file, if one is given.
    ///
    /// # Errors
    /// `seaworthy push` did not print it.
    pub fn new(options: &Args) -> Result<Self, Failure> {
        let base = |registry: &String| Reference::without_scheme(registry).trim_end_matches('/').to_owned();
        match &options.pushed {
            None => Ok(Self::Published { registry: options.registry.as_ref().map(base), tag: options.tag.clone() }),
            Some(path) => pushed(path),
        }
    }

    /// The place of a rule's module, which says that it is published at `url`.
    ///
    /// # Errors
    /// It is nowhere, or there can be nothing of that name.
    pub fn of(&self, rule: &str, url: &str, version: &str) -> Result<Place, Failure> {
        let missing = |message: &str| Failure::Usage(format!("{rule} {message}"));
        let place = match self {
            Self::Pushed(modules) => {
                let pinned = modules.get(rule).ok_or_else(|| missing("is not among the modules that were pushed"))?;
                Place { module: format!("{SCHEME}{pinned}"), parts: None }
            }
            Self::Published { registry, tag } => {
                let tag = tag.clone().unwrap_or_else(|| format!("v{version}"));
                let own = url.strip_suffix(rule).and_then(|base| base.strip_suffix('/'));
                match registry.as_deref().or(own) {
                    Some(base) => {
                        let module = format!("{SCHEME}{base}/{rule}:{tag}");
                        Place { module, parts: Some((base.to_owned(), tag)) }
                    }
                    None if url.is_empty() => {
                        return Err(missing("does not say where it is published: give --registry BASE"));
                    }
                    // One of somebody else's, who calls it something else there.
                    None => Place { module: format!("{SCHEME}{url}:{tag}"), parts: None },
                }
            }
        };
        // A policy-server would find out only when it is to run.
        place.module.parse::<Reference>().map_err(|cause| Failure::Usage(cause.to_string()))?;
        Ok(place)
    }
}

fn pushed(path: &Path) -> Result<Places, Failure> {
    let shown = path.display();
    let bytes = sources::read_regular(path, FILE_BYTES).map_err(|cause| Failure::File(format!("{shown} {cause}")))?;
    let wrong =
        |cause: String| Failure::File(format!("{shown} is not what `seaworthy push --format json` prints: {cause}"));
    let pushed: Pushed = serde_json::from_slice(&bytes).map_err(|cause| wrong(cause.to_string()))?;
    let mut places = BTreeMap::new();
    for PushedModule { rule, pinned } in pushed.modules {
        let reference = pinned.parse::<Reference>().map_err(|cause| wrong(cause.to_string()))?;
        if reference.digest().is_none() {
            return Err(wrong(format!("`{pinned}` has no digest")));
        }
        if let Some(rule) = rule {
            places.insert(rule, pinned);
        }
    }
    Ok(Places::Pushed(places))
}
