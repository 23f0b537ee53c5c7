//! What a webhook needs of a session: a judge for one question at a time, and the waivers.

use engine::manifest::Object;
use engine::waiver::Date;
use engine::{Judge, Judgement, Runtime, Standings, World};
use protocol::RuleMetadata;

use crate::Session;

impl<R: Runtime> Session<R> {
    /// A judge by the rules that are asked, in a world that somebody else keeps. Whoever has it asks rule by rule, and stops
    /// where the time is over.
    pub const fn judge<'a>(&'a self, world: &'a World<'a>) -> Judge<'a, R> {
        Judge::new(&self.runtime, &self.bundle, world)
    }

    /// Applies the waivers that count on that day to what was said of an object.
    pub fn waive(&self, object: &Object, judgements: &mut Vec<Judgement>, today: Date) {
        let config = &self.setup.config;
        let rules: Vec<&RuleMetadata> = self.bundle.rules().iter().map(|rule| &rule.metadata).collect();
        let mut standings = Standings::new(&config.waivers, today);
        // What an annotation says that does not hold waives nothing.
        let _ = standings.take(object, &config.annotated, config.longest_waiver());
        standings.accept(&rules, object, None, judgements);
    }
}
