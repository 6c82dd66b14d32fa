//! How a text is written, as its other branches show it.

use super::find::{Spot, Text};
use super::write::Habit;
use crate::edit::Floats;
use crate::yaml::parse::{What, Written};
use crate::yaml::print::Style;

impl Text<'_> {
    /// For what is written into a container.
    pub(super) fn habit(&self, container: Option<u32>) -> Habit {
        let step = self.step();
        let everywhere = 0..self.parsed.nodes.len() as u32;
        let near = container.map(|c| c + 1..self.node(c).next);
        let strings =
            near.clone().and_then(|range| self.quotes(range, container, false)).or_else(|| self.quotes(everywhere.clone(), None, false));
        let keys = near.and_then(|range| self.quotes(range, container, true)).or_else(|| self.quotes(everywhere, None, true));
        Habit {
            step,
            dash: self.dash().unwrap_or(step),
            strings: strings.unwrap_or(Style::Plain),
            keys: keys.unwrap_or(Style::Plain),
            literals: true,
            floats_stay: self.floats == Floats::Stay,
        }
    }

    /// By how much a map stands further in than the map it is in; as SOPS prints if there is none.
    fn step(&self) -> usize {
        self.nested(|what| matches!(what, What::Map { flow: false }))
            .filter(|&n| n > 0)
            .or_else(|| self.dash().filter(|&n| n > 1))
            .unwrap_or(4)
    }

    /// The same of lists in maps.
    fn dash(&self) -> Option<usize> {
        self.nested(|what| matches!(what, What::List { flow: false }))
    }

    fn nested(&self, wanted: impl Fn(What) -> bool) -> Option<usize> {
        let nodes = &self.parsed.nodes;
        let maps = nodes.iter().enumerate().filter(|(_, n)| n.what == What::Map { flow: false });
        maps.map(|(i, map)| (i as u32, map.column)).find_map(|(i, column)| {
            let spot = Spot { node: i, home: None, after: 0, above: Vec::new() };
            let (mut at, end) = (spot.node + 1, self.node(i).next);
            while at < end {
                let value = self.node(self.node(at).next);
                if wanted(value.what) {
                    return value.column.checked_sub(column).map(|n| n as usize);
                }
                at = value.next;
            }
            None
        })
    }

    /// The quotes of all strings, or all keys, of a container, or of the text; none if there are none or they differ.
    fn quotes(&self, range: std::ops::Range<u32>, container: Option<u32>, keys: bool) -> Option<Style> {
        let mut seen: Option<Written> = None;
        for (number, key) in self.scalars(range, container) {
            let node = self.node(number);
            let What::Scalar(written) = node.what else { continue };
            let string = crate::yaml::scalar::kind(&node.text, written, node.tag) == Some(crate::Kind::Str) && !node.text.is_empty();
            if key != keys || !string || written.is_block() {
                continue;
            }
            match seen {
                Some(before) if before != written => return Some(Style::Plain),
                _ => seen = Some(written),
            }
        }
        seen.map(|written| match written {
            Written::Double => Style::Double,
            Written::Single => Style::Single,
            _ => Style::Plain,
        })
    }

    /// Keys (true) and values directly in a container, or everywhere.
    fn scalars(&self, range: std::ops::Range<u32>, container: Option<u32>) -> Vec<(u32, bool)> {
        let mut out = Vec::new();
        let containers = match container {
            Some(one) => vec![one],
            None => range.filter(|&n| matches!(self.node(n).what, What::Map { .. } | What::List { .. })).collect(),
        };
        for c in containers {
            let map = matches!(self.node(c).what, What::Map { .. });
            let mut at = c + 1;
            while at < self.node(c).next {
                let value = if map { self.node(at).next } else { at };
                if map {
                    out.push((at, true));
                }
                out.push((value, false));
                at = self.node(value).next;
            }
        }
        out
    }
}
