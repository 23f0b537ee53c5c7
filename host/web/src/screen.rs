//! Looks a module through before the environment sees it, and writes our limits into it.
//!
//! A browser cannot limit how far a guest's memory grows. But a module says itself how far its memory may grow at most,
//! and every engine keeps to that: so the maximum is lowered to ours, in the one place where it stands. The rest of the
//! module stays as it is. Whether it is valid is for the environment to say.

use engine::{RawSections, RefusalError, Sections};
use wasmparser::{Encoding, ExternalKind, Parser, Payload, RefType, TableInit, TypeRef};

use crate::LoadError;
use crate::number::write_number;

/// Bytes of a module.
const MODULE_BYTES: usize = 32 << 20;

/// Bytes of a metadata section.
const SECTION_BYTES: usize = 1 << 20;

/// Pages of 64 KiB of a guest's memory: 64 MiB.
const PAGES: u64 = 1024;

/// Elements of a table.
const ELEMENTS: u64 = 100_000;

/// Tables of a module; compilers emit one.
const TABLES: usize = 4;

/// The waPC functions that a guest may import.
const WAPC: [&str; 9] = [
    "__console_log",
    "__guest_error",
    "__guest_request",
    "__guest_response",
    "__host_call",
    "__host_error",
    "__host_error_len",
    "__host_response",
    "__host_response_len",
];

const TABLE_SECTION: u8 = 4;
const MEMORY_SECTION: u8 = 5;

/// A module that may be compiled.
#[derive(Debug)]
pub struct Screened {
    /// Its bytes, with our limits.
    pub wasm: Vec<u8>,
    /// What it says of itself.
    pub sections: Sections,
}

/// Looks through everything but the functions' code.
///
/// # Errors
/// The first thing for which it is refused.
pub fn screen(wasm: &[u8]) -> Result<Screened, LoadError> {
    if wasm.len() > MODULE_BYTES {
        return Err(RefusalError::TooLarge { size: wasm.len(), limit: MODULE_BYTES }.into());
    }
    let invalid = |cause: wasmparser::BinaryReaderError| RefusalError::Invalid(cause.to_string());
    let mut limited = Vec::with_capacity(wasm.len() + 16);
    // What is copied so far, and where the last section ended.
    let (mut copied, mut end) = (0, 8);
    let mut sections = RawSections::default();
    let (mut has_memory, mut has_call) = (false, false);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(invalid)?;
        let mut replace = |id: u8, body: Vec<u8>, section: std::ops::Range<usize>| {
            limited.extend_from_slice(wasm.get(copied..end).unwrap_or_default());
            limited.push(id);
            write_number(body.len() as u64, &mut limited);
            limited.extend_from_slice(&body);
            copied = section.end;
        };
        match &payload {
            Payload::Version { encoding: Encoding::Component, .. } => {
                return Err(RefusalError::Invalid("a component; a policy is a core module".into()).into());
            }
            Payload::CustomSection(section) => sections.take(section.name(), section.data(), SECTION_BYTES)?,
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    let import = import.map_err(invalid)?;
                    let is_known = match import.module {
                        "wapc" => WAPC.contains(&import.name),
                        // What of it is missing the environment says, by name.
                        "wasi_snapshot_preview1" => true,
                        _ => false,
                    };
                    if !is_known || !matches!(import.ty, TypeRef::Func(_)) {
                        let (module, name) = (import.module.to_owned(), import.name.to_owned());
                        return Err(RefusalError::ForeignImport { module, name }.into());
                    }
                }
            }
            Payload::TableSection(section) => {
                let tables = section.clone().into_iter().collect::<Result<Vec<_>, _>>().map_err(invalid)?;
                replace(TABLE_SECTION, limited_tables(&tables)?, section.range());
            }
            Payload::MemorySection(section) => {
                let memories = section.clone().into_iter().collect::<Result<Vec<_>, _>>().map_err(invalid)?;
                replace(MEMORY_SECTION, limited_memory(&memories)?, section.range());
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export.map_err(invalid)?;
                    has_memory |= export.name == "memory" && export.kind == ExternalKind::Memory;
                    has_call |= export.name == "__guest_call" && export.kind == ExternalKind::Func;
                }
            }
            _ => {}
        }
        if let Some((_, range)) = payload.as_section() {
            end = range.end;
        }
    }
    limited.extend_from_slice(wasm.get(copied..).unwrap_or_default());
    match (has_memory, has_call) {
        (true, true) => {}
        (false, _) => return Err(RefusalError::MissingExport("memory").into()),
        (_, false) => return Err(RefusalError::MissingExport("__guest_call").into()),
    }
    Ok(Screened { wasm: limited, sections: sections.read()? })
}

/// The memory section with our maximum.
fn limited_memory(memories: &[wasmparser::MemoryType]) -> Result<Vec<u8>, LoadError> {
    let refuse = |what: String| Err(LoadError::Resources(what));
    let [memory] = memories else {
        return refuse(format!("it has {} memories, a policy has one", memories.len()));
    };
    if memory.memory64 || memory.shared || memory.page_size_log2.is_some() {
        return refuse("its memory is shared, of 64 bits or of other pages".into());
    }
    if memory.initial > PAGES {
        let (size, limit) = (memory.initial.saturating_mul(64), PAGES * 64);
        return refuse(format!("it starts with {size} KiB of memory, more than {limit} KiB"));
    }
    let mut body = vec![1, 1];
    write_number(memory.initial, &mut body);
    write_number(memory.maximum.unwrap_or(PAGES).min(PAGES), &mut body);
    Ok(body)
}

/// The table section with our maximum for each.
fn limited_tables(tables: &[wasmparser::Table<'_>]) -> Result<Vec<u8>, LoadError> {
    let refuse = |what: String| Err(LoadError::Resources(what));
    if tables.len() > TABLES {
        return refuse(format!("it has more than {TABLES} tables"));
    }
    let mut body = Vec::new();
    write_number(tables.len() as u64, &mut body);
    for table in tables {
        let element = match table.ty.element_type {
            RefType::FUNCREF => 0x70,
            RefType::EXTERNREF => 0x6F,
            _ => return refuse("it has a table of something else than functions".into()),
        };
        if table.ty.table64 || table.ty.shared || !matches!(table.init, TableInit::RefNull) {
            return refuse("it has a table that is shared, of 64 bits, or filled by itself".into());
        }
        if table.ty.initial > ELEMENTS {
            let size = table.ty.initial;
            return refuse(format!("it starts with a table of {size} elements, more than {ELEMENTS}"));
        }
        body.extend([element, 1]);
        write_number(table.ty.initial, &mut body);
        write_number(table.ty.maximum.unwrap_or(ELEMENTS).min(ELEMENTS), &mut body);
    }
    Ok(body)
}
