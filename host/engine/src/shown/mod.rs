//! Text from manifests and modules, made safe to show: on a terminal, in JSON, in YAML. It must not know what is shown.

mod plain;
mod safe;

pub use plain::{count, is_hidden, one_line, printable};
pub use safe::{text, to_json, write_json};
