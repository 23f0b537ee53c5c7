//! Whether cost stays in line with the input where the input is large: growth, a million manifests, two threads, and the
//! audit of a large cluster.
//!
//! `make bench-large` runs it, which takes tens of minutes. `SEAWORTHY_BENCH_MANIFESTS` (1,000,000, at least 10,000) says how
//! many manifests are checked in files of 1,000, and `SEAWORTHY_BENCH_OBJECTS` (100,000) how many objects the audited cluster
//! has: fewer make a trial. Figures go to standard output, and what is being done to standard error.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::{env, fs};

use seaworthy_tests::artifacts;

mod audit;
#[allow(dead_code)]
#[path = "../evaluate/clock.rs"]
mod clock;
mod manifests;
mod process;
mod squares;

fn main() {
    squares::measure();
    manifests::threads();
    manifests::growth();
    manifests::many(number("SEAWORTHY_BENCH_MANIFESTS", 1_000_000));
    audit::measure(number("SEAWORTHY_BENCH_OBJECTS", 100_000));
}

fn number(variable: &str, default: usize) -> usize {
    env::var(variable)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// An empty folder for one measurement, gone with this.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = artifacts::target().join("bench").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the target folder is writable");
        Self(folder)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, in a folder of its own where its name has one.
    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the target folder is writable");
        fs::write(path, text).expect("the target folder is writable");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
