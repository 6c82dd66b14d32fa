//! The file is another by now: what was typed and what somebody else has written become one (docs/threat-model.md, P8).

use leafcrypt_formats::{Document, Format, Prefer, Unmerged, merge};
use zeroize::Zeroizing;

use super::Edit;
use super::save::{Text, Written, raise_version};
use super::session::{Older, Session};
use super::shown::{self, Typed};
use crate::error::Error;
use crate::files::WriteError;
use crate::flows::decrypt::open;
use crate::flows::trust;
use crate::flows::uncovered::{self, Side};
use crate::seal::selection::Selection;
use crate::seal::witness;
use crate::sealed_file::{OpenFile, SealedFile, Settings};
use crate::world::World;

/// So many places of a conflict are named.
const MOST_SHOWN: usize = 20;
/// So often the file may change again while two changes of it are made one.
const TRIES: usize = 8;

impl Edit<'_> {
    /// Makes one of what was typed and of what the file is by now (P8). The lock is not held meanwhile: other recipients may ask for a passphrase.
    pub(super) fn save_merged(
        &self,
        session: &Session<'_>,
        base: &Older,
        typed: &Typed,
        mut now: Vec<u8>,
        world: &World<'_>,
    ) -> Result<(), Error> {
        let name = self.path.display().to_string();
        let format = session.base.format;
        for _ in 0..TRIES {
            let same_keys =
                SealedFile::parse(format, &now, world.manners).is_ok_and(|now| witness::keys(&now.metadata().groups) == session.keys);
            let key = same_keys.then(|| session.base.copy_data_key());
            let opened = open(&name, format, &now, key, &self.how, world);
            if !same_keys && opened.as_ref().is_err_and(Error::is_no_key_opens) {
                world.warn([format!(
                    "{name}: its keys were changed meanwhile (rotate, updatekeys), so that one of yours is needed once more; what came from a pipe \
                     cannot be read a second time"
                )]);
            }
            let mut file = opened?;
            if !session.is_new {
                trust::vouch(&mut file, session.rule.as_ref());
            }
            raise_version(&mut file);
            let mine = typed.settings.as_ref().map(|mine| shown::merged(&base.settings, mine, file.settings()));
            let mine = mine.transpose().map_err(|at| Error::Unmerged { path: name.clone(), at })?;
            let was = file.settings().clone();
            let changed = self.set_keys(&mut file, mine.as_ref(), session.config.as_ref(), world)?;
            file.read_by_own_dialect(base.own_dialect);
            let texts: [&[u8]; 3] = [&base.plain, &typed.plain, file.plain()];
            let (merged, whose) = self.merged(format, texts, &file, world)?;
            let rules = [&base.settings, typed.settings.as_ref().unwrap_or(&base.settings), &was].map(Settings::rule);
            self.refuse_uncovered_comments(&merged, texts, rules, &file, world)?;
            // The new version's own rule and comments count from now on, and whoever wrote it may have had no key: what was covered in the version that
            // the editor was opened on, or in what was typed, does not come to stand in clear by them (P10). Unless there is no such version.
            let seen = [(&*typed.plain as &[u8], typed.settings.as_ref().unwrap_or(&base.settings)), (&base.plain, &base.settings)];
            let seen = if session.is_new { &seen[..1] } else { &seen };
            self.check(&file, &was, &Text { typed: &merged, seen, rule: session.rule.as_ref(), is_new: false, said: &typed.said }, world)?;
            if *merged == file.plain() && !changed.any {
                world.warn([format!("{name}: somebody else has made the same change meanwhile")]);
                return Ok(());
            }
            file.replace_typed(merged.to_vec());
            let sealed = self.seal(&file, world)?;
            drop(file);
            match self.write(&sealed, Some(&now), world)? {
                Written::Done => {
                    let has = match whose {
                        Prefer::Mine => "it has yours where both have changed the same, and the other changes of both",
                        _ => "it has both changes now",
                    };
                    world.warn([format!("{name}: somebody else has changed it meanwhile; {has}")]);
                    self.tell_of(changed, world);
                    return Ok(());
                }
                Written::Not(again) => now = again,
            }
        }
        Err(Error::Write { path: name, source: WriteError::Changed })
    }

    /// A comment that each of the texts seals, and that the merge has put where a name leaves it in clear. Where comments decide, or a rule was changed,
    /// `check` looks at all that comes to stand in clear.
    fn refuse_uncovered_comments(
        &self,
        merged: &[u8],
        texts: [&[u8]; 3],
        rules: [Selection; 3],
        file: &OpenFile<'_>,
        world: &World<'_>,
    ) -> Result<(), Error> {
        let (path, format, rule) = (self.path.display().to_string(), file.format(), file.settings().rule());
        if format == Format::Binary || rule.kind.is_of_comments() || rules.iter().any(|other| *other != rule) {
            return Ok(());
        }
        let failed = |source| Error::PlainSyntax { path: path.clone(), source };
        let options = file.scan_options(world.manners);
        let parse = |text| Document::parse(format, text, &options).map_err(failed);
        let before = texts.into_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let before: Vec<Side<'_>> = before.iter().map(|document| Side { document, rule: &rule }).collect();
        let after = parse(merged)?;
        let uncovered = uncovered::uncovered_lines(&before, &Side { document: &after, rule: &rule });
        match uncovered.map_err(|why| trust::no_rule(&path, why))?.is_empty() {
            true => Ok(()),
            false => Err(Error::Unmerged { path, at: "a comment that is sealed would come to stand in clear".to_owned() }),
        }
    }

    /// One text of two, and whose it is where they do not go together: somebody is asked.
    fn merged(
        &self,
        format: Format,
        [base, mine, theirs]: [&[u8]; 3],
        file: &OpenFile<'_>,
        world: &World<'_>,
    ) -> Result<(Zeroizing<Vec<u8>>, Prefer), Error> {
        let path = self.path.display().to_string();
        let options = file.scan_options(world.manners);
        let merge = |prefer| merge(format, base, mine, theirs, prefer, &options);
        let conflicts = match merge(Prefer::Neither) {
            Ok(text) => return Ok((text, Prefer::Neither)),
            Err(Unmerged::Syntax(source)) => return Err(Error::PlainSyntax { path, source }),
            Err(Unmerged::Conflicts(conflicts)) => conflicts,
        };
        let mut at: Vec<String> = conflicts.iter().take(MOST_SHOWN).map(ToString::to_string).collect();
        if conflicts.len() > MOST_SHOWN {
            at.push(format!("and {} more", conflicts.len() - MOST_SHOWN));
        }
        let at = at.join(", ");
        let question = format!("{path} was changed by somebody else meanwhile where you have changed it, too: {at}. Write yours there?");
        if world.dialog.confirm(&question) == Some(true)
            && let Ok(text) = merge(Prefer::Mine)
        {
            return Ok((text, Prefer::Mine));
        }
        Err(Error::Unmerged { path, at })
    }
}
