//! Where objects keep values that may be secrets, and what is wrong with one that is.

use sdk::prelude::*;
use sdk::value::Value;

use crate::names::Names;
use crate::placeholders::is_placeholder;
use crate::scan::{self, Found, unquoted};
use crate::secret::{self, is_secret_value};
use crate::text::{cut, cut_last, has, is_one_of, pieces};

/// What `kubectl apply` keeps of an object: all of it as JSON.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// How a field keeps values.
#[derive(Clone, Copy)]
enum Form {
    /// A value or a whole file under each key.
    Files,
    /// Maps and lists of any depth, or a text of them.
    Values,
    /// Secrets without their kind, in a list.
    Secrets,
    /// Generators with `literals`.
    Literals,
    /// The same, of a Secret.
    SecretLiterals,
    /// An object's annotations.
    Annotations,
}

struct Place {
    group: &'static str,
    kind: &'static str,
    field: &'static str,
    form: Form,
}

const fn place(group: &'static str, kind: &'static str, field: &'static str, form: Form) -> Place {
    Place { group, kind, field, form }
}

const PLACES: &[Place] = &include!("../data/places.rs");

/// The endings of files of source code, in which a bare word is a variable and no value.
const CODE: &[&str] = &include!("../data/code.rs");

/// How lines of source code begin, in texts whose name does not tell.
const CODE_LINES: &[&str] =
    &["import ", "from ", "const ", "let ", "var ", "function ", "def ", "class ", "package ", "#include "];

/// Headers that carry credentials.
const HEADERS: &[&str] = &["Authorization", "Proxy-Authorization"];

/// Where a container's commands stand, and how a secret gets into them: Kubernetes puts variables into the container's
/// own command alone.
const COMMANDS: &[(&str, &str)] = &[
    ("command", PUT_IN),
    ("args", PUT_IN),
    ("livenessProbe.exec.command", READ_BY_SHELL),
    ("readinessProbe.exec.command", READ_BY_SHELL),
    ("startupProbe.exec.command", READ_BY_SHELL),
    ("lifecycle.postStart.exec.command", READ_BY_SHELL),
    ("lifecycle.preStop.exec.command", READ_BY_SHELL),
];
const REQUESTS: &[&str] = &[
    "livenessProbe.httpGet",
    "readinessProbe.httpGet",
    "startupProbe.httpGet",
    "lifecycle.postStart.httpGet",
    "lifecycle.preStop.httpGet",
];
const REFER: &str = "valueFrom: {secretKeyRef: {name: <secret>, key: <key>}}";
const PUT_IN: &str = "Pass it as $(VARIABLE), from env with valueFrom";
const READ_BY_SHELL: &str = "Have a shell (`sh -c`) read $VARIABLE, from env with valueFrom";
const BY_EXEC: &str = "Have a shell (`exec`) make the request with $VARIABLE, from env with valueFrom";
const MOVE: &str = "Move it into a Secret that an ExternalSecret makes";
const REPLACE: &str = "Replace it, and make the Secret by an ExternalSecret, a SealedSecret or SOPS";
const APPLY: &str = "Delete the annotation, and replace the secret: `kubectl apply --server-side` keeps no copy";

/// Looks at values, and adds findings.
pub struct Looker<'f> {
    pub names: &'f Names,
    pub findings: &'f mut Findings,
}

