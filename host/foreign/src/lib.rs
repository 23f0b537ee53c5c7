//! Anybody's Kubewarden policy under this host: the capabilities it may use, sessions recorded and replayed, mutations.
//!
//! It must not know how a module is run (that is the engine's [`engine::Runtime`]), nor where answers come from.
