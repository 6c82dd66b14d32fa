//! Which editor, with which arguments: those of the user, and for editors we know by name those that stop swap, undo, history and backup files
//! (docs/threat-model.md, R4).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::child::{self, Messages, PATIENCE};
use crate::error::{Ended, Error};
use crate::files::{self, PrivateDir};
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
    /// Nothing was changed, and nobody may have seen it: what is to be said of an editor that does not wait for its window.
    pub fn does_not_wait(&self) -> Option<String> {
        let name = self.program.file_name()?.to_str()?;
        let (_, flag) = WINDOWS.iter().find(|(window, _)| *window == name)?;
        let waits = self.args.iter().any(|arg| arg == flag || arg == SHORT);
        (!waits).then(|| format!("{name} does not wait for its window, which has nothing to show any more: EDITOR='{name} {flag}' does"))
    }

    /// Does it hand the file to a server, which has its own TMPDIR, and is looked for there? One that it starts itself stays when we are gone.
    fn has_server(&self, world: &World<'_>) -> bool {
        let program = behind(&self.program, &self.args, world);
        match name_of(&program) {
            Some("emacsclient") => true,
            Some("kak") => self.args.iter().any(|arg| arg == "-c"),
            _ => false,
        }
    }

    /// Runs it on the file in its private folder, which is also where it makes its own temporary files; but for one that looks for its server there.
    ///
    /// # Errors
    /// It cannot be started, or fails (exit 201).
    pub fn run(&self, folder: &PrivateDir, file_name: &OsStr, world: &World<'_>) -> Result<(), Error> {
        #[allow(clippy::disallowed_methods, reason = "the editor has our terminal, which `Outside::run` does not hand on")]
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).arg(folder.path().join(file_name));
        if !self.has_server(world) {
            command.env("TMPDIR", folder.path());
        }
        let what = match child::run(&mut command, Messages::Dropped, Some(PATIENCE)) {
            Ok(Ended::Code(0)) => return Ok(()),
            Ok(ended) => ended.to_string(),
            Err(error) => files::in_words(&error),
        };
        let program = if world.manners.sops_messages { String::new() } else { format!("{}: ", self.program.display()) };
        Err(failed(&format!("{program}{what}")))
    }
}

/// SOPS's beginning of all that is wrong with an editor.
fn failed(what: &str) -> Error {
    Error::Editor { what: format!("Could not run editor: {what}") }
}

/// What SOPS looks for where no variable names an editor.
const FALLBACK: [&str; 3] = ["vim", "nano", "vi"];

/// Finds the editor: `SOPS_EDITOR`, `EDITOR`, or one that is there.
///
/// # Errors
/// There is none (exit 201).
pub fn find(world: &World<'_>) -> Result<Editor, Error> {
    // As SOPS says it, or as a person wants to know it.
    let say = |sops: String, ours: String| failed(if world.manners.sops_messages { &sops } else { &ours });
    let given = ["SOPS_EDITOR", "EDITOR"].into_iter().find_map(|name| Some((name, world.session.outside().env(name)?)));
    let Some((name, line)) = given else {
        let names = FALLBACK.join(", ");
        let found = FALLBACK.into_iter().find_map(|name| world.session.outside().program(name.as_ref()));
        let program = found.ok_or_else(|| {
            say(
                format!(
                    "no editor available: sops attempts to use the editor defined in the SOPS_EDITOR or EDITOR environment variables, and if that's not \
                     set defaults to any of {names}, but none of them could be found"
                ),
                format!("EDITOR is not set, and none of {names} is there"),
            )
        })?;
        let args = quiet(&program);
        return Ok(Editor { program, args });
    };
    let no_line = |why: &str| say(format!("invalid ${name}: {}", line.to_string_lossy()), format!("{name} holds no command line: {why}"));
    // Bytes: a path need not be UTF-8.
    let words = split(line.as_bytes()).ok_or_else(|| no_line("a quote is not closed"))?;
    let mut words = words.into_iter().map(OsString::from_vec);
    let word = words.next().ok_or_else(|| no_line("there is nothing in it"))?;
    let program = world.session.outside().program(&word).ok_or_else(|| {
        let word = word.to_string_lossy();
        say(format!("exec: {word:?}: executable file not found in $PATH"), format!("{name} names {word:?}, which is not to be found"))
    })?;
    let mut args: Vec<OsString> = words.collect();
    args.extend(quiet(&behind(&program, &args, world)));
    Ok(Editor { program, args })
}

