//! Every point on which the name `sops` behaves otherwise, named, chosen once from argv\[0\] (docs/sops-compatibility.md, "as `leafcrypt`").
//! Who behaves otherwise asks a field here, and nobody looks at the name itself.

/// How the program was called.
#[derive(Debug)]
pub struct Manners {
    /// The name in messages.
    pub name: &'static str,
    /// Messages are SOPS's strings; otherwise ours, with names and hints.
    pub sops_messages: bool,
    /// `encrypt` of a sealed file completes it; otherwise exit 203.
    pub completes_sealed: bool,
    /// `.toml` is TOML; otherwise binary.
    pub knows_toml: bool,
    /// Unknown words of `--input-type` and `--decryption-order` are errors, and a name that hides its type (`.env.prod`) is warned of; otherwise ignored.
    pub strict_types: bool,
    /// Global flags before a subcommand work; otherwise they are ignored with a warning.
    pub global_flags: bool,
    /// Numbers given to `set`: integers stay integers, lists are allowed, an equal value writes nothing.
    pub typed_set: bool,
    /// `.sops.yaml` is looked for from the file's folder up to the edge of repository or home; otherwise from the current folder, 100 levels.
    pub config_near_file: bool,
    /// A configuration file that third parties own or can write is refused; otherwise a warning.
    pub strict_config_owner: bool,
    /// A creation rule that cannot be used stops also commands that only compare it with a sealed file; otherwise a warning.
    pub stops_at_rules: bool,
    /// What does not read back is refused; otherwise printed as SOPS does, with a warning.
    pub strict_printing: bool,
    /// A binary envelope is known by its content under any name.
    pub knows_envelopes: bool,
    /// A sealed text under a name that tells no type (`.env.production`) is opened as what it is, and one under another type's name is told apart;
    /// otherwise it is a binary file or JSON, or does not parse.
    pub knows_sealed: bool,
    /// A text that is not of its type and has no trace of a sealed file is "not sealed"; otherwise a syntax error.
    pub knows_plain: bool,
    /// ENV files are given to programs by SOPS's raw rule; otherwise as python-dotenv reads them.
    pub raw_env: bool,
    /// A null given to a program is the text `<nil>`; otherwise no variable at all.
    pub null_is_text: bool,
    /// USR1 and USR2 are passed on to a program; otherwise nobody's.
    pub passes_messages: bool,
    /// A YAML file that is JSON as a whole, and has no field of ours, keeps its text; otherwise it is printed as YAML, as SOPS does: nobody has chosen that
    /// layout, for it was sealed as JSON or as a binary file under another name.
    pub keeps_json: bool,
    /// A position in a list of YAML counts the lines of comments, each of which is an item to SOPS; otherwise items alone.
    pub counts_comments: bool,
    /// `--extract` of a map in a stream of documents: that map alone; otherwise the later documents follow.
    pub extract_alone: bool,
    /// A layout that others have changed is told; otherwise not: names and values are right, formatters run over every file, and there are programs that take any
    /// word on standard error for a failure.
    pub tells_layout: bool,
    /// Fields of `.sops.yaml` that nobody knows are named in a warning; otherwise ignored in silence.
    pub names_unknown_fields: bool,
    /// A text that is opened is printed as what it was opened as, where no name tells its type; otherwise as a binary file.
    pub prints_as_opened: bool,
    /// A new file of which a suffix or regex of ours leaves every value in clear is refused, but for the names that end in `_unencrypted`; otherwise it
    /// is sealed, with a warning where a regex does so. Likewise what `set` and `unset` would bring to stand in clear; otherwise a warning.
    pub strict_clear: bool,
    /// What a person or a program gets to see (an editor, standard output, the file of `exec-file`) has its last line ended, as all that SOPS prints: scripts append
    /// to it, and read it by lines. Files that are written keep their end.
    pub ends_last_line: bool,
    /// Integers of 2^63 and more and odd ENV lines are taken with hints; otherwise errors, but for those that a sealed file has.
    pub own_dialect: bool,
}

/// As `leafcrypt`.
pub static LEAFCRYPT: Manners = Manners {
    name: "leafcrypt",
    sops_messages: false,
    completes_sealed: true,
    knows_toml: true,
    strict_types: true,
    global_flags: true,
    typed_set: true,
    config_near_file: true,
    strict_config_owner: true,
    stops_at_rules: true,
    strict_printing: true,
    knows_envelopes: true,
    knows_sealed: true,
    knows_plain: true,
    raw_env: false,
    null_is_text: false,
    passes_messages: true,
    keeps_json: true,
    counts_comments: false,
    extract_alone: true,
    tells_layout: true,
    names_unknown_fields: true,
    prints_as_opened: true,
    strict_clear: true,
    ends_last_line: false,
    own_dialect: true,
};

/// As `sops`.
pub static SOPS: Manners = Manners {
    name: "sops",
    sops_messages: true,
    completes_sealed: false,
    knows_toml: false,
    strict_types: false,
    global_flags: false,
    typed_set: false,
    config_near_file: false,
    strict_config_owner: false,
    stops_at_rules: false,
    strict_printing: false,
    knows_envelopes: false,
    knows_sealed: false,
    knows_plain: false,
    raw_env: true,
    null_is_text: true,
    passes_messages: false,
    keeps_json: false,
    counts_comments: true,
    extract_alone: false,
    tells_layout: false,
    names_unknown_fields: false,
    prints_as_opened: false,
    strict_clear: false,
    ends_last_line: true,
    own_dialect: false,
};

impl Manners {
    /// By the last part of argv\[0\].
    pub fn of_program(argv0: &str) -> &'static Manners {
        let name = argv0.rsplit(['/', '\\']).next().unwrap_or(argv0);
        if is_sops(name.strip_suffix(".exe").unwrap_or(name)) { &SOPS } else { &LEAFCRYPT }
    }
}

/// `sops`, or a name of its releases, by which tools and images put it into `PATH`: `sops-v3.13.2.linux.amd64`, `sops_3.11.0_amd64`, `sops-darwin-arm64`.
fn is_sops(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("sops") else { return false };
    let Some(release) = rest.strip_prefix(['-', '_', '.']) else { return rest.is_empty() };
    let version = release.strip_prefix('v').unwrap_or(release);
    version.starts_with(|c: char| c.is_ascii_digit()) || ["linux", "darwin", "windows"].iter().any(|system| release.starts_with(system))
}

#[cfg(test)]
mod tests {
    use super::Manners;

    #[test]
    fn names_of_sops() {
        let is_sops = |argv0: &str| Manners::of_program(argv0).name == "sops";
        for name in
            ["sops", "/usr/bin/sops", "sops.exe", r"C:\bin\sops.exe", "sops-v3.13.2.linux.amd64", "sops-3.11.0", "sops_3.11.0_amd64"]
        {
            assert!(is_sops(name), "{name}");
        }
        for name in ["sops-v3.9.0.exe", "sops-v3.13.2.amd64.exe", "sops-darwin-arm64", "./sops.linux"] {
            assert!(is_sops(name), "{name}");
        }
        for name in ["leafcrypt", "sopsy", "sops-diff", "sops-view", "sops-", "mysops", "sops/leafcrypt", ""] {
            assert!(!is_sops(name), "{name}");
        }
    }
}
