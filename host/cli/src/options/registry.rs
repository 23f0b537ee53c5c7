//! Registries, and the signatures on what is in them. It must not know what a module decides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use registry::{Identity, Options, PlainHttp, PublicKey, Reference, Registry, RegistryError, Trust};

use super::word::WordError;
use crate::failure::Failure;
use crate::present::output::shown;

/// How to talk to registries.
#[derive(Args)]
pub struct RegistryOptions {
    /// Use http for the registry. For a registry on this machine, http is the default.
    #[arg(long)]
    pub plain_http: bool,
}

impl RegistryOptions {
    /// A client of registries that is used so.
    pub fn registry(&self) -> Result<Registry, Failure> {
        let plain_http = if self.plain_http { PlainHttp::Always } else { PlainHttp::default() };
        Registry::new(Options { plain_http, ..Options::default() }).map_err(|cause| failure(&cause))
    }
}

/// Whose signatures count.
#[derive(Args, Default)]
pub struct SignatureOptions {
    /// An annotation that the signature must have; may be given several times.
    #[arg(long, value_parser = annotation, value_name = "NAME=VALUE")]
    pub annotation: Vec<(String, String)>,

    /// Accept a signature that was made for another repository: the artifact may be a copy. Without it, nobody can
    /// pass off another artifact of the same signer as this one.
    #[arg(long)]
    pub any_repository: bool,
}

impl SignatureOptions {
    /// What must be signed, and by these keys.
    pub fn trust(&self, keys: &[PathBuf]) -> Result<Trust, Failure> {
        let keys: Result<Vec<PublicKey>, Failure> = keys.iter().map(|path| public_key(path)).collect();
        let identity = if self.any_repository { Identity::Any } else { Identity::SameRepository };
        Ok(Trust { keys: keys?, annotations: annotations(&self.annotation), identity })
    }

    /// The same where keys may be given, by `--verify`; nothing, if none is.
    ///
    /// # Errors
    /// A key cannot be read, or something is asked of signatures, but of nobody's.
    pub fn trust_if_asked(&self, keys: &[PathBuf]) -> Result<Option<Trust>, Failure> {
        if !keys.is_empty() {
            return self.trust(keys).map(Some);
        }
        if self.annotation.is_empty() && !self.any_repository {
            return Ok(None);
        }
        Err(Failure::Usage("--annotation and --any-repository need a key: --verify KEY.pub".to_owned()))
    }
}

/// How to print what was done.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArtifactFormat {
    /// For people.
    Human,
    /// For scripts, see `docs/registry.md`.
    Json,
}

/// The largest file that a key is in, in bytes.
const KEY_BYTES: usize = 64 << 10;

fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let wrong = |cause: String| Failure::File(format!("{} {cause}", shown(path)));
    PublicKey::from_pem(&key_file(path)?).map_err(|cause| wrong(cause.to_string()))
}

/// The bytes of a file that a key is in.
pub fn key_file(path: &Path) -> Result<Vec<u8>, Failure> {
    sources::read_regular(path, KEY_BYTES).map_err(|cause| Failure::File(format!("{} {cause}", shown(path))))
}

pub fn annotations(given: &[(String, String)]) -> BTreeMap<String, String> {
    given.iter().cloned().collect()
}

pub fn annotation(word: &str) -> Result<(String, String), WordError> {
    match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(WordError::NoValue),
    }
}

/// Reads a reference where one is typed.
pub fn reference(word: &str) -> Result<Reference, WordError> {
    word.parse().map_err(WordError::NoReference)
}

pub fn failure(cause: &RegistryError) -> Failure {
    Failure::Registry(cause.to_string())
}

/// Paths in a message.
pub fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ")
}
