//! Text from manifests and modules, made safe to show: on a terminal, in JSON, in YAML, in Markdown. It must not know what is shown.

mod markdown;
mod plain;
mod safe;

pub use markdown::{code_block, markdown};
pub use plain::{count, cut, grouped, is_hidden, one_line, printable};
pub use safe::{text, to_json, write_json};
