//! `leafcrypt init`

use std::path::{Path, PathBuf};

use leafcrypt_formats::one_line;
use leafcrypt_kms::Own;

use super::Context;
use super::hint_git::lost_configuration;
use crate::error::Error;
use crate::flows::init::{self, Joined, Reader};
use crate::flows::target::{Done, word};
use crate::flows::{keygen, rules, several, trust};
use crate::keys::KeyGroups;

/// Set a project up: a .sops.yaml for a recipient, and .gitignore entries for plaintext
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::INIT)]
pub(super) struct Args {
    /// The project's folder
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The age recipient; without it that of the identity you have (SOPS_AGE_KEY,
    /// SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, ~/.config/sops/age/keys.txt: the first there is), or of a new one
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
                let read = read.map_err(|source| Error::Key { kind: age, source })?;
                if read.is_empty() {
                    return Err(Error::Usage("--age is empty: no recipient stands there".to_owned()));
                }
                let groups = KeyGroups { groups: vec![trust::group(&read)], threshold: 0 };
                world.warn(trust::closed_here(&groups, world).map(|closed| format!("what is sealed by this rule: {closed}")));
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
        if self.age.is_none()
            && !self.yes
            && let Some(joined) = init::join(&self.folder, &reader, world)
        {
            return self.joins(&joined, lines, context);
        }
        let steps = init::plan(&self.folder, &reader, world)?;
        if self.age.is_none() && !self.yes {
            // Whoever was a reader by that one is none by a new one.
            let file = self.folder.join(".sops.yaml").display().to_string();
            let is_new = steps.iter().any(|step| step.old.is_none() && step.path.ends_with(".sops.yaml"));
            world.warn(lost_configuration(Some(&file), world).filter(|_| is_new));
        }
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
        wanted.iter().try_for_each(|step| init::for_its_owner(step))?;
        lines.extend(wanted.iter().map(|step| format!("wrote {}", step.path.display())));
        if wanted.is_empty() {
            lines.push("nothing to do".to_owned());
        }
        lines.extend(wanted.iter().filter(|step| step.secret).map(|step| keep(&step.path)));
        if wanted.iter().any(|step| step.path.ends_with(".sops.yaml")) {
            lines.push("next: leafcrypt encrypt -i FILE".to_owned());
        }
        // Also where nobody looks at a terminal: a key was made, and where it is has to be known.
        lines.iter().for_each(|line| world.dialog.log(line));
        Ok(Done { stdout: None, note: None })
    }

    /// The team's configuration stays as it is: a key, if there is none, and what makes its owner a reader. The recipient is the result.
    fn joins(&self, joined: &Joined, mut lines: Vec<String>, context: &Context<'_>) -> Result<Done, Error> {
        if let Some(step) = &joined.identity {
            several::write(&[step], &context.world)?;
            lines.extend([format!("wrote {}", step.path.display()), keep(&step.path)]);
        }
        let path = one_line(&joined.path.display().to_string()).into_owned();
        if joined.is_in() {
            lines.push(format!("{path} is there, with your recipient in it: nothing to do"));
            lines.extend(self.of_its_own(joined, context));
            return Ok(Done { stdout: None, note: Some(lines.join("\n")) });
        }
        lines.push(format!("{path} is there, and stays as it is"));
        lines.push(format!("to join, give your recipient to somebody who can open the files: in {path}, then leafcrypt updatekeys ."));
        lines.extend(self.of_its_own(joined, context));
        lines.iter().for_each(|line| context.world.dialog.log(line));
        Ok(Done { stdout: Some(format!("{}\n", joined.recipient).into_bytes()), note: None })
    }

    /// Where the configuration is that of a folder above.
    fn of_its_own(&self, joined: &Joined, context: &Context<'_>) -> Option<String> {
        let here = crate::config::absolute(&rules::current(&context.world), &self.folder);
        let is_above = joined.path.parent() != Some(&here);
        is_above.then(|| format!("for rules of its own in this folder: {}", self.again(Some(&joined.recipient), false)))
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

/// What a new identity is worth.
fn keep(path: &Path) -> String {
    format!("keep {}, and a copy in a safe place: what is sealed for it opens with nothing else", path.display())
}
