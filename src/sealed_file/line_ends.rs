//! A sealed file with other line ends than it was sealed with: git's conversion (`core.autocrlf`, `text` in `.gitattributes`). To a reader of YAML some comments
//! belong elsewhere then, so that their tokens do not open, and under a rule that goes by comments other values are covered; in ENV the carriage return is
//! part of a value in clear. Nothing but line ends has changed, and MAC and witness know: where something is amiss, and the text has line ends of one kind,
//! it is looked at once more with the other kind. If that opens better, it is the file; the kind that was found is put on what is handed out and on what is sealed.

use std::cmp::Reverse;

use leafcrypt_formats::{CommentId, Dialect, Document, Format, Mode, Opened, ScanOptions, Tree, Wiped};

use super::accept::{Differences, MacState, WitnessState};
use super::error::{OpenError, SealError, SealedError};
use super::judge::Opening;
use super::opened::trees_of;
use super::placed::in_text_order;
use super::{Base, BaseBody, Body, Finished, OpenFile, OpenHow, SealedFile, scan_options};
use crate::keys::DataKey;
use crate::manners::Manners;
use crate::metadata::Metadata;
use crate::seal::cipher::Cipher;
use crate::world::World;

/// One kind of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Lf,
    CrLf,
    /// Of a sealed ENV file whose text had CR LF, and none at its end: sealed, its last line ends in LF, for the carriage return would be part of the value.
    CrLfButLast,
}

impl Ends {
    /// The kind that a text has throughout.
    fn of(text: &[u8]) -> Option<Self> {
        let count = |wanted: u8| text.iter().filter(|byte| **byte == wanted).count();
        match (count(b'\n'), count(b'\r')) {
            (0, _) => None,
            (_, 0) => Some(Ends::Lf),
            (feeds, returns) => (feeds == returns && text.windows(2).filter(|two| two == b"\r\n").count() == feeds).then_some(Ends::CrLf),
        }
    }

    /// Those that a sealed text with this kind may have had when it was sealed.
    fn others(self, format: Format, text: &[u8]) -> impl Iterator<Item = Self> {
        let other = if self == Ends::Lf { Ends::CrLf } else { Ends::Lf };
        let is_clear = |line: &[u8]| !line.starts_with(b"#") && line.contains(&b'=') && !line.windows(5).any(|five| five == b"=ENC[");
        let last = (format == Format::Dotenv).then(|| last_line(text)).flatten();
        [other].into_iter().chain(last.is_some_and(|(_, line)| is_clear(line)).then_some(Ends::CrLfButLast))
    }

    /// The text with this kind.
    fn put(self, text: &[u8]) -> Wiped {
        let feeds = text.iter().filter(|byte| **byte == b'\n').count();
        // What grows leaves copies behind.
        let mut out = Wiped::from(Vec::with_capacity(text.len() + feeds));
        let but = if self == Ends::CrLfButLast { last_line(text).map(|(number, _)| number) } else { None };
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                    out.extend_from_slice(if self == Ends::Lf || but == Some(number) { b"\n" } else { b"\r\n" });
                }
                None => out.extend_from_slice(line),
            }
        }
        out
    }
}

/// The last line of ENV that is no metadata, and its number.
fn last_line(text: &[u8]) -> Option<(usize, &[u8])> {
    text.split_inclusive(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.starts_with(b"sops_")).last()
}

/// How well a text opens, what counts most first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    opens: bool,
    mac: bool,
    body: bool,
    comments: bool,
    /// Comments that stay tokens.
    closed: Reverse<usize>,
    text: bool,
}

impl Rank {
    fn of(opening: &Result<Opening, OpenError>) -> Self {
        let Ok(Opening { closed, doubts, differences, .. }) = opening else {
            return Rank { opens: false, mac: false, body: false, comments: false, closed: Reverse(usize::MAX), text: false };
        };
        let (mac, body, comments, text) = match differences.as_deref() {
            None => (true, true, !doubts.comments, !doubts.text),
            Some(Differences { mac, witness, layout, .. }) => {
                let (body, comments) = match witness {
                    WitnessState::Read { body, comments, .. } => (!body, !comments),
                    WitnessState::Missing => (true, true),
                    WitnessState::Broken | WitnessState::Later => (false, false),
                };
                (*mac == MacState::Right, body, comments, !layout)
            }
        };
        Rank { opens: true, mac, body, comments, closed: Reverse(*closed), text }
    }

