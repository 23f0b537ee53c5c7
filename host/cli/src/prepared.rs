//! From paths to a report: reads the files, has a session judge them on all cores, once or again and again, and hands what
//! it came to on.
//!
//! It must not know how a report is printed, nor what exit code it is worth.

use std::mem::take;
use std::path::PathBuf;

use engine::baseline::Baseline;
use engine::manifest::Keep;
use engine::report::{Report, Unread};
use engine::{Selected, kept_for};
use protocol::Profile;
use sandbox::{Budget, Run};
use session::{Session, Setup};
use sources::{Edited, Exclude, Files, Log, Origin, Promotions, Reading, Remembered, RenderOptions};

use crate::base::{self, Base};
use crate::budget::{self, Unfinished};
use crate::bundle;
use crate::change::FileChange;
use crate::configuration::Configuration;
use crate::cores::Check;
use crate::failure::Failure;
use crate::foreign;
use crate::input;
use crate::judging::{
    Chosen, Scope, check_stdin, choose, for_life, keep_asked, load, looks_at_promotions, looks_at_trees, off, sandbox,
    session, setup,
};
use crate::options::judging::Judging;
use crate::options::policies::PolicyOptions;

/// What a command needs of a check.
#[derive(Clone, Copy)]
pub struct Needs {
    /// The profile where nobody names one.
    pub profile: Profile,
    /// Whether it looks at all of the objects, and not only at what rules read.
    pub whole_objects: bool,
    /// Whether it shows the rules' documentation.
    pub documentation: bool,
}

/// What was decided, and under which configuration.
pub struct Judged<'a> {
    pub report: &'a Report<'a>,
    /// The configuration, as people type its path.
    pub configuration: Option<&'a str>,
    /// The rules that say nothing, since the configuration lacks the settings that they need.
    pub off: Vec<&'a str>,
    /// What policies would change, or have changed.
    pub changes: Vec<FileChange>,
    /// Who says that nothing is rendered.
    pub render_never: Option<String>,
    /// Where the text of each file of the input came from.
    pub origins: &'a [Origin],
    /// How many evaluations were run.
    pub evaluated: usize,
}