/// A line as SOPS splits it (google/shlex), which is not quite a shell's way: a backslash is gone before any character, in double quotes and before a line
/// feed, too. None: it ends within quotes, or behind a backslash.
fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<Vec<u8>>, None);
    let mut bytes = line.iter().copied();
    while let Some(b) = bytes.next() {
        match (b, quote) {
            (b'\\', None | Some(b'"')) => word.get_or_insert_default().push(bytes.next()?),
            (_, Some(open)) if b == open => quote = None,
            (_, Some(_)) => word.get_or_insert_default().push(b),
            (b'"' | b'\'', None) => {
                word.get_or_insert_default();
                quote = Some(b);
            }
            (b' ' | b'\t' | b'\r' | b'\n', None) => words.extend(word.take()),
            // A comment, to the end of its line.
            (b'#', None) if word.is_none() => drop(bytes.find(|b| *b == b'\n')),
            (_, None) => word.get_or_insert_default().push(b),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// Programs that run another one, which then is the editor.
const WRAPPERS: [&str; 6] = ["env", "nice", "ionice", "nohup", "setsid", "sudo"];

/// The editor itself: `env LANG=C vim` is vim.
fn behind(program: &Path, args: &[OsString], world: &World<'_>) -> PathBuf {
    let is_wrapper = program.file_name().is_some_and(|name| WRAPPERS.iter().any(|wrapper| name == *wrapper));
    let is_word = |arg: &&OsString| !arg.to_string_lossy().starts_with('-') && !arg.to_string_lossy().contains('=');
    let mut words = args
        .iter()
        .filter(|_| is_wrapper)
        .filter(is_word)
        .map(|word| world.session.outside().program(word).unwrap_or_else(|| word.into()))
        .peekable();
    let first = words.peek().cloned();
    // `sudo -u me vim`: a word may belong to a flag before it.
    words.find(|word| !quiet(word).is_empty() || is_client(word)).or(first).unwrap_or_else(|| program.to_owned())
}

/// Does it hand the file to a server?
fn is_client(program: &Path) -> bool {
    matches!(name_of(program), Some("emacsclient" | "kak"))
}

fn name_of(program: &Path) -> Option<&str> {
    program.file_name()?.to_str()?.split('.').next()
}

/// Editors that open a window and come back at once, unless they are told to wait; and how they are told.
const WINDOWS: [(&str, &str); 10] = [
    ("code", "--wait"),
    ("code-insiders", "--wait"),
    ("codium", "--wait"),
    ("cursor", "--wait"),
    ("zed", "--wait"),
    ("subl", "--wait"),
    ("atom", "--wait"),
    ("gvim", "-f"),
    ("mvim", "-f"),
    ("kate", "--block"),
];
/// The same for those that have a short flag.
const SHORT: &str = "-w";

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
        "vim" | "vimx" | "gvim" | "mvim" => &["-n", "-i", "NONE", "--cmd", VIM, "-c", VIM],
        "nvim" => &["-n", "-i", "NONE", "--cmd", NVIM, "-c", NVIM],
        "nano" => &["--ignorercfiles"],
        // What it keeps of a text stands below its own folder in the home.
        "micro" => &["-backup=false", "-saveundo=false"],
        "emacs" | "emacs-nox" | "emacs-gtk" => &["--eval", EMACS],
        _ => &[],
    };
    args.iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_waited_for() {
        let told = |program: &str, args: &[&str]| {
            Editor { program: program.into(), args: args.iter().map(OsString::from).collect() }.does_not_wait().is_some()
        };
        assert!(told("/usr/bin/code", &[]) && told("/usr/bin/gvim", &["-n"]));
        assert!(!told("/usr/bin/code", &["--wait"]) && !told("/usr/bin/code", &["-w"]) && !told("/usr/bin/gvim", &["-f"]));
        assert!(!told("/usr/bin/vim", &[]) && !told("/bin/cat", &[]));
    }

    #[test]
    fn the_editor_behind_another_program() {
        let behind = |line: &[&str]| {
            let args: Vec<OsString> = line[1..].iter().map(OsString::from).collect();
            name_of(&super::behind(Path::new(line[0]), &args, &World::quiet())).map(str::to_owned)
        };
        for (line, editor) in [
            (&["/usr/bin/env", "LANG=C", "vim"][..], "vim"),
            (&["/usr/bin/sudo", "-u", "me", "nvim"], "nvim"),
            (&["/usr/bin/nice", "-n", "5", "emacsclient", "-t"], "emacsclient"),
            (&["/usr/bin/nice", "my-editor"], "my-editor"),
            (&["/usr/bin/my-editor", "vim"], "my-editor"),
        ] {
            assert_eq!(behind(line).as_deref(), Some(editor), "{line:?}");
        }
    }

    #[test]
    fn lines_are_split_as_sops_does() {
        let split = |line: &str| {
            super::split(line.as_bytes()).map(|words| words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect::<Vec<_>>())
        };
        let check =
            |line, words: &[&str]| assert_eq!(split(line).as_deref(), Some(&*words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()));
        check(" sh\t-c 'a \"b\" \\c' \r\n", &["sh", "-c", "a \"b\" \\c"]);
        check(r#"a\ b "c\nd\"e" f"g h"i '' """#, &["a b", "cnd\"e", "fg hi", "", ""]);
        check("a\\\nb # none\nc#d", &["a\nb", "c#d"]);
        for open in ["a 'b", "a \"b", "a\\", "\"a\\"] {
            assert_eq!(split(open), None, "{open}");
        }
    }

    #[test]
    fn editors_by_name() {
        let first = |path: &str| quiet(Path::new(path)).first().cloned();
        assert_eq!(first("/nowhere/bin/vim.basic"), Some("-n".into()));
        assert_eq!(first("/nowhere/bin/nano"), Some("--ignorercfiles".into()));
        assert_eq!(first("/nowhere/bin/vimx"), Some("-n".into()));
        assert_eq!(first("/nowhere/bin/micro"), Some("-backup=false".into()));
        assert_eq!(first("/nowhere/bin/code"), None);
    }
}
