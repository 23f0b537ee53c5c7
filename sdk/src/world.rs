//! The other objects that a rule may look up.
//!
//! A rule asks only for kinds that it declared, and the host answers from the files given, from a cluster or not at all.
//! What is found is found anywhere; but "X is missing" may be said only of a complete world, so a rule that has found
//! nothing calls [`World::must_be_complete`] before it says so.

mod signature;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use protocol::contract;

use crate::field::Field;
use crate::json::Writer;
use crate::memory::Memory;
use crate::object::Object;
use crate::relation::Relation;
use crate::text::holds;
use crate::undecided::Undecided;
use crate::value::Value;

pub use signature::Signature;

/// A kind that a rule may look up, and the fields that it reads of it.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// As in a manifest: `policy/v1`.
    pub api_version: &'static str,
    /// Kind, singular.
    pub kind: &'static str,
    /// Field mask of the look-up.
    pub reads: &'static [&'static str],
}

/// Answers look-ups, natively or across the border of the module.
pub trait Host {
    /// Calls an operation of the binding `kubewarden`; both payloads are JSON.
    ///
    /// # Errors
    /// What the host says, as text.
    fn call(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String>;
}

/// How much of the world can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Everything there is.
    Complete,
    /// A part, such as one file of many.
    Partial,
    /// A cluster in which objects arrive one by one: what is not there yet may still come.
    Admission,
}

/// The other objects.
#[derive(Clone, Copy)]
pub struct World<'a> {
    memory: &'a Memory,
    host: &'a dyn Host,
    completeness: Completeness,
    declared: &'static [Declared],
    /// See [`contract::ABSENT`].
    absent: &'a str,
}

struct LookUpRequest<'a> {
    api_version: &'a str,
    kind: &'a str,
    name: Option<&'a str>,
    namespace: Option<&'a str>,
    is_anywhere: bool,
    wanted: Wanted<'a>,
}

/// Which objects of a list are wanted: hints, which a host may leave aside.
#[derive(Clone, Copy, Default)]
struct Wanted<'a> {
    related: &'a [Relation<'a>],
    most: Option<u32>,
    is_unrendered: bool,
}

impl LookUpRequest<'_> {
    fn write(&self, field_masks: &[&str]) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.open(b'{');
        writer.member("api_version", self.api_version);
        writer.member("kind", self.kind);
        writer.optional("name", self.name);
        writer.optional("namespace", self.namespace);
        if self.name.is_some() {
            writer.flag("disable_cache", false);
        }
        writer.texts("field_masks", &mut field_masks.iter().copied());
        let Wanted { related, most, is_unrendered } = self.wanted;
        if !related.is_empty() {
            writer.key("related");
            writer.open(b'[');
            related.iter().for_each(|relation| relation.write(&mut writer));
            writer.close(b']');
        }
        if self.is_anywhere {
            writer.flag(contract::ANYWHERE, true);
        }
        if let Some(most) = most {
            writer.number(contract::MOST, most);
        }
        if is_unrendered {
            writer.flag(contract::UNRENDERED, true);
        }
        writer.close(b'}');
        writer.finish()
    }
}

/// Where the objects of a list stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Within<'a> {
    /// In one namespace; `None` means the objects that name none.
    Namespace(Option<&'a str>),
    /// In every namespace.
    All,
    /// In every namespace, and what the input has besides: objects that name no namespace and are deployed apart from the one
    /// that asks. A host that does not know the difference gives all objects of a cluster. Where something could not be read,
    /// nothing may be called missing after this: see [`World::must_be_complete`].
    Anywhere,
}

impl<'a> World<'a> {
    pub(crate) const fn new(
        memory: &'a Memory,
        host: &'a dyn Host,
        completeness: Completeness,
        declared: &'static [Declared],
    ) -> Self {
        Self { memory, host, completeness, declared, absent: "" }
    }

    /// The same world, of which the host said that it has no object of these kinds: see [`contract::ABSENT`].
    pub(crate) const fn lacking(self, absent: &'a str) -> Self {
        Self { absent, ..self }
    }