/// Which findings are known, and fail nothing.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    /// Those in the baseline of the options, or of the configuration.
    Baseline,
    /// These.
    These(&'a Baseline),
    /// Those in the baseline, and those that were there at the merge base of this revision and HEAD.
    Since(&'a str),
}

/// Judges what the options name, by rules and by policies of others, and hands the result on.
pub fn judged<T>(
    options: &Judging,
    policies: &PolicyOptions,
    needs: Needs,
    known: Known<'_>,
    then: impl FnOnce(Judged<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut prepared = Prepared::new(options, policies, needs, known)?;
    prepared.read()?;
    prepared.check(then)
}

/// Everything that it takes to judge an input, once or again and again.
pub struct Prepared<'o> {
    options: &'o Judging,
    policies: &'o PolicyOptions,
    /// What is read, and how.
    excludes: Vec<Exclude>,
    rendering: RenderOptions,
    /// Texts that stand for those of files on the disk.
    edited: Edited,
    render_never: Option<String>,
    is_whole: bool,
    /// The configuration, as people type its path.
    shown: Option<String>,
    /// The files that are read once.
    settings: Vec<PathBuf>,
    baseline: Option<Baseline>,
    base: Option<Base>,
    /// What was found at the base, and what people call that.
    before: Option<(String, Baseline)>,
    /// Modules that cannot be used.
    refused: Vec<Unread>,
    unread: Vec<Unread>,
    origins: Vec<Origin>,
    session: &'static mut Session<&'static Run<'static>>,
    run: &'static Run<'static>,
    budget: Budget,
    /// Whether the session remembers what was said, as long as nobody beyond the input is asked.
    remembers: bool,
}

impl<'o> Prepared<'o> {
    /// Loads the rules and the configuration that the options name.
    ///
    /// # Errors
    /// They do not fit, or cannot be used.
    pub fn new(
        options: &'o Judging,
        policies: &'o PolicyOptions,
        needs: Needs,
        known: Known<'_>,
    ) -> Result<Self, Failure> {
        policies.check(&options.paths)?;
        check_stdin(options)?;
        let Chosen { mut found, configuration, mut refusals } =
            choose(&options.selection, &options.configuration, &options.paths)?;
        let baseline = match known {
            Known::These(baseline) => Some(baseline.clone()),
            Known::Baseline | Known::Since(_) => configuration.baseline(options.baseline.as_deref())?,
        };
        let base = match known {
            Known::Since(revision) => base::find(revision, &options.paths)?,
            Known::Baseline | Known::These(_) => None,
        };
        let Scope { excludes, rendering, definitions } = Scope::new(&configuration, options)?;
        let render_never = configuration.render_never(&options.rendering);
        let settings = configuration.files(options.baseline.as_deref());
        let Configuration { mut config, shown, .. } = configuration;
        if policies.no_rules {
            found.clear();
        }
        if needs.documentation {
            bundle::document(&mut found)?;
        }
        let foreign = foreign::find(policies, &config)?;
        // A policy may be called like one of the rules that are not asked.
        keep_asked(&mut config, &found);
        config.annotated.retain(|name| foreign.iter().all(|policy| policy.name() != name));
        // What a finding is known by stands in fields that rules need not read, and policies of others may read anything.
        let is_whole = needs.whole_objects || base.is_some() || baseline.is_some() || !foreign.is_empty();
        // A profile is about rules that nobody named.
        let is_of_profile = options.selection.rule.is_empty() && !found.is_empty();
        let profile = is_of_profile.then(|| options.profile.or(config.profile).unwrap_or(needs.profile));
        let sandbox = for_life(sandbox(foreign::limits(&foreign, &config), found.len() + foreign.len())?);
        let rules = load(sandbox, found, foreign, &config, &mut refusals)?;
        let budget = budget::of_run(options.timeout);
        let run: &Run<'_> = for_life(sandbox.run_within(budget));
        let session = for_life(session(run, rules, setup(config, profile, options), &options.selection)?);
        let mut reading = Reading::default();
        options.limits.unwrap_or_default().apply(&mut reading);
        let (definitions, undefined) = sources::read_definitions(&definitions, &reading);
        session.define(definitions);
        Ok(Self {
            options,
            policies,
            excludes,
            rendering,
            edited: Edited::default(),
            render_never,
            is_whole,
            shown,
            settings,
            baseline,
            remembers: base.is_some(),
            base,
            before: None,
            refused: refusals.into_unread().into_iter().chain(undefined).collect(),
            unread: Vec::new(),
            origins: Vec::new(),
            session,
            run,
            budget,
        })
    }

    /// The same, to be checked again and again.
    #[must_use]
    pub fn again_and_again(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// The configuration and the baseline, which are read once: as people type them.
    pub fn settings(&self) -> &[PathBuf] {
        &self.settings
    }

    /// The files of values for all charts, which are read each time.
    pub fn values(&self) -> &[PathBuf] {
        &self.rendering.values
    }

    /// Takes these texts for those of files on the disk, from the next time on that the input is read.
    pub fn edit(&mut self, edited: Edited) {
        self.edited = edited;
    }

    /// Reads the input as it is now; whether it is another one than before.
    ///
    /// # Errors
    /// What it is compared with cannot be read.
    pub fn read(&mut self) -> Result<bool, Failure> {
        let Judging { paths, log, .. } = self.options;
        let mut files = self.read_files(paths, log, &self.excludes, &self.rendering);
        let promotion = self.options.promotion.options();
        let may_be_promoted = sources::may_be_promoted(paths, &promotion, &files);
        let mut is_other = self.session.files.load(take(&mut files.files), take(&mut files.unrendered));
        // The trees of repositories may be long, and few rules look at them.
        let wants_trees = looks_at_trees(self.session.asked());
        let trees = |paths: &[PathBuf], files: &mut Files| {
            if wants_trees { sources::read_trees(paths, files) } else { Vec::new() }
        };
        let promotions = if may_be_promoted && looks_at_promotions(self.session.asked()) {
            sources::read_promotions(paths, &promotion, &mut files)
        } else {
            Promotions::default()
        };
        let mut known = trees(paths, &mut files);
        known.extend(promotions.now);
        is_other |= self.session.load_trees(known);
        if let Some(base) = self.base.as_ref().filter(|_| self.before.is_none()) {
            let read = |paths: &[PathBuf], excludes: &[Exclude], rendering: &RenderOptions| {
                let mut files = self.read_files(paths, &[], excludes, rendering);
                let mut trees = trees(paths, &mut files);
                // What the trusted branch has already was promoted before.
                trees.extend(promotions.before);
                (files, trees)
            };
            let (files, trees) = base.read(&self.excludes, &self.rendering, read)?;
            self.session.compare_with(files.files, trees, files.unrendered);
        }
        let Files { origins, unread, .. } = files;
        is_other |= self.unread != unread;
        (self.origins, self.unread) = (origins, unread);
        Ok(is_other)
    }

    /// Everything there is to check, but for the trees of repositories.
    fn read_files(&self, paths: &[PathBuf], logs: &[Log], excludes: &[Exclude], rendering: &RenderOptions) -> Files {
        let remembered = Remembered::new(self.session.files.iter());
        let mut reading = Reading { keep: self.kept(), edited: self.edited.clone(), remembered, ..Reading::default() };
        self.options.limits.unwrap_or_default().apply(&mut reading);
        let mut files = input::read(paths, excludes, rendering, &reading);
        sources::read_logs(logs, &mut files);
        if sources::asks_for_dockerfiles(self.session.rules().map(|rule| &rule.metadata)) {
            sources::read_dockerfiles(&mut files);
        }
        files
    }

    /// What of the objects is kept.
    fn kept(&self) -> Keep<'_> {
        if self.is_whole {
            return Keep::default();
        }
        // One that lacks its settings reads nothing: it may be one that would read everything.
        let config = &self.session.setup().config;
        kept_for(self.session.rules().map(|rule| &rule.metadata).filter(|rule| config.suffices_for(rule)))
    }

    /// Judges what was read, and hands the result on.
    ///
    /// # Errors
    /// Something cannot be asked, or what follows fails.
    pub fn check<T>(&mut self, then: impl FnOnce(Judged<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let Self { policies, session, before, base, .. } = self;
        let asks_registry = foreign::asks_registry(session.bundle());
        let remembers = self.remembers && !foreign::asks_beyond(policies, session.bundle());
        // What one run records is read by another in the order of the input.
        let executor = Check { in_order: policies.has_session() };
        let asked = foreign::asking(policies, asks_registry, |route| {
            let beyond = (!remembers).then_some(route);
            if let (None, Some(base)) = (&before, &base) {
                // What is the same on both sides is evaluated once, if nobody else is asked.
                let report = session.check_base(&executor, beyond).into_report(Vec::new());
                *before = Some((base.shown.clone(), Baseline::of(report.violations())));
            }
            match beyond {
                Some(route) => session.check_beyond(&executor, route),
                None => session.check(&executor),
            }
        });
        let foreign::Asked { result: mut checked, lacking } = asked?;
        if let (Some(Selected { profile, .. }), []) = (checked.selected, checked.bundle.rules()) {
            let message =
                format!("the profile {profile} leaves out all selected rules for this input; --profile full runs them");
            return Err(Failure::Usage(message));
        }
        let mut unread = [self.unread.clone(), self.refused.clone(), lacking].concat();
        let unfinished = Unfinished::of(self.run, self.budget);
        checked.judged.iter_mut().for_each(|judged| unfinished.take_from(&mut judged.judgements));
        unread.extend(unfinished.unread);

        let (off, evaluated, Setup { config, today, .. }) = (off(checked.bundle), checked.evaluated, checked.setup);
        let written = (checked.input, self.origins.as_slice());
        let changes = foreign::settle(written, checked.bundle, &mut checked.judged, (config, *today), policies.write)?;
        let mut report = checked.into_report(unread).accepting_unchecked(self.options.allow_unchecked);
        if let Some(baseline) = &self.baseline {
            report = report.against(baseline);
        }
        if let Some((revision, found)) = before {
            report = report.since(revision, found);
        }
        let (configuration, render_never) = (self.shown.as_deref(), self.render_never.clone());
        then(Judged { report: &report, configuration, off, changes, render_never, origins: &self.origins, evaluated })
    }
}
