//! What a configuration says of admission: what a webhook does with what rules find.
//!
//! ```yaml
//! admission:
//!   mode: warn
//!   undecided: warn
//!   known: warn
//!   modes:
//!     - rules: [run-as-non-root]
//!       namespaces: [shop-*]
//!       mode: enforce
//! ```

use super::{Read, Reader, suggestion};
use crate::manifest::{Node, Value};
use crate::scope::Scope;

/// What becomes of what a rule finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// It is counted and logged.
    Audit,
    /// Whoever sends the object is warned.
    #[default]
    Warn,
    /// The object is denied.
    Enforce,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Warn, Self::Audit];

    /// The name in configurations and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
        }
    }
}

/// What becomes of an object where an enforced rule has a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It is let in, with a warning.
    Warn,
    /// It is denied.
    Deny,
}

impl Reaction {
    /// The name in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// How rules are enforced where objects enter a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Admission {
    /// The mode of every rule, where nothing else is said.
    pub mode: Mode,
    /// What happens where an enforced rule gave no answer; where nothing is said, what the server was told.
    pub undecided: Option<Reaction>,
    /// What happens on an update where an enforced rule finds only what was there before; a warning, where nothing is said.
    pub known: Option<Reaction>,
    /// Other modes in some places. If several match, the last one counts.
    pub modes: Vec<ModeOverride>,
}

/// Another mode for some rules in some namespaces.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeOverride {
    /// The rules, by name. If empty, all rules.
    pub rules: Vec<String>,
    /// The namespaces.
    pub scope: Scope,
    /// The mode.
    pub mode: Mode,
}

impl Admission {
    /// Whether any rule is enforced anywhere.
    #[must_use]
    pub fn may_enforce(&self) -> bool {
        self.mode == Mode::Enforce || self.modes.iter().any(|it| it.mode == Mode::Enforce)
    }

    /// The mode of a rule for objects of that namespace; without a namespace, for cluster-wide objects.
    #[must_use]
    pub fn mode_of(&self, rule: &str, namespace: Option<&str>) -> Mode {
        let holds = |it: &&ModeOverride| {
            (it.rules.is_empty() || it.rules.iter().any(|name| name == rule)) && it.scope.holds(None, namespace)
        };
        self.modes.iter().rev().find(holds).map_or(self.mode, |it| it.mode)
    }
}

impl Reader<'_> {
    pub(super) fn admission(&self, node: &Node) -> Read<Admission> {
        let mut admission = Admission::default();
        for entry in self.entries(node, &["mode", "undecided", "known", "modes"])? {
            let value = &entry.value;
            match &*entry.key {
                _ if value.value == Value::Null => {}
                "mode" => admission.mode = self.mode(value)?,
                "undecided" => admission.undecided = Some(self.reaction(value)?),
                "known" => admission.known = Some(self.reaction(value)?),
                _ => {
                    let modes: Read<Vec<_>> = self.items(value)?.iter().map(|item| self.mode_override(item)).collect();
                    admission.modes = modes?;
                }
            }
        }
        Ok(admission)
    }

    fn mode_override(&self, node: &Node) -> Read<ModeOverride> {
        self.entries(node, &["rules", "namespaces", "mode"])?;
        let list = |key: &str, noun| node.get(key).map_or(Ok(Vec::new()), |list| self.texts(list, noun));
        let (rules, known) = (list("rules", "a rule")?, self.names());
        if let Some(name) = rules.iter().find(|name| !known.contains(&name.as_str())) {
            let span = self.field(node, "rules")?.span;
            return self.refuse(span, &format!("there is no rule `{name}`{}", suggestion(name, &known)));
        }
        let scope = Scope::new(Vec::new(), list("namespaces", "a namespace")?);
        if rules.is_empty() && scope.is_everywhere() {
            return self.refuse(node.span, "name `rules`, `namespaces` or both; for everywhere there is `mode`");
        }
        Ok(ModeOverride { rules, scope, mode: self.mode(self.field(node, "mode")?)? })
    }

    fn mode(&self, node: &Node) -> Read<Mode> {
        self.one_of(node, "mode", &Mode::ALL.map(|mode| (mode.name(), mode)))
    }

    fn reaction(&self, node: &Node) -> Read<Reaction> {
        self.one_of(node, "reaction", &[Reaction::Warn, Reaction::Deny].map(|it| (it.name(), it)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Result<Admission, String> {
        let config = Config::read("seaworthy.yaml", text.into(), &[]);
        config.map(|config| config.admission).map_err(|cause| cause.to_string())
    }

    #[test]
    fn the_last_mode_that_holds_counts() {
        let admission = read(
            "admission:\n  mode: audit\n  known: deny\n  modes:\n  - {namespaces: [shop-*], mode: enforce}\n  \
             - {namespaces: [shop-dev], mode: warn}\n",
        )
        .unwrap();
        let mode = |namespace| admission.mode_of("any", namespace);
        assert_eq!(mode(Some("shop-prod")), Mode::Enforce);
        assert_eq!(mode(Some("shop-dev")), Mode::Warn);
        assert_eq!((mode(Some("tools")), mode(None)), (Mode::Audit, Mode::Audit));
        assert_eq!((admission.known, admission.undecided), (Some(Reaction::Deny), None));
        assert_eq!(read("").unwrap().mode_of("any", None), Mode::Warn);
    }

    #[test]
    fn what_is_misspelt_is_refused_with_its_place() {
        for (text, expected) in [
            ("admission: {mode: enforced}", "1:19: a mode is one of enforce, warn, audit; did you mean `enforce`?"),
            ("admission: {modus: warn}", "1:13: `modus` is not known here"),
            ("admission: {undecided: allow}", "1:24: a reaction is one of warn, deny"),
            ("admission: {modes: [{mode: warn}]}", "1:21: name `rules`, `namespaces` or both"),
            ("admission: {modes: [{namespaces: [a]}]}", "1:21: `mode` is missing"),
            ("admission: {modes: [{rules: [no-rule], mode: warn}]}", "1:29: there is no rule `no-rule`"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.starts_with(expected), "{text}: {refused}");
        }
    }
}
