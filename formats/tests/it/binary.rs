//! Binary files: the envelope, found, read, written.

use leafcrypt_formats::{Envelope, SyntaxClass, Tree, Unwritable};

use crate::json::fields;

const SOPS: &str = r#""sops":{"mac":"m"}"#;

/// What SOPS 3.11 wrote for two bytes, with the long values shortened.
const BY_SOPS: &str = "{\n\t\"data\": \"ENC[AES256_GCM,data:Kg==,iv:A,tag:B,type:str]\",\n\t\"sops\": {\n\t\t\"age\": [\n\t\t\t{\n\t\t\t\t\"recipient\": \"age1\",\n\t\t\t\t\"enc\": \"-----BEGIN AGE ENCRYPTED FILE-----\\nYWdl\\n\"\n\t\t\t}\n\t\t],\n\t\t\"lastmodified\": \"2026-11-24T04:48:16Z\",\n\t\t\"mac\": \"ENC[M]\",\n\t\t\"version\": \"3.11.0\"\n\t}\n}\n";

fn fields_of(envelope: &Envelope) -> Vec<(String, Tree)> {
    let fields = envelope.fields().expect("a map");
    fields.entries().map(|(k, v)| (String::from_utf8_lossy(k).into_owned(), v.clone())).collect()
}

fn written(token: &[u8], fields: &[(String, Tree)], indent: Option<usize>) -> Vec<u8> {
    let fill = |out: &mut Vec<u8>| -> Result<_, Unwritable> {
        out.extend_from_slice(token);
        Ok(fields.to_vec())
    };
    Envelope::write(token.len(), fill, indent).expect("written")
}

#[test]
fn written_as_sops_does() {
    let envelope = Envelope::read(BY_SOPS.as_bytes()).expect("an envelope");
    let token = b"ENC[AES256_GCM,data:Kg==,iv:A,tag:B,type:str]";
    assert_eq!(*envelope.token(BY_SOPS.as_bytes()), *token);
    assert_eq!(&BY_SOPS.as_bytes()[envelope.data().range()], token);
    let text = written(token, &fields_of(&envelope), None);
    assert_eq!(String::from_utf8_lossy(&text), BY_SOPS);
    let blanks = written(b"", &fields_of(&envelope)[1..2], Some(2));
    let expected = "{\n  \"data\": \"\",\n  \"sops\": {\n    \"lastmodified\": \"2026-11-24T04:48:16Z\"\n  }\n}\n";
    assert_eq!(String::from_utf8_lossy(&blanks), expected);
    assert!(Envelope::read(&blanks).expect("an envelope").data().is_empty());
}

#[test]
fn the_buffer_is_allocated_once() {
    let token = vec![b'x'; 1 << 20];
    let text = written(&token, &fields(), None);
    assert!(text.capacity() < token.len() + 4096);
    let envelope = Envelope::read(&text).expect("an envelope");
    let again = envelope.with_fields(&text, &fields(), None).expect("written");
    assert!(again == text && again.capacity() < token.len() + 4096);
}

