//! The session of a workspace, under the texts that an editor has open.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine::Runtime;
use engine::config::FILE_NAME;
use engine::report::Report;
use engine::waiver::Date;
use session::{InOrder, Session};
use url::Url;

use crate::{Open, OpenError, Opened};

/// A text that is open in the editor.
struct Document {
    version: i32,
    text: String,
    /// Whether it is another one than when the workspace was read.
    is_changed: bool,
}

/// A workspace under an editor.
pub struct Workspace<O: Open> {
    opener: O,
    root: PathBuf,
    /// As it was when it could last be read; none where it never could.
    opened: Option<Opened<O::Runtime>>,
    /// By the name of its file.
    documents: BTreeMap<String, Document>,
}

impl<O: Open> Workspace<O> {
    /// The folder, not read yet.
    pub fn new(opener: O, root: PathBuf) -> Self {
        Self { opener, root, opened: None, documents: BTreeMap::new() }
    }

    /// Reads everything anew, as it is on the disk now; texts that are open stay as they are there. What was known stays
    /// where the folder cannot be read.
    pub fn read(&mut self) -> Result<(), OpenError> {
        let opened = self.opened.insert(self.opener.open(&self.root)?);
        for (name, document) in &mut self.documents {
            document.is_changed = fs::read_to_string(self.root.join(name)).ok().as_ref() != Some(&document.text);
            if is_checked(&opened.session, &self.root, name) {
                opened.session.files.set(name, document.text.clone().into_bytes());
            }
        }
        Ok(())
    }

    /// The name of a file of the workspace; none where it lies elsewhere.
    pub fn name(&self, address: &str) -> Option<String> {
        let path = Url::parse(address).ok()?.to_file_path().ok()?;
        let parts = path.strip_prefix(&self.root).ok()?.iter().map(|part| part.to_str());
        Some(parts.collect::<Option<Vec<&str>>>()?.join("/"))
    }

    /// The address of a file of the workspace.
    pub fn address(&self, name: &str) -> Option<String> {
        Url::from_file_path(self.root.join(name)).ok().map(String::from)
    }

    /// The text of a file has become another one, or is open from now on.
    pub fn set(&mut self, name: &str, version: i32, text: String) {
        let known = self.documents.get(name);
        let is_known =
            known.map_or_else(|| self.on_disk(name), |known| Some(known.text.clone())).as_ref() == Some(&text);
        let root = &self.root;
        let opened = self.opened.as_mut().filter(|opened| !is_known && is_checked(&opened.session, root, name));
        if let Some(opened) = opened {
            opened.session.files.set(name, text.clone().into_bytes());
        }
        let is_changed = !is_known || known.is_some_and(|known| known.is_changed);
        self.documents.insert(name.to_owned(), Document { version, text, is_changed });
    }

    /// The file is as it is on the disk from now on.
    pub fn close(&mut self, name: &str) {
        let Some(document) = self.documents.remove(name) else { return };
        let on_disk = self.on_disk(name);
        let root = &self.root;
        let opened = self.opened.as_mut().filter(|it| document.is_changed && is_checked(&it.session, root, name));
        let Some(opened) = opened else { return };
        match on_disk {
            Some(text) => opened.session.files.set(name, text.into_bytes()),
            None => opened.session.files.remove(name),
        }
    }

    /// Whether a file on the disk may change more than itself: the configuration, what charts and kustomizations are made
    /// of, and all that is not open.
    pub fn reaches_beyond(&self, name: &str) -> bool {
        name.ends_with(FILE_NAME) || !is_manifest(name) || !self.documents.contains_key(name) || self.has_renderings()
    }

    fn has_renderings(&self) -> bool {
        self.opened.as_ref().is_some_and(|opened| opened.session.files.have_renderings())
    }

    /// The text of the configuration, none where there is no such file yet, and the day on which its waivers count. None
    /// where it lies outside the workspace.
    pub fn configuration(&self) -> Option<(Option<String>, Date)> {
        let opened = self.opened.as_ref().filter(|opened| !opened.is_configured_elsewhere)?;
        Some((self.text(FILE_NAME), opened.session.setup().today))
    }

    /// The version of a text, where the editor has it open.
    pub fn version(&self, name: &str) -> Option<i32> {
        self.documents.get(name).map(|document| document.version)
    }

    /// The text of a file as the editor sees it.
    pub fn text(&self, name: &str) -> Option<String> {
        self.documents.get(name).map(|document| document.text.clone()).or_else(|| self.on_disk(name))
    }

    fn on_disk(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.root.join(name)).ok()
    }

    /// Checks everything, and hands the report on; with it, whether a file has changed since the workspace was read. None
    /// where it could never be read.
    pub fn check<T>(&mut self, then: impl FnOnce(&Report<'_>, &dyn Fn(&str) -> bool) -> T) -> Option<T> {
        let Opened { session, unread, known, .. } = self.opened.as_mut()?;
        let is_changed = |name: &str| self.documents.get(name).is_some_and(|document| document.is_changed);
        let mut report = session.check(&InOrder).into_report(unread.clone());
        if let Some(known) = known {
            report = report.against(known);
        }
        Some(then(&report, &is_changed))
    }
}

/// Whether a file is one of those that are checked: of those on the disk the reader has taken what is to be read, and left out
/// what git ignores or the configuration excludes. A new one is checked.
fn is_checked<R: Runtime>(session: &Session<R>, root: &Path, name: &str) -> bool {
    is_manifest(name) && (session.files.any(|file| file.manifest.name == name) || !root.join(name).exists())
}

/// Whether the reader reads it as manifests.
fn is_manifest(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|it| extension == *it))
}
