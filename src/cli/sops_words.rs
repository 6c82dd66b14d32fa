//! An error in SOPS's own words (`docs/sops-cli.md`, section 7).

use std::path::Path;

use leafcrypt_formats::{Format, SyntaxClass, one_line};
use leafcrypt_kms::{Session, backend};

use super::Context;
use super::report::absolute;
use crate::error::Error;
use crate::files::ReadError;
use crate::keys::NoKeyOpens;
use crate::sealed_file::{OpenError, SealError, SealedError};

/// The text.
pub(super) fn as_sops(error: &Error, context: &Context<'_>) -> String {
    let session = &context.world.session;
    let shown =
        |path: &String| if context.telling.as_typed { one_line(path).into_owned() } else { absolute(Path::new(path), &context.world) };
    match error {
        Error::NoFile => "Error: no file specified".to_owned(),
        Error::Status(source) => as_sops(source, context),
        Error::Read { path, source: ReadError::NotFound } => format!("Error: cannot operate on non-existent file \"{}\"", shown(path)),
        Error::Read { path, source } => format!("Error reading file: {}: {source}", one_line(path)),
        Error::PlainSyntax { path, source } if source.class == SyntaxClass::NoDocument => {
            let _ = path;
            "File cannot be completely empty, it must contain at least one document".to_owned()
        }
        Error::PlainSyntax { path, source } if source.class == SyntaxClass::NoContent => {
            format!("Error unmarshalling file: EOF: {}: {source}", one_line(path))
        }
        Error::PlainSyntax { path, source } if source.class == SyntaxClass::NotWalked => {
            format!("Error encrypting tree: Error walking tree: {}: {source}", one_line(path))
        }
        Error::PlainSyntax { path, source } => format!("Error unmarshalling file: {}: {source}", one_line(path)),
        Error::NoRoot { .. } => format!("Error unmarshalling file: {error}"),
        Error::Sealed { source: SealedError::NotSealed(_), .. } => "sops metadata not found".to_owned(),
        // SOPS's own words, exactly, where the metadata and not the text are at fault.
        Error::Sealed { source: SealedError::Metadata(source), .. } => source.to_string(),
        Error::Sealed { path, format, source: SealedError::Syntax(source) } => {
            match format {
                Format::Dotenv if source.class == SyntaxClass::Syntax => {
                    format!("invalid dotenv input line: {}: {source}", one_line(path))
                }
                // SOPS shows what its reader of INI says.
                Format::Ini => format!("{}: {source}", one_line(path)),
                Format::Binary => format!("Error unmarshalling input {}: {}: {source}", Format::Json.name(), one_line(path)),
                format => format!("Error unmarshalling input {}: {}: {source}", format.name(), one_line(path)),
            }
        }
        Error::Write { path, source } => format!("Could not open output file for writing: {}: {source}", one_line(path)),
        Error::Print { path, source } => format!("Error dumping file: {}: {source}", one_line(path)),
        Error::PrintAlone { path, source } => format!("Error dumping tree: {}: {source}", one_line(path)),
        Error::NoData { .. } => NO_DATA.to_owned(),
        Error::Unholdable { path, source } => format!("Could not marshal tree: {}: {source}", one_line(path)),
        Error::AlreadySealed { .. } | Error::Reserved { .. } => ALREADY.to_owned(),
        Error::NothingToChange { path } => format!("Error reading file: open {}: no such file or directory", shown(path)),
        Error::NoKeysToChange { path } => {
            let path = shown(path);
            format!("Error: cannot add or remove keys on non-existent file \"{path}\", use the `edit` subcommand instead.")
        }
        Error::BadSetPath { format, .. } => format.clone(),
        Error::BadSetValue | Error::NotHeld { .. } => "Value for --set is not valid JSON".to_owned(),
        Error::SetList => "Invalid --set value format".to_owned(),
        Error::NotSet { sops, .. } => sops.clone(),
        Error::Seal { source, .. } => match &**source {
            SealError::Wrap(why) => format!("Could not generate data key: [{why}]"),
            _ => error.to_string(),
        },
        Error::NewKey { source, .. } => format!("Error encrypting the data key with one or more master keys: [{source}]"),
        Error::Open { source, .. } => match &**source {
            // `groups` does not ask the report for its words.
            OpenError::NoKeyOpens(report) if context.telling.logged.is_some() && report.combining.is_none() => {
                let opened = report.groups.iter().filter(|group| group.opened()).count();
                format!("Error getting data key: {} successful groups required, got {opened}", report.threshold)
            }
            OpenError::NoKeyOpens(report) => sops_report(report, session),
            OpenError::Leaf { path, why, .. } => {
                format!("Error decrypting tree: Error walking tree: Could not decrypt value: {}: {why}", one_line(path))
            }
            OpenError::MacUnreadable(_) => source.to_string(),
            // SOPS shows both digests: who can write the file takes all tokens out but one, and reads that value's digest in a log.
            OpenError::MacMissing => "MAC mismatch. File has no MAC; the digest of its values is not shown".to_owned(),
            OpenError::MacMismatch => "MAC mismatch. Digests of values are not shown: a short value is found by trying".to_owned(),
            _ => error.to_string(),
        },
        Error::Unanswered { sops, .. } => (*sops).to_owned(),
        Error::NotThere { component, .. } => format!("error truncating tree: {component}"),
        Error::Variable { what, .. } => what.clone(),
        Error::Nested { key, .. } => format!("cannot use complex value in environment; offending key {key}"),
        other => other.to_string(),
    }
}

