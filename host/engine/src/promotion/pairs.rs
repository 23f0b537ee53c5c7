//! Pairs each version of production with what staging named for the same service, now and before.
//!
//! The same service has the same file in both environments, and the same place in it or the same image there. Where no file of
//! staging ever was its counterpart, the same image anywhere in staging is. The module must not know which pair is good.

use std::collections::HashSet;

use super::stage::Stage;
use super::timeline::{Named, Stood, Timeline};
use crate::documents::{Promoted, Staged};

/// A version that stands in a file now.
#[derive(Clone, Debug)]
pub struct Present {
    /// The path of the file in its repository.
    pub file: String,
    /// What stands there.
    pub named: Named,
}

/// What is known of one repository.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The versions that stand in its files.
    pub present: Vec<Present>,
    /// Those of its history.
    pub timeline: Timeline,
}

/// What production of a repository names in a file, each with what staging named in any of them.
#[must_use]
pub fn pairs(production: &Side, file: &str, staging: &[&Side]) -> Vec<Promoted> {
    let versions = production.present.iter().filter(|present| present.file == file);
    let versions = versions.filter(|present| present.named.stage == Stage::Production);
    versions.map(|present| promoted(present, production, staging)).collect()
}

fn promoted(present: &Present, production: &Side, staging: &[&Side]) -> Promoted {
    let named = &present.named;
    let own = production.timeline.stood.iter().filter(|stood| stood.named.stage == Stage::Production);
    let own: Vec<&Stood> = own.filter(|stood| is_of_slot(&stood.named, named)).collect();
    let is_it = |stood: &&&Stood| {
        stood.until.is_none()
            && stood.file == present.file
            && is_equal(&stood.named, named)
            && stood.named.at == named.at
    };
    let written = own.iter().rev().find(is_it);
    let earlier = own.iter().filter(|stood| !is_equal(&stood.named, named));
    let earlier = earlier.filter(|stood| written.is_none_or(|written| stood.from < written.from)).count();
    Promoted {
        of: named.version.of.clone(),
        at: named.version.at.clone(),
        tag: named.version.tag.clone(),
        digest: named.version.digest.clone(),
        place: named.version.span,
        written: written.map(|written| written.from),
        earlier: earlier as u64,
        staging: staged(named, staging),
    }
}

/// What staging named for the same service.
fn staged(named: &Named, staging: &[&Side]) -> Vec<Staged> {
    let all = |is_for: &dyn Fn(&Named) -> bool| -> Vec<Staged> {
        let mut found = Vec::new();
        for side in staging {
            let stood = side.timeline.stood.iter().filter(|it| it.named.stage == Stage::Staging && is_for(&it.named));
            let stood: Vec<&Stood> = stood.collect();
            found.extend(stood.iter().map(|stood| of_history(stood)));
            let open: HashSet<_> = stood
                .iter()
                .filter(|stood| stood.until.is_none())
                .map(|stood| key(&stood.file, &stood.named))
                .collect();
            let present = side.present.iter().filter(|it| it.named.stage == Stage::Staging && is_for(&it.named));
            let unwritten = present.filter(|it| !open.contains(&key(&it.file, &it.named)));
            found.extend(unwritten.map(of_today));
        }
        found
    };
    let of_slot = all(&|other| is_of_slot(other, named));
    if of_slot.is_empty() && named.version.of.is_some() {
        return all(&|other| other.version.of == named.version.of);
    }
    of_slot
}

fn key<'a>(file: &'a str, named: &'a Named) -> (&'a str, &'a str, Option<&'a str>, Option<&'a str>) {
    (file, &named.at, named.version.tag.as_deref(), named.version.digest.as_deref())
}

fn of_history(stood: &Stood) -> Staged {
    Staged {
        file: stood.file.clone(),
        tag: stood.named.version.tag.clone(),
        digest: stood.named.version.digest.clone(),
        from: Some(stood.from),
        until: stood.until,
        commit: Some(stood.commit.clone()),
    }
}

/// What no commit of the history has written.
fn of_today(present: &Present) -> Staged {
    Staged {
        file: present.file.clone(),
        tag: present.named.version.tag.clone(),
        digest: present.named.version.digest.clone(),
        from: None,
        until: None,
        commit: None,
    }
}

/// Whether both are of the same service, by their files and the places in them.
fn is_of_slot(one: &Named, other: &Named) -> bool {
    let is_same_image = one.version.of.is_some() && one.version.of == other.version.of;
    one.slot == other.slot && (is_same_image || one.at == other.at)
}

fn is_equal(one: &Named, other: &Named) -> bool {
    (&one.version.tag, &one.version.digest) == (&other.version.tag, &other.version.digest)
}
