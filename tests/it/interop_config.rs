//! `.sops.yaml` as the real sops finds and reads it: the same exit code and the same recipients and rule in the file; and where ours differs.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use leafcrypt::formats::Format;

use crate::files::git;
use crate::files::people::as_root;
use crate::interop_pair::block;
use crate::tools::{PGP, Place, Program, script, sops, without_field};

/// `exit code of sops / exit code of ours | configuration`; ONE and TWO are age recipients, `\n` a line feed, `\t` a tab, `\r` a CR.
const FILES: &str = include_str!("interop/configs.txt");

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// What a sealed YAML file says, or the number it failed with.
fn outcome(done: &Output) -> String {
    if done.status.success() { block(Format::Yaml, &done.stdout) } else { format!("exit {:?}", done.status.code()) }
}

#[test]
fn every_configuration() {
    if sops().is_none() {
        return;
    }
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    place.write("f.yaml", "a: 1\nb: x\n");
    place.write("sealed.yaml", place.sops(["encrypt", "--age", &one, "f.yaml"]).unwrap().stdout);
    let mut wrong = Vec::new();
    for line in FILES.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        let (codes, text) = line.split_once(" | ").unwrap();
        let (theirs, ours) = codes.trim().split_once('/').unwrap_or((codes.trim(), codes.trim()));
        let (theirs, ours): (i32, i32) = (theirs.parse().unwrap(), ours.parse().unwrap());
        let text = text.replace("ONE", &one).replace("TWO", &two).replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
        place.write(".sops.yaml", text.replace("\\BOM", "\u{feff}"));
        let done = [Program::Sops, Program::AsSops, Program::Ours].map(|program| place.call(program, ["encrypt", "f.yaml"]).run());
        let said = done.iter().map(|done| words(&done.stderr)).collect::<Vec<_>>();
        if [0, 1, 2].map(|i| done[i].status.code()) != [Some(theirs), Some(ours), Some(ours)] {
            wrong.push(format!("{line}\n  {:?}\n  {}", [0, 1, 2].map(|i| done[i].status.code()), said.join("\n  ")));
            continue;
        }
        if theirs == ours && (outcome(&done[0]) != outcome(&done[1]) || outcome(&done[0]) != outcome(&done[2])) {
            wrong.push(format!("{line}: another rule:\n  {}\n  {}", outcome(&done[0]), outcome(&done[2])));
        }
        if theirs == ours && theirs == 1 {
            // go-yaml's part of a message is in our words.
            let first = said[0].lines().next().unwrap();
            let phrase = first.split(": yaml:").next().unwrap();
            if !said[1].contains(phrase) {
                wrong.push(format!("{line}: says otherwise:\n  {}", said.join("\n  ")));
            }
        }
        // A configuration that cannot be read stops even those who ask it nothing.
        let opened = [Program::Sops, Program::AsSops, Program::Ours].map(|program| place.call(program, ["decrypt", "sealed.yaml"]).run());
        if opened[0].status.code() != opened[1].status.code() || opened[0].status.code() != opened[2].status.code() {
            wrong.push(format!("{line}: decrypt: {:?}", opened.map(|done| done.status.code())));
        }
    }
    assert!(wrong.is_empty(), "{} configurations:\n{}", wrong.len(), wrong.join("\n"));
}

/// A binary file is one value: a selector of the rule and another of a flag, or two flags, are both passed over.
#[test]
fn selectors_that_differ_for_a_binary_file() {
    let place = Place::new();
    place.write(".sops.yaml", format!("creation_rules: [{{age: {}, encrypted_regex: x}}]\n", place.recipient));
    place.write("f.bin", "secret\n");
    place.write("f.yaml", "a: 1\n");
    for (code, words) in [
        (0, "encrypt --encrypted-suffix y f.bin"),
        (0, "encrypt --encrypted-suffix y --unencrypted-regex z f.bin"),
        (0, "encrypt --input-type binary --output-type yaml --encrypted-suffix y f.yaml"),
        (8, "encrypt --encrypted-suffix y f.yaml"),
        (8, "encrypt --output-type binary --encrypted-suffix y f.yaml"),
    ] {
        for program in [Program::Sops, Program::AsSops, Program::Ours] {
            if matches!(program, Program::Sops) && sops().is_none() {
                continue;
            }
            let done = place.call(program, words.split(' ')).run();
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            assert_eq!(done.status.code(), Some(code), "{words}: {said}");
            assert!(code != 0 || said.contains("ignored"), "{words}: {said}");
            assert!(!String::from_utf8_lossy(&done.stdout).contains("_regex"), "{words}");
        }
    }
}

