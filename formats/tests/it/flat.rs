//! What the tests of ENV and INI share: sealing with tokens that can be told apart, and opening again.

use std::collections::HashMap;
use std::path::PathBuf;

use leafcrypt_formats::{Bytes, CommentId, Document, Format, Hint, LeafId, Opened, ScanOptions, Tokens, Tree, Value};

/// Which leaves and comments are covered, by their number in text order.
pub type Cover<'a> = &'a dyn Fn(usize) -> bool;

/// The fields of a block with all that is awkward in them.
pub fn fields() -> Vec<(String, Tree)> {
    [
        ("age__list_0__map_enc", "-----BEGIN\nabc\n-----END\n"),
        ("lastmodified", "2026-01-01T00:00:00Z"),
        ("leafcrypt", "ENC[w]"),
        ("empty", ""),
        ("version", "3.13.2"),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), Tree::text(text)))
    .collect()
}

/// A sealed text, what its tokens stand for, and its hints.
pub struct Round {
    pub sealed: Vec<u8>,
    pub values: HashMap<Vec<u8>, Value>,
    pub comments: HashMap<Vec<u8>, Bytes>,
    pub hints: Vec<Hint>,
}

/// Seals with tokens that nothing else looks like, and adds the block.
pub fn seal(format: Format, source: &[u8], cover: Cover<'_>) -> Result<Round, String> {
    let document = Document::parse(format, source, &ScanOptions::PLAIN).map_err(|e| e.to_string())?;
    let mut tokens = Tokens::new(document.leaves().len(), document.comments().len());
    let (mut values, mut comments) = (HashMap::new(), HashMap::new());
    for i in 0..document.leaves().len() {
        let id = LeafId(i as u32);
        let value = document.value(id);
        if value != Value::text("") && cover(i) {
            let token = format!("ENC[AES256_GCM,data:v{i},iv:aa==,tag:aa==,type:str]").into_bytes();
            tokens.leaf(id, |out| out.extend_from_slice(&token));
            values.insert(token, value);
        }
    }
    for i in 0..document.comments().len() {
        let id = CommentId(i as u32);
        if !document.comment(id).empty && cover(document.leaves().len() + i) {
            let token = format!("ENC[AES256_GCM,data:c{i},iv:aa==,tag:aa==,type:comment]").into_bytes();
            tokens.comment(id, |out| out.extend_from_slice(&token));
            comments.insert(token, Bytes::new(document.comment_text(id).into_owned()));
        }
    }
    let sealed = document.seal(tokens).map_err(|e| e.to_string())?;
    let text = sealed.with_block(&document, &fields(), "leafcrypt", None, None).map_err(|e| e.to_string())?;
    Ok(Round { sealed: text, values, comments, hints: sealed.hints })
}

/// Opens a sealed text; every token must be found once.
pub fn open(format: Format, round: &Round) -> Vec<u8> {
    open_with(format, &round.sealed, round, &round.hints)
}

/// The same with another text or other hints.
pub fn open_with(format: Format, sealed: &[u8], round: &Round, hints: &[Hint]) -> Vec<u8> {
    let document = Document::parse(format, sealed, &ScanOptions::SEALED).expect("a sealed text is well-formed");
    let leaves: Vec<Option<Value>> =
        (0..document.leaves().len()).map(|i| round.values.get(&*document.content(LeafId(i as u32))).cloned()).collect();
    let comments: Vec<Option<Bytes>> =
        (0..document.comments().len()).map(|i| round.comments.get(&*document.comment_text(CommentId(i as u32))).cloned()).collect();
    let found = (leaves.iter().flatten().count(), comments.iter().flatten().count());
    assert_eq!(found, (round.values.len(), round.comments.len()), "tokens found again in\n{}", show(sealed));
    document.open(&Opened { leaves, comments }, hints).expect("what was sealed opens")
}

/// The source comes back, but for an end of line at the end, which the caller of the crate mends.
pub fn assert_round(format: Format, name: &str, source: &[u8], cover: Cover<'_>) -> Round {
    let round = seal(format, source, cover).unwrap_or_else(|e| panic!("{name}: {e}"));
    let opened = open(format, &round);
    let ends: [&[u8]; 3] = [b"", b"\n", b"\r\n"];
    let same = ends.iter().any(|end| opened == [source, end].concat());
    assert!(same, "{name}: sealed\n{}\nopens as\n{:?}\ninstead of\n{:?}", show(&round.sealed), show(&opened), show(source));
    round
}

/// Bytes for a failure's message.
pub fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The files of a folder below `testdata`, with their names, sorted.
pub fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(folder);
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.is_file())
        .map(|path| {
            (path.file_name().expect("it has a name").to_string_lossy().into_owned(), std::fs::read(&path).expect("it can be read"))
        })
        .collect();
    files.sort();
    files
}

/// Numbers that look random and are the same each time (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    /// A text of that many pieces.
    pub fn text(&mut self, pieces: &[&[u8]], count: usize) -> Vec<u8> {
        (0..count).flat_map(|_| pieces[self.below(pieces.len())].to_vec()).collect()
    }
}

/// One line a value or comment, as the tree has them: `path=value`, `#comment`. Leaves outside the MAC with a `-` in front.
pub fn outline(format: Format, text: &[u8], options: &ScanOptions) -> String {
    let document = Document::parse(format, text, options).unwrap_or_else(|e| panic!("{e}"));
    let mut out = String::new();
    for step in document.steps() {
        use leafcrypt_formats::Step;
        let line = match *step {
            Step::Leaf(id) => {
                let leaf = document.leaf(id);
                let Value::Str(bytes) = document.value(id) else { panic!("flat formats hold text only") };
                let mark = if leaf.in_mac { "" } else { "-" };
                format!("{mark}{}={:?}", document.paths().display(leaf.path), show(bytes.as_slice()))
            }
            Step::Comment(id) => {
                let comment = document.comment(id);
                let mark = if comment.inline { "inline #" } else { "#" };
                format!("{mark}{:?}", show(&document.comment_text(id)))
            }
            Step::EmptyMap(path) => format!("{} is empty", document.paths().display(path)),
            _ => continue,
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}
