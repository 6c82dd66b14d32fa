//! `--dialect`: what a program gets of an ENV file is what the reader of that name would have given it. Python's, Node's and the shell's are run for real.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use leafcrypt::flows::dialect::{Dialect, read};

/// Texts that the readers do not agree on.
const TEXTS: &[&str] = &[
    "A=x y\n",
    "A = x \n",
    "export A=x\n",
    "A=x # c\nB=x#c\nC=#c\nD= # c\n",
    "A=\"x y\" # c\nB='x y'#c\n",
    "A=\"a\\nb\\tc\\\"d\\\\e\\$f\\zg\"\n",
    "A='a\\nb\\'c\\\\d'\n",
    "A=\"two\nlines\"\nB='two\nlines'\nC=c\n",
    "A=`x y`\n",
    "Z=z\nA=${Z}\nB='${Z}'\nC=\"${Z}\"\nD=$Z\nE=${N:-d}\nF=${N}\n",
    "A\nB=c\n",
    "A: x\nB: y z\nC=c\n",
    "A=x\\\ny\nB=c\n",
    "A=x\r\nB=\"y\"\r\n",
    "A=\"line1\r\nline2\r\"\r\nB='l1\r\nl2'\r\n",
    "\u{feff}A=x\n",
    "# c\n  # d\n; e\nA=x\n",
    "A=\nB=\"\"\nC=''\n",
    "A==x\nB=a=b\n",
    "  A=x\n\tB=y\n",
    "A=\"unclosed\nB=c\n",
    "A='unclosed\nB=c\n",
    "A=x\"y\"z\nB='a'\"b\"c\n",
    "A=x\nA=y\n",
    "A.b=x\nA-b=y\n1A=z\n",
    "A=é ü\n",
    "A=\"x\" y\nB=c\n",
    "A=  x\t\nB=\t\n",
    "A=\"-----BEGIN KEY-----\nMIIE\n-----END KEY-----\"\nB=c\n",
];

/// Texts with statements that cannot be read.
const MALFORMED: &[&str] = &[
    "PW=\"ab\"c\nB=c\n",
    "Q=\"unclosed\nB=c\n",
    "Q=\"closed\nlines later\"x\nB=c\n",
    "Q='closed\nlines later' x\nB=c\n",
    "Q=\"a\nB=\"b\"\nC=c\n",
    "''=x\nB=c\n",
    "'A\nB'=x\nC=c\n",
    "'A\\'B'=x\nC=c\n",
    "'A=x\nB=c\n",
    "=x\nB=c\n",
    "A b=x\nB=c\n",
    "A=1\nA\n",
    "A=1\nA\nB=${A:-d}\n",
    "A=\"x\\\"\nB=\\\"c\n",
    "A='x\\\\'\nB=c\n",
    "\n\n  A=\"x\"y\n\n\nB='z'z\n",
];

pub type Map = BTreeMap<String, String>;

pub fn ours(text: &str, dialect: Dialect) -> Option<Map> {
    Some(ours_and_unread(text, dialect)?.0)
}

/// And the lines of what the dialect could not read.
fn ours_and_unread(text: &str, dialect: Dialect) -> Option<(Map, Vec<usize>)> {
    let found = read(text.as_bytes(), dialect, &|_| None).ok()?;
    let string = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let map = found.pairs.into_iter().map(|(key, value)| (string(key), string(value))).collect();
    Some((map, found.unread.iter().map(|unread| unread.line).collect()))
}

/// What a program prints as JSON for a text on its standard input; none: it fails.
pub fn theirs<T: serde::de::DeserializeOwned>(program: &std::path::Path, args: &[&str], stdin: &str) -> Option<T> {
    use std::io::Write as _;
    let mut child =
        Command::new(program).args(args).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    done.status.success().then(|| serde_json::from_slice(&done.stdout).unwrap())
}

/// Where `tests/run` has put a tool; an error in CI if it has not.
fn tool(path: &str) -> Option<std::path::PathBuf> {
    let tools = std::env::var_os("LEAFCRYPT_TOOLS").map(std::path::PathBuf::from);
    let found = tools.map(|tools| tools.join(path)).filter(|p| p.exists());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "no {path} among the tools: run tests/run");
    found
}

fn compare(dialect: Dialect, run: impl Fn(&str) -> Option<Map>) {
    for text in TEXTS {
        assert_eq!(ours(text, dialect), run(text), "{dialect:?}: {text:?}");
    }
    let pieces = ["A=", "B=", "x", " ", "\"", "'", "\\", "\\n", "#", " #", "\n", "\r\n", "export ", "=", "$", "é", "\t", ":", "C: "];
    for text in at_random(&pieces, 14, rounds(40)) {
        assert_eq!(ours(&text, dialect), run(&text), "{dialect:?}: {text:?}");
    }
}

