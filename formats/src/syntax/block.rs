//! A sealed text, the places in it for the metadata, and a metadata block as it was read.

use crate::document::Document;
use crate::error::Unwritable;
use crate::hint::Hint;
use crate::leaf::Span;
use crate::tree::Tree;

/// A sealed text that has no metadata block yet.
pub struct Sealed {
    /// The text.
    pub text: Vec<u8>,
    /// How the plaintext was spelled where that cannot be derived. In the order of their tokens.
    pub hints: Vec<Hint>,
    /// Where the metadata blocks go, one for each document of the stream, in order.
    pub slots: Vec<Slot>,
}

/// A place for a metadata block.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// Offset in [`Sealed::text`].
    pub at: usize,
    /// Bytes of `text` from `at` on that the block takes the place of (a root `null`, an empty flow map's blanks).
    pub replaces: usize,
    /// What is written before the block (a missing last newline, a comma).
    pub before: Vec<u8>,
    /// What is written behind it.
    pub after: Vec<u8>,
    /// Stands inside braces on one line (YAML's flow root), or JSON.
    pub flow: bool,
    /// Column of the root map's keys (YAML), or levels of the text's own indentation where the format needs it.
    pub indent: usize,
    /// Lines end in CR LF in this text.
    pub crlf: bool,
    /// Anything else the format must know to spell the block here, in its own terms.
    pub note: u32,
}

/// A metadata block as it was read.
pub struct Block {
    /// Everything that goes when the block is cut: key and value, or all `sops_` lines' first; see [`Block::cuts`].
    pub span: Span,
    /// All spans that are cut (flat ENV lines may stand anywhere).
    pub cuts: Vec<Span>,
    /// Number of the document it stands in.
    pub document: u32,
    /// The fields: nested for YAML, JSON, TOML; one map of flat names (prefix `sops_` removed, the two characters `\n` read as LF) for ENV and INI.
    /// `None`: the root key is there, but its value is no map.
    pub fields: Option<Tree>,
    /// Spans of the top-level fields, names and values, in the order of `fields`' entries.
    pub spans: Vec<Span>,
}

impl Sealed {
    /// The whole sealed file. The first block gets all `fields`; the copies in later documents lack the field named `only_first`.
    ///
    /// `like` is the sealed file that this one replaces: its block's spelling is kept (see `Detail::spell_block`).
    ///
    /// # Errors
    /// A field that the format cannot hold.
    pub fn with_block(
        &self,
        scanned: &Document<'_>,
        fields: &[(String, Tree)],
        only_first: &str,
        indent: Option<usize>,
        like: Option<&Document<'_>>,
    ) -> Result<Vec<u8>, Unwritable> {
        let mut splice = crate::splice::Splice::default();
        for (slot, bytes) in self.slots.iter().zip(self.blocks(scanned, fields, only_first, indent, like)?) {
            splice.replace(Span::new(slot.at, slot.at + slot.replaces), &bytes);
        }
        Ok(splice.finish(&self.text))
    }

    /// The same in place, where that is possible: a large text is not copied for its block. Done once more, the new block takes the place of the last.
    ///
    /// # Errors
    /// A field that the format cannot hold.
    pub fn put_block(
        &mut self,
        scanned: &Document<'_>,
        fields: &[(String, Tree)],
        only_first: &str,
        indent: Option<usize>,
        like: Option<&Document<'_>>,
    ) -> Result<(), Unwritable> {
        let mut blocks = self.blocks(scanned, fields, only_first, indent, like)?;
        if let ([slot], [bytes]) = (self.slots.as_mut_slice(), blocks.as_mut_slice()) {
            let length = bytes.len();
            // Not twice the room: whoever wipes the text wipes all of it.
            self.text.reserve_exact(length);
            self.text.splice(slot.at..slot.at + slot.replaces, bytes.drain(..));
            slot.replaces = length;
            return Ok(());
        }
        self.text = self.with_block(scanned, fields, only_first, indent, like)?;
        let mut grown = 0i64;
        for (slot, bytes) in self.slots.iter_mut().zip(blocks) {
            slot.at = (slot.at as i64 + grown) as usize;
            grown += bytes.len() as i64 - slot.replaces as i64;
            slot.replaces = bytes.len();
        }
        Ok(())
    }

    /// What goes into each slot.
    fn blocks(
        &self,
        scanned: &Document<'_>,
        fields: &[(String, Tree)],
        only_first: &str,
        indent: Option<usize>,
        like: Option<&Document<'_>>,
    ) -> Result<Vec<Vec<u8>>, Unwritable> {
        let mut copy: Option<Vec<(String, Tree)>> = None;
        let block = |(i, slot): (usize, &Slot)| {
            let fields = if i == 0 {
                fields
            } else {
                copy.get_or_insert_with(|| fields.iter().filter(|(name, _)| name != only_first).cloned().collect())
            };
            let old = like.and_then(|d| {
                let at = d.blocks().binary_search_by_key(&(i as u32), |b| b.document).ok()?;
                Some((d, &d.blocks()[at]))
            });
            let mut bytes = slot.before.clone();
            let fields =
                crate::tree::kept(fields, old.and_then(|(_, block)| block.fields.as_ref()), scanned.format.shape() != crate::Shape::Nested);
            bytes.extend(scanned.detail.spell_block(slot, &fields, indent, old)?);
            bytes.extend_from_slice(&slot.after);
            Ok(bytes)
        };
        self.slots.iter().enumerate().map(block).collect()
    }
}
