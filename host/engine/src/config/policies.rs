//! What a configuration says of policies, and of what anybody may ask its host.

use serde_json::Value as Json;

use super::{PolicyConfig, Read, Reader};
use crate::capability::Capabilities;
use crate::manifest::{Node, Value};

impl Reader<'_> {
    /// The policies by name. Which names there are is not known here: a policy need not be part of every run.
    pub(super) fn policies(&self, node: &Node) -> Read<Vec<PolicyConfig>> {
        let Value::Mapping(policies) = &node.value else {
            return self.refuse(node.span, &format!("expected a mapping, found {}", node.value.description()));
        };
        let mut read = Vec::new();
        for policy in policies {
            let mut config = PolicyConfig { name: policy.key.to_string(), ..PolicyConfig::default() };
            for option in self.entries(&policy.value, &["settings", "allow"])? {
                match &*option.key {
                    "allow" => config.allow = self.capabilities(&option.value)?,
                    _ => config.settings = Some(self.object(&option.value)?),
                }
            }
            read.push(config);
        }
        Ok(read)
    }

    /// A list of capabilities, by Kubewarden's patterns.
    pub(super) fn capabilities(&self, node: &Node) -> Read<Capabilities> {
        let mut all = Capabilities::default();
        for item in self.items(node)? {
            let Some(pattern) = item.as_str() else {
                let message =
                    format!("a capability is a string such as oci/v2/verify, not {}", item.value.description());
                return self.refuse(item.span, &message);
            };
            match Capabilities::new(&[pattern]) {
                Ok(capabilities) => all = all.and(capabilities),
                Err(cause) => return self.refuse(item.span, &cause.to_string()),
            }
        }
        Ok(all)
    }

    fn object(&self, node: &Node) -> Read<Json> {
        if !matches!(node.value, Value::Mapping(_)) {
            return self.refuse(node.span, &format!("settings are a mapping, not {}", node.value.description()));
        }
        serde_json::to_value(node).or_else(|cause| self.refuse(node.span, &cause.to_string()))
    }
}
