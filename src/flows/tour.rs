//! The main job, shown: every step prints the command that does it, and every step really runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use leafcrypt_kms::{Command, Kind, Outside, Session};

use super::decrypt::Decrypt;
use super::encrypt::Encrypt;
use super::keeper::Keeper;
use super::rules::Given;
use super::set::{NewValue, Set};
use super::target::{Destination, Input, Output, Types};
use super::{keygen, repository, target};
use crate::error::Error;
use crate::files::{self, PrivateDir};
use crate::guard;
use crate::sealed_file::OpenHow;
use crate::world::World;

/// Other programs have this long.
const PATIENCE: Duration = Duration::from_secs(10);

const PLAIN: &[u8] =
    b"{\"db\": {\"host\": \"localhost\", \"user\": \"admin\", \"password\": \"supersecret\"}, \"api\": {\"key\": \"abcdef123456\"}}\n";

/// Runs the tour; `say` gets each line.
///
/// Where no folder in memory is found it runs in the temporary folder, and says so: its text is made up and its key opens nothing else, so that no
/// secret of anybody's reaches a disk (docs/threat-model.md, P13).
///
/// # Errors
/// A step fails: then something is wrong with this machine or with us, and the error says what.
pub fn run(world: &World<'_>, say: &mut dyn FnMut(&str)) -> Result<(), Error> {
    // A signal waits until the folder is gone, a second at most: there is a look at it before every step.
    let _held = guard::hold_signals();
    let runtime = world.session.outside().env("XDG_RUNTIME_DIR").map(std::path::PathBuf::from);
    let folder = files::make_private_dir(runtime.as_deref(), Some(&std::env::temp_dir()), 0)
        .ok()
        .flatten()
        .ok_or_else(|| Error::Usage("no folder for the tour: neither memory nor the temporary folder can be written".to_owned()))?;
    // Where there can be none the folder goes with us, or with the next start: nobody's secret is in it.
    let keeper = Keeper::start(&folder, None).ok();
    let done = steps(&folder, world, say);
    match keeper {
        Some(keeper) => keeper.end(folder, done, world),
        None => {
            let path = folder.path().to_owned();
            let removed = folder.remove().map_err(|e| failed(&path, &e));
            done.and(removed)
        }
    }?;
    if !guard::is_interrupted() {
        say("");
        say("Next, in a project of yours: leafcrypt init");
    }
    Ok(())
}

fn steps(folder: &PrivateDir, world: &World<'_>, say: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let key_file = folder.path().join("keys.txt");
    let file = folder.path().join("secrets.json");
    let before = folder.path().join("before.json");
    let given_env = Arc::new(Tourist { inner: world.session.shared_outside(), key_file: key_file.clone().into_os_string() });
    let inside = World { session: Session::new(given_env), ..*world };
    let write = |path: &Path, bytes: &[u8]| {
        let to = Output::File(path.to_owned().into());
        target::deliver(bytes.to_vec(), &to, target::Holds::Plain, None, &inside)
    };

    say(&format!("A tour of leafcrypt, in {} (removed at the end).", folder.path().display()));
    if !folder.in_memory() {
        say("No folder in memory was found, so this one is on a disk. Its text is made up, and its key opens nothing else.");
    }
    say("");
    say("1. A key of your own. The public part, age1..., is called the recipient.");
    let plan = keygen::plan(Some(&key_file), &inside)?;
    let made = keygen::apply(&plan, &inside)?;
    command(say, "leafcrypt keygen --output keys.txt");
    say(&format!("   {}", made.recipient));
    command(say, "export SOPS_AGE_KEY_FILE=keys.txt");

    if guard::is_interrupted() {
        return Ok(());
    }
    say("");
    say("2. A file with secrets.");
    write(&file, PLAIN)?;
    command(say, "cat secrets.json");
    show(say, PLAIN);

    if guard::is_interrupted() {
        return Ok(());
    }
    say("");
    say("3. Sealed for that recipient: every value is encrypted, every key can be read. This is what Git would store.");
    let given = Given { keys: vec![(Kind::Age, made.recipient.clone())], ..Given::default() };
    let encrypt = Encrypt {
        input: Input::File(file.clone()),
        output: Output::InPlace(file.clone().into()),
        types: Types::default(),
        given,
        require_witness: false,
    };
    encrypt.run(&inside)?;
    command(say, &format!("leafcrypt encrypt --age {} -i secrets.json", short(&made.recipient)));
    let sealed = read(&file)?;
    write(&before, &sealed)?;
    command(say, "cat secrets.json");
    show(say, &sealed);
    command(say, "cp secrets.json before.json");

    if guard::is_interrupted() {
        return Ok(());
    }
    say("");
    say("4. One value changes.");
    let set = Set {
        input: Input::File(file.clone()),
        output: Output::InPlace(Destination { path: file.clone(), write_through: false }),
        types: Types::default(),
        path: "[\"db\"][\"password\"]".to_owned(),
        value: NewValue::Json(zeroize::Zeroizing::new("\"correct horse battery staple\"".to_owned())),
        idempotent: false,
        legacy: false,
        given: Given::default(),
        how: OpenHow::default(),
    };
    set.run(&inside)?;
    command(say, "leafcrypt set secrets.json '[\"db\"][\"password\"]' '\"correct horse battery staple\"'");
    let changed = read(&file)?;

    if guard::is_interrupted() {
        return Ok(());
    }
    say("");
    say("5. What Git shows: that value, the MAC over all values, leafcrypt's own field, and the date to the second. No other token moved.");
    match by_git(folder, &inside) {
        Some(lines) => {
            command(say, "git diff --no-index --word-diff=porcelain before.json secrets.json | sed '1,5d; /^~/d'");
            lines.iter().for_each(|line| say(&format!("   {}", cut(line, 100))));
        }
        None => {
            say("   (There is no git here to show it, so leafcrypt compares the two.)");
            diff(say, &sealed, &changed);
        }
    }

    if guard::is_interrupted() {
        return Ok(());
    }
    say("");
    say("6. Opened again: the same bytes as before, but for the one value.");
    let decrypt = Decrypt {
        input: Input::File(file.clone()),
        output: Output::Stdout,
        types: Types::default(),
        extract: None,
        how: OpenHow::default(),
        indent: &|_| Ok(None),
    };
    let opened = decrypt.run(&inside)?.stdout.unwrap_or_default();
    command(say, "leafcrypt decrypt secrets.json");
    show(say, &opened);
    let expected = String::from_utf8_lossy(PLAIN).replace("supersecret", "correct horse battery staple");
    if opened != expected.as_bytes() {
        return Err(Error::Usage("the tour's file did not come back as it was: please report this".to_owned()));
    }

    if guard::is_interrupted() {
        return Ok(());
    }
    say("");
    say("7. Key and file are shredded.");
    let all = [&file, &before, &key_file];
    let by_name = Command {
        program: "shred".into(),
        args: std::iter::once("-u".into()).chain(all.map(|path| path.clone().into_os_string())).collect(),
        ..Command::default()
    };
    match inside.session.outside().run_within(by_name, PATIENCE) {
        Ok(done) if done.status == Some(0) => command(say, "shred -u secrets.json before.json keys.txt"),
        _ => say("   (There is no shred here, so leafcrypt overwrites and removes them.)"),
    }
    for path in all.into_iter().filter(|path| path.exists()) {
        files::shred(path).map_err(|e| failed(path, &e))?;
    }
    Ok(())
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::Write { path: path.display().to_string(), source: files::WriteError::Os(error.raw_os_error().unwrap_or(0)) }
}

