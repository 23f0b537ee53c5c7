//! Requests to registries, and their answers read with a limit. The one place that opens connections.
//!
//! The client crate would do, were every registry honest: it reads manifests, errors and tokens whole, whatever their length,
//! follows a redirect to any place, takes a token from any, and sends its credentials wherever an upload is to go. So all that
//! is asked of a registry is asked here. It must not know what a manifest or a module is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use serde::Deserialize;

use crate::error::{root, shown};
use crate::token::{self, Authorization, Wanted};
use crate::{Limits, Options, PlainHttp, Reference, RegistryError};

/// Speaks to registries.
pub(crate) struct Transport {
    pub(crate) client: Client,
    /// The same without a limit of time between what is read, since nothing is while something long is written.
    writer: Client,
    pub(crate) options: Options,
    /// What each repository asked for, by registry, repository and whether it is to be written.
    authorizations: Mutex<HashMap<(String, String, bool), Authorization>>,
}

/// What is asked.
struct Question<'a> {
    method: &'a Method,
    accept: &'a str,
    content: Option<Content<'a>>,
}

/// What is written.
#[derive(Clone, Copy)]
pub(crate) struct Content<'a> {
    pub bytes: &'a [u8],
    pub media_type: &'a str,
}

/// How much of an answer is read.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    /// Anything up to so many bytes.
    AtMost(u64),
    /// So many bytes.
    Exactly(u64),
}

impl Transport {
    pub(crate) fn new(options: Options) -> Result<Self, RegistryError> {
        let limits = &options.limits;
        let builder = || {
            Client::builder()
                .user_agent(concat!("seaworthy/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .referer(false)
                .no_gzip()
                .no_brotli()
                .no_deflate()
                .no_zstd()
                .connect_timeout(limits.connect)
                .timeout(limits.request)
        };
        let failed = |cause: reqwest::Error| RegistryError::Setup(root(&cause));
        let client = builder().read_timeout(limits.idle).build().map_err(failed)?;
        let writer = builder().build().map_err(failed)?;
        Ok(Self { client, writer, options, authorizations: Mutex::default() })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// `http` or `https`.
    fn scheme(&self, reference: &Reference) -> &'static str {
        match self.options.plain_http {
            PlainHttp::Always => "http",
            PlainHttp::Loopback if reference.is_loopback() => "http",
            PlainHttp::Loopback | PlainHttp::Never => "https",
        }
    }

    /// The address of something in the reference's repository: `manifests/latest`, `blobs/sha256:...`.
    fn url(&self, reference: &Reference, below: &str) -> Result<Url, RegistryError> {
        self.address(reference, &format!("/v2/{}/{below}", reference.repository()))
    }

    fn address(&self, reference: &Reference, path: &str) -> Result<Url, RegistryError> {
        let text = format!("{}://{}{path}", self.scheme(reference), reference.host());
        Url::parse(&text).map_err(|cause| RegistryError::Connection { url: text, cause: cause.to_string() })
    }

    /// Asks for something of the reference's repository. The answer is a success, its body not yet read.
    pub(crate) async fn ask(
        &self,
        method: &Method,
        reference: &Reference,
        below: &str,
        accept: &str,
    ) -> Result<Response, RegistryError> {
        let url = self.url(reference, below)?;
        self.asked(&Question { method, accept, content: None }, reference, false, &url).await
    }

    /// Asks for something as one who may write to the reference's repository, or writes it there. The answer is a success, its
    /// body not yet read.
    pub(crate) async fn write(
        &self,
        method: &Method,
        reference: &Reference,
        below: &str,
        content: Option<Content<'_>>,
    ) -> Result<Response, RegistryError> {
        let url = self.url(reference, below)?;
        self.write_at(method, reference, &url, content).await
    }

    /// The same where an answer has [led](next_hop). Credentials go along only if that is the registry itself.
    pub(crate) async fn write_at(
        &self,
        method: &Method,
        reference: &Reference,
        url: &Url,
        content: Option<Content<'_>>,
    ) -> Result<Response, RegistryError> {
        self.asked(&Question { method, accept: "*/*", content }, reference, true, url).await
    }

    /// Asks, and asks again with credentials if the registry wants some, or others than before: tokens expire.
    async fn asked(
        &self,
        question: &Question<'_>,
        reference: &Reference,
        is_push: bool,
        url: &Url,
    ) -> Result<Response, RegistryError> {
        let registry = self.address(reference, "/v2/")?;
        let response = self.follow(question, &registry, url, self.known(reference, is_push)).await?;
        if !is_challenge(&response, &registry) {
            return self.success(response).await;
        }
        let authorization = self.authorize(reference, is_push, &response).await?;
        self.remember(reference, is_push, &authorization);
        let response = self.follow(question, &registry, url, Some(authorization)).await?;
        self.success(response).await
    }

    /// Gets what a registry asked for in its answer 401.
    async fn authorize(
        &self,
        reference: &Reference,
        is_push: bool,
        asked: &Response,
    ) -> Result<Authorization, RegistryError> {
        let (realm, login) = match token::wanted(&self.options.credentials, reference, is_push, asked)? {
            Wanted::Known(authorization) => return Ok(authorization),
            Wanted::Token { realm, login } => (realm, login),
        };
        let mut request = self.client.get(realm.clone()).header(ACCEPT_ENCODING, "identity");
        if let Some(login) = login {
            request = login.sign(request);
        }
        let response = request.send().await.map_err(|cause| unreachable(&realm, &cause))?;
        if response.status().is_redirection() {
            let cause = "a password is not sent on".to_owned();
            return Err(RegistryError::Redirect { url: shown(&realm), cause });
        }
        let what = format!("the token of {}", shown(&realm));
        let response = self.success(response).await?;
        let body = read(response, &what, Expected::AtMost(self.limits().message_bytes)).await?;
        let token = token::parse(&body);
        let malformed = || RegistryError::Malformed { what, cause: "expected {\"token\": \"...\"}".to_owned() };
        token.map(Authorization::Bearer).ok_or_else(malformed)
    }

    fn known(&self, reference: &Reference, is_push: bool) -> Option<Authorization> {
        let known = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&key(reference, is_push)).cloned()
    }

    fn remember(&self, reference: &Reference, is_push: bool, authorization: &Authorization) {
        let mut known = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key(reference, is_push), authorization.clone());
    }