/// Where the file is looked for, as `sops`: each line a folder to start in, arguments, and what must come out in both.
#[test]
fn found_from_the_current_folder() {
    if sops().is_none() {
        return;
    }
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    let plain = "a: 1\nb: x\n";
    for folder in ["r/sub/deep", "r/.git", "wrong/in", "folder/.sops.yaml", "dangling", "real/in", "named", "rules/d"] {
        std::fs::create_dir_all(place.path(folder)).unwrap();
    }
    let rule = |age: &str| format!("creation_rules: [{{age: {age}}}]\n");
    place.write("r/.sops.yaml", rule(&one));
    place.write("r/sub/f.yaml", plain);
    place.write("r/sub/deep/f.yaml", plain);
    place.write("f.yaml", plain);
    place.write("wrong/.sops.yml", rule(&one));
    place.write("wrong/in/f.yaml", plain);
    place.write("folder/f.yaml", plain);
    place.write("dangling/f.yaml", plain);
    std::os::unix::fs::symlink("nowhere", place.path("dangling/.sops.yaml")).unwrap();
    place.write("real/.sops.yaml", rule(&one));
    place.write("real/in/f.yaml", plain);
    std::os::unix::fs::symlink("real/in", place.path("link")).unwrap();
    place.write("named/c.yaml", format!("creation_rules: [{{path_regex: ^f, age: {two}}}, {{age: {one}}}]\n"));
    place.write("named/f.yaml", plain);
    let rules = [("^d/f", &one), ("^d/g\\.yaml$", &two), ("/x/y$", &one), ("^f\\.yaml$", &two)];
    let rules: String = rules.iter().map(|(regex, age)| format!("  - {{path_regex: '{regex}', age: {age}}}\n")).collect();
    place.write("rules/.sops.yaml", format!("creation_rules:\n{rules}"));
    place.write("rules/d/f.yaml", plain);
    place.write("rules/f.yaml", plain);
    let abs = |name: &str| place.path(name).to_string_lossy().into_owned();

    let cases: Vec<(&str, Vec<String>)> = [
        ("r", "encrypt sub/f.yaml"),
        ("r/sub", "encrypt f.yaml"),
        ("r/sub/deep", "encrypt f.yaml"),
        ("r/sub", "encrypt ./deep/../f.yaml"),
        (".", "encrypt r/sub/f.yaml"),
        ("wrong/in", "encrypt f.yaml"),
        ("folder", "encrypt f.yaml"),
        ("folder", "decrypt f.yaml"),
        ("dangling", "encrypt f.yaml"),
        ("link", "encrypt f.yaml"),
        ("named", "--config c.yaml encrypt f.yaml"),
        ("named", "--config ../named/c.yaml encrypt f.yaml"),
        (".", "--config named/c.yaml encrypt named/f.yaml"),
        (".", "--config named/c.yaml encrypt f.yaml"),
        ("r", "--config missing.yaml encrypt sub/f.yaml"),
        ("r", "--config= encrypt sub/f.yaml"),
        ("rules", "encrypt d/f.yaml"),
        ("rules", "encrypt ./d//f.yaml"),
        ("rules", "encrypt d/../f.yaml"),
        ("rules/d", "encrypt f.yaml"),
        ("rules/d", "encrypt ../f.yaml"),
        ("rules", "encrypt --filename-override d/g.yaml d/f.yaml"),
        ("rules", "encrypt --filename-override zz.yaml d/f.yaml"),
        ("rules", "encrypt --filename-override /any/x/y --output-type yaml --input-type yaml d/f.yaml"),
        ("rules", "-e d/f.yaml"),
    ]
    .into_iter()
    .map(|(folder, line)| (folder, line.split(' ').map(str::to_owned).collect()))
    .chain([("rules", vec!["encrypt".to_owned(), abs("rules/d/f.yaml")]), (".", vec!["encrypt".to_owned(), abs("rules/d/f.yaml")])])
    .collect();
    let mut wrong = Vec::new();
    for (folder, args) in &cases {
        let [theirs, ours] = [Program::Sops, Program::AsSops].map(|program| place.call(program, args).dir(folder).run());
        let case = format!("in {folder}: {args:?}");
        if outcome(&theirs) != outcome(&ours) {
            wrong.push(format!("{case}:\n  {} {}\n  {} {}", outcome(&theirs), words(&theirs.stderr), outcome(&ours), words(&ours.stderr)));
        }
        let without_time = |text: &[u8]| words(text).lines().filter_map(|l| Some(l.split_once("level=")?.1.to_owned())).collect::<Vec<_>>();
        let first = words(&theirs.stderr).lines().find(|line| !line.contains("level=warning")).unwrap_or_default().to_owned();
        // Warnings of a call that fails are not kept.
        if theirs.status.success() && without_time(&theirs.stderr) != without_time(&ours.stderr)
            || (!theirs.status.success() && !words(&ours.stderr).contains(&first))
        {
            wrong.push(format!("{case}: says otherwise:\n  {}\n  {}", words(&theirs.stderr), words(&ours.stderr)));
        }
    }
    let variable = |program, value: &str| {
        let call = place.call(program, ["encrypt", "named/f.yaml"]).env("SOPS_CONFIG", value);
        outcome(&call.run())
    };
    for value in ["named/c.yaml", "missing", ""] {
        assert_eq!(variable(Program::Sops, value), variable(Program::AsSops, value), "SOPS_CONFIG={value}");
    }
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong.join("\n"));
}

