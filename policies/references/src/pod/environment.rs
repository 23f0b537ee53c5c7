//! The variables of a container: each is named once, and `$(NAME)` names one that is there.
//!
//! As `k8s.io/kubernetes/third_party/forked/golang/expansion` has it: `$$` is a dollar, and what nothing defines stays as it
//! is written. A value sees `envFrom` and what stands above it; a command and its arguments see everything.

use sdk::generator::KUSTOMIZATIONS;
use sdk::near::nearest;
use sdk::prelude::*;
use sdk::text::holds;

use super::content::Contents;
use crate::look::Look;

pub fn check<'a>(workload: Workload<'a>, contents: &Contents<'a>, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
    for container in workload.containers(Class::ALL) {
        let scope = Scope::of(container, workload, contents);
        named_twice(container, look);
        for (index, variable) in container.get("env").items().enumerate() {
            let value = variable.get("value");
            for name in value.str().map(variables).unwrap_or_default() {
                scope.check(value, name, Some(index), look)?;
            }
        }
        for field in ["command", "args"] {
            for text in container.get(field).items() {
                // A shell has commands in the same brackets; their names are not in capitals.
                let names = text.str().map(variables).unwrap_or_default();
                for name in names.into_iter().filter(|name| !name.bytes().any(|byte| byte.is_ascii_lowercase())) {
                    scope.check(text, name, None, look)?;
                }
            }
        }
        for mount in container.get("volumeMounts").items() {
            let path = mount.get("subPathExpr");
            for name in path.str().map(variables).unwrap_or_default() {
                scope.check(path, name, None, look)?;
            }
        }
    }
    Ok(())
}

/// A second definition hides the first, unless it uses it.
fn named_twice<'a>(container: Container<'a>, look: &mut Look<'a, '_>) {
    let env = || container.get("env").items();
    for (index, variable) in env().enumerate() {
        let name = variable.get("name");
        let Some(text) = name.str().filter(|text| !text.is_empty()) else { continue };
        let Some(first) = env().take(index).filter(|it| it.get("name").str() == Some(text)).last() else { continue };
        let (own, other) = (variable.get("value").str(), first.get("value").str());
        if own.map(variables).unwrap_or_default().contains(&text) {
            continue;
        }
        let is_same = own == other && first.get("valueFrom").value() == variable.get("valueFrom").value();
        let message = format!("the variable {text} is defined above, and this definition hides that one");
        if is_same {
            look.findings.warn(name, message, "keep one of the two");
        } else {
            look.findings.fail(name, message, "keep one of the two, or rename one");
        }
    }
}

/// The variables that a controller appends to those of each container: Knative's, and that of the Job controller.
fn appended(workload: Workload<'_>) -> &'static [&'static str] {
    let job = workload.object().get("spec");
    let job = if workload.kind() == "CronJob" { job.get("jobTemplate.spec") } else { job };
    if workload.is_knative_service() {
        &["K_CONFIGURATION", "K_REVISION", "K_SERVICE", "PORT"]
    } else if job.get("completionMode").str() == Some("Indexed") {
        &["JOB_COMPLETION_INDEX"]
    } else {
        &[]
    }
}

/// What a container's variables can refer to.
struct Scope<'a> {
    env: Vec<&'a str>,
    /// What `envFrom` brings, each with the prefix that it gets.
    brought: Vec<(&'a str, &'a str)>,
    is_in_sight: bool,
    has_links: bool,
}

impl<'a> Scope<'a> {
    fn of(container: Container<'a>, workload: Workload<'a>, contents: &Contents<'a>) -> Self {
        let (mut brought, mut is_in_sight) = (Vec::new(), true);
        for source in container.get("envFrom").items() {
            let prefix = source.get("prefix").str().unwrap_or_default();
            for (field, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                let Some(name) = source.get(field).get("name").str() else { continue };
                match contents.keys(kind, name) {
                    Some(keys) => brought.extend(keys.iter().map(|key| (prefix, *key))),
                    None => is_in_sight = false,
                }
            }
        }
        let env = container.get("env").items().map(|variable| variable.get("name").str().unwrap_or_default());
        let env = env.chain(appended(workload).iter().copied());
        let has_links = workload.pod().get("enableServiceLinks").bool() != Some(false);
        Self { env: env.collect(), brought, is_in_sight, has_links }
    }

