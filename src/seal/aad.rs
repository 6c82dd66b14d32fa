//! A path as the data a token is bound to, so that it opens in its place only. [`super::cipher`] takes it; paths are made by the scan of each format.
//!
//! Keys from the root down, each followed by a colon; list positions and the document's number are left out, and a colon
//! inside a key is not escaped (SOPS behaviour, `docs/lossless-documents.md` 3). The root's comments have a lone colon: SOPS joins the path and adds one.

use leafcrypt_formats::{PathId, Paths};

/// Appends the additional data of `path` to `out`, which is cleared first.
pub fn write(out: &mut Vec<u8>, paths: &Paths, path: PathId) {
    out.clear();
    append(out, paths, path);
}

fn append(out: &mut Vec<u8>, paths: &Paths, path: PathId) {
    // Depth is bounded by the scan's limit; names are collected backwards to avoid a second walk.
    let mut names: [&[u8]; 16] = [b""; 16];
    let mut count = 0;
    for node in paths.ancestors(path) {
        if let Some(name) = paths.name(node) {
            if count == names.len() {
                return append_deep(out, paths, path);
            }
            names[count] = name;
            count += 1;
        }
    }
    for name in names[..count].iter().rev() {
        out.extend_from_slice(name);
        out.push(b':');
    }
    if count == 0 {
        out.push(b':');
    }
}

fn append_deep(out: &mut Vec<u8>, paths: &Paths, path: PathId) {
    let mut names: Vec<&[u8]> = paths.ancestors(path).filter_map(|node| paths.name(node)).collect();
    names.reverse();
    for name in names {
        out.extend_from_slice(name);
        out.push(b':');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_colons_and_no_positions() {
        let mut paths = Paths::default();
        let a = paths.key(PathId::ROOT, b"a");
        let item = paths.index(a, 3);
        let b = paths.key(item, b"b:c");
        let mut out = Vec::new();
        write(&mut out, &paths, b);
        assert_eq!(out, b"a:b:c:");
        write(&mut out, &paths, PathId::ROOT);
        assert_eq!(out, b":");
        let mut deep = PathId::ROOT;
        for _ in 0..40 {
            deep = paths.key(deep, b"k");
        }
        write(&mut out, &paths, deep);
        assert_eq!(out, b"k:".repeat(40));
    }
}
