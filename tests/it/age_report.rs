//! When no identity opens: what leafcrypt tells, and that under sops's name it says what the real one says, line for line.

use crate::age_world::{PLUGINS, Who, World};

/// A world with a file sealed for nobody here, `other.txt` with another identity, and one line of it.
fn closed() -> Option<(World, String)> {
    let world = World::new()?.with_plugins();
    let key = |name: &str| {
        let made = world.command("age-keygen").args(["-o", name]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let text = world.text(name);
        let recipient = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
        (recipient, text.lines().last().unwrap().to_owned())
    };
    let (recipient, _) = key("gone.txt");
    let (_, other) = key("other.txt");
    world.seal(Who::Sops, &recipient);
    Some((world, other))
}

/// What is told on standard error, less our hint.
fn told(world: &World, who: Who, variables: &[(&str, &str)]) -> String {
    let failed = world.run(who, &["-d", "sealed.yaml"], variables);
    assert_eq!(failed.status.code(), Some(128), "{who:?} {variables:?}: {failed:?}");
    let text = String::from_utf8(failed.stderr).unwrap();
    text.split("\nhint: ").next().unwrap().trim_end_matches('\n').to_owned()
}

/// The text of the error boxes with their lines joined.
fn joined(text: &str) -> String {
    text.lines().map(|line| line.trim_start_matches("    - | ").trim_start_matches("      | ")).collect::<Vec<_>>().join(" ")
}

/// What was tried and is wrong, and where nothing was found, each as a sorted list.
fn lists(text: &str) -> [Vec<String>; 2] {
    let text = joined(text);
    let list = |from: &str, to: &str, between: &str| {
        let held = text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map_or("", |(held, _)| held);
        let mut list: Vec<String> =
            held.split(between).map(|one| one.trim_start_matches("and ").trim_end_matches('.').to_owned()).collect();
        list.sort();
        list
    };
    [list("Errors while loading age identities: ", ". Did not find", "; "), list("keys in locations ", ".  ", ", ")]
}

#[test]
fn as_sops_the_words_are_those_of_sops() {
    let Some((world, other)) = closed() else { return };
    world.ssh_key("ecdsa", &["-t", "ecdsa"], "");
    world.ssh_key("mine", &["-t", "ed25519"], "");
    world.write("bad.txt", format!("{other}\nnonsense\n"));
    world.write("empty.txt", "# nothing\n");
    let two = format!("{other}\n{other}");
    let cut = &other[..other.len() - 1];
    let wrong = format!("{cut}{}", if other.ends_with('Q') { 'P' } else { 'Q' });
    let check = |variables: &[(&str, &str)]| {
        // That binary does not know the variable that 3.12 brought, and so does not list it; where it is set, ours does not either.
        let mut quiet = variables.to_vec();
        quiet.push(("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "true"));
        assert_eq!(told(&world, Who::AsSops, &quiet), told(&world, Who::Sops, variables), "{variables:?}");
        let listed = joined(&told(&world, Who::AsSops, variables));
        assert!(listed.contains("'SOPS_AGE_SSH_PRIVATE_KEY_CMD'"), "{listed}");
        assert_eq!(listed.replace("'SOPS_AGE_SSH_PRIVATE_KEY_CMD', ", ""), joined(&told(&world, Who::Sops, variables)), "{variables:?}");
    };
    check(&[]);
    check(&[("SOPS_AGE_KEY", &other)]);
    check(&[("SOPS_AGE_KEY", &two)]);
    check(&[("SOPS_AGE_KEY", "nonsense")]);
    check(&[("SOPS_AGE_KEY", &wrong)]);
    check(&[("SOPS_AGE_KEY", cut)]);
    check(&[("SOPS_AGE_KEY", "AGE-SECRET-KEY-1QQQ")]);
    check(&[("SOPS_AGE_KEY", "AGE-PLUGIN-OPEN-1QQQQQQ")]);
    check(&[("SOPS_AGE_KEY", "# none")]);
    check(&[("SOPS_AGE_KEY_FILE", "other.txt")]);
    check(&[("SOPS_AGE_KEY_FILE", "other.txt"), ("SOPS_AGE_KEY", &other)]);
    check(&[("SOPS_AGE_KEY_FILE", "missing")]);
    check(&[("SOPS_AGE_KEY_FILE", "home")]);
    check(&[("SOPS_AGE_KEY_FILE", "empty.txt")]);
    check(&[("SOPS_AGE_KEY_FILE", "missing"), ("SOPS_AGE_KEY", "nonsense")]);
    check(&[("SOPS_AGE_KEY_CMD", "true")]);
    check(&[("SOPS_AGE_KEY_CMD", "cat other.txt")]);
    check(&[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "missing")]);
    check(&[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "other.txt")]);
    check(&[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "ecdsa")]);
    check(&[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "mine")]);
    check(&[("SOPS_AGE_SSH_PRIVATE_KEY_FILE", "mine"), ("SOPS_AGE_KEY", "nonsense")]);
    check(&[("SOPS_AGE_KEY", "AGE-PLUGIN-GONE-1D3JKZENRWFUHQAQPSDP0J")]);
    check(&[("XDG_CONFIG_HOME", "/nonexistent")]);
    std::fs::copy(world.path("mine"), world.path("home/.ssh/id_ed25519")).unwrap();
    check(&[]);
    // Sops reads several sources in the order of a Go map, which is another one each time: what it says of two is compared as a list.
    let check_in_any_order = |variables: &[(&str, &str)], errors: usize, locations: usize| {
        let mut quiet = variables.to_vec();
        quiet.push(("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "true"));
        let ours = lists(&told(&world, Who::AsSops, &quiet));
        assert_eq!(ours, lists(&told(&world, Who::Sops, variables)), "{variables:?}");
        assert_eq!((ours[0].len(), ours[1].len()), (errors, locations), "{ours:?}");
    };
    check_in_any_order(&[("SOPS_AGE_KEY_FILE", "empty.txt"), ("SOPS_AGE_KEY_CMD", "true")], 1, 5);
    check_in_any_order(&[("SOPS_AGE_KEY_FILE", "bad.txt"), ("SOPS_AGE_KEY", "nonsense")], 2, 3);
    world.write("home/.ssh/id_rsa", "nonsense");
    check(&[]);
    world.write("home/.config/sops/age/keys.txt", "# none\n");
    check(&[]);
}

#[test]
fn where_the_words_differ_on_purpose() {
    let Some((world, other)) = closed() else { return };
    let ours = |variables: &[(&str, &str)]| joined(&told(&world, Who::AsSops, variables));
    // A command's text may hold a token: it is not repeated.
    let failed = ours(&[("SOPS_AGE_KEY_CMD", "false hunter2")]);
    assert!(failed.contains("failed to execute command from SOPS_AGE_KEY_CMD: exit status 1."), "{failed}");
    assert!(!failed.contains("hunter2"), "{failed}");
    // Sops panics.
    assert!(ours(&[("SOPS_AGE_KEY_CMD", " ")]).contains("failed to execute command from SOPS_AGE_KEY_CMD: it is empty."));
    // A character of a key is not repeated.
    let odd = ours(&[("SOPS_AGE_KEY", &format!("{}B", &other[..other.len() - 1]))]);
    assert!(odd.contains("malformed secret key: invalid character data part."), "{odd}");
    // Good keys beside a bad line are used, so they count.
    let beside = ours(&[("SOPS_AGE_KEY", &format!("{other}\nnonsense"))]);
    assert!(beside.contains("incorrect identity for recipient block. Errors while loading age identities: failed to parse"), "{beside}");
}

#[test]
fn as_leafcrypt_every_place_every_fault_and_one_suggestion() {
    let Some((world, other)) = closed() else { return };
    world.write("bad.txt", format!("{other}\nnonsense\n"));
    let home = world.path("home");
    let home = home.display();
    let (_, _, failing) = PLUGINS[3];
    let variables = [("SOPS_AGE_KEY_FILE", "bad.txt"), ("SOPS_AGE_KEY_CMD", "false"), ("SOPS_AGE_KEY", failing)];
    let failed = world.run(Who::Ours, &["-d", "sealed.yaml"], &variables);
    let text = String::from_utf8(failed.stderr).unwrap();
    let recipient = world.text("gone.txt").lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
    let expected = format!(
        "error: sealed.yaml: no key of ours opens the file
  age {recipient}: no identity of ours fits
  failed: failed to execute command from SOPS_AGE_KEY_CMD: exit status 1
  failed: failed to parse 'SOPS_AGE_KEY_FILE=bad.txt' age identities: unknown identity type (line 2)
  failed: refused: age-plugin-fails could not use its identity
  looked in SOPS_AGE_SSH_PRIVATE_KEY_FILE (not set)
  looked in SOPS_AGE_SSH_PRIVATE_KEY_CMD (not set)
  looked in {home}/.ssh/id_ed25519 (not there)
  looked in {home}/.ssh/id_rsa (not there)
  looked in SOPS_AGE_KEY (1 key)
  looked in SOPS_AGE_KEY_FILE=bad.txt (1 key)
  looked in SOPS_AGE_KEY_CMD (unusable)
  looked in {home}/.config/sops/age/keys.txt (not there)
hint: try again with SOPS_AGE_KEY_FILE=FILE, the file that holds a fitting identity; or somebody who can open the file adds your recipient to .sops.yaml and runs updatekeys
"
    );
    assert_eq!(text, expected);
    assert!(!text.contains("nonsense") && !text.contains("SECRET"));
}
