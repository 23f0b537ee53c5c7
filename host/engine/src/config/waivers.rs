//! What a configuration says of waivers.

use super::{PolicyConfig, Read, Reader, suggestion};
use crate::manifest::{Node, Value};
use crate::path_pattern::PathPattern;
use crate::waiver::{Date, Waiver};

/// What a waiver says. `by`, `why` and `until` are what `owner`, `reason` and `expires` were called first; they go on
/// working.
const KEYS: [&str; 11] =
    ["rule", "object", "container", "path", "environment", "owner", "reason", "expires", "by", "why", "until"];

impl Reader<'_> {
    pub(super) fn waiver(&self, node: &Node, policies: &[PolicyConfig]) -> Read<Waiver> {
        self.entries(node, &KEYS)?;
        let (rule, object) = (self.required(node, "rule")?, self.field(node, "object")?);
        let names = self.rules.iter().map(|rule| rule.name.as_str());
        let names: Vec<&str> = names.chain(policies.iter().map(|policy| policy.name.as_str())).collect();
        if !names.contains(&rule.as_str()) {
            let span = self.field(node, "rule")?.span;
            return self.refuse(span, &format!("there is no rule `{rule}`{}", suggestion(&rule, &names)));
        }
        self.entries(object, &["group", "kind", "namespace", "name"])?;
        let expires = self.renamed(node, "expires", "until")?;
        let Some(date) = expires.as_str().and_then(Date::parse) else {
            let key = if node.get("until").is_some() { "until" } else { "expires" };
            return self.refuse(expires.span, &format!("`{key}` must be a date, such as 2027-03-31"));
        };
        Ok(Waiver {
            rule,
            group: self.group(object)?,
            kind: self.optional(object, "kind")?,
            namespace: self.optional(object, "namespace")?,
            name: self.required(object, "name")?,
            container: self.optional(node, "container")?,
            path: self.path(node)?,
            environment: self.optional(node, "environment")?,
            owner: self.said(node, "owner", "by")?,
            reason: self.said(node, "reason", "why")?,
            expires: date,
            spot: Some(self.layers.spot(node.span)),
        })
    }

    /// The core group has an empty name.
    fn group(&self, object: &Node) -> Read<Option<String>> {
        match object.get("group").map(|group| (&group.value, group.span)) {
            None => Ok(None),
            Some((Value::String(group), _)) => Ok(Some(group.to_string())),
            Some((_, span)) => self.refuse(span, "`group` is an API group, such as apps, or '' for the core group"),
        }
    }

    fn path(&self, node: &Node) -> Read<Option<PathPattern>> {
        let Some(text) = self.optional(node, "path")? else { return Ok(None) };
        let span = self.field(node, "path")?.span;
        match PathPattern::parse(&text) {
            Some(path) => Ok(Some(path)),
            None => self
                .refuse(span, "`path` must be a path in the object, such as `spec.template.spec.containers[*].image`"),
        }
    }

    /// The value under a key, or under the one that it had first; not under both.
    fn renamed<'n>(&self, node: &'n Node, key: &str, old: &str) -> Read<&'n Node> {
        match (node.get(key), node.get(old)) {
            (Some(_), Some(other)) => self.refuse(other.span, &format!("`{old}` is `{key}`: give one of them")),
            (None, Some(value)) => Ok(value),
            _ => self.field(node, key),
        }
    }

    fn said(&self, node: &Node, key: &str, old: &str) -> Read<String> {
        self.renamed(node, key, old)?;
        self.required(node, if node.get(key).is_some() { key } else { old })
    }
}
