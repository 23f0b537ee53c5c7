//! A directory that is the user's alone, reached by its handle. It must not know what the files in it are.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

use crate::error::CacheError;

/// What is never larger is read; machine code is some ten times its module.
const FILE_BYTES: u64 = 512 << 20;

/// Sets when a file was read, also where the system does not by itself, and leaves alone when it was written.
const NOW: Timestamps = Timestamps {
    last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
    last_modification: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
};

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
        // Its time says when it was last of use; where it cannot be set, the file only goes sooner.
        let _ = rustix::fs::futimens(&file, &NOW);
        let mut bytes = Vec::new();
        File::from(file).take(FILE_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Removes the files that were not read or written for longest, until the rest has no more than `most` bytes. Files
    /// that a process left half written are among them, and go in their turn.
    pub(crate) fn shrink(&self, most: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let name = entry?.file_name().to_owned();
            let stat = rustix::fs::statat(&self.0, &name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                #[allow(clippy::useless_conversion, reason = "types differ between platforms")]
                let used = (i64::from(stat.st_atime), i64::try_from(stat.st_atime_nsec).unwrap_or_default());
                files.push((used, u64::try_from(stat.st_size).unwrap_or_default(), name));
            }
        }
        files.sort();
        let mut total = files.iter().fold(0_u64, |total, (_, size, _)| total.saturating_add(*size));
        for (_, size, name) in files {
            if total <= most {
                break;
            }
            // Another process may have removed it a moment ago.
            let _ = rustix::fs::unlinkat(&self.0, &name, AtFlags::empty());
            total -= size;
        }
        Ok(())
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
    #[test]
    fn what_was_unused_for_longest_goes_first() {
        let (_parent, path) = fresh();
        let directory = Directory::open(&path).unwrap();
        // Times of files are as coarse as the kernel's clock.
        let wait = || std::thread::sleep(std::time::Duration::from_millis(30));
        for name in [".left.1.0", "a", "b", "c"] {
            directory.write(name, &[0; 100]).unwrap();
            wait();
        }
        directory.read("a").unwrap();
        let names = || {
            let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = entries.collect();
            names.sort();
            names
        };
        directory.shrink(400).unwrap();
        assert_eq!(names(), [".left.1.0", "a", "b", "c"]);
        directory.shrink(399).unwrap();
        assert_eq!(names(), ["a", "b", "c"]);
        directory.shrink(200).unwrap();
        assert_eq!(names(), ["a", "c"]);
        directory.shrink(0).unwrap();
        assert!(names().is_empty());
    }
}
