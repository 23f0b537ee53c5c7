//! One request and its whole answer: bounded in time and size, and tried again where the API says that this helps.
//!
//! It must not know what is asked for.

use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::Body;
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use crate::error::{RequestError, Status, credentials};

/// Bytes of one answer. Pages of usual objects have one or two MiB.
const ANSWER_BYTES: usize = 64 << 20;

/// Bytes of one line of an answer that goes on: an object has a few MiB at most, and more where it is escaped.
const LINE_BYTES: usize = 32 << 20;

/// How often a request is tried again.
const RETRIES: u32 = 4;

/// How long is waited before the first retry; each further one takes twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Talks to one API server.
#[derive(Clone)]
pub struct Api {
    client: kube::Client,
    request_timeout: Duration,
}

impl Api {
    pub const fn new(client: kube::Client, request_timeout: Duration) -> Self {
        Self { client, request_timeout }
    }

    /// The answer to a request that may be sent more than once.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Vec<u8>, RequestError> {
        let mut wait = FIRST_WAIT;
        for _ in 0..RETRIES {
            let asked_for = match self.once(request.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(Failure { cause, retry: Retry::Never }) => return Err(cause),
                Err(Failure { retry: Retry::After(time), .. }) => time,
            };
            sleep(asked_for.map_or(wait, |time| time.min(LONGEST_WAIT))).await;
            wait *= 2;
        }
        self.once(request).await.map_err(|failure| failure.cause)
    }

    /// An answer that goes on for as long as the server likes, line by line. It ends as an error where nothing comes for
    /// so long. It is asked for once: whoever follows something knows best when to ask again.
    pub async fn lines(&self, request: Request<Vec<u8>>, silence: Duration) -> Result<Lines, RequestError> {
        let answer = match timeout(self.request_timeout, self.client.send(request.map(Body::from))).await {
            Err(_) => return Err(RequestError::Timeout(self.request_timeout)),
            Ok(answer) => answer.map_err(|cause| unreachable(&cause).cause)?,
        };
        let (status, body) = (answer.status(), answer.into_body());
        if status.is_success() {
            return Ok(Lines { body, silence, begun: Vec::new(), whole: VecDeque::new() });
        }
        // What is said of a refusal is short.
        let body = timeout(self.request_timeout, Limited::new(body, LINE_BYTES).collect()).await;
        let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
        Err(RequestError::Refused(read_status(status.as_u16(), &body).0))
    }

    async fn once(&self, request: Request<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        match timeout(self.request_timeout, self.whole(request)).await {
            Ok(answer) => answer,
            // What took this long would take as long again.
            Err(_) => Err(Failure::last(RequestError::Timeout(self.request_timeout))),
        }
    }

    async fn whole(&self, request: Request<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let answer = self.client.send(request.map(Body::from)).await.map_err(|cause| unreachable(&cause))?;
        let (status, retry_after) = (answer.status(), retry_after(answer.headers()));
        let body = match Limited::new(answer.into_body(), ANSWER_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(cause) if cause.is::<LengthLimitError>() => {
                return Err(Failure::last(RequestError::TooLarge(ANSWER_BYTES)));
            }
            Err(cause) => return Err(Failure::passing(RequestError::Unreachable(chain(&*cause)), None)),
        };
        if status.is_success() {
            return Ok(body.into());
        }
        let (told, asked_for) = read_status(status.as_u16(), &body);
        let cause = RequestError::Refused(told);
        match status.as_u16() {
            429 | 500 | 502..=504 => Err(Failure::passing(cause, retry_after.or(asked_for))),
            _ => Err(Failure::last(cause)),
        }
    }
}

/// The lines of an answer that goes on.
pub struct Lines {
    body: Body,
    silence: Duration,
    begun: Vec<u8>,
    whole: VecDeque<Vec<u8>>,
}

