//! Modules and bundles in OCI registries: pushed, pulled by digest, signed and verified.
//!
//! It must not know what a module decides, nor how one is run: it moves bytes, and vouches for them.
