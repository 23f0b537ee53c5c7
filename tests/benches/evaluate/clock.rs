//! Measuring and printing: medians of rounds in which the candidates take turns.

use std::time::Duration;

use engine::Input;
use protocol::FieldMask;
use wasmparser::{Parser, Payload};

/// A candidate: its name, and what it does once. What it returns is used up, so that nothing is optimised away.
pub type Candidate<'a> = (&'static str, &'a mut dyn FnMut() -> usize);

/// Median CPU time of each candidate over so many rounds, after a warm-up of a tenth.
pub fn medians(rounds: usize, candidates: &mut [Candidate<'_>]) -> Vec<(&'static str, Duration)> {
    let mut times: Vec<Vec<Duration>> = candidates.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for round in 0..rounds + rounds / 10 + 1 {
        for ((_, candidate), times) in candidates.iter_mut().zip(&mut times) {
            let start = thread_time();
            std::hint::black_box(candidate());
            if round > rounds / 10 {
                times.push(thread_time() - start);
            }
        }
    }
    candidates.iter().map(|(name, _)| *name).zip(times.iter_mut().map(|times| median(times))).collect()
}

/// The middle one.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A few milliseconds of work that needs no memory.
pub fn spin(seed: usize) -> usize {
    (0..2_000_000).fold(seed | 1, |state, _| {
        let state = state ^ state << 13;
        let state = state ^ state >> 7;
        state ^ state << 17
    })
}

/// Prints each figure, and its ratio to the first.
pub fn table(figures: &[(&'static str, Duration)], target: &str) {
    let base = figures.first().map_or(0.0, |(_, time)| time.as_secs_f64());
    for (name, time) in figures {
        println!("  {name:30} {:12.1} us   {:5.2} x", time.as_secs_f64() * 1e6, time.as_secs_f64() / base);
    }
    println!("  ({target})\n");
}

/// CPU time that this thread has used.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

/// The largest resident memory that any child has had, in KiB.
pub fn peak_memory_of_children() -> u64 {
    usage_of_children().ru_maxrss.try_into().unwrap_or_default()
}

/// CPU time, in programs and in the kernel, of all children that have ended.
pub fn cpu_of_children() -> Duration {
    cpu(&usage_of_children())
}

/// CPU time, in programs and in the kernel.
pub fn cpu(usage: &libc::rusage) -> Duration {
    let time = |time: libc::timeval| {
        let micros = u32::try_from(time.tv_usec).unwrap_or_default();
        Duration::new(time.tv_sec.try_into().unwrap_or_default(), micros * 1000)
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

fn usage_of_children() -> libc::rusage {
    // SAFETY: the structure is plain numbers, and the call fills it in.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    }
}

/// Bytes of a module without its custom sections.
pub fn code_size(wasm: &[u8]) -> usize {
    let custom = Parser::new(0).parse_all(wasm).flatten().map(|payload| match payload {
        Payload::CustomSection(section) => section.data().len(),
        _ => 0,
    });
    wasm.len() - custom.sum::<usize>()
}

/// Bytes of the input's first object as JSON.
pub fn json_size(input: &Input) -> usize {
    let mut json = Vec::new();
    if let Some(subject) = input.subjects().next() {
        subject.object.node.write_json(&FieldMask::whole(), &mut json);
    }
    json.len()
}
