//! Tampering (docs/threat-model.md, sections 3 and 4): every class of attack as a row that states what becomes of the file, with the witness
//! and without.
//!
//! A row has four outcomes, in this order: as it is, with `--strict`, with `--require-witness`, and the same change to the same file without
//! the field `leafcrypt`, as SOPS would leave it. The fourth is also that of the file which the real sops sealed, if the change applies to
//! its layout. A number is an exit code; then nothing was printed and nothing was written. Else the file opens:
//! - `same`: to the identical text, `told`: the same, with a warning;
//! - `warn`: to the same values with other comments or another layout, with a warning, `quiet`: the same without one;
//! - `other`: to another document.

mod forged;
mod hints;
mod lab;
mod metadata;
mod random;
mod structure;
mod tokens;
mod unaccepted;
mod vouched;

use leafcrypt::formats::Format;

use crate::tools::{Place, error_of};

// The value `hunter2-canary` sits in every sample; no message may show a piece of it.

const YAML: &str = "# note\nname: alpha\nport: 5432\nratio: 1.5\nflag: true\nwhen: 2001-12-14T21:59:43Z\nlist:\n    - one\n    - two\n    - three\n\
    db:\n    password: hunter2-canary\nempty: ''\nnothing: null\nvoid: {}\nnone: []\nclear_unencrypted: one\nother_unencrypted: two\n\
    yes_unencrypted: true\nlevel_unencrypted: 3\nmap_unencrypted:\n    inner: x\n";
const JSON: &str = "{\n  \"name\": \"alpha\",\n  \"port\": 5432,\n  \"ratio\": 1.5,\n  \"flag\": true,\n  \"list\": [\n    \"one\",\n    \"two\",\n    \
    \"three\"\n  ],\n  \"db\": {\n    \"password\": \"hunter2-canary\"\n  },\n  \"empty\": \"\",\n  \"nothing\": null,\n  \"void\": {},\n  \"none\": [],\n  \
    \"clear_unencrypted\": \"one\",\n  \"other_unencrypted\": \"two\",\n  \"yes_unencrypted\": true,\n  \"level_unencrypted\": 3,\n  \
    \"map_unencrypted\": {\n    \"inner\": \"x\"\n  }\n}\n";
const ENV: &str =
    "# note\nname=alpha\nport=5432\nflag=True\npassword=hunter2-canary\nempty=\nclear_unencrypted=one\nother_unencrypted=two\n";
const INI: &str = "; note\n[main]\nname = alpha\nport = 5432\nflag = True\nempty = \nclear_unencrypted = one\nother_unencrypted = two\n\n[db]\npassword = hunter2-canary\n";
const TOML: &str = "# note\nname = \"alpha\"\nport = 5432\nratio = 1.5\nflag = true\nlist = [\n  \"one\",\n  \"two\",\n  \"three\",\n]\nempty = \"\"\n\
    clear_unencrypted = \"one\"\nother_unencrypted = \"two\"\nyes_unencrypted = true\nlevel_unencrypted = 3\n\n[db]\npassword = \"hunter2-canary\"\n";
const BINARY: &str = "alpha\nhunter2-canary\n";

/// The samples, by ending.
pub const SAMPLES: [(&str, &str); 6] = [("yaml", YAML), ("json", JSON), ("env", ENV), ("ini", INI), ("toml", TOML), ("bin", BINARY)];

/// A sealed text under attack.
#[derive(Clone)]
pub struct Sealed {
    pub text: String,
}

impl Sealed {
    /// The same with one piece replaced; `None` if the piece is not there.
    pub fn replace(&self, from: &str, to: &str) -> Option<String> {
        self.text.contains(from).then(|| self.text.replacen(from, to, 1))
    }

    /// The first line on which a name is defined, with its line feed.
    pub fn line(&self, name: &str) -> Option<&str> {
        let defines = |line: &str| {
            let rest = line.trim_start().trim_start_matches("- ").trim_start_matches('"').trim_start_matches("sops_");
            rest.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', '=', '"', ' ']))
        };
        self.text.split_inclusive('\n').find(|line| defines(line))
    }

