//! Makes of each `<rule>.wasm` in a folder its machine code, `<rule>.cwasm`, and what it says of itself, `<rule>.json`,
//! where they are not there or are older. Part of the build; the command line embeds all three.

use std::path::Path;
use std::process::ExitCode;
use std::{env, error, fs};

use engine::is_rule_name;
use sandbox::{Limits, LoadError, Sandbox};

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: precompile <folder of modules>");
        return ExitCode::FAILURE;
    };
    match precompile(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("{}: {cause}", Path::new(&folder).display());
            ExitCode::FAILURE
        }
    }
}

fn precompile(folder: &Path) -> Result<(), Box<dyn error::Error>> {
    let sandbox = Sandbox::new(Limits::default(), 1)?;
    // A newer binary may bring a newer wasmtime.
    let tool = fs::metadata(env::current_exe()?)?.modified()?;
    for entry in fs::read_dir(folder)? {
        let wasm = entry?.path();
        if wasm.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        // The code is written last, so it is there only if both are.
        let [metadata, code] = ["json", "cwasm"].map(|extension| wasm.with_extension(extension));
        let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
        if metadata.exists()
            && modified(&code).is_ok_and(|made| made > tool && modified(&wasm).is_ok_and(|of| made > of))
        {
            continue;
        }
        let bytes = fs::read(&wasm)?;
        let refused = |cause: LoadError| format!("{}: {cause}", wasm.display());
        let rule = sandbox::rule(&bytes, sandbox.limits()).map_err(refused)?;
        let rule = rule.ok_or_else(|| format!("{} carries no metadata of a rule", wasm.display()))?;
        if !is_rule_name(&rule.name) {
            return Err(format!("{} has a rule name that is not kebab-case: {:?}", wasm.display(), rule.name).into());
        }
        let made = sandbox.precompile(&bytes).map_err(refused)?;
        fs::write(&metadata, serde_json::to_vec(&rule)?)?;
        fs::write(&code, made)?;
    }
    Ok(())
}
