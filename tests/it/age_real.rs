//! age identities of every kind, both ways with the real sops: SSH keys of ssh-keygen, plugins, files that `age -p` made.

use crate::age_world::{PLUGINS, Terminal, Who, World, real_plugin};

const BOTH: [Who; 2] = [Who::Ours, Who::Sops];

/// Sealed by each, opened by each.
fn each_way(world: &World, recipients: &str, variables: &[(&str, &str)]) {
    for sealer in BOTH {
        world.seal(sealer, recipients);
        for opener in BOTH {
            world.opens(opener, variables);
        }
    }
}

/// The same, where the opener has to be answered.
fn each_way_answered(world: &World, recipients: &str, variables: &[(&str, &str)], answer: impl Fn(&mut Terminal)) {
    for (sealer, opener) in [(Who::Ours, Who::Sops), (Who::Sops, Who::Ours), (Who::Ours, Who::Ours)] {
        world.seal(sealer, recipients);
        let line = format!("{} -d sealed.yaml > opened.yaml", world.program(opener).display());
        let mut terminal = world.terminal(&line, variables);
        answer(&mut terminal);
        assert_eq!(terminal.end(), Some(0), "{opener:?}: {}", terminal.seen);
        let opened = world.text("opened.yaml");
        assert!(opened.contains("password: hunter2\n"), "{opener:?}: {opened:?}");
    }
}

