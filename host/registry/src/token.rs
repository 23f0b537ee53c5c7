//! What a registry that answers 401 is given: a token from the place that it names, or a user's name and password
//! ([token authentication](https://distribution.github.io/distribution/spec/auth/token/)). Never logged, never in an error.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use http_auth::parser::ChallengeParser;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, Response, Url};
use serde::Deserialize;

use crate::error::shown;
use crate::{Credentials, Reference, RegistryError};

/// What is sent with a request.
#[derive(Clone)]
pub(crate) enum Authorization {
    Bearer(String),
    Basic(Login),
}

/// A user's name and password.
#[derive(Clone)]
pub(crate) struct Login {
    user: String,
    password: String,
}

impl Login {
    /// The request as this user's.
    pub(crate) fn sign(self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(self.user, Some(self.password))
    }
}

impl Authorization {
    /// The header's value, which no log shows.
    pub(crate) fn header(&self) -> Result<HeaderValue, RegistryError> {
        let text = match self {
            Self::Bearer(token) => format!("Bearer {token}"),
            Self::Basic(Login { user, password }) => {
                use base64::Engine as _;
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
            }
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| RegistryError::Credentials {
            registry: "the registry".to_owned(),
            cause: "they have characters that no header may have".to_owned(),
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// What the registry wants, by its 401.
enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

/// What is to be done with an answer 401.
pub(crate) enum Wanted {
    /// To be sent with the next request.
    Known(Authorization),
    /// A token is to be had there.
    Token { realm: Url, login: Option<Login> },
}

/// What a registry asked for in its answer 401.
pub(crate) fn wanted(
    credentials: &Credentials,
    reference: &Reference,
    is_push: bool,
    asked: &Response,
) -> Result<Wanted, RegistryError> {
    let login = match credentials {
        Credentials::Docker => login(reference)?,
        Credentials::Anonymous => None,
    };
    match (challenge(asked.headers()), login) {
        (Some(Challenge::Bearer { realm, service }), login) => {
            let mut realm = realm_url(&realm, asked.url())?;
            let scope = format!("repository:{}:{}", reference.repository(), if is_push { "pull,push" } else { "pull" });
            if let Some(service) = service {
                realm.query_pairs_mut().append_pair("service", &service);
            }
            realm.query_pairs_mut().append_pair("scope", &scope);
            Ok(Wanted::Token { realm, login })
        }
        (Some(Challenge::Basic), Some(login)) => Ok(Wanted::Known(Authorization::Basic(login))),
        (Some(Challenge::Basic), None) => {
            let cause = "it requires a user name and a password, and none are configured".to_owned();
            Err(RegistryError::Denied { url: shown(asked.url()), cause })
        }
        (None, _) => {
            let cause = "it wants credentials of a kind that is not supported (neither Basic nor Bearer)".to_owned();
            Err(RegistryError::Denied { url: shown(asked.url()), cause })
        }
    }
}

fn challenge(headers: &HeaderMap) -> Option<Challenge> {
    let mut basic = None;
    for header in headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|header| header.to_str().ok()) {
        for challenge in ChallengeParser::new(header).map_while(Result::ok) {
            let parameter = |name: &str| {
                let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped())
            };
            if challenge.scheme.eq_ignore_ascii_case("Bearer") {
                if let Some(realm) = parameter("realm") {
                    return Some(Challenge::Bearer { realm, service: parameter("service") });
                }
            } else if challenge.scheme.eq_ignore_ascii_case("Basic") {
                basic = Some(Challenge::Basic);
            }
        }
    }
    basic
}

/// Where tokens come from, if that is a place to send a password to: https, or the registry itself.
fn realm_url(realm: &str, registry: &Url) -> Result<Url, RegistryError> {
    let refused = |cause: String| RegistryError::Redirect { url: shown(registry), cause };
    let url = Url::parse(realm).map_err(|cause| refused(format!("the place for tokens is no address: {cause}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("the place for tokens brings credentials of its own".to_owned()));
    }
    if url.scheme() == "https" || url.scheme() == "http" && url.origin() == registry.origin() {
        return Ok(url);
    }
    Err(refused(format!("for a token to {}, which is neither https nor the registry itself", shown(&url))))
}

/// The answer of a token server.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

/// The token in an answer. What is wrong with it is not said: a parser's message may show a part of it.
pub(crate) fn parse(answer: &[u8]) -> Option<String> {
    let token = serde_json::from_slice::<Token>(answer).ok()?;
    let token = token.token.or(token.access_token)?;
    (!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())).then_some(token)
}

/// What Docker keeps for a registry. Docker Hub's key is its first address.
fn login(reference: &Reference) -> Result<Option<Login>, RegistryError> {
    let registry = reference.registry();
    let failed = |cause: String| RegistryError::Credentials { registry: registry.to_owned(), cause };
    let Some(path) = config() else { return Ok(None) };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(failed(format!("{} cannot be read: {cause}", path.display()))),
    };
    let key = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
    match get_credential_from_reader(BufReader::new(file), key) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(Some(Login { user, password })),
        Ok(DockerCredential::IdentityToken(_)) => {
            Err(failed("an identity token is not supported; log in with a user name and an access token".to_owned()))
        }
        Err(CredentialRetrievalError::NoCredentialConfigured | CredentialRetrievalError::ConfigNotFound) => Ok(None),
        // Helpers say so on standard output, each with exit code 1 for whatever happens.
        Err(CredentialRetrievalError::HelperFailure { stdout, .. }) if stdout.contains("credentials not found") => {
            Ok(None)
        }
        // What a helper printed may be a secret.
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            Err(failed(format!("the credential helper `{helper}` failed")))
        }
        Err(cause) => Err(failed(format!("{cause} ({})", path.display()))),
    }
}

