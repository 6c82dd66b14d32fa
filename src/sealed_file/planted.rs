//! Layout that nobody has vouched for: what another reader of the format would take for something else than SOPS does is left out of the opened text, or
//! spelled as SOPS spells it (P2). ENV and TOML have nothing of that.

use leafcrypt_formats::{CommentId, Dialect, Document, Format, Mode, Printing, ScanOptions, Wiped};

use super::error::OpenError;
use super::scan_options;
use crate::manners::Manners;

/// A text without it, and what is to be said of that.
pub(super) struct LeftOut {
    pub text: Wiped,
    pub warning: Option<String>,
}

/// None: there is nothing of that. `document` is the sealed text, `plain` the opened one; it `had_layout` of ours, and reads by our
/// `own_dialect` only.
///
/// # Errors
/// It cannot be left out so that the values stay.
pub(super) fn left_out(
    format: Format,
    document: &Document<'_>,
    plain: &[u8],
    had_layout: bool,
    own_dialect: bool,
    manners: &Manners,
) -> Result<Option<LeftOut>, OpenError> {
    let mut options = ScanOptions { odd_merges: true, ..scan_options(Mode::Plain, manners) };
    if own_dialect {
        options.dialect = Dialect::Leafcrypt;
    }
    match format {
        Format::Yaml => {
            let untagged = if document.has_own_tags() { without_tags(plain, &options)? } else { None };
            let what = "tags that nobody has vouched for are left out, as sops leaves them out: whoever can write the file could have put them there";
            Ok(untagged.map(|text| LeftOut { text, warning: Some(what.to_owned()) }))
        }
        Format::Ini => {
            let what = "lines that other readers of INI could take for something else are spelled as sops spells them; what stood behind quotes is gone";
            let warning = (had_layout && manners.tells_layout).then(|| what.to_owned());
            Ok(ini_as_sops_prints(plain, &options).map(|text| LeftOut { text, warning }))
        }
        Format::Json | Format::Dotenv | Format::Toml | Format::Binary => Ok(None),
    }
}

fn without_tags(text: &[u8], options: &ScanOptions) -> Result<Option<Wiped>, OpenError> {
    let Ok(read) = Document::parse(Format::Yaml, text, options) else { return Ok(None) };
    let Some(bare) = read.without_own_tags().map(Wiped::from) else { return Ok(None) };
    let same = |bare: &Document<'_>| read.reads_like(bare, |id| read.value(id).same(&bare.value(id)));
    match Document::parse(Format::Yaml, &bare, options).is_ok_and(|bare| same(&bare)) {
        true => Ok(Some(bare)),
        false => Err(OpenError::OwnTags),
    }
}

/// The same names, values and comments in SOPS's layout. Blanks before a line, quotes and what stands behind a value mean something else to every second reader
/// of INI, so that whoever can write the file could make one value of two. None: there is nothing of that, or it cannot be put so.
fn ini_as_sops_prints(text: &[u8], options: &ScanOptions) -> Option<Wiped> {
    let read = Document::parse(Format::Ini, text, options).ok()?;
    let printed = Wiped::from(leafcrypt_formats::print(Format::Ini, &read.trees(), &Printing::default()).ok()?.text);
    if lines(text).eq(lines(&printed)) {
        return None;
    }
    let same_comments = |new: &Document<'_>| {
        let count = read.comments().len();
        let mut all = (0u32..).map(CommentId).take(count);
        new.comments().len() == count
            && all.all(|id| Wiped::from(read.comment_text(id).into_owned()) == Wiped::from(new.comment_text(id).into_owned()))
    };
    let same = |new: &Document<'_>| read.reads_like(new, |id| read.value(id).same(&new.value(id))) && same_comments(new);
    Document::parse(Format::Ini, &printed, options).is_ok_and(|new| same(&new)).then_some(printed)
}

/// The lines of INI that are no comments, but for the blanks between a name and its value: what is before them, and behind, counts.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let lines = text.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let is_other = |line: &&[u8]| !line.trim_ascii().is_empty() && !matches!(line.trim_ascii_start()[0], b';' | b'#');
    lines.filter(is_other).map(|line| match line.iter().position(|b| b"=:".contains(b)) {
        Some(at) => (line[..at].trim_ascii_end(), line[at + 1..].trim_ascii_start()),
        None => (line, &[][..]),
    })
}
