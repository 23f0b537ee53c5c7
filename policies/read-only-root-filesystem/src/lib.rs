#![no_std]
use sdk::prelude::*;

policy! {
    /// Containers mount their root filesystem read-only.
    ///
    /// Every container counts, init and ephemeral containers too: there is no pod-level field. On Windows the field has
    /// no meaning.
    ///
    /// ## Why
    ///
    /// A writable root filesystem lets an intruder replace binaries, drop tools and stay until the next restart. A
    /// program that writes only where you said it may is also easier to reason about.
    ///
    /// ## Fix
    ///
    /// Set `securityContext.readOnlyRootFilesystem: true` on each container, and mount an `emptyDir` where the program
    /// must write.
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
    ///       securityContext: {readOnlyRootFilesystem: true}
    ///       volumeMounts: [{name: tmp, mountPath: /tmp}]
    ///   volumes: [{name: tmp, emptyDir: {}}]
    /// ```
    pub struct ReadOnlyRootFilesystem;
    severity: High,
    section: Security,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: [
        "containers.securityContext.readOnlyRootFilesystem",
        "pod.spec.securityContext.readOnlyRootFilesystem",
        "pod.spec.os.name",
        "pod.spec.nodeSelector['kubernetes.io/os']",
    ],
}

impl Rule for ReadOnlyRootFilesystem {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = request.workload()?;
        if workload.is_windows() {
            return not_applicable("Windows containers have no read-only root filesystem");
        }
        let is_misplaced = workload.pod().get("securityContext.readOnlyRootFilesystem").is_set();
        for container in workload.containers(Class::ALL) {
            let field = container.get("securityContext.readOnlyRootFilesystem");
            if field.bool() != Some(true) {
                let message = if is_misplaced && !field.is_set() {
                    "the root filesystem is writable: a pod's securityContext has no field `readOnlyRootFilesystem`, \
                     and Kubernetes ignores it there"
                } else {
                    "the root filesystem is writable"
                };
                findings.fail(field, message, fix::set(field, true));
            }
        }
        Ok(())
    }
}
