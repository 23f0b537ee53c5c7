//! Which files of a repository are of an environment: those in the folders that somebody names, and otherwise those that are
//! called like one.
//!
//! It must not know where a repository lies.

use super::shared::Shared;
use super::stage::{Stage, is_of_other_tool, of_path};

/// A folder that somebody says is of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The environment.
    pub stage: Stage,
    /// The folder from the root of the repository, with `/`; a `*` stands for one step. Empty for all of it.
    pub folder: String,
}

impl Mapped {
    /// Whether a file is in the folder.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        slot(&self.folder, path).is_some()
    }
}

/// The environments of one repository.
#[derive(Clone, Debug, Default)]
pub struct Environments {
    /// The folders of it that are mapped.
    pub mapped: Vec<Mapped>,
    /// The environments that are mapped here or elsewhere: nothing is of them by its name.
    pub named: Vec<Stage>,
    /// What several of them have in common.
    pub shared: Shared,
}

impl Environments {
    /// The environment and the slot of a file that is of one alone.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<(Stage, String)> {
        if is_of_other_tool(path) {
            return None;
        }
        let mapped = self.mapped.iter().find_map(|mapped| Some((mapped.stage, slot(&mapped.folder, path)?)));
        mapped.or_else(|| {
            let placed = of_path(path).filter(|placed| !self.named.contains(&placed.stage))?;
            Some((placed.stage, placed.slot))
        })
    }

    /// The environments and the slots of a file; none where its path says none.
    pub(super) fn places(&self, path: &str) -> Vec<(Stage, String)> {
        if let Some(place) = self.place(path) {
            return vec![place];
        }
        self.shared.stages(path).map(|stage| (stage, path.to_owned())).collect()
    }
}

/// What a folder with `*` leaves of a path in it: the steps that the stars stood for, and what is below.
fn slot(folder: &str, path: &str) -> Option<String> {
    let mut steps = path.split('/');
    let mut slot = Vec::new();
    for wanted in folder.split('/').filter(|wanted| !wanted.is_empty()) {
        let step = steps.next()?;
        if wanted == "*" {
            slot.push(step);
        } else if wanted != step {
            return None;
        }
    }
    slot.extend(steps);
    Some(slot.join("/"))
}
