//! The two characters `\n` in a value that is sealed into ENV from another type. ENV's text would read as a line feed there; the token holds what was given, as SOPS's
//! does, for it never meets that syntax. In clear nothing helps: that is told.

use std::collections::{HashMap, HashSet};

use leafcrypt_formats::{Document, Format, LeafId, Member, Mode, Part, Tree, Value, display_parts, unfold_newlines};

use crate::seal::policy::Policy;
use crate::seal::selection::Selection;
use crate::sealed_file::scan_options;
use crate::world::World;

/// Values by their paths.
pub type Held = Vec<(Vec<Part>, Value)>;

/// Takes such values out of what is about to be printed; what the printed text will read as stands in their places. Of two entries with one name no path tells which
/// is meant: these stay.
pub fn taken(documents: &mut [Tree]) -> Held {
    let Some(Tree::Map(members)) = documents.first_mut() else { return Held::new() };
    let mut times: HashMap<Vec<u8>, usize> = HashMap::new();
    for member in members.iter() {
        if let Member::Entry(name, _) = member {
            *times.entry(name.clone()).or_default() += 1;
        }
    }
    let mut held = Held::new();
    for member in members {
        let Member::Entry(name, tree) = member else { continue };
        let Tree::Value(Value::Str(text)) = tree else { continue };
        let read = unfold_newlines(text.as_slice());
        if *read != *text.as_slice() && times.get(name) == Some(&1) {
            let Tree::Value(value) = std::mem::replace(tree, Tree::text(&*read)) else { continue };
            held.push((vec![Part::Key(name.clone())], value));
        }
    }
    held
}

/// Those of them that are sealed; of the others it is told what they read as.
pub fn covered(mut held: Held, printed: &[u8], selection: Option<&Selection>, world: &World<'_>) -> Held {
    if held.is_empty() {
        return held;
    }
    // What is wrong with the text or the rule is told where it is sealed.
    let document = Document::parse(Format::Dotenv, printed, &scan_options(Mode::Plain, world.manners));
    let (Ok(document), Ok(policy)) = (document, Policy::new(&Selection::in_force(selection))) else { return held };
    let covers = policy.coverage(&document).leaves;
    let in_clear = (0..covers.len()).filter(|i| !covers[*i]).map(|i| document.paths().parts(document.leaf(LeafId(i as u32)).path));
    let in_clear: HashSet<Vec<Part>> = in_clear.collect();
    held.retain(|(at, _)| {
        let is_sealed = !in_clear.contains(at);
        if !is_sealed {
            world.warn([format!("{}: the two characters `\\n` read back as a newline", display_parts(at))]);
        }
        is_sealed
    });
    held
}