impl Looker<'_> {
    /// A Secret: one finding, which names its keys.
    pub fn look_at_secret(&mut self, secret: Field<'_>) {
        let keys = secret::secret_keys(secret, self.names);
        self.tell_keys(&keys);
    }

    fn tell_keys(&mut self, keys: &[(&str, Field<'_>)]) {
        let Some((_, first)) = keys.first() else { return };
        let names: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
        self.findings.fail_concealed(*first, secret::message(&names), REPLACE);
    }

    /// The copy that `kubectl apply` keeps, of objects that are encrypted as well.
    pub fn look_at_last_applied(&mut self, copy: Field<'_>) {
        let Some(text) = copy.str() else { return };
        let secret = copy.json().and_then(Result::ok).filter(|object| object.get("kind").str() == Some("Secret"));
        let message = match secret {
            Some(secret) => {
                let keys = secret::secret_keys(secret, self.names);
                let names: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
                (!names.is_empty()).then(|| secret::message(&names))
            }
            None => scan::find(text, self.names, false).map(|found| told("", found)),
        };
        if let Some(message) = message {
            self.findings.fail_concealed(copy, message, APPLY);
        }
    }

    /// What the object's kind keeps, if it is one of those that are neither Secrets nor workloads.
    pub fn look_at_places(&mut self, object: Object<'_>) -> bool {
        let mut is_known = false;
        for place in PLACES.iter().filter(|place| object.is(place.group, place.kind)) {
            is_known = true;
            let field = object.get(place.field);
            match place.form {
                Form::Files => field.entries().for_each(|(key, value)| self.entry(key, value)),
                Form::Values => self.values("", field),
                Form::Secrets => field.items().for_each(|secret| self.look_at_secret(secret)),
                Form::Literals => field.items().for_each(|generator| self.literals(generator, false)),
                Form::SecretLiterals => field.items().for_each(|generator| self.literals(generator, true)),
                Form::Annotations => self.look_at_last_applied(field.entry(LAST_APPLIED)),
            }
        }
        is_known
    }

    /// `NAME=value` of a kustomization.
    fn literals(&mut self, generator: Field<'_>, is_secret: bool) {
        let mut keys = Vec::new();
        for literal in generator.get("literals").items() {
            let Some((key, value)) = literal.str().and_then(|text| cut(text, b"=")) else { continue };
            let value = unquoted(value);
            if is_secret {
                keys.extend(is_secret_value(key, value, self.names).then_some((key, literal)));
            } else if let Some(what) = self.tell(key, value, false) {
                self.findings.fail_concealed(literal, what, MOVE);
            }
        }
        self.tell_keys(&keys);
    }

    /// Maps and lists of any depth, in which `name` and `value` may stand beside each other.
    fn values(&mut self, name: &str, field: Field<'_>) {
        match field.value() {
            Some(Value::Object(_)) => {
                let named = match field.value().and_then(|map| map.get("name")) {
                    Some(Value::String(name)) => *name,
                    _ => "value",
                };
                for (key, child) in field.entries() {
                    self.values(if key == "value" { named } else { key }, child);
                }
            }
            Some(Value::Array(_)) => field.items().for_each(|item| self.values("", item)),
            Some(Value::Number(text)) if self.names.is_secret(name, text) => {
                self.findings.fail_concealed(field, told(name, Found::Name(name.to_string())), MOVE);
            }
            Some(Value::String(_)) => self.entry(name, field),
            _ => {}
        }
    }

    /// A value under a key, which may be a whole file.
    fn entry(&mut self, key: &str, value: Field<'_>) {
        let Some(text) = value.str() else { return };
        if let Some(what) = self.tell(key, text, is_code(key, text)) {
            self.findings.fail_concealed(value, what, MOVE);
        }
    }

    /// What is wrong with a value under a name; never the value itself.
    fn tell(&self, name: &str, text: &str, is_code: bool) -> Option<String> {
        let text = text.trim_ascii();
        let is_secret = || !has(text, b"\n") && is_plain(name) && self.names.is_secret(name, text);
        match scan::find(text, self.names, is_code) {
            Some(Found::Shape(kind)) => Some(told(name, Found::Shape(kind))),
            _ if is_secret() => Some(told(name, Found::Name(name.to_string()))),
            found => found.map(|found| told(name, found)),
        }
    }

    /// A workload's containers and volumes.
    pub fn look_at_pod(&mut self, workload: Workload<'_>) {
        self.look_at_last_applied(workload.template().get("metadata.annotations").entry(LAST_APPLIED));
        for container in workload.containers(Class::ALL) {
            for variable in container.get("env").items() {
                let (name, value) = (variable.get("name").str().unwrap_or_default(), variable.get("value"));
                if let Some(what) = value.str().and_then(|text| self.tell(name, text, false)) {
                    self.findings.fail_concealed(value, what, REFER);
                }
            }
            for (list, fix) in COMMANDS {
                self.command(container.get(list), fix);
            }
            for request in REQUESTS {
                self.request(container.get(request));
            }
        }
        for volume in workload.pod().get("volumes").items() {
            for attributes in ["csi.volumeAttributes", "flexVolume.options"] {
                self.values("", volume.get(attributes));
            }
        }
    }

    fn request(&mut self, request: Field<'_>) {
        for header in request.get("httpHeaders").items() {
            let (name, value) = (header.get("name").str().unwrap_or_default(), header.get("value"));
            let Some(text) = value.str() else { continue };
            let is_credential = is_one_of(HEADERS, name) && !is_placeholder(text);
            let told = self
                .tell(name, text, false)
                .or_else(|| is_credential.then(|| told(name, Found::Name(name.to_string()))));
            if let Some(what) = told {
                self.findings.fail_concealed(value, what, BY_EXEC);
            }
        }
        let path = request.get("path");
        if let Some(what) = path.str().and_then(|text| self.tell("", text, false)) {
            self.findings.fail_concealed(path, what, BY_EXEC);
        }
    }

    /// `--password=value`, `--password value` and `PASSWORD=value`, also in the middle of a shell's line.
    fn command(&mut self, list: Field<'_>, fix: &str) {
        let (mut flag, mut whole, mut is_told) = ("", String::new(), false);
        for argument in list.items() {
            let text = argument.str().unwrap_or_default();
            if let Some(what) = self.tell(if text.starts_with('-') { "" } else { flag }, text, false) {
                self.findings.fail_concealed(argument, what, fix);
                is_told = true;
            }
            flag = if text.starts_with('-') { text } else { "" };
            // Words of a program and its flags; a script stands for itself.
            let program = cut_last(text, b"/").filter(|_| whole.is_empty()).map_or(text, |(_, program)| program);
            whole.push_str(if has(text, b" ") { "''" } else { program });
            whole.push(' ');
        }
        if !is_told && let Some(Found::Shape(kind)) = scan::find(&whole, self.names, false) {
            self.findings.fail_concealed(list, told("", Found::Shape(kind)), fix);
        }
    }
}

/// What is wrong, in words that show no value. What is no plain name may be part of one.
fn told(name: &str, found: Found) -> String {
    let name = if is_plain(name) { name } else { "" };
    match found {
        Found::Shape(kind) if name.is_empty() => format!("this contains {kind} in plain text"),
        Found::Shape(kind) => format!("`{name}` contains {kind} in plain text"),
        Found::Name(inner) if name.is_empty() || name == inner => {
            format!("`{inner}` looks like a secret and is in plain text")
        }
        Found::Name(inner) => format!("`{name}` contains `{inner}`, which looks like a secret and is in plain text"),
    }
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Whether a file is source code, by its name or by how its first lines begin.
fn is_code(key: &str, text: &str) -> bool {
    let ending = cut_last(key, b".").map(|(_, ending)| ending).unwrap_or_default();
    let head = text.get(..text.len().min(2000)).unwrap_or_default();
    let begins = |line: &str| CODE_LINES.iter().any(|start| line.starts_with(start));
    CODE.contains(&ending) || has(text, b"\n") && pieces(head, |letter| letter == '\n').into_iter().any(begins)
}
