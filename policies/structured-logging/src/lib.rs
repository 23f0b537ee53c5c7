#![no_std]
use sdk::documents::{GROUP, LOG_SAMPLE};
use sdk::environment::{Environment, Variable};
use sdk::prelude::*;
use sdk::value::Value;

policy! {
    /// Workloads log JSON with level, message and trace ID.
    ///
    /// A manifest can only declare it, in one of these ways:
    ///
    /// - one of the variables of the setting `env_names` is `json` in the environment of a container, by a value or by a
    ///   ConfigMap that is in sight, or a flag of that name is (`--log-format=json`);
    /// - a label or annotation of the setting `declarations` is `json`, on the workload or on its pod template.
    ///
    /// Log lines show whether it is so. A `LogSample` has lines that the program wrote, and is checked line by
    /// line: each is one JSON object with the members of the setting `fields`, which are neither missing nor null. A name
    /// with a dot may also be a member of a member. Blank lines are ignored.
    ///
    /// ```yaml
    /// apiVersion: seaworthy.dev/v1
    /// kind: LogSample
    /// metadata: {name: web}
    /// spec:
    ///   lines:
    ///     - '{"level":"info","msg":"listening","trace_id":"0af7651916cd43dd8448eb211c80319c"}'
    /// ```
    ///
    /// ## Why
    ///
    /// Lines of free text are read one by one, at night. JSON is searched: all errors of one trace, over all services.
    ///
    /// ## Fix
    ///
    /// Switch the logger to JSON and say so in the manifest, for example with `LOG_FORMAT=json`, or with the annotation
    /// `seaworthy.dev/log-format: json` where the program knows no other format.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           env: [{name: LOG_FORMAT, value: text}]
    /// ```
    ///
    /// ```yaml,fail
    /// apiVersion: seaworthy.dev/v1
    /// kind: LogSample
    /// metadata: {name: web}
    /// spec:
    ///   lines:
    ///     - '{"level":"info","msg":"listening on 8080"}'
    ///     - 'panic: runtime error: index out of range'
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           env: [{name: LOG_FORMAT, value: json}]
    /// ```
    pub struct StructuredLogging {
        /// Environment variables that say `json`, and flags in their spelling: `--log-format` for `LOG_FORMAT`.
        env_names: Vec<String> = ["LOG_FORMAT", "LOGGING_FORMAT", "LOG_ENCODING", "LOG_FORMATTER"],
        /// Labels and annotations that say `json`.
        declarations: Vec<String> = ["seaworthy.dev/log-format"],
        /// What each log line carries.
        fields: Vec<String> = ["level", "msg", "trace_id"],
        /// How many of the lines that fall short are shown.
        shown_lines: u32 = 3,
    }
    severity: Medium,
    section: Observability,
    since: "0.1.0",
    applies_to: [Workloads, "seaworthy.dev/v1/LogSample"],
    reads: [
        "metadata.labels",
        "metadata.annotations",
        "pod.metadata.labels",
        "pod.metadata.annotations",
        "containers.env",
        "containers.envFrom",
        "containers.command",
        "containers.args",
        "spec.lines",
    ],
    looks_up: ["v1/ConfigMap": ["data"]],
}

impl Rule for StructuredLogging {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let object = request.object();
        if object.is(GROUP, LOG_SAMPLE.kind) {
            return self.check_lines(object.get("spec.lines"), findings);
        }
        let (workload, world) = (request.workload()?, request.world());
        if self.is_declared(object.get("metadata")) || self.is_declared(workload.template().get("metadata")) {
            return Ok(());
        }
        let mut in_sight = true;
        let mut others = Vec::new();
        for container in workload.containers(&[Class::App]) {
            let environment = Environment::of(container, object.namespace(), world)?;
            in_sight &= environment.is_in_sight();
            for (at, name, value) in self.flags(container) {
                if is_json(value) {
                    return Ok(());
                }
                others.push((at, name, format!("{name}=json").into()));
            }
            for name in &self.env_names {
                match environment.get(name)? {
                    Some(Variable { value: Some(value), .. }) if is_json(value) => return Ok(()),
                    Some(Variable { value: Some(_), at }) => others.push((at, name, in_place(at))),
                    Some(Variable { value: None, .. }) => in_sight = false,
                    None => {}
                }
            }
        }
        if !in_sight {
            world.must_be_complete("ConfigMap in its environment that says that it logs JSON")?;
        }
        let is_silent = others.is_empty();
        for (at, name, fix) in others {
            findings.fail(at, format!("{name} asks for logs that are not JSON"), fix);
        }
        if let (true, Some(container)) = (is_silent, workload.containers(&[Class::App]).next()) {
            let name = self.env_names.first().map_or("LOG_FORMAT", String::as_str);
            let place = container.get("env");
            let fix = fix::set(place, vec![Json::of("name", name).and("value", "json")]);
            findings.fail(place, "nothing says that its logs are JSON", fix);
        }
        Ok(())
    }
}

