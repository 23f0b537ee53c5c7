//! Files that are no manifests, whatever their syntax: a tool's JSON with comments, another program's YAML, what git-crypt
//! has encrypted. Nothing in them is for a cluster, so that nothing is wrong with them here.

use super::{Content, Document, Manifest, ProblemKind, SkipReason, Span, kustomization, template};
use crate::paths::file_name;

/// Bytes of the longest file that may be no manifest.
const LONGEST: usize = 64 << 20;

/// How files begin that git-crypt has encrypted.
pub(super) const GIT_CRYPT: &[u8] = b"\0GITCRYPT\0";

impl Manifest {
    /// Takes what kept a file from being read for the reason to skip it, if the file is no manifest: if it says nowhere of
    /// which `apiVersion` something is, no document of it of which `kind`, and its name not that it is a kustomization. For
    /// files that were found, not for those that are read for what they are.
    pub fn skip_foreign(&mut self) {
        // What is longer than this is somebody's dump, and nobody's settings.
        if self.objects().next().is_some() || self.source.len() > LONGEST {
            return;
        }
        let text = &*self.source.text().into_owned();
        if names_api_version(text) || names_kind(text) {
            return;
        }
        if kustomization::is_file_name(file_name(&self.name)) {
            return;
        }
        // An action on a line of its own may bring a whole manifest; one within a value cannot.
        if !template::has_action_alone(text) {
            for document in &mut self.documents {
                if matches!(document.content, Content::Template) {
                    document.content = Content::Foreign(SkipReason::Template);
                }
            }
        }
        if self.problems.is_empty() {
            return;
        }
        // What kubectl reads and we refuse may spell a key in other ways.
        let is_spelt_out = !text.contains(['\\', '!']);
        if !self.problems.iter().all(|problem| is_forgiven(&problem.kind, is_spelt_out)) {
            return;
        }
        let reason = match self.problems.first().map(|problem| &problem.kind) {
            Some(ProblemKind::Encrypted) => SkipReason::Encrypted,
            Some(ProblemKind::Encoding { .. }) => SkipReason::Binary,
            _ if has_json_comments(text) => SkipReason::JsonWithComments,
            _ => SkipReason::NotReadable,
        };
        self.problems.clear();
        if self.documents.is_empty() {
            self.documents.push(Document { span: Span::default(), content: Content::Foreign(reason) });
        }
        for document in &mut self.documents {
            if matches!(document.content, Content::Broken) {
                document.content = Content::Foreign(reason);
            }
        }
    }
}

/// Whether `apiVersion` stands anywhere, in whatever case.
fn names_api_version(text: &str) -> bool {
    const NAME: &[u8] = b"apiVersion";
    text.as_bytes().windows(NAME.len()).any(|window| window.eq_ignore_ascii_case(NAME))
}

/// Whether `kind` is a key at the top of a document: a manifest that forgot its `apiVersion`. Deeper ones are anybody's.
fn names_kind(text: &str) -> bool {
    text.split(['\n', '\r']).any(|line| line.starts_with("kind:"))
}

const fn is_forgiven(kind: &ProblemKind, is_spelt_out: bool) -> bool {
    match kind {
        // kubectl does not read these either.
        ProblemKind::Encrypted
        | ProblemKind::Encoding { .. }
        | ProblemKind::Syntax(_)
        | ProblemKind::TabIndentation
        | ProblemKind::UnknownAnchor
        | ProblemKind::RecursiveAlias
        | ProblemKind::InvalidMerge
        | ProblemKind::InvalidTag { .. }
        | ProblemKind::InvalidSeparator
        | ProblemKind::ControlCharacter(_) => true,
        ProblemKind::DuplicateKey(_)
        | ProblemKind::InvalidKey(_)
        | ProblemKind::NotJson
        | ProblemKind::HiddenLineBreak(_)
        | ProblemKind::Behind => is_spelt_out,
        // What has a limit was not read, and what is malformed is an object.
        _ => false,
    }
}

fn has_json_comments(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty());
    let is_comment = |line: &str| line.starts_with("//") || line.starts_with("/*");
    let first = lines.clone().find(|line| !is_comment(line));
    first.is_some_and(|line| line.starts_with(['{', '['])) && lines.any(|line| is_comment(line) || line.contains(" //"))
}
