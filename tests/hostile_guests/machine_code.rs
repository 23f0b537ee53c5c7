//! Machine code is loaded from the build, or from a cache directory of the user's own; damaged, it is compiled anew.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use engine::ModuleError;
use sandbox::{Cache, Limits, LoadError, Origin};

use crate::host::{Deny, Host, assemble, guest};

/// Code as it would be embedded: for ever, and from a page on or not.
fn embedded(code: &[u8], offset: usize) -> &'static [u8] {
    #[repr(C, align(4096))]
    #[derive(Clone, Copy)]
    struct Page([u8; 4096]);
    let pages = vec![Page([0; 4096]); (code.len() + offset).div_ceil(4096)].leak();
    // SAFETY: these are the vector's own bytes, for ever.
    let bytes = unsafe { std::slice::from_raw_parts_mut(pages.as_mut_ptr().cast::<u8>(), pages.len() * 4096) };
    bytes[offset..][..code.len()].copy_from_slice(code);
    &bytes[offset..][..code.len()]
}

#[test]
fn precompiled_code_loads_in_a_sandbox_of_other_limits() {
    let wasm = assemble(guest!("counts"));
    let code = Host::new(Limits::default()).sandbox.precompile(&wasm).unwrap();
    for offset in [0, 1] {
        let other = Host::with_slots(Limits { memory_bytes: 16 << 20, stack_bytes: 1 << 20, ..Limits::default() }, 7);
        // SAFETY: the code was made a moment ago.
        let module = unsafe { other.sandbox.load_precompiled("counts", embedded(&code, offset)) }.unwrap();
        assert_eq!(module.origin(), Origin::Precompiled);
        assert_eq!(other.call(&module, "validate", b"{}", &Deny).unwrap().bytes, [1, 1, 1]);
    }
}

#[test]
fn embedded_code_is_loaded_when_it_is_first_asked() {
    let host = Host::new(Limits::default());
    let code = embedded(&host.sandbox.precompile(&assemble(guest!("good"))).unwrap(), 0);
    // SAFETY: the code was made a moment ago.
    let module = unsafe { host.sandbox.load_precompiled("good", code) }.unwrap();
    assert!(!module.is_linked());
    assert_eq!(host.call(&module, "validate", b"{}", &Deny).unwrap().bytes, b"good");
    assert!(module.is_linked());
}

/// Whether a byte in this range may be run.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn is_executable(bytes: &[u8]) -> bool {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let range = bytes.as_ptr_range();
    maps.lines().filter(|line| line.split(' ').nth(1).unwrap().contains('x')).any(|line| {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|number| usize::from_str_radix(number, 16).unwrap());
        start < range.end.addr() && range.start.addr() < end
    })
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn embedded_code_runs_where_it_lies_in_several_sandboxes() {
    let wasm = assemble(guest!("good"));
    let code = Host::new(Limits::default()).sandbox.precompile(&wasm).unwrap();
    let [placed, copied] = [0, 1].map(|offset| embedded(&code, offset));
    for code in [placed, copied] {
        let [first, second] = [(); 2].map(|()| {
            let host = Host::new(Limits::default());
            // SAFETY: the code was made a moment ago.
            let module = unsafe { host.sandbox.load_precompiled("good", code) }.unwrap();
            assert_eq!(host.call(&module, "validate", b"{}", &Deny).unwrap().bytes, b"good");
            (host, module)
        });
        drop(first);
        assert_eq!(second.0.call(&second.1, "validate", b"{}", &Deny).unwrap().bytes, b"good");
    }
    assert!(is_executable(placed));
    assert!(!is_executable(copied));
}

#[test]
fn a_module_keeps_to_the_limits_whoever_compiled_it() {
    let wasm = assemble(guest!("memory_too_large"));
    let larger = Host::new(Limits { memory_bytes: 128 << 20, ..Limits::default() });
    let code = embedded(&larger.sandbox.precompile(&wasm).unwrap(), 0);
    let host = Host::new(Limits::default());
    let [refused, answers] = [&host, &larger].map(|host| {
        // SAFETY: the code was made a moment ago.
        let module = unsafe { host.sandbox.load_precompiled("bomb", code) }.unwrap();
        host.call(&module, "validate", b"{}", &Deny)
    });
    assert!(matches!(refused, Err(ModuleError::Host(_))), "{refused:?}");
    assert!(answers.is_ok());
}

#[test]
fn what_is_no_machine_code_or_was_made_for_another_version_does_not_fit() {
    let host = Host::new(Limits::default());
    let wasm = assemble(guest!("good"));
    let mut other = host.sandbox.precompile(&wasm).unwrap();
    *other.last_mut().unwrap() ^= 1;
    for code in [&b""[..], &wasm, &other] {
        // SAFETY: it is not taken, so nothing runs.
        let refused = unsafe { host.sandbox.load_precompiled("good", embedded(code, 0)) }.unwrap_err();
        assert!(matches!(refused, LoadError::Unfit(_)), "{refused:?}");
    }
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
fn a_cache_keeps_to_its_size_and_what_was_used_last() {
    let Filled { host, cache, directory, modules, _parent } = Filled::new();
    let sizes = |directory: &std::path::Path| {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect::<Vec<_>>()
    };
    let largest = *sizes(&directory).iter().max().unwrap();
    // Room for two entries and a bit; a third module's comes.
    let cache = cache.limited_to(largest * 5 / 2);
    let load = |wasm: &[u8]| host.sandbox.load_cached("module", wasm, &cache).unwrap().origin();
    thread::sleep(Duration::from_millis(30));
    assert_eq!(load(&modules[0]), Origin::Cached);
    let third = assemble(guest!("unreachable"));
    assert_eq!(load(&third), Origin::Compiled);
    assert!(sizes(&directory).iter().sum::<u64>() <= largest * 5 / 2);
    assert_eq!((load(&modules[0]), load(&third)), (Origin::Cached, Origin::Cached));
    assert_eq!(load(&modules[1]), Origin::Compiled);
    // The default has room for all.
    let usual = Cache::open(&directory).unwrap();
    for wasm in [&modules[0], &modules[1], &third] {
        host.sandbox.load_cached("module", wasm, &usual).unwrap();
    }
    assert_eq!(sizes(&directory).len(), 3);
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
