//! The real sops and ours on one file: what either seals the other opens, with the MAC checked, and both seal the same.

use leafcrypt::formats::{CommentId, Document, Envelope, Format, LeafId, ScanOptions};
use leafcrypt::metadata::Metadata;

use crate::tools::{Place, Program};

/// Which leaves and comments of a sealed text are tokens: leaves in order with their paths, comments by container.
pub fn coverage(format: Format, sealed: &[u8]) -> Vec<String> {
    if format == Format::Binary {
        return Vec::new();
    }
    let document = Document::parse(format, sealed, &ScanOptions::SEALED).unwrap();
    let shown = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).trim().to_owned();
        match text.strip_prefix("ENC[AES256_GCM,data:") {
            Some(token) => format!("sealed {}", token.rsplit(':').next().unwrap()),
            None => format!("clear {text}"),
        }
    };
    let leaves = document.leaves().iter().enumerate();
    let mut out: Vec<String> =
        leaves.map(|(i, leaf)| format!("{} {}", document.paths().display(leaf.path), shown(&document.content(LeafId(i as u32))))).collect();
    let comments = document.comments().iter().enumerate();
    let mut comments: Vec<String> = comments
        .map(|(i, c)| format!("# in {:?} {}", document.paths().display(c.container), shown(&document.comment_text(CommentId(i as u32)))))
        .collect();
    comments.sort();
    out.append(&mut comments);
    out
}

/// What a block says that does not change from call to call.
pub fn block(format: Format, sealed: &[u8]) -> String {
    let metadata = if format == Format::Binary {
        Metadata::read(Envelope::read(sealed).unwrap().fields().unwrap(), format.shape()).unwrap()
    } else {
        let document = Document::parse(format, sealed, &ScanOptions::SEALED).unwrap();
        Metadata::read(document.blocks()[0].fields.as_ref().unwrap(), format.shape()).unwrap()
    };
    let groups = metadata.groups.groups.iter();
    let groups: Vec<Vec<String>> =
        groups.map(|g| g.records.iter().map(|r| format!("{} {}", r.key.kind().name(), r.key.id())).collect()).collect();
    let rule = metadata.selection.map(|s| format!("{}: {}", s.kind.name(), s.text));
    format!("{groups:?} threshold {} rule {rule:?} mac only {}", metadata.groups.threshold, metadata.mac_only_encrypted)
}

/// Compares both programs on one plain file `f.ENDING` that lies in the place; `seal` are the arguments of both.
pub fn check(place: &Place, ending: &str, plain: &str, seal: &[&str], case: &str) -> Result<(), String> {
    let format = Format::of_name(&format!("f.{ending}"), true);
    let failed = |what: &str, done: &std::process::Output| format!("{case}: {what}: {}", String::from_utf8_lossy(&done.stderr).trim());
    let theirs = place.call(Program::Sops, seal).run();
    let ours = place.call(Program::Ours, seal).run();
    match (theirs.status.success(), ours.status.success()) {
        (true, true) => {}
        // P10, but only where really nothing would be sealed.
        (true, false) if String::from_utf8_lossy(&ours.stderr).contains("covers no value") => {
            let sealed = coverage(format, &theirs.stdout).into_iter().find(|line| !line.starts_with('#') && line.contains(" sealed "));
            return sealed.map_or(Ok(()), |line| Err(format!("{case}: we say that nothing is covered, sops seals {line}")));
        }
        (true, false) => return Err(failed("we do not seal it", &ours)),
        _ => return Err(failed("sops does not seal it", &theirs)),
    }
    let (t, o) = (format!("theirs.{ending}"), format!("ours.{ending}"));
    place.write(&t, &theirs.stdout);
    place.write(&o, &ours.stdout);
    let printed = place.call(Program::Sops, ["decrypt", &t]).run();
    if !printed.status.success() {
        return Err(failed("sops does not open its own", &printed));
    }
    let opened = place.ours(["decrypt", &t]);
    if opened.stdout != printed.stdout {
        return Err(failed("we open theirs otherwise", &opened));
    }
    let of_ours = place.call(Program::Sops, ["decrypt", &o]).run();
    if of_ours.stdout != printed.stdout {
        return Err(failed("sops opens ours otherwise", &of_ours));
    }
    let back = place.ours(["decrypt", "--require-witness", &o]);
    if back.stdout != plain.as_bytes() {
        return Err(failed("not lossless", &back));
    }
    let pair = (coverage(format, &theirs.stdout), coverage(format, &ours.stdout));
    if pair.0 != pair.1 {
        let other = pair.0.iter().zip(&pair.1).find(|(a, b)| a != b);
        return Err(format!("{case}: sops covers other leaves: {other:?}"));
    }
    let pair = (block(format, &theirs.stdout), block(format, &ours.stdout));
    if pair.0 != pair.1 {
        return Err(format!("{case}: the blocks differ:\n  sops {}\n  ours {}", pair.0, pair.1));
    }
    Ok(())
}
