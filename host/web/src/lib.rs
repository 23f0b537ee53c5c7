//! The browser's face of the engine: what a page or a Node program may call, in its own types.
//!
//! It decides nothing: it hands manifests to the engine, runs modules with the WebAssembly that is there, and gives the
//! report back.
