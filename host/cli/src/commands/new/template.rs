//! Where the template of a service comes from: the binary, a folder, or a registry.
//!
//! What a registry has is fetched by digest, and verified before that where keys are given. The module must not know what a
//! template makes.

use std::path::{Path, PathBuf};

use registry::{Reference, TEMPLATE_TYPE};
use scaffold::{Origin, TEMPLATE_BYTES, Template};

use super::write::SERVICE;
use crate::failure::Failure;
use crate::options::registry::{RegistryOptions, SignatureOptions, failure};
use crate::present::output::warn;

/// Which template.
#[derive(clap::Args)]
pub struct TemplateOptions {
    /// Use this template instead of the one in the binary: a folder, or `registry://HOST/REPOSITORY:TAG`.
    #[arg(long, value_name = "DIR|REFERENCE")]
    pub template: Option<String>,

    /// A public key that must have signed the template in the registry; of several, each.
    #[arg(long, value_name = "KEY.pub")]
    pub verify: Vec<PathBuf>,

    #[command(flatten)]
    pub signature: SignatureOptions,

    #[command(flatten)]
    pub registry: RegistryOptions,
}

impl TemplateOptions {
    /// The template that is named, or else that of a record, or else ours.
    ///
    /// # Errors
    /// It cannot be had, is not signed as it must be, or is no template.
    pub fn find(&self, recorded: Option<&str>) -> Result<(Template, Origin), Failure> {
        let trust = self.signature.trust_if_asked(&self.verify)?;
        let name = self.template.as_deref().or(recorded).unwrap_or(SERVICE);
        let origin = Origin { name: name.to_owned(), digest: None };
        let file = |cause: &dyn ToString| Failure::File(cause.to_string());
        let Some(reference) = Reference::of_address(name) else {
            if trust.is_some() {
                return Err(Failure::Usage(format!(
                    "--verify is for a template in a registry, and {name} is not an address there: leave --verify \
                     out, or name the template as registry://HOST/REPOSITORY:TAG"
                )));
            }
            let is_ours = name == SERVICE && self.template.is_none();
            let template = if is_ours { Template::built_in(name) } else { Template::read(Path::new(name)) };
            return Ok((template.map_err(|cause| file(&cause))?, origin));
        };
        let reference = reference.map_err(|cause| Failure::Usage(format!("{name}: {cause}")))?;
        let registry = self.registry.registry()?;
        let digest = match &trust {
            Some(trust) => registry.verify(&reference, trust),
            None => {
                warn(&format!("{reference} is not verified: give the key that signs it, --verify KEY.pub"));
                registry.resolve(&reference)
            }
        };
        // What was verified is a digest, and nothing else is fetched.
        let digest = digest.map_err(|cause| failure(&cause))?;
        let pulled = registry.pull_files(&reference.at(digest), TEMPLATE_TYPE, TEMPLATE_BYTES);
        let pulled = pulled.map_err(|cause| failure(&cause))?;
        let template = Template::of_files(&reference.to_string(), pulled.files).map_err(|cause| file(&cause))?;
        Ok((template, Origin { digest: Some(digest.to_string()), ..origin }))
    }
}