    /// The token that a name has.
    pub fn token(&self, name: &str) -> Option<&str> {
        token_in(self.line(name)?)
    }

    /// The tokens of the items of `list`.
    pub fn items(&self) -> Vec<&str> {
        let Some(at) = self.line("list").and_then(|line| self.text.find(line)) else { return Vec::new() };
        self.text[at..].lines().skip(1).map_while(token_in).collect()
    }

    /// With another token in the place of a name's.
    pub fn retoken(&self, name: &str, change: impl FnOnce(&str) -> String) -> Option<String> {
        let token = self.token(name)?;
        self.replace(token, &change(token))
    }

    /// Without the line of a name.
    pub fn without(&self, name: &str) -> Option<String> {
        self.replace(self.line(name)?, "")
    }

    /// Without our own field, also where all the metadata stands on one line.
    pub fn stripped(&self) -> Option<String> {
        if self.line("leafcrypt").is_some() {
            return self.without("leafcrypt");
        }
        let start = self.text.find("\"leafcrypt\"")?;
        let end = start + self.text[start..].find("]\",")? + 3;
        let blanks = self.text[end..].len() - self.text[end..].trim_start_matches(' ').len();
        Some(format!("{}{}", &self.text[..start], &self.text[end + blanks..]))
    }

    /// With the line of a name changed.
    pub fn reline(&self, name: &str, change: impl FnOnce(&str) -> String) -> Option<String> {
        let line = self.line(name)?;
        self.replace(line, &change(line))
    }

    /// Two lines exchanged.
    pub fn exchange(&self, one: &str, two: &str) -> Option<String> {
        let (one, two) = (self.line(one)?, self.line(two)?);
        Some(self.text.replacen(one, "\u{1}", 1).replacen(two, one, 1).replacen('\u{1}', two, 1))
    }
}

fn token_in(line: &str) -> Option<&str> {
    let start = line.find("ENC[")?;
    let end = line[start..].find(']')? + start + 1;
    Some(&line[start..end])
}

/// A change of a sealed text; `None`: it does not apply to this text.
pub type Change<'a> = &'a dyn Fn(&Sealed) -> Option<String>;

/// One sample, sealed in every way.
pub struct Bench {
    pub place: Place,
    ending: &'static str,
    plain: String,
    pub field: Sealed,
    pub bare: Sealed,
    /// By the real sops, and what it prints when it opens that.
    theirs: Option<(Sealed, Vec<u8>)>,
    wrong: Vec<String>,
    rows: usize,
}

impl Bench {
    /// Seals a sample.
    pub fn new(ending: &'static str, plain: &str) -> Self {
        Self::with(ending, plain, &[], &[])
    }

    /// Seals a sample for others as well, with more flags.
    pub fn with(ending: &'static str, plain: &str, others: &[&str], flags: &[&str]) -> Self {
        let place = Place::new();
        let age = [&[place.recipient.as_str()], others].concat().join(",");
        let name = format!("plain.{ending}");
        place.write(&name, plain);
        let args = [&["encrypt", "--age", &age], flags, &[&name]].concat();
        let done = place.ours(&args);
        assert!(done.status.success(), "{ending}: {}", String::from_utf8_lossy(&done.stderr));
        let field = Sealed { text: String::from_utf8(done.stdout).unwrap() };
        let bare = Sealed { text: field.without("leafcrypt").expect("there is a field") };
        let mut theirs = None;
        if ending != "toml"
            && let Some(done) = place.sops(&args)
            && done.status.success()
        {
            place.write(&format!("theirs.{ending}"), &done.stdout);
            let printed = place.sops(["decrypt", &format!("theirs.{ending}")]).expect("it is there").stdout;
            theirs = Some((Sealed { text: String::from_utf8(done.stdout).unwrap() }, printed));
        }
        Bench { place, ending, plain: plain.to_owned(), field, bare, theirs, wrong: Vec::new(), rows: 0 }
    }

