//! A program beside us: in our terminal, with our descriptors, and what signals do to both.

use std::process::{Command, Output};
use std::time::Duration;

use crate::age_world::Terminal;
use crate::files::Runtime;
use crate::tools::{Place, Program, script, soon, sops};

/// A shell in which `$TOOL` is a program: of ours by either name, or the real sops.
fn shell(place: &Place, program: Program, script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).current_dir(place.path("")).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", place.path("home")).env("SOPS_AGE_KEY_FILE", place.path("keys.txt"));
    let ours = std::path::PathBuf::from(env!("CARGO_BIN_EXE_leafcrypt"));
    let tool = match program {
        Program::Ours => ours,
        Program::AsSops => {
            let link = place.path("sops");
            let _ = std::os::unix::fs::symlink(ours, &link);
            link
        }
        Program::Sops => sops().unwrap(),
    };
    command.env("TOOL", tool).env("TERM", "dumb");
    command
}

fn programs() -> impl Iterator<Item = Program> {
    [Program::Ours, Program::AsSops, Program::Sops].into_iter().filter(|program| *program != Program::Sops || sops().is_some())
}

/// Both commands that have a program beside us. As leafcrypt exec-env becomes the program.
const BESIDE: [&str; 2] = ["exec-env a.env", "exec-file a.env"];

fn in_terminal(place: &Place, program: Program, script: &str) -> Terminal {
    let inner = shell(place, program, "");
    let mut command = Command::new("setsid");
    command.args(["-w", "script"]).current_dir(place.path("")).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Terminal::start(command, script)
}

fn project() -> Place {
    let place = Place::project();
    place.seal("a.env", "A=canary\n");
    place
}

/// A program may ask in the terminal whatever its standard streams are: a group of its own would be stopped there.
#[test]
fn it_asks_in_our_terminal() {
    for program in programs() {
        for command in BESIDE {
            let place = project();
            let line = format!("$TOOL {command} 'echo ask >/dev/tty; read x </dev/tty; echo got=$x' </dev/null 2>/dev/null");
            let mut terminal = in_terminal(&place, program, &line);
            terminal.answer("ask", "word\n");
            assert_eq!(terminal.end(), Some(0), "{program:?} {command}: {}", terminal.seen);
            assert!(terminal.seen.contains("got=word"), "{program:?} {command}: {}", terminal.seen);
        }
    }
}

/// Put into the background, and fetched from there.
#[test]
fn it_comes_to_the_foreground_with_us() {
    for program in programs() {
        for command in BESIDE {
            let place = project();
            place.write("job", format!("set -m\n$TOOL {command} 'sleep 0.5; echo ask; read x; echo got=$x' &\nfg\n"));
            let mut terminal = in_terminal(&place, program, "bash ./job");
            terminal.answer("ask", "word\n");
            assert_eq!(terminal.end(), Some(0), "{program:?} {command}: {}", terminal.seen);
            assert!(terminal.seen.contains("got=word"), "{program:?} {command}: {}", terminal.seen);
        }
    }
}

/// In a terminal the keyboard's INT reaches the program by itself, and is not given twice; one that somebody sends to us alone is passed on.
#[test]
fn the_keyboards_signals_and_others() {
    for command in BESIDE {
        let place = project();
        let program = "trap \"echo int >> ints; exit 7\" INT; echo ready; while :; do sleep 0.05; done";
        let mut terminal = in_terminal(&place, Program::AsSops, &format!("trap : INT; $TOOL {command} '{program}'; echo rc=$?"));
        terminal.answer("ready", "\u{3}");
        terminal.end();
        assert_eq!(place.read("ints"), b"int\n", "{command}: {}", terminal.seen);
        // It has taken it as its own business: we end as it does.
        assert!(terminal.seen.contains("rc=7"), "{command}: {}", terminal.seen);
        std::fs::remove_file(place.path("ints")).unwrap();
        let sender = "import subprocess, signal, time, os, sys\n\
                      tool = subprocess.Popen([os.environ[\"TOOL\"]] + sys.argv[1:])\n\
                      while not os.path.exists(\"up\"): time.sleep(0.02)\n\
                      tool.send_signal(signal.SIGINT)\n\
                      print(tool.wait(timeout=20))";
        let words = format!("{command} '{}'", program.replace("echo ready", "touch up"));
        let mut terminal = in_terminal(&place, Program::AsSops, &format!("python3 -c '{sender}' {words}"));
        assert_eq!(terminal.end(), Some(0), "{command}: {}", terminal.seen);
        assert_eq!(place.read("ints"), b"int\n", "{command}: {}", terminal.seen);
    }
}

