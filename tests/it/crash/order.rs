//! A power cut keeps only what was synced: so the text is synced before it gets the target's name, the folder after that, and a new folder's name
//! before anything in it.

use super::cases;
use super::trace::{self, Call};

/// The number of the descriptor that stands at a place in a call.
fn descriptor(call: &Call, argument: usize) -> Option<i32> {
    let arguments = call.line.split_once('(')?.1;
    arguments.split([',', ')']).nth(argument)?.trim().parse().ok()
}

fn result(call: &Call) -> Option<i32> {
    call.line.rsplit_once("= ")?.1.split_whitespace().next()?.parse().ok()
}

fn check(calls: &[Call]) -> Result<(), String> {
    let mut names = 0;
    for (at, call) in calls.iter().enumerate() {
        let synced =
            |calls: &[Call], fd: i32| calls.iter().any(|c| c.name == "fsync" && descriptor(c, 0) == Some(fd) && result(c) == Some(0));
        match call.name.as_str() {
            "rename" | "renameat" | "renameat2" | "linkat" => {
                names += 1;
                // The last file written to, and the folder of the new name.
                let write = calls[..at].iter().rposition(|c| c.name == "write").ok_or("nothing was written")?;
                let file = descriptor(&calls[write], 0).ok_or("a write to what?")?;
                let folder = descriptor(call, 2).ok_or("a name without a folder")?;
                if !synced(&calls[write..at], file) {
                    return Err(format!("the text is not synced before {call}"));
                }
                if !synced(&calls[at..], folder) {
                    return Err(format!("the folder is not synced after {call}"));
                }
            }
            "mkdir" | "mkdirat" => {
                let open = calls[at..].iter().find(|c| c.name.starts_with("open") && c.line.contains("O_DIRECTORY")).ok_or("no sync")?;
                let parent = result(open).ok_or("no folder")?;
                let until = calls[at..].iter().position(|c| c.name == "write").map_or(calls.len(), |write| at + write);
                if !synced(&calls[at..until], parent) {
                    return Err(format!("the folder above is not synced after {call}"));
                }
            }
            _ => {}
        }
    }
    if names == 0 { Err("no file got a name".to_owned()) } else { Ok(()) }
}

#[test]
fn everything_is_synced_in_the_right_order() {
    for case in cases::all() {
        let calls = trace::calls(&case);
        let done = check(&calls);
        assert!(done.is_ok(), "{}: {done:?}\n{}", case.name, calls.iter().map(|c| format!("{c}\n")).collect::<String>());
    }
}

#[test]
fn and_this_would_notice_if_it_were_not() {
    let calls = |lines: &[&str]| -> Vec<Call> {
        let call = |line: &&str| Call { name: line.split('(').next().unwrap().to_owned(), number: 1, line: (*line).to_owned() };
        lines.iter().map(call).collect()
    };
    let right = ["write(5, \"x\", 1) = 1", "fsync(5) = 0", "renameat(3, \"t\", 3, \"f\") = 0", "fsync(3) = 0"];
    assert_eq!(check(&calls(&right)), Ok(()));
    for missing in [1, 3] {
        let mut lines = right.to_vec();
        lines.remove(missing);
        assert!(check(&calls(&lines)).is_err());
    }
    assert!(check(&calls(&["mkdir(\"a\", 0700) = 0", "write(5, \"x\", 1) = 1"])).is_err());
}
