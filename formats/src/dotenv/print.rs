//! A tree as ENV, as SOPS's emitter writes it (docs/lossless-documents.md, section 10).

use crate::draft::room;
use crate::error::Unwritable;
use crate::flat::{Faults, NIL, fold_newlines, only_document, scalar_bytes, unfold_newlines, unwritable};
use crate::print::{Printed, Printing};
use crate::tree::{Member, Tree, comments_above};

use super::PREFIX;

/// Prints the one document.
pub(super) fn print(documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
    let mut faults = Faults::new(how);
    let mut text = room(documents, how);
    for member in comments_above(only_document(documents, &mut faults)?) {
        match member {
            Member::Comment(note) => {
                let note = note.text.as_slice();
                if note.contains(&b'\n') {
                    faults.refuse(&[], "a comment of several lines would become names or values")?;
                }
                text.push(b'#');
                text.extend_from_slice(note);
            }
            Member::Entry(name, tree) => {
                check_name(name, &mut faults)?;
                let value = match tree {
                    Tree::Null => {
                        faults.warn(&[name], "null becomes the text `<nil>`");
                        NIL.into()
                    }
                    Tree::Value(value) => scalar_bytes(value),
                    Tree::Map(_) | Tree::List(_) => return Err(unwritable(&[name], "ENV holds neither maps nor lists")),
                };
                let folded = fold_newlines(&value);
                if *unfold_newlines(&folded) != *value {
                    faults.warn(&[name], "the two characters `\\n` read back as a newline");
                }
                text.extend_from_slice(name);
                text.push(b'=');
                text.extend_from_slice(&folded);
            }
        }
        text.push(b'\n');
    }
    Ok(Printed { text, warnings: faults.warnings })
}

/// A name that is about to be written.
pub(super) fn check_new_name(name: &[u8]) -> Result<(), Unwritable> {
    if name.is_empty() {
        return Err(unwritable(&[name], "an empty name"));
    }
    check_name(name, &mut Faults::new(&Printing::default()))
}

fn check_name(name: &[u8], faults: &mut Faults<'_>) -> Result<(), Unwritable> {
    if name.starts_with(b"#") {
        faults.refuse(&[name], "the name starts with `#`, the line would be a comment")?;
    }
    if name.starts_with(PREFIX) {
        faults.refuse(&[name], "names that start with `sops_` are read as metadata")?;
    }
    if name.contains(&b'=') || name.contains(&b'\n') {
        faults.refuse(&[name], "the name holds `=` or a line break, another name would be read")?;
    }
    Ok(())
}