/// As leafcrypt: from the file's folder up to the edge of its repository, or of the home folder; and only what nobody else could have written.
#[test]
fn found_from_the_file() {
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    let rule = |age: &str| format!("creation_rules: [{{age: {age}}}]\n");
    for folder in ["repo/.git", "repo/sub", "home/work", "out/sub"] {
        std::fs::create_dir_all(place.path(folder)).unwrap();
    }
    for file in ["repo/sub/f.yaml", "home/work/f.yaml", "out/sub/f.yaml"] {
        place.write(file, "a: 1\n");
    }
    place.write("repo/.sops.yaml", rule(&one));
    place.write(".sops.yaml", rule(&two));
    let readers = |folder: &str, file: &str| {
        let done = place.call(Program::Ours, ["encrypt", file]).dir(folder).run();
        let found = outcome(&done);
        match (found.contains(&one), found.contains(&two)) {
            (true, false) => "one",
            (false, true) => "two",
            _ => "none",
        }
    };
    assert_eq!(readers(".", "repo/sub/f.yaml"), "one", "the file's repository, wherever we stand");
    assert_eq!(readers("out", "../repo/sub/f.yaml"), "one");
    assert_eq!(readers("repo", "../out/sub/f.yaml"), "two", "beside any repository it goes on");
    std::fs::remove_file(place.path("repo/.sops.yaml")).unwrap();
    assert_eq!(readers(".", "repo/sub/f.yaml"), "none", "not beyond the repository");
    assert_eq!(readers(".", "home/work/f.yaml"), "none", "not beyond the home folder");
    place.write("home/.sops.yaml", rule(&one));
    assert_eq!(readers(".", "home/work/f.yaml"), "one");

    // P22.
    place.write("out/.sops.yaml", rule(&one));
    let mode = |bits| std::fs::set_permissions(place.path("out/.sops.yaml"), std::fs::Permissions::from_mode(bits)).unwrap();
    mode(0o666);
    let refused = place.call(Program::Ours, ["encrypt", "sub/f.yaml"]).dir("out").run();
    assert_eq!(refused.status.code(), Some(1));
    assert!(words(&refused.stderr).contains("anybody can write to it"));
    let warned = place.call(Program::AsSops, ["encrypt", "sub/f.yaml"]).dir("out").run();
    assert!(warned.status.success() && words(&warned.stderr).contains("anybody can write to it"), "{}", words(&warned.stderr));
    mode(0o644);
    assert!(place.call(Program::Ours, ["encrypt", "sub/f.yaml"]).dir("out").run().status.success());
}

