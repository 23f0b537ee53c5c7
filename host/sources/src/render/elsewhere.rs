//! What is known to deploy another repository, or another state of this one: its folders are not those that lie here, even
//! where they have the same names. Nothing has to be rendered to know it.

use engine::manifest::Node;

use super::deployer::{Deployer, Made};
use super::mark;
use super::repository::spelt;

impl Deployer<'_> {
    /// What says so, for the first source of which it is known.
    pub fn elsewhere(&self) -> Option<Made> {
        let spec = self.object.node.get("spec")?;
        let said = match self.object.kind.as_str() {
            "Application" => self.first_elsewhere(spec),
            "ApplicationSet" => self.first_elsewhere(spec.get("template")?.get("spec")?),
            "HelmRelease" => self.other_repository(spec.get("chart")?.get("spec")?, "chart"),
            _ => self.other_repository(spec, "path"),
        };
        said.map(|said| *said)
    }

    fn first_elsewhere(&self, spec: &Node) -> Option<Box<Made>> {
        let one = spec.get("source").or_else(|| spec.get("sourceHydrator")?.get("drySource"));
        one.into_iter().chain(spec.list("sources")).find_map(|source| self.other_tree(source))
    }

    fn other_tree(&self, source: &Node) -> Option<Box<Made>> {
        let path = source.text(&["path"]);
        // The engine says that a chart is not here, and values for another source are nothing that is deployed.
        if source.text(&["chart"]).is_some() || path.is_none() && source.get("ref").is_some() {
            return None;
        }
        let is_open = |node: &&Node| node.as_str().is_some_and(|text| text.contains("{{"));
        let open = ["repoURL", "targetRevision"].iter().filter_map(|key| source.get(key)).find(is_open);
        if let Some(open) = open {
            return Some(self.open(open));
        }
        let (path, url) = (path.unwrap_or("."), source.text(&["repoURL"]).unwrap_or_default());
        if !self.repository.is_here(url) {
            let text = format!("deploys `{path}` of {}, which is not in the input", spelt(url));
            return Some(self.unknown(text, source.get("path").unwrap_or(source)));
        }
        self.other_state(source, path)
    }

    /// Whether a source of this repository is another state of it.
    pub fn other_state(&self, source: &Node, path: &str) -> Option<Box<Made>> {
        let revision = source.get("targetRevision").filter(|at| !self.repository.is_this_tree(at.as_str()))?;
        let at = mark::text_of(&revision.value).unwrap_or_default();
        let text = format!("`{path}` is deployed at `{at}`, which is not this tree: that is not rendered");
        Some(self.unknown(text, revision))
    }

    fn other_repository(&self, spec: &Node, path: &str) -> Option<Box<Made>> {
        let reference = spec.get("sourceRef").filter(|it| it.text(&["kind"]) == Some("GitRepository"))?;
        self.git_source(reference, spec.text(&[path]).unwrap_or(".")).err()
    }
}
