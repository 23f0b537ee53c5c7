//! Files in a folder, or one stream.

use std::fs;
use std::path::Path;

use engine::yaml;
use serde_json::Value;

use crate::failure::Failure;
use crate::present::output;

/// What is written.
pub struct File {
    /// Below the folder, with `/`.
    pub name: String,
    pub text: String,
}

impl File {
    pub fn new(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), text }
    }

    /// One document.
    pub fn yaml(name: &str, document: &Value) -> Self {
        Self::new(name, yaml::document(document))
    }

    /// Several documents.
    pub fn documents(name: &str, documents: &[Value]) -> Self {
        let texts: Vec<String> = documents.iter().map(yaml::document).collect();
        Self::new(name, texts.join("---\n"))
    }
}

/// Writes the files into a folder, or their texts to standard output.
pub fn write(files: &[File], folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else {
        let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
        return output::print(&texts.join("---\n"));
    };
    let failed =
        |path: &Path, cause: &std::io::Error| Failure::File(format!("{} cannot be written: {cause}", path.display()));
    // What lies there already would become part of what is installed.
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::Usage(format!("{} is not empty: give a new folder", folder.display())));
    }
    for file in files {
        let path = folder.join(&file.name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|cause| failed(parent, &cause))?;
        fs::write(&path, &file.text).map_err(|cause| failed(&path, &cause))?;
    }
    Ok(())
}
