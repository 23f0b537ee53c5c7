//! Holds findings against waivers, and keeps count of what each waiver covers: whoever checks object by object does so with
//! one of these.

use protocol::RuleMetadata;

use crate::accept::accept;
use crate::judge::Judgement;
use crate::manifest::Object;
use crate::waiver::{Date, Standing, Waiver, annotated, is_violation};

/// The waivers of a run.
#[derive(Clone, Debug)]
pub struct Standings {
    waivers: Vec<Waiver>,
    /// How many violations each covers, or would if it had not ended.
    covered: Vec<usize>,
    today: Date,
}

impl Standings {
    /// None has covered anything yet.
    #[must_use]
    pub fn new(waivers: &[Waiver], today: Date) -> Self {
        Self { waivers: waivers.to_vec(), covered: vec![0; waivers.len()], today }
    }

    /// Takes what the annotations of an object waive, of these rules, for at most so many days. What does not hold is said.
    pub fn take(&mut self, object: &Object, rules: &[String], days: u32) -> Vec<String> {
        let mut refused = Vec::new();
        for read in annotated(object, rules) {
            match read {
                Ok(waiver) if waiver.expires.days_since(self.today) > i64::from(days) => {
                    let rule = &waiver.rule;
                    refused.push(format!(
                        "its annotation waives {rule} until {}: at most {days} days count",
                        waiver.expires
                    ));
                }
                Ok(waiver) => {
                    self.waivers.push(waiver);
                    self.covered.push(0);
                }
                Err(cause) => refused.push(cause),
            }
        }
        refused
    }

    /// Accepts what the waivers cover of all that these rules said about an object, of that environment if one is known.
    pub fn accept(
        &mut self,
        rules: &[&RuleMetadata],
        object: &Object,
        environment: Option<&str>,
        judgements: &mut Vec<Judgement>,
    ) {
        let Self { waivers, covered, today } = self;
        // An object has findings of many rules, and is meant by few waivers.
        let mut near: Vec<(&Waiver, &mut usize)> =
            waivers.iter().zip(covered).filter(|(waiver, _)| waiver.is_for(object)).collect();
        if near.is_empty() {
            return;
        }
        accept(judgements, |rule, finding| {
            let rule = rules.get(rule).map_or("", |rule| rule.name.as_str());
            let mut account = None;
            for (waiver, covered) in &mut near {
                let counts = waiver.counts(*today);
                if counts && account.is_some() || !waiver.covers(rule, object, environment, finding) {
                    continue;
                }
                **covered += usize::from(is_violation(finding));
                if counts {
                    account = Some(waiver.account());
                }
            }
            account
        });
    }

    /// What became of each, where these rules were asked.
    #[must_use]
    pub fn finish(self, rules: &[&RuleMetadata]) -> Vec<Standing> {
        let Self { waivers, covered, today } = self;
        let all = waivers.into_iter().zip(covered);
        all.map(|(waiver, covered)| {
            let is_asked = rules.iter().any(|rule| rule.name == waiver.rule);
            Standing::new(waiver, covered, is_asked, today)
        })
        .collect()
    }
}
