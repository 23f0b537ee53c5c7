//! The host that every guest here is let loose on.

use std::process::Command;

use engine::{CallError, Denial, HostCall, HostCalls, ModuleError, Reply, Runtime};
use protocol::contract::KUBEWARDEN_SECTION;
use sandbox::{Limits, LoadError, Module, Sandbox};

/// A guest's text by its name in `guests/`.
macro_rules! guest {
    ($name:literal) => {
        include_str!(concat!("guests/", $name, ".wat"))
    };
}
pub(crate) use guest;

/// Denies every look-up, as a host does by default.
pub struct Deny;

impl HostCalls for Deny {
    fn call(&self, call: HostCall<'_>) -> Result<Vec<u8>, CallError> {
        Err(Denial::NoOperation(call.operation.to_owned()).into())
    }
}

/// A sandbox and a good guest in it.
pub struct Host {
    pub sandbox: Sandbox,
    good: Module,
}

impl Host {
    pub fn new(limits: Limits) -> Self {
        Self::with_slots(limits, 2)
    }

    pub fn with_slots(limits: Limits, slots: usize) -> Self {
        let sandbox = Sandbox::new(limits, slots).expect("wasmtime runs here");
        let good = sandbox.load("good", &assemble(guest!("good"))).expect("the good guest loads");
        Self { sandbox, good }
    }

    pub fn load(&self, text: &str) -> Result<Module, LoadError> {
        self.load_bytes(&assemble(text))
    }

    /// Loads, and sees that the good guest still answers if not.
    pub fn load_bytes(&self, wasm: &[u8]) -> Result<Module, LoadError> {
        let loaded = self.sandbox.load("guest", wasm);
        self.others_go_on();
        loaded
    }

    /// Calls `validate` of a guest, and sees that the good guest still answers afterwards.
    pub fn run(&self, text: &str) -> Result<Reply, ModuleError> {
        self.call(&self.load(text).expect("the guest loads"), "validate", b"{}", &Deny)
    }

    /// Calls an operation, and sees that the good guest still answers afterwards.
    pub fn call(
        &self,
        module: &Module,
        operation: &str,
        payload: &[u8],
        host: &dyn HostCalls,
    ) -> Result<Reply, ModuleError> {
        let answer = self.sandbox.call(module, operation, payload, host);
        self.others_go_on();
        answer
    }

    pub fn others_go_on(&self) {
        let reply = self.sandbox.call(&self.good, "validate", b"{}", &Deny).expect("the good guest answers");
        assert_eq!(reply.bytes, b"good");
    }
}

/// A module with the metadata of a policy of somebody else's.
pub fn assemble(text: &str) -> Vec<u8> {
    let mut wasm = assemble_bare(text);
    wasm.extend(section(KUBEWARDEN_SECTION, br#"{"protocolVersion":"v1"}"#));
    wasm
}

/// A module as the text has it.
pub fn assemble_bare(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is well-formed")
}

/// A custom section's bytes.
pub fn section(name: &str, data: &[u8]) -> Vec<u8> {
    let mut body = leb(name.len());
    body.extend(name.bytes());
    body.extend(data);
    [vec![0], leb(body.len()), body].concat()
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = vec![];
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Runs a test's body in a process of its own, under `ulimit -v` if an address space is given in KiB: for what is measured
/// of a process, or is a process's to have.
pub fn in_own_process(test: &str, address_space: Option<u32>, body: impl FnOnce()) {
    const MARK: &str = "SEAWORTHY_HOSTILE_GUESTS_CHILD";
    if std::env::var(MARK).is_ok_and(|child| child == test) {
        return body();
    }
    let limit = address_space.map_or("unlimited".to_owned(), |kib| kib.to_string());
    let output = Command::new("sh")
        .args(["-c", "ulimit -v $0; exec \"$@\"", &limit])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(MARK, test)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "the test {test} is not called that: {said}");
}
