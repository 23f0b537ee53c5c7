//! The user's cache: what was compiled or rendered once is not made again.

use std::env;
use std::path::PathBuf;

use sandbox::Cache;

use crate::present::output;

/// The user's own cache of machine code. If it is missing, or not the user's alone, modules are compiled each
/// time.
pub fn open() -> Option<Cache> {
    let cache = Cache::open(&folder()?.join("modules"));
    cache.inspect_err(|cause| output::warn(&format!("{cause}; modules are compiled each time"))).ok()
}

/// The user's cache folder for what is ours.
pub fn folder() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("seaworthy"))
}
