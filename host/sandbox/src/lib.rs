//! Runs modules in wasmtime.
