//! The objects of one kind in a cluster, which come and go while they are looked up.
//!
//! Look-ups are answered as from a [`World`](crate::World), with the same payloads, relations and concealment of Secrets.
//! What is asked again is remembered until something changes, and the indices of relations grow along with the objects, so
//! that neither a look-up nor a change costs more where there are many. Objects are kept packed.
//!
//! A list replaces the objects in place, one after the other, so that it needs no second copy of them. An object that it
//! brings unchanged costs a comparison.
//!
//! The module must not know where changes come from, nor how old they are.

use std::collections::BTreeMap;

use protocol::{FieldMask, contract};

use crate::answers::{Answers, Outlook, Question};
use crate::call::{CallError, HostCall};
use crate::lookups::{self, LookUpRequest, write_looked_up};
use crate::manifest::Object;
use crate::relations::Indices;

/// Bytes of answers that are remembered.
const ANSWERS: usize = 1 << 20;

/// Bytes that an object takes besides what is packed and its name, which is kept twice.
const OBJECT: usize = size_of::<Slot>() + 128;

/// Slots that are let be, however few of them hold an object.
const SLOTS: usize = 64;

/// The objects of one kind.
#[derive(Debug)]
pub struct Live {
    /// Each under a number that no other has had. What has gone leaves a gap, until there are more gaps than objects.
    slots: Vec<Option<Slot>>,
    /// The numbers, by namespace and name. What is in no namespace has an empty one.
    names: BTreeMap<String, BTreeMap<String, usize>>,
    count: usize,
    bytes: usize,
    relations: Indices,
    answers: Answers,
    /// The number of the last list that began.
    list: u64,
}

/// An object, and the number of the last list that had begun when it was put.
#[derive(Debug)]
struct Slot {
    object: Object,
    list: u64,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            names: BTreeMap::new(),
            count: 0,
            bytes: 0,
            relations: Indices::default(),
            answers: Answers::within(ANSWERS),
            list: 0,
        }
    }
}

