//! `--base`: the input as it was where a change began, to be compared with.
//!
//! It must not know what is compared.

use std::path::{Path, PathBuf};

use sources::{Commit, Earlier, EarlierError, Exclude, GitError, RenderOptions, Repository};

use crate::failure::Failure;
use crate::present::output::{self, one_line};

/// The input as it was, and what people call that state.
pub struct Base {
    earlier: Earlier,
    pub shown: String,
}

/// The input of these paths at the merge base of a revision and HEAD. Nothing where the clone is too shallow to have one,
/// which is said: everything is reported then.
///
/// # Errors
/// There is no such revision, or no such input.
pub fn find(name: &str, paths: &[PathBuf]) -> Result<Option<Base>, Failure> {
    if paths.iter().any(|path| path.as_os_str() == sources::STDIN) {
        return Err(Failure::Usage("--base: standard input has no earlier state: name files or folders".into()));
    }
    let folder = paths.first().map_or(Path::new("."), |path| path);
    let folder = if folder.is_dir() { folder } else { folder.parent().unwrap_or(folder) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match read(name, folder, paths) {
        Ok(base) => Ok(Some(base)),
        Err(EarlierError::Git(cause)) if cause.is_of_shallow_clone() => {
            output::warn(&one_line(&format!("--base: {cause}. Everything is reported")));
            Ok(None)
        }
        Err(cause) => Err(Failure::Usage(one_line(&format!("--base: {cause}")))),
    }
}

fn read(name: &str, folder: &Path, paths: &[PathBuf]) -> Result<Base, EarlierError> {
    let repository = Repository::around(folder)?;
    let (commit, base) = merge_base(&repository, name)?;
    let shown = if commit == base { format!("{name} ({base})") } else { format!("{name} (merge base {base})") };
    Ok(Base { earlier: Earlier::of(&repository, &base, paths)?, shown })
}

fn merge_base(repository: &Repository, name: &str) -> Result<(Commit, Commit), GitError> {
    let commit = repository.commit(name)?;
    let base = repository.merge_base(&commit, &repository.commit("HEAD")?)?;
    Ok((commit, base))
}

impl Base {
    /// Reads the input as it was: with the paths, the patterns and the options of today, where they lead in the earlier
    /// repository.
    ///
    /// # Errors
    /// The process cannot work there.
    pub fn read<T>(
        &self,
        excludes: &[Exclude],
        rendering: &RenderOptions,
        then: impl FnOnce(&[PathBuf], &[Exclude], &RenderOptions) -> T,
    ) -> Result<T, Failure> {
        let place = |path: &Path| self.earlier.relocated(path);
        let excludes: Vec<Exclude> = excludes.iter().map(|exclude| exclude.clone().relocated(place)).collect();
        let places = |paths: &[PathBuf]| paths.iter().map(|path| place(path)).collect();
        let (values, roots) = (places(&rendering.values), places(&rendering.roots));
        let rendering = RenderOptions { values, roots, ..rendering.clone() };
        let read = self.earlier.visit(|paths| then(paths, &excludes, &rendering));
        read.map_err(|cause| Failure::File(format!("--base: the earlier input cannot be read: {cause}")))
    }
}