#[test]
fn found_by_content() {
    let check = |text: String, expected: bool| {
        assert_eq!(Envelope::find(text.as_bytes()).is_some(), expected, "{text}");
    };
    check(BY_SOPS.to_owned(), true);
    check(format!(r#"{{"data":"x",{SOPS}}}"#), true);
    check(format!(r#" {{ {SOPS} , "data" : "" }} "#), true);
    check(format!(r#"{{"dat\u0061":"\u0045NC",{SOPS}}}"#), true);
    check(r#"{"data":"x","sops":{}}"#.to_owned(), true);
    check(r#"{"data":"x","sops":{"unencrypted_suffix":"_unencrypted"}}"#.to_owned(), false);
    check(r#"{"data":"x","sops":{"Encrypted_Regex":"a"}}"#.to_owned(), false);
    check(r#"{"data":"x","sops":{"encrypted_suffix":""}}"#.to_owned(), true);
    check(r#"{"data":"x","sops":{"encrypted_suffix":"_s","leafcrypt_whole":"why"}}"#.to_owned(), true);
    for rule in ["unencrypted_suffix", "encrypted_suffix", "unencrypted_regex", "encrypted_regex", "unencrypted_comment_regex"] {
        check(format!(r#"{{"data":"x","sops":{{"{rule}":"r"}}}}"#), false);
    }
    check(r#"{"data":"x","sops":{"encrypted_comment_regex":"r"}}"#.to_owned(), false);
    check(format!(r#"{{"data":1,{SOPS}}}"#), false);
    check(format!(r#"{{"data":"x","data":"y",{SOPS}}}"#), false);
    check(format!(r#"{{"data":"x","more":null,{SOPS}}}"#), false);
    check(format!(r#"{{"data":"x",{SOPS},{SOPS}}}"#), false);
    check(format!(r#"{{"data":"x",{SOPS}}} x"#), false);
    check(r#"{"data":"x","sops":1}"#.to_owned(), false);
    check(r#"{"data":"x"}"#.to_owned(), false);
    check(format!("{{{SOPS}}}"), false);
    check("data: x".to_owned(), false);
    check(String::new(), false);
    check(format!("[{}", "[".repeat(100_000)), false);
    assert!(Envelope::find(b"{\"data\":\"\xff\",\"sops\":{}}").is_none());
}

#[test]
fn refused() {
    let check = |text: &[u8], class: SyntaxClass, what: &str| {
        let error = Envelope::read(text).err().expect("refused");
        assert_eq!((error.class, error.what.as_str()), (class, what));
    };
    use SyntaxClass::{Limit, OutsideModel, Syntax};
    check(b"", Syntax, "the text ends too early");
    check(b"{}", OutsideModel, "no binary data found");
    check(b"{\"sops\":{}}", OutsideModel, "no binary data found");
    check(b"{\"data\":\"\"}", OutsideModel, "sops metadata not found");
    check(b"[1]", OutsideModel, "the root must be an object");
    check(b"{\"data\":null,\"sops\":{}}", OutsideModel, "the binary data is not a string");
    check(b"{\"data\":\"\",\"sops\":{},\"sops\":{}}", OutsideModel, "found duplicate sops entry");
    check(
        b"{\"data\":\"\",\"sops\":{},\"a\":1}",
        OutsideModel,
        "the envelope of a binary file holds data and sops, each once, and nothing else",
    );
    check(b"{\"data\":\"\xff\",\"sops\":{}}", Syntax, "the text is not UTF-8");
    check(format!("{{\"sops\":{}", "[".repeat(100_000)).as_bytes(), Limit, "nested more than 512 levels deep");
}

#[test]
fn rewritten_in_its_own_layout() {
    let check = |text: &str, data: Option<&str>, expected: &str| {
        let envelope = Envelope::read(text.as_bytes()).expect("an envelope");
        let fields = vec![("mac".to_owned(), Tree::text("n")), ("x".to_owned(), Tree::text("/"))];
        let new = match data {
            None => envelope.with_fields(text.as_bytes(), &fields, None),
            Some(d) => envelope.with_data(text.as_bytes(), d.len(), |out| out.extend_from_slice(d.as_bytes()), &fields, None),
        };
        assert_eq!(String::from_utf8(new.expect("written")).expect("UTF-8"), expected);
    };
    let first = "{\r\n \"sops\" : {\"mac\":\"m\", \"x\":\"\\/\"},\r\n \"data\": \"d\\u0061\" }";
    check(first, None, "{\r\n \"sops\" : {\"mac\":\"n\", \"x\":\"\\/\"},\r\n \"data\": \"d\\u0061\" }");
    check(first, Some("new"), "{\r\n \"sops\" : {\"mac\":\"n\", \"x\":\"\\/\"},\r\n \"data\": \"new\" }");
    check("{\"data\":\"d\",\"sops\":{\"mac\":\"m\"}}", Some(""), "{\"data\":\"\",\"sops\":{\"mac\":\"n\",\"x\":\"/\"}}");
    check("{\"data\":\"d\",\"sops\":{}}", None, "{\"data\":\"d\",\"sops\": {\n\t\t\"mac\": \"n\",\n\t\t\"x\": \"/\"\n\t}}");
}
