//! What the emitter sees of a text before it chooses a style.

/// What the choice of a style depends on: the emitter's analysis of a text.
pub(super) struct Facts {
    pub lf: bool,
    pub tab: bool,
    /// A character the emitter only writes as an escape.
    pub special: bool,
    /// U+2028 or U+2029.
    pub separator: bool,
    /// A space right before a line feed, and the reverse.
    pub space_break: bool,
    pub break_space: bool,
    /// Characters that mean something in a plain scalar, outside and inside flow collections.
    pub block_indicator: bool,
    pub flow_indicator: bool,
}

impl Facts {
    pub(super) fn of(text: &str) -> Facts {
        let marker = text.starts_with("---") || text.starts_with("...");
        let mut facts = Facts {
            lf: false,
            tab: false,
            special: false,
            separator: false,
            space_break: false,
            break_space: false,
            block_indicator: marker,
            flow_indicator: marker,
        };
        let mut before = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let blank_follows = matches!(chars.peek(), None | Some(' ' | '\t'));
            facts.indicator(c, before, blank_follows);
            facts.lf |= c == '\n';
            facts.tab |= c == '\t';
            facts.separator |= is_separator(c);
            facts.special |= is_special(c);
            facts.space_break |= before == Some(' ') && is_break(c);
            facts.break_space |= before.is_some_and(is_break) && c == ' ';
            before = Some(c);
        }
        facts
    }

    pub(super) fn lost(&self, text: &str) -> bool {
        self.lf && text.starts_with('\t') && !self.special && !self.space_break && !text.ends_with(' ')
    }

    fn indicator(&mut self, c: char, before: Option<char>, blank_follows: bool) {
        let (block, flow) = match (c, before) {
            ('#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`', None) => (true, true),
            ('?' | ':', None) => (blank_follows, true),
            ('-', None) => (blank_follows, blank_follows),
            (',' | '?' | '[' | ']' | '{' | '}', _) => (false, true),
            (':', _) => (blank_follows, true),
            ('#', Some(p)) => {
                let glued = !matches!(p, ' ' | '\t') && !is_break(p);
                (!glued, !glued)
            }
            _ => (false, false),
        };
        self.block_indicator |= block;
        self.flow_indicator |= flow;
    }
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn is_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

pub(super) fn is_special(c: char) -> bool {
    !matches!(c, '\n' | '\t' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') || c == '\u{feff}'
}
