//! Manifests and trees of a stranger, through the binary: each is answered with one clear message and exit code 2, in
//! bounded time and memory, or is read like any other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod dumps;
mod limits;
#[path = "../command_line/support.rs"]
mod support;
mod text;
mod tree;

use support::{Folder, Run};

/// A rule that is there in every bundle, so that what these tests see does not change with the others.
const RULE: &str = "run-as-non-root";

/// A Pod that the rule passes.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  securityContext: {runAsNonRoot: true}\n  \
                   containers: [{name: app, image: 'a:1'}]\n";

fn check(folder: &Folder, paths: &[&str]) -> Run {
    folder.run(&[&["check", "--rule", RULE, "--format", "short"], paths].concat())
}

/// A single file is refused with exactly this message, behind its name.
fn refused(content: impl AsRef<[u8]>, message: &str) -> Run {
    let run = check(&Folder::of("a.yaml", content), &["a.yaml"]);
    let first = run.out.lines().next().unwrap_or_default();
    assert_eq!((run.code, run.err.as_str()), (Some(2), ""));
    assert!(first.starts_with(&format!("a.yaml:{message}")), "{first}");
    run
}
