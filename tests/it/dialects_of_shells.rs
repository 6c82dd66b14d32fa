//! `--dialect posix`, `compose` and `systemd`: the shells that are here and systemd's own library are run for real; Docker Compose's answers were given by
//! compose-go (`dotenv` and `template` of July 2026). And expansions, which must stay within bounds.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use leafcrypt::flows::dialect::{Dialect, read};

use crate::cpu::spent;
use crate::dialects::{Map, at_random, ours, rounds, theirs};
use crate::tools::Place;

/// A text, and what is assigned; none: it is refused.
type Row = (&'static str, Option<&'static [(&'static str, &'static str)]>);

fn map(pairs: &[(&str, &str)]) -> Map {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn check(dialect: Dialect, rows: &[Row]) {
    for (text, expected) in rows {
        assert_eq!(ours(text, dialect), expected.map(map), "{dialect:?}: {text:?}");
    }
}

/// What a shell would run is refused, and so is what it puts in of its own, or what shells read in different ways.
const POSIX: &[Row] = &[
    ("A=x\n", Some(&[("A", "x")])),
    ("export A=x; B='y z'\n", Some(&[("A", "x"), ("B", "y z")])),
    ("A=\"a\\\"b\\\\c\\$d\\ze\"\n", Some(&[("A", "a\"b\\c$d\\ze")])),
    ("A='a\\nb'\"c\"d\\ e\n", Some(&[("A", "a\\nbcd e")])),
    ("Z=z\nA=$Z${Z}x'$Z'\"$Z\"\nB=${N:-d}${N-e}${Z:+f}\n", Some(&[("Z", "z"), ("A", "zzx$Zz"), ("B", "def")])),
    ("A=x # c\nB=x#c\n# d\n\nC=\n", Some(&[("A", "x"), ("B", "x#c"), ("C", "")])),
    ("A=x\\\ny\n", Some(&[("A", "xy")])),
    ("A=\"two\nlines\"\n", Some(&[("A", "two\nlines")])),
    ("A=\n\nB=é\n", Some(&[("A", ""), ("B", "é")])),
    ("B=bee\nX=${A:-$B}\nY=${A-$B}\nZ=${A:-${B}}\n", Some(&[("B", "bee"), ("X", "bee"), ("Y", "bee"), ("Z", "bee")])),
    ("B=bee\nX=${B:+${A:-z}}\nY=${B:-${A}}z\n", Some(&[("B", "bee"), ("X", "z"), ("Y", "beez")])),
    ("A=${N:-\"q r\"}\nB=${N:-a\\}b}\nC=${N:-'}'x y}\n", Some(&[("A", "q r"), ("B", "a}b"), ("C", "}x y")])),
    ("A=\"${N:-q r}\"\nB=\"${N:-a\\}b\\$}\"\nC=\"${N:+x}\"\n", Some(&[("A", "q r"), ("B", "a}b$"), ("C", "")])),
    ("A=a$\nB=\"a$\"\nC=a$.b\n", Some(&[("A", "a$"), ("B", "a$"), ("C", "a$.b")])),
    ("A=a~b\nB=\"~\"/x\nC='~'\nD=\\~/x\n", Some(&[("A", "a~b"), ("B", "~/x"), ("C", "~"), ("D", "~/x")])),
    ("A=1\nexport A\nexport B; C=2\n", Some(&[("A", "1"), ("C", "2")])),
    ("A=x y\n", None),
    ("A = x\n", None),
    ("A=$(id)\n", None),
    ("A=`id`\n", None),
    ("A=${N:-$(id)}\n", None),
    ("B=1\nA=${B:-`id`}\n", None),
    ("id\n", None),
    ("A=x|y\n", None),
    ("A=\"x\n", None),
    ("1A=x\n", None),
    ("A=x&\n", None),
    ("A=\"`id`\"\n", None),
    ("A=~/x\n", None),
    ("A=a:~/x\n", None),
    ("export A=~root/x\n", None),
    ("A=${N:-~/x}\n", None),
    ("A=pa$$word\n", None),
    ("A=\"pa$$word\"\n", None),
    ("A=x$1y\n", None),
    ("A=$?$#$@\n", None),
    ("A=$-$!$*\n", None),
    ("A=${1}\n", None),
    ("A=${N:=x}\n", None),
    ("A=${N?x}\n", None),
    ("A=${#N}\n", None),
    ("A=${N\n", None),
    ("A=${N:-x\n", None),
    ("A=$'x'\n", None),
    ("A=\"${N:-'x'}\"\n", None),
    ("A=1;;B=2\n", None),
    ("; A=1\n", None),
    ("A=1; # c\n; B=2\n", None),
];

#[test]
fn as_a_shell() {
    check(Dialect::Posix, POSIX);
    let pieces = [
        "A=",
        "B=",
        "C=",
        "x",
        " ",
        "'",
        "\"",
        "\"",
        "\\",
        "$",
        "${A",
        "${B:-",
        "${N-",
        "${C+",
        "${A:+",
        "}",
        "}",
        "$A",
        "$B",
        "#",
        "\n",
        "\n",
        "\nexport ",
        ";",
        "~",
        ":",
        "{",
        "/",
        "=",
        "é",
        "1",
        "?",
        "\r",
        "*",
        "$$",
    ];
    let mut texts: Vec<String> = POSIX.iter().filter(|row| row.1.is_some()).map(|row| row.0.to_owned()).collect();
    texts.extend(at_random(&pieces, 20, rounds(4000)).into_iter().map(|text| format!("A={text}")));
    let read: Vec<(String, Map)> = texts.into_iter().filter_map(|text| ours(&text, Dialect::Posix).map(|map| (text, map))).collect();
    assert!(read.iter().filter(|(text, _)| text.contains("${")).count() > 50, "these texts are too easy");
    let place = Place::new();
    let folder = place.path("texts");
    std::fs::create_dir(&folder).unwrap();
    for (number, (text, _)) in read.iter().enumerate() {
        std::fs::write(folder.join(format!("{number:08}")), text).unwrap();
    }
    let script = "for f in \"$0\"/*; do (. \"$f\"; for n in A B C D X Y Z; do eval \"printf '%s\\0' \\\"\\${$n-none}\\\"\"; done); printf '\\001\\0'; done";
    for shell in ["/bin/sh", "/bin/bash", "/usr/bin/busybox"].map(Path::new).into_iter().filter(|shell| shell.exists()) {
        let mut command = Command::new(shell);
        if shell.ends_with("busybox") {
            command.arg("sh");
        }
        let done = command.arg("-c").arg(script).arg(&folder).env_clear().output().unwrap();
        let texts: Vec<Vec<String>> = String::from_utf8_lossy(&done.stdout)
            .split_terminator("\u{1}\0")
            .map(|part| part.split_terminator('\0').map(str::to_owned).collect())
            .collect();
        assert_eq!(texts.len(), read.len(), "{shell:?}");
        for ((text, ours), theirs) in read.iter().zip(texts) {
            let ours: Vec<&str> =
                ["A", "B", "C", "D", "X", "Y", "Z"].iter().map(|name| ours.get(*name).map_or("none", String::as_str)).collect();
            assert_eq!(ours, theirs, "{shell:?}: {text:?}");
        }
    }
}

/// Quotes count at the beginning and behind a closing quote; elsewhere they are characters.
const SYSTEMD: &[Row] = &[
    ("# c\n; d\nA=x y \nB=\"x y \" \nC='z'\n", Some(&[("A", "x y"), ("B", "x y "), ("C", "z")])),
    ("A=x \\\n  y\nB=\"a\\\"b\\\\c\\$\"\n", Some(&[("A", "x   y"), ("B", "a\"b\\c$")])),
    ("export A=x\nB=${A}#c\n1C=d\nD\n", Some(&[("B", "${A}#c")])),
    ("A=it's fine\nB=secret\nC=don't\n", Some(&[("A", "it's fine"), ("B", "secret"), ("C", "don't")])),
    ("A='x' 'y'\nB='a'\"b\" 'c'\nC=\"x y\" z\n", Some(&[("A", "xy"), ("B", "abc"), ("C", "x yz")])),
    ("A=a\"b c\"d\nB=  'q r'  s\nC=\"x\" # c\n", Some(&[("A", "a\"b c\"d"), ("B", "q rs"), ("C", "x# c")])),
    ("A=x\r\nB=\"l1\r\nl2\"\r\nC=y\rD=z\n", Some(&[("A", "x"), ("B", "l1\r\nl2"), ("C", "y"), ("D", "z")])),
    ("A=\"a\\zb\\\nc\"\nB=a\\ b\\ \nC='a\\b'\n", Some(&[("A", "a\\zbc"), ("B", "a b "), ("C", "a\\b")])),
    ("A=\"unclosed\nB=c\n", Some(&[("A", "unclosed\nB=c\n")])),
    ("# c:\\dir\\\n\nA=x\n; c\\\n# d\nB=y\n# c\\\\\nC=z\n", Some(&[("A", "x"), ("B", "y"), ("C", "z")])),
    // Up to systemd 253 the second line is a comment's, later it is none.
    ("# c:\\dir\\\nA=x\n", None),
    ("; c\\\n  A=x\n", None),
];

#[test]
fn as_systemd() {
    check(Dialect::Systemd, SYSTEMD);
    assert!(read(b"A=\xff\n", Dialect::Systemd, &|_| None).is_err() && read(b"#\xff\nA=x\n", Dialect::Systemd, &|_| None).is_ok());
    let Some(library) = systemd_library() else { return };
    let code = "import sys, json, ctypes, tempfile\n\
                library, out = ctypes.CDLL(sys.argv[1]), []\n\
                for text in json.load(sys.stdin):\n\
                \x20   with tempfile.NamedTemporaryFile() as file:\n\
                \x20       file.write(text.encode()); file.flush()\n\
                \x20       found = ctypes.POINTER(ctypes.c_char_p)()\n\
                \x20       assert library.load_env_file(None, file.name.encode(), ctypes.byref(found)) == 0\n\
                \x20   pairs, i = {}, 0\n\
                \x20   while found and found[i]:\n\
                \x20       name, _, value = found[i].decode().partition('=')\n\
                \x20       if name.isidentifier() and name.isascii(): pairs[name] = value\n\
                \x20       i += 1\n\
                \x20   out.append(pairs)\n\
                print(json.dumps(out))";
    let pieces =
        ["A=", "B=", "C", "x", " ", "  ", "'", "\"", "\\", "\n", "\n", "\nB=", "\r\n", "\r", "#", ";", "$", "`", "=", "\t", "é", "export "];
    let mut texts = at_random(&pieces, 20, rounds(4000));
    texts.extend(SYSTEMD.iter().map(|row| row.0.to_owned()));
    let read: Vec<(String, Map)> = texts.into_iter().filter_map(|text| ours(&text, Dialect::Systemd).map(|map| (text, map))).collect();
    assert!(read.len() > 2000, "too many are refused");
    let python = Path::new("/usr/bin/python3");
    let texts: Vec<&String> = read.iter().map(|(text, _)| text).collect();
    let theirs: Vec<Map> = theirs(python, &["-c", code, library.to_str().unwrap()], &serde_json::to_string(&texts).unwrap()).unwrap();
    for ((text, ours), theirs) in read.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "{text:?}");
    }
}

