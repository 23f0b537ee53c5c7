//! What a registry may be asked with, and how much it may answer.

use std::time::Duration;

/// How to talk to registries. The default is what the command line uses.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where http may be spoken instead of https.
    pub plain_http: PlainHttp,
    /// Whose credentials to send.
    pub credentials: Credentials,
    /// How much and how long.
    pub limits: Limits,
}

/// Where http may be spoken instead of https.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// Nowhere.
    Never,
    /// With a registry on this machine: `localhost` or 127.0.0.0/8.
    #[default]
    Loopback,
    /// With every registry.
    Always,
}

/// Whose credentials to send to a registry that asks for some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Those of Docker's `config.json` (in `DOCKER_CONFIG`, or `~/.docker`), its credential helpers included; where it has
    /// none for a registry, the registry is asked as nobody.
    #[default]
    Docker,
    /// Nobody's.
    Anonymous,
}

/// How much a registry may answer, and how long it may take. Bytes are counted as they arrive: what is too much is cut off,
/// not looked at afterwards.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a module. The sandbox takes no larger ones.
    pub module_bytes: u64,
    /// Bytes of all modules of a bundle together.
    pub bundle_bytes: u64,
    /// Bytes of a configuration. People write them by hand.
    pub configuration_bytes: u64,
    /// Bytes of a manifest or an index, and of an image's configuration. Registries need not take larger ones
    /// ([distribution spec](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests)).
    pub manifest_bytes: u64,
    /// Bytes of what a signature is about.
    pub payload_bytes: u64,
    /// Bytes of a token, and of an error.
    pub message_bytes: u64,
    /// Layers of a manifest, and manifests of an index.
    pub entries: usize,
    /// Signatures looked at.
    pub signatures: usize,
    /// Redirects followed for one request.
    pub redirects: usize,
    /// To connect.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// For one request, its whole answer included.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            module_bytes: 32 << 20,
            bundle_bytes: 256 << 20,
            configuration_bytes: 1 << 20,
            manifest_bytes: 4 << 20,
            payload_bytes: 64 << 10,
            message_bytes: 64 << 10,
            entries: 1000,
            signatures: 50,
            redirects: 5,
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            request: Duration::from_secs(300),
        }
    }
}