    /// Finds a reference that stays as it is written: the text in which it stands, and its index among the variables if it is
    /// one's value.
    fn check(&self, at: Field<'a>, name: &str, index: Option<usize>, look: &mut Look<'a, '_>) -> Result<(), Undecided> {
        let above = self.env.get(..index.unwrap_or(self.env.len())).unwrap_or_default();
        let is_brought = self.brought.iter().any(|(prefix, key)| name.strip_prefix(prefix) == Some(*key));
        if above.contains(&name) || is_brought || self.is_link(name, look)? || is_of_kustomization(name, look)? {
            return Ok(());
        }
        if self.env.contains(&name) {
            let message = format!("`$({name})` stays as it is written: {name} is defined further down");
            look.findings.fail(at, message, format!("define {name} above the variables that use it"));
            return Ok(());
        }
        if !self.is_in_sight {
            look.unknown(format!("`envFrom` brings variables that are not in this input; {name} may be one of them"));
            return Ok(());
        }
        let known = self.env.iter().copied().chain(self.brought.iter().map(|(_, key)| *key));
        let message = format!("`$({name})` stays as it is written: no variable {name} is defined");
        let (message, fix) = match nearest(name, &mut { known }) {
            Some(near) => (format!("{message}; did you mean `{near}`?"), format!("write `$({near})`")),
            None => (message, format!("define {name} in `env`, or write `$$({name})` for the text itself")),
        };
        look.findings.fail(at, message, fix);
        Ok(())
    }

    /// Whether the kubelet sets it for a Service: `WEB_SERVICE_HOST`, `WEB_PORT_80_TCP_ADDR`. `WEB_PORT` alone is a common
    /// name, and needs a Service of that name.
    fn is_link(&self, name: &str, look: &Look<'_, '_>) -> Result<bool, Undecided> {
        if !self.has_links && !name.starts_with("KUBERNETES_") {
            return Ok(false);
        }
        if ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"].iter().any(|link| holds(name, link)) {
            return Ok(true);
        }
        let Some(service) = name.strip_suffix("_PORT") else { return Ok(false) };
        let service = service.to_ascii_lowercase();
        if service == "kubernetes" {
            return Ok(true);
        }
        let services = look.world.list("v1", "Service", look.object.namespace())?;
        let is_its =
            |it: &Object<'_>| it.name().bytes().map(|byte| if byte == b'-' { b'_' } else { byte }).eq(service.bytes());
        Ok(services.iter().any(is_its))
    }
}

/// Whether a kustomization replaces it: `vars`.
fn is_of_kustomization(name: &str, look: &mut Look<'_, '_>) -> Result<bool, Undecided> {
    // No API server has kustomizations.
    if look.world.is_admission() {
        return Ok(false);
    }
    for (api_version, kind) in KUSTOMIZATIONS {
        let all = look.seen(look.world.list_all(api_version, kind))?.unwrap_or_default();
        let mut vars = all.into_iter().flat_map(|kustomization| kustomization.get("vars").items());
        if vars.any(|var| var.get("name").str() == Some(name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The names in `$(NAME)`, of what can be the name of a variable.
fn variables(text: &str) -> Vec<&str> {
    let (mut names, mut at) = (Vec::new(), 0);
    while let Some(dollar) = text.get(at..).and_then(|rest| rest.bytes().position(|byte| byte == b'$')) {
        at += dollar + 1;
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with('$') {
            at += 1;
        } else if let Some(inside) = rest.strip_prefix('(')
            && let Some(end) = inside.bytes().position(|byte| byte == b')')
        {
            names.extend(inside.get(..end).filter(|name| is_variable(name)));
            at += end + 2;
        }
    }
    names
}

fn is_variable(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.bytes().next().is_some_and(is_letter) && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_kubernetes_reads_them() {
        for (text, names) in [
            ("", &[][..]),
            ("$(A)", &["A"]),
            ("x$(A)-$(B_2)y", &["A", "B_2"]),
            ("$$(A)", &[]),
            ("$$$(A)", &["A"]),
            ("$A ${B}", &[]),
            ("$(A", &[]),
            ("$()", &[]),
            ("$(a.b) $(params.x) $(date +%s)", &[]),
            ("$(1A)", &[]),
            ("é$(A)é", &["A"]),
            ("$", &[]),
        ] {
            assert_eq!(variables(text), names, "{text}");
        }
    }
}