impl Live {
    /// How many objects there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether it has no objects.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes that the objects take, with the indices and answers that were made of them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes + self.relations.bytes() + self.answers.bytes()
    }

    /// A list of all objects begins. Until it ends, the objects that it has not brought yet are still there.
    pub const fn begin_list(&mut self) {
        self.list += 1;
    }

    /// The list has ended: an object that was not put since it began no longer exists.
    pub fn end_list(&mut self) {
        let is_gone = |slot: &&Slot| slot.list != self.list;
        let gone = self.slots.iter().flatten().filter(is_gone).map(|Slot { object, .. }| {
            (object.namespace.clone().unwrap_or_default(), object.name.clone().unwrap_or_default())
        });
        let gone: Vec<(String, String)> = gone.collect();
        gone.iter().for_each(|(namespace, name)| self.remove(namespace, name));
    }

    /// Adds an object, or replaces the one of that name. An object without a name is left out: nothing could look it up.
    pub fn put(&mut self, mut object: Object) {
        let Some(name) = object.name.clone() else { return };
        let namespace = object.namespace.clone().unwrap_or_default();
        lookups::conceal(&mut object);
        object.node.pack(&FieldMask::whole());
        let known = self.names.get(&namespace).and_then(|names| names.get(&name)).copied();
        if let Some(Some(known)) = known.and_then(|number| self.slots.get_mut(number))
            && is_same(&known.object, &object)
        {
            known.list = self.list;
            return;
        }
        self.remove(&namespace, &name);
        let number = self.slots.len();
        self.relations.add(number, &object.node.look());
        self.bytes += weight(&object);
        self.count += 1;
        self.slots.push(Some(Slot { object, list: self.list }));
        self.names.entry(namespace).or_default().insert(name, number);
        self.answers = Answers::within(ANSWERS);
    }

    /// Removes an object, if it is there. `namespace` is empty for a cluster-scoped object.
    pub fn remove(&mut self, namespace: &str, name: &str) {
        let Some(names) = self.names.get_mut(namespace) else { return };
        let number = names.remove(name);
        if names.is_empty() {
            self.names.remove(namespace);
        }
        let gone = number.and_then(|number| self.slots.get_mut(number)).and_then(Option::take);
        let Some(gone) = gone else { return };
        self.bytes -= weight(&gone.object);
        self.count -= 1;
        self.answers = Answers::within(ANSWERS);
        if self.slots.len() > SLOTS.max(2 * self.count) {
            self.close_gaps();
        }
    }

    fn close_gaps(&mut self) {
        let mut old = std::mem::take(&mut self.slots);
        for number in self.names.values_mut().flat_map(BTreeMap::values_mut) {
            let slot = old.get_mut(*number).and_then(Option::take);
            *number = self.slots.len();
            self.slots.push(slot);
        }
        self.relations = Indices::default();
    }

    /// The answer to a look-up of this kind.
    ///
    /// # Errors
    /// There is no such object, or the question makes no sense.
    pub fn answer(&self, call: HostCall<'_>, asked: &LookUpRequest) -> Result<Vec<u8>, CallError> {
        let namespace = asked.namespace.as_deref().unwrap_or_default();
        match call.operation {
            contract::GET_RESOURCE => {
                let number = self.names.get(namespace).and_then(|names| names.get(asked.name.as_deref()?));
                let object = number.and_then(|number| self.object(*number)).ok_or(CallError::NotFound)?;
                let mut answer = Vec::new();
                write_looked_up(object, &asked.mask(), &mut answer);
                Ok(answer)
            }
            contract::LIST_BY_NAMESPACE => {
                self.remember(call, || lookups::list(asked, &self.listed(asked, Some(namespace)), 0))
            }
            contract::LIST_ALL => self.remember(call, || lookups::list(asked, &self.listed(asked, None), 0)),
            _ => Err(call.unanswered("no cache answers it")),
        }
    }

    fn remember(
        &self,
        call: HostCall<'_>,
        answer: impl FnOnce() -> Result<Vec<u8>, CallError>,
    ) -> Result<Vec<u8>, CallError> {
        let (operation, payload) = (call.operation.to_owned(), call.payload.to_vec());
        let question = Question { outlook: Outlook::of_cluster(), operation, payload };
        self.answers.get(question, answer).map(|answer| answer.to_vec())
    }

    /// The objects of a namespace, or all, that may be related as it is asked, by namespace and name.
    fn listed(&self, asked: &LookUpRequest, namespace: Option<&str>) -> Vec<&Object> {
        let nodes = || {
            let objects = self.slots.iter().enumerate();
            objects.filter_map(|(number, slot)| Some((number, slot.as_ref()?.object.node.look())))
        };
        let related = if asked.related.is_empty() { None } else { self.relations.candidates(&asked.related, nodes) };
        if let Some(numbers) = related {
            let objects = numbers.into_iter().filter_map(|number| self.object(number));
            let mut objects: Vec<&Object> = objects.filter(|object| is_in(object, namespace)).collect();
            objects.sort_by_key(|object| (&object.namespace, &object.name));
            return objects;
        }
        let (one, all) = match namespace {
            Some(namespace) => (self.names.get(namespace), None),
            None => (None, Some(self.names.values())),
        };
        let names = one.into_iter().chain(all.into_iter().flatten());
        names.flat_map(BTreeMap::values).filter_map(|number| self.object(*number)).collect()
    }

    fn object(&self, number: usize) -> Option<&Object> {
        Some(&self.slots.get(number)?.as_ref()?.object)
    }
}

/// Whether nothing changed that is kept. Both are packed, and are compared as such.
fn is_same(one: &Object, other: &Object) -> bool {
    one.api_version == other.api_version && one.kind == other.kind && one.node.is_packed_like(&other.node)
}

fn is_in(object: &Object, namespace: Option<&str>) -> bool {
    namespace.is_none_or(|namespace| object.namespace.as_deref().unwrap_or_default() == namespace)
}

fn weight(object: &Object) -> usize {
    let names = [&object.namespace, &object.name].map(|name| name.as_ref().map_or(0, String::len));
    let identity = object.api_version.len() + object.kind.len();
    OBJECT + object.node.packed_bytes() + identity + 2 * names.iter().sum::<usize>()
}

#[cfg(test)]
mod tests;
