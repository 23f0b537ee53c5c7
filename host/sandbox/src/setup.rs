//! Sets up wasmtime. What shapes machine code is fixed, so that code compiled on one machine loads on another of its
//! architecture; what limits a running guest is not.

use wasmtime::{
    Config, Enabled, Engine, Error, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, RegallocAlgorithm,
    Result, WasmFeatures,
};

use crate::Limits;

/// How linear memories lie in the host's address space. Machine code is compiled for one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// 4 GiB each: a 32-bit address cannot leave it, so that code need not check.
    Wide,
    /// As much as a guest may have: every access is checked, which costs some 8 %.
    Compact,
}

impl Layout {
    const fn reservation(self, limits: &Limits) -> u64 {
        match self {
            Self::Wide => Limits::MEMORY_CEILING as u64,
            Self::Compact => limits.memory_bytes as u64,
        }
    }

    /// The inaccessible part after a memory, into which an access with a large static offset may run.
    const fn guard(self) -> u64 {
        match self {
            Self::Wide => 32 << 20,
            Self::Compact => 64 << 10,
        }
    }

    /// Address space of a slot, in bytes.
    fn slot(self, limits: &Limits) -> u64 {
        let tables = limits.tables.saturating_mul(limits.table_elements).saturating_mul(size_of::<usize>());
        self.reservation(limits) + self.guard() + tables as u64
    }
}

/// An engine, and what it has room for.
pub(crate) struct Setup {
    pub(crate) engine: Engine,
    pub(crate) slots: usize,
    pub(crate) layout: Layout,
}

/// Reserves a pool of `slots`, or of as many as the address space has room for.
pub(crate) fn engine(limits: &Limits, slots: usize) -> Result<Setup> {
    let mut failure = Error::msg("there is no room in the address space");
    for layout in [Layout::Wide, Layout::Compact] {
        let room = address_space() / layout.slot(limits);
        let mut slots = slots.min(usize::try_from(room).unwrap_or(usize::MAX));
        while slots > 0 {
            match Engine::new(&config(limits, layout, slots)?) {
                Ok(engine) => return Ok(Setup { engine, slots, layout }),
                Err(error) => failure = error,
            }
            slots /= 2;
        }
    }
    Err(failure)
}

/// A compiler whose time grows with the code alone, for [`Effort::Plain`](crate::effort::Effort). Its code loads in the
/// engine of the same limits and layout.
pub(crate) fn plain_compiler(limits: &Limits, layout: Layout) -> Result<Engine> {
    let mut config = code_config(limits, layout)?;
    config.cranelift_opt_level(OptLevel::None);
    config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    config.parallel_compilation(false);
    Engine::new(&config)
}

/// What machine code is compiled for.
fn code_config(limits: &Limits, layout: Layout) -> Result<Config> {
    let mut config = Config::new();
    // The host's architecture, named: so nothing beyond its baseline is used. Measured, newer instructions gain nothing.
    config.target(&target_lexicon::HOST.to_string())?;
    config.epoch_interruption(true);
    config.memory_init_cow(true);
    config.memory_reservation(layout.reservation(limits));
    config.memory_guard_size(layout.guard());
    config.memory_may_move(false);
    // A sixth of the machine code that is loaded at each start, for debuggers and for offsets that nobody is shown. Code
    // with and without loads alike.
    config.generate_address_map(false);
    config.native_unwind_info(cfg!(windows));
    // No compiler emits these for a policy. Relaxed SIMD would also let two machines disagree.
    for feature in [WasmFeatures::MULTI_MEMORY, WasmFeatures::MEMORY64, WasmFeatures::RELAXED_SIMD] {
        config.wasm_features(feature, false);
    }
    Ok(config)
}

/// What it runs in.
fn config(limits: &Limits, layout: Layout, slots: usize) -> Result<Config> {
    let mut config = code_config(limits, layout)?;
    config.max_wasm_stack(limits.stack_bytes);
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    crate::in_place::allow(&mut config);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits, slots)?));
    Ok(config)
}

fn pool(limits: &Limits, slots: usize) -> Result<PoolingAllocationConfig> {
    let (slots, tables) = (u32::try_from(slots)?, u32::try_from(limits.tables)?);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(slots);
    pool.total_memories(slots);
    pool.total_tables(slots.saturating_mul(tables));
    pool.max_tables_per_module(tables);
    pool.table_elements(limits.table_elements);
    pool.max_memory_size(limits.memory_bytes);
    // Zeroed by hand: a table is small, and giving its page back stops all threads of the process for a moment.
    pool.table_keep_resident(64 << 10);
    // All slots stay warm: each then keeps the pages, and the image, of the module that it ran last.
    pool.max_unused_warm_slots(slots);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes);
        pool.linear_memory_keep_resident(1 << 20);
    } else {
        // Without the scan, all of this is zeroed each time, touched or not: a shadow stack's worth and little more.
        pool.linear_memory_keep_resident(64 << 10);
    }
    Ok(pool)
}

/// Bytes of address space that memories may take: three quarters of a limit, the rest is for everything else.
#[cfg(unix)]
fn address_space() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current;
    limit.map_or(u64::MAX, |bytes| bytes / 4 * 3)
}

#[cfg(not(unix))]
fn address_space() -> u64 {
    u64::MAX
}
