//! Where staging and production are, and which branch says what staging had.

use std::path::PathBuf;

use clap::Args;
use engine::promotion::Stage;
use sources::PromotionOptions;

use super::word::WordError;

/// Where staging and production are.
#[derive(Args)]
pub struct Promotion {
    /// Folders of staging and production for the rule environment-promotion: `staging=DIR,production=DIR`, in one repository or
    /// two. A `*` stands for any folder. By default the names of files and folders say their environment.
    #[arg(long, value_delimiter = ',', value_parser = environment, value_name = "NAME=DIR")]
    pub environments: Vec<(Stage, PathBuf)>,

    /// The branch whose history says when staging had a version. The default is the default branch of the remote, or else main
    /// or master.
    #[arg(long, value_name = "REF")]
    pub trusted_branch: Option<String>,
}

impl Promotion {
    /// The same for the sources.
    pub fn options(&self) -> PromotionOptions {
        PromotionOptions { environments: self.environments.clone(), trusted: self.trusted_branch.clone() }
    }
}

fn environment(word: &str) -> Result<(Stage, PathBuf), WordError> {
    let (name, folder) = word.split_once('=').filter(|(_, folder)| !folder.is_empty()).ok_or(WordError::NoValue)?;
    let stage = super::word::one_of([Stage::Staging, Stage::Production], Stage::name, name)?;
    Ok((stage, PathBuf::from(folder)))
}