    /// Sends a request, and follows redirects as far as that is safe. Credentials go to the registry alone.
    async fn follow(
        &self,
        question: &Question<'_>,
        registry: &Url,
        start: &Url,
        authorization: Option<Authorization>,
    ) -> Result<Response, RegistryError> {
        let mut url = start.clone();
        for _ in 0..=self.limits().redirects {
            let client = if question.content.is_some() { &self.writer } else { &self.client };
            let mut request = client.request(question.method.clone(), url.clone());
            request = request.header(ACCEPT, question.accept).header(ACCEPT_ENCODING, "identity");
            if let Some(Content { bytes, media_type }) = question.content {
                request = request.header(CONTENT_TYPE, media_type).body(bytes.to_vec());
            }
            if let Some(authorization) = authorization.as_ref().filter(|_| url.origin() == registry.origin()) {
                request = request.header(AUTHORIZATION, authorization.header()?);
            }
            let response = request.send().await.map_err(|cause| unreachable(&url, &cause))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            url = next_hop(&url, response.headers())?;
        }
        let cause = format!("more than {} redirects", self.limits().redirects);
        Err(RegistryError::Redirect { url: shown(start), cause })
    }

    /// The answer, if it is a success.
    pub(crate) async fn success(&self, response: Response) -> Result<Response, RegistryError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let url = shown(response.url());
        let limit = Expected::AtMost(self.limits().message_bytes);
        // An error that is too long to be read is still that error.
        let body = read(response, "an error", limit).await.unwrap_or_default();
        let cause = explain(status, &body);
        Err(match status {
            StatusCode::NOT_FOUND => RegistryError::NotFound(url),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => RegistryError::Denied { url, cause },
            _ => RegistryError::Status { url, status: status.as_u16(), cause },
        })
    }
}

/// Does the registry itself want credentials? Others, to which it has led, are given none.
fn is_challenge(response: &Response, registry: &Url) -> bool {
    response.status() == StatusCode::UNAUTHORIZED && response.url().origin() == registry.origin()
}

fn key(reference: &Reference, is_push: bool) -> (String, String, bool) {
    (reference.host().to_owned(), reference.repository().to_owned(), is_push)
}

/// Where a redirect leads, or an upload is to go, if it may be followed: to https anywhere, since content is verified by its digest; over http only
/// to the same host and port. So nobody between here and there sees or chooses more than before, and a registry cannot have
/// us knock at the http doors of a network that it does not see itself.
pub(crate) fn next_hop(from: &Url, headers: &HeaderMap) -> Result<Url, RegistryError> {
    let refused = |cause: String| RegistryError::Redirect { url: shown(from), cause };
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.ok_or_else(|| refused("it does not say where".to_owned()))?;
    let to = from.join(location).map_err(|cause| refused(cause.to_string()))?;
    if !to.username().is_empty() || to.password().is_some() {
        return Err(refused(format!("{} brings credentials", shown(&to))));
    }
    match to.scheme() {
        "https" => Ok(to),
        "http" if to.origin() == from.origin() => Ok(to),
        "http" if from.scheme() == "http" => Err(refused(format!("{} is another host, over http", shown(&to)))),
        "http" => Err(refused(format!("{} is http, from https", shown(&to)))),
        other => Err(refused(format!("to {other}"))),
    }
}

