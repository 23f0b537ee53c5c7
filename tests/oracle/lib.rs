//! Nothing but a test: see `main.rs`.
