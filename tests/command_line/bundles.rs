//! Bundles whose rules answer the same whatever they are asked.

use std::fs;
use std::path::Path;

use protocol::contract::RULE_SECTION;
use protocol::{Finding, KindMatch, Level, Outcome, Profile, RuleMetadata, Section, Severity, Verdict};
use serde_json::json;

use crate::support::Folder;

/// A rule to be, about Pods.
pub struct FixedRule {
    pub metadata: RuleMetadata,
    pub outcome: Outcome,
}

impl FixedRule {
    pub fn new(name: &str, verdict: Verdict) -> Self {
        let metadata = RuleMetadata {
            name: name.into(),
            version: "1.0.0".into(),
            title: format!("The title of {name}"),
            documentation: format!("The title of {name}.\n\n## Why\n\nBecause of `this`.\n"),
            severity: Severity::Medium,
            section: Section::Security,
            since: "0.1.0".into(),
            url: String::new(),
            profile: Profile::default(),
            rests_on: Vec::new(),
            yields_to: Vec::new(),
            applies_to: vec![KindMatch { group: String::new(), versions: vec!["v1".into()], kind: "Pod".into() }],
            reads: Vec::new(),
            looks_up: Vec::new(),
            capabilities: Vec::new(),
            settings: json!({"type": "object", "properties": {
                "strict": {"type": "boolean", "default": false, "description": "Whether to look twice."}}}),
            examples: Vec::new(),
        };
        Self { metadata, outcome: Outcome { verdict, reason: None, findings: Vec::new() } }
    }

    pub fn severity(mut self, severity: Severity) -> Self {
        self.metadata.severity = severity;
        self
    }

    pub fn because(mut self, reason: &str) -> Self {
        self.outcome.reason = Some(reason.into());
        self
    }

    pub fn finds(self, level: Level, path: &str, message: &str, fix: Option<&str>) -> Self {
        self.finds_in(None, level, path, message, fix)
    }

    pub fn finds_in(
        mut self,
        container: Option<&str>,
        level: Level,
        path: &str,
        message: &str,
        fix: Option<&str>,
    ) -> Self {
        self.outcome.findings.push(Finding {
            level,
            path: path.into(),
            container: container.map(Into::into),
            message: message.into(),
            fix: fix.map(Into::into),
            conceal: false,
        });
        self
    }

    /// The module: two constant answers, of which `validate_settings`, the longer name, gets the second.
    fn module(&self) -> Vec<u8> {
        let accepted = !self.outcome.verdict.denies();
        let answer = json!({"accepted": accepted, "outcome": self.outcome}).to_string();
        let valid = json!({"valid": true}).to_string();
        let wat = format!(
            r#"(module
                (import "wapc" "__guest_response" (func $answer (param i32 i32)))
                (memory (export "memory") 2)
                (data (i32.const 0) "{}")
                (data (i32.const 65536) "{}")
                (func (export "__guest_call") (param $operation i32) (param i32) (result i32)
                    (if (i32.gt_u (local.get $operation) (i32.const 8))
                        (then (call $answer (i32.const 65536) (i32.const {})))
                        (else (call $answer (i32.const 0) (i32.const {}))))
                    (i32.const 1))
                (@custom "{RULE_SECTION}" "{}"))"#,
            escape(&answer),
            escape(&valid),
            valid.len(),
            answer.len(),
            escape(&serde_json::to_string(&self.metadata).unwrap()),
        );
        wat::parse_str(wat).unwrap()
    }
}

fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("\\{byte:02x}")).collect()
}

impl Folder {
    /// Puts a bundle of these rules into the folder `bundle`.
    pub fn bundle(self, rules: &[FixedRule]) -> Self {
        let folder = self.path().join("bundle");
        fs::create_dir_all(&folder).unwrap();
        for rule in rules {
            write(&folder, &rule.metadata.name, rule);
        }
        self
    }
}

pub fn write(folder: &Path, file: &str, rule: &FixedRule) {
    fs::write(folder.join(format!("{file}.wasm")), rule.module()).unwrap();
}

/// What most tests judge by: a violation in the image, a label that is not there, and a warning about a note.
pub fn usual() -> [FixedRule; 3] {
    [
        FixedRule::new("image-is-plain", Verdict::Fail).severity(Severity::High).finds_in(
            Some("app"),
            Level::Violation,
            "$['spec']['containers'][0]['image']",
            "the image is not plain",
            Some("image: plain:1"),
        ),
        FixedRule::new("team-is-named", Verdict::Fail).finds(
            Level::Violation,
            "$['metadata']['labels']['team']",
            "nobody is named",
            Some("labels:\n  team: shop"),
        ),
        FixedRule::new("note-is-short", Verdict::Pass).severity(Severity::Low).finds(
            Level::Warning,
            "$['metadata']['annotations']['note']",
            "the note is long",
            None,
        ),
    ]
}

pub const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels:
    app: web
  annotations:
    note: short enough
spec:
  containers:
    - name: app
      image: fancy:2
";

/// A folder with one Pod in `pod.yaml` and the usual bundle.
pub fn usual_folder() -> Folder {
    Folder::of("pod.yaml", POD).bundle(&usual())
}
