#![no_std]
use sdk::documents::{CHANGE_SET, PULL_REQUEST, REPOSITORY_TREE};
use sdk::glob::{any_matches_path, matches_path};
use sdk::prelude::*;
use sdk::{api_group, workload_kind};

mod title;

use title::Title;

policy! {
    /// A pull request says what it changes, where, and for which ticket.
    ///
    /// | what | convention | setting |
    /// |---|---|---|
    /// | title | `type(scope): subject`, with a known type, and a service or a part of the platform as the scope | `types`, `scopes` |
    /// | branch | `feature/...`, or `staging` | `branches` |
    /// | base | `main` or `staging`, and never the branch itself: that is a direct push | `bases` |
    /// | commits | the body of at least one names a ticket, such as `SHOP-123` | `ticket_required`, `ticket_projects` |
    /// | description | a link to a runbook, where the operation of a service changes | `runbook_required` |
    ///
    /// Scopes are known where the setting names some, or where a `RepositoryTree` has folders in `services` or `platform`:
    /// their names are right, and those of the setting.
    ///
    /// Whether the operation changes is read from the `ChangeSet`: a workload comes or goes; probes, replicas, the update
    /// strategy, the shutdown, ports, schedules or arguments of one change; or an object of one of the `operational_kinds`
    /// differs. A new version of an image alone does not count. Where the change cannot be seen and the description has no link, the
    /// rule is `unknown`.
    ///
    /// ## Why
    ///
    /// The title becomes the line of the history and of the release notes. The ticket says who wanted it. Whoever is called
    /// at night reads the runbook, and not the diff.
    ///
    /// ## Fix
    ///
    /// Take the title that the finding suggests, name the ticket in the body of a commit, and link the page of the runbook
    /// that describes how the service is operated from now on.
    ///
    /// ## Fails
    ///
    /// ```yaml,fail
    /// apiVersion: seaworthy.dev/v1
    /// kind: PullRequest
    /// metadata: {name: shop#7}
    /// spec:
    ///   title: "Feat (payments-api): Add idempotency keys."
    ///   body: ""
    ///   branch: feature/idempotency
    ///   base: main
    ///   author: ana
    ///   labels: []
    ///   commits: [{sha: a1, message: "feat: keys\n\nPAY-12"}]
    /// ```
    ///
    /// ## Passes
    ///
    /// ```yaml,pass
    /// apiVersion: seaworthy.dev/v1
    /// kind: PullRequest
    /// metadata: {name: shop#7}
    /// spec:
    ///   title: "feat(payments-api): add idempotency key support"
    ///   body: "Runbook: https://runbooks.example.com/payments-api"
    ///   branch: feature/idempotency
    ///   base: main
    ///   author: ana
    ///   labels: []
    ///   commits: [{sha: a1, message: "feat: keys\n\nPAY-12"}]
    /// ```
    pub struct PullRequestConventions {
        /// The types of changes that a title may begin with.
        types: Vec<String> = [
            "feat", "fix", "chore", "docs", "refactor", "perf", "test", "build", "ci", "style", "revert",
        ],
        /// Scopes besides the services and the parts of the platform that the repository shows.
        scopes: Vec<String> = ["platform"],
        /// Whether a title must have a scope.
        scope_required: bool = true,
        /// Names of branches that changes come from: `*` stands for any characters of a name, `**` for any steps.
        branches: Vec<String> = ["feature/**", "staging"],
        /// Branches that changes go to.
        bases: Vec<String> = ["main", "staging"],
        /// Whether the body of a commit names a ticket.
        ticket_required: bool = true,
        /// The projects that tickets are of, such as `SHOP`; any where none is given.
        ticket_projects: Vec<String> = [],
        /// Whether the description links a runbook where the operation of a service changes.
        runbook_required: bool = true,
        /// Kinds whose every change is one of the operation.
        operational_kinds: Vec<String> = [
            "AlertmanagerConfig", "Canary", "CronJob", "HorizontalPodAutoscaler", "Ingress", "NetworkPolicy",
            "PodDisruptionBudget", "PrometheusRule", "PrometheusServiceLevel", "Rollout", "ScaledObject", "Service",
        ],
    }
    severity: Medium,
    section: Delivery,
    since: "0.1.0",
    applies_to: ["seaworthy.dev/v1/PullRequest"],
    reads: ["spec.title", "spec.body", "spec.branch", "spec.base", "spec.commits.message"],
    looks_up: [
        "seaworthy.dev/v1/RepositoryTree": ["spec.paths"],
        "seaworthy.dev/v1/ChangeSet": [
            "spec.objects.status",
            "spec.objects.apiVersion",
            "spec.objects.kind",
            "spec.objects.namespace",
            "spec.objects.name",
            "spec.objects.fields.path",
            "spec.unseen",
        ],
    ],
}

