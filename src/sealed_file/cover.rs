//! The tokens of a plain text, and its MAC. Unchanged values keep theirs; where there are none to keep, all cores make new ones.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use leafcrypt_formats::{CommentId, Document, Kind, LeafId, Part, Tokens, Unwritable, Value, display_parts};
use zeroize::Zeroizing;

use super::comment_rules::check_comments;
use super::error::SealError;
use super::placed::in_text_order;
use super::stray::like_one;
use super::walk::{bind, is_negative_zero, written_token};
use super::{Base, BaseBody, OpenFile, Renews, crew};
use crate::seal::cipher::{Cipher, Nonces};
use crate::seal::mac::Mac;
use crate::seal::plain_bytes;
use crate::seal::policy::{Coverage, Policy};
use crate::seal::reuse::Reuse;
use crate::seal::selection::RuleKind;
use crate::seal::token::{self, Holds};
use crate::world::{NoRandomness, Random};

/// So many nonces are tried for a comment whose token holds what the rule looks for. A word of three letters is found in one token of 2,000.
const TRIES: usize = 16;

impl OpenFile<'_> {
    /// Tokens for all that is covered, and the MAC.
    pub(super) fn cover(
        &self,
        document: &Document<'_>,
        policy: &Policy,
        cipher: &Cipher,
        nonces: &mut Nonces<'_>,
        random: &dyn Random,
        standing: Standing,
    ) -> Result<Covered, SealError> {
        let selection = self.settings.rule();
        let mut coverage = policy.coverage(document);
        let known = if document.comments_at_aliases().is_empty() { HashSet::new() } else { self.comments_before() };
        check_comments(document, policy, &coverage, &known)?;
        let mut reuse = self.reuse();
        let mut mac = Mac::new(self.settings.mac_only_encrypted);
        let has_older_mac = self.base.as_ref().is_some_and(|base| base.has_older_mac);
        // Most of a text is covered, and base64 takes a third more. What stands between tokens grows by quotes at most.
        let (leaves, comments) = (document.leaves().len(), document.comments().len());
        let (around, room) = (self.plain.len() + 2 * (leaves + comments), (leaves + comments) * token::FRAME + self.plain.len() / 3 * 4);
        let mut tokens = Tokens::new(leaves, comments).with_room(around, room);
        let mut values: Vec<Value> = (0..leaves).map(|i| document.value(LeafId(i as u32))).collect();
        self.keep_values(document, &coverage, &mut values);
        self.hold_values(document, &coverage, &mut values)?;
        let (mut renewed, mut any_covered, mut any_clear) = (false, false, false);
        let mut path = Vec::new();
        let mut path_of = None;
        // Where nothing is kept every token is a new one, and they can be made in any order.
        let anew = reuse.is_empty();
        let make = |range: Range<usize>, made: &mut Made| {
            let covers = |i: usize| anew && coverage.leaves[i];
            made.failed = made.tokens(document, &values, range, covers, cipher, random).err();
        };
        crew::in_parts(leaves, if anew { leaves } else { 0 }, make, |made| -> Result<(), SealError> {
            if let Some(failed) = made.failed {
                return Err(failed.into());
            }
            for i in made.range.clone() {
                let (value, leaf, covers) = (&values[i], &document.leaves()[i], coverage.leaves[i]);
                let plain = plain_bytes::of(value);
                if plain.is_empty() {
                    continue;
                }
                if leaf.in_mac {
                    let is_signed = has_older_mac && !covers && is_negative_zero(document, i);
                    mac.leaf(if is_signed { b"-0" } else { &plain }, covers);
                }
                any_covered |= covers;
                any_clear |= !covers;
                if anew || !covers {
                    continue;
                }
                bind(&mut path, &mut path_of, document, leaf.path);
                let holds = Holds::Value(value.kind());
                let id = LeafId(i as u32);
                match reuse.take(&path, holds, &plain) {
                    Some(kept) => {
                        tokens.leaf(id, |out| out.extend_from_slice(&kept.token));
                        if kept.bare && standing == Standing::AsItStood {
                            tokens.leaf_stays_bare(id);
                        }
                    }
                    None => {
                        renewed = true;
                        let mut result = Ok(());
                        tokens.leaf(id, |out| result = cipher.seal(out, &path, &plain, holds, nonces));
                        result?;
                    }
                }
            }
            renewed |= !made.bytes.is_empty();
            tokens.leaves(LeafId(made.range.start as u32), &made.bytes, &made.lengths);
            Ok(())
        })?;
        let sealed = (0..).map(|i| tokens.of_leaf(LeafId(i)).is_some());
        let values = values.into_iter().zip(sealed).map(|(value, sealed)| sealed.then_some(value)).collect::<Vec<_>>();
        for (covers, value) in coverage.leaves.iter_mut().zip(&values) {
            *covers &= value.is_some();
        }
        let closed = self.closed_comments();
        for i in 0..document.comments().len() {
            let id = CommentId(i as u32);
            if !coverage.comments[i] {
                continue;
            }
            let text = document.comment_text(id);
            if !closed.is_empty() && like_one(&text).is_some_and(|line| closed.contains(line)) {
                coverage.comments[i] = false;
                continue;
            }
            let container = document.comment(id).container;
            bind(&mut path, &mut path_of, document, container);
            // To SOPS a comment's token is text like any other, in which the regex may find its word by chance.
            let clashes = |token: &[u8]| selection.kind == RuleKind::UnencryptedCommentRegex && policy.matches_comment(token);
            match reuse.take(&path, Holds::Comment, &text).filter(|kept| !clashes(&kept.token)) {
                Some(kept) => {
                    tokens.comment(id, |out| out.extend_from_slice(&kept.token));
                    if kept.bare && standing == Standing::AsItStood {
                        tokens.comment_stays_item(id);
                    }
                }
                None => {
                    renewed = true;
                    let mut made = Vec::new();
                    for _ in 0..TRIES {
                        made.clear();
                        cipher.seal(&mut made, &path, &text, Holds::Comment, nonces)?;
                        if !clashes(&made) {
                            break;
                        }
                    }
                    if clashes(&made) {
                        return Err(SealError::CommentMatches { path: document.paths().display(container), rule: selection.to_string() });
                    }
                    tokens.comment(id, |out| out.extend_from_slice(&made));
                }
            }
        }
        if self.renews == Renews::Key && standing == Standing::AsItStood {
            self.keep_standing(document, &mut tokens);
        }
        Ok(Covered {
            coverage,
            tokens,
            values,
            mac: mac.finish(),
            renewed: renewed || !reuse.is_empty(),
            all_clear: any_clear && !any_covered,
        })
    }

    /// The texts of the comments of the file as it stands.
    fn comments_before(&self) -> HashSet<Cow<'_, [u8]>> {
        let Some(Base { body: BaseBody::Document { document: old, opened, .. }, .. }) = &self.base else { return HashSet::new() };
        let text = |i: usize| match &opened.comments[i] {
            Some(opened) => Cow::Borrowed(opened.as_slice()),
            None => old.comment_text(CommentId(i as u32)),
        };
        (0..old.comments().len()).map(text).collect()
    }

    /// A leaf whose text is what it was keeps the value of its token, also where the text reads as another one: SOPS's spelling loses the type of a whole
    /// float, and in ENV the two characters `\n` (docs/lossless-documents.md, section 10). They are paired as tokens are.
    fn keep_values(&self, document: &Document<'_>, coverage: &Coverage, values: &mut [Value]) {
        let Some(Base { body: BaseBody::Document { document: old, opened, otherwise, .. }, .. }) = &self.base else { return };
        if otherwise.is_empty() {
            return;
        }
        let kinds: HashSet<Kind> = otherwise.iter().map(|(_, read)| read.kind()).collect();
        let (mut path, mut path_of) = (Vec::new(), None);
        let mut read = Reuse::new();
        let mut kept = otherwise.iter().peekable();
        for (i, held) in opened.leaves.iter().enumerate() {
            let Some(held) = held else { continue };
            let value = kept.next_if(|(leaf, _)| leaf.0 as usize == i).map_or(held, |(_, value)| value);
            if kinds.contains(&value.kind()) {
                bind(&mut path, &mut path_of, old, old.leaves()[i].path);
                read.add(&path, Holds::Value(value.kind()), plain_bytes::of(value), i.to_le_bytes().to_vec().into(), false);
            }
        }
        path_of = None;
        for (i, value) in values.iter_mut().enumerate().filter(|(i, value)| coverage.leaves[*i] && kinds.contains(&value.kind())) {
            bind(&mut path, &mut path_of, document, document.leaves()[i].path);
            let found = read.take(&path, Holds::Value(value.kind()), &plain_bytes::of(value));
            let number = found.and_then(|kept| Some(usize::from_le_bytes(kept.token.as_ref().try_into().ok()?)));
            if let Some(held) = number.and_then(|number| opened.leaves[number].as_ref()) {
                value.clone_from(held);
            }
        }
    }

    /// What was set, where the text may read as something else. In clear it would be that for every reader.
    fn hold_values(&self, document: &Document<'_>, coverage: &Coverage, values: &mut [Value]) -> Result<(), Unwritable> {
        if self.held.is_empty() {
            return Ok(());
        }
        let paths = document.paths();
        let mut places: HashMap<&[Part], Option<usize>> = self.held.iter().map(|(at, _)| (&at[..], None)).collect();
        // The last name alone tells most of them apart, and costs little.
        let names: HashSet<Option<&[u8]>> =
            self.held.iter().map(|(at, _)| if let Some(Part::Key(name)) = at.last() { Some(&name[..]) } else { None }).collect();
        for (i, leaf) in document.leaves().iter().enumerate().filter(|(_, leaf)| names.contains(&paths.name(leaf.path))) {
            if let Some(place) = places.get_mut(&paths.parts(leaf.path)[..]) {
                *place = Some(i);
            }
        }
        for (at, value) in &self.held {
            let found = places.get(&at[..]).copied().flatten();
            match found {
                Some(i) if coverage.leaves[i] => values[i].clone_from(value),
                // Of a number only its type would be lost, and of a text that reads as it was set nothing.
                _ if !matches!(value, Value::Str(_)) => {}
                Some(i) if values[i].same(value) => {}
                _ => {
                    let what = "the two characters `\\n` read back as a newline where they stand in clear".to_owned();
                    return Err(Unwritable { path: display_parts(at), what });
                }
            }
        }
        Ok(())
    }

    /// New tokens for what has not changed stand as the old ones do.
    fn keep_standing(&self, document: &Document<'_>, tokens: &mut Tokens) {
        let Some(Base { body: BaseBody::Document { document: old, .. }, .. }) = &self.base else { return };
        if old.leaves().len() != document.leaves().len() || old.comments().len() != document.comments().len() {
            return;
        }
        (0..old.leaves().len() as u32).map(LeafId).filter(|id| old.stands_bare(*id)).for_each(|id| tokens.leaf_stays_bare(id));
        let both = in_text_order(old).into_iter().zip(in_text_order(document));
        let mut items: Vec<CommentId> = both.filter(|(old_id, _)| old.stands_as_item(*old_id)).map(|(_, id)| id).collect();
        items.sort_unstable();
        items.into_iter().for_each(|id| tokens.comment_stays_item(id));
    }

    /// The old tokens with what they hold.
    fn reuse(&self) -> Reuse<'_> {
        let mut reuse = Reuse::new();
        let Some(Base { body: BaseBody::Document { document, opened, .. }, .. }) = &self.base else { return reuse };
        if self.renews == Renews::Key {
            return reuse;
        }
        let (mut path, mut path_of) = (Vec::new(), None);
        for (i, leaf) in document.leaves().iter().enumerate() {
            if let Some(value) = &opened.leaves[i] {
                let id = LeafId(i as u32);
                bind(&mut path, &mut path_of, document, leaf.path);
                reuse.add(&path, Holds::Value(value.kind()), plain_bytes::of(value), document.content(id), document.stands_bare(id));
            }
        }
        for (i, comment) in document.comments().iter().enumerate() {
            if let Some(text) = &opened.comments[i] {
                let id = CommentId(i as u32);
                let Some(token) = written_token(document, id) else { continue };
                bind(&mut path, &mut path_of, document, comment.container);
                reuse.add(&path, Holds::Comment, text.as_slice().into(), token, document.stands_as_item(id));
            }
        }
        reuse
    }
}

