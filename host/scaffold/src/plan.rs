//! Writes what was rendered, where nothing is yet. All that is in the way is said before the first file is written.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::render::File;

/// What is to be written where.
#[derive(Debug)]
pub struct Plan {
    /// Files that are written.
    pub new: Vec<(PathBuf, File)>,
    /// Files that all share and that are there already.
    pub kept: Vec<PathBuf>,
}

/// What is in the way.
#[derive(Debug, thiserror::Error)]
pub enum Conflict {
    /// There is something of that name.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// Where a folder is needed there is something else.
    #[error("{} is not a folder", .0.display())]
    NoFolder(PathBuf),
}

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written: {cause}", .path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub cause: io::Error,
}

impl Plan {
    /// What is to be written below the folder.
    ///
    /// # Errors
    /// All that is in the way.
    pub fn new(folder: &Path, files: Vec<File>) -> Result<Self, Vec<Conflict>> {
        let (mut plan, mut conflicts) = (Self { new: Vec::new(), kept: Vec::new() }, Vec::new());
        // What is printed shows no `./`.
        let folder = if folder == Path::new(".") { Path::new("") } else { folder };
        for file in files {
            let path = place(folder, &file.path);
            let around = path.ancestors().skip(1).filter(|around| !around.as_os_str().is_empty());
            if path.symlink_metadata().is_ok() {
                if file.is_shared { plan.kept.push(path) } else { conflicts.push(Conflict::Exists(path)) }
            } else if let Some(no_folder) =
                around.take_while(|it| it.starts_with(folder)).find(|it| it.exists() && !it.is_dir())
            {
                conflicts.push(Conflict::NoFolder(no_folder.to_owned()));
            } else {
                plan.new.push((path, file));
            }
        }
        if conflicts.is_empty() { Ok(plan) } else { Err(conflicts) }
    }

    /// Writes the files. What came to be there meanwhile is left as it is, and is an error.
    ///
    /// # Errors
    /// The first file that cannot be written.
    pub fn write(&self) -> Result<(), WriteError> {
        for (path, file) in &self.new {
            let write = || {
                fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
                let mut new = fs::File::create_new(path)?;
                new.write_all(file.text.as_bytes())
            };
            write().map_err(|cause| WriteError { path: path.clone(), cause })?;
        }
        Ok(())
    }
}

/// Where a file of a template lies below a folder.
pub fn place(folder: &Path, path: &str) -> PathBuf {
    folder.join(path.split('/').collect::<PathBuf>())
}
