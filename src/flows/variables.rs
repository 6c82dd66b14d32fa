//! Opened files as variables of a child: names checked, later files over earlier ones (docs/threat-model.md, P17).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use leafcrypt_formats::{Format, Tree, Value, display_parts, scalar_text};

use super::dialect::{self, Dialect, Unread};
use crate::error::Error;
use crate::sealed_file::OpenFile;
use crate::world::World;

/// So many lines that cannot be read are told one by one.
const MOST_TOLD: usize = 10;

/// How values become variables.
#[derive(Clone, Debug)]
pub struct How {
    /// How quotes and escapes of an ENV file are read.
    pub dialect: Dialect,
    /// Nested maps as `A__B`, lists as JSON; otherwise they are refused.
    pub flatten: bool,
    /// Names that may be set though they change how programs run.
    pub allowed: Vec<String>,
}

/// Variables in the order of their files; no `Debug`, for they hold plaintext.
#[derive(Default)]
pub struct Variables(Vec<(OsString, OsString)>);

impl Variables {
    /// All of them; a later one of the same name counts.
    pub fn iter(&self) -> impl Iterator<Item = &(OsString, OsString)> {
        self.0.iter()
    }

    /// Adds those of an opened file.
    ///
    /// # Errors
    /// A value that is none for a variable, a name that is none, or one that changes how programs run.
    pub fn add(&mut self, file: &OpenFile<'_>, name: &str, how: &How, world: &World<'_>) -> Result<(), Error> {
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        if file.format() == Format::Dotenv && how.dialect != Dialect::Sops {
            let lookup = |wanted: &str| {
                self.0.iter().rev().find(|(n, _)| n == wanted).map(|(_, v)| v.clone()).or_else(|| world.session.outside().env(wanted))
            };
            let reading = dialect::read(file.plain(), how.dialect, &lookup)
                .map_err(|e| Error::Variable { path: format!("{name}: line {}", e.line), what: e.what.to_owned() })?;
            world.warn_of(name, unread(file, &reading.unread, how.dialect, world));
            found = reading.pairs;
        } else {
            let trees =
                file.trees(world.manners).map_err(|source| Error::Sealed { path: name.to_owned(), format: file.format(), source })?;
            let tree = trees.first().unwrap_or(&Tree::Null);
            collect(tree, "", how, name, &mut found)?;
        }
        for (key, value) in found {
            check(&key, &value, how, name, world)?;
            self.0.push((OsString::from_vec(key), OsString::from_vec(value)));
        }
        Ok(())
    }
}

/// What a dialect's reader passes over is told, as the reader itself does. Of it only a name is shown that stands in clear in the sealed file: the rest may
/// be a piece of a value.
fn unread(file: &OpenFile<'_>, unread: &[Unread], dialect: Dialect, world: &World<'_>) -> Vec<String> {
    if unread.is_empty() {
        return Vec::new();
    }
    let document = file.document(world.manners).ok();
    let leaves = document.as_ref().map(|document| document.leaves()).unwrap_or_default();
    let line = |Unread { line, span }: &Unread| {
        let leaf = leaves.iter().find(|leaf| span.contains(&(leaf.span.start as usize)) || leaf.span.start as usize == span.end);
        let name = leaf.zip(document.as_ref()).map(|(leaf, document)| format!(" ({})", document.paths().display(leaf.path)));
        let (name, reader) = (name.unwrap_or_default(), dialect.reader());
        format!(
            "line {line}{name}: {reader} cannot read this, and so the program does not get it; exec-env --dialect sops takes it as it stands"
        )
    };
    let mut lines: Vec<String> = unread.iter().take(MOST_TOLD).map(line).collect();
    if unread.len() > MOST_TOLD {
        lines.push(format!("{} more that {} cannot read", unread.len() - MOST_TOLD, dialect.reader()));
    }
    lines
}

