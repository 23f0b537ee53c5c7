//! The world of an audit: the objects that rules look up, with the fields that they read, all at once in memory.
//!
//! What cannot be listed becomes a blind spot, so that no rule takes it for missing. So does what would take too much
//! memory: it is better not to know than to be killed.

use engine::BlindSpot;
use engine::manifest::{Node, Object, Value};

use crate::client::Api;
use crate::error::RequestError;
use crate::list::{Pages, Query};
use crate::survey::{Kind, Survey};

/// What was gathered.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The objects of all kinds that are looked up.
    pub objects: Vec<Object>,
    /// The kinds of which not all could be seen.
    pub blind_spots: Vec<BlindSpot>,
    /// Objects that could not be read, each in words.
    pub problems: Vec<String>,
}

/// Reads all that is looked up. Namespaced kinds are read from the whole cluster, since a monitor or a policy may stand in
/// any namespace; who may not do that sees those of `namespaces`. `done` is told how many
/// objects have come.
pub async fn gather(
    api: Api,
    survey: Survey,
    namespaces: Vec<String>,
    bytes: usize,
    done: &(impl Fn(usize) + Sync),
) -> Gathered {
    let mut world = Gathered::default();
    let mut left = bytes;
    for (group, kind, reason) in &survey.unknown_looked_up {
        world.hide(group, kind, Vec::new(), reason.clone());
    }
    for kind in &survey.looked_up {
        let whole = read(&api, kind, None, left, done).await;
        let read = match whole {
            Err(Unseen::Request(cause)) if cause.is(403) && kind.resource.is_namespaced && !namespaces.is_empty() => {
                in_namespaces(&api, kind, &namespaces, left, done).await.inspect(|_| {
                    let reason = format!("{cause}; but for the namespaces that are audited");
                    world.hide(&kind.resource.group, &kind.resource.kind, namespaces.clone(), reason);
                })
            }
            read => read,
        };
        match read {
            Ok(read) => {
                left -= read.bytes;
                world.objects.extend(read.objects);
                if let Some(problem) = read.problems.first() {
                    world.hide(&kind.resource.group, &kind.resource.kind, Vec::new(), problem.clone());
                }
                world.problems.extend(read.problems);
            }
            Err(cause) => {
                let reason = match cause {
                    Unseen::Request(cause) => cause.to_string(),
                    Unseen::TooMany => format!("all that rules look up takes more than {} MiB of memory", bytes >> 20),
                };
                world.hide(&kind.resource.group, &kind.resource.kind, Vec::new(), reason);
            }
        }
    }
    world
}

impl Gathered {
    fn hide(&mut self, group: &str, kind: &str, seen_in: Vec<String>, reason: String) {
        self.blind_spots.push(BlindSpot { group: group.to_owned(), kind: kind.to_owned(), seen_in, reason });
    }
}

/// All objects of a kind.
#[derive(Default)]
struct Read {
    objects: Vec<Object>,
    problems: Vec<String>,
    bytes: usize,
}

/// Why a kind cannot be seen.
enum Unseen {
    Request(RequestError),
    TooMany,
}

async fn in_namespaces(
    api: &Api,
    kind: &Kind,
    namespaces: &[String],
    bytes: usize,
    done: &(impl Fn(usize) + Sync),
) -> Result<Read, Unseen> {
    let mut all = Read::default();
    for namespace in namespaces {
        let read = read(api, kind, Some(namespace), bytes - all.bytes, done).await?;
        all.bytes += read.bytes;
        all.objects.extend(read.objects);
        all.problems.extend(read.problems);
    }
    Ok(all)
}

async fn read(
    api: &Api,
    kind: &Kind,
    namespace: Option<&str>,
    bytes: usize,
    done: &(impl Fn(usize) + Sync),
) -> Result<Read, Unseen> {
    let mut pages = Pages::new(api.clone(), Query::all(&kind.resource, namespace, kind.mask.clone()));
    let mut read = Read::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(Unseen::Request)?;
        done(page.objects.len());
        read.bytes += page.objects.iter().map(weight).sum::<usize>();
        if read.bytes > bytes {
            return Err(Unseen::TooMany);
        }
        read.objects.extend(page.objects);
        read.problems.extend(page.problems);
    }
    Ok(read)
}

/// Bytes that an object takes, names twice: they are its identity too.
fn weight(object: &Object) -> usize {
    size_of::<Object>() + 128 + node_weight(&object.node)
}

fn node_weight(node: &Node) -> usize {
    let inside = match &node.value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len() + 16,
        Value::Sequence(items) => items.iter().map(node_weight).sum(),
        Value::Mapping(entries) => entries.iter().map(|entry| 48 + entry.key.len() + node_weight(&entry.value)).sum(),
    };
    size_of::<Node>() + inside
}
