//! `seaworthy verify`: is what is in a registry signed by those who are trusted?

use std::path::PathBuf;

use registry::{Reference, RegistryError};
use serde_json::json;

use crate::exit::{BROKEN, HOLDS};
use crate::failure::Failure;
use crate::options::registry::{ArtifactFormat, RegistryOptions, SignatureOptions, failure, list, reference};
use crate::present::output::{self, BOLD, GREEN};

pub const EXAMPLES: &str = "\
Examples:
  seaworthy verify ghcr.io/shop/readiness:v1 --key cosign.pub
  seaworthy verify ghcr.io/shop/readiness:v1 --key cosign.pub \\
                    --annotation team=platform

Exit codes:
  0  it has the required signatures
  1  it does not
  2  could not be checked: no such artifact, no answer, an unreadable key";

#[derive(clap::Args)]
pub struct Args {
    /// What to verify: HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST; a bundle, a module, or any image.
    #[arg(value_parser = reference, value_name = "REFERENCE")]
    pub reference: Reference,

    /// A public key that must have signed it; if several are given, all of them.
    #[arg(long, required = true, value_name = "KEY.pub")]
    pub key: Vec<PathBuf>,

    #[command(flatten)]
    pub signature: SignatureOptions,

    #[command(flatten)]
    pub registry: RegistryOptions,

    /// How to print the answer.
    #[arg(long, value_enum, default_value_t = ArtifactFormat::Human, value_name = "FORMAT")]
    pub format: ArtifactFormat,
}

/// Runs the command; the exit code says whether it is signed.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let trust = options.signature.trust(&options.key)?;
    let reference = &options.reference;
    match options.registry.registry()?.verify(reference, &trust) {
        Ok(digest) => {
            let pinned = reference.at(digest);
            output::print(&match options.format {
                ArtifactFormat::Human => {
                    let keys = list(&options.key);
                    format!("{GREEN}verified{GREEN:#} {BOLD}{reference}{BOLD:#}, signed by {keys}\n  {pinned}\n")
                }
                ArtifactFormat::Json => {
                    let answer = json!({"reference": reference.to_string(), "verified": true, "digest": digest,
                                        "pinned": pinned.to_string()});
                    format!("{answer}\n")
                }
            })?;
            Ok(HOLDS)
        }
        Err(RegistryError::Signature { what, cause }) => {
            if options.format == ArtifactFormat::Json {
                let answer = json!({"reference": what, "verified": false, "reason": cause.to_string()});
                output::print(&format!("{answer}\n"))?;
            } else {
                output::complain(&RegistryError::Signature { what, cause }.to_string());
            }
            Ok(BROKEN)
        }
        Err(cause) => Err(failure(&cause)),
    }
}
