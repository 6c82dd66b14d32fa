//! No value and no identity is written anywhere, nor given to another program, but where the command was told to put it (P13, P15).

use std::process::Command;

use super::Run;
use super::cases::{self, Becomes, CANARY, Case};
use crate::files::PROGRAM;

/// What a command writes to, and what programs it starts, with all their bytes.
fn told(case: &Case) -> Vec<String> {
    let run = Run::new(case);
    let log = run.folder.join("log");
    let mut strace = cases::prepare(Command::new("strace"), &case.template, &run.folder);
    strace.args(["-f", "-qqq", "-y", "-v", "-s", "1000000", "-o"]).arg(&log);
    strace.args([
        "-e",
        "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,symlink,symlinkat,open,openat,mkdir,mkdirat,execve,setxattr,fsetxattr",
    ]);
    assert!(strace.arg(PROGRAM).args(&case.args).output().unwrap().status.success(), "{}", case.name);
    std::fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect()
}

/// The lines that hold a secret, but for those of one descriptor or path.
fn check(name: &str, lines: &[String], allowed: impl Fn(&str) -> bool) {
    let shown = |line: &&String| [CANARY, "AGE-SECRET-KEY-1"].iter().any(|secret| line.contains(secret));
    let secret: Vec<&String> = lines.iter().filter(shown).collect();
    let wrong: Vec<&&String> = secret.iter().filter(|line| !allowed(line)).collect();
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
}

#[test]
fn plaintext_goes_only_where_it_was_sent() {
    for case in cases::all() {
        let folder = |line: &str, name: &str| {
            let folder = std::path::Path::new(name).parent().unwrap().to_string_lossy().into_owned();
            let folder = if folder.is_empty() { "/".to_owned() } else { format!("/{folder}/") };
            line.contains("write(") && line.contains(&folder)
        };
        let told = told(&case);
        check(&case.name, &told, |line| {
            case.becomes.iter().any(|(name, becomes)| matches!(becomes, Becomes::Plain(_) | Becomes::Identities(_)) && folder(line, name))
        });
        let asked = case.becomes.iter().any(|(_, becomes)| matches!(becomes, Becomes::Plain(_) | Becomes::Identities(_)));
        assert_eq!(
            asked,
            told.iter().any(|line| line.contains("write(") && (line.contains(CANARY) || line.contains("AGE-SECRET"))),
            "{}",
            case.name
        );
    }
}

#[test]
fn standard_output_is_one_such_place() {
    let mut case = cases::all().into_iter().find(|case| case.name == "decrypt -i").unwrap();
    case.args = ["decrypt", "f.yaml"].map(str::to_owned).to_vec();
    let told = told(&case);
    check("decrypt", &told, |line| line.contains("write(1<pipe:"));
    assert!(told.iter().any(|line| line.contains(CANARY)));
    case.args = ["decrypt", "--extract", "[\"b\"]", "f.yaml"].map(str::to_owned).to_vec();
    check("decrypt --extract", &self::told(&case), |_| false);
}
