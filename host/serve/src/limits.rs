//! What a client may use of the server. Plain numbers with defaults; it must not know how any of them is enforced.

use std::time::Duration;

/// What a client may use of the server. A hostile client gets exactly this much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long before its client gives up a request is answered. Default 200 ms.
    pub reserve: Duration,
    /// Bytes of a body. A larger one is read to its end, and not checked. Default 32 MiB.
    pub body_bytes: usize,
    /// A body of more bytes is large: large bodies are read one at a time. Default 3 MiB.
    pub large_bytes: usize,
    /// How long a client may send nothing. Default 180 s: an API server closes a connection after it was idle for 90 s, and if
    /// the server closed it first, the next request could fail.
    pub silence: Duration,
    /// How long the head of a request may take, from its first byte on. Default 20 s.
    pub head: Duration,
    /// How long a client may take to shake hands. Default 10 s.
    pub handshake: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reserve: Duration::from_millis(200),
            body_bytes: 32 << 20,
            large_bytes: 3 << 20,
            silence: Duration::from_secs(180),
            head: Duration::from_secs(20),
            handshake: Duration::from_secs(10),
        }
    }
}