fn config() -> Option<PathBuf> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".docker")));
    folder.map(|folder| folder.join("config.json"))
}

#[cfg(test)]
mod tests {
    use reqwest::Url;
    use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

    use super::{Authorization, Challenge, Login, challenge, realm_url};

    #[test]
    fn tokens_come_over_https_or_from_the_registry_itself() {
        let registry = Url::parse("http://localhost:5000/v2/").unwrap();
        for (realm, is_fine) in [
            ("https://auth.example/token", true),
            ("http://localhost:5000/token", true),
            ("http://localhost:6000/token", false),
            ("http://auth.example/token", false),
            ("https://user:secret@auth.example/token", false),
            ("file:///etc/passwd", false),
            ("/token", false),
        ] {
            assert_eq!(realm_url(realm, &registry).is_ok(), is_fine, "{realm}");
        }
        let registry = Url::parse("https://registry.example/v2/").unwrap();
        assert!(realm_url("http://registry.example/token", &registry).is_err());
    }

    #[test]
    fn a_token_is_preferred_to_a_password() {
        let mut headers = HeaderMap::new();
        assert!(challenge(&headers).is_none());
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Negotiate"));
        assert!(challenge(&headers).is_none());
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"r\""));
        assert!(matches!(challenge(&headers), Some(Challenge::Basic)));
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("bearer Realm=\"https://a/t\",service=\"s\""));
        let Some(Challenge::Bearer { realm, service }) = challenge(&headers) else { unreachable!() };
        assert_eq!((realm.as_str(), service.as_deref()), ("https://a/t", Some("s")));
    }

    #[test]
    fn what_is_sent_is_marked_as_secret() {
        let login = Login { user: "ana".into(), password: "hunter2".into() };
        for authorization in [Authorization::Basic(login), Authorization::Bearer("hunter2".into())] {
            let header = authorization.header().unwrap();
            assert!(header.is_sensitive() && !format!("{header:?}").contains("hunter2"));
        }
        assert!(Authorization::Bearer("a\nb".into()).header().is_err());
    }
}
