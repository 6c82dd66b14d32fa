//! The commands that write, each with the files it is about to change.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::files::{PROGRAM, must};
use crate::tools::Place;

/// A value that must not stand where nobody asked for it.
pub const CANARY: &str = "hunter2-canary";

/// A command, and what it does.
pub struct Case {
    pub name: String,
    pub args: Vec<String>,
    /// The files it changes, below its folder.
    pub becomes: Vec<(&'static str, Becomes)>,
    /// Its folder `work` is what every run starts with.
    pub template: Place,
}

/// What a file is when the command is done.
pub enum Becomes {
    /// Sealed; this is the plain text.
    Sealed(String),
    /// This.
    Plain(String),
    /// So many age identities.
    Identities(usize),
    /// A text that starts and ends so.
    Text(&'static str, &'static str),
}

impl Becomes {
    /// The mode of a new one.
    pub fn new_mode(&self) -> u32 {
        match self {
            Becomes::Plain(_) | Becomes::Identities(_) => 0o600,
            Becomes::Sealed(_) | Becomes::Text(..) => 0o644,
        }
    }
}

/// The command in a folder, as it is run by every test here.
pub fn prepare(mut command: Command, template: &Place, folder: &Path) -> Command {
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    command.env("PATH", "/usr/bin:/bin:/sbin").env("HOME", folder.join("home")).env("SOPS_AGE_KEY_FILE", template.path("keys.txt"));
    // Within the folder, so that what is put there is seen.
    command.env("TMPDIR", folder);
    command
}

impl Case {
    /// Is this a complete new file?
    pub fn verify(&self, path: &Path, bytes: &[u8], becomes: &Becomes) -> Result<(), String> {
        let text = String::from_utf8_lossy(bytes);
        let right = match becomes {
            Becomes::Plain(plain) => text == *plain,
            Becomes::Text(start, end) => text.starts_with(start) && text.ends_with(end),
            Becomes::Identities(count) => {
                text.ends_with('\n')
                    && text.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-1") && line.len() == 74).count() == *count
            }
            Becomes::Sealed(plain) => {
                let mut decrypt = prepare(Command::new(PROGRAM), &self.template, path.parent().unwrap());
                let output = decrypt.args(["decrypt", "--require-witness"]).arg(path).output().unwrap();
                output.status.success() && output.stdout == plain.as_bytes()
            }
        };
        if right { Ok(()) } else { Err(format!("{} bytes", bytes.len())) }
    }