/// `arguments | variables`; the rule of the folder is for ONE with `encrypted_suffix: a` and a threshold of 3.
const FLAGS: &str = "\
encrypt f.yaml |
encrypt --age TWO f.yaml |
encrypt f.yaml | SOPS_AGE_RECIPIENTS=TWO
encrypt --age ONE f.yaml | SOPS_AGE_RECIPIENTS=TWO
encrypt f.yaml | SOPS_AGE_RECIPIENTS=
encrypt --age= f.yaml | SOPS_AGE_RECIPIENTS=TWO
encrypt --age= f.yaml |
encrypt --age=TWO --age= f.yaml |
encrypt --pgp= f.yaml | SOPS_PGP_FP=PGP
encrypt --pgp= f.yaml | SOPS_AGE_RECIPIENTS=TWO
encrypt --kms= f.yaml | SOPS_KMS_ARN=nonsense
encrypt --gcp-kms= f.yaml | SOPS_GCP_KMS_IDS=nonsense
encrypt --azure-kv= f.yaml | SOPS_AZURE_KEYVAULT_URLS=nonsense
encrypt --hc-vault-transit= f.yaml | SOPS_VAULT_URIS=nonsense
-e --age= f.yaml | SOPS_AGE_RECIPIENTS=TWO
encrypt --age TWO f.yaml | SOPS_PGP_FP=PGP
encrypt f.yaml | SOPS_PGP_FP=PGP SOPS_AGE_RECIPIENTS=TWO,ONE
encrypt --pgp PGP --age TWO f.yaml |
encrypt --age TWO,TWO f.yaml |
encrypt --age TWO,,ONE f.yaml |
encrypt --age nonsense f.yaml |
encrypt --encrypted-suffix b f.yaml |
encrypt --unencrypted-suffix b f.yaml |
encrypt --encrypted-regex b f.yaml |
encrypt --encrypted-suffix= f.yaml |
encrypt --shamir-secret-sharing-threshold 2 f.yaml |
encrypt --age TWO none.yaml |
encrypt --age TWO --filename-override none/x.yaml f.yaml |
-e --age TWO f.yaml |
-e --encrypted-suffix b f.yaml |
-e --encrypted-comment-regex b f.yaml |
-e --mac-only-encrypted f.yaml |
--mac-only-encrypted -e f.yaml |
encrypt --encryption-context a:b f.yaml |
encrypt --encryption-context a f.yaml |
encrypt --encryption-context a:b:c f.yaml |
encrypt --aws-profile p f.yaml |
";

#[test]
fn flags_and_variables_against_a_rule() {
    if sops().is_none() {
        return;
    }
    let mut place = Place::new().with_pgp();
    let [one, two] = place.known_ages();
    place.write("f.yaml", "a: 1\nb: x\n");
    place.write("none.yaml", "a: 1\n");
    place.write(".sops.yaml", format!("creation_rules: [{{path_regex: f, age: {one}, encrypted_suffix: a, shamir_threshold: 3}}]\n"));
    let mut wrong = Vec::new();
    for line in FLAGS.lines() {
        let filled = line.replace("ONE", &one).replace("TWO", &two).replace("=PGP", &format!("={PGP}")).replace(" PGP", &format!(" {PGP}"));
        let (args, variables) = filled.split_once('|').unwrap();
        let run = |program| {
            let call = place.call(program, args.split_whitespace());
            variables.split_whitespace().filter_map(|v| v.split_once('=')).fold(call, |call, (name, value)| call.env(name, value)).run()
        };
        let (theirs, ours) = (run(Program::Sops), run(Program::AsSops));
        if outcome(&theirs) != outcome(&ours) {
            wrong.push(format!("{line}:\n  {} {}\n  {} {}", outcome(&theirs), words(&theirs.stderr), outcome(&ours), words(&ours.stderr)));
        }
    }
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong.join("\n"));
}

