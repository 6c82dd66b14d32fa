//! What SOPS has sealed as JSON, or as a binary file, and is called `.yaml`: as `sops` it is printed and changed as YAML, as SOPS does. Any other layout stays.

use leafcrypt_formats::{Document, Format, Mode, Printing};

use super::extract;
use crate::sealed_file::{OpenFile, scan_options};
use crate::world::World;

/// Is it such a file? `sealed`: its text.
pub(super) fn is_due(file: &OpenFile<'_>, sealed: &[u8], world: &World<'_>) -> bool {
    !world.manners.keeps_json
        && file.format() == Format::Yaml
        && !file.has_field()
        && sealed.trim_ascii_start().starts_with(b"{")
        && Document::parse(Format::Json, sealed, &scan_options(Mode::Sealed, world.manners)).is_ok()
}

/// Gives such a file the text of YAML before it is changed. What YAML cannot hold so that it reads back stays JSON, which is YAML, too.
pub(super) fn lay_out(file: &mut OpenFile<'_>, sealed: &[u8], indent: Option<usize>, world: &World<'_>) {
    if !is_due(file, sealed, world) {
        return;
    }
    let trees = extract::trees(file, "", world.manners).ok();
    let how = Printing { indent, as_sops: false };
    if let Some(printed) = trees.and_then(|trees| leafcrypt_formats::print(Format::Yaml, &trees, &how).ok()) {
        file.replace(printed.text);
    }
}