/// USR1 and USR2 end nobody: they are the program's; as `sops` nobody's, as with SOPS.
#[test]
fn messages_to_a_program() {
    for program in programs() {
        for command in BESIDE.iter().filter(|command| program != Program::Ours || command.starts_with("exec-file")) {
            let place = project();
            // Ours waits for it, a minute at most; of sops nothing comes however long one waits.
            let wait = match program {
                Program::Ours => "timeout 60 sh -c \"until [ -e got ]; do sleep 0.02; done\"",
                _ => "sleep 0.7",
            };
            let script = format!(
                "$TOOL {command} 'trap \"echo usr; touch got\" USR1 USR2; touch up; {wait} & wait $!; wait; echo end' & \
                 timeout 60 sh -c 'until [ -e up ]; do sleep 0.02; done'; kill -USR1 $!; wait $!"
            );
            let done = shell(&place, program, &script).output().unwrap();
            let expected = if program == Program::Ours { "usr\nend\n" } else { "end\n" };
            assert_eq!((done.status.code(), &*String::from_utf8_lossy(&done.stdout)), (Some(0), expected), "{program:?} {command}");
        }
    }
}

/// What was open for us is open for the program: a socket of systemd, the jobs of make, a lock.
#[test]
fn descriptors_are_handed_on() {
    for program in programs() {
        for command in ["exec-env a.env", "exec-env --same-process a.env", "exec-file a.env"] {
            let place = project();
            place.write("three", "of the caller\n");
            let done = shell(&place, program, &format!("exec $TOOL {command} 'cat <&3' 3<three")).output().unwrap();
            assert_eq!(
                String::from_utf8_lossy(&done.stdout),
                "of the caller\n",
                "{program:?} {command}: {}",
                String::from_utf8_lossy(&done.stderr)
            );
        }
    }
    // Not to those who work for us: a command that brings identities.
    let place = project();
    place.write("three", "");
    script(&place.path("key"), "#!/bin/sh\nls -l /proc/self/fd > fds\ncat keys.txt\n");
    let script = "exec env -u SOPS_AGE_KEY_FILE SOPS_AGE_KEY_CMD=./key $TOOL decrypt a.env 3<three";
    let done = shell(&place, Program::Ours, script).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!String::from_utf8(place.read("fds")).unwrap().contains("three"));
}

/// Another user reaches the file wherever our own folder in memory is.
#[test]
fn another_user_reaches_the_file() {
    if !crate::files::people::as_root() {
        return;
    }
    let place = project();
    let runtime = Runtime::new(&place);
    for program in [Program::Ours, Program::AsSops] {
        for flags in [&[][..], &["--no-fifo"]] {
            let args = ["exec-file", "--user", "nobody"].iter().chain(flags).chain(&["a.env", "cat {}"]).copied();
            let done: Output = place.call(program, args).env("XDG_RUNTIME_DIR", &runtime.0).run();
            assert_eq!(String::from_utf8_lossy(&done.stdout), "A=canary\n", "{flags:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
    }
}

/// Without a terminal it has a group of its own, all of which a signal to us reaches; sops ends alone.
#[test]
fn a_signal_reaches_all_of_it() {
    for program in programs() {
        for command in BESIDE.iter().filter(|command| program != Program::Ours || command.starts_with("exec-file")) {
            let place = project();
            // Is what the program has started still there when we are gone?
            let patience = if program == Program::Sops { 1 } else { 60 };
            let gone = "! grep -qs \"^State:.[^ZX]\" /proc/$(cat up)/status";
            place.write("child", "echo $$ > up.new; mv up.new up; exec sleep 30");
            let script = format!(
                "setsid -w sh -c \"$TOOL {command} 'sh ./child > /dev/null 2>&1 & wait; :' & \
                 timeout 60 sh -c 'until [ -e up ]; do sleep 0.02; done'; kill -TERM \\$!; wait \\$!\"; \
                 timeout {patience} sh -c 'until {gone}; do sleep 0.02; done' || {{ touch late; kill $(cat up); }}"
            );
            let done = shell(&place, program, &script).output().unwrap();
            let is_left = place.path("late").exists();
            assert_eq!(is_left, program == Program::Sops, "{program:?} {command}: {}", String::from_utf8_lossy(&done.stderr));
        }
    }
}

/// A program of `exec-env` has all the time it takes to end, and what is sent once more reaches it once more: no plaintext has a name meanwhile.
#[test]
fn it_has_time_to_end() {
    for program in [Program::AsSops, Program::Ours] {
        let place = project();
        let line = "trap \"echo term >> log\" TERM; touch up; n=0; while [ \"$(grep -c term log 2>/dev/null)\" != 2 ] && [ $n != 2000 ]; do n=$((n+1)); sleep 0.02; done; sleep 2.2; echo clean >> log; exit 0";
        let script = format!(
            "$TOOL exec-env a.env '{line}' & timeout 60 sh -c 'until [ -e up ]; do sleep 0.02; done'; kill -TERM $!; \
             timeout 60 sh -c 'until [ -e log ]; do sleep 0.02; done'; kill -TERM $!; wait $!"
        );
        let done = shell(&place, program, &script).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&place.read("log")), "term\nterm\nclean\n", "{program:?}");
        // By the signal as sops, which lives beside the program; as leafcrypt that is what we are.
        assert_eq!(done.status.code(), Some(if program == Program::AsSops { 143 } else { 0 }), "{program:?}");
    }
}

