//! Lists in pages: all objects of a kind, each once, whatever becomes of the list on the way.
//!
//! Pages follow one another by a token that expires (410) after some minutes. The server then offers another, with which
//! the list goes on behind the last object but as it is now; what was there all the time is neither lost nor seen twice.
//! Where none is offered the list begins anew, and what has been seen is passed over.

use std::collections::HashSet;
use std::fmt;

use engine::manifest::{ApiObject, Object, ObjectError};
use kube::core::Request;
use kube::core::params::ListParams;
use protocol::FieldMask;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::client::Api;
use crate::discovery::Resource;
use crate::error::RequestError;

/// Objects asked for at once; fewer where they are large.
const PAGE: u32 = 250;

/// How often a list may expire without a page in between.
const EXPIRIES: usize = 4;

/// How often a list may begin anew.
const RESTARTS: usize = 8;

/// Pages in a row that bring nothing new, after which a server is taken to be going in a circle.
const BARREN: usize = 1000;

/// What to list.
#[derive(Clone, Debug)]
pub struct Query {
    /// Of which kind.
    pub resource: Resource,
    /// In one namespace, or in all.
    pub namespace: Option<String>,
    /// A label selector; empty for all.
    pub labels: String,
    /// A field selector; empty for all.
    pub fields: String,
    /// What to keep of each object.
    pub mask: FieldMask,
}

impl Query {
    /// All objects of a kind, in one namespace or in all.
    #[must_use]
    pub fn all(resource: &Resource, namespace: Option<&str>, mask: FieldMask) -> Self {
        let namespace = namespace.map(str::to_owned);
        Self { resource: resource.clone(), namespace, labels: String::new(), fields: String::new(), mask }
    }
}

/// Some of the objects.
#[derive(Debug, Default)]
pub struct Page {
    /// Those that can be judged.
    pub objects: Vec<Object>,
    /// The others, each in words.
    pub problems: Vec<String>,
    /// How many come behind this page, where the server says so.
    pub remaining: Option<u64>,
    /// When the list was taken, as the server counts time: a watch from here on misses nothing.
    pub version: Option<String>,
}

/// A list under way.
pub struct Pages {
    api: Api,
    query: Query,
    api_version: String,
    token: Option<String>,
    limit: u32,
    is_done: bool,
    expiries: usize,
    restarts: usize,
    barren: usize,
    /// The objects of earlier pages, by namespace and name.
    seen: HashSet<Box<str>>,
}

impl Pages {
    pub fn new(api: Api, query: Query) -> Self {
        Self {
            api_version: query.resource.api_version(),
            api,
            query,
            token: None,
            limit: PAGE,
            is_done: false,
            expiries: 0,
            restarts: 0,
            barren: 0,
            seen: HashSet::new(),
        }
    }

    /// The next page; `None` behind the last one, and after an error.
    pub async fn next(&mut self) -> Option<Result<Page, RequestError>> {
        while !self.is_done {
            match self.request().await {
                Ok(page) => {
                    self.is_done = self.token.is_none();
                    return Some(Ok(page));
                }
                Err(RequestError::TooLarge(_)) if self.limit > 1 => self.limit /= 2,
                Err(RequestError::Refused(status)) if status.code == 410 && self.may_expire_again() => {
                    if status.continue_token.is_none() {
                        self.restarts += 1;
                    }
                    self.token = status.continue_token;
                }
                Err(cause) => {
                    self.is_done = true;
                    return Some(Err(cause));
                }
            }
        }
        None
    }

    fn may_expire_again(&mut self) -> bool {
        self.expiries += 1;
        self.token.is_some() && self.expiries <= EXPIRIES && self.restarts < RESTARTS
    }

    async fn request(&mut self) -> Result<Page, RequestError> {
        let unreadable = |cause: &dyn fmt::Display| RequestError::Unreadable(cause.to_string());
        let Query { resource, namespace, labels, fields, mask } = &self.query;
        let Some(path) = resource.path(namespace.as_deref()) else { return Ok(Page::default()) };
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let parameters = ListParams {
            label_selector: some(labels),
            field_selector: some(fields),
            limit: Some(self.limit),
            continue_token: self.token.clone(),
            ..ListParams::default()
        };
        let request = Request::new(path).list(&parameters).map_err(|cause| unreadable(&cause))?;
        let answer = self.api.send(request).await?;
        let item = ApiObject { mask, api_version: &self.api_version, kind: &resource.kind };
        let mut deserializer = serde_json::Deserializer::from_slice(&answer);
        let list = List(item).deserialize(&mut deserializer).and_then(|list| deserializer.end().map(|()| list));
        let Read { items, metadata } = list.map_err(|cause| unreadable(&cause))?;
        let items = items.ok_or_else(|| unreadable(&"it is no list"))?;
        self.expiries = 0;
        self.token = metadata.continue_token.filter(|token| !token.is_empty());
        let version = metadata.resource_version;
        let mut page = Page { remaining: metadata.remaining_item_count, version, ..Page::default() };
        for item in items {
            match item {
                Ok(object) if object.name.is_none() => page.problems.push(format!("{} without a name", object.kind)),
                Ok(object) if self.seen.insert(key(&object)) => page.objects.push(object),
                Ok(_) => {}
                Err(problem) => page.problems.push(problem.to_string()),
            }
        }
        self.barren = if page.objects.is_empty() { self.barren + 1 } else { 0 };
        if self.barren > BARREN {
            return Err(unreadable(&"the list goes in a circle"));
        }
        Ok(page)
    }
}

fn key(object: &Object) -> Box<str> {
    let (namespace, name) = (object.namespace.as_deref(), object.name.as_deref());
    format!("{}/{}", namespace.unwrap_or_default(), name.unwrap_or_default()).into()
}

/// A list as the API sends it.
struct List<'a>(ApiObject<'a>);

#[derive(Default)]
struct Read {
    items: Option<Vec<Result<Object, ObjectError>>>,
    metadata: Metadata,
}

/// `ListMeta` of `meta/v1`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    #[serde(rename = "continue")]
    continue_token: Option<String>,
    remaining_item_count: Option<u64>,
    resource_version: Option<String>,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Read;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of the API")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Read, A::Error> {
        let mut read = Read::default();
        while let Some(key) = members.next_key::<String>()? {
            match key.as_str() {
                "items" => read.items = Some(members.next_value_seed(Items(self.0))?),
                "metadata" => read.metadata = members.next_value::<Option<Metadata>>()?.unwrap_or_default(),
                _ => _ = members.next_value::<IgnoredAny>()?,
            }
        }
        Ok(read)
    }
}

/// The items; none for `null`, as Go writes an empty list.
struct Items<'a>(ApiObject<'a>);

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = Vec<Result<Object, ObjectError>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Vec<Result<Object, ObjectError>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut objects = Vec::new();
        while let Some(object) = items.next_element_seed(self.0)? {
            objects.push(object);
        }
        Ok(objects)
    }
}
