//! The audit as policy reports: printed as YAML, or written to the cluster.

use cluster::{Cluster, Dialect, Publisher, Report, Shard, Unwritten};
use engine::report::render::human::who;
use engine::yaml;

use super::tally::Tally;
use super::{Args, Judged, Outlet, failure, human};
use crate::failure::Failure;
use crate::present::output::{self, count};

/// The reports about objects; what has no identity to be owned by is told.
fn reports(dialect: Dialect, judged: &[Judged<'_>], tally: &mut Tally<'_>) -> Vec<Report> {
    let mut reports = Vec::new();
    for Judged { object, judgements } in judged.iter().filter(|judged| !judged.judgements.is_empty()) {
        match Report::new(dialect, object, &tally.rules, judgements) {
            Some(report) => reports.push(report),
            None => tally.problem(format!("{} has no uid, and so no report", who(object))),
        }
    }
    reports
}

/// Prints reports.
pub struct Printed {
    dialect: Dialect,
    is_first: bool,
}

impl Printed {
    pub const fn new(dialect: Dialect) -> Self {
        Self { dialect, is_first: true }
    }
}

impl Outlet for Printed {
    fn batch(&mut self, judged: &[Judged<'_>], tally: &mut Tally<'_>) -> Result<(), Failure> {
        let mut text = String::new();
        for report in reports(self.dialect, judged, tally) {
            if !std::mem::take(&mut self.is_first) {
                text += "---\n";
            }
            text += &yaml::document(&serde_json::to_value(&report).unwrap_or_default());
        }
        output::print(&text)
    }

    /// The documents say nothing of what is not in them.
    fn finish(&mut self, tally: &mut Tally<'_>) -> Result<(), Failure> {
        tally.problems.iter().for_each(|problem| output::complain(problem));
        Ok(())
    }
}

/// Writes reports to the cluster.
pub struct Written<'a> {
    dialect: Dialect,
    publisher: Option<Publisher<'a>>,
    is_dry_run: bool,
    namespaces: Vec<String>,
    shard: Option<Shard>,
    written: usize,
}

impl<'a> Written<'a> {
    pub fn new(cluster: &'a Cluster, dialect: Dialect, options: &Args) -> Result<Self, Failure> {
        let Args { dry_run: is_dry_run, shard, .. } = *options;
        let publisher = Some(Publisher::new(cluster, dialect, is_dry_run).map_err(failure)?);
        Ok(Self { dialect, publisher, is_dry_run, namespaces: options.namespace.clone(), shard, written: 0 })
    }
}

impl Outlet for Written<'_> {
    fn batch(&mut self, judged: &[Judged<'_>], tally: &mut Tally<'_>) -> Result<(), Failure> {
        let reports = reports(self.dialect, judged, tally);
        let number = reports.len();
        let Some(publisher) = &mut self.publisher else { return Ok(()) };
        let unwritten = publisher.apply(reports).map_err(failure)?;
        self.written += number - unwritten.len();
        for Unwritten { about, cause } in unwritten {
            tally.problem(format!("the report about {about} cannot be written: {cause}"));
        }
        Ok(())
    }

    fn finish(&mut self, tally: &mut Tally<'_>) -> Result<(), Failure> {
        let mut text = String::new();
        let would = if self.is_dry_run { "would be " } else { "" };
        let stale = match self.publisher.take() {
            Some(publisher) if tally.is_whole => {
                let removed = publisher.remove_stale(&self.namespaces, self.shard).map_err(failure)?;
                format!("{} of earlier audits {would}removed", count(removed, "report"))
            }
            // What was not listed may still be there, and so may what its report says.
            _ => "those of earlier audits kept, since not everything was listed".into(),
        };
        human::summary(tally, &mut text);
        text += &format!("{} {would}written, {stale}\n", count(self.written, "report"));
        output::print(&text)
    }
}