/// It may run for weeks: while it does, and nothing comes, we sleep.
#[test]
fn nothing_wakes_us_meanwhile() {
    for (program, command) in
        [(Program::Ours, "exec-file a.env"), (Program::AsSops, "exec-file a.env"), (Program::AsSops, "exec-env a.env")]
    {
        let place = project();
        let line = format!("exec $TOOL {command} 'touch up; until [ -e down ]; do sleep 0.05; done; exit 3'");
        let mut ours = shell(&place, program, &line).spawn().unwrap();
        soon("the program is started", || place.path("up").exists());
        let mut seen = Vec::new();
        // What there was to be done at the start may still be under way at first.
        let is_idle = (0..5).any(|_| {
            let before = switches(ours.id());
            std::thread::sleep(Duration::from_secs(1));
            seen.push(switches(ours.id()).abs_diff(before));
            seen.last().is_some_and(|switches| *switches <= 5)
        });
        place.write("down", "");
        assert_eq!(ours.wait().unwrap().code(), Some(3), "{program:?} {command}");
        assert!(is_idle, "{program:?} {command}: {seen:?} times in a second each");
    }
}

/// How often the threads of a process have stopped running to wait for something.
fn switches(process: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let status = |thread: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
    let count = |status: String| status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")?.trim().parse::<u64>().ok());
    threads.filter_map(|thread| count(status(thread))).sum()
}

/// As the first process of a container, which the kernel lets no signal end by default, we end by the signal's number.
#[test]
fn as_the_first_process() {
    for program in [Program::Ours, Program::AsSops] {
        for call in ["exec-env a.env 'trap \"exit 0\" TERM; touch up; sleep 60 & wait'", "exec-file a.env 'touch up; sleep 60'", "decrypt"]
        {
            if program == Program::Ours && call.starts_with("exec-env") {
                continue;
            }
            let place = project();
            place.write("first", format!("exec $TOOL {call}"));
            // The kernel keeps from it what it has no handler for: that of TERM is bit 14 of what it catches.
            let handles = "$((0x$(sed -n \"s/^SigCgt:.//p\" /proc/$(pgrep -P $tool)/status) & 0x4000))";
            let up = match call {
                "decrypt" => format!("[ {handles} != 0 ]"),
                _ => "[ -e up ]".to_owned(),
            };
            let user = if crate::files::people::is_root() { "" } else { "--map-root-user" };
            let script = format!(
                "mkfifo in; unshare -pf {user} --kill-child --mount-proc sh ./first <in & export tool=$!; exec 9>in; \
                 timeout 60 sh -c 'until {up}; do sleep 0.02; done' 2>/dev/null; kill -TERM $(pgrep -P $tool); wait $tool"
            );
            let done = shell(&place, program, &script).output().unwrap();
            assert_eq!(done.status.code(), Some(143), "{program:?} {call}: {}", String::from_utf8_lossy(&done.stderr));
        }
    }
}