    /// One row. `expected`: four outcomes, or one for all four.
    pub fn row(&mut self, name: &str, change: Change<'_>, expected: &str) {
        let mut words: Vec<&str> = expected.split(' ').collect();
        if words.len() == 1 {
            words = vec![words[0]; 4];
        }
        assert_eq!(words.len(), 4, "{name}: a row has one outcome or four");
        self.rows += 1;
        let Some(changed) = change(&self.field) else {
            return self.wrong.push(format!("{}: {name}: does not apply", self.ending));
        };
        if changed == self.field.text {
            return self.wrong.push(format!("{}: {name}: changes nothing", self.ending));
        }
        let plain = self.plain.clone().into_bytes();
        let mut got = vec![
            self.outcome(name, &changed, &[], &plain),
            self.outcome(name, &changed, &["--strict"], &plain),
            self.outcome(name, &changed, &["--require-witness"], &plain),
        ];
        // Where the change is about the field itself there is nothing to take away.
        let bare = change(&self.bare);
        let first_bare = bare.as_ref().map(|bare| {
            let plain = self.canonical();
            self.outcome(name, bare, &[], &plain)
        });
        got.push(first_bare.unwrap_or_else(|| "-".to_owned()));
        if got != words {
            self.wrong.push(format!("{}: {name}: {} instead of {expected}", self.ending, got.join(" ")));
        }
        if let Some((theirs, printed)) = self.theirs.clone()
            && let Some(changed) = change(&theirs)
            && changed != theirs.text
        {
            let their = self.outcome(name, &changed, &[], &printed);
            if their != words[3] {
                self.wrong.push(format!("{}: {name}: sealed by sops: {their} instead of {}", self.ending, words[3]));
            }
        }
    }

    /// A row with its own opinion of the file that sops sealed is not compared with it.
    pub fn row_of_ours(&mut self, name: &str, change: Change<'_>, expected: &str) {
        let theirs = self.theirs.take();
        self.row(name, change, expected);
        self.theirs = theirs;
    }

    /// What the file without the field opens to.
    fn canonical(&self) -> Vec<u8> {
        let name = format!("bare.{}", self.ending);
        self.place.write(&name, &self.bare.text);
        let done = self.place.ours(["decrypt", &name]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    }

    /// What becomes of a text; under the name `sops` the exit code is the same.
    fn outcome(&mut self, case: &str, text: &str, flags: &[&str], plain: &[u8]) -> String {
        let name = format!("f.{}", self.ending);
        self.place.write(&name, text);
        let args = [&["decrypt"], flags, &[&name]].concat();
        let done = self.place.ours(&args);
        let says = String::from_utf8_lossy(&done.stderr).into_owned();
        let mut fault = |what: &str| self.wrong.push(format!("{}: {case} {flags:?}: {what}: {says}", self.ending));
        if says.contains("canary") || says.contains("hunter2") {
            fault("shows a value");
        }
        if self.ending != "toml" && flags.is_empty() {
            let theirs = self.place.as_sops(&args);
            if theirs.status.code() != done.status.code() {
                fault(&format!("as sops it is {:?}: {}", theirs.status, String::from_utf8_lossy(&theirs.stderr)));
            }
        }
        if self.place.read(&name) != text.as_bytes() {
            fault("the file was changed");
        }
        match done.status.code() {
            Some(0) if done.stdout == plain => if says.is_empty() { "same" } else { "told" }.to_owned(),
            Some(0) if lab::same_document(Format::of_name(&name, true), &done.stdout, plain) => {
                if says.contains("warning: ") { "warn" } else { "quiet" }.to_owned()
            }
            Some(0) => "other".to_owned(),
            code => {
                if !done.stdout.is_empty() {
                    fault("printed something");
                }
                if !error_of(&says).starts_with("error: ") || !says.contains(&name) {
                    fault("no clear error");
                }
                code.map_or("signal".to_owned(), |code| code.to_string())
            }
        }
    }

    /// To be called at the end.
    pub fn finish(self) {
        assert!(self.rows > 0);
        assert!(self.wrong.is_empty(), "{} of {} rows:\n{}", self.wrong.len(), self.rows, self.wrong.join("\n"));
    }
}