fn command(say: &mut dyn FnMut(&str), text: &str) {
    say(&format!("   $ {text}"));
}

/// Lines of a text, long ones cut in the middle so that a screen holds them.
fn show(say: &mut dyn FnMut(&str), text: &[u8]) {
    for line in String::from_utf8_lossy(text).lines() {
        say(&format!("   {}", cut(line, 110)));
    }
}

/// The words that differ, as git says. None: there is no git that does.
fn by_git(folder: &PrivateDir, world: &World<'_>) -> Option<Vec<String>> {
    let how = ["diff", "--no-index", "--no-ext-diff", "--no-textconv", "--no-color", "--word-diff=porcelain"];
    let args = how.into_iter().chain(["before.json", "secrets.json"]).map(Into::into);
    let git = repository::command(folder.path().as_os_str().to_owned(), args);
    let done = world.session.outside().run_within(git, PATIENCE).ok()?;
    let text = String::from_utf8_lossy(done.stdout.expose()).into_owned();
    let lines: Vec<String> = text.lines().skip(5).filter(|line| !line.starts_with('~')).map(str::to_owned).collect();
    (!lines.is_empty()).then_some(lines)
}

/// The lines that differ.
fn diff(say: &mut dyn FnMut(&str), old: &[u8], new: &[u8]) {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let pieces =
        |text: &str| -> Vec<String> { text.replace("\", \"", "\",\n\"").replace("}, \"", "},\n\"").lines().map(str::to_owned).collect() };
    for (old, new) in pieces(&old).iter().zip(&pieces(&new)).filter(|(old, new)| old != new) {
        say(&format!("   - {}", cut(old.trim(), 100)));
        say(&format!("   + {}", cut(new.trim(), 100)));
    }
}

fn cut(line: &str, width: usize) -> String {
    let chars: Vec<char> = line.chars().collect();
    if chars.len() <= width {
        return line.to_owned();
    }
    let (head, tail) = (width * 2 / 3, width / 3 - 3);
    format!("{}...{}", chars[..head].iter().collect::<String>(), chars[chars.len() - tail..].iter().collect::<String>())
}

fn short(recipient: &str) -> String {
    cut(recipient, 24)
}

fn read(path: &Path) -> Result<leafcrypt_formats::Wiped, Error> {
    Input::File(path.to_owned()).read(leafcrypt_formats::Format::Json)
}

/// The world with one variable set: the tour's key, and no other.
struct Tourist {
    inner: Arc<dyn Outside>,
    key_file: std::ffi::OsString,
}

impl Outside for Tourist {
    fn env(&self, name: &str) -> Option<std::ffi::OsString> {
        match name {
            "SOPS_AGE_KEY_FILE" => Some(self.key_file.clone()),
            "HOME" | "PWD" | "PATH" => self.inner.env(name),
            _ => None,
        }
    }

    fn read(&self, path: &Path, limit: usize) -> std::io::Result<leafcrypt_kms::Secret> {
        self.inner.read(path, limit)
    }

    fn run(&self, command: Command) -> std::io::Result<leafcrypt_kms::Finished> {
        self.inner.run(command)
    }

    fn run_within(&self, command: Command, limit: Duration) -> std::io::Result<leafcrypt_kms::Finished> {
        self.inner.run_within(command, limit)
    }

    fn ask(&self, prompt: &str) -> leafcrypt_kms::Asked {
        self.inner.ask(prompt)
    }

    fn now(&self) -> std::time::SystemTime {
        self.inner.now()
    }

    fn passwd_home(&self) -> Option<std::path::PathBuf> {
        self.inner.passwd_home()
    }
}
