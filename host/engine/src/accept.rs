//! Takes findings that somebody answers for out of what a rule says is broken.
//!
//! What is accepted becomes an answer of its own, `waived`, beside what stays broken: one waiver for one container says
//! nothing of the others.

use std::sync::Arc;

use protocol::{Finding, Outcome, Verdict};

use crate::judge::Judgement;
use crate::waiver::is_violation;

/// Has `account` say of each finding of a broken rule, by the rule's index, who answers for it and how, if anybody does. An
/// error stays one.
pub fn accept(judgements: &mut Vec<Judgement>, mut account: impl FnMut(usize, &Finding) -> Option<String>) {
    let mut at = 0;
    while let Some(judgement) = judgements.get_mut(at) {
        at += 1;
        if judgement.outcome.verdict != Verdict::Fail {
            continue;
        }
        let rule = judgement.rule;
        let accounts: Vec<_> = judgement.outcome.findings.iter().map(|finding| account(rule, finding)).collect();
        if accounts.iter().all(Option::is_none) {
            continue;
        }
        let (mut accepted, mut open, mut said) = (Vec::new(), Vec::new(), Vec::new());
        for (finding, account) in judgement.outcome.findings.iter().zip(accounts) {
            match account {
                Some(account) => {
                    accepted.push(finding.clone());
                    if !said.contains(&account) {
                        said.push(account);
                    }
                }
                None => open.push(finding.clone()),
            }
        }
        let is_broken = open.iter().any(is_violation);
        // What is merely worth knowing stays with what it was said beside.
        let findings = if is_broken { accepted } else { judgement.outcome.findings.clone() };
        let waived = Arc::new(Outcome { verdict: Verdict::Waived, reason: Some(said.join("; ")), findings });
        if !is_broken {
            judgement.outcome = waived;
            continue;
        }
        if !waived.findings.iter().any(is_violation) {
            continue;
        }
        Arc::make_mut(&mut judgement.outcome).findings = open;
        let beside = Judgement { outcome: waived, mutated: None, ..*judgement };
        judgements.insert(at, beside);
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use protocol::Level;

    use super::*;

    fn judgement(verdict: Verdict, containers: &[(&str, Level)]) -> Judgement {
        let finding = |(container, level): &(&str, Level)| Finding {
            level: *level,
            path: "$".into(),
            container: Some((*container).to_owned()),
            message: "m".into(),
            fix: None,
            conceal: false,
        };
        let findings = containers.iter().map(finding).collect();
        Judgement {
            rule: 0,
            outcome: Arc::new(Outcome { verdict, reason: None, findings }),
            mutated: None,
            severity: None,
        }
    }

    /// The verdicts, with the containers of their findings, where these containers are waived.
    fn said(judgement: Judgement, waived: &[&str]) -> Vec<(Verdict, Vec<String>)> {
        let mut all = vec![judgement];
        accept(&mut all, |_, finding| {
            let container = finding.container.as_deref()?;
            waived.contains(&container).then(|| "by ana".to_owned())
        });
        let containers = |outcome: &Outcome| outcome.findings.iter().filter_map(|it| it.container.clone()).collect();
        all.iter().map(|judgement| (judgement.outcome.verdict, containers(&judgement.outcome))).collect()
    }

    #[test]
    fn what_nobody_answers_for_stays_broken() {
        let both = || judgement(Verdict::Fail, &[("app", Level::Violation), ("proxy", Level::Violation)]);
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(said(both(), &[]), [(Verdict::Fail, names(&["app", "proxy"]))]);
        assert_eq!(said(both(), &["app", "proxy"]), [(Verdict::Waived, names(&["app", "proxy"]))]);
        assert_eq!(said(both(), &["app"]), [(Verdict::Fail, names(&["proxy"])), (Verdict::Waived, names(&["app"]))]);
    }

    #[test]
    fn a_warning_goes_with_what_it_was_said_beside() {
        let mixed = || judgement(Verdict::Fail, &[("app", Level::Violation), ("proxy", Level::Warning)]);
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(said(mixed(), &["app"]), [(Verdict::Waived, names(&["app", "proxy"]))]);
        assert_eq!(said(mixed(), &["proxy"]), [(Verdict::Fail, names(&["app", "proxy"]))]);
    }

    #[test]
    fn only_a_broken_rule_is_accepted() {
        for verdict in [Verdict::Error, Verdict::Pass, Verdict::Unknown, Verdict::NotApplicable] {
            let all = said(judgement(verdict, &[("app", Level::Warning)]), &["app"]);
            assert_eq!(all.iter().map(|(verdict, _)| *verdict).collect::<Vec<_>>(), [verdict]);
        }
    }
}
