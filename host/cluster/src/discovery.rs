//! Which kinds a cluster serves, and under which path: the API's discovery, aggregated (Kubernetes 1.26 and later) or group
//! by group.
//!
//! A group whose discovery is stale or fails is remembered as such: its kinds are not known to be absent.

use std::collections::BTreeMap;

use http::Request;
use http::header::{ACCEPT, HeaderValue};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroupList, APIResourceList};
use kube::client::{APIGroupDiscovery, APIGroupDiscoveryList};
use kube::core::discovery::v2::ACCEPT_AGGREGATED_DISCOVERY_V2;
use serde::de::DeserializeOwned;

use crate::client::Api;
use crate::error::RequestError;

/// A kind as it is served: one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: String,
    /// `v1`.
    pub version: String,
    /// Kind, singular.
    pub kind: String,
    /// The name in paths: `deployments`.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
    verbs: Vec<String>,
}

impl Resource {
    /// `apps/v1`, or `v1` for the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The kind with its group, for people: `Deployment.apps`.
    #[must_use]
    pub fn full_name(&self) -> String {
        full_name(&self.group, &self.kind)
    }

    /// Whether its objects can be listed at all.
    #[must_use]
    pub fn can_list(&self) -> bool {
        self.verbs.iter().any(|verb| verb == "list")
    }

    /// Whether anybody can create its objects. Others are what a server measures, or says of itself, and have no uid.
    #[must_use]
    pub fn can_create(&self) -> bool {
        self.verbs.iter().any(|verb| verb == "create")
    }

    /// The path of its objects, in one namespace or in all. `None` where the namespace can be none.
    #[must_use]
    pub fn path(&self, namespace: Option<&str>) -> Option<String> {
        let root = if self.group.is_empty() { "/api".into() } else { format!("/apis/{}", self.group) };
        let Self { version, plural, .. } = self;
        match namespace.filter(|_| self.is_namespaced) {
            None => Some(format!("{root}/{version}/{plural}")),
            Some(name) => is_segment(name).then(|| format!("{root}/{version}/namespaces/{name}/{plural}")),
        }
    }
}

/// `Deployment.apps`, as `kubectl` takes it.
#[must_use]
pub fn full_name(group: &str, kind: &str) -> String {
    if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") }
}

/// Whether a name can be part of a path without leading elsewhere. API machinery refuses `.`, `..`, `/` and `%`
/// (`IsValidPathSegmentName`); what else would need escaping, no kind here has in its names.
#[must_use]
pub fn is_segment(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'%' | b'?' | b'#' | b'\\');
    !matches!(name, "" | "." | "..") && name.bytes().all(fits)
}

/// Everything that a cluster serves.
#[derive(Debug, Default)]
pub struct Served {
    /// Within a group, the version that the server prefers comes first.
    resources: Vec<Resource>,
    /// Groups of which not all is known, and why.
    stale: BTreeMap<String, String>,
}

/// Whether a kind is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// As this.
    Served(&'a Resource),
    /// Not at all, so that there can be no object of it.
    Absent,
    /// That cannot be said: why, without a full stop.
    Unknown(&'a str),
}

impl Served {
    /// Asks the server.
    pub async fn discover(api: &Api) -> Result<Self, RequestError> {
        let mut served = Self::default();
        let mut classic = Vec::new();
        for path in ["/api", "/apis"] {
            let mut request = get(path)?;
            request.headers_mut().insert(ACCEPT, HeaderValue::from_static(ACCEPT_AGGREGATED_DISCOVERY_V2));
            let answer = api.send(request).await?;
            match read::<APIGroupDiscoveryList>(&answer) {
                Ok(aggregated) if is_aggregated(&answer) => {
                    aggregated.items.into_iter().for_each(|group| served.add_group(group));
                }
                // The core group is `v1` and nothing else.
                _ if path == "/api" => classic.push((String::new(), "v1".to_owned())),
                _ => classic.extend(versions(&read::<APIGroupList>(&answer)?)),
            }
        }
        for (group, version) in classic {
            served.add_version(api, group, version).await;
        }
        Ok(served)
    }

    fn add_group(&mut self, group: APIGroupDiscovery) {
        let name = group.metadata.and_then(|metadata| metadata.name).unwrap_or_default();
        for version in group.versions {
            if version.freshness.as_deref() == Some("Stale") {
                self.stale.insert(name.clone(), "its API service does not answer".into());
            }
            let (group, version, resources) = (&name, version.version.unwrap_or_default(), version.resources);
            self.resources.extend(resources.into_iter().filter_map(|resource| {
                Some(Resource {
                    group: group.clone(),
                    version: version.clone(),
                    kind: resource.response_kind?.kind?,
                    plural: resource.resource?,
                    is_namespaced: resource.scope.as_deref() == Some("Namespaced"),
                    verbs: resource.verbs,
                })
            }));
        }
    }

    async fn add_version(&mut self, api: &Api, group: String, version: String) {
        let path = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let list = match get(&path) {
            Ok(request) => api.send(request).await.and_then(|answer| read::<APIResourceList>(&answer)),
            Err(cause) => Err(cause),
        };
        match list {
            Err(cause) => _ = self.stale.insert(group, cause.to_string()),
            Ok(list) => {
                // Subresources are beside their resources here.
                let resources = list.resources.into_iter().filter(|resource| !resource.name.contains('/'));
                self.resources.extend(resources.map(|resource| Resource {
                    group: group.clone(),
                    version: version.clone(),
                    kind: resource.kind,
                    plural: resource.name,
                    is_namespaced: resource.namespaced,
                    verbs: resource.verbs,
                }));
            }
        }
    }

    /// The kind, in the first of these versions that is served, or else in the one that the server prefers: a rule knows
    /// best the versions that it was written for.
    #[must_use]
    pub fn find(&self, group: &str, kind: &str, versions: &[&str]) -> Found<'_> {
        let all = || self.resources.iter().filter(|resource| resource.kind == kind && resource.group == group);
        let wanted = versions.iter().find_map(|version| all().find(|resource| resource.version == *version));
        match (wanted.or_else(|| all().next()), self.stale.get(group)) {
            (Some(resource), _) => Found::Served(resource),
            (None, Some(reason)) => Found::Unknown(reason),
            (None, None) => Found::Absent,
        }
    }

    /// Every kind once, as the server prefers it.
    pub fn kinds(&self) -> impl Iterator<Item = &Resource> {
        self.resources
            .iter()
            .filter(|resource| self.find(&resource.group, &resource.kind, &[]) == Found::Served(resource))
    }
}