#[test]
fn ssh_keys() {
    let Some(world) = World::new() else { return };
    for (name, args) in [
        ("id_ed25519", &["-t", "ed25519"][..]),
        ("id_rsa", &["-t", "rsa", "-b", "3072"]),
        ("id_rsa", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
        ("id_rsa", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]),
    ] {
        let public = world.ssh_key(&format!("home/.ssh/{name}"), args, "");
        each_way(&world, &public, &[]);
        std::fs::rename(world.path(&format!("home/.ssh/{name}")), world.path(name)).unwrap();
        each_way(&world, &public, &[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", name)]);
        // The tagged 3.11.0 has no such variable.
        world.opens(Who::Ours, &[("SOPS_AGE_SSH_PRIVATE_KEY_CMD", &format!("cat {name}"))]);
        std::fs::remove_file(world.path(&format!("home/.ssh/{name}.pub"))).unwrap();
    }
}

/// Longer than the age crate reads, and than the limit of its RSA.
#[test]
fn rsa_keys_of_more_than_4096_bits() {
    let Some(world) = World::new() else { return };
    let public = world.ssh_key("home/.ssh/id_rsa", &["-t", "rsa", "-b", "4104"], "");
    each_way(&world, &public, &[]);
    // And with the program age: what SOPS and we have sealed, and what it seals in place of that.
    for sealer in BOTH {
        let sealed = world.seal(sealer, &public);
        let (before, armour) = sealed.split_once("-----BEGIN AGE").unwrap();
        let (armour, behind) = armour.split_once("-----END AGE ENCRYPTED FILE-----").unwrap();
        let armour = format!("-----BEGIN AGE{armour}-----END AGE ENCRYPTED FILE-----\n").replace("\n            ", "\n");
        world.write("key.age", armour);
        let opened = world.command("age").args(["-d", "-i", "home/.ssh/id_rsa", "-o", "key", "key.age"]).output().unwrap();
        assert!(opened.status.success(), "{sealer:?}: {opened:?}");
        let wrapped = world.command("age").args(["-a", "-r", &public, "key"]).output().unwrap();
        let armour = String::from_utf8(wrapped.stdout).unwrap().trim_end().replace('\n', "\n            ");
        world.write("sealed.yaml", format!("{before}{armour}{behind}"));
        BOTH.into_iter().for_each(|who| world.opens(who, &[]));
    }
}

/// What stands around the key is passed over, as long as its first line begins a line.
#[test]
fn text_around_an_ssh_key() {
    let Some(world) = World::new() else { return };
    for args in [&["-t", "ed25519"][..], &["-t", "rsa", "-b", "2048", "-m", "PEM"], &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]] {
        let public = world.ssh_key("key", args, "");
        world.seal(Who::Sops, &public);
        let key = world.text("key");
        let variables = [("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "around")];
        for (before, behind) in [("\n\n", ""), ("# of the laptop\n\n", ""), ("text\r\n", "\n# end\n")] {
            world.write("around", format!("{before}{key}{behind}"));
            BOTH.into_iter().for_each(|who| world.opens(who, &variables));
        }
        world.write("around", format!("  {key}"));
        for who in BOTH {
            assert_eq!(world.run(who, &["-d", "sealed.yaml"], &variables).status.code(), Some(128), "{who:?}");
        }
        for file in ["key", "key.pub"] {
            std::fs::remove_file(world.path(file)).unwrap();
        }
    }
}

#[test]
fn ssh_keys_with_a_passphrase() {
    let Some(world) = World::new() else { return };
    for (name, args) in [("id_ed25519", &["-t", "ed25519"][..]), ("id_rsa", &["-t", "rsa", "-b", "2048"])] {
        let public = world.ssh_key(&format!("home/.ssh/{name}"), args, "correct horse");
        each_way_answered(&world, &public, &[], |terminal| terminal.answer(&format!("/home/.ssh/{name}\": "), "correct horse\n"));
        std::fs::remove_file(world.path(&format!("home/.ssh/{name}"))).unwrap();
    }
}

#[test]
fn native_keys_from_every_source_of_keys() {
    let Some(world) = World::new() else { return };
    let made = world.command("age-keygen").args(["-o", "keys.txt"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let text = world.text("keys.txt");
    let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let line = text.lines().last().unwrap();
    each_way(&world, recipient, &[("SOPS_AGE_KEY", line)]);
    each_way(&world, recipient, &[("SOPS_AGE_KEY_FILE", "keys.txt")]);
    each_way(&world, recipient, &[("SOPS_AGE_KEY_CMD", "cat 'keys.txt'")]);
    world.write("home/.config/sops/age/keys.txt", &text);
    each_way(&world, recipient, &[]);
    // Broken sources besides hide nothing. (A broken variable does not stop sops either.)
    each_way(&world, recipient, &[("SOPS_AGE_KEY", "nonsense"), ("SOPS_AGE_KEY_FILE", "missing"), ("SOPS_AGE_KEY_CMD", "false")]);
}

#[test]
fn a_command_gets_the_recipient() {
    let Some(world) = World::new() else { return };
    let made = world.command("age-keygen").args(["-o", "keys.txt"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let text = world.text("keys.txt");
    let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    world.seal(Who::Sops, recipient);
    let command = r#"sh -c 'echo "$SOPS_AGE_RECIPIENT" >> asked; cat keys.txt'"#;
    world.opens(Who::Ours, &[("SOPS_AGE_KEY_CMD", command)]);
    assert_eq!(world.text("asked"), format!("{recipient}\n"), "once, and told whose key is wanted");
}

#[test]
fn our_own_plugin() {
    let Some(world) = World::new().map(World::with_plugins) else { return };
    let [(_, open, identity), (_, asks, pin), (_, confirms, sure), ..] = PLUGINS;
    each_way(&world, open, &[("SOPS_AGE_KEY", identity)]);
    each_way_answered(&world, asks, &[("SOPS_AGE_KEY", pin)], |terminal| terminal.answer("PIN?", "1234\n"));
    each_way_answered(&world, confirms, &[("SOPS_AGE_KEY", sure)], |terminal| terminal.answer("Sure?", "1\n"));
}

#[test]
fn a_plugin_of_others() {
    let (Some(world), Some(plugin)) = (World::new(), real_plugin()) else { return };
    std::os::unix::fs::symlink(plugin, world.path("bin/age-plugin-unencrypted")).unwrap();
    let identity = "AGE-PLUGIN-UNENCRYPTED-1D3JKZENRWFUHQAQJDMZSF";
    each_way(&world, "age1unencrypted1d3jkzenrwfuhqaqjq3wsa", &[("SOPS_AGE_KEY", identity)]);
}

#[test]
fn plugins_that_fail() {
    let Some(world) = World::new().map(World::with_plugins) else { return };
    let check = |recipient: &str, identity: &str, expected: &str| {
        world.seal(Who::Ours, recipient);
        let failed = world.run(Who::Ours, &["-d", "sealed.yaml"], &[("SOPS_AGE_KEY", identity)]);
        let told = String::from_utf8_lossy(&failed.stderr);
        assert_eq!((failed.status.code(), failed.stdout.len()), (Some(128), 0), "{told}");
        assert!(told.contains(expected), "{told}");
    };
    let [_, (_, asks, pin), (_, confirms, sure), (_, fails, failing), _] = PLUGINS;
    check(fails, failing, "refused: age-plugin-fails could not use its identity");
    // Nobody to ask: the plugin is told so, and gives nothing.
    check(asks, pin, "no identity of ours fits");
    check(confirms, sure, "no identity of ours fits");

    // Found through PATH only, and not in its empty and relative entries.
    let [(_, open, identity), ..] = PLUGINS;
    world.seal(Who::Ours, open);
    std::fs::rename(world.path("bin/age-plugin-open"), world.path("age-plugin-open")).unwrap();
    let mut opening = world.command(world.program(Who::Ours));
    let failed = opening.args(["-d", "sealed.yaml"]).env("SOPS_AGE_KEY", identity).env("PATH", "/usr/bin::.:bin").output().unwrap();
    let told = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(128), "{told}");
    assert!(told.contains("the program age-plugin-open was not found"), "{told}");
    assert!(told.contains("hint: install age-plugin-open in a folder of PATH"), "{told}");
    let sealing = world.run(Who::Ours, &["-e", "--age", "age1gone1d3jkzenrwfuhqaqgyxehk", "plain.yaml"], &[]);
    assert_eq!(sealing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&sealing.stderr).contains("the program age-plugin-gone was not found"), "{sealing:?}");
}

#[test]
fn a_hybrid_record_is_kept_and_the_others_open() {
    let Some(world) = World::new() else { return };
    let hybrid = include_str!("../../testdata/keys/age-hybrid.txt").trim();
    let made = world.command("age-keygen").args(["-o", "home/.config/sops/age/keys.txt"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let text = world.text("home/.config/sops/age/keys.txt");
    let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let before = world.seal(Who::Sops, &format!("{recipient},{hybrid}"));
    world.opens(Who::Ours, &[]);
    let set = world.run(Who::Ours, &["set", "sealed.yaml", r#"["password"]"#, r#""changed""#], &[]);
    assert!(set.status.success(), "{set:?}");
    let after = world.text("sealed.yaml");
    assert!(after.contains(&format!("recipient: {hybrid}\n")));
    let armour = before.split("enc: |\n").last().unwrap().split_inclusive("END AGE ENCRYPTED FILE-----\n").next().unwrap();
    assert!(after.contains(armour), "its wrapped key stays byte for byte");
    let opened = world.run(Who::Sops, &["-d", "--extract", r#"["password"]"#, "sealed.yaml"], &[]);
    assert_eq!(String::from_utf8_lossy(&opened.stdout).trim_end(), "changed");

    let sealing = world.run(Who::Ours, &["-e", "--age", hybrid, "plain.yaml"], &[]);
    assert_eq!(sealing.status.code(), Some(1));
    let told = String::from_utf8_lossy(&sealing.stderr);
    assert!(told.contains("this build has no hybrid post-quantum age (age1pq1…) keys"), "{told}");
}
