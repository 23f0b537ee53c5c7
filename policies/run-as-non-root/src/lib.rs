#![no_std]
use sdk::prelude::*;

policy! {
    /// Containers do not run as root.
    ///
    /// `runAsNonRoot: true` holds for every container, init, sidecar and ephemeral containers too: on the container, or
    /// on the pod where the container does not say otherwise. A user id does not stand in for it by default, since the
    /// promise is then one edit away from root. This is what the Pod Security profile `restricted` asks for.
    ///
    /// `runAsUser: 0` is root. With `runAsNonRoot: true` beside it the kubelet refuses to start the container, so the
    /// pair is found here and not in the middle of a rollout.
    ///
    /// What the pod says also holds for containers that are added to it later, a debug container or an injected
    /// sidecar. So `runAsNonRoot: false` or `runAsUser: 0` on the pod is a finding even where every container overrides
    /// it.
    ///
    /// On Windows the field counts too: it keeps a container from running as `ContainerAdministrator`.
    ///
    /// ## Why
    ///
    /// Root in a container is root on the node once the container is escaped from, and on the way there it may change
    /// every file of the image and bind every port. Few programs need it.
    ///
    /// ## Fix
    ///
    /// Build the image with a numeric `USER`, and set `securityContext.runAsNonRoot: true` on the pod. If the image
    /// names its user instead of numbering it, also set `runAsUser`: the kubelet cannot tell whether a name is root.
    ///
    /// ## Fails
    ///
    /// Nothing is said, so the image decides:
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
    /// An init container opts out of what the pod says:
    ///
    /// ```yaml,fail=permissions
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   template:
    ///     spec:
    ///       securityContext: {runAsNonRoot: true}
    ///       initContainers:
    ///         - name: permissions
    ///           image: example.com/tools:2.1.0
    ///           command: [chown, -R, "1000", /data]
    ///           securityContext: {runAsNonRoot: false, runAsUser: 0}
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web}
    /// spec:
    ///   securityContext: {runAsNonRoot: true}
    ///   containers:
    ///     - name: app
    ///       image: example.com/web:1.4.2
    /// ```
    pub struct RunAsNonRoot {
        /// Take a `runAsUser` above 0 for an answer too, whatever `runAsNonRoot` says. What counts is then the user
        /// that each container ends up with. On Windows, where users have no number, this changes nothing.
        accept_numeric_user: bool = false,
        /// Exempt pods with `hostUsers: false`, whose root is nobody outside of the pod, as Pod Security does from
        /// Kubernetes 1.35 on. Off by default, since a cluster that does not know user namespaces ignores the field
        /// without a word.
        exempt_user_namespaces: bool = false,
    }
    severity: High,
    section: Security,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: [
        "containers.securityContext.runAsNonRoot",
        "containers.securityContext.runAsUser",
        "containers.securityContext.windowsOptions.runAsUserName",
        "pod.spec.securityContext.runAsNonRoot",
        "pod.spec.securityContext.runAsUser",
        "pod.spec.securityContext.windowsOptions.runAsUserName",
        "pod.spec.hostUsers",
        "pod.spec.os.name",
        "pod.spec.nodeSelector['kubernetes.io/os']",
    ],
}

impl Rule for RunAsNonRoot {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = request.workload()?;
        if self.exempt_user_namespaces && workload.pod().get("hostUsers").bool() == Some(false) {
            return not_applicable("the pod has a user namespace of its own, where root is nobody on the node");
        }
        let pod = workload.pod().get("securityContext");
        let non_root = pod.get("runAsNonRoot");
        // An edit of the pod's field reaches the containers that are known to be root.
        let reaches_root = non_root.bool() == Some(false)
            && workload.containers(Class::ALL).any(|container| is_root(container.effective_security("runAsUser")));
        if !self.accept_numeric_user {
            let user = pod.get("runAsUser");
            if non_root.bool() == Some(false) {
                allows_root(non_root, user, promise(non_root, reaches_root || is_root(user)), findings);
            }
            not_user_zero(user, findings);
        }
        let users_are_numbers = !workload.is_windows();
        for container in workload.containers(Class::ALL) {
            let user = container.effective_security("runAsUser");
            let non_root = container.effective_security("runAsNonRoot");
            let accepted = self.accept_numeric_user && users_are_numbers && user.integer().is_some_and(|user| user > 0);
            if !accepted && non_root.bool() != Some(true) {
                let fix = promise(non_root, reaches_root || is_root(user));
                // The kubelet asks for what is so already.
                let is_so = users_are_numbers && !non_root.is_set() && user.integer().is_some_and(|user| user > 0);
                allows_root(non_root, user, if is_so { fix.safe() } else { fix }, findings);
            }
            not_user_zero(user, findings);
            not_administrator(container.effective_security("windowsOptions.runAsUserName"), findings);
        }
        Ok(())
    }
}

fn allows_root(non_root: Field<'_>, user: Field<'_>, fix: Fix, findings: &mut Findings) {
    let message = match (non_root.bool(), user.integer()) {
        (Some(_), _) => "`runAsNonRoot: false` allows root".to_owned(),
        (None, Some(user @ 1..)) => format!(
            "`runAsUser: {user}` is not enough: without `runAsNonRoot: true` the kubelet starts root too, once the user \
             is changed or removed"
        ),
        (None, _) => "nothing keeps the container from running as root".to_owned(),
    };
    findings.fail(non_root, message, fix);
}

fn is_root(user: Field<'_>) -> bool {
    user.integer() == Some(0)
}

/// An edit, unless a container would not start any more: which other user it may have is not known here.
fn promise(non_root: Field<'_>, is_root: bool) -> Fix {
    if is_root {
        return "set `runAsNonRoot: true` and a `runAsUser` above 0".into();
    }
    fix::set(non_root, true)
}

fn not_user_zero(user: Field<'_>, findings: &mut Findings) {
    if is_root(user) {
        let message = "user 0 is root, which the kubelet refuses to start under `runAsNonRoot: true`";
        findings.fail(user, message, fix::set(user, 1000).example());
    }
}

/// As the kubelet on Windows (`verifyRunAsNonRoot`), where names have no case and may stand behind a domain.
fn not_administrator(user: Field<'_>, findings: &mut Findings) {
    let name = user.str().and_then(|name| name.rsplit('\\').next());
    if name.is_some_and(|name| name.eq_ignore_ascii_case("ContainerAdministrator")) {
        let message = "this is the root of Windows, which the kubelet refuses to start under `runAsNonRoot: true`";
        findings.fail(user, message, fix::set(user, "ContainerUser"));
    }
}
