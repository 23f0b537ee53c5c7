//! The values of a configuration one by one, each with the file and line that has the last word on it.

use serde_json::Value as Json;

use super::layers::{Layers, Loader};
use super::{ConfigError, LONGEST_WAIVER_DAYS};
use crate::manifest::{Node, Value};
use crate::spot::Spot;
use crate::yaml;

/// A value, as a line of YAML.
#[derive(Clone, Debug, PartialEq)]
pub struct SetValue {
    /// From the root: keys, and numbers of items.
    pub path: String,
    /// The line; those of all values together are the configuration.
    pub line: String,
    /// The value; none of a line that only begins something.
    pub value: Option<Json>,
    /// Where it stands; nowhere if it is a default.
    pub spot: Option<Spot>,
}

/// All values of a configuration and of what it extends, and the defaults of what it does not say.
///
/// # Errors
/// The first thing that is wrong with one of the files.
pub fn set_values(name: &str, text: Vec<u8>, loader: &mut dyn Loader) -> Result<Vec<SetValue>, ConfigError> {
    let layers = Layers::read(name, text, loader)?;
    let mut writer = Writer { layers: &layers, values: Vec::new() };
    if let Some(root) = &layers.root {
        writer.members(root, "", 0);
    }
    let mut values = writer.values;
    values.splice(0..0, defaults().into_iter().filter(|default| !says(layers.root.as_ref(), &default.path)));
    Ok(values)
}

fn says(root: Option<&Node>, key: &str) -> bool {
    root.and_then(|root| root.get(key)).is_some_and(|value| value.value != Value::Null)
}

/// What counts where nothing is said, and has a value of its own.
fn defaults() -> Vec<SetValue> {
    let default = |path: &str, value: Json| {
        let line = yaml::entry(path, &value, 0);
        SetValue { path: path.to_owned(), line, value: Some(value), spot: None }
    };
    vec![
        default("profile", "recommended".into()),
        default("fail_on", "low".into()),
        default("longest_waiver_days", LONGEST_WAIVER_DAYS.into()),
    ]
}

struct Writer<'a> {
    layers: &'a Layers,
    values: Vec<SetValue>,
}

impl Writer<'_> {
    /// The members of a mapping, a line each, or more.
    fn members(&mut self, node: &Node, path: &str, indent: usize) {
        let Value::Mapping(entries) = &node.value else { return };
        for entry in entries {
            let path = if path.is_empty() { entry.key.to_string() } else { format!("{path}.{}", entry.key) };
            let start = format!("{:indent$}{}:", "", yaml::flow(&Json::from(&*entry.key)));
            self.value(&entry.value, &start, &path, indent);
        }
    }

    /// A value behind what its line begins with.
    fn value(&mut self, node: &Node, start: &str, path: &str, indent: usize) {
        match &node.value {
            Value::Mapping(entries) if !entries.is_empty() => {
                self.begin(start, path);
                self.members(node, path, indent + 2);
            }
            Value::Sequence(items) if items.iter().any(|item| matches!(item.value, Value::Mapping(_))) => {
                self.begin(start, path);
                for (index, item) in items.iter().enumerate() {
                    self.item(item, &format!("{path}[{index}]"), indent);
                }
            }
            _ => {
                let value = serde_json::to_value(node).unwrap_or_default();
                let line = format!("{start} {}", yaml::flow(&value));
                let spot = Some(self.layers.spot(node.span));
                self.values.push(SetValue { path: path.to_owned(), line, value: Some(value), spot });
            }
        }
    }

    /// An item of a list of mappings: its first member stands behind the dash.
    fn item(&mut self, node: &Node, path: &str, indent: usize) {
        let from = self.values.len();
        self.members(node, path, indent + 2);
        let Some(first) = self.values.get_mut(from) else {
            return self.value(node, &format!("{:indent$}-", ""), path, indent);
        };
        first.line.replace_range(indent..indent + 1, "-");
    }

    fn begin(&mut self, start: &str, path: &str) {
        self.values.push(SetValue { path: path.to_owned(), line: start.to_owned(), value: None, spot: None });
    }
}
