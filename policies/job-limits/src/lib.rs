#![no_std]
use sdk::cron::Schedule;
use sdk::prelude::*;

policy! {
    /// A Job ends, is retried a limited number of times, and is deleted afterwards.
    ///
    /// For Jobs and the Jobs that a CronJob makes:
    ///
    /// - `activeDeadlineSeconds` is set, on the Job or on its pods (the settings `require_deadline` and
    ///   `max_deadline_seconds`), and is not 0, with which the Job fails at once.
    /// - `backoffLimit` is at most 10 (the setting `max_backoff_limit`). Left out it is 6. Where each index has retries of its
    ///   own, `backoffLimitPerIndex` is asked in its place.
    /// - A Job that nothing owns sets `ttlSecondsAfterFinished`. A CronJob deletes its Jobs by its history limits, whose
    ///   defaults are 3 and 1. Helm and Argo CD delete their hooks.
    ///
    /// For CronJobs also:
    ///
    /// - `concurrencyPolicy` says what happens when the last run has not ended.
    /// - `startingDeadlineSeconds` is not below 10: the controller looks every 10 seconds, so it may miss each run.
    /// - The schedule comes: there is no February 31.
    ///
    /// A schedule or a time zone that the API server refuses is a finding of the rule `kubernetes-schema`.
    ///
    /// ## Why
    ///
    /// A Job without a deadline waits for ever, for an image that cannot be pulled or a server that does not answer, and
    /// with `concurrencyPolicy: Forbid` no later run starts. Jobs that nobody deletes fill the cluster's store and keep
    /// their pods.
    ///
    /// ## Fix
    ///
    /// Set `activeDeadlineSeconds` to several times what the program usually takes, and `ttlSecondsAfterFinished` to the
    /// time in which somebody looks at the logs. Set `concurrencyPolicy: Forbid` unless two runs may overlap.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: batch/v1
    /// kind: CronJob
    /// metadata: {name: report}
    /// spec:
    ///   schedule: 0 3 * * *
    ///   jobTemplate:
    ///     spec:
    ///       template:
    ///         spec:
    ///           restartPolicy: Never
    ///           containers: [{name: app, image: "example.com/report:1.4.2"}]
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: batch/v1
    /// kind: CronJob
    /// metadata: {name: report}
    /// spec:
    ///   schedule: 0 3 * * *
    ///   concurrencyPolicy: Forbid
    ///   jobTemplate:
    ///     spec:
    ///       activeDeadlineSeconds: 1800
    ///       template:
    ///         spec:
    ///           restartPolicy: Never
    ///           containers: [{name: app, image: "example.com/report:1.4.2"}]
    /// ```
    ///
    /// ```yaml,pass
    /// apiVersion: batch/v1
    /// kind: Job
    /// metadata: {name: migrate}
    /// spec:
    ///   backoffLimit: 2
    ///   activeDeadlineSeconds: 600
    ///   ttlSecondsAfterFinished: 86400
    ///   template:
    ///     spec:
    ///       restartPolicy: Never
    ///       containers: [{name: app, image: "example.com/migrate:1.4.2"}]
    /// ```
    pub struct JobLimits {
        /// Whether each Job needs `activeDeadlineSeconds`.
        require_deadline: bool = true,
        /// The most seconds that `activeDeadlineSeconds` may say.
        max_deadline_seconds: Option<u32> = None,
        /// The most that `backoffLimit` or `backoffLimitPerIndex` may say.
        max_backoff_limit: u32 = 10,
    }
    severity: Medium,
    section: Reliability,
    since: "0.1.0",
    applies_to: ["batch/v1/Job", "batch/v1/CronJob"],
    reads: [
        "metadata.annotations['argocd.argoproj.io/hook']",
        "spec.activeDeadlineSeconds",
        "spec.backoffLimit",
        "spec.backoffLimitPerIndex",
        "spec.ttlSecondsAfterFinished",
        "spec.jobTemplate.spec.activeDeadlineSeconds",
        "spec.jobTemplate.spec.backoffLimit",
        "spec.jobTemplate.spec.backoffLimitPerIndex",
        "spec.jobTemplate.spec.ttlSecondsAfterFinished",
        "spec.concurrencyPolicy",
        "spec.failedJobsHistoryLimit",
        "spec.schedule",
        "spec.startingDeadlineSeconds",
        "pod.spec.activeDeadlineSeconds",
    ],
}

