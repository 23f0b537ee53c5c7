//! In what state each kind of object is: the objects of it that the world has, where they stand and what they say.
//!
//! A look-up whose kind is in the state that it was in, asked from a place that sees what it saw, has the same answer.

use std::collections::HashMap;

use engine::{Input, Subject, World};

use crate::digest::Digester;
use crate::files::Files;

/// Which objects a look-up can be answered with: of a project, a group and a kind. A namespace does not narrow it, since
/// what names none may live in any, by how it is deployed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    pub project: usize,
    pub group: String,
    pub kind: String,
}

/// The states of all kinds. No objects is a state too.
#[derive(Debug, Default)]
pub struct Kinds {
    ids: HashMap<Kind, usize>,
    kinds: Vec<Kind>,
    states: Vec<u64>,
}

impl Kinds {
    /// The number of a kind, which it keeps.
    pub fn id(&mut self, kind: Kind) -> usize {
        if let Some(id) = self.ids.get(&kind) {
            return *id;
        }
        let id = self.states.len();
        self.ids.insert(kind.clone(), id);
        self.kinds.push(kind);
        self.states.push(0);
        id
    }

    /// The number of the kind in another project that this one is the number of in its own.
    pub fn elsewhere(&mut self, id: usize, project: usize) -> usize {
        match self.kinds.get(id) {
            Some(kind) if kind.project != project => self.id(Kind { project, ..kind.clone() }),
            _ => id,
        }
    }

    /// The state of the kind of this number.
    pub fn state(&self, id: usize) -> u64 {
        self.states.get(id).copied().unwrap_or_default()
    }

    /// Looks at all objects anew that may be looked up.
    pub fn look(&mut self, input: &Input, files: &Files, digester: &Digester) {
        self.states.iter_mut().for_each(|state| *state = 0);
        for subject in input.visible() {
            let Subject { file, document, object } = subject;
            // The serial stands for the file's name, project and text; where it lives is for other files to say.
            let place = World::viewpoint(input, subject);
            // Some look-ups leave out what deploys something that was rendered.
            let is_rendered = input.is_deployment_rendered(subject);
            let this = digester.digest(&(files.serial(file), document, &object.path, place, is_rendered));
            let project = input.file(file).map_or(0, |file| file.project);
            let id = self.id(Kind { project, group: object.group().to_owned(), kind: object.kind.clone() });
            if let Some(state) = self.states.get_mut(id) {
                // In order: of two variants that are equally near the last is seen.
                *state = digester.digest(&(*state, this)) as u64;
            }
        }
    }
}
