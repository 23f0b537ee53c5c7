//! Who must have signed what comes out of a registry: those who are named on the command line, and those whom the
//! configuration names for the place that it is in. It must not know what a policy is.

use engine::config::{Config, SignatureConfig};
use registry::{Identity, PublicKey, Reference, Registry, RegistryError, Trust};

use crate::failure::Failure;
use crate::options::policies::PolicyOptions;
use crate::present::output::one_line;

/// Why a policy is not pinned.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The registry does not give it, or somebody has not signed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The configuration names signers, but none for this place.
    #[error("no entry of `signatures` in the configuration names a key for {0}: add one, or give --verify KEY.pub")]
    Nobody(String),
}

/// All who are trusted in this run.
pub struct Trusted {
    /// By the command line, with every policy.
    everywhere: Option<Trust>,
    /// By the configuration, each with what is below a place.
    below: Vec<(String, Trust)>,
}

impl Trusted {
    /// Nobody is asked to have signed anything.
    pub const fn without_signatures() -> Self {
        Self { everywhere: None, below: Vec::new() }
    }

    /// Reads all keys, before any registry is asked.
    ///
    /// # Errors
    /// A key cannot be read, or is not valid; something is asked of signatures, but of nobody's.
    pub fn read(options: &PolicyOptions, config: &Config) -> Result<Self, Failure> {
        let everywhere = options.signature.trust_if_asked(&options.verify)?;
        Ok(Self { everywhere, ..Self::configured(&config.signatures)? })
    }

    /// Those whom a configuration names alone.
    ///
    /// # Errors
    /// A key is not valid.
    pub fn configured(signatures: &[SignatureConfig]) -> Result<Self, Failure> {
        let below = signatures.iter().map(|said| Ok((said.of.clone(), trust(said)?)));
        Ok(Self { everywhere: None, below: below.collect::<Result<_, Failure>>()? })
    }

    /// All who must have signed what is in this repository.
    pub fn of(&self, reference: &Reference) -> Vec<&Trust> {
        let name = reference.name();
        let below = self.below.iter().filter(|(place, _)| is_below(&name, place)).map(|(_, trust)| trust);
        self.everywhere.iter().chain(below).collect()
    }

    /// Whether the command line wants every policy signed.
    pub fn wants_all_signed(&self) -> bool {
        self.everywhere.is_some()
    }

    /// The policy at the digest that all have signed who must, or at that of its tag where nobody is named.
    ///
    /// # Errors
    /// Somebody has not signed, or the configuration names signers, but none for this place; or the registry's answer.
    pub fn pin(&self, registry: &Registry, reference: &Reference) -> Result<Reference, PinError> {
        let all = self.of(reference);
        if all.is_empty() && !self.below.is_empty() {
            return Err(PinError::Nobody(reference.name()));
        }
        // The registry's client resolves a tag once, so this is one digest.
        let mut digest = registry.resolve(reference)?;
        for trust in all {
            digest = registry.verify(&reference.at(digest), trust)?;
        }
        Ok(reference.at(digest))
    }
}

fn trust(said: &SignatureConfig) -> Result<Trust, Failure> {
    let keys = said.public_keys.iter().enumerate().map(|(place, key)| {
        PublicKey::from_pem(key.as_bytes()).map_err(|cause| {
            let (of, number) = (one_line(&said.of), place + 1);
            Failure::Usage(format!("the configuration, signatures of {of}: key {number} {cause}"))
        })
    });
    let identity = if said.any_repository { Identity::Any } else { Identity::SameRepository };
    Ok(Trust { keys: keys.collect::<Result<_, _>>()?, annotations: said.annotations.clone(), identity })
}

/// `ghcr.io/shop` has `ghcr.io/shop/web` below it, and itself, but not `ghcr.io/shopping`.
fn is_below(name: &str, place: &str) -> bool {
    name.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