impl Lines {
    /// The next line; `None` where the server has ended the answer behind a whole one.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, RequestError> {
        let broken = |cause: String| Err(RequestError::Unreachable(cause));
        loop {
            if let Some(line) = self.whole.pop_front() {
                return Ok(Some(line));
            }
            let frame = match timeout(self.silence, self.body.frame()).await {
                Err(_) => return broken(format!("nothing came for {} s", self.silence.as_secs())),
                Ok(None) if self.begun.is_empty() => return Ok(None),
                Ok(None) => return broken("the answer broke off".into()),
                Ok(Some(Err(cause))) => return broken(chain(&cause)),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else { continue };
            for part in data.split_inclusive(|byte| *byte == b'\n') {
                self.begun.extend_from_slice(part);
                if self.begun.len() > LINE_BYTES {
                    return Err(RequestError::TooLarge(LINE_BYTES));
                }
                if part.ends_with(b"\n") {
                    self.whole.push_back(std::mem::take(&mut self.begun));
                }
            }
        }
    }
}

/// Why a request failed, and whether the same may succeed.
struct Failure {
    cause: RequestError,
    retry: Retry,
}

enum Retry {
    Never,
    /// After the time that the server asks for, if it does.
    After(Option<Duration>),
}

impl Failure {
    const fn last(cause: RequestError) -> Self {
        Self { cause, retry: Retry::Never }
    }

    const fn passing(cause: RequestError, asked_for: Option<Duration>) -> Self {
        Self { cause, retry: Retry::After(asked_for) }
    }
}

fn unreachable(cause: &kube::Error) -> Failure {
    match credentials(cause) {
        // A credential plugin that fails does so each time, and may ask the user something.
        Some(cause) => Failure::last(RequestError::Unreachable(cause)),
        None => Failure::passing(RequestError::Unreachable(chain(cause)), None),
    }
}

/// An error and what it comes from, each said once.
pub fn chain(cause: &(dyn std::error::Error + 'static)) -> String {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(source) = next {
        let said = source.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = source.source();
    }
    text
}

/// Seconds; the other form, a date, no API server sends.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Reads a `Status`; anything else, such as a proxy's page, is not worth showing.
fn read_status(code: u16, body: &[u8]) -> (Status, Option<Duration>) {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Told {
        message: String,
        metadata: Option<Metadata>,
        details: Option<Details>,
    }
    #[derive(Deserialize)]
    struct Metadata {
        #[serde(rename = "continue", default)]
        continue_token: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Details {
        #[serde(default)]
        retry_after_seconds: Option<u32>,
    }
    let Told { message, metadata, details } = serde_json::from_slice(body).unwrap_or_default();
    let continue_token = metadata.and_then(|it| it.continue_token).filter(|token| !token.is_empty());
    let seconds = details.and_then(|it| it.retry_after_seconds).filter(|seconds| *seconds > 0);
    (Status { code, message, continue_token }, seconds.map(|seconds| Duration::from_secs(seconds.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_and_anything_else_is_not_shown() {
        let expired = br#"{"kind":"Status","metadata":{"continue":"next"},"message":"expired","code":410}"#;
        let (status, wait) = read_status(410, expired);
        assert_eq!((status.message.as_str(), status.continue_token.as_deref(), wait), ("expired", Some("next"), None));
        let busy = br#"{"metadata":{},"details":{"retryAfterSeconds":7}}"#;
        assert_eq!(read_status(429, busy).1, Some(Duration::from_secs(7)));
        for page in [&b"<html>secret</html>"[..], b"", b"[1]", b"null"] {
            assert_eq!(read_status(502, page), (Status { code: 502, ..Status::default() }, None));
        }
    }

    #[test]
    fn a_server_may_ask_for_seconds() {
        let headers = |value: &str| HeaderMap::from_iter([(http::header::RETRY_AFTER, value.parse().unwrap())]);
        assert_eq!(retry_after(&headers(" 3 ")), Some(Duration::from_secs(3)));
        assert_eq!(retry_after(&headers("Wed, 21 Oct 2026 07:28:00 GMT")), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
