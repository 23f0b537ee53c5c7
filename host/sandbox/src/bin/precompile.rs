//! Makes the machine code of a bundle: `<rule>.cwasm` beside each `<rule>.wasm` of a folder, where it is not there or is
//! older. Part of the build; the command line embeds both.

use std::path::Path;
use std::process::ExitCode;
use std::{env, error, fs};

use sandbox::{Limits, Sandbox};

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
        let code = wasm.with_extension("cwasm");
        let made = fs::metadata(&code).and_then(|metadata| metadata.modified()).ok();
        if made.is_some_and(|made| {
            made > tool && fs::metadata(&wasm).and_then(|of| of.modified()).is_ok_and(|of| made > of)
        }) {
            continue;
        }
        let bytes = fs::read(&wasm)?;
        let made = sandbox.precompile(&bytes).map_err(|cause| format!("{}: {cause}", wasm.display()))?;
        fs::write(&code, made)?;
    }
    Ok(())
}
