#![no_std]
use sdk::prelude::*;

policy! {
    /// Containers cannot escalate their privileges.
    ///
    /// Every container says `allowPrivilegeEscalation: false`, init, sidecar and ephemeral containers too: there is no
    /// pod-level field, and a container that says nothing is allowed to.
    ///
    /// `privileged: true` and the capability `SYS_ADMIN` (or `ALL`) turn privilege escalation on, whatever the field
    /// says. They are findings of their own.
    ///
    /// On Windows the field has no meaning.
    ///
    /// ## Why
    ///
    /// A set-user-ID program in the image (`sudo`, `ping`, a forgotten shell) makes root of any user that can run it.
    /// With `allowPrivilegeEscalation: false` the kernel ignores such bits (`no_new_privs`), so a process stays what it
    /// was.
    ///
    /// ## Fix
    ///
    /// Set `securityContext.allowPrivilegeEscalation: false` on each container. A program that runs as an unprivileged
    /// user does not notice.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    /// ```
    ///
    /// The capability undoes what the field says:
    ///
    /// ```yaml,fail=mounter
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   initContainers:
    ///     - name: mounter
    ///       image: example.com/mounter:2.0.1
    ///       securityContext:
    ///         allowPrivilegeEscalation: false
    ///         capabilities: {add: [SYS_ADMIN]}
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///       securityContext: {allowPrivilegeEscalation: false}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    ///       securityContext:
    ///         allowPrivilegeEscalation: false
    ///         capabilities: {drop: [ALL]}
    /// ```
    pub struct PrivilegeEscalationDisabled;
    severity: High,
    section: Security,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: [
        "containers.securityContext.allowPrivilegeEscalation",
        "pod.spec.securityContext.allowPrivilegeEscalation",
        "containers.securityContext.privileged",
        "containers.securityContext.capabilities.add",
        "containers.securityContext.capabilities.drop",
        "pod.spec.os.name",
        "pod.spec.nodeSelector['kubernetes.io/os']",
    ],
}

impl Rule for PrivilegeEscalationDisabled {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = request.workload()?;
        if workload.is_windows() {
            return not_applicable("Windows containers have no privilege escalation to disable");
        }
        let is_misplaced = workload.pod().get("securityContext.allowPrivilegeEscalation").is_set();
        for container in workload.containers(Class::ALL) {
            let security = container.get("securityContext");
            let allowed = security.get("allowPrivilegeEscalation");
            if allowed.bool() != Some(false) {
                let message = if allowed.is_set() {
                    "a process may gain more privileges than its parent"
                } else if is_misplaced {
                    "a process may gain more privileges than its parent: a pod's securityContext has no field \
                     `allowPrivilegeEscalation`, and Kubernetes ignores it there"
                } else {
                    "a process may gain more privileges than its parent, since nothing forbids it"
                };
                let fix = fix::set(allowed, false);
                findings.fail(allowed, message, if gains_nothing(security) { fix.safe() } else { fix });
            }
            let privileged = security.get("privileged");
            if privileged.bool() == Some(true) {
                let message =
                    "`privileged: true` turns privilege escalation on, whatever `allowPrivilegeEscalation` says";
                findings.fail(privileged, message, fix::set(privileged, false));
            }
            for capability in security.get("capabilities.add").items() {
                if let Some(name) = capability.str().filter(|name| holds_sys_admin(name)) {
                    let message = format!(
                        "the capability {name} turns privilege escalation on, whatever `allowPrivilegeEscalation` says"
                    );
                    findings.fail(capability, message, format!("Remove {name} from capabilities.add"));
                }
            }
        }
        Ok(())
    }
}

/// Whether a process has no privilege to gain, so that it runs as before where it may not: a container that keeps no
/// capability leaves none to programs that would give them.
fn gains_nothing(security: Field<'_>) -> bool {
    let is_all = |name: Field<'_>| name.str().is_some_and(|name| name.eq_ignore_ascii_case("ALL"));
    security.get("capabilities.drop").items().any(is_all)
        && !security.get("capabilities.add").is_set()
        && security.get("privileged").bool() != Some(true)
}

/// Runtimes read names of capabilities in any case. The API spells them without `CAP_`, and some runtimes take both.
fn holds_sys_admin(capability: &str) -> bool {
    let has_prefix = capability.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("CAP_"));
    let name = if has_prefix { capability.get(4..).unwrap_or_default() } else { capability };
    name.eq_ignore_ascii_case("SYS_ADMIN") || name.eq_ignore_ascii_case("ALL")
}
