//! Machine code is loaded from the build, or from a cache directory of the user's own; damaged, it is compiled anew.

use std::fs;
use std::path::PathBuf;

use sandbox::{Cache, Limits, LoadError, Origin};

use crate::host::{Deny, Host, assemble, guest};

#[test]
fn precompiled_code_loads_in_a_sandbox_of_other_limits() {
    let wasm = assemble(guest!("counts"));
    let code = Host::new(Limits::default()).sandbox.precompile(&wasm).unwrap();
    let other = Host::with_slots(Limits { memory_bytes: 16 << 20, stack_bytes: 1 << 20, ..Limits::default() }, 7);
    // SAFETY: the code was made of these bytes a moment ago.
    let module = unsafe { other.sandbox.load_precompiled("counts", &wasm, &code) }.unwrap();
    assert_eq!(module.origin(), Origin::Precompiled);
    assert_eq!(other.call(&module, "validate", b"{}", &Deny).unwrap().bytes, [1, 1, 1]);
}

#[test]
fn a_module_is_looked_through_whoever_compiled_it() {
    let host = Host::new(Limits::default());
    let wasm = assemble(guest!("memory_too_large"));
    let code = Host::new(Limits { memory_bytes: 128 << 20, ..Limits::default() }).sandbox.precompile(&wasm).unwrap();
    // SAFETY: the code was made of these bytes a moment ago.
    let refused = unsafe { host.sandbox.load_precompiled("bomb", &wasm, &code) }.unwrap_err();
    assert!(matches!(refused, LoadError::Memory { .. }));
}

#[test]
fn what_is_no_machine_code_does_not_fit() {
    let host = Host::new(Limits::default());
    let wasm = assemble(guest!("good"));
    // SAFETY: neither is machine code, so nothing runs.
    let refused =
        [&b""[..], &wasm].map(|code| unsafe { host.sandbox.load_precompiled("good", &wasm, code) }.unwrap_err());
    assert!(refused.iter().all(|error| matches!(error, LoadError::Unfit(_))), "{refused:?}");
}

/// A cache, its directory, and two modules that were loaded through it.
struct Filled {
    host: Host,
    cache: Cache,
    directory: PathBuf,
    modules: [Vec<u8>; 2],
    _parent: tempfile::TempDir,
}

impl Filled {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("code");
        let filled = Self {
            host: Host::new(Limits::default()),
            cache: Cache::open(&directory).unwrap(),
            directory,
            modules: [assemble(guest!("good")), assemble(guest!("counts"))],
            _parent: parent,
        };
        assert_eq!(filled.origins(), [Origin::Compiled; 2]);
        assert_eq!(filled.origins(), [Origin::Cached; 2]);
        filled
    }

    /// Loads both modules, sees that each still is itself, and tells where they came from.
    fn origins(&self) -> [Origin; 2] {
        let [good, counts] = self.modules.each_ref().map(|wasm| {
            let module = self.host.sandbox.load_cached("module", wasm, &self.cache).unwrap();
            (module.origin(), self.host.call(&module, "validate", b"{}", &Deny).unwrap().bytes)
        });
        assert_eq!((good.1.as_slice(), counts.1.as_slice()), (&b"good"[..], &[1, 1, 1][..]));
        [good.0, counts.0]
    }

    fn entries(&self) -> [PathBuf; 2] {
        let mut entries = fs::read_dir(&self.directory).unwrap().map(|entry| entry.unwrap().path());
        [entries.next().unwrap(), entries.next().unwrap()]
    }
}

#[test]
fn an_entry_that_was_damaged_anywhere_is_compiled_anew_and_mended() {
    let filled = Filled::new();
    let size = fs::metadata(&filled.entries()[0]).unwrap().len() as usize;
    for at in [0, 31, 32, size / 2, size - 1] {
        for path in filled.entries() {
            let mut bytes = fs::read(&path).unwrap();
            let at = at.min(bytes.len() - 1);
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
        assert_eq!(filled.origins(), [Origin::Compiled; 2], "byte {at}");
        assert_eq!(filled.origins(), [Origin::Cached; 2], "byte {at}");
    }
}

#[test]
fn an_entry_that_was_cut_short_or_is_another_modules_is_compiled_anew() {
    let filled = Filled::new();
    for length in [0, 10, 32, 1_000] {
        for path in filled.entries() {
            fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
        }
        assert_eq!(filled.origins(), [Origin::Compiled; 2], "{length} bytes");
    }
    let [one, other] = filled.entries();
    let aside = filled.directory.join("aside");
    fs::rename(&one, &aside).unwrap();
    fs::rename(&other, &one).unwrap();
    fs::rename(&aside, &other).unwrap();
    assert_eq!(filled.origins(), [Origin::Compiled; 2], "exchanged");
}

#[test]
fn an_engine_of_another_configuration_has_entries_of_its_own() {
    let filled = Filled::new();
    let good = &filled.modules[0];
    // Limits do not shape code: the same entry.
    let other = Host::with_slots(Limits { memory_bytes: 1 << 20, ..Limits::default() }, 3);
    assert_eq!(other.sandbox.load_cached("good", good, &filled.cache).unwrap().origin(), Origin::Cached);
    assert_eq!(fs::read_dir(&filled.directory).unwrap().count(), 2);
}

#[test]
#[cfg(unix)]
fn a_directory_that_others_may_enter_is_no_cache() {
    use std::os::unix::fs::PermissionsExt;
    let filled = Filled::new();
    fs::set_permissions(&filled.directory, fs::Permissions::from_mode(0o770)).unwrap();
    assert!(matches!(Cache::open(&filled.directory), Err(sandbox::CacheError::Exposed(0o770))));
    fs::set_permissions(&filled.directory, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(Cache::open(&filled.directory).is_ok());
}