/// Where `tests/run` has put it; an error in CI if it has not.
fn systemd_library() -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib/aarch64-linux-gnu/systemd", "/usr/lib/systemd"];
    let names = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten().map(|entry| entry.path());
    let is_it = |path: &PathBuf| path.to_string_lossy().contains("libsystemd-shared-") && path.extension().is_some_and(|end| end == "so");
    let found = names.into_iter().find(is_it).filter(|_| Path::new("/usr/bin/python3").exists());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "no libsystemd-shared, or no python3: run tests/run");
    found
}

/// Recorded from compose-go; `OUT` is `out` outside, and `EMPTY` is empty.
const COMPOSE: &[Row] = &[
    ("A=x y # c\nB=x#c\nC: d\n", Some(&[("A", "x y"), ("B", "x#c"), ("C", "d")])),
    ("A=\"a\\nb\\t\\\"\\\\\\$c\" # d\nB='e\\'f$g' # h\n", Some(&[("A", "a\nb\t\"\\$c"), ("B", "e'f$g")])),
    ("Z=z\nA=$Z-${Z}-${N:-d}\nB=\"${Z}\"\nNOWHERE\n", Some(&[("A", "z-z-d"), ("B", "z"), ("Z", "z")])),
    ("export A=\"two\nlines\"\n", Some(&[("A", "two\nlines")])),
    ("D=pa$$word\nE=\"pa$$word\"\nF='pa$$word'\nG=\\$x\n", Some(&[("D", "pa$word"), ("E", "pa$word"), ("F", "pa$$word"), ("G", "\\")])),
    ("A=#b\nB= #c\nC=x\t#y\nD=x #y\n", Some(&[("A", "#b"), ("B", "#c"), ("C", "x\t#y"), ("D", "x")])),
    ("D=d\nA=${NO:-${D}}x}\nB=${NO-${D:+${D}e}}\nC=${D:+}${NO:+x}-\n", Some(&[("A", "dx}"), ("B", "de"), ("C", "-"), ("D", "d")])),
    (
        "A=\"\\a\\b\\f\\v\\0101\\07\\c\\x41\"\nB='\\a'\nC=\"\\\\$A\\\\n\"\n",
        Some(&[("A", "\u{7}\u{8}\u{c}\u{b}A\\7\\c\\x41"), ("B", "\\a"), ("C", "\\\u{7}\u{8}\u{c}\u{b}A\\7\\c\\x41\\n")]),
    ),
    ("A=\"x\" OUT\nB='y'C=z\n", Some(&[("A", "x"), ("B", "y"), ("C", "z"), ("OUT", "out")])),
    ("A=$OUT-${OUT:-x}-${EMPTY:-e}-${EMPTY-e}-${EMPTY+f}-\n", Some(&[("A", "out-out-e--f-")])),
    ("OUT=here\nA=$OUT\nOUT\n", Some(&[("A", "out"), ("OUT", "out")])),
    (
        "A=${OUT:?no}\nB=${N:-{}}x}\nC=${N:-a{b}c}d\nD=$(id) $1 $\n",
        Some(&[("A", "out"), ("B", "{}}x"), ("C", "a{b}cd"), ("D", "$(id) $1 $")]),
    ),
    ("\u{feff}A=x\r\nB=\"y\r\n\"\r\nexport\tC = z \n", Some(&[("A", "x"), ("B", "y\r\n"), ("C", "z")])),
    ("A=${N:?no}\n", None),
    ("A=${EMPTY:?no}\n", None),
    ("A=${}\n", None),
    ("A=${N\n", None),
    ("A=${N=x}\n", None),
    ("A=\"x\n", None),
    ("A B=x\n", None),
    ("A/B=x\n", None),
    ("1A.b-[c]=x\n", Some(&[("1A.b-[c]", "x")])),
    // It would take `B` for a value without a name.
    ("A=x\nB", None),
];

