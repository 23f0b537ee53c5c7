//! This program under the name that kustomize calls helm by: it passes on what it knows, and fetches nothing.
//!
//! It must not know a command of its own.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::exit::UNDECIDED;
use crate::present::output;

/// The arguments, where this program was called by that name.
pub fn asked() -> Option<Vec<OsString>> {
    let mut arguments = env::args_os();
    let name = arguments.next()?;
    let is_helm = Path::new(&name).file_name().is_some_and(|name| name == sources::HELM_WRAPPER);
    is_helm.then(|| arguments.collect())
}

/// Becomes the real helm; comes back only where nothing is run.
pub fn run(arguments: &[OsString]) -> u8 {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let (helm, version) = (variable("SEAWORTHY_HELM"), variable("SEAWORTHY_KUBE_VERSION"));
    let (stage, has_network) = (variable("SEAWORTHY_STAGE"), !variable("SEAWORTHY_NETWORK").is_empty());
    match sources::helm_arguments(arguments, &version, has_network, Path::new(&stage)) {
        Ok(arguments) => {
            let cause = Command::new(&helm).args(arguments).exec();
            output::complain(&format!("helm cannot be run: {cause}"));
        }
        Err(refused) => output::complain(&refused.to_string()),
    }
    UNDECIDED
}