/// Blanks a level in what is printed anew, in both: whatever number is asked for.
#[test]
fn indents() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    place.write("f.yaml", "a:\n    - b: one\n      c:\n        - x\n        - y: z\n");
    place.write("f.json", "{\"a\": [{\"b\": \"one\", \"c\": [\"x\", {\"y\": \"z\"}]}], \"e\": [], \"m\": {}}");
    for (file, other) in [("f.yaml", "json"), ("f.json", "yaml")] {
        place.write(&format!("sealed.{file}"), place.sops(["encrypt", "--age", &place.recipient, file]).unwrap().stdout);
        for n in ["-2", "-1", "0", "1", "2", "3", "8", "9", "10"] {
            place.write(".sops.yaml", format!("stores: {{yaml: {{indent: {n}}}, json: {{indent: {n}}}}}\n"));
            let sealed = format!("sealed.{file}");
            let args = ["decrypt", "--output-type", other, &sealed];
            let [theirs, ours] = [Program::Sops, Program::AsSops].map(|program| place.call(program, args).run());
            assert_eq!(theirs.status.code(), ours.status.code(), "{file}, {n}: {}", words(&ours.stderr));
            assert_eq!(words(&theirs.stdout), words(&ours.stdout), "{file}, {n}");
            // What is sealed in another type is printed anew, too.
            let args = ["encrypt", "--age", &place.recipient, "--output-type", other, file];
            let [theirs, ours] = [Program::Sops, Program::AsSops].map(|program| place.call(program, args).run());
            let layout = |done: &Output| {
                let text = words(&done.stdout);
                let above = text.lines().take_while(|line| !line.trim_start().trim_start_matches('"').starts_with("sops"));
                above.map(|line| line.split("ENC[").next().unwrap().to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(theirs.status.code(), ours.status.code(), "{file}, {n}: {}", words(&ours.stderr));
            assert_eq!(layout(&theirs), layout(&ours), "{file}, {n}");
        }
    }
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    // The flag, which counts before a command since 3.13.
    let [theirs, ours] = [Program::Sops, Program::AsSops]
        .map(|program| place.call(program, ["--indent", "3", "-d", "--output-type", "json", "sealed.f.yaml"]).run());
    assert_eq!(words(&theirs.stdout), words(&ours.stdout));
    // Blocks too. A file that we open keeps its layout, whatever is asked for: there both differ.
    for n in ["2", "6"] {
        place.write(".sops.yaml", format!("stores: {{yaml: {{indent: {n}}}, json: {{indent: {n}}}, json_binary: {{indent: {n}}}}}\n"));
        place.write("f.bin", "x");
        for file in ["f.yaml", "f.bin"] {
            let first = |program| {
                let done = place.call(program, ["encrypt", "--age", &place.recipient, file]).run();
                let text = words(&done.stdout);
                let at = text.lines().position(|line| line.trim_start().trim_start_matches('"').starts_with("sops\"") || line == "sops:");
                let lines: Vec<String> = text.lines().skip(at.unwrap() + 1).map(str::to_owned).collect();
                // As a name only: armour may hold any three letters.
                let names = |line: &str, name: &str| {
                    let rest = line.trim_start_matches([' ', '\t', '-', '"']).strip_prefix(name);
                    rest.is_some_and(|rest| rest.starts_with([':', '"']))
                };
                let blanks = |name: &str| lines.iter().find(|l| names(l, name)).map(|l| l.len() - l.trim_start().len());
                // Which of a record's fields stands behind the dash depends on the version whose order it is.
                let record = [blanks("recipient"), blanks("enc")];
                [blanks("age"), record.into_iter().min().unwrap(), record.into_iter().max().unwrap(), blanks("lastmodified"), blanks("mac")]
            };
            let (theirs, ours) = (first(Program::Sops), first(Program::Ours));
            assert_eq!(theirs, ours, "{file}, {n}");
        }
    }
}

/// The documented example, read by the real sops: the same rule for every path in it.
#[test]
fn the_example_in_both() {
    if sops().is_none() {
        return;
    }
    let mut place = Place::new().with_pgp();
    place.known_ages();
    let example = std::fs::read_to_string(format!("{}/.sops.yaml.example", env!("CARGO_MANIFEST_DIR"))).unwrap();
    place.write(".sops.yaml", &example);
    for path in ["flat/a.yaml", "comments/clear/a.yaml", "comments/sealed/a.yaml", "suffix/a.yaml", "other.yaml"] {
        std::fs::create_dir_all(place.path(path).parent().unwrap()).unwrap();
        place.write(path, "# sops:enc\na_secret: 1\nb: x # plain\n");
        let [theirs, ours] = [Program::Sops, Program::Ours].map(|program| place.call(program, ["encrypt", path]).run());
        assert!(theirs.status.success() && ours.status.success(), "{path}: {} {}", words(&theirs.stderr), words(&ours.stderr));
        assert_eq!(outcome(&theirs), outcome(&ours), "{path}");
    }
    // Keys of clouds cannot wrap here, but both say which they would be.
    place.write("plain.yaml", "a: 1\n");
    let sealed = place.sops(["encrypt", "--filename-override", "other.yaml", "plain.yaml"]).unwrap().stdout;
    for folder in ["cloud", "shamir"] {
        std::fs::create_dir_all(place.path(folder)).unwrap();
        place.write(&format!("{folder}/a.yaml"), &sealed);
        let [theirs, ours] = [Program::Sops, Program::AsSops]
            .map(|program| place.call(program, ["updatekeys", &format!("{folder}/a.yaml")]).stdin("n\n").run());
        assert_eq!(words(&theirs.stdout), words(&ours.stdout), "{folder}: {}", words(&ours.stderr));
        assert_eq!(theirs.status.code(), ours.status.code(), "{folder}");
    }
}

/// A rule that cannot be used stops no change of a file that is sealed already: SOPS asks none there. Ours, as `sops`, says that it compares with none.
#[test]
fn a_wrong_rule_stops_no_change_of_a_sealed_file() {
    if sops().is_none() {
        return;
    }
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    let wrong = [
        "path_regex: '('\n    age: ONE",
        "age: age1xyz",
        "age: [5]",
        "age: ONE\n    encrypted_regex: a\n    encrypted_suffix: b",
        "age: ONE\n    encrypted_regex: '('",
        "key_groups: [{age: [nokey]}]",
    ];
    script(&place.path("ed"), "#!/bin/sh\nsed -i s/two/three/ \"$1\"\n");
    for rule in wrong {
        place.write(".sops.yaml", format!("creation_rules:\n  - {}\n  - age: {one}\n", rule.replace("ONE", &one)));
        for args in [
            &["set", "f.yaml", "[\"a\"]", "5"][..],
            &["unset", "f.yaml", "[\"a\"]"],
            &["rotate", "-i", "f.yaml"],
            &["groups", "add", "-f", "f.yaml", "-i", "--age", &two],
            &["edit", "f.yaml"],
            &["-d", "f.yaml"],
        ] {
            for program in [Program::Sops, Program::AsSops] {
                place.write("p.yaml", "a: 1\nb: two\n");
                let sealed = place.sops(["--config", "/dev/null", "encrypt", "--age", &one, "p.yaml"]).unwrap();
                place.write("f.yaml", sealed.stdout);
                let done = place.call(program, args).env("EDITOR", place.path("ed")).run();
                let said = words(&done.stderr);
                assert_eq!(done.status.code(), Some(0), "{program:?} {rule} {args:?}: {said}");
                let warns = program == Program::AsSops && args[0] != "-d";
                assert_eq!(said.contains("its creation rule cannot be used"), warns, "{program:?} {rule} {args:?}: {said}");
            }
        }
        // Where SOPS reads one, it stops; ours also at a regex that SOPS passes over.
        assert_eq!(place.as_sops(["encrypt", "p.yaml"]).status.code(), Some(1), "{rule}");
        let theirs = place.sops(["encrypt", "p.yaml"]).unwrap().status.code();
        assert_eq!(theirs, Some(i32::from(!rule.contains("regex: '('") || rule.contains("path_regex"))), "{rule}");
    }
}

/// A configuration that others can write, as on the disks of other systems: as `sops` it is told where its rule is used, and nowhere else.
#[test]
fn a_doubtful_configuration_is_told_where_its_rule_is_used() {
    let place = Place::project();
    place.seal("f.yaml", "a: 1\nb: two\n");
    place.write("p.yaml", "a: 1\nb: two\n");
    script(&place.path("ed"), "#!/bin/sh\nsed -i s/two/three/ \"$1\"\n");
    std::fs::set_permissions(place.path(".sops.yaml"), std::fs::Permissions::from_mode(0o666)).unwrap();
    let call = |args: &[&str]| {
        let done = place.call(Program::AsSops, args).env("EDITOR", place.path("ed")).run();
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}", words(&done.stderr));
        words(&done.stderr)
    };
    for args in [
        &["-d", "f.yaml"][..],
        &["decrypt", "f.yaml"],
        &["exec-file", "f.yaml", "cat {}"],
        &["edit", "f.yaml"],
        &["set", "f.yaml", "[\"a\"]", "5"],
        &["unset", "f.yaml", "[\"a\"]"],
        &["rotate", "-i", "f.yaml"],
    ] {
        assert_eq!(call(args), "", "{args:?}");
    }
    for args in [&["encrypt", "p.yaml"][..], &["updatekeys", "-y", "f.yaml"], &["edit", "new.yaml"]] {
        script(&place.path("ed"), "#!/bin/sh\necho 'b: three' >\"$1\"\n");
        assert!(call(args).contains("is used although anybody can write to it"), "{args:?}");
    }
    // It vouches for nobody: whoever wrote it may have added himself to the file, too.
    let sealed = String::from_utf8(place.read("f.yaml")).unwrap();
    place.write("f.yaml", without_field(&sealed));
    let said = call(&["rotate", "-i", "f.yaml"]);
    assert!(said.contains("nobody vouches for the recipients") && said.contains("not those of its creation rule"), "{said}");
    std::fs::remove_file(place.path(".sops.yaml")).unwrap();
    place.write("f.yaml", without_field(&sealed));
    let said = call(&["rotate", "-i", "f.yaml"]);
    assert!(said.contains("nobody vouches for the recipients") && said.contains("no .sops.yaml is there to compare them with"), "{said}");
}

