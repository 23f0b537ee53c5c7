//! Puts the pieces of the npm package together: the JavaScript beside the engine's module, and the bundle of rules.
//!
//! `assemble glue ENGINE.wasm FOLDER` writes `engine.js`, its types and `engine_bg.wasm`; `assemble pack FOLDER FILE`
//! packs the modules of a folder.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["glue", engine, folder] => glue(Path::new(engine), Path::new(folder)),
        ["pack", modules, file] => pack(Path::new(modules), Path::new(file)),
        _ => Err("usage: assemble glue ENGINE.wasm FOLDER | assemble pack FOLDER FILE".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("assemble: {cause}");
            ExitCode::FAILURE
        }
    }
}

fn glue(engine: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(engine).out_name("engine").web(true)?.typescript(true).omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(folder).map_err(|cause| format!("{}: {cause:#}", engine.display()).into())
}

fn pack(folder: &Path, file: &Path) -> Result<(), Box<dyn Error>> {
    let entries =
        fs::read_dir(folder).map_err(|cause| format!("{}: {cause}; run `make policies`", folder.display()))?;
    let mut modules = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            modules.push((name, fs::read(&path)?));
        }
    }
    modules.sort();
    if modules.is_empty() {
        return Err(format!("{} has no modules; run `make policies`", folder.display()).into());
    }
    let packed = web::pack::pack(modules.iter().map(|(name, wasm)| (name.as_str(), wasm.as_slice())));
    Ok(fs::write(file, packed)?)
}
