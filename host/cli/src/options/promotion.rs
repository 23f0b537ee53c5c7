//! Where the environments are that changes are promoted through, and which branch is trusted.

use std::path::PathBuf;

use clap::Args;
use engine::promotion::Stage;
use sources::PromotionOptions;

use super::word::WordError;

/// Where environments are.
#[derive(Args)]
pub struct Promotion {
    /// Where staging and production are, for the rule environment-promotion: `staging=DIR,production=DIR`, in one repository or
    /// two. A `*` stands for any folder. Without, files and folders that are called like an environment are of it.
    #[arg(long, value_delimiter = ',', value_parser = environment, value_name = "NAME=DIR")]
    pub environments: Vec<(Stage, PathBuf)>,

    /// The branch whose history says when staging had a version. The default is the remote's own, or else main or master.
    #[arg(long, value_name = "REF")]
    pub trusted_branch: Option<String>,
}

impl Promotion {
    /// What the sources are told.
    pub fn options(&self) -> PromotionOptions {
        PromotionOptions { environments: self.environments.clone(), trusted: self.trusted_branch.clone() }
    }
}

fn environment(word: &str) -> Result<(Stage, PathBuf), WordError> {
    let (name, folder) = word.split_once('=').filter(|(_, folder)| !folder.is_empty()).ok_or(WordError::NoValue)?;
    let stage = super::word::one_of([Stage::Staging, Stage::Production], Stage::name, name)?;
    Ok((stage, PathBuf::from(folder)))
}
