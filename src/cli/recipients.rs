//! `leafcrypt recipients`

use std::path::PathBuf;

use leafcrypt_kms::without_private_keys;

use super::shared::format_of;
use super::{Context, print};
use crate::error::Error;
use crate::flows::recipients;
use crate::flows::rules::Given;
use crate::flows::target::{Done, Types};

/// List who can read which file, by name where a comment in .sops.yaml gives one
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::RECIPIENTS)]
pub(super) struct Args {
    /// Files, and folders in which every sealed file counts
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// For programs
    #[arg(long)]
    json: bool,
    /// Type of the files, instead of the one their names tell
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let types = Types { input: format_of(self.input_type.as_deref(), context.world.manners)?, ..Types::default() };
        let given = Given { config: context.config(), ..Given::default() };
        let mut all = recipients::list(&self.paths, &types, &given, &context.world)?;
        if all.files.is_empty() && all.failed.is_empty() {
            let paths: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
            context.world.dialog.log(&format!("no sealed file in {}", paths.join(", ")));
        }
        let text = if self.json { recipients::as_json(&all) } else { recipients::as_text(&all.files) };
        // A file may be named after a key.
        let text = without_private_keys(&text).into_owned();
        let Some(error) = all.error() else { return Ok(Done { stdout: Some(text.into_bytes()), note: None }) };
        // Who can read the others is the result all the same.
        print(text.as_bytes());
        Err(error)
    }
}
