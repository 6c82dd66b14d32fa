//! Which editor, with which arguments: those of the user, and for editors we know by name those that stop swap, undo, history and backup files
//! (docs/threat-model.md, R4).

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::child;
use crate::error::{Ended, Error};
use crate::files::PrivateDir;
use crate::world::World;

/// A command line, the file not in it yet.
#[derive(Debug, PartialEq, Eq)]
pub struct Editor {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before the file.
    pub args: Vec<OsString>,
}

impl Editor {
    /// Runs it on the file in its private folder, which is also where it makes its own temporary files.
    ///
    /// # Errors
    /// It cannot be started, or fails (exit 201).
    pub fn run(&self, folder: &PrivateDir, file_name: &OsStr) -> Result<(), Error> {
        #[allow(clippy::disallowed_methods, reason = "the editor has our terminal, which `Outside::run` does not hand on")]
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).arg(folder.path().join(file_name)).env("TMPDIR", folder.path());
        let what = match child::run(&mut command) {
            Ok(Ended::Code(0)) => return Ok(()),
            Ok(Ended::Code(code)) => format!("exit status {code}"),
            Ok(Ended::Signal(signal)) => format!("killed by signal {signal}"),
            Err(error) => error.kind().to_string(),
        };
        Err(Error::Editor { what: format!("Could not run editor: {}: {what}", self.program.display()) })
    }
}

/// What SOPS looks for where no variable names an editor.
const FALLBACK: [&str; 3] = ["vim", "nano", "vi"];

/// Finds the editor: `SOPS_EDITOR`, `EDITOR`, or one that is there.
///
/// # Errors
/// There is none (exit 201).
pub fn find(world: &World<'_>) -> Result<Editor, Error> {
    let none = |what: String| Error::Editor { what };
    let given = ["SOPS_EDITOR", "EDITOR"].into_iter().find_map(|name| Some((name, world.env(name)?)));
    let Some((name, line)) = given else {
        let found = FALLBACK.into_iter().find_map(|name| world.session.outside().program(name.as_ref()));
        let program =
            found.ok_or_else(|| none(format!("no editor available: EDITOR is not set, and none of {} is there", FALLBACK.join(", "))))?;
        let args = quiet(&program);
        return Ok(Editor { program, args });
    };
    let mut words = shlex::split(&line).unwrap_or_default().into_iter();
    let word = words.next().ok_or_else(|| none(format!("{name} holds no command line: a quote is not closed")))?;
    let program =
        world.session.outside().program(word.as_ref()).ok_or_else(|| none(format!("{name} names {word:?}, which is not to be found")))?;
    let mut args: Vec<OsString> = words.map(OsString::from).collect();
    args.extend(quiet(&program));
    Ok(Editor { program, args })
}

/// The arguments that keep an editor from leaving copies.
fn quiet(program: &Path) -> Vec<OsString> {
    const VIM: &str = "set noswapfile nobackup nowritebackup noundofile viminfo= ";
    const NVIM: &str = "set noswapfile nobackup nowritebackup noundofile shada= ";
    const EMACS: &str =
        "(setq make-backup-files nil auto-save-default nil auto-save-list-file-prefix nil create-lockfiles nil backup-inhibited t)";
    // `vi` is vim on many systems and something else on others, which would take these for file names.
    let real = std::fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
    let name = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let args: &[&str] = match name.split('.').next().unwrap_or_default() {
        "vim" | "gvim" | "mvim" => &["-n", "-i", "NONE", "--cmd", VIM, "-c", VIM],
        "nvim" => &["-n", "-i", "NONE", "--cmd", NVIM, "-c", NVIM],
        "nano" => &["--ignorercfiles"],
        "emacs" | "emacs-nox" | "emacs-gtk" => &["--eval", EMACS],
        _ => &[],
    };
    args.iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_by_name() {
        let first = |path: &str| quiet(Path::new(path)).first().cloned();
        assert_eq!(first("/nowhere/bin/vim.basic"), Some("-n".into()));
        assert_eq!(first("/nowhere/bin/nano"), Some("--ignorercfiles".into()));
        assert_eq!(first("/nowhere/bin/code"), None);
    }
}
