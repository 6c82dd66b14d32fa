//! `leafcrypt init`

use std::path::PathBuf;

use leafcrypt_kms::Own;

use super::Context;
use crate::error::Error;
use crate::flows::init::{self, Reader};
use crate::flows::target::{Done, word};
use crate::flows::{keygen, several};

/// Set a project up: a .sops.yaml for a recipient, and .gitignore entries for plaintext
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The project's folder
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The age recipient; without it that of the identity you have (SOPS_AGE_KEY,
    /// SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, CONFIG/sops/age/keys.txt: the first there is), or of a new one
    #[arg(short, long, value_name = "RECIPIENT")]
    age: Option<String>,
    /// Replace a file that is there without asking
    #[arg(short, long)]
    yes: bool,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let world = &context.world;
        let mut lines = Vec::new();
        let reader = match &self.age {
            Some(recipient) => {
                let age = leafcrypt_kms::Kind::Age;
                let read = leafcrypt_kms::backend(age).from_list(recipient, &leafcrypt_kms::Beside::default());
                read.map_err(|source| Error::Key { kind: age, source })?;
                Reader::Recipient(recipient.clone())
            }
            None => match leafcrypt_kms::own_in_variables(&world.session) {
                Some(own) => self.reader(own, &mut lines)?,
                None => {
                    let plan = keygen::plan(None, world)?;
                    match leafcrypt_kms::own_in_standard_file(&world.session) {
                        Some(own) => self.reader(own, &mut lines)?,
                        None => Reader::New(plan),
                    }
                }
            },
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
                        let instead = format!("look at it first; {} replaces it", self.again(self.age.as_deref(), true));
                        return Err(Error::Exists { path: step.path.clone(), instead: instead.into() });
                    }
                }
            }
            wanted.push(step);
        }
        several::write(&wanted, world)?;
        lines.extend(wanted.iter().map(|step| format!("wrote {}", step.path.display())));
        if wanted.is_empty() {
            lines.push("nothing to do".to_owned());
        }
        Ok(Done { stdout: None, note: Some(lines.join("\n")) })
    }

    /// Whose the project is by what was found; which identity that is, for the note.
    fn reader(&self, own: Own, lines: &mut Vec<String>) -> Result<Reader, Error> {
        let Own { place, mut recipients, closed, missing } = own;
        if recipients.len() == 1 {
            let recipient = recipients.remove(0);
            lines.push(format!("for {recipient}, the identity in {place}"));
            return Ok(Reader::Recipient(recipient));
        }
        let instead = match missing {
            Some(path) => format!("leafcrypt keygen --output {}", word(&path.display().to_string())),
            None => self.again(Some(recipients.first().map_or("RECIPIENT", String::as_str)), self.yes),
        };
        Err(Error::WhichIdentity { place, why: closed.unwrap_or_else(|| "several identities".to_owned()), instead })
    }

    /// The same call, for a recipient.
    fn again(&self, recipient: Option<&str>, yes: bool) -> String {
        let age = recipient.map(|recipient| format!(" --age {}", word(recipient))).unwrap_or_default();
        let folder = self.folder.display().to_string();
        let folder = if folder == "." { String::new() } else { format!(" {}", word(&folder)) };
        format!("leafcrypt init{age}{}{folder}", if yes { " -y" } else { "" })
    }
}
