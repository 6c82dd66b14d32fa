//! What is remembered of a text besides its leaves: where its root's members are, and how it is laid out.

use super::print::Style;
use crate::leaf::Span;

/// Where the root's members are.
pub(super) struct Layout {
    /// What stands between the root's braces.
    pub inside: Span,
    /// The first member's name.
    pub first: Option<Span>,
    /// Where the second one starts.
    pub second: Option<u32>,
    /// Where the last member but the metadata block ends.
    pub last_end: Option<u32>,
    /// The metadata block.
    pub block: Option<Place>,
    /// What goes with the comments of lists, commas included. In order.
    pub comments: Vec<Span>,
    /// How the members are laid out; none if there are none.
    pub style: Option<Style>,
}

/// Where a metadata block stands.
pub(super) struct Place {
    /// Its name, `"sops"`.
    pub key: Span,
    /// Its value.
    pub value: Span,
    /// Where the member before it ends.
    pub before: Option<u32>,
    /// Where the member behind it starts.
    pub behind: Option<u32>,
}

impl Layout {
    /// Before anything is known.
    pub(super) fn new() -> Self {
        Layout { inside: Span::new(0, 0), first: None, second: None, last_end: None, block: None, comments: Vec::new(), style: None }
    }

    /// A member of the root starts with this name.
    pub(super) fn member_starts(&mut self, key: Span) {
        match (self.first, self.second) {
            (None, _) => self.first = Some(key),
            (_, None) => self.second = Some(key.start),
            _ => {}
        }
        if let Some(block) = &mut self.block {
            block.behind.get_or_insert(key.start);
        }
    }

    /// A member that is not the block ends here.
    pub(super) fn member_ends(&mut self, end: u32) {
        self.last_end = Some(end);
    }

    /// What goes when the block goes: with the comma before it; the first member: with the comma behind it; the only one: with
    /// all blanks around it.
    pub(super) fn cut(&self) -> Option<Span> {
        let Place { key, value, before, behind } = self.block.as_ref()?;
        Some(match (before, behind) {
            (Some(before), _) => Span { start: *before, end: value.end },
            (None, Some(behind)) => Span { start: key.start, end: *behind },
            (None, None) => self.inside,
        })
    }

    /// The text's own layout, as its first members show it.
    pub(super) fn find_style(&self, text: &[u8]) -> Option<Style> {
        let first = self.first?;
        let gap = &text[self.inside.start as usize..first.start as usize];
        let behind_colon = text[first.end as usize..].iter().skip_while(|&&b| b != b':').nth(1);
        let blank_behind_colon = matches!(behind_colon, Some(b' ' | b'\t' | b'\n' | b'\r'));
        // With a single member, the colon has to speak for the comma.
        let blank_behind_comma = self.second.map_or(blank_behind_colon, |at| text[at as usize - 1] != b',');
        let line_break = gap.iter().rposition(|&b| b == b'\n');
        Some(Style {
            newline: match line_break {
                None => "",
                Some(at) if at > 0 && gap[at - 1] == b'\r' => "\r\n",
                Some(_) => "\n",
            },
            unit: line_break.map_or_else(Vec::new, |at| gap[at + 1..].to_vec()),
            colon: if blank_behind_colon { ": " } else { ":" },
            comma: if blank_behind_comma { ", " } else { "," },
        })
    }
}