/// `docs/sops-cli.md`, section 7: 203, 75 columns.
const ALREADY: &str = "The file you have provided contains a top-level entry called 'sops', or for\n\
flat file formats top-level entries starting with 'sops_'. This is\n\
generally due to the file already being encrypted. SOPS uses a top-level\n\
entry called 'sops' to store the metadata required to decrypt the file. For\n\
this reason, SOPS can not encrypt files that already contain such an entry.\n\
\n\
If this is an unencrypted file, rename the 'sops' entry.\n\
\n\
If this is an encrypted file and you want to edit it, use the editor mode,\n\
for example: `sops edit my_file.yaml`";

/// The same section, 4.
const NO_DATA: &str = "Error dumping file: error emitting binary store: no binary data found in tree\n\n\
This is likely not an encrypted binary file? If not, use --output-type to select the correct output type.";

/// `docs/sops-keys.md`, section 3, with its columns and trailing blanks.
fn sops_report(report: &NoKeyOpens, session: &Session) -> String {
    if let Some(why) = &report.combining {
        return why.clone();
    }
    let mut out = String::from("Failed to get the data key required to decrypt the SOPS file.\n");
    for (i, group) in report.groups.iter().enumerate() {
        out.push_str(&format!("\nGroup {i}: {}", if group.opened() { "SUCCESS" } else { "FAILED" }));
        for (n, (key, why)) in group.tried.iter().enumerate() {
            if n > 0 {
                out.push_str("\n  ");
            }
            out.push_str(&format!("\n  {}: FAILED", one_line(key.id())));
            let why = backend(key.kind()).in_sops_words(&**key, why, session);
            for (k, line) in wrap(&why, 60).iter().enumerate() {
                out.push_str(if k == 0 { "\n    - | " } else { "\n      | " });
                out.push_str(line);
            }
        }
        out.push('\n');
    }
    let opened = report.groups.iter().filter(|g| g.opened()).count();
    let trailer = if report.threshold == 0 {
        "Recovery failed because no master key was able to decrypt the file. In order for SOPS to recover the file, at least one key has to be successful, but none were.".to_owned()
    } else {
        format!(
            "Recovery failed because the file was encrypted with a Shamir threshold of {}, but only {opened} part(s) were successfully recovered, one for each successful key group. In order for SOPS to recover the file, at least {} groups have to be successful. In order for a group to be successful, decryption has to succeed with any of the keys in that key group.",
            report.threshold, report.threshold
        )
    };
    out.push('\n');
    out.push_str(&wrap(&trailer, 75).join("\n"));
    out
}

/// Words in lines of at most `width` columns.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
