//! Embeds the bundle: every `<rule>.wasm` with its machine code `<rule>.cwasm` from the policies folder, which `make
//! policies` fills. The folder is `target/policies` of the workspace, or `SEAWORTHY_POLICIES`.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

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
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let wasm = entry?.path();
        if wasm.extension().is_some_and(|extension| extension == "wasm") {
            let code = wasm.with_extension("cwasm");
            if !code.exists() {
                return Err(format!("{} is missing", code.display()).into());
            }
            let name = wasm.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            for path in [&wasm, &code] {
                println!("cargo:rerun-if-changed={}", path.display());
            }
            entries.push(format!(
                "    Embedded {{ name: {name:?}, wasm: include_bytes!({wasm:?}), code: include_bytes!({code:?}) }},\n"
            ));
        }
    }
    if entries.is_empty() {
        return Err("there are none".into());
    }
    entries.sort();
    let out = PathBuf::from(env::var("OUT_DIR")?).join("embedded.rs");
    fs::write(out, format!("const EMBEDDED: &[Embedded] = &[\n{}];\n", entries.concat()))?;
    Ok(())
}
