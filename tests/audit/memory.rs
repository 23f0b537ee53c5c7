//! Memory stays bounded however many objects there are.

use crate::server::{Objects, Server};
use crate::{ALONE, BUDGET, Kind, audit, budget, budgets, many};

/// What a hundred thousand objects may take beyond ten thousand, in KiB: their names, so that none is judged twice, and
/// what an allocator makes of pages that come and go.
const GROWTH: u64 = 48 << 10;

#[test]
fn a_hundred_thousand_objects_take_little_more_memory_than_ten_thousand() {
    let peak = |number: usize, shown: &str| {
        let run = audit(&Server::of(vec![many(number)]), &["--rule", ALONE, "--format", "short"]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
        assert!(run.out.contains(&format!("; {shown} objects)")), "{}", run.out);
        run.peak
    };
    let (few, many) = (peak(10_000, "10,000"), peak(100_000, "100,000"));
    assert!(many < few + GROWTH, "{many} KiB for 100,000, {few} KiB for 10,000");
}

#[test]
fn a_world_that_does_not_fit_is_named_and_not_kept() {
    let made = |index: usize| budget("shop", &format!("b{index:06}")).to_string();
    let many_budgets = Kind { objects: Objects::Made(5_000, made), ..budgets(Vec::new()) };
    let web = crate::deployments(vec![crate::deployment("shop", "web", 2, true)]);
    let run = audit(&Server::of(vec![web, many_budgets]), &["--rule", BUDGET, "--world-memory", "1"]);
    assert!(
        run.out.contains("not seen: PodDisruptionBudget.policy: all that rules look up takes more than 1 MiB"),
        "{}",
        run.out
    );
    assert!(run.out.contains("unknown"), "{}", run.out);
}