    /// Can nothing open better?
    fn is_best(&self, has_witness: bool) -> bool {
        self.opens && self.mac && self.body && self.comments && self.text && (has_witness || self.closed.0 == 0)
    }
}

/// The file opens better with the other line ends.
pub(super) struct Again {
    /// As that opens, its comments numbered as in the file.
    pub opening: Opening,
    pub metadata: Metadata,
    pub checkout: Checkout,
}

/// What git has made of a file.
pub(super) struct Checkout {
    /// The line ends that it has.
    ends: Ends,
    /// Those that it was sealed with.
    sealed: Ends,
    /// Does the opened text have the same values with them? In ENV a carriage return would be part of each.
    fits_plain: bool,
    /// What it was opened with.
    data_key: DataKey,
    how: OpenHow<'static>,
}

/// Looks at a file once more, if it did not open as it should.
pub(super) fn look_again(
    file: &SealedFile<'_>,
    first: &Result<Opening, OpenError>,
    data_key: &DataKey,
    manners: &Manners,
    how: &OpenHow<'_>,
) -> Option<Again> {
    let mut rank = Rank::of(first);
    let has_witness = first.as_ref().is_ok_and(|opening| opening.payload.is_some());
    // As many trials once more would double what comments cost that were put there to fail.
    let tried_out = first.as_ref().is_ok_and(|opening| opening.tried_out);
    if how.just_sealed || how.as_it_stands || tried_out || rank.is_best(has_witness) {
        return None;
    }
    let ends = Ends::of(file.text)?;
    let mut best = None;
    for sealed in ends.others(file.format, file.text) {
        if let Some((its, again)) = with_ends(file, [ends, sealed], &rank, data_key, manners, how) {
            let is_best = its.is_best(again.opening.payload.is_some());
            (rank, best) = (its, Some(again));
            if is_best {
                break;
            }
        }
    }
    best
}

/// The same with one kind, if it opens better so. `ends`: those that it has, and those that it may have had.
fn with_ends(
    file: &SealedFile<'_>,
    [ends, sealed]: [Ends; 2],
    than: &Rank,
    data_key: &DataKey,
    manners: &Manners,
    how: &OpenHow<'_>,
) -> Option<(Rank, Again)> {
    let Body::Document(document) = &file.body else { return None };
    let text = sealed.put(file.text);
    let mut other = SealedFile::parse_own(file.format, &text, manners).ok().filter(|other| other.format == file.format)?;
    if file.metadata.extension.is_none() {
        other.metadata.extension = None;
    }
    let opening = other.opening(&Cipher::new(data_key), manners, how);
    let rank = Rank::of(&opening);
    if rank <= *than {
        return None;
    }
    let mut opening = opening.ok()?;
    if let Some(differences) = &mut opening.differences {
        differences.clear = other.in_clear().ok()?;
    }
    let SealedFile { body: Body::Document(read), metadata, .. } = &other else { return None };
    if read.leaves().len() != document.leaves().len() || read.comments().len() != document.comments().len() {
        return None;
    }
    renumber(read, document, &mut opening.opened, &mut opening.coverage.comments);
    let OpenHow { ignore_mac, strict, require_witness, completing, accepting, .. } = *how;
    let how = OpenHow { ignore_mac, strict, require_witness, completing, accepting, as_it_stands: true, ..OpenHow::default() };
    let fits_plain = fits(file.format, &opening, [ends, sealed], manners);
    let checkout = Checkout { ends, sealed, fits_plain, data_key: data_key.copy(), how };
    Some((rank, Again { opening, metadata: metadata.clone(), checkout }))
}

/// Can an opened text have these line ends, and be had back from that?
fn fits(format: Format, opening: &Opening, [ends, sealed]: [Ends; 2], manners: &Manners) -> bool {
    let mut options = ScanOptions { odd_merges: true, warns: false, ..scan_options(Mode::Plain, manners) };
    if opening.own_dialect {
        options.dialect = Dialect::Leafcrypt;
    }
    let outside = ends.put(&opening.plain);
    let parse = |text| Document::parse(format, text, &options).ok();
    let (Some(plain), Some(shown)) = (parse(&opening.plain), parse(&outside)) else { return false };
    sealed.put(&outside)[..] == opening.plain && plain.reads_like(&shown, |id| plain.value(id).same(&shown.value(id)))
}