fn collect(tree: &Tree, prefix: &str, how: &How, name: &str, found: &mut Vec<(Vec<u8>, Vec<u8>)>) -> Result<(), Error> {
    for (key, value) in tree.entries() {
        let full = [prefix.as_bytes(), key].concat();
        let shown = || display_parts(&[leafcrypt_formats::Part::Key(full.clone())]);
        match value {
            Tree::Null => found.push((full, b"<nil>".to_vec())),
            Tree::Value(value) => found.push((full, scalar_text(value))),
            Tree::Map(_) if how.flatten => {
                let below = format!("{}__", String::from_utf8_lossy(&full));
                collect(value, &below, how, name, found)?;
            }
            Tree::List(_) if how.flatten => found.push((full, json(value).to_string().into_bytes())),
            Tree::Map(_) | Tree::List(_) => {
                return Err(Error::Nested { path: name.to_owned(), key: shown() });
            }
        }
    }
    Ok(())
}

/// A list as JSON, for programs that read it so.
fn json(tree: &Tree) -> serde_json::Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match tree {
        Tree::Null => serde_json::Value::Null,
        Tree::Value(Value::Int(n)) => (*n).into(),
        Tree::Value(Value::Bool(b)) => (*b).into(),
        Tree::Value(Value::Float(f)) if f.is_finite() => (*f).into(),
        Tree::Value(value) => text(&scalar_text(value)).into(),
        Tree::List(_) => tree.items().map(json).collect(),
        Tree::Map(_) => tree.entries().map(|(key, value)| (text(key), json(value))).collect::<serde_json::Map<_, _>>().into(),
    }
}

fn check(key: &[u8], value: &[u8], how: &How, name: &str, world: &World<'_>) -> Result<(), Error> {
    let shown = || display_parts(&[leafcrypt_formats::Part::Key(key.to_vec())]);
    let refuse = |what: String| Err(Error::Variable { path: name.to_owned(), what });
    if key.is_empty() || key.iter().any(|&b| b == b'=' || b < b' ' || b == 0x7f) {
        return refuse(format!("{} is no name of a variable", shown()));
    }
    if value.contains(&0) {
        return refuse(format!("{} holds a NUL, which no variable can", shown()));
    }
    let text = String::from_utf8_lossy(key);
    let danger = danger(&text);
    if danger == Danger::None || how.allowed.iter().any(|allowed| *allowed == text) {
        return Ok(());
    }
    if danger == Danger::Loader || !world.manners.sops_messages {
        return refuse(format!("{} changes how programs run", shown()));
    }
    world.dialog.warn(&format!("{name}: {} changes how programs run", shown()));
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Danger {
    None,
    /// What shells, interpreters and git look at.
    Program,
    /// What the loader looks at before any program runs.
    Loader,
}

/// Names that decide which code runs, rather than what it works on.
fn danger(name: &str) -> Danger {
    const PROGRAM: [&str; 24] = [
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "SHELLOPTS",
        "BASHOPTS",
        "PS4",
        "PROMPT_COMMAND",
        "CDPATH",
        "GLOBIGNORE",
        "SHELL",
        "HOME",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "BROWSER",
        "PYTHONSTARTUP",
        "PYTHONHOME",
        "PERL5OPT",
        "PERL5DB",
        "RUBYOPT",
        "NODE_OPTIONS",
        "JAVA_TOOL_OPTIONS",
        "GCONV_PATH",
    ];
    if name.starts_with("LD_") || name.starts_with("DYLD_") || name.starts_with("_RLD") {
        return Danger::Loader;
    }
    let ends = ["PATH", "_OPTIONS"].iter().any(|end| name.ends_with(end)) && name.len() > 4;
    let starts = ["GIT_", "BASH_FUNC_"].iter().any(|start| name.starts_with(start));
    if PROGRAM.contains(&name) || ends || starts { Danger::Program } else { Danger::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_choose_the_program() {
        let check = |name, expected| assert_eq!(danger(name), expected, "{name}");
        check("LD_PRELOAD", Danger::Loader);
        check("DYLD_INSERT_LIBRARIES", Danger::Loader);
        check("PATH", Danger::Program);
        check("PYTHONPATH", Danger::Program);
        check("NODE_OPTIONS", Danger::Program);
        check("GIT_SSH_COMMAND", Danger::Program);
        check("BASH_ENV", Danger::Program);
        check("DB_PASSWORD", Danger::None);
        check("PATHS", Danger::None);
        check("XPATH_EXPRESSION", Danger::None);
    }
}
