//! Embeds the bundle: every `<rule>.wasm` with its machine code `<rule>.cwasm` and its metadata `<rule>.json` from the
//! policies folder, which `make policies` fills. The folder is `target/policies` of the workspace, or
//! `SEAWORTHY_POLICIES`.

use std::path::{Path, PathBuf};
use std::{env, fs, mem, process};

use serde_json::{Value, json};

fn main() {
    println!("cargo:rerun-if-env-changed=SEAWORTHY_POLICIES");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = env::var_os("SEAWORTHY_POLICIES").map_or_else(|| workspace.join("target/policies"), PathBuf::from);
    println!("cargo:rerun-if-changed={}", folder.display());
    if let Err(cause) = embed(&folder) {
        eprintln!("cannot embed the rules of {}: {cause}\nrun `make policies` first", folder.display());
        process::exit(1);
    }
}

fn embed(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let folder = folder.canonicalize()?;
    let mut modules = Vec::new();
    for entry in fs::read_dir(folder)? {
        let wasm = entry?.path();
        if wasm.extension().is_some_and(|extension| extension == "wasm") {
            modules.push(wasm);
        }
    }
    if modules.is_empty() {
        return Err("there are no modules".into());
    }
    modules.sort();
    let (mut entries, mut metadata, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    for wasm in modules {
        let [code, said] = ["cwasm", "json"].map(|extension| wasm.with_extension(extension));
        for path in [&wasm, &code, &said] {
            if !path.exists() {
                return Err(format!("{} is missing", path.display()).into());
            }
            println!("cargo:rerun-if-changed={}", path.display());
        }
        let name = wasm.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        entries.push(format!(
            "    Embedded {{\n        name: {name:?},\n        wasm: include_bytes!({wasm:?}),\n        \
             code: {{\n            static CODE: &Aligned<[u8]> = &Aligned(*include_bytes!({code:?}));\n            \
             &CODE.0\n        }},\n    }},\n"
        ));
        let mut rule: Value = serde_json::from_str(&fs::read_to_string(said)?)?;
        let [documentation, examples] = [("documentation", json!("")), ("examples", json!([]))]
            .map(|(field, nothing)| rule.get_mut(field).map(|value| mem::replace(value, nothing)));
        documents.push(json!({"documentation": documentation, "examples": examples}));
        metadata.push(rule);
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Each is one text, side by side: a run reads all of the metadata, and of the modules only those that it needs.
    fs::write(out.join("metadata.json"), Value::Array(metadata).to_string())?;
    fs::write(out.join("documents.json"), Value::Array(documents).to_string())?;
    fs::write(
        out.join("embedded.rs"),
        format!(
            "/// What the rules say of themselves, but for `DOCUMENTS`, in the order of `EMBEDDED`.\n\
             const METADATA: &str = include_str!(concat!(env!(\"OUT_DIR\"), \"/metadata.json\"));\n\n\
             /// Their documentation and their examples.\n\
             const DOCUMENTS: &str = include_str!(concat!(env!(\"OUT_DIR\"), \"/documents.json\"));\n\n\
             static EMBEDDED: &[Embedded] = &[\n{}];\n",
            entries.concat()
        ),
    )?;
    Ok(())
}
