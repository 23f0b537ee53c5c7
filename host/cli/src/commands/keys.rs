//! `seaworthy keys`: a key pair to sign with, in cosign's form. It must not print the private key or its password.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use registry::KeyPair;

use crate::exit::HOLDS;
use crate::failure::Failure;
use crate::options::password::PasswordOptions;
use crate::present::output::{self, shown};

pub const EXAMPLES: &str = "\
Examples:
  COSIGN_PASSWORD=... seaworthy keys   cosign.key and cosign.pub in this folder
  pass show signing | seaworthy keys --password-stdin --output release

Keep the private key and its password apart, and give everybody the public one.";

#[derive(clap::Args)]
pub struct Args {
    /// The files' path without their ending: the private key is `<PATH>.key`, the public one `<PATH>.pub`. Neither may exist.
    #[arg(long, default_value = "cosign", value_name = "PATH")]
    pub output: PathBuf,

    #[command(flatten)]
    pub password: PasswordOptions,
}

/// Runs the command.
pub fn run(options: &Args) -> Result<u8, Failure> {
    let (private, public) = (ending(&options.output, "key"), ending(&options.output, "pub"));
    for path in [&private, &public] {
        if path.symlink_metadata().is_ok() {
            let message = format!(
                "{} exists already, and a replaced key cannot be restored: choose another --output",
                shown(path)
            );
            return Err(Failure::File(message));
        }
    }
    let password = options.password.read()?;
    let failed = |cause: registry::KeyError| Failure::File(format!("no key pair: {cause}"));
    let pair = KeyPair::generate().map_err(failed)?;
    create(&private, pair.to_encrypted_pem(&password).map_err(failed)?.as_bytes(), 0o600)?;
    create(&public, pair.public_pem().map_err(failed)?.as_bytes(), 0o644)?;
    output::print(&format!(
        "{}  the private key: keep it secret\n{}  the public key: share it\n",
        shown(&private),
        shown(&public)
    ))?;
    Ok(HOLDS)
}

/// The path with an ending. A dot that is in it already is a part of the name.
fn ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Writes a file that must not exist yet, not even as a link.
fn create(path: &Path, content: &[u8], mode: u32) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(path).and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.map_err(|cause| Failure::File(format!("{} cannot be written: {cause}", shown(path))))
}