    /// Another command that writes into a folder.
    pub fn other(&self, folder: &Path) -> Output {
        let mut encrypt = prepare(Command::new(PROGRAM), &self.template, folder);
        encrypt.args(["encrypt", "--age", &self.template.recipient, "--output", "other.json"]).arg(self.template.path("other.json"));
        encrypt.output().unwrap()
    }
}

fn case(name: &str, args: &[&str], becomes: Vec<(&'static str, Becomes)>, fill: impl Fn(&Place)) -> Case {
    let template = Place::new();
    std::fs::create_dir_all(template.path("work/home")).unwrap();
    template.write("other.json", "{\"x\": \"y\"}\n");
    fill(&template);
    let args = args.iter().map(|arg| arg.replace("RECIPIENT", &template.recipient)).collect();
    Case { name: name.to_owned(), args, becomes, template }
}

fn plain(value: &str) -> String {
    format!("# a comment\na: {value}\nb: 2\n")
}

fn put_plain(place: &Place) {
    place.write("work/f.yaml", plain(CANARY));
}

fn put_sealed(place: &Place) {
    put_plain(place);
    must(place, &["encrypt", "-i", "--age", &place.recipient, "work/f.yaml"]);
}

/// All of them.
pub fn all() -> Vec<Case> {
    let sealed = || Becomes::Sealed(plain(CANARY));
    vec![
        case("set", &["set", "f.yaml", "[\"a\"]", "\"other\""], vec![("f.yaml", Becomes::Sealed(plain("other")))], put_sealed),
        case("unset", &["unset", "f.yaml", "[\"b\"]"], vec![("f.yaml", Becomes::Sealed(plain(CANARY).replace("b: 2\n", "")))], put_sealed),
        case(
            "groups add",
            &["groups", "add", "-i", "-y", "--file", "f.yaml", "--age", "RECIPIENT"],
            vec![("f.yaml", sealed())],
            put_sealed,
        ),
        case("rotate -i", &["rotate", "-i", "f.yaml"], vec![("f.yaml", sealed())], put_sealed),
        case("updatekeys", &["updatekeys", "-y", "f.yaml"], vec![("f.yaml", sealed())], |place| {
            put_sealed(place);
            let other = Place::new().recipient.clone();
            place.write("work/.sops.yaml", format!("creation_rules:\n  - age: {},{other}\n", place.recipient));
        }),
        case("encrypt -i", &["encrypt", "-i", "--age", "RECIPIENT", "f.yaml"], vec![("f.yaml", sealed())], put_plain),
        case("decrypt -i", &["decrypt", "-i", "f.yaml"], vec![("f.yaml", Becomes::Plain(plain(CANARY)))], put_sealed),
        case(
            "encrypt --output",
            &["encrypt", "--age", "RECIPIENT", "--output", "new.yaml", "f.yaml"],
            vec![("new.yaml", sealed())],
            put_plain,
        ),
        case(
            "decrypt --output",
            &["decrypt", "--output", "new.yaml", "f.yaml"],
            vec![("new.yaml", Becomes::Plain(plain(CANARY)))],
            put_sealed,
        ),
        case(
            "encrypt --output over",
            &["encrypt", "--age", "RECIPIENT", "--output", "new.yaml", "f.yaml"],
            vec![("new.yaml", sealed())],
            |place| {
                put_plain(place);
                place.write("work/new.yaml", "old: text\n");
            },
        ),
        case("keygen", &["keygen"], vec![("home/.config/sops/age/keys.txt", Becomes::Identities(1))], |_| {}),
        case("keygen -y", &["keygen", "-y"], vec![("home/.config/sops/age/keys.txt", Becomes::Identities(2))], |place| {
            let keys = place.path("work/home/.config/sops/age");
            std::fs::create_dir_all(&keys).unwrap();
            std::fs::copy(place.path("keys.txt"), keys.join("keys.txt")).unwrap();
        }),
        case(
            "init",
            &["init"],
            vec![
                ("home/.config/sops/age/keys.txt", Becomes::Identities(1)),
                (".sops.yaml", Becomes::Text("# Who can read", "\n")),
                (".gitignore", Becomes::Text("target\n# plaintext", "keys.txt\n")),
            ],
            |place| {
                place.write("work/.gitignore", "target\n");
                // With one at hand there would be no new identity.
                place.write("keys.txt", "");
            },
        ),
    ]
}

/// What changes files in place, for each format but YAML, which is among the others.
pub fn formats() -> Vec<Case> {
    let json = |value: &str| format!("{{\n  \"a\": \"{value}\",\n  \"b\": 2\n}}\n");
    let env = |value: &str| format!("# a comment\nA={value}\nB=2\n");
    let binary = format!("\0{}", CANARY.repeat(1 << 10));
    let mut cases = vec![
        in_place("f.json", &json(CANARY), &["set", "f.json", "[\"a\"]", "\"other\""], Becomes::Sealed(json("other"))),
        in_place("f.env", &env(CANARY), &["set", "f.env", "[\"A\"]", "\"other\""], Becomes::Sealed(env("other"))),
    ];
    for (file, plain) in [("f.json", json(CANARY)), ("f.env", env(CANARY)), ("f.bin", binary)] {
        cases.push(in_place(file, &plain, &["rotate", "-i", file], Becomes::Sealed(plain.clone())));
        cases.push(in_place(file, &plain, &["encrypt", "-i", "--age", "RECIPIENT", file], Becomes::Sealed(plain.clone())));
        cases.push(in_place(file, &plain, &["decrypt", "-i", file], Becomes::Plain(plain.clone())));
    }
    cases
}

fn in_place(file: &'static str, plain: &str, args: &[&str], becomes: Becomes) -> Case {
    case(&args.join(" "), args, vec![(file, becomes)], |place| {
        place.write(&format!("work/{file}"), plain);
        if args[0] != "encrypt" {
            must(place, &["encrypt", "-i", "--age", &place.recipient, &format!("work/{file}")]);
        }
    })
}
