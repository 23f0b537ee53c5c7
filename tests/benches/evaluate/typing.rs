//! What somebody waits for who types: the language server in a large workspace, by the wall, from a change of the text until
//! the findings of that version arrive.

use std::time::{Duration, Instant};

use seaworthy_tests::generate;
use serde_json::json;

use crate::client::Client;
use crate::clock;

/// Files of a large workspace, each with a Deployment.
const FILES: usize = 500;

/// Of those that break rules, so that there is always something to say of it.
const TYPED: usize = 6;

/// Measures the changes of one file.
pub fn typing() {
    let files: Vec<_> =
        (0..FILES).map(|index| (format!("service-{index}.yaml"), generate::deployment(index))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut client = Client::start(&files, json!({}));
    let (name, text) = (format!("service-{TYPED}.yaml"), generate::deployment(TYPED));
    client.open(&name, &text);
    // The workspace has been read, and checked once.
    client.type_on(&name, 2, &text);
    let change = |version: u64| {
        // Never a text that was there before.
        let text = text.replace("replicas: 3", &format!("replicas: {}", 3 + version));
        let start = Instant::now();
        let found = client.type_on(&name, version, &text);
        assert!(!found.is_empty(), "it breaks rules");
        start.elapsed()
    };
    let mut walls: Vec<Duration> = (3..33).map(change).collect();
    let median = clock::median(&mut walls);
    let worst = walls.into_iter().max().unwrap_or_default();
    println!("language server, one of {FILES} files is typed in (target: 50 ms)");
    println!(
        "  wall from the change to its findings: median {:.1} ms, worst {:.1} ms\n",
        median.as_secs_f64() * 1e3,
        worst.as_secs_f64() * 1e3
    );
}