    /// Whether what is given is everything there is.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.completeness == Completeness::Complete
    }

    /// Whether the object is about to enter a cluster, where whoever sends it may write anything into it.
    #[must_use]
    pub fn is_admission(&self) -> bool {
        self.completeness == Completeness::Admission
    }

    /// Goes on only if the world is complete: call it before saying that something is missing. A world of which the host
    /// does not show a part is not.
    ///
    /// # Errors
    /// Unknown, saying what was looked for, or what the host refused.
    pub fn must_be_complete(&self, looked_for: impl Into<String>) -> Result<(), Undecided> {
        if let Some(refusal) = self.memory.refusal() {
            return Err(Undecided::Unknown(refusal));
        }
        match self.completeness {
            Completeness::Complete => Ok(()),
            Completeness::Partial => {
                Err(Undecided::Unknown(format!("found no {}; it may be outside what was given", looked_for.into())))
            }
            Completeness::Admission => {
                Err(Undecided::Unknown(format!("found no {} yet; it may still be created", looked_for.into())))
            }
        }
    }

    /// The object of that name, if it is there. `namespace` is `None` for objects that name none.
    ///
    /// # Errors
    /// Unknown where the host does not allow the look-up, or it fails at admission; else an error where it fails, and where it
    /// was not declared.
    pub fn get(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<Object<'a>>, Undecided> {
        let request = LookUpRequest {
            api_version,
            kind,
            name: Some(name),
            namespace: Some(namespace.unwrap_or_default()),
            is_anywhere: false,
            wanted: Wanted::default(),
        };
        let answer = self.ask(contract::GET_RESOURCE, &request)?;
        Ok(answer.filter(|(object, _)| object.is_set()).map(|(object, declared)| other(object, declared)))
    }

    /// All objects of a kind in one namespace; `None` means the objects that name none.
    ///
    /// # Errors
    /// Unknown where the host does not allow the look-up, or it fails at admission; else an error where it fails, and where it
    /// was not declared.
    pub fn list(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Result<Vec<Object<'a>>, Undecided> {
        self.related(api_version, kind, Within::Namespace(namespace), &[])
    }

    /// All objects of a kind, in every namespace.
    ///
    /// # Errors
    /// Unknown where the host does not allow the look-up, or it fails at admission; else an error where it fails, and where it
    /// was not declared.
    pub fn list_all(&self, api_version: &str, kind: &str) -> Result<Vec<Object<'a>>, Undecided> {
        self.related(api_version, kind, Within::All, &[])
    }

    /// The objects of a kind that may be related to the one checked in at least one of these ways; all, where the host does
    /// not know relations. The rule tests each.
    ///
    /// # Errors
    /// Unknown where the host does not allow the look-up, or it fails at admission; else an error where it fails, and where it
    /// was not declared.
    pub fn related(
        &self,
        api_version: &str,
        kind: &str,
        within: Within<'_>,
        related: &[Relation<'_>],
    ) -> Result<Vec<Object<'a>>, Undecided> {
        Ok(self.list_of(api_version, kind, within, Wanted { related, ..Wanted::default() })?.0)
    }

    /// As [`related`](Self::related), in every namespace, for a rule that looks at the first `most` and no more; and whether
    /// these are all. A host that does not know the limit gives all.
    ///
    /// # Errors
    /// Unknown where the host does not allow the look-up; an error where it fails or was not declared.
    pub fn first_related(
        &self,
        api_version: &str,
        kind: &str,
        related: &[Relation<'_>],
        most: u32,
    ) -> Result<(Vec<Object<'a>>, bool), Undecided> {
        let wanted = Wanted { related, most: Some(most), ..Wanted::default() };
        let (objects, missing) = self.list_of(api_version, kind, Within::All, wanted)?;
        Ok((objects, missing.is_none()))
    }

    /// The objects of a kind of deployers, such as Helm releases, [anywhere](Within::Anywhere), whose deployment is not in the
    /// input. A host that renders nothing gives all of the kind.
    ///
    /// # Errors
    /// Unknown where the host does not allow the look-up; an error where it fails or was not declared.
    pub fn unrendered(&self, api_version: &str, kind: &str) -> Result<Vec<Object<'a>>, Undecided> {
        let wanted = Wanted { is_unrendered: true, ..Wanted::default() };
        Ok(self.list_of(api_version, kind, Within::Anywhere, wanted)?.0)
    }

    /// The objects of a list, and how many are missing from it, if some are.
    fn list_of(
        &self,
        api_version: &str,
        kind: &str,
        within: Within<'_>,
        wanted: Wanted<'_>,
    ) -> Result<(Vec<Object<'a>>, Option<i64>), Undecided> {
        let (operation, namespace) = match within {
            Within::Namespace(namespace) => (contract::LIST_BY_NAMESPACE, Some(namespace.unwrap_or_default())),
            Within::All | Within::Anywhere => (contract::LIST_ALL, None),
        };
        let is_anywhere = within == Within::Anywhere;
        let request = LookUpRequest { api_version, kind, name: None, namespace, is_anywhere, wanted };
        let answer = self.ask(operation, &request)?;
        let missing = answer.and_then(|(list, _)| list.get("metadata.remainingItemCount").integer());
        if is_anywhere && missing.is_some() {
            self.memory.note_refused("a file that is deployed together with it could not be read");
        }
        Ok((items(answer), missing))
    }

    /// The answer to a request, with the field mask that the rule declared for the kind, and what it declared; `None`
    /// where the host says that there is no such object.
    fn ask(
        &self,
        operation: &str,
        request: &LookUpRequest<'_>,
    ) -> Result<Option<(Field<'a>, &'static Declared)>, Undecided> {
        let (api_version, kind) = (request.api_version, request.kind);
        let mut known = self.declared.iter().enumerate();
        let Some((index, declared)) = known.find(|(_, it)| it.kind == kind && it.api_version == api_version) else {
            return Err(Undecided::Error(format!("the look-up of {api_version} {kind} is not declared")));
        };
        // The first look-up is asked whatever is known: by it a host notes that the rule looks at other objects.
        let is_absent = self.memory.asked() && !request.is_anywhere && self.absent.as_bytes().get(index) == Some(&b'1');
        if is_absent || self.memory.is_unserved(api_version) {
            return Ok(None);
        }
        self.memory.note_asked();
        let answer = match self.host.call(contract::KUBERNETES, operation, &request.write(declared.reads)) {
            Ok(answer) => self.memory.bump.alloc_slice_copy(&answer),
            Err(cause) if is_not_found(&cause) => {
                if holds(&cause, UNSERVED) {
                    self.memory.note_unserved(declared.api_version);
                }
                return Ok(None);
            }
            Err(cause) if is_refusal(&cause) => {
                self.memory.note_refused(&cause);
                return Err(Undecided::Unknown(cause));
            }
            Err(cause) => {
                let cause = format!("looking up {api_version} {kind} failed: {cause}");
                // An API server that is down for a moment keeps nobody from deploying what is good.
                if self.is_admission() {
                    self.memory.note_refused(&cause);
                    return Err(Undecided::Unknown(cause));
                }
                return Err(Undecided::Error(cause));
            }
        };
        let value = Value::parse(answer, &self.memory.bump)
            .map_err(|_| Undecided::Error(format!("the answer to a look-up of {kind} is not valid JSON")))?;
        Ok(Some((Field::root(self.memory, Some(self.memory.bump.alloc(value))), declared)))
    }
}

