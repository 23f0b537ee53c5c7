//! Runs modules in wasmtime, each evaluation in a sandbox of its own.
//!
//! A rule may come from a stranger, and it is run on every manifest of every cluster. So a guest here is taken for hostile:
//! it may loop, allocate, recurse, trap, lie about lengths, flood the log, and say anything at all. What it may not do is
//! end the process, read what is not its own, keep anything, or make another rule wait. Whatever it does, one rule has the
//! verdict `error`, which denies.
//!
//! # What holds it
//!
//! - **Memory.** A fresh [instance](evaluation) for every evaluation, its memory a slot of a pool: mapped copy-on-write from
//!   the module's initial image, and wiped when it is given back. Nothing survives because nothing is handed on.
//! - **Time.** Compiled code compares an epoch with its deadline at each loop and each function; a [ticker]
//!   advances the epoch every 10 ms. It costs 1.2 to 1.4 times, mostly in byte loops, and is the one thing that stops a
//!   loop that calls nothing. Fuel would cost the same, and count instructions where people mean seconds.
//! - **Imports.** [waPC's](wapc) nine functions, and a [WASI](wasi) with nothing in it for policies built for one. Anything
//!   else is refused by name when the module is [looked through](screen), before it is compiled. Each slice that a guest
//!   names is looked for in its memory or is a trap.
//! - **Runs.** A guest that loops on every object would cost a deadline each time. In a [run](Run) it is switched off when it
//!   has missed a few, and the run itself has an end.
//! - **Compiling.** Small modules can take a compiler minutes, so how hard a module is gets [estimated](effort) first.
//! - **Machine code.** Loading it is trusting it. It comes from the build, or from a [directory](cache) that only the user
//!   may enter and that keeps to a size; anything else is compiled from its wasm. What is part of this binary runs where it
//!   lies, and is loaded when it is first asked.
//!
//! # What it costs
//!
//! Measured on two cores of some 3 GHz, with a guest of 60 KiB that parses 5 KB of JSON:
//!
//! | | |
//! |---|---|
//! | a fresh instance of an empty guest, called | 3.5 us |
//! | a fresh instance of the guest with nothing to parse, thirty of them in turn | 20 us with a slot each, 33 us with fewer |
//! | the guest | 65 us |
//! | compiled by the linear register allocator | 1.7 times that |
//! | with memories that do not fill 4 GiB of address space, each access checked | 1.08 times |
//! | with all instructions of the machine instead of its architecture's baseline | the same |
//! | loading a module from its wasm, and from machine code | 55 ms, 0.2 ms |
//!
//! So there should be as many slots as modules times threads. The pool reserves 4 GiB of address space a slot, which costs
//! nothing where it is not limited; where it is (`ulimit -v`), the pool [shrinks](setup) instead of failing.
//!
//! # What it does not do
//!
//! It does not decide what a guest may look up: that is the engine's dispatcher, to which every call of a guest goes. It does
//! not read answers. And it gives no protection against a bug of the compiler, beyond keeping guests to what policy compilers
//! emit: run strangers' modules as a user who may do little.
// The essay leads whoever works here to the modules; to others their names say enough.
#![allow(rustdoc::private_intra_doc_links)]

mod cache;
mod compile;
#[cfg(unix)]
mod directory;
mod effort;
mod error;
mod evaluation;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod in_place;
mod limits;
mod log;
mod memory;
mod module;
mod run;
mod sandbox;
mod screen;
mod sections;
mod setup;
mod signature;
mod slots;
mod state;
mod surroundings;
mod ticker;
#[cfg(feature = "undefended")]
#[doc(hidden)]
pub mod undefended;
mod wapc;
mod wasi;

pub use cache::Cache;
pub use error::{CacheError, LoadError, SandboxError};
pub use limits::{CompileLimits, Limits};
pub use module::{Module, Origin};
pub use run::{Budget, Run, SwitchedOff};
pub use sandbox::Sandbox;
pub use sections::{rule, sections};
