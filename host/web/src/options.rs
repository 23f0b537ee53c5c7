//! What a caller may say beside the manifests: which rules, with which settings, in what world.

use std::collections::BTreeMap;

use engine::Completeness;
use engine::waiver::Date;
use protocol::Profile;
use serde::Deserialize;
use serde_json::Value;

use crate::SessionError;

/// `CheckOptions` of the npm package, as it sends them: unknown ones are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    world: World,
    profile: Option<Profile>,
    /// Only these, whatever the profile. If empty, all rules of the profile.
    pub rules: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
    /// By rule; they come before the configuration's.
    pub settings: BTreeMap<String, Value>,
    /// The text of a configuration, YAML.
    pub config: Option<String>,
    today: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum World {
    Complete,
    /// As of a single file on the command line: what is not here may be elsewhere.
    #[default]
    Partial,
}

impl Options {
    /// Reads them.
    pub fn read(json: &str) -> Result<Self, SessionError> {
        serde_json::from_str(json).map_err(|cause| SessionError::Options(format!("invalid options: {cause}")))
    }

    /// How much of the world the files are.
    pub const fn completeness(&self) -> Completeness {
        match self.world {
            World::Complete => Completeness::Complete,
            World::Partial => Completeness::Partial,
        }
    }

    /// The profile, if it is not rules that were named.
    pub fn profile(&self, usual: Profile) -> Option<Profile> {
        self.rules.is_empty().then(|| self.profile.unwrap_or(usual))
    }

    /// The day that waivers are compared with. Without one none counts, which is the safe side.
    pub fn today(&self) -> Result<Date, SessionError> {
        let Some(text) = &self.today else { return Ok(Date::LAST) };
        Date::parse(text)
            .ok_or_else(|| SessionError::Options("invalid options: `today` is a day, such as 2027-03-31".into()))
    }
}