/// How tokens that stay are put into the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// As they stood: bare, where SOPS has written them.
    AsItStood,
    /// In the quotes of their values.
    AsTheTextHasIt,
}

/// What is to be sealed, with its tokens.
pub(super) struct Covered {
    pub coverage: Coverage,
    pub tokens: Tokens,
    /// Of the covered leaves.
    pub values: Vec<Option<Value>>,
    pub mac: Zeroizing<String>,
    /// Something has another token than before.
    pub renewed: bool,
    /// There are values, and none is covered.
    pub all_clear: bool,
}

/// New tokens for leaves in a row.
#[derive(Default)]
struct Made {
    range: Range<usize>,
    /// One token after another.
    bytes: Vec<u8>,
    /// Of each leaf's token; 0 for one that gets none.
    lengths: Vec<u32>,
    failed: Option<NoRandomness>,
}

impl Made {
    /// Makes one for each of these leaves that `covers` names, with nonces from a stock of its own.
    fn tokens(
        &mut self,
        document: &Document<'_>,
        values: &[Value],
        leaves: Range<usize>,
        covers: impl Fn(usize) -> bool,
        cipher: &Cipher,
        random: &dyn Random,
    ) -> Result<(), NoRandomness> {
        self.range = leaves.clone();
        self.bytes.clear();
        let plain: usize = values[leaves.clone()].iter().map(|value| plain_bytes::of(value).len()).sum();
        self.bytes.reserve(leaves.len() * token::FRAME + plain / 3 * 4);
        self.lengths.clear();
        let mut nonces = Nonces::for_many(random, leaves.clone().filter(|&i| covers(i)).count());
        let (mut path, mut path_of) = (Vec::new(), None);
        for i in leaves {
            let (plain, start) = (plain_bytes::of(&values[i]), self.bytes.len());
            if covers(i) && !plain.is_empty() {
                bind(&mut path, &mut path_of, document, document.leaves()[i].path);
                cipher.seal(&mut self.bytes, &path, &plain, Holds::Value(values[i].kind()), &mut nonces)?;
            }
            self.lengths.push((self.bytes.len() - start) as u32);
        }
        Ok(())
    }
}
