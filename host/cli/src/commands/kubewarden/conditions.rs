//! Match conditions: which requests an API server does not even send.
//!
//! A condition that fails is skipped together with its policy where the failure policy is `Ignore`, so those that are
//! written here always have a value, at a constant cost. They ask who makes an object, never what the object says: that
//! anybody could write.

use serde_json::{Value, json};

use super::Args;
use crate::options::word::WordError;

/// What controllers make of what people write, by resource.
pub const MADE: [(&str, &str); 3] = [("", "pods"), ("apps", "replicasets"), ("", "replicationcontrollers")];

/// A condition from the command line.
#[derive(Clone)]
pub struct MatchCondition {
    name: String,
    expression: String,
}

/// `not-ana=request.userInfo.username != "ana"`.
pub fn parse(word: &str) -> Result<MatchCondition, WordError> {
    let (name, expression) = word.split_once('=').ok_or(WordError::NoValue)?;
    if expression.trim().is_empty() {
        return Err(WordError::NoValue);
    }
    Ok(MatchCondition { name: super::name(name)?, expression: expression.trim().to_owned() })
}

/// All conditions of every policy.
pub fn all(options: &Args) -> Vec<Value> {
    let condition = |name: &str, expression: &str| json!({ "name": name, "expression": expression });
    let mut all = Vec::new();
    if !options.pods {
        // Kubernetes' own controllers: a Job of a CronJob, the revision of a Deployment.
        all.push(condition(
            "not-by-kubernetes-itself",
            "!has(request.userInfo.username) || !(request.userInfo.username == \"system:kube-controller-manager\" || \
             request.userInfo.username.startsWith(\"system:serviceaccount:kube-system:\"))",
        ));
        // A policy over everything names no kinds that could be left out. `kubectl debug` asks about a part of a pod.
        let resources = MADE.map(|(_, resource)| format!("\"{resource}\"")).join(", ");
        all.push(condition(
            "not-made-by-controllers",
            &format!("has(request.subResource) || !(request.resource.resource in [{resources}])"),
        ));
    }
    all.extend(options.match_condition.iter().map(|given| condition(&given.name, &given.expression)));
    all
}