impl StructuredLogging {
    /// Whether a label or an annotation says so.
    fn is_declared(&self, metadata: Field<'_>) -> bool {
        self.declarations.iter().any(|key| {
            [metadata.get("labels"), metadata.get("annotations")]
                .iter()
                .any(|map| map.entry(key).str().is_some_and(is_json))
        })
    }

    /// The flags of a container that are spelt as one of the variables: where each stands, and its value, after `=` or in
    /// the next word.
    fn flags<'a>(&self, container: Container<'a>) -> Vec<(Field<'a>, &'a str, &'a str)> {
        let arguments = ["command", "args"].into_iter().flat_map(|list| container.get(list).items());
        let words = arguments.flat_map(|at| {
            at.str().unwrap_or_default().split_ascii_whitespace().map(move |word| (at, word.trim_matches(['"', '\''])))
        });
        let mut words = words.peekable();
        let mut flags = Vec::new();
        while let Some((at, word)) = words.next() {
            let (name, value) = word.split_once('=').unwrap_or((word, words.peek().map_or("", |(_, next)| *next)));
            if self.env_names.iter().any(|known| is_flag(name, known)) {
                flags.push((at, name, value.trim_matches(['"', '\''])));
            }
        }
        flags
    }

    fn check_lines(&self, lines: Field<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let (mut total, mut short) = (0_u32, 0_u32);
        for (number, line) in (1..).zip(lines.items()) {
            let text = line.str().unwrap_or_default();
            if text.trim_ascii().is_empty() {
                continue;
            }
            total += 1;
            let missing = match line.json().and_then(Result::ok).and_then(Field::value) {
                Some(object @ Value::Object(_)) => self.missing(object),
                _ => None,
            };
            let (message, fix) = match missing {
                Some(missing) if missing.is_empty() => continue,
                Some(missing) => (format!("line {number} has no {missing}"), format!("add {missing} to each line")),
                None => {
                    let start =
                        text.char_indices().nth(EXCERPT).map_or(text, |(end, _)| text.get(..end).unwrap_or(text));
                    (format!("line {number} is no JSON object: `{start}`"), "one JSON object a line".to_owned())
                }
            };
            short += 1;
            if short <= self.shown_lines {
                findings.fail(line, message, fix);
            }
        }
        if total == 0 {
            return not_applicable("the sample has no lines");
        }
        if short > self.shown_lines {
            let message = format!("{short} of {total} lines fall short");
            findings.fail(lines, message, "one JSON object a line, with all members");
        }
        Ok(())
    }

    /// The members that an object lacks, in words; empty if none.
    fn missing(&self, object: &Value<'_>) -> Option<String> {
        let missing = self.fields.iter().filter(|name| !has(object, name));
        Some(
            missing
                .fold(String::new(), |text, name| if text.is_empty() { name.clone() } else { text + " and " + name }),
        )
    }
}

/// How many characters of a line are shown.
const EXCERPT: usize = 80;

/// `--log-format`, `-log_format` and `--log.format` for `LOG_FORMAT`.
fn is_flag(word: &str, variable: &str) -> bool {
    let flag = word.trim_start_matches('-');
    let same =
        |(letter, known): (u8, u8)| letter.eq_ignore_ascii_case(&known) || (known == b'_' && b"-.".contains(&letter));
    word != flag && flag.len() == variable.len() && flag.bytes().zip(variable.bytes()).all(same)
}

fn is_json(value: &str) -> bool {
    value.trim_ascii().eq_ignore_ascii_case("json")
}

/// The variable's value, where it is written out here; elsewhere it is somebody else's.
fn in_place(at: Field<'_>) -> Fix {
    if matches!(at.value(), Some(Value::String(_))) { fix::set(at, "json") } else { "json".into() }
}

/// Whether an object has a member that is not null; `trace.id` may be one member or a member of `trace`.
fn has(object: &Value<'_>, name: &str) -> bool {
    let within = |(first, rest): (&str, &str)| object.get(first).is_some_and(|inner| has(inner, rest));
    object.get(name).is_some_and(|value| *value != Value::Null) || name.split_once('.').is_some_and(within)
}
