//! YAML that is printed.

use serde_json::Value;

/// YAML that readers of 1.1 and of 1.2 understand alike.
pub fn yaml(document: &Value) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    // A tree of JSON has nothing that YAML cannot say; JSON itself is YAML too.
    serde_saphyr::to_string_with_options(document, options).unwrap_or_else(|_| document.to_string() + "\n")
}