/// A hook has `GIT_DIR` set, absolute in a linked work tree: what git says of a stranger's folder must not come from there (P22). Only root can be two people.
#[test]
fn a_git_dir_of_elsewhere_vouches_for_nobody() {
    if !as_root() {
        return;
    }
    let place = Place::new();
    for folder in ["own", "foreign"] {
        std::fs::create_dir(place.path(folder)).unwrap();
    }
    git(&place, &["init", "-q", "own"]);
    place.write("foreign/.sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
    place.write("foreign/x.yaml", "a: b\n");
    for path in ["foreign", "foreign/.sops.yaml"] {
        std::os::unix::fs::chown(place.path(path), Some(12345), Some(12345)).unwrap();
    }
    for git_dir in ["", place.path("own/.git").to_str().unwrap()] {
        let done = place.call(Program::Ours, ["encrypt", "foreign/x.yaml"]).env("GIT_DIR", git_dir).run();
        assert_eq!(done.status.code(), Some(1), "{git_dir}: {}", words(&done.stderr));
        assert!(words(&done.stderr).contains("it belongs to another user"), "{git_dir}: {}", words(&done.stderr));
    }
}

/// What is wrong with a configuration is told in SOPS's words, and not by its logger, which it has for other errors of `groups`.
#[test]
fn where_sops_tells_it_without_its_logger() {
    if sops().is_none() {
        return;
    }
    let mut place = Place::new();
    let [one, two] = place.known_ages();
    place.write("p.yaml", "a: 1\n");
    place.write("f.yaml", place.sops(["encrypt", "--age", &one, "p.yaml"]).unwrap().stdout);
    for (config, args, says) in [
        ("creation_rules: 7\n", &["groups", "add", "-f", "f.yaml", "--age", &two][..], "error loading config: "),
        ("creation_rules: 7\n", &["groups", "delete", "-f", "f.yaml", "0"], "error loading config: "),
        ("stores: {}\n", &["updatekeys", "-y", "f.yaml"], "The config file .sops.yaml does not contain any creation rule"),
        ("", &["updatekeys", "-y", "f.yaml"], "The config file .sops.yaml does not contain any creation rule"),
    ] {
        place.write(".sops.yaml", config);
        for program in [Program::Sops, Program::AsSops] {
            let done = place.call(program, args).run();
            let said = words(&done.stderr);
            assert_eq!(done.status.code(), Some(1), "{program:?} {args:?}: {said}");
            assert!(said.lines().any(|line| line.starts_with(says)), "{program:?} {args:?}: {said}");
        }
    }
}