pub fn rounds(usual: usize) -> usize {
    std::env::var("LEAFCRYPT_DIALECT_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Pieces put together at random: quotes, escapes, comments and line ends next to each other.
pub fn at_random(pieces: &[&str], most: usize, rounds: usize) -> Vec<String> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize
    };
    (0..rounds).map(|_| (0..2 + random() % (most - 2)).map(|_| pieces[random() % pieces.len()]).collect()).collect()
}

#[test]
fn as_python_dotenv() {
    let Some(python) = tool("dotenv/bin/python") else { return };
    let code = "import sys, json, io, dotenv\n\
                text = sys.stdin.buffer.read().decode()\n\
                print(json.dumps({k: v for k, v in dotenv.dotenv_values(stream=io.StringIO(text, newline=None)).items() if v is not None}))";
    compare(Dialect::Dotenv, |text| theirs(&python, &["-c", code], text));
}

/// Texts with quotes that are never closed, or closed lines later, with something behind them: what is read of them, and which statements are not. All
/// by one Python, so there are many. Values are those of a file, which Python opens as text: CR LF and CR are line feeds, in quotes too.
#[test]
fn as_python_dotenv_where_it_cannot_read() {
    let Some(python) = tool("dotenv/bin/python") else { return };
    let code = "import sys, json, io, dotenv\n\
                from dotenv.parser import parse_stream\n\
                out = []\n\
                for text in json.load(sys.stdin):\n\
                \x20   stream = lambda: io.StringIO(text, newline='')\n\
                \x20   as_text = io.StringIO(text, newline=None)\n\
                \x20   values = {k: v for k, v in dotenv.dotenv_values(stream=as_text).items() if v is not None}\n\
                \x20   at, lines = 0, []\n\
                \x20   for binding in parse_stream(stream()):\n\
                \x20       part = binding.original.string\n\
                \x20       if binding.error: lines.append(text.count('\\n', 0, at + len(part) - len(part.lstrip())) + 1)\n\
                \x20       at += len(part)\n\
                \x20   out.append([values, lines])\n\
                print(json.dumps(out))";
    let mut texts: Vec<String> = MALFORMED.iter().chain(TEXTS).map(|text| (*text).to_owned()).collect();
    let lines = [
        "A=",
        "B=",
        "C",
        "export D=",
        "'E'=",
        "'",
        "\"",
        "\"",
        "\n",
        "\n",
        "\nF=",
        "\r\n",
        "x",
        " ",
        "\\",
        "#",
        " # ",
        "${A}",
        "${G:-g}",
        "=",
    ];
    texts.extend(at_random(&lines, 24, rounds(3000)));
    let odd = [
        "A=", "'", "\"", "\n", "\r", "\u{a0}", "\u{85}", "\u{2028}", "\u{3000}", "\u{1c}", "\u{b}", "\u{c}", "\u{feff}", "x", "#",
        "export", "\\'", "\\\"",
    ];
    texts.extend(at_random(&odd, 16, rounds(3000)));
    let theirs: Vec<(Map, Vec<usize>)> = theirs(&python, &["-c", code], &serde_json::to_string(&texts).unwrap()).unwrap();
    assert_eq!(theirs.len(), texts.len());
    let differ: Vec<_> =
        texts.iter().zip(&theirs).filter(|(text, theirs)| ours_and_unread(text, Dialect::Dotenv).as_ref() != Some(theirs)).collect();
    let shown: Vec<String> = differ
        .iter()
        .take(8)
        .map(|(text, theirs)| format!("{text:?}\n  theirs {theirs:?}\n  ours   {:?}", ours_and_unread(text, Dialect::Dotenv)))
        .collect();
    assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), texts.len(), shown.join("\n"));
    assert!(theirs.iter().filter(|(_, unread)| !unread.is_empty()).count() > 500, "these texts are too easy");
}

#[test]
fn as_node_dotenv() {
    let Some(package) = tool("npm/node_modules/dotenv") else { return };
    let code = format!("process.stdout.write(JSON.stringify(require({:?}).parse(require('fs').readFileSync(0))))", package);
    let node = std::env::split_paths("/usr/local/bin:/usr/bin").map(|p| p.join("node")).find(|p| p.exists()).unwrap();
    compare(Dialect::Node, |text| theirs(&node, &["-e", &code], text));
}
