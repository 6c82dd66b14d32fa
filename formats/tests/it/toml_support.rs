//! Fake tokens and the way there and back, for the tests of TOML.

use leafcrypt_formats::{CommentId, Document, Format, Hint, LeafId, Opened, ScanOptions, Sealed, Tokens, Tree, Value};

pub fn plain(text: &[u8]) -> Document<'_> {
    Document::parse(Format::Toml, text, &ScanOptions::PLAIN).expect("the text is TOML")
}

pub fn sealed_text(text: &[u8]) -> Document<'_> {
    Document::parse(Format::Toml, text, &ScanOptions::SEALED).unwrap_or_else(|e| panic!("{e}\n{}", String::from_utf8_lossy(text)))
}

pub fn fields() -> Vec<(String, Tree)> {
    let armor = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n";
    let age = |r: &str| Tree::map([("recipient", Tree::text(r)), ("enc", Tree::text(armor))]);
    vec![
        ("age".to_owned(), Tree::list([age("age1a"), age("age1b")])),
        ("lastmodified".to_owned(), Tree::text("2026-11-24T00:00:00Z")),
        ("mac".to_owned(), Tree::text("ENC[AES256_GCM,data:bWFj,iv:aXY=,tag:dGFn,type:str]")),
        ("unencrypted_suffix".to_owned(), Tree::text("_unencrypted")),
        ("version".to_owned(), Tree::text("3.13.2")),
    ]
}

/// What was sealed: which leaf or comment each token stands for, by the number in the token.
pub struct Recorded {
    pub leaves: Vec<Value>,
    pub comments: Vec<Vec<u8>>,
}

/// Seals what `covered` picks (leaves first, then comments, by number) with tokens that hold their own number.
pub fn seal(document: &Document<'_>, covered: impl Fn(usize) -> bool) -> (Sealed, Recorded) {
    let (leaves, comments) = (document.leaves().len(), document.comments().len());
    let mut tokens = Tokens::new(leaves, comments);
    let mut recorded = Recorded { leaves: Vec::new(), comments: Vec::new() };
    for i in 0..leaves {
        let value = document.value(LeafId(i as u32));
        if covered(i) && value != Value::text("") {
            let data = format!("ENC[AES256_GCM,data:L{i},iv:aXY=,tag:dGFn,type:{}]", value.kind().name());
            tokens.leaf(LeafId(i as u32), |t| t.extend_from_slice(data.as_bytes()));
        }
        recorded.leaves.push(value);
    }
    for i in 0..comments {
        let id = CommentId(i as u32);
        if covered(leaves + i) && !document.comment(id).empty {
            let data = format!("ENC[AES256_GCM,data:C{i},iv:aXY=,tag:dGFn,type:comment]");
            tokens.comment(id, |t| t.extend_from_slice(data.as_bytes()));
        }
        recorded.comments.push(document.comment_text(id).into_owned());
    }
    (document.seal(tokens).expect("all that was read can be sealed"), recorded)
}

fn number(content: &[u8], letter: &str) -> Option<usize> {
    let text = std::str::from_utf8(content).ok()?;
    text.strip_prefix(&format!("ENC[AES256_GCM,data:{letter}"))?.split(',').next()?.parse().ok()
}

/// The plaintext for each token of a sealed document.
pub fn opened(document: &Document<'_>, recorded: &Recorded) -> Opened {
    let leaf = |i| number(&document.content(LeafId(i)), "L").map(|n| recorded.leaves[n].clone());
    let comment = |i| number(&document.comment_text(CommentId(i)), "C").map(|n| recorded.comments[n].as_slice().into());
    Opened {
        leaves: (0..document.leaves().len() as u32).map(leaf).collect(),
        comments: (0..document.comments().len() as u32).map(comment).collect(),
    }
}

/// There and back; the opened text differs from the source at the end at most, and there by line ends only.
pub fn round_trip(text: &[u8], covered: impl Fn(usize) -> bool) {
    let shown = || String::from_utf8_lossy(text).into_owned();
    let source = plain(text);
    let (sealed, recorded) = seal(&source, covered);
    let bytes = sealed.with_block(&source, &fields(), "leafcrypt", None, None).expect("the block can be written");
    let document = sealed_text(&bytes);
    let [block] = document.blocks() else { panic!("{} blocks in {}", document.blocks().len(), String::from_utf8_lossy(&bytes)) };
    for (name, tree) in fields() {
        assert_eq!(block.fields.as_ref().and_then(|f| f.get(&name)), Some(&tree), "{name} of {}", shown());
    }
    // The same walk, so the same MAC.
    let walk = |d: &Document<'_>| format!("{:?}", d.steps());
    assert_eq!(walk(&source), walk(&document), "{}", String::from_utf8_lossy(&bytes));
    for (a, b) in source.comments().iter().zip(document.comments()) {
        assert_eq!(source.paths().parts(a.container), document.paths().parts(b.container), "{}", shown());
    }
    let back = document.open(&opened(&document, &recorded), &sealed.hints).expect("what was sealed opens");
    let rest = back.strip_prefix(text).unwrap_or_else(|| panic!("{:?}\n{:?}", shown(), String::from_utf8_lossy(&back)));
    let tail: &[&[u8]] = if text.ends_with(b"\n") { &[b""] } else { &[b"", b"\n", b"\r\n"] };
    assert!(tail.contains(&rest), "{:?} behind {}", rest, shown());

    // Without its block, and with it again: the same bytes.
    let bare = document.without_blocks();
    let again = bare.with_block(&document, &fields(), "leafcrypt", None, Some(&document)).expect("the block can be written");
    assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&bytes));

    // Without hints the layout is canonical, the values are the same.
    let canonical = document.open(&opened(&document, &recorded), &[]).expect("what was sealed opens");
    let canonical = plain(&canonical);
    for (i, value) in recorded.leaves.iter().enumerate() {
        assert!(canonical.value(LeafId(i as u32)).same(value), "leaf {i} of {}", shown());
    }
}

/// Says of each hint how it is spelled: `b` bytes, a number a style.
pub fn hints(sealed: &Sealed) -> String {
    let word = |h: &Hint| match h {
        Hint::Site { first, with, .. } => format!("{first}:{with:?}"),
        Hint::Start { .. } | Hint::End { .. } => "text".to_owned(),
    };
    sealed.hints.iter().map(word).collect::<Vec<_>>().join(", ")
}