impl Rule for PullRequestConventions {
    fn check(&self, request: &Request<'_>, findings: &mut Findings) -> Result<(), Undecided> {
        if request.object().kind() != PULL_REQUEST.kind {
            return not_applicable("it is no pull request");
        }
        let (spec, world) = (request.object().get("spec"), request.world());
        self.check_title(spec.get("title"), &self.known_scopes(world)?, findings);
        self.check_branches(spec, findings);
        self.check_tickets(spec.get("commits"), findings);
        if self.runbook_required { check_runbook(self, spec.get("body"), world, findings) } else { Ok(()) }
    }
}

impl PullRequestConventions {
    /// The services and the parts of the platform, where the repository shows some, and those of the setting.
    fn known_scopes<'a>(&'a self, world: &World<'a>) -> Result<Vec<&'a str>, Undecided> {
        let mut known: Vec<&str> = Vec::new();
        for tree in world.list_all(REPOSITORY_TREE.api_version, REPOSITORY_TREE.kind)? {
            for path in tree.get("spec.paths").items().filter_map(Field::str) {
                let below = ["services/", "platform/"].iter().find_map(|folder| path.strip_prefix(folder));
                if let Some((name, _)) = below.and_then(|below| below.split_once('/'))
                    && !known.contains(&name)
                {
                    known.push(name);
                }
            }
        }
        if !known.is_empty() {
            known.extend(self.scopes.iter().map(String::as_str));
        }
        Ok(known)
    }

    fn check_title(&self, field: Field<'_>, scopes: &[&str], findings: &mut Findings) {
        let text = field.str().unwrap_or_default();
        let Some(title) = Title::read(text) else {
            let message =
                format!("the title is not `type(scope): subject`, with one of the types {}", self.types.join(", "));
            return findings.fail(field, message, format!("<type>(<service>): {}", title::subject(text)));
        };
        let mended = title.mended(&self.types, scopes);
        let is_type = self.types.iter().any(|known| known == title.kind);
        let message = match title.scope {
            _ if !is_type => format!("`{}` is not one of the types {}", title.kind, self.types.join(", ")),
            _ if title.subject.is_empty() => "the title has no subject".to_owned(),
            None if self.scope_required => "the title has no scope: which service does it change?".to_owned(),
            Some("") => "the title has an empty scope".to_owned(),
            Some(scope) if !scopes.is_empty() && !scopes.contains(&scope) => {
                format!("`{scope}` is no service and no part of the platform here")
            }
            _ if !text.eq_ignore_ascii_case(&mended) => "the title is nearly `type(scope): subject`".to_owned(),
            _ => return,
        };
        findings.fail(field, message, mended);
    }

    fn check_branches(&self, spec: Field<'_>, findings: &mut Findings) {
        let (branch, base) = (spec.get("branch"), spec.get("base"));
        let (name, of) = (branch.str().unwrap_or_default(), base.str().unwrap_or_default());
        if name == of {
            let message = format!("this is pushed to `{of}` directly, where nobody has reviewed it");
            return findings.fail(branch, message, "a branch feature/<name>, and a pull request");
        }
        if !self.bases.iter().any(|known| matches_path(known, of)) {
            let fix = format!("one of {}", self.bases.join(", "));
            findings.fail(base, format!("changes do not go to the branch `{of}`"), fix);
        }
        if !any_matches_path(&self.branches, name) {
            let last = name.rsplit('/').next().unwrap_or_default();
            let fix = format!("feature/{last}, or another of {}", self.branches.join(", "));
            findings.fail(branch, format!("`{name}` is no name of a branch that changes come from"), fix);
        }
    }

