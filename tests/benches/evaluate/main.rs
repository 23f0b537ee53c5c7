//! What an evaluation costs, side by side in one run.
//!
//! The machine's clock is noisy and may change its speed, so every figure is a median of rounds in which the candidates
//! take turns, in CPU time of the measuring thread, and what counts is the ratio between two candidates of one run. Whole
//! processes and several threads are measured by the wall, since that is what people wait for.
//!
//! `make bench` runs it, `make bench FIGURES="editing typing"` some of it. With a folder in `SEAWORTHY_BENCH_CORPUS` the whole of it is judged too.
#![allow(clippy::expect_used, clippy::panic)]

use std::env;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use engine::{Bundle, Completeness, Input, Judge, Question, Rule, Runtime, Subject, World};
use rayon::ThreadPool;
use rayon::prelude::*;
use seaworthy_tests::{artifacts, each, generate, input, inputs, metadata, native, sandboxed};

mod beyond;
#[allow(dead_code, clippy::indexing_slicing, clippy::unwrap_used)]
#[path = "../../editor/client.rs"]
mod client;
mod clock;
mod editing;
mod instantiate;
mod linters;
mod processes;
mod reader;
mod typing;

/// The rule that the single figures are about: it looks at every container and at nothing else.
const RULE: &str = "read-only-root-filesystem";

fn main() {
    let corpus = env::var_os("SEAWORTHY_BENCH_CORPUS");
    let corpus = corpus.as_deref().map(Path::new);
    let figures: [(&str, &dyn Fn()); 13] = [
        ("sizes", &sizes),
        ("manifest", &processes::one_manifest),
        ("repositories", &|| processes::repositories(corpus)),
        ("rendered", &processes::rendered),
        ("watch", &processes::watching),
        ("linters", &|| linters::measure(corpus)),
        ("budget", &|| beyond::budget(corpus)),
        ("reader", &|| reader::measure(corpus)),
        ("rule", &single),
        ("schema", &beyond::schema),
        ("throughput", &throughput),
        ("editing", &editing::editing),
        ("typing", &typing::typing),
    ];
    // Cargo adds a flag of its own.
    let wanted: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let Some(name) = wanted.iter().find(|name| figures.iter().all(|(known, _)| known != name)) {
        panic!("no figure is called {name}: {}", figures.map(|(known, _)| known).join(", "));
    }
    for (name, measure) in figures {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            measure();
        }
    }
}

fn sizes() {
    println!("module sizes, custom sections aside (target: 64 KiB typical, 104 KiB hard but for named exceptions)");
    let mut sizes: Vec<(String, usize)> =
        artifacts::modules().into_iter().map(|(name, wasm)| (name, clock::code_size(&wasm))).collect();
    sizes.sort_by_key(|(_, size)| *size);
    for (name, size) in &sizes {
        println!("  {name:36} {:6.1} KiB", *size as f64 / 1024.0);
    }
    println!("  median {:.1} KiB\n", sizes.get(sizes.len() / 2).map_or(0, |(_, size)| *size) as f64 / 1024.0);
}

/// Judges everything in the input, on this thread.
fn judge_all<R: Runtime>(runtime: &R, bundle: &Bundle<R::Module>, input: &Input, world: &World<'_>) -> usize {
    let judge = Judge::new(runtime, bundle, world);
    let question = |subject| Question::of(input, subject, Completeness::Complete);
    input.subjects().map(|subject| black_box(judge.judge(&question(subject))).len()).sum()
}

fn single() {
    let input = input("deployment.yaml", &generate::deployment(1));
    let world = World::new(&input);
    let (sandbox, masked) = sandboxed(1, &[RULE]);
    let (whole_sandbox, whole) = sandboxed(1, &[RULE]);
    let whole = each(whole, Rule::unmasked);
    let (libraries, native_masked) = native(&[RULE]);
    let native_whole = each(native(&[RULE]).1, Rule::unmasked);
    let empty = instantiate::Empty::new();
    let figures = clock::medians(
        400,
        &mut [
            ("native, whole object", &mut || judge_all(&libraries, &native_whole, &input, &world)),
            ("native, masked", &mut || judge_all(&libraries, &native_masked, &input, &world)),
            ("fresh sandbox, masked", &mut || judge_all(&sandbox, &masked, &input, &world)),
            ("fresh sandbox, whole object", &mut || judge_all(&whole_sandbox, &whole, &input, &world)),
            ("fresh sandbox, empty guest", &mut || empty.call()),
        ],
    );
    println!("one Deployment of {} bytes of JSON, one rule ({RULE})", clock::json_size(&input));
    clock::table(&figures, "target: fresh sandbox, masked, at most 1.2");
}

fn throughput() {
    let (rules, number) = (metadata().len(), 1000);
    // A file each, as people keep them.
    let texts = (0..number).map(|index| (format!("service-{index}.yaml"), generate::deployment(index)));
    let input = inputs(texts);
    let world = World::new(&input);
    let (sandbox, masked) = sandboxed(2, &[]);
    let (libraries, native_whole) = native(&[]);
    let native_whole = each(native_whole, Rule::unmasked);
    let figures = clock::medians(
        9,
        &mut [
            ("native, whole objects", &mut || judge_all(&libraries, &native_whole, &input, &world)),
            ("fresh sandbox, masked", &mut || judge_all(&sandbox, &masked, &input, &world)),
        ],
    );
    println!("{rules} rules x {number} Deployments, one thread");
    clock::table(&figures, "target: throughput at least 0.6, so time at most 1.67");
    let judge = Judge::new(&sandbox, &masked, &world);
    let judged = |subject: &Subject<'_>| judge.judge(&Question::of(&input, *subject, Completeness::Complete)).len();
    let subjects: Vec<_> = input.subjects().collect();
    let evaluations: usize = subjects.iter().map(judged).sum();
    let pools =
        [1, 2].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start"));
    let judge = |pool: &ThreadPool| pool.install(|| subjects.par_iter().map(judged).sum());
    // What two threads can gain here at all: arithmetic that shares nothing.
    let spin = |pool: &ThreadPool| pool.install(|| (0..64_usize).into_par_iter().map(clock::spin).sum());
    let [judged, spun] = [speeds(&pools, &judge), speeds(&pools, &spin)];
    for (threads, wall) in (1..).zip(judged) {
        println!("  {threads} thread(s), wall: {:.0} evaluations/s", evaluations as f64 / wall.as_secs_f64());
    }
    let gain = |[one, two]: [Duration; 2]| one.as_secs_f64() / two.as_secs_f64();
    println!("  two threads: {:.2} x; arithmetic that shares nothing: {:.2} x\n", gain(judged), gain(spun));
}

/// Median wall time of the work in each pool, which take turns.
fn speeds(pools: &[ThreadPool; 2], work: &dyn Fn(&ThreadPool) -> usize) -> [Duration; 2] {
    let mut walls = [const { Vec::new() }; 2];
    for _ in 0..9 {
        for (pool, walls) in pools.iter().zip(&mut walls) {
            let start = Instant::now();
            black_box(work(pool));
            walls.push(start.elapsed());
        }
    }
    walls.map(|mut walls| clock::median(&mut walls))
}
