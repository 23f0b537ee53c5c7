#![no_std]
use sdk::handler::Handlers;
use sdk::prelude::*;
use sdk::serving::{long_running, must_serve};

policy! {
    /// Serving workloads finish their requests before they stop.
    ///
    /// Every app container has a preStop hook with one handler: `sleep`, `exec` or `httpGet` (`tcpSocket` does nothing
    /// in a hook). `terminationGracePeriodSeconds`, 30 unless stated, is more than the hook takes, since its countdown
    /// starts before the hook does; 0 kills at once. How long a hook takes is known of `sleep`, and of an `exec` that
    /// says it plainly: `sleep 10`, or a shell script that begins with such commands.
    ///
    /// A workload serves if a Service selects its pods or, where not everything is in sight, if it declares a port.
    /// Jobs, CronJobs and Pods that are not restarted are not asked, and neither are Knative Services, whose pods
    /// Knative drains.
    ///
    /// ## Why
    ///
    /// A pod that is deleted is told to stop while it is taken out of its Services, not after. For some seconds
    /// requests still arrive at a program that has closed its port: every rollout and every node drain shows as errors.
    ///
    /// ## Fix
    ///
    /// Let the hook wait until the pod is out of every load balancer, often 5 to 15 seconds, and let the grace period
    /// hold that, and the longest request, and something to spare.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail=app
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers: [{name: app, image: "example.com/web:1.4.2"}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec: {selector: {app: web}, ports: [{port: 80}]}
    /// ```
    ///
    /// The grace period is over when the hook is:
    ///
    /// ```yaml,fail
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           lifecycle: {preStop: {exec: {command: [sh, -c, sleep 30]}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec: {selector: {app: web}, ports: [{port: 80}]}
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       terminationGracePeriodSeconds: 60
    ///       containers:
    ///         - name: app
    ///           image: example.com/web:1.4.2
    ///           lifecycle: {preStop: {sleep: {seconds: 10}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec: {selector: {app: web}, ports: [{port: 80}]}
    /// ```
    ///
    /// Nobody sends it requests:
    ///
    /// ```yaml,not-applicable
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: worker}
    /// spec:
    ///   selector: {matchLabels: {app: worker}}
    ///   template:
    ///     metadata: {labels: {app: worker}}
    ///     spec:
    ///       containers: [{name: app, image: "example.com/worker:1.4.2"}]
    /// ```
    pub struct GracefulShutdown;
    severity: High,
    section: Operations,
    since: "0.1.0",
    profile: Essential,
    applies_to: [Workloads],
    reads: [
        "containers.lifecycle.preStop",
        "containers.ports",
        "pod.spec.terminationGracePeriodSeconds",
        "pod.spec.restartPolicy",
        "pod.metadata.labels",
    ],
    looks_up: [Services],
}

impl Rule for GracefulShutdown {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        let workload = long_running(request)?;
        if workload.is_knative_service() {
            return not_applicable("Knative drains its pods before it stops them");
        }
        must_serve(workload, request.world())?;
        let period = workload.pod().get("terminationGracePeriodSeconds");
        let grace = period.integer().unwrap_or(30);
        if grace < 1 {
            let message = "a grace period of 0 kills the pod at once, before any hook";
            findings.fail(period, message, fix::set(period, 30));
        }
        for container in workload.containers(&[Class::App]) {
            let place = container.get("lifecycle.preStop");
            let hook = Handlers::new(container, place, &["sleep", "exec", "httpGet"]);
            if hook.is_missing() {
                findings.fail(place, lack(place), fix::set(place, Json::of("sleep", Json::of("seconds", 10))));
                continue;
            }
            hook.check(workload, findings);
            let seconds = hook.iter().map(|(kind, handler)| duration(kind, handler)).max().unwrap_or(0);
            if grace >= 1 && seconds == i64::MAX {
                let message = format!(
                    "the preStop hook of {} never ends, so it is killed after {grace} seconds",
                    container.name()
                );
                findings.fail(place, message, "a sleep that ends before the grace period does");
            } else if grace >= 1 && seconds >= grace {
                let name = container.name();
                let message =
                    format!("the preStop hook of {name} takes {seconds} seconds, and all is over after {grace}");
                findings.fail(period, message, fix::set(period, seconds.saturating_add(30)).safe());
            }
        }
        Ok(())
    }
}

fn lack(hook: Field<'_>) -> &'static str {
    if !hook.is_set() {
        "no preStop hook, so it stops while requests are still sent to it"
    } else if hook.get("tcpSocket").is_set() {
        "the kubelet does nothing with a tcpSocket in a hook"
    } else {
        "a preStop hook without a handler does nothing"
    }
}

/// How many seconds a handler surely takes.
fn duration(kind: &str, handler: Field<'_>) -> i64 {
    match kind {
        "sleep" => handler.get("seconds").integer().unwrap_or(0),
        "exec" => {
            let words: Vec<&str> = handler.get("command").items().filter_map(Field::str).collect();
            match words.as_slice() {
                [shell, flags, script, ..] if is_shell(shell) && is_command_flag(flags) => script_duration(script),
                words => slept(words),
            }
        }
        _ => 0,
    }
}

fn is_shell(program: &str) -> bool {
    matches!(file_name(program), "sh" | "bash" | "ash" | "dash" | "zsh")
}

/// `-c`, `-ec`, `-lc`: what follows is a script.
fn is_command_flag(flags: &str) -> bool {
    flags.starts_with('-') && flags.ends_with('c')
}

fn file_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or_default()
}

/// How many seconds a script sleeps in the simple commands that it begins with, one after the other. It is not read
/// past a pipe, a branch, a loop or a command in the background, nor behind a test.
fn script_duration(script: &str) -> i64 {
    let mut seconds = 0_i64;
    let mut rest = script;
    loop {
        let end = rest.find([';', '\n', '&', '|']).unwrap_or(rest.len());
        let (command, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let next = tail.strip_prefix("&&").or(tail.strip_prefix(';')).or(tail.strip_prefix('\n'));
        let words: Vec<&str> = command.split_ascii_whitespace().collect();
        let is_control = matches!(
            words.first(),
            Some(&("if" | "for" | "while" | "until" | "case" | "{" | "[" | "[[" | "test" | "exit" | "return"))
        );
        if is_control || command.contains(['(', '#']) || (next.is_none() && !tail.is_empty()) {
            return seconds;
        }
        seconds = seconds.saturating_add(slept(&words));
        match next {
            Some(next) => rest = next,
            None => return seconds,
        }
    }
}

/// How many seconds `sleep 10`, `/bin/sleep 1.5m`, `sleep 1m 30s` and the like sleep, rounded down; 0 where it is no such
/// command.
fn slept(words: &[&str]) -> i64 {
    match words {
        // The shell gives way to the command, which takes as long.
        ["exec", command @ ..] => slept(command),
        [program, times @ ..] if file_name(program) == "sleep" => {
            times.iter().fold(0, |seconds, time| seconds.saturating_add(seconds_in(time)))
        }
        _ => 0,
    }
}

/// How many seconds a time such as `30`, `.5m` or `infinity` has, read to a tenth of its unit; 0 of anything else.
fn seconds_in(time: &str) -> i64 {
    if matches!(time, "infinity" | "inf") {
        return i64::MAX;
    }
    let number = time.trim_end_matches(['s', 'm', 'h', 'd']);
    let unit = match time.bytes().last() {
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        _ => 1_i64,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.parse::<i64>().unwrap_or(0).max(0);
    let tenths = fraction.bytes().next().filter(u8::is_ascii_digit).map_or(0, |digit| i64::from(digit - b'0'));
    whole.saturating_mul(unit).saturating_add(unit * tenths / 10)
}
