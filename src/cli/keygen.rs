//! `leafcrypt keygen`

use std::path::PathBuf;

use super::Context;
use crate::error::Error;
use crate::flows::keygen;
use crate::flows::target::{Done, word};

/// Make an age identity in the place where sops and leafcrypt look for it, ~/.config/sops/age/keys.txt
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write it to this new file instead
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Add to an existing file without asking
    #[arg(short, long)]
    yes: bool,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let world = &context.world;
        let plan = keygen::plan(self.output.as_deref(), world)?;
        plan.refuse_others()?;
        if plan.existing.is_some() && !self.yes {
            let question = format!("{} holds identities already. Add one more to it?", plan.path.display());
            match world.dialog.confirm(&question) {
                Some(true) => {}
                Some(false) => return Ok(Done { stdout: None, note: Some("nothing was changed".to_owned()) }),
                None => return Err(Error::Exists { path: plan.path, instead: "leafcrypt keygen -y adds one more identity to it".into() }),
            }
        }
        let made = keygen::apply(&plan, world)?;
        let path = made.path.display().to_string();
        if made.mode & 0o077 != 0 {
            world.warn([format!("others may read or change {path}: chmod 600 {}", word(&path))]);
        }
        world.dialog.log(&format!("identity: {path} (mode {:04o}; keep it, and a copy in a safe place)", made.mode));
        Ok(Done { stdout: Some(format!("{}\n", made.recipient).into_bytes()), note: None })
    }
}
