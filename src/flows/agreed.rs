//! One look at the changes of many files: each distinct one is shown once, with all files that it is made to, and one question is asked.

use std::collections::HashMap;

use leafcrypt_formats::one_line;

use crate::world::World;

/// So many files are named before a change of theirs.
const NAMED: usize = 20;

/// What changes in each file, as it is listed, and what the answer was.
#[derive(Debug, Default)]
pub struct Agreed {
    lines: HashMap<String, Vec<String>>,
    /// None: nobody was there to ask.
    answer: Option<bool>,
}

impl Agreed {
    /// Shows the changes of several files; the first line of each is the file's own. Asks, unless it was said already.
    pub fn on(changes: Vec<(String, Vec<String>)>, yes: Option<bool>, world: &World<'_>) -> Self {
        let mut distinct: Vec<(Vec<&str>, &[String])> = Vec::new();
        let mut at: HashMap<&[String], usize> = HashMap::new();
        for (name, lines) in &changes {
            let change = lines.get(1..).unwrap_or_default();
            let at = *at.entry(change).or_insert(distinct.len());
            match distinct.get_mut(at) {
                Some((names, _)) => names.push(name),
                None => distinct.push((vec![name], change)),
            }
        }
        for (names, change) in &distinct {
            let more = names.len().checked_sub(NAMED).filter(|more| *more > 0);
            let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
            let first = format!("{}{more}: recipients", names[..names.len().min(NAMED)].join(", "));
            // Each by itself: a name may hold a line break.
            let lines = std::iter::once(&first).chain(change.iter()).map(|line| format!("{}\n", one_line(line))).collect::<String>();
            world.dialog.show(&lines);
        }
        let question = || world.dialog.confirm(&format!("Wrap the data keys of these {} files for them?", changes.len()));
        let answer = yes.or_else(question);
        Agreed { lines: changes.into_iter().collect(), answer }
    }

    /// The answer for a file, if just this was shown of it; its inside is none where there was nobody to ask.
    pub fn answer(&self, file: &str, lines: &[String]) -> Option<Option<bool>> {
        (self.lines.get(file)? == lines).then_some(self.answer)
    }

    /// Was anything shown of several?
    pub fn is_of_several(&self) -> bool {
        self.lines.len() > 1
    }
}
