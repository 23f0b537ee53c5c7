//! Embeds the templates: every file of `templates/<name>/`.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    if let Err(cause) = embed(&folder) {
        eprintln!("cannot embed {}: {cause}", folder.display());
        process::exit(1);
    }
}

fn embed(folder: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    find(folder, &mut files)?;
    files.sort();
    let mut source = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(folder).map_err(io::Error::other)?;
        source.push_str(&format!("    ({:?}, include_str!({:?})),\n", name.to_string_lossy(), file));
    }
    source.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo gives no OUT_DIR"))?;
    fs::write(PathBuf::from(out).join("templates.rs"), source)
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { find(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
