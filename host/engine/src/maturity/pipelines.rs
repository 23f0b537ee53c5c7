//! What the steps of a pipeline do: the commands of GitHub Actions, GitLab CI and Tekton, each with its place.
//!
//! A shell is not understood here, only the first words of a command; what a script or an action hides is not seen.

use crate::manifest::{Content, Document, Manifest, Node, Object, Value};

/// A command or an action that a pipeline runs.
#[derive(Debug)]
pub(super) struct Step<'a> {
    /// The words of the command; for an action, its reference alone.
    pub words: Vec<&'a str>,
    /// Whether it is an action (`uses:`).
    pub is_action: bool,
    /// Counted from 1.
    pub line: u32,
}

impl Step<'_> {
    /// Whether the command begins with the words of one of these, options between them aside: `kubectl --context x apply`.
    /// An option among the words counts unless it says no: `--push=false`.
    pub fn runs(&self, commands: &[String]) -> bool {
        let is_word = |word: &str, wanted: &str| {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            name == wanted && value != "false"
        };
        !self.is_action
            && commands.iter().any(|command| {
                let mut wanted = command.split_whitespace();
                let mut words = self.words.iter();
                let program = words.next().and_then(|word| word.rsplit('/').next());
                program.is_some_and(|program| wanted.next() == Some(program))
                    && wanted.all(|wanted| words.any(|word| is_word(word, wanted)))
            })
    }

    /// Whether it is one of these actions, at whatever version: `docker/build-push-action`. Their names know no case.
    pub fn uses(&self, actions: &[String]) -> bool {
        let name = self.words.first().and_then(|word| word.split('@').next()).unwrap_or_default();
        let is = |action: &String| {
            let (start, rest) = name.split_at_checked(action.len()).unwrap_or((name, ""));
            start.eq_ignore_ascii_case(action) && (rest.is_empty() || rest.starts_with('/'))
        };
        self.is_action && actions.iter().any(is)
    }

    /// For people, cut where it grows long.
    pub fn text(&self) -> String {
        let text = self.words.join(" ");
        match text.char_indices().nth(60) {
            Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
            None => text,
        }
    }
}

/// The steps of a document, if it is a pipeline.
pub(super) fn steps<'a>(manifest: &'a Manifest, document: &'a Document) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    match &document.content {
        Content::Other(node) if is_github(&manifest.name) => collect(manifest, node, &["run"], &mut steps),
        Content::Other(node) if is_gitlab(&manifest.name) => {
            collect(manifest, node, &["script", "before_script", "after_script"], &mut steps);
        }
        Content::Objects(objects) => {
            for object in objects.iter().filter(|object| is_tekton(object)) {
                collect(manifest, &object.node, &["script"], &mut steps);
                arguments(manifest, &object.node, &mut steps);
            }
        }
        _ => {}
    }
    steps
}

fn is_github(file: &str) -> bool {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder == ".github/workflows" || folder.ends_with("/.github/workflows")
}

fn is_gitlab(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    matches!(name, ".gitlab-ci.yml" | ".gitlab-ci.yaml") || file.contains(".gitlab/ci/")
}

fn is_tekton(object: &Object) -> bool {
    object.group() == "tekton.dev"
}

/// The commands under these keys, and the actions under `uses`, wherever in the document.
fn collect<'a>(manifest: &'a Manifest, node: &'a Node, keys: &[&str], steps: &mut Vec<Step<'a>>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| collect(manifest, item, keys, steps)),
        Value::Mapping(entries) => {
            for entry in entries {
                match &entry.value.value {
                    Value::String(text) if keys.contains(&&*entry.key) => {
                        commands(manifest, &entry.value, text, steps);
                    }
                    Value::Sequence(items) if keys.contains(&&*entry.key) => {
                        let lines = items.iter().filter_map(|item| Some((item, item.as_str()?)));
                        lines.for_each(|(item, text)| commands(manifest, item, text, steps));
                    }
                    Value::String(text) if &*entry.key == "uses" => {
                        let line = manifest.source.position(entry.key_span.start).line;
                        steps.push(Step { words: vec![text], is_action: true, line });
                    }
                    _ => collect(manifest, &entry.value, keys, steps),
                }
            }
        }
        _ => {}
    }
}

/// `command` and `args` of Tekton's steps.
fn arguments<'a>(manifest: &'a Manifest, node: &'a Node, steps: &mut Vec<Step<'a>>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| arguments(manifest, item, steps)),
        Value::Mapping(entries) => {
            let words = ["command", "args"].into_iter().filter_map(|key| node.get(key));
            let words = words.filter_map(|list| match &list.value {
                Value::Sequence(items) => Some(items),
                _ => None,
            });
            let words: Vec<&str> = words.flatten().filter_map(Node::as_str).collect();
            if !words.is_empty() {
                let place = node.entry("command").or_else(|| node.entry("args"));
                let line = place.map_or(1, |entry| manifest.source.position(entry.key_span.start).line);
                steps.push(Step { words, is_action: false, line });
            }
            entries.iter().for_each(|entry| arguments(manifest, &entry.value, steps));
        }
        _ => {}
    }
}

/// The commands of a script. A line's place is looked for in the file, since a block scalar loses its indentation.
fn commands<'a>(manifest: &'a Manifest, node: &Node, script: &'a str, steps: &mut Vec<Step<'a>>) {
    let first = manifest.source.position(node.span.start).line;
    let text = manifest.source.slice(node.span);
    let mut written = text.lines().zip(first..);
    let mut line = first;
    for text in script.lines().map(str::trim).filter(|text| !text.is_empty() && !text.starts_with('#')) {
        // Where it is not found, by quotes or folding, the line before it is near enough.
        let mut ahead = written.clone();
        if let Some((_, found)) = ahead.find(|(written, _)| written.contains(text)) {
            line = found;
            written = ahead;
        }
        for command in text.split(['|', ';', '&', '(', ')', '`']) {
            let is_prefix = |word: &&str| {
                word.contains('=') || matches!(*word, "sudo" | "exec" | "time" | "then" | "do" | "!" | "$")
            };
            let words: Vec<&str> = command.split_whitespace().skip_while(is_prefix).collect();
            if !words.is_empty() {
                steps.push(Step { words, is_action: false, line });
            }
        }
    }
}
