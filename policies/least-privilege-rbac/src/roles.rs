//! What a role may hold.

use sdk::prelude::*;

use crate::{VERSION, holds, kubernetes};

/// Names that stand for everything, so that a grant limited to them is limited by nothing. The empty name is that of a
/// request for a whole list.
const ALL_POWERFUL: &[&str] = &["", "cluster-admin", "system:masters"];

/// How many roles one role may aggregate, so that the roles of a cluster cost what they are and not their square.
const MOST_AGGREGATED: usize = 128;

/// One thing that is wrong with one rule of a role.
struct Problem<'a> {
    at: Field<'a>,
    message: String,
    fix: &'static str,
    /// Worth a look, no more.
    is_mild: bool,
}

/// Checks a Role or a ClusterRole.
pub fn check(role: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let is_cluster_role = role.kind() == "ClusterRole";
    let namespaced = format!("{}/{}", role.namespace().unwrap_or_default(), role.name());
    let name = if is_cluster_role { role.name() } else { &namespaced };
    let (mut is_granted, mut is_sound) = (false, true);
    for rule in role.get("rules").items() {
        is_granted |= kubernetes::grants(name, rule);
        for Problem { at, message, fix, is_mild } in problems(name, rule, is_cluster_role, role.get("rules")) {
            is_sound = false;
            if is_mild {
                findings.warn(at, message, fix);
            } else {
                findings.fail(at, message, fix);
            }
        }
    }
    check_aggregated(role, world, findings)?;
    if is_granted && is_sound {
        not_applicable("it is one of Kubernetes' own roles, with what Kubernetes grants it")
    } else {
        Ok(())
    }
}

/// Follows the selectors to the roles whose rules the control plane copies into this one, and on from there.
fn check_aggregated(role: Object<'_>, world: &World<'_>, findings: &mut Findings) -> Result<(), Undecided> {
    let selectors = role.get("aggregationRule.clusterRoleSelectors");
    if !selectors.is_set() {
        return Ok(());
    }
    let (mut followed, mut asked) = (Vec::from([role.name()]), Vec::new());
    for selector in selectors.items() {
        let mut pending = Vec::from([selector]);
        while !pending.is_empty() {
            // Roles that aggregate each other ask for the same again and again.
            pending.retain(|selector| !asked.contains(&selector.value()));
            asked.extend(pending.iter().map(|selector| selector.value()));
            let (sources, are_all) = selected(&core::mem::take(&mut pending), world)?;
            for source in sources {
                if followed.contains(&source.name()) {
                    continue;
                }
                if followed.len() > MOST_AGGREGATED {
                    return too_many();
                }
                followed.push(source.name());
                report(source, selector, findings);
                pending.extend(source.get("aggregationRule.clusterRoleSelectors").items());
            }
            if !are_all {
                return too_many();
            }
        }
    }
    // What Kubernetes' own roles aggregate is known, whether or not it is in sight.
    let is_known = matches!(role.name(), "admin" | "edit" | "view");
    if followed.len() > 1 || is_known { Ok(()) } else { world.must_be_complete("ClusterRole that it aggregates") }
}

fn too_many() -> Result<(), Undecided> {
    let message = format!("it aggregates more than {MOST_AGGREGATED} ClusterRoles, and no more are followed");
    Err(Undecided::Unknown(message))
}

/// The roles that one of these selectors selects, as many as are followed, and whether these are all.
fn selected<'a>(selectors: &[Field<'a>], world: &World<'a>) -> Result<(Vec<Object<'a>>, bool), Undecided> {
    if selectors.is_empty() {
        return Ok((Vec::new(), true));
    }
    let by = |selector: &Field<'a>| Relation::selected_by("metadata.labels", *selector);
    let relations: Vec<Relation<'_>> = selectors.iter().map(by).collect();
    // One of them may be the role itself.
    let most = MOST_AGGREGATED as u32 + 2;
    let (mut roles, are_all) = world.first_related(VERSION, "ClusterRole", &relations, most)?;
    roles.retain(|role| selectors.iter().any(|selector| LabelSelector::new(*selector).matches(role.labels())));
    Ok((roles, are_all))
}

/// Says what is wrong with a role that another aggregates by this selector.
fn report(source: Object<'_>, selector: Field<'_>, findings: &mut Findings) {
    let rules = source.get("rules");
    for problem in rules.items().flat_map(|rule| problems(source.name(), rule, true, rules)) {
        let message = format!("aggregates ClusterRole {}, where {}", source.name(), problem.message);
        if problem.is_mild {
            findings.warn(selector, message, problem.fix);
        } else {
            findings.fail(selector, message, problem.fix);
        }
    }
}