fn items<'a>(answer: Option<(Field<'a>, &'static Declared)>) -> Vec<Object<'a>> {
    let Some((list, declared)) = answer else {
        return Vec::new();
    };
    list.get("items").items().map(|item| other(item, declared)).collect()
}

/// An object that is not the one judged.
fn other<'a>(object: Field<'a>, declared: &'static Declared) -> Object<'a> {
    let kind = declared.kind;
    let name = match object.value().and_then(|object| object.get("metadata")?.get("name")) {
        Some(Value::String(name)) => *name,
        _ => "without a name",
    };
    let root = Field::root_of_other(object.memory(), object.value(), &format!("{kind} {name}"));
    Object::other(root, declared.api_version, kind)
}

/// How a policy-server begins what it says of a kind where its API server does not list the group, so none of its kinds. A kind
/// that a served group lacks it "cannot find".
const UNSERVED: &str = "error finding resource";

/// How a policy-server passes on what it was answered.
const PASSED_ON: &str = "Callback evaluation failure: ";

/// Whether an error says that there is no such object, or no such kind: our hosts and recorded sessions begin with it, and
/// a policy-server passes on what the API server or its own discovery says.
fn is_not_found(cause: &str) -> bool {
    let kinds = ["NotFound", "404", "Cannot find "];
    cause.strip_prefix(PASSED_ON).unwrap_or(cause).starts_with(contract::NOT_FOUND)
        || kinds.iter().any(|words| holds(cause, words))
}

/// Whether an error says that the host may not be asked this: ours, or a policy-server whose administrator has not granted it.
fn is_refusal(cause: &str) -> bool {
    cause.starts_with(contract::LOOK_UP_NOT_ALLOWED) || holds(cause, "not been granted access")
}

#[cfg(test)]
mod tests;
