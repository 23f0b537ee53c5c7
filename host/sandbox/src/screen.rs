//! Looks a module through before the compiler or the linker sees it: what it imports, exports and asks for. Nothing is
//! trusted and little is checked twice: whether the module is valid is for wasmtime to say.

use std::collections::HashSet;

use engine::{RawSections, RefusalError};
use wasmparser::{
    BinaryReaderError, Encoding, Export, ExternalKind, FuncType, Import, MemoryType, Payload, TableType, TypeRef,
};

use crate::sections::{check_size, each_section};
use crate::signature::{Signature, describe};
use crate::{Limits, LoadError, wapc, wasi};

/// The memory that the host reads and writes.
pub(crate) const MEMORY: &str = "memory";

/// The one entry.
pub(crate) const GUEST_CALL: &str = "__guest_call";

/// What is called before it, in this order, where there.
pub(crate) const STARTS: [&str; 3] = ["_initialize", "_start", "wapc_init"];

const WASM_PAGE: u64 = 64 << 10;

impl From<BinaryReaderError> for LoadError {
    fn from(error: BinaryReaderError) -> Self {
        Self::invalid(error.to_string())
    }
}

/// What a module is without its code.
pub(crate) struct Outside<'a> {
    /// What it says of itself, not yet read.
    pub(crate) sections: RawSections<'a>,
    pub(crate) types: Types,
}

/// Checks everything but the functions' code and what stands in metadata: size, imports, exports, memory, tables. Takes
/// microseconds.
pub(crate) fn outside<'a>(wasm: &'a [u8], limits: &Limits) -> Result<Outside<'a>, LoadError> {
    check_size(wasm, limits)?;
    let mut sections = RawSections::default();
    let mut types = Types::default();
    let mut exports = Exports::default();
    let mut tables = 0;
    each_section(wasm, |payload| {
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => {
                return Err(LoadError::invalid("a component; a policy is a core module"));
            }
            Payload::CustomSection(section) => {
                sections.take(section.name(), section.data(), limits.section_bytes)?;
            }
            Payload::TypeSection(section) => {
                types.declared = section.into_iter_err_on_gc_types().collect::<Result<_, _>>()?;
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    types.import(&import?)?;
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    types.functions.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    tables += 1;
                    check_table(&table?.ty, tables, limits)?;
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    check_memory(memory?, limits)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    exports.take(&export?, &types)?;
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    exports.complete()?;
    Ok(Outside { sections, types })
}

fn check_memory(memory: MemoryType, limits: &Limits) -> Result<(), LoadError> {
    let size = memory.initial.saturating_mul(WASM_PAGE);
    if size > limits.memory_bytes as u64 {
        return Err(LoadError::Memory { size, limit: limits.memory_bytes });
    }
    Ok(())
}

fn check_table(table: &TableType, number: usize, limits: &Limits) -> Result<(), LoadError> {
    if number > limits.tables {
        return Err(LoadError::Tables(format!("it has more than {} tables", limits.tables)));
    }
    if table.initial > limits.table_elements as u64 {
        let (size, limit) = (table.initial, limits.table_elements);
        return Err(LoadError::Tables(format!("it starts with a table of {size} elements, more than {limit}")));
    }
    Ok(())
}

/// The types of a module's functions.
#[derive(Default)]
pub(crate) struct Types {
    declared: Vec<FuncType>,
    /// Index into `declared`, imports first.
    functions: Vec<u32>,
    imported: u32,
}

impl Types {
    pub(crate) fn declared(&self, index: u32) -> Result<&FuncType, LoadError> {
        self.declared.get(index as usize).ok_or_else(|| LoadError::invalid(format!("there is no type {index}")))
    }

    pub(crate) fn all_declared(&self) -> impl Iterator<Item = &FuncType> {
        self.declared.iter()
    }

    pub(crate) fn function(&self, index: u32) -> Result<&FuncType, LoadError> {
        let ty = self.functions.get(index as usize);
        self.declared(*ty.ok_or_else(|| LoadError::invalid(format!("there is no function {index}")))?)
    }

    /// The type of a function that the module has code for, counted from the first of them.
    pub(crate) fn defined(&self, index: u32) -> Result<&FuncType, LoadError> {
        self.function(self.imported.saturating_add(index))
    }

    /// Takes an import, if a policy may have it.
    fn import(&mut self, import: &Import<'_>) -> Result<(), LoadError> {
        let signature = match import.module {
            wapc::MODULE => wapc::signature(import.name),
            wasi::MODULE => wasi::signature(import.name),
            _ => None,
        };
        match (signature, import.ty) {
            (Some(signature), TypeRef::Func(index)) => {
                check_type(&signature, self.declared(index)?)?;
                self.functions.push(index);
                self.imported += 1;
                Ok(())
            }
            _ => {
                let (module, name) = (import.module.to_owned(), import.name.to_owned());
                Err(RefusalError::ForeignImport { module, name }.into())
            }
        }
    }
}

/// The exports that the contract names.
#[derive(Default)]
struct Exports(HashSet<&'static str>);

impl Exports {
    fn take(&mut self, export: &Export<'_>, types: &Types) -> Result<(), LoadError> {
        let wrong = |expected: &str| LoadError::WrongType {
            name: export.name.to_owned(),
            expected: expected.to_owned(),
            found: format!("{:?}", export.kind).to_lowercase(),
        };
        if export.name == MEMORY {
            if export.kind != ExternalKind::Memory {
                return Err(wrong("memory"));
            }
            self.0.insert(MEMORY);
            return Ok(());
        }
        let start = STARTS.iter().map(|name| Signature::new(name, "", ""));
        let mut known = start.chain([Signature::new(GUEST_CALL, "ii", "i")]);
        let Some(signature) = known.find(|signature| signature.name == export.name) else { return Ok(()) };
        if export.kind != ExternalKind::Func {
            return Err(wrong("func"));
        }
        check_type(&signature, types.function(export.index)?)?;
        self.0.insert(signature.name);
        Ok(())
    }

    fn complete(&self) -> Result<(), LoadError> {
        match [MEMORY, GUEST_CALL].into_iter().find(|name| !self.0.contains(name)) {
            Some(missing) => Err(RefusalError::MissingExport(missing).into()),
            None => Ok(()),
        }
    }
}

fn check_type(signature: &Signature, ty: &FuncType) -> Result<(), LoadError> {
    if signature.is(ty) {
        return Ok(());
    }
    Err(LoadError::WrongType { name: signature.name.to_owned(), expected: signature.to_string(), found: describe(ty) })
}
