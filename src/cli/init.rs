//! `leafcrypt init`

use std::path::PathBuf;

use super::Context;
use crate::error::Error;
use crate::flows::init::{self, Reader};
use crate::flows::target::Done;
use crate::flows::{keygen, several};

/// Set a project up: a .sops.yaml for a recipient, and .gitignore entries for plaintext
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The project's folder
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The age recipient; without it that of the identity you have, or of a new one
    #[arg(short, long, value_name = "RECIPIENT")]
    age: Option<String>,
    /// Replace a file that is there without asking
    #[arg(short, long)]
    yes: bool,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let world = &context.world;
        let reader = match &self.age {
            Some(recipient) => {
                let age = leafcrypt_kms::Kind::Age;
                let read = leafcrypt_kms::backend(age).from_list(recipient, &leafcrypt_kms::Beside::default());
                read.map_err(|source| Error::Key { kind: age, source })?;
                Reader::Recipient(recipient.clone())
            }
            None => {
                let plan = keygen::plan(None, world)?;
                match plan.recipients() {
                    None => Reader::New(plan),
                    Some(mut recipients) if recipients.len() == 1 => Reader::Recipient(recipients.remove(0)),
                    Some(recipients) => return Err(Error::WhichIdentity { path: plan.path, first: recipients.into_iter().next() }),
                }
            }
        };
        let steps = init::plan(&self.folder, &reader, world)?;
        // All questions before the first file.
        let mut wanted = Vec::with_capacity(steps.len());
        for step in &steps {
            if step.asks && !self.yes {
                match world.dialog.confirm(&format!("{} exists. Replace it?", step.path.display())) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        let instead = "look at it first; leafcrypt init -y replaces it";
                        return Err(Error::Exists { path: step.path.clone(), instead });
                    }
                }
            }
            wanted.push(step);
        }
        several::write(&wanted, world)?;
        let mut lines: Vec<String> = wanted.iter().map(|step| format!("wrote {}", step.path.display())).collect();
        if lines.is_empty() {
            lines.push("nothing to do".to_owned());
        }
        Ok(Done { stdout: None, note: Some(lines.join("\n")) })
    }
}