/// The walk goes to comments by what they belong to; in the text they stand in one order.
fn renumber(read: &Document<'_>, document: &Document<'_>, opened: &mut Opened, covered: &mut [bool]) {
    let (mut comments, was_covered) = (std::mem::take(&mut opened.comments), covered.to_vec());
    opened.comments.resize_with(comments.len(), || None);
    for (from, to) in in_text_order(read).into_iter().zip(in_text_order(document)) {
        let (from, to) = (from.0 as usize, to.0 as usize);
        opened.comments[to] = comments[from].take();
        covered[to] = was_covered[from];
    }
}

impl Checkout {
    /// A plain text with the line ends of the file, if it has the same values then.
    pub fn outside(&self, plain: &[u8]) -> Wiped {
        if self.fits_plain { self.ends.put(plain) } else { plain.to_vec().into() }
    }

    /// The reverse.
    pub fn inside(&self, plain: &[u8]) -> Wiped {
        if self.fits_plain { self.sealed.put(plain) } else { plain.to_vec().into() }
    }

    /// The documents of the file as they were sealed: comments belong elsewhere, and values in clear are others, with the line ends that it has.
    pub fn trees(&self, text: &[u8], document: &Document<'_>, opened: &Opened, manners: &Manners) -> Result<Vec<Tree>, SealedError> {
        let text = self.sealed.put(text);
        let sealed = SealedFile::parse_own(document.format(), &text, manners)?;
        let Body::Document(read) = &sealed.body else { return Ok(trees_of(document, opened, |id| id)) };
        let mut numbers = vec![CommentId(0); read.comments().len()];
        for (there, here) in in_text_order(read).into_iter().zip(in_text_order(document)) {
            numbers[there.0 as usize] = here;
        }
        Ok(trees_of(read, opened, |id| numbers[id.0 as usize]))
    }

    /// Seals the file as it was sealed before, with the line ends of that time: so it opens for whoever has those, and unchanged tokens stay. Then it gets
    /// its own line ends back. Where it would not open as the same text with them, it keeps the others.
    pub fn seal(&self, file: &OpenFile<'_>, world: &World<'_>) -> Result<Finished, SealError> {
        let unfaithful = || SealError::NotFaithful { line: 0 };
        let base = file.base.as_ref().ok_or_else(unfaithful)?;
        let text = self.sealed.put(base.text);
        let sealed = SealedFile::parse_own(file.format, &text, world.manners).map_err(|_| unfaithful())?;
        let mut again = sealed.open_with(self.data_key.copy(), world.manners, &self.how).map_err(|_| unfaithful())?;
        let Some(Base { body: BaseBody::Document { otherwise, .. }, unchecked, .. }) = &mut again.base else { return Err(unfaithful()) };
        *unchecked = base.unchecked;
        if let BaseBody::Document { otherwise: left, .. } = &base.body {
            otherwise.clone_from(left);
        }
        again.plain = file.plain.to_vec().into();
        again.settings = file.settings.clone();
        again.data_key = file.data_key.copy();
        (again.renews, again.must_cover, again.doubts) = (file.renews, file.must_cover, file.doubts);
        (again.held, again.own_dialect, again.is_typed) = (file.held.clone(), file.own_dialect, file.is_typed);
        let mut finished = again.seal(world)?;
        let outside = self.ends.put(&finished.text);
        let how = OpenHow { ignore_mac: again.again().ignore_mac, ..OpenHow::default() };
        let read = |text: &[u8]| {
            let sealed = SealedFile::parse_own(file.format, text, world.manners).ok()?;
            let open = sealed.open_with(file.data_key.copy(), world.manners, &how).ok()?;
            let doubts = open.doubts;
            Some((self.outside(&open.into_plain()), doubts))
        };
        let back = read(&outside);
        if back.is_some() && back == read(&finished.text) {
            finished.text = outside.to_vec();
        }
        Ok(finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (text, kind) in [
            ("", None),
            ("a", None),
            ("a\n", Some(Ends::Lf)),
            ("a\r\n\r\nb", Some(Ends::CrLf)),
            ("a\r\nb\n", None),
            ("a\rb\n", None),
            ("a\r\r\n", None),
            ("a\n\rb", None),
        ] {
            assert_eq!(Ends::of(text.as_bytes()), kind, "{text:?}");
        }
        assert_eq!(Ends::CrLf.put(b"a\nb\r\n\nc").as_slice(), b"a\r\nb\r\n\r\nc");
        assert_eq!(Ends::Lf.put(b"a\r\nb\n\r\nc\r").as_slice(), b"a\nb\n\nc\r");
        assert_eq!(Ends::CrLfButLast.put(b"a=b\nc=d\r\nsops_e=f\n").as_slice(), b"a=b\r\nc=d\nsops_e=f\r\n");
    }
}
