//! Placeholder until the format lands.

mod print;
mod resolve;

use crate::document::{Outline, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError, Unwritable};
use crate::print::{Printed, Printing};
use crate::syntax::{Detail, Syntax};
use crate::tree::Tree;

/// The format.
pub(crate) struct Yaml;

impl Syntax for Yaml {
    fn scan(&self, text: &[u8], _: &ScanOptions) -> Result<(Outline, Box<dyn Detail>), SyntaxError> {
        Err(SyntaxError::at(text, 0, SyntaxClass::Syntax, "this format is not built yet"))
    }
    fn print(&self, documents: &[Tree], how: &Printing) -> Result<Printed, Unwritable> {
        print::print(documents, how)
    }
}