#[test]
fn as_compose() {
    let outside = |name: &str| match name {
        "OUT" => Some("out".into()),
        "EMPTY" => Some("".into()),
        _ => None,
    };
    for (text, expected) in COMPOSE {
        let read = read(text.as_bytes(), Dialect::Compose, &outside).ok();
        let found =
            read.map(|read| read.pairs.into_iter().map(|(k, v)| (String::from_utf8(k).unwrap(), String::from_utf8(v).unwrap())).collect());
        assert_eq!(found, expected.map(map), "{text:?}");
    }
}

/// Doubling lines, one name looked for again and again, braces that nothing closes: none takes more than a moment or the memory of its text.
#[test]
fn expansions_stay_within_bounds() {
    let bomb = format!("A=xxxxxxxxxx\n{}", "A=${A}${A}\n".repeat(40));
    let long = format!("A={}\n{}", "x".repeat(1 << 19), "B=${A}${A}${A}\n".repeat(1000));
    let names = "A=${B}\n".repeat(60_000);
    let unclosed =
        [format!("A={}\n", "${".repeat(300_000)), format!("A={}:}}\n", "${".repeat(300_000)), format!("A={}\n", "${A:-".repeat(100_000))];
    let nested = format!("A={}{}\n", "${A:-".repeat(100_000), "}".repeat(100_000));
    let defaults = format!("A={}\n", "${A-}".repeat(100_000));
    let half = format!("A={}}}\n", "${A-{".repeat(100_000));
    for dialect in [Dialect::Dotenv, Dialect::Posix, Dialect::Compose] {
        for text in [&bomb, &long] {
            let start = spent();
            assert!(ours(text, dialect).is_none(), "{dialect:?}");
            assert!(spent() - start < Duration::from_secs(2), "{dialect:?}: {:?}", spent() - start);
        }
        for text in [&names, &nested, &defaults, &half].into_iter().chain(&unclosed) {
            let start = spent();
            let _ = ours(text, dialect);
            assert!(spent() - start < Duration::from_secs(2), "{dialect:?}: {:.20}: {:?}", text, spent() - start);
        }
        // Short texts may have long variables.
        let outside = |_: &str| Some("y".repeat(100_000).into());
        assert!(read(b"A=${PATH}:${PATH}\n", dialect, &outside).is_ok(), "{dialect:?}");
        assert!(read("A=${PATH}\n".repeat(100).as_bytes(), dialect, &outside).is_err(), "{dialect:?}");
    }
    for dialect in [Dialect::Sops, Dialect::Node, Dialect::Systemd] {
        assert!(ours(&bomb, dialect).is_some(), "{dialect:?}");
    }
}
