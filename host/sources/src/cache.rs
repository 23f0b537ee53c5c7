//! Texts that were made or fetched before. Renderings are kept by everything that they depend on: the tool, its version, its
//! arguments and all its files.
//!
//! A rendering may hold what its sources hold, so the folder is the user's alone; any other is not used. Errors of the
//! cache are ignored: then the text is made again.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// Bytes that are kept.
const KEPT: u64 = 256 << 20;

/// A folder of texts.
#[derive(Debug)]
pub struct Cache(PathBuf);

impl Cache {
    /// The cache in a folder, if that is, or can be made, the user's alone.
    pub fn open(folder: &Path) -> Option<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).ok()?;
        let kind = fs::symlink_metadata(folder).ok()?;
        let is_own = kind.is_dir() && kind.uid() == rustix::process::geteuid().as_raw() && kind.mode() & 0o077 == 0;
        is_own.then(|| Self(folder.to_owned()))
    }

    /// What a rendering is known by.
    pub fn key(&self, tool: &[&str], arguments: &[&OsStr], files: &[(&Path, &[u8])]) -> String {
        let mut digest = Sha256::new();
        let mut add = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        add(env!("CARGO_PKG_VERSION").as_bytes());
        tool.iter().for_each(|text| add(text.as_bytes()));
        arguments.iter().for_each(|argument| add(argument.as_bytes()));
        for (path, bytes) in files {
            add(path.as_os_str().as_bytes());
            add(bytes);
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What was kept.
    pub fn get(&self, key: &str) -> Option<String> {
        let path = self.0.join(key);
        let kind = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let text = fs::read_to_string(&path).ok()?;
        // The last use decides what goes first; once a day is often enough.
        let is_old =
            kind.modified().ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age.as_secs() > 86_400);
        if is_old && let Ok(file) = fs::File::open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(text)
    }

    /// Keeps a text.
    pub fn put(&self, key: &str, text: &str) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let draft = self.0.join(format!(".{}.{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        if written.and_then(|()| fs::rename(&draft, self.0.join(key))).is_err() {
            let _ = fs::remove_file(&draft);
        }
    }

    /// Removes what was not used for longest, until the rest is small enough.
    pub fn shrink(&self) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| {
                let kind = entry.metadata().ok().filter(fs::Metadata::is_file)?;
                Some((kind.modified().ok()?, kind.len(), entry.path()))
            })
            .collect();
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        files.sort();
        for (_, size, path) in files {
            if total <= KEPT {
                break;
            }
            let _ = fs::remove_file(path);
            total -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rendering_is_found_by_all_that_it_depends_on() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("a/b")).unwrap();
        let key = |version: &str, argument: &str, path: &str, text: &[u8]| {
            cache.key(&["helm", version], &[OsStr::new(argument)], &[(Path::new(path), text)])
        };
        let known = key("3", "template", "a.yaml", b"a: 1");
        cache.put(&known, "out");
        assert_eq!(cache.get(&known).as_deref(), Some("out"));
        for other in [
            key("4", "template", "a.yaml", b"a: 1"),
            key("3", "version", "a.yaml", b"a: 1"),
            key("3", "template", "b.yaml", b"a: 1"),
            key("3", "template", "a.yaml", b"a: 2"),
            key("3t", "emplate", "a.yaml", b"a: 1"),
        ] {
            assert_eq!(cache.get(&other), None);
        }
        cache.shrink();
        assert_eq!(cache.get(&known).as_deref(), Some("out"), "there is room");
    }

    #[test]
    fn a_folder_of_others_is_no_cache() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Cache::open(&open).is_none());
        fs::set_permissions(&open, fs::Permissions::from_mode(0o700)).unwrap();
        symlink(&open, folder.path().join("link")).unwrap();
        assert!(Cache::open(&open).is_some() && Cache::open(&folder.path().join("link")).is_none());
    }
}
