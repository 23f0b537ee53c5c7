//! What a guest may use. Plain numbers with defaults; it must not know how any of them is enforced.

use std::time::Duration;

use crate::SandboxError;

/// What a guest may use, in one evaluation unless said otherwise. A hostile guest gets exactly this much.
///
/// ```
/// let limits = sandbox::Limits { deadline: std::time::Duration::from_secs(1), ..Default::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall time from the first instruction, `_start` included, to the last. It is looked at every 10 ms, so a guest is
    /// stopped 10 to 20 ms later. Default 5 s.
    pub deadline: Duration,
    /// Bytes of linear memory, rounded down to pages of 64 KiB. Default 64 MiB; at most
    /// [`MEMORY_CEILING`](Self::MEMORY_CEILING).
    pub memory_bytes: usize,
    /// Elements of each table, at a pointer each. Default 100,000.
    pub table_elements: usize,
    /// Tables of a module. Default 4; compilers emit one.
    pub tables: usize,
    /// Bytes of call stack, at most 2 MiB. The thread that calls needs as much and some for the host. Default 512 KiB.
    pub stack_bytes: usize,
    /// Bytes of an answer. Default 1 MiB.
    pub reply_bytes: usize,
    /// Bytes of log that are kept; the rest is dropped without a word. Default 64 KiB.
    pub log_bytes: usize,
    /// Bytes of an error message that are kept. Default 4 KiB.
    pub message_bytes: usize,
    /// Bytes of a module. Default 32 MiB.
    pub module_bytes: usize,
    /// Bytes of one metadata section of a module. Default 1 MiB.
    pub section_bytes: usize,
    /// How hard a module may be to compile.
    pub compile: CompileLimits,
}

/// How hard a module may be to compile. Looked at before the compiler sees the module, but for the time.
///
/// A function's *merges* are its variables times the places where control meets, which is what compiling takes time and
/// memory for: some 2 us and 200 bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Functions of a module. Default 50,000; a policy in Go has some 10,000. Each takes some 5 KiB.
    pub functions: u64,
    /// Values that one function takes and gives. Default 100; compilers pass more in memory. The time for a function's
    /// trampolines grows with the square of them.
    pub signature_values: u64,
    /// Operators of one function, each value that a call takes or gives counted as one, and what the function costs before
    /// its first. Default 1 million.
    pub function_operators: u64,
    /// Operators of all functions and their trampolines. Default 5 million; 4 MB of code have some 1.5 million.
    pub operators: u64,
    /// Merges of one function. Default 2 million.
    pub function_merges: u64,
    /// Merges of all functions. Default 8 million.
    pub merges: u64,
    /// Wall time. A compiler cannot be stopped: the load fails then, and the abandoned thread ends by itself.
    /// Default 10 s.
    pub time: Duration,
}

impl Limits {
    /// The most that [`memory_bytes`](Self::memory_bytes) may be: all that a 32-bit guest can address.
    pub const MEMORY_CEILING: usize = 4 << 30;

    /// These limits with memory in whole pages, if they make sense.
    pub(crate) fn checked(self) -> Result<Self, SandboxError> {
        const PAGE: usize = 64 << 10;
        if self.memory_bytes < PAGE {
            return Err(SandboxError::Limit("a guest needs at least 64 KiB of memory"));
        }
        if self.memory_bytes > Self::MEMORY_CEILING {
            return Err(SandboxError::Limit("a guest cannot have more than 4 GiB of memory"));
        }
        if self.stack_bytes == 0 || self.stack_bytes > 2 << 20 {
            return Err(SandboxError::Limit("a guest needs a stack, of at most 2 MiB"));
        }
        Ok(Self { memory_bytes: self.memory_bytes / PAGE * PAGE, ..self })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            memory_bytes: 64 << 20,
            table_elements: 100_000,
            tables: 4,
            stack_bytes: 512 << 10,
            reply_bytes: 1 << 20,
            log_bytes: 64 << 10,
            message_bytes: 4 << 10,
            module_bytes: 32 << 20,
            section_bytes: 1 << 20,
            compile: CompileLimits::default(),
        }
    }
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            functions: 50_000,
            signature_values: 100,
            function_operators: 1_000_000,
            operators: 5_000_000,
            function_merges: 2_000_000,
            merges: 8_000_000,
            time: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_make_no_sense_are_refused_and_memory_is_in_whole_pages() {
        let usual = Limits::default();
        assert_eq!(usual.checked().ok(), Some(usual));
        for senseless in [
            Limits { memory_bytes: 0xffff, ..usual },
            Limits { memory_bytes: Limits::MEMORY_CEILING + 1, ..usual },
            Limits { stack_bytes: 0, ..usual },
            Limits { stack_bytes: 3 << 20, ..usual },
        ] {
            assert!(matches!(senseless.checked(), Err(SandboxError::Limit(_))), "{senseless:?}");
        }
        let odd = Limits { memory_bytes: 0x1_ffff, ..usual };
        assert_eq!(odd.checked().map(|limits| limits.memory_bytes).ok(), Some(0x1_0000));
    }
}
