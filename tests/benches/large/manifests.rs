//! Many manifests: CPU an object as they grow, memory as they grow, and what a second thread gains.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use seaworthy_tests::generate;

use crate::process::{CHECK, Taken, mebibytes, run, seaworthy};
use crate::{Scratch, clock};

/// What a service of [`generate::namespace`] consists of.
const OBJECTS: usize = 8;

/// Services of one namespace.
const NAMESPACE: usize = 20;

/// Services of one file.
const FILE: usize = 10;

/// Manifests of one file, where there are very many.
const LONG: usize = 1_000;

fn check(folder: &Scratch, environment: &[(&str, &str)]) -> Taken {
    run(seaworthy(CHECK).arg(folder.path()).envs(environment.iter().copied()))
}

/// So many services, a file for every ten.
fn spread(name: &str, services: usize) -> Scratch {
    let folder = Scratch::new(name);
    for first in (0..services).step_by(FILE) {
        let namespace = format!("namespace: shop-{}", first / NAMESPACE);
        let text = generate::namespace_from(first, FILE).replace("namespace: shop", &namespace);
        folder.write(&format!("{first}.yaml"), &text);
    }
    folder
}

/// CPU an object, for few objects and for many.
pub fn growth() {
    println!("CPU an object, a file for {FILE} services, namespaces of {NAMESPACE} services");
    let [few, many] = [(800_usize, 5), (80_000, 1)].map(|(objects, rounds)| {
        eprintln!("checking {objects} objects in files of {FILE} services");
        let folder = spread("large-growth", objects / OBJECTS);
        let runs: Vec<Taken> = (0..rounds).map(|_| check(&folder, &[])).collect();
        let mut times: Vec<Duration> = runs.iter().map(|taken| taken.cpu).collect();
        let each = clock::median(&mut times).as_secs_f64() / objects as f64;
        let remark = runs.iter().map(Taken::remark).max().unwrap_or_default();
        println!("  {objects:6} objects {:8.1} us{remark}", each * 1e6);
        each
    });
    println!("  many over few {:.2} x (target: 1.3)\n", many / few);
}

/// Memory and time of so many manifests, at least 10,000, and of a tenth of them.
pub fn many(number: usize) {
    let files = (number / LONG).max(10);
    println!("{} manifests in files of {LONG}, and a tenth of them", files * LONG);
    let folder = Scratch::new("large-many");
    let text = generate::namespace(LONG / OBJECTS);
    let write = |from: usize, to: usize| {
        eprintln!("writing files {from} to {to} of {files}, each of {LONG} manifests");
        for index in from..to {
            let namespace = format!("namespace: shop-{index}");
            folder.write(&format!("{index}.yaml"), &text.replace("namespace: shop", &namespace));
        }
    };
    let [tenth, all] = [(0, files / 10), (files / 10, files)].map(|(from, to)| {
        write(from, to);
        eprintln!("checking {} manifests", to * LONG);
        let taken = check(&folder, &[]);
        println!("  {:8} manifests: {taken}", to * LONG);
        mebibytes(taken.peak)
    });
    println!("  memory, all over a tenth: {:.2} x", all / tenth);
    println!("  (target, 1,000,000 on two cores: 8 min, 1,024 MiB, flat from 100,000 on)\n");
}

/// The whole process on one thread and on two, which take turns.
pub fn threads() {
    println!("2,000 services over namespaces of {NAMESPACE}, whole process, one thread and two");
    if thread::available_parallelism().map_or(1, usize::from) < 2 {
        println!("  LEFT OUT: this machine has one core\n");
        return;
    }
    let folder = spread("large-threads", 2_000);
    let [mut walls, mut cpus, mut spins]: [[Vec<Duration>; 2]; 3] = Default::default();
    for round in 1..=3 {
        for (index, threads) in [1_usize, 2].into_iter().enumerate() {
            eprintln!("checking 2,000 services on {threads} thread(s), round {round} of 3");
            let taken = check(&folder, &[("RAYON_NUM_THREADS", threads.to_string().as_str())]);
            let remark = taken.remark();
            if !remark.is_empty() {
                println!("  {threads} thread(s):{remark}");
            }
            walls[index].push(taken.wall);
            cpus[index].push(taken.cpu);
            spins[index].push(spin(threads));
        }
    }
    let [walls, cpus, spins] =
        [walls, cpus, spins].map(|candidates| candidates.map(|mut times| clock::median(&mut times).as_secs_f64()));
    for (threads, (wall, cpu)) in (1..).zip(walls.iter().zip(&cpus)) {
        println!("  {threads} thread(s): wall {wall:.2} s, CPU {cpu:.2} s");
    }
    println!(
        "  two threads: {:.2} x as fast (target: 1.9), {:.2} x the CPU; arithmetic that shares nothing: {:.2} x as fast\n",
        walls[0] / walls[1],
        cpus[1] / cpus[0],
        spins[0] / spins[1]
    );
}

/// How long so many threads take for arithmetic that shares nothing: what they can gain here at all.
fn spin(threads: usize) -> Duration {
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| black_box((0..256 / threads).map(clock::spin).fold(0, usize::wrapping_add)));
        }
    });
    start.elapsed()
}
