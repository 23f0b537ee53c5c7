//! What a session is told to check by.

use engine::config::Config;
use engine::waiver::Date;
use engine::{Completeness, SettingsError, Spot};
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
#[error("{}the settings of {rule} are refused: {cause}", .spot.as_ref().map(|spot| format!("{spot}: ")).unwrap_or_default())]
pub struct Refused {
    /// The rule.
    pub rule: String,
    /// Where the settings stand, if they are of a file.
    pub spot: Option<Spot>,
    /// Why.
    #[source]
    pub cause: SettingsError,
}
