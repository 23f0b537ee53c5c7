//! A directory that is the user's alone, reached by its handle. It must not know what the files in it are.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use crate::cache::CacheError;

/// What is never larger is read; machine code is some ten times its module.
const FILE_BYTES: u64 = 512 << 20;

/// An open directory that only the user may enter.
#[derive(Debug)]
pub(crate) struct Directory(OwnedFd);

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, CacheError> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(CacheError::Io)?;
        // Not through a link: where it leads could change.
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| CacheError::Io(error.into()))?;
        let stat = rustix::fs::fstat(&directory).map_err(|error| CacheError::Io(error.into()))?;
        if !mine(&stat) {
            return Err(CacheError::Foreign(stat.st_uid));
        }
        let mode = Mode::from_raw_mode(stat.st_mode);
        if mode.intersects(Mode::RWXG | Mode::RWXO) {
            #[allow(clippy::useless_conversion, reason = "it is u16 on macOS")]
            return Err(CacheError::Exposed(u32::from(mode.as_raw_mode())));
        }
        Ok(Self(directory))
    }

    /// A file's bytes. It could be older than the directory's mode, so it must be the user's alone as well.
    pub(crate) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        // A FIFO would make the open wait.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.0, name, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&file)?;
        let writable = Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH);
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || !mine(&stat) || writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut bytes = Vec::new();
        File::from(file).take(FILE_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes a file beside its place and moves it there, so that nobody reads half of it.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let draft = format!(".{name}.{}.{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.0, &draft, flags, Mode::RUSR | Mode::WUSR)?;
        let written =
            File::from(file).write_all(bytes).and_then(|()| Ok(rustix::fs::renameat(&self.0, &draft, &self.0, name)?));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = rustix::fs::unlinkat(&self.0, &draft, AtFlags::empty());
        }
        written
    }
}

fn mine(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn fresh() -> (tempfile::TempDir, std::path::PathBuf) {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/cache");
        (parent, path)
    }

    #[test]
    fn a_directory_that_is_not_there_is_made_for_the_user_alone() {
        let (_parent, path) = fresh();
        Directory::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_directory_that_others_may_enter_is_refused() {
        let (_parent, path) = fresh();
        Directory::open(&path).unwrap();
        for mode in [0o777, 0o701, 0o710, 0o750] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(matches!(Directory::open(&path), Err(CacheError::Exposed(found)) if found == mode), "{mode:o}");
        }
    }

    #[test]
    fn a_link_or_a_file_in_its_place_is_refused() {
        let (parent, path) = fresh();
        Directory::open(&path).unwrap();
        let link = parent.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(matches!(Directory::open(&link), Err(CacheError::Io(_))));
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(Directory::open(&file), Err(CacheError::Io(_))));
    }

    #[test]
    fn a_directory_of_somebody_else_is_refused() {
        // Root's, to whoever is not root; to root, somebody else's where one can be made.
        let (parent, path) = fresh();
        Directory::open(&path).unwrap();
        let other = match rustix::process::geteuid().is_root() {
            true => {
                std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
                path
            }
            false => std::path::PathBuf::from("/"),
        };
        assert!(matches!(Directory::open(&other), Err(CacheError::Foreign(_))));
        drop(parent);
    }

    #[test]
    fn what_is_written_is_read_and_leaves_no_draft() {
        let (_parent, path) = fresh();
        let directory = Directory::open(&path).unwrap();
        directory.write("entry", b"one").unwrap();
        directory.write("entry", b"two").unwrap();
        assert_eq!(directory.read("entry").unwrap(), b"two");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    }

    #[test]
    fn an_entry_that_others_may_write_or_that_is_no_file_is_not_read() {
        let (_parent, path) = fresh();
        let directory = Directory::open(&path).unwrap();
        directory.write("entry", b"code").unwrap();
        symlink(path.join("entry"), path.join("link")).unwrap();
        assert!(directory.read("link").is_err());
        rustix::fs::mkfifoat(&directory.0, "fifo", Mode::RUSR | Mode::WUSR).unwrap();
        assert!(directory.read("fifo").is_err());
        fs::set_permissions(path.join("entry"), Permissions::from_mode(0o622)).unwrap();
        assert!(directory.read("entry").is_err());
    }
}
