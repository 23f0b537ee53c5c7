//! What a session is told to check by.

use engine::config::Config;
use engine::waiver::Date;
use engine::{Completeness, SettingsError};
use protocol::Profile;

/// What is checked by, and in what world.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Settings of rules, and waivers.
    pub config: Config,
    /// Which of the rules are asked, by what the files show; all where none is given. Those that the configuration enables
    /// are asked in any case.
    pub profile: Option<Profile>,
    /// How much of the world the files are.
    pub completeness: Completeness,
    /// The day on which waivers count.
    pub today: Date,
}

/// A rule does not take the settings that it was given.
#[derive(Debug, thiserror::Error)]
#[error("the settings of {rule} are refused: {cause}")]
pub struct Refused {
    /// The rule.
    pub rule: String,
    /// Why.
    #[source]
    pub cause: SettingsError,
}
