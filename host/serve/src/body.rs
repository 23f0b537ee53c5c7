//! Reads the body of a request in bounded memory. An API server escapes `<`: an object of 1.4 MB arrives as 8.4 MB.

use std::time::Instant;

use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;

use crate::limits::Limits;
use crate::pool::Pool;

/// Bytes that are kept of a body that is too large. The uid is among them.
const HEAD: usize = 4096;

/// Why a body cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is read to its end all the same, so that the answer arrives. Only its beginning is kept.
    #[error("the request has more than {mebibytes} MiB")]
    TooLarge { head: Vec<u8>, mebibytes: usize },
    /// Other large bodies are being read.
    #[error("too many large requests at once")]
    Full(Vec<u8>),
    #[error("the request ended before its body: {0}")]
    Broken(String),
}

/// A body, and the permit to hold it if it is large.
pub struct Read {
    pub bytes: Vec<u8>,
    _large: Option<OwnedSemaphorePermit>,
}

/// Reads a body.
pub async fn read(mut body: Body, limits: &Limits, pool: &Pool, deadline: Instant) -> Result<Read, BodyError> {
    let (mut bytes, mut large, mut refused) = (Vec::new(), None, None);
    // A body that finds no place is read to its end in the rest of the time, so that its client gets an answer.
    let now = Instant::now();
    let until = now + deadline.saturating_duration_since(now) / 2;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|cause| BodyError::Broken(cause.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        if refused.is_some() {
            continue;
        }
        let length = bytes.len() + data.len();
        if length > limits.large_bytes && large.is_none() {
            match pool.large(until).await {
                Ok(place) => large = Some(place),
                Err(_) => refused = Some(BodyError::Full(head(&bytes))),
            }
        }
        if length > limits.body_bytes {
            refused = Some(BodyError::TooLarge { head: head(&bytes), mebibytes: limits.body_bytes >> 20 });
        }
        if refused.is_some() {
            (bytes, large) = (Vec::new(), None);
        } else {
            bytes.extend_from_slice(&data);
        }
    }
    match refused {
        None => Ok(Read { bytes, _large: large }),
        Some(cause) => Err(cause),
    }
}

fn head(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..HEAD).unwrap_or(bytes).to_vec()
}