    fn check_tickets(&self, commits: Field<'_>, findings: &mut Findings) {
        if !self.ticket_required {
            return;
        }
        let names_one = |commit: Field<'_>| {
            let message = commit.get("message").str().unwrap_or_default();
            let body = message.split_once('\n').map_or("", |(_, body)| body);
            body.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').any(|word| self.is_ticket(word))
        };
        if !commits.items().any(names_one) {
            let project = self.ticket_projects.first().map_or("SHOP", String::as_str);
            let message = "no commit names its ticket in the body of its message";
            findings.fail(commits, message, format!("a line such as {project}-123 below the subject"));
        }
    }

    /// Whether a word is the key of a ticket, of Jira or Linear, and not the name of a standard.
    fn is_ticket(&self, word: &str) -> bool {
        let Some((project, number)) = word.split_once('-') else { return false };
        let is_number = !number.is_empty() && number.len() <= 7 && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_key = project.len() >= 2
            && project.starts_with(|letter: char| letter.is_ascii_uppercase())
            && project.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let is_known = if self.ticket_projects.is_empty() {
            !STANDARDS.contains(&project)
        } else {
            self.ticket_projects.iter().any(|known| known == project)
        };
        is_number && is_key && is_known
    }
}

/// What looks like a project's key, and is not one.
const STANDARDS: &[&str] =
    &["AES", "CVE", "CWE", "HTTP", "IPV", "ISO", "KEP", "PEP", "RFC", "RSA", "SHA", "TLS", "UTF"];

/// Fields of a workload, from its root or from its pods and containers, that say how it is operated.
const OPERATIONAL: &[&str] =
    &["spec.replicas", "spec.strategy", "spec.updateStrategy", "spec.schedule", "spec.minReadySeconds"];
const OPERATIONAL_IN_PODS: &[&str] = &[
    ".terminationGracePeriodSeconds",
    ".livenessProbe",
    ".readinessProbe",
    ".startupProbe",
    ".lifecycle",
    ".ports",
    ".command",
    ".args",
];

/// Asks for a runbook where the operation of a service changes.
fn check_runbook(
    rule: &PullRequestConventions,
    body: Field<'_>,
    world: &World<'_>,
    findings: &mut Findings,
) -> Result<(), Undecided> {
    if links_runbook(body.str().unwrap_or_default()) {
        return Ok(());
    }
    let changes = world.list_all(CHANGE_SET.api_version, CHANGE_SET.kind)?;
    if changes.is_empty() {
        return Err(Undecided::Unknown("what is changed cannot be seen, so a runbook may be asked for".into()));
    }
    for change in &changes {
        for object in change.get("spec.objects").items() {
            let Some(what) = operational(rule, object) else { continue };
            let message = format!("how a service is operated changes ({what}), and the description links no runbook");
            findings.fail(body, message, "Runbook: https://... , or the path of the page in this repository");
            return Ok(());
        }
        if let Some(unseen) = change.get("spec.unseen").items().find_map(Field::str) {
            return Err(Undecided::Unknown(format!("not everything that is changed can be seen: {unseen}")));
        }
    }
    Ok(())
}

/// What of an object is operational and differs.
fn operational(rule: &PullRequestConventions, object: Field<'_>) -> Option<String> {
    let text = |key: &'static str| object.get(key).str().unwrap_or_default();
    let (kind, name) = (text("kind"), text("name"));
    let is_workload = workload_kind(api_group(text("apiVersion")), kind).is_some();
    if is_workload && text("status") != "modified" {
        return Some(format!("{kind} {name} is {}", text("status")));
    }
    let is_image = |path: &str| path.ends_with(".image");
    let is_label = |path: &str| sdk::text::holds(path, "metadata.");
    let mut paths = object.get("fields").items().filter_map(|field| field.get("path").str());
    if rule.operational_kinds.iter().any(|known| known == kind) {
        let is_one = text("status") != "modified" || paths.any(|path| !is_image(path) && !is_label(path));
        return is_one.then(|| format!("{kind} {name}"));
    }
    let is_operational = |path: &&str| {
        let is_at = |known: &str| path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let in_pods = |known: &str| {
            let behind = sdk::text::after(path, known);
            behind.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        OPERATIONAL.iter().any(|known| is_at(known)) || OPERATIONAL_IN_PODS.iter().any(|known| in_pods(known))
    };
    paths.find(is_operational).filter(|_| is_workload).map(|path| format!("`{path}` of {kind} {name}"))
}

/// Whether a line of the description leads to a runbook: it says so, and has an address or the path of a page.
fn links_runbook(body: &str) -> bool {
    body.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        let says_so = ["runbook", "run book", "playbook"].iter().any(|word| line.contains(word));
        says_so && ["https://", "http://", ".md", "/runbooks/"].iter().any(|link| line.contains(link))
    })
}