fn is_aggregated(answer: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Kind {
        kind: String,
    }
    read::<Kind>(answer).is_ok_and(|answer| answer.kind == "APIGroupDiscoveryList")
}

/// The versions of all groups, of each group the preferred one first.
fn versions(groups: &APIGroupList) -> Vec<(String, String)> {
    let of_group = groups.groups.iter().flat_map(|group| {
        let preferred = group.preferred_version.as_ref().map(|version| version.version.clone());
        let others = group.versions.iter().map(|version| version.version.clone());
        let others: Vec<_> = others.filter(|version| Some(version) != preferred.as_ref()).collect();
        preferred.into_iter().chain(others).map(|version| (group.name.clone(), version))
    });
    of_group.collect()
}

pub fn get(path: &str) -> Result<Request<Vec<u8>>, RequestError> {
    Request::get(path).body(Vec::new()).map_err(|cause| RequestError::Unreadable(cause.to_string()))
}

pub fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, RequestError> {
    serde_json::from_slice(answer).map_err(|cause| RequestError::Unreadable(cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(group: &str, version: &str, kind: &str) -> Resource {
        let plural = format!("{}s", kind.to_lowercase());
        let (group, version, kind) = (group.into(), version.into(), kind.into());
        Resource { group, version, kind, plural, is_namespaced: true, verbs: vec!["list".into()] }
    }

    #[test]
    fn the_version_that_is_asked_for_wins_over_the_preferred_one() {
        let served = Served {
            resources: vec![resource("autoscaling", "v1", "HPA"), resource("autoscaling", "v2", "HPA")],
            stale: BTreeMap::from([("metrics".into(), "down".into())]),
        };
        let version = |versions: &[&str]| match served.find("autoscaling", "HPA", versions) {
            Found::Served(resource) => resource.version.as_str(),
            _ => "none",
        };
        assert_eq!(
            [version(&["v2"]), version(&["v3"]), version(&["v3", "v2"]), version(&[])],
            ["v2", "v1", "v2", "v1"]
        );
        assert_eq!(served.find("", "HPA", &["v2"]), Found::Absent);
        assert_eq!(served.find("metrics", "Pod", &[]), Found::Unknown("down"));
        assert_eq!(served.kinds().count(), 1);
    }

    #[test]
    fn no_name_leads_out_of_its_path() {
        let pods = resource("", "v1", "Pod");
        assert_eq!(pods.path(None).as_deref(), Some("/api/v1/pods"));
        assert_eq!(pods.path(Some("shop")).as_deref(), Some("/api/v1/namespaces/shop/pods"));
        for name in ["", ".", "..", "../../secrets", "a/b", "a%2fb", "a?b", "a#b", "a b", "é", "a\nb"] {
            assert_eq!(pods.path(Some(name)), None, "{name}");
        }
        assert!(is_segment("system:node"));
        assert_eq!(resource("apps", "v1", "X").path(Some("n")).as_deref(), Some("/apis/apps/v1/namespaces/n/xs"));
    }
}
