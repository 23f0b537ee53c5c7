//! Where a password comes from.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use clap::Args;

use crate::failure::Failure;

/// Where the private key's password comes from. Never from the command line, which others can see.
#[derive(Args)]
pub struct PasswordOptions {
    /// Read the private key's password from the first line of standard input instead of from COSIGN_PASSWORD.
    #[arg(long)]
    pub password_stdin: bool,
}

/// The environment variable that cosign reads as well.
const VARIABLE: &str = "COSIGN_PASSWORD";

/// The longest password, in bytes.
const PASSWORD_BYTES: u64 = 4096;

impl PasswordOptions {
    /// The password. It may be empty if somebody said so.
    pub fn read(&self) -> Result<Vec<u8>, Failure> {
        if self.password_stdin {
            if io::stdin().is_terminal() {
                let message = "--password-stdin reads a pipe or a file: what is typed here would be seen";
                return Err(Failure::Usage(message.to_owned()));
            }
            let mut line = String::new();
            let read = io::stdin().lock().take(PASSWORD_BYTES).read_line(&mut line);
            read.map_err(|cause| Failure::File(format!("the password cannot be read: {cause}")))?;
            return Ok(line.trim_end_matches(['\r', '\n']).as_bytes().to_vec());
        }
        let password = std::env::var(VARIABLE).map(String::into_bytes);
        password.map_err(|_| {
            let message =
                format!("the private key has a password: set {VARIABLE} (empty for none), or --password-stdin");
            Failure::Usage(message)
        })
    }
}