/// What is wrong with one entry of a role's `rules`; nothing where Kubernetes grants it to its own role of that name.
fn problems<'a>(name: &str, rule: Field<'a>, is_cluster_role: bool, all: Field<'a>) -> Vec<Problem<'a>> {
    let mut problems = Vec::new();
    if kubernetes::grants(name, rule) {
        return problems;
    }
    let mut add = |at, is_mild, message, fix| problems.push(Problem { at, message, fix, is_mild });
    let (verbs, resources, groups) = (rule.get("verbs"), rule.get("resources"), rule.get("apiGroups"));
    let names = rule.get("resourceNames");
    let is_limited = names.items().next().is_some() && !holds(names, ALL_POWERFUL);

    // What a path serves without a list, nobody lists.
    let only_lists = verbs.items().all(|verb| matches!(verb.str(), Some("list" | "watch")));

    for at in verbs.items() {
        match at.str() {
            Some("*") => {
                add(at, false, "`*` is every verb, escalate and bind too".to_string(), "List the verbs in use")
            }
            Some("escalate") => {
                let message = "`escalate` lets its holder write any permission into a role".to_string();
                add(at, false, message, "Remove escalate");
            }
            Some("bind") => {
                let message = "`bind` lets its holder give away roles that it does not hold itself".to_string();
                add(at, is_limited, message, "Remove bind, or list in resourceNames the few roles that it needs");
            }
            // The other verbs say which kind of user may be impersonated. A pod's own node is no other's.
            Some(
                verb @ ("impersonate"
                | "impersonate:user-info"
                | "impersonate:serviceaccount"
                | "impersonate:arbitrary-node"),
            ) => {
                let message = format!("`{verb}` lets its holder act as somebody else");
                add(at, is_limited, message, "Remove it, or list in resourceNames the few that it needs");
            }
            _ => {}
        }
    }
    for at in groups.items().filter(|group| group.str() == Some("*")) {
        add(at, false, "`*` is every API group, those installed tomorrow too".to_string(), "List the groups in use");
    }
    // Where no group is named the API server refuses the rule; it is read as meaning the core group.
    let is_core = groups.items().next().is_none() || holds(groups, &["", "*"]);
    let is_group = |wanted: &str| holds(groups, &[wanted, "*"]);
    for at in resources.items() {
        match at.str().unwrap_or_default() {
            "*" => {
                let message = "`*` is all there is, and all that will be installed".to_string();
                add(at, false, message, "List the resources in use");
            }
            wildcard if wildcard.bytes().any(|byte| byte == b'*') => {
                let message = format!("`{wildcard}` is more than it names, and all that will be installed");
                add(at, false, message, "List the resources in use");
            }
            "secrets" if is_cluster_role && is_core && !is_limited && holds(verbs, &["get", "list", "watch", "*"]) => {
                let message = "it reads the secrets of all namespaces".to_string();
                add(at, false, message, "Use a Role where they are needed, or say in resourceNames which");
            }
            shell @ ("pods/exec" | "pods/attach") if is_core && holds(verbs, &["create", "get", "*"]) => {
                let message = format!("`{shell}` runs commands in the containers of others");
                add(at, false, message, "Remove it");
            }
            "nodes/proxy" if is_cluster_role && is_core && !is_limited && !only_lists => {
                let message = "`nodes/proxy` reaches the kubelets, which run commands in all containers of their nodes";
                let fix = "Remove it, or name what is read there: nodes/metrics, nodes/stats, nodes/log";
                add(at, false, message.to_string(), fix);
            }
            "serviceaccounts/token" if is_core && !is_limited && holds(verbs, &["create", "*"]) => {
                let message = format!("it logs in as any ServiceAccount of {}", extent(is_cluster_role));
                add(at, !is_cluster_role, message, "List in resourceNames the ServiceAccounts that it needs");
            }
            "pods/ephemeralcontainers" if is_core && !is_limited && holds(verbs, &["update", "patch", "*"]) => {
                let message = format!("it puts a container into any pod of {}", extent(is_cluster_role));
                add(at, !is_cluster_role, message, "Remove it, or list the pods in resourceNames");
            }
            "certificatesigningrequests/approval"
                if is_cluster_role
                    && is_group("certificates.k8s.io")
                    && !is_limited
                    && holds(verbs, &["update", "patch", "*"])
                    && !approves_for_some_signers(all) =>
            {
                let message = "it approves certificates, and with one anybody is whoever it names".to_string();
                add(at, false, message, "Remove it, or limit `approve` to signers listed in resourceNames");
            }
            webhooks @ ("mutatingwebhookconfigurations" | "validatingwebhookconfigurations")
                if is_cluster_role
                    && is_group("admissionregistration.k8s.io")
                    && !is_limited
                    && holds(verbs, &["create", "update", "patch", "delete", "deletecollection", "*"]) =>
            {
                let message = format!("whoever writes `{webhooks}` sees and decides all that enters the cluster");
                add(at, false, message, "List in resourceNames the one that it needs");
            }
            _ => {}
        }
    }
    for at in rule.get("nonResourceURLs").items().filter(|url| matches!(url.str(), Some("*" | "/*"))) {
        add(at, false, "`*` is every path of the API server".to_string(), "List the paths in use");
    }
    problems
}

const fn extent(is_cluster_role: bool) -> &'static str {
    if is_cluster_role { "the cluster" } else { "its namespace" }
}

/// Whether the role may approve for signers, which takes both permissions, and each time says for which.
fn approves_for_some_signers(rules: Field<'_>) -> bool {
    let mut approvals = rules.items().filter(|rule| holds(rule.get("verbs"), &["approve", "*"])).peekable();
    approvals.peek().is_some()
        && approvals.all(|rule| {
            let names = rule.get("resourceNames");
            names.items().next().is_some() && !holds(names, ALL_POWERFUL)
        })
}
