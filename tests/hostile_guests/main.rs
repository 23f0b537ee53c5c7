//! Guests that want to do harm, and what becomes of them: one row of the threats after the other.
//!
//! Every guest is a text of WebAssembly in `guests/`, small enough to be read. Each fault is stopped as one rule's error, and
//! after each a good guest still answers: [`Host::call`] sees to that. Each defence is also seen to matter: most are a limit,
//! and with the limit lifted the same guest gets what it wanted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod address_space;
mod bombs;
mod compiling;
mod host;
mod loading;
mod logs;
mod look_ups;
mod machine_code;
mod memory;
mod pointers;
mod replies;
mod stack;
mod starting;
mod state;
mod threads;
mod time;
