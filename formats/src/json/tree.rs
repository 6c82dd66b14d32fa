//! A value with structure, read whole: the metadata block.

use super::scalar;
use super::scan::{Event, Scanner};
use super::string;
use crate::error::{SyntaxClass, SyntaxError};
use crate::leaf::Span;
use crate::tree::{Item, Member, Tree};

/// A value that was read whole.
pub(super) struct Whole {
    pub tree: Tree,
    /// From its first to its last byte.
    pub span: Span,
    /// The members of an object: name and value.
    pub members: Vec<Span>,
}

enum Frame {
    Map(Vec<Member>),
    List(Vec<Item>),
}

/// Reads the next value of a scanner. `budget` is how many more values there may be.
///
/// # Errors
/// Not JSON, over a limit, or a number that no double can hold.
pub(super) fn read(scanner: &mut Scanner<'_>, text: &[u8], budget: &mut usize) -> Result<Whole, SyntaxError> {
    let mut stack: Vec<(Frame, Vec<u8>)> = Vec::new();
    let mut key = Vec::new();
    let mut start = None;
    let mut members = Vec::new();
    let mut member = 0;
    loop {
        let event = scanner.next()?;
        let span = event.span();
        let start = *start.get_or_insert(span.start);
        let tree = match event {
            Event::ObjectStart(_) => {
                stack.push((Frame::Map(Vec::new()), std::mem::take(&mut key)));
                continue;
            }
            Event::ListStart(_) => {
                stack.push((Frame::List(Vec::new()), std::mem::take(&mut key)));
                continue;
            }
            Event::Key(span) => {
                if stack.len() == 1 {
                    member = span.start;
                }
                key = string::decode(inner(text, span)).into_owned();
                continue;
            }
            Event::ObjectEnd(_) | Event::ListEnd(_) | Event::End => match stack.pop() {
                Some((Frame::Map(members), outer)) => {
                    key = outer;
                    Tree::Map(members)
                }
                Some((Frame::List(items), outer)) => {
                    key = outer;
                    Tree::List(items)
                }
                None => return Err(SyntaxError::at(text, text.len(), SyntaxClass::Syntax, "the text ends too early")),
            },
            Event::EmptyObject(_) => Tree::Map(Vec::new()),
            Event::EmptyList(_) => Tree::List(Vec::new()),
            Event::Null(_) => Tree::Null,
            Event::Number(_) => {
                number(text, span)?;
                Tree::Value(scalar::read(&text[span.range()]))
            }
            Event::Text(_) | Event::Bool(_) => Tree::Value(scalar::read(&text[span.range()])),
        };
        count(text, span, budget)?;
        if stack.len() == 1 && matches!(stack[0].0, Frame::Map(_)) {
            members.push(Span { start: member, end: span.end });
        }
        match stack.last_mut() {
            Some((Frame::Map(members), _)) => members.push(Member::Entry(std::mem::take(&mut key), tree)),
            Some((Frame::List(items), _)) => items.push(Item::Value(tree)),
            None => return Ok(Whole { tree, span: Span { start, end: span.end }, members }),
        }
    }
}

/// What stands between the quotes.
pub(super) fn inner(text: &[u8], span: Span) -> &[u8] {
    &text[span.start as usize + 1..span.end as usize - 1]
}

/// One value more.
///
/// # Errors
/// The budget is used up.
pub(super) fn count(text: &[u8], span: Span, budget: &mut usize) -> Result<(), SyntaxError> {
    *budget = budget
        .checked_sub(1)
        .ok_or_else(|| SyntaxError::at(text, span.start as usize, SyntaxClass::Limit, "more values than the limit allows"))?;
    Ok(())
}

/// Makes sure that a number has a value.
///
/// # Errors
/// No double can hold it (SOPS: out of range).
pub(super) fn number(text: &[u8], span: Span) -> Result<(), SyntaxError> {
    let source = &text[span.range()];
    // Below 1e300 without an exponent: nothing to find out.
    let harmless = source.len() < 300 && !source.iter().any(|b| matches!(b, b'e' | b'E'));
    if harmless || scalar::float(source).is_finite() {
        return Ok(());
    }
    Err(SyntaxError::at(text, span.start as usize, SyntaxClass::OutsideModel, "a number out of the range of a double"))
}
