//! One path of an opened file, or all of it in another format (`--extract`, `--output-type`; lossless-documents.md, section 10).

use leafcrypt_formats::{Format, Part, Printing, Tree, Value, parse_path};

use crate::error::Error;
use crate::manners::Manners;
use crate::sealed_file::OpenFile;

/// Reads the argument of `--extract`.
///
/// # Errors
/// SOPS's exit 91: the offending component.
pub fn parse(text: &str) -> Result<Vec<Part>, Error> {
    parse_path(text).map_err(|why| Error::BadExtractPath(format!("error parsing --extract path: {why}")))
}

/// All of an opened file in another format.
///
/// # Errors
/// The format cannot hold it.
pub fn convert(
    open: &OpenFile<'_>,
    to: Format,
    how: &Printing,
    path: &str,
    warnings: &mut Vec<String>,
    manners: &Manners,
) -> Result<Vec<u8>, Error> {
    if to == Format::Binary {
        return binary(open, path, manners);
    }
    print_documents(&trees(open, path, manners)?, to, how, path, warnings, manners)
}

/// Whole documents in another format.
///
/// # Errors
/// The format cannot hold them.
pub fn print_documents(
    documents: &[Tree],
    to: Format,
    how: &Printing,
    path: &str,
    warnings: &mut Vec<String>,
    manners: &Manners,
) -> Result<Vec<u8>, Error> {
    let mut documents = documents;
    if to == Format::Binary {
        return data_of(documents, path);
    }
    if to != Format::Yaml && documents.len() > 1 {
        if manners.strict_printing {
            return Err(unwritable(path, format!("{} holds one document, the file has {}", to.name(), documents.len())));
        }
        warnings.push(format!("only the first of {} documents is printed", documents.len()));
        documents = &documents[..1];
    }
    printed(to, documents, how, path, warnings)
}

/// The one value of a file as raw bytes.
///
/// # Errors
/// It is no binary file.
pub fn binary(open: &OpenFile<'_>, path: &str, manners: &Manners) -> Result<Vec<u8>, Error> {
    data_of(&trees(open, path, manners)?, path)
}

fn data_of(documents: &[Tree], path: &str) -> Result<Vec<u8>, Error> {
    match documents.first().and_then(|tree| tree.get("data")) {
        Some(Tree::Value(Value::Str(bytes))) => Ok(bytes.as_slice().to_vec()),
        _ => Err(unwritable(path, "no binary data found in tree".to_owned())),
    }
}

/// The tree at a path: a string as raw bytes, anything else printed.
///
/// # Errors
/// There is nothing at that path, or the format cannot print it alone.
pub fn print_at(
    documents: &[Tree],
    at: &[Part],
    to: Format,
    how: &Printing,
    path: &str,
    warnings: &mut Vec<String>,
    manners: &Manners,
) -> Result<Vec<u8>, Error> {
    let first = documents.first().unwrap_or(&Tree::Null);
    let found = first.at(at).map_err(|i| Error::NotThere {
        path: path.to_owned(),
        at: leafcrypt_formats::display_parts(&at[..=i]),
        component: match &at[i] {
            Part::Key(name) => format!("component ['{}'] not found", String::from_utf8_lossy(name)),
            Part::Index(n) => format!("component [{n}] accesses out of bounds"),
        },
    })?;
    match found {
        Tree::Value(Value::Str(bytes)) => Ok(bytes.as_slice().to_vec()),
        Tree::Map(_) => {
            let mut all = vec![found.clone()];
            if !manners.extract_alone {
                all.extend(documents.iter().skip(1).cloned());
            }
            printed(to, &all, how, path, warnings)
        }
        other => scalar_or_list(other, to, how, path, warnings),
    }
}

/// [`print_at`] for an opened file.
///
/// # Errors
/// As there.
pub fn print(
    open: &OpenFile<'_>,
    at: &[Part],
    to: Format,
    how: &Printing,
    path: &str,
    warnings: &mut Vec<String>,
    manners: &Manners,
) -> Result<Vec<u8>, Error> {
    print_at(&trees(open, path, manners)?, at, to, how, path, warnings, manners)
}

/// SOPS prints these in YAML with a last newline, in JSON without; INI prints scalars as JSON does; ENV and binary nothing but strings.
fn scalar_or_list(tree: &Tree, to: Format, how: &Printing, path: &str, warnings: &mut Vec<String>) -> Result<Vec<u8>, Error> {
    // The canonical printers print documents, so the value is printed under a key and the key is taken off again.
    let (format, how) = match to {
        Format::Yaml => (Format::Yaml, Printing { indent: None, ..how.clone() }),
        Format::Json => (Format::Json, how.clone()),
        Format::Ini if !matches!(tree, Tree::List(_)) => (Format::Json, how.clone()),
        _ => return Err(unwritable(path, format!("{} prints strings only", to.name()))),
    };
    if format == Format::Json {
        let text = printed(Format::Json, &[Tree::map([("v", tree.clone())])], &how, path, warnings)?;
        return Ok(json_value(&text));
    }
    let text = printed(Format::Yaml, &[Tree::map([("v", tree.clone())])], &how, path, warnings)?;
    Ok(match text.strip_prefix(b"v:\n") {
        Some(block) => dedent(block),
        None => text.strip_prefix(b"v: ").unwrap_or(&text).to_vec(),
    })
}

/// The value of a printed `{"v": ...}`, one level out.
fn json_value(text: &[u8]) -> Vec<u8> {
    let start = text.iter().position(|&b| b == b':').map_or(0, |i| i + 1);
    let body = text[start..].trim_ascii();
    let body = body.strip_suffix(b"}").unwrap_or(body).trim_ascii_end();
    let unit = text[1..].iter().skip_while(|&&b| b == b'\n').take_while(|&&b| b == b'\t' || b == b' ').count();
    let mut out = Vec::with_capacity(body.len());
    for (i, line) in body.split(|&b| b == b'\n').enumerate() {
        if i > 0 {
            out.push(b'\n');
            out.extend_from_slice(&line[unit.min(line.len())..]);
        } else {
            out.extend_from_slice(line);
        }
    }
    out
}

/// A list under a key, one level out.
fn dedent(block: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(block.len());
    for line in block.split_inclusive(|&b| b == b'\n') {
        let blanks = line.iter().take_while(|&&b| b == b' ').count().min(4);
        out.extend_from_slice(&line[blanks..]);
    }
    out
}

fn trees(open: &OpenFile<'_>, path: &str, manners: &Manners) -> Result<Vec<Tree>, Error> {
    open.trees(manners).map_err(|source| Error::Sealed { path: path.to_owned(), format: open.format(), source })
}

fn printed(to: Format, documents: &[Tree], how: &Printing, path: &str, warnings: &mut Vec<String>) -> Result<Vec<u8>, Error> {
    let printed = leafcrypt_formats::print(to, documents, how).map_err(|source| Error::Print { path: path.to_owned(), source })?;
    warnings.extend(printed.warnings.into_iter().map(|w| w.what));
    Ok(printed.text)
}

fn unwritable(path: &str, what: String) -> Error {
    Error::Print { path: path.to_owned(), source: leafcrypt_formats::Unwritable { path: "the root".to_owned(), what } }
}
