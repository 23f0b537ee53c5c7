//! Keeps machine code between runs. Compiling thirty rules takes seconds, loading them milliseconds.
//!
//! Whoever can write machine code that we load can do what we can do. So code is kept in a directory that only the user
//! may enter, and read from nowhere else; the directory is opened once and then reached by its handle, so that it cannot
//! be swapped later. An entry's name is the digest of all that shaped the code, and an entry begins with a digest of its
//! name and content: one that was cut short, damaged or renamed is compiled anew. That digest is no signature. The
//! directory's owner is trusted, nobody else gets there.
//!
//! The cache has a size. When an entry comes that does not fit, those that were not used for longest go.

use std::hash::{Hash, Hasher};
use std::path::Path;

use sha2::{Digest, Sha256};
use wasmtime::Engine;

#[cfg(not(unix))]
use self::nowhere::Directory;
#[cfg(unix)]
use crate::directory::Directory;
use crate::error::CacheError;

/// A directory of machine code that only the user may write.
#[derive(Debug)]
pub struct Cache {
    directory: Directory,
    bytes: u64,
}

impl Cache {
    /// How large a cache gets if nothing else is said: 1 GiB.
    pub const BYTES: u64 = 1 << 30;

    /// Opens a cache directory, and makes it if it does not exist.
    ///
    /// # Errors
    /// It cannot be made or opened, or is not the user's alone.
    pub fn open(path: &Path) -> Result<Self, CacheError> {
        Ok(Self { directory: Directory::open(path)?, bytes: Self::BYTES })
    }

    /// The same cache, of at most so many bytes.
    #[must_use]
    pub fn limited_to(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    /// The code of an entry that is whole.
    pub(crate) fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let mut entry = self.directory.read(&key.file_name()).ok()?;
        let (digest, code) = entry.split_at_checked(DIGEST)?;
        if digest != key.seal(code) {
            return None;
        }
        entry.drain(..DIGEST);
        Some(entry)
    }

    /// Keeps code, whole or not at all. A cache that cannot be written costs time and nothing else, so it says nothing.
    pub(crate) fn put(&self, key: &Key, code: &[u8]) {
        if code.len() as u64 > self.bytes {
            return;
        }
        let entry = [key.seal(code).as_slice(), code].concat();
        let _ = self.directory.write(&key.file_name(), &entry).and_then(|()| self.directory.shrink(self.bytes));
    }
}

const DIGEST: usize = 32;

/// What shapes all machine code: the compiler's version and configuration, and the machine.
pub(crate) struct Environment(pub(crate) [u8; DIGEST]);

impl Environment {
    pub(crate) fn of(engine: &Engine) -> Self {
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self(hasher.0.finalize().into())
    }
}

/// All that shapes a module's machine code: its bytes and the environment.
pub(crate) struct Key([u8; DIGEST]);

impl Key {
    pub(crate) fn new(environment: &Environment, wasm: &[u8]) -> Self {
        Self(Sha256::new().chain_update(environment.0).chain_update(wasm).finalize().into())
    }

    fn file_name(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn seal(&self, code: &[u8]) -> [u8; DIGEST] {
        Sha256::new().chain_update(self.0).chain_update(code).finalize().into()
    }
}

/// [`Hasher`] is how wasmtime tells its configuration, but 64 bits are too few for a name.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.clone().finalize().iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
    }
}

/// Where there is no private directory there is no cache.
#[cfg(not(unix))]
mod nowhere {
    use std::io;
    use std::path::Path;

    use crate::error::CacheError;

    #[derive(Debug)]
    pub(super) enum Directory {}

    impl Directory {
        pub(super) fn open(_: &Path) -> Result<Self, CacheError> {
            Err(CacheError::Unsupported)
        }

        pub(super) fn read(&self, _: &str) -> io::Result<Vec<u8>> {
            match *self {}
        }

        pub(super) fn write(&self, _: &str, _: &[u8]) -> io::Result<()> {
            match *self {}
        }

        pub(super) fn shrink(&self, _: u64) -> io::Result<()> {
            match *self {}
        }
    }
}
