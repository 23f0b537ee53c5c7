//! The npm package `seaworthy` (`host/web/library`), in Node and in Chromium: that it gives the very bytes which the
//! command line gives, and that no policy harms more than itself.
//!
//! What a person sees of it is tested in `host/web/page`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation
)]

mod equality;
mod hostile;
mod library;