/// Reads an answer piece by piece, and no further than is expected.
pub(crate) async fn read(mut response: Response, what: &str, expected: Expected) -> Result<Vec<u8>, RegistryError> {
    let encoding = response.headers().get(CONTENT_ENCODING);
    if let Some(encoding) = encoding.filter(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let encoding = String::from_utf8_lossy(encoding.as_bytes()).chars().take(40).collect();
        return Err(RegistryError::Encoded { what: what.to_owned(), encoding });
    }
    let (Expected::AtMost(limit) | Expected::Exactly(limit)) = expected;
    let excess = || match expected {
        Expected::AtMost(limit) => RegistryError::TooLarge { what: what.to_owned(), limit },
        Expected::Exactly(expected) => RegistryError::Length { what: what.to_owned(), expected, actual: expected + 1 },
    };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(excess());
    }
    let mut content = Vec::new();
    let url = response.url().clone();
    // A connection that breaks ends the content as well as one that closes: whether all came is what the length says.
    let broken = loop {
        match response.chunk().await {
            Ok(Some(piece)) if (content.len() as u64) + (piece.len() as u64) > limit => return Err(excess()),
            Ok(Some(piece)) => content.extend_from_slice(&piece),
            Ok(None) => break None,
            Err(cause) => break Some(cause),
        }
    };
    match (expected, broken) {
        (_, Some(cause)) if cause.is_timeout() => Err(unreachable(&url, &cause)),
        (Expected::Exactly(expected), _) if (content.len() as u64) < expected => {
            Err(RegistryError::Length { what: what.to_owned(), expected, actual: content.len() as u64 })
        }
        (_, Some(cause)) => Err(unreachable(&url, &cause)),
        (_, None) => Ok(content),
    }
}

pub(crate) fn unreachable(url: &Url, cause: &reqwest::Error) -> RegistryError {
    let cause = if cause.is_timeout() { "it takes too long".to_owned() } else { root(cause) };
    RegistryError::Connection { url: shown(url), cause }
}

/// The errors of the distribution spec: `{"errors": [{"code", "message"}]}`.
#[derive(Deserialize)]
struct Errors {
    errors: Vec<OneError>,
}

#[derive(Deserialize)]
struct OneError {
    code: String,
    #[serde(default)]
    message: String,
}

/// What a registry says went wrong, cut to a line.
pub(crate) fn explain(status: StatusCode, body: &[u8]) -> String {
    let first = serde_json::from_slice::<Errors>(body).ok().and_then(|errors| errors.errors.into_iter().next());
    let said = first.map(|error| format!("{} {}", error.code, error.message));
    let said = said.unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason").to_owned());
    said.trim().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::Url;
    use reqwest::header::{HeaderMap, LOCATION};

    use super::{next_hop, shown};

    fn hop(from: &str, to: &str) -> Result<String, String> {
        let headers = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
        let next = next_hop(&Url::parse(from).unwrap(), &headers);
        next.map(|url| url.to_string()).map_err(|cause| cause.to_string())
    }

    #[test]
    fn a_redirect_is_followed_to_https_and_within_a_host() {
        for (from, to, next) in [
            ("https://r.example/v2/a", "https://cdn.example/x?sig=1", "https://cdn.example/x?sig=1"),
            ("https://r.example/v2/a", "/v2/b", "https://r.example/v2/b"),
            ("http://localhost:5000/v2/a", "/v2/b", "http://localhost:5000/v2/b"),
            ("http://localhost:5000/v2/a", "https://r.example/b", "https://r.example/b"),
        ] {
            assert_eq!(hop(from, to).as_deref(), Ok(next), "{from} to {to}");
        }
    }

    #[test]
    fn a_redirect_is_not_followed_to_weaker_places() {
        for (from, to, cause) in [
            ("https://r.example/a", "http://r.example/a", "is http, from https"),
            ("https://r.example/a", "http://169.254.169.254/latest/meta-data", "is http, from https"),
            ("http://localhost:5000/a", "http://localhost:6000/a", "another host"),
            ("http://localhost:5000/a", "http://10.0.0.1/a", "another host"),
            ("https://r.example/a", "ftp://r.example/a", "to ftp"),
            ("https://r.example/a", "file:///etc/passwd", "to file"),
            ("https://r.example/a", "https://user:secret@r.example/a", "brings credentials"),
            ("https://r.example/a", "https://[", "invalid"),
        ] {
            let said = hop(from, to).unwrap_err();
            assert!(said.contains(cause) && !said.contains("secret"), "{from} to {to}: {said}");
        }
    }

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        let url = Url::parse("https://user:secret@cdn.example/blob?X-Amz-Signature=secret#secret").unwrap();
        assert_eq!(shown(&url), "https://cdn.example/blob");
    }
}
