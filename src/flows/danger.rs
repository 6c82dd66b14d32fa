//! Names of variables that choose which code runs, rather than what it works on (docs/threat-model.md, P17).

/// What setting a variable can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Danger {
    None,
    /// Search paths and options are named so; whose, if anybody's, a name does not tell.
    Perhaps,
    /// What shells, interpreters and git look at.
    Program,
    /// What the loader looks at before any program runs.
    Loader,
}

/// What a shell, an interpreter or a tool takes code, or a program to run, from.
const PROGRAM: [&str; 66] = [
    "PATH",
    "IFS",
    "ENV",
    "BASH_ENV",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "CDPATH",
    "FPATH",
    "ZDOTDIR",
    "GLOBIGNORE",
    "SHELL",
    "HOME",
    "EDITOR",
    "VISUAL",
    "VIMINIT",
    "PAGER",
    "MANPAGER",
    "BROWSER",
    "LESSOPEN",
    "LESSCLOSE",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "SVN_SSH",
    "RSYNC_RSH",
    "CVS_RSH",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "PYTHONBREAKPOINT",
    "PYTHONWARNINGS",
    "PERL5LIB",
    "PERLLIB",
    "PERL5OPT",
    "PERL5DB",
    "PERL5SHELL",
    "RUBYLIB",
    "RUBYOPT",
    "GEM_PATH",
    "BUNDLE_GEMFILE",
    "NODE_PATH",
    "NODE_OPTIONS",
    "LUA_PATH",
    "LUA_CPATH",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "DOTNET_STARTUP_HOOKS",
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
    "OPENSSL_ENGINES",
    "GCONV_PATH",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "COR_ENABLE_PROFILING",
    "CORECLR_ENABLE_PROFILING",
    "GLIBC_TUNABLES",
    "GTK_MODULES",
    "GIO_EXTRA_MODULES",
    "ERL_AFLAGS",
    "ERL_FLAGS",
];

/// What such names begin with: a version, a bit width or a function's name stands behind it.
const STARTS: [&str; 5] = ["GIT_", "BASH_FUNC_", "LUA_INIT", "COR_PROFILER", "CORECLR_PROFILER"];

/// npm takes any setting from a variable, in whatever case it is written.
const NPM: [&str; 2] = ["npm_config_script_shell", "npm_config_node_options"];

/// Of a name.
pub(super) fn danger(name: &str) -> Danger {
    if ["LD_", "DYLD_", "_RLD"].iter().any(|start| name.starts_with(start)) {
        return Danger::Loader;
    }
    let npm = NPM.iter().any(|setting| name.eq_ignore_ascii_case(setting));
    if npm || PROGRAM.contains(&name) || STARTS.iter().any(|start| name.starts_with(start)) {
        return Danger::Program;
    }
    if ["PATH", "_OPTIONS"].iter().any(|end| name.ends_with(end)) { Danger::Perhaps } else { Danger::None }
}

/// What is said of such names: certain where it is.
pub(super) fn sentence(names: &[(String, Danger)]) -> String {
    let (perhaps, surely): (Vec<_>, Vec<_>) = names.iter().partition(|(_, danger)| *danger == Danger::Perhaps);
    let list = |names: &[&(String, Danger)]| names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let verb = if surely.len() == 1 { "changes" } else { "change" };
    let often = "may: many names that end in PATH or _OPTIONS do";
    match (surely.is_empty(), perhaps.is_empty()) {
        (true, _) => format!("{} may change how programs run, as many names that end in PATH or _OPTIONS do", list(&perhaps)),
        (_, true) => format!("{} {verb} how programs run", list(&surely)),
        _ => format!("{} {verb} how programs run, and {} {often}", list(&surely), list(&perhaps)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_choose_the_program() {
        let check = |name, expected| assert_eq!(danger(name), expected, "{name}");
        check("LD_PRELOAD", Danger::Loader);
        check("DYLD_INSERT_LIBRARIES", Danger::Loader);
        for name in ["PATH", "PYTHONPATH", "PERL5LIB", "NODE_OPTIONS", "GIT_SSH_COMMAND", "BASH_ENV"] {
            check(name, Danger::Program);
        }
        for name in ["LUA_INIT_5_4", "COR_PROFILER_PATH_64", "CORECLR_PROFILER", "CORECLR_ENABLE_PROFILING", "NPM_CONFIG_SCRIPT_SHELL"] {
            check(name, Danger::Program);
        }
        for name in
            ["npm_config_node_options", "MANPAGER", "VIMINIT", "GLIBC_TUNABLES", "OPENSSL_MODULES", "ERL_AFLAGS", "PHP_INI_SCAN_DIR"]
        {
            check(name, Danger::Program);
        }
        for name in ["STATIC_PATH", "MY_PATH", "JAVA_OPTIONS", "QT_PLUGIN_PATH"] {
            check(name, Danger::Perhaps);
        }
        for name in ["DB_PASSWORD", "PATHS", "XPATH_EXPRESSION", "OPTIONS", "MYOPTIONS", "GITHUB_TOKEN"] {
            check(name, Danger::None);
        }
        for name in ["HTTPS_PROXY", "no_proxy", "KUBECONFIG", "JAVA_OPTS", "TMPDIR", "SSL_CERT_FILE", "CC", "npm_config_registry"] {
            check(name, Danger::None);
        }
    }

    #[test]
    fn what_is_not_known_is_not_asserted() {
        let said = |names: &[&str]| sentence(&names.iter().map(|name| ((*name).to_owned(), danger(name))).collect::<Vec<_>>());
        assert_eq!(said(&["PATH"]), "PATH changes how programs run");
        assert_eq!(said(&["PATH", "GIT_DIR"]), "PATH, GIT_DIR change how programs run");
        assert_eq!(said(&["A_PATH"]), "A_PATH may change how programs run, as many names that end in PATH or _OPTIONS do");
        let both = "PATH changes how programs run, and A_PATH, B_OPTIONS may: many names that end in PATH or _OPTIONS do";
        assert_eq!(said(&["A_PATH", "PATH", "B_OPTIONS"]), both);
    }
}