impl Rule for JobLimits {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = request.workload()?;
        let object = workload.object();
        let is_cron = workload.kind() == "CronJob";
        if !is_cron && workload.kind() != "Job" {
            return not_applicable("it is neither a Job nor a CronJob");
        }
        let job = object.get(if is_cron { "spec.jobTemplate.spec" } else { "spec" });
        self.check_end(job, workload.pod(), findings);
        let ttl = job.get("ttlSecondsAfterFinished");
        if is_cron {
            check_cron(object.get("spec"), findings);
            if ttl.is_set() {
                let message = "it deletes Jobs that the history limits would keep";
                findings.warn(ttl, message, fix::remove(ttl));
            }
        } else if !ttl.is_set() && !is_owned(object) {
            let message = "nothing deletes the Job and its pods when it has finished";
            findings.fail(ttl, message, fix::set(ttl, 86_400));
        } else if ttl.integer() == Some(0) {
            let message = "the Job is deleted at once, and nobody can read its logs";
            findings.warn(ttl, message, fix::set(ttl, 86_400));
        }
        Ok(())
    }
}

impl JobLimits {
    /// A Job ends, whatever its pods do.
    fn check_end(&self, job: Field<'_>, pod: Field<'_>, findings: &mut Findings) {
        let own = job.get("activeDeadlineSeconds");
        let deadline = if own.is_set() { own } else { pod.get("activeDeadlineSeconds") };
        if let Some(seconds) = deadline.integer() {
            let most = self.max_deadline_seconds.map(i64::from);
            if seconds == 0 {
                findings.fail(deadline, "the deadline is over before a pod runs", fix::set(deadline, 3_600));
            } else if let Some(most) = most.filter(|most| seconds > *most) {
                let message = format!("it may run for {seconds} seconds, and {most} is the most here");
                findings.fail(deadline, message, fix::set(deadline, most));
            }
        } else if self.require_deadline && !deadline.is_set() {
            let message = "without a deadline the Job may hang for ever";
            findings.fail(own, message, fix::set(own, 3_600));
        }
        // Beside it, the API server sets a backoffLimit of 2147483647: what bounds the retries is the limit of each index.
        let per_index = job.get("backoffLimitPerIndex");
        let retries = if per_index.is_set() { per_index } else { job.get("backoffLimit") };
        let most = i64::from(self.max_backoff_limit);
        if let Some(number) = retries.integer().filter(|number| *number > most) {
            let message = format!("it is retried {number} times, and {most} is the most here");
            findings.fail(retries, message, fix::set(retries, most));
        }
    }
}

/// Whether somebody else deletes the Job: what made it, or Helm or Argo CD, which delete a hook before they make it anew
/// unless its delete policy has it gone sooner.
fn is_owned(job: Object<'_>) -> bool {
    let is_hook = |key| job.annotation(key).str().is_some_and(|hook| !hook.trim_ascii().is_empty());
    job.get("metadata.ownerReferences").has_items() || is_hook("helm.sh/hook") || is_hook("argocd.argoproj.io/hook")
}

/// What a CronJob itself says. A value that the API server refuses is said by the rule that knows it.
fn check_cron(spec: Field<'_>, findings: &mut Findings) {
    let (policy, deadline) = (spec.get("concurrencyPolicy"), spec.get("startingDeadlineSeconds"));
    // Empty, it is the default as well.
    if !policy.is_set() || policy.str() == Some("") {
        let message = "without `concurrencyPolicy`, a run starts even if the last one has not ended";
        findings.fail(policy, message, fix::set(policy, "Forbid"));
    }
    if deadline.integer().is_some_and(|seconds| (0..10).contains(&seconds)) {
        let message = "the controller looks every 10 seconds, so a shorter deadline may miss each run";
        findings.fail(deadline, message, fix::set(deadline, 60));
    }
    let failed = spec.get("failedJobsHistoryLimit");
    if failed.integer() == Some(0) {
        findings.warn(failed, "a failed run is deleted at once, with its logs", fix::set(failed, 1).safe());
    }
    let schedule = spec.get("schedule");
    let read = schedule.str().and_then(|text| Schedule::parse(text).ok());
    if read.is_some_and(|schedule| !schedule.ever_comes()) {
        findings.fail(schedule, "no such day ever comes", "a day that one of its months has");
    }
}
