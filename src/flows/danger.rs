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

/// What a shell, an interpreter, a build or another tool takes code, or a program to run, from: a line for each kind. A file of settings is one, too, where it
/// may name a program (`core.fsmonitor` of git, `exec` of a kubeconfig, `credential_process` of AWS).
const PROGRAM: [&str; 21] = [
    "PATH IFS ENV BASH_ENV SHELLOPTS BASHOPTS PS0 PS1 PS2 PS4 PROMPT_COMMAND CDPATH FPATH ZDOTDIR GLOBIGNORE SHELL HOME INPUTRC FCEDIT",
    "EXINIT VIMINIT GVIMINIT MYVIMRC VIM VIMRUNTIME NVIM_APPNAME EDITOR VISUAL BROWSER PAGER MANPAGER LESS LESSOPEN LESSCLOSE LESSKEY LESSKEYIN",
    "SSH_ASKPASS SUDO_ASKPASS SVN_SSH RSYNC_RSH CVS_RSH SSH_SK_PROVIDER",
    "SOPS_AGE_KEY_CMD SOPS_AGE_SSH_PRIVATE_KEY_CMD SOPS_GPG_EXEC BORG_RSH BORG_PASSCOMMAND RESTIC_PASSWORD_COMMAND DBUS_SESSION_BUS_ADDRESS",
    "SSLKEYLOGFILE GETCONF_DIR",
    "XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_DATA_HOME XDG_DATA_DIRS GNUPGHOME CURL_HOME WGETRC PSQLRC KRB5_CONFIG",
    "DOCKER_CONFIG KUBECONFIG AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE TF_CLI_CONFIG_FILE HELM_PLUGINS CLOUDSDK_PYTHON",
    "ANSIBLE_CONFIG ANSIBLE_LIBRARY ANSIBLE_VAULT_PASSWORD_FILE",
    "MAKEFLAGS MAKEFILES GNUMAKEFLAGS MFLAGS CONFIG_SITE CCACHE_PREFIX CCACHE_PREFIX_CPP GCC_EXEC_PREFIX COMPILER_PATH",
    "GOFLAGS GOENV GOROOT GOTOOLCHAIN",
    "CARGO_HOME RUSTFLAGS RUSTDOCFLAGS CARGO_ENCODED_RUSTFLAGS RUSTC RUSTDOC RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER RUSTUP_HOME RUSTUP_TOOLCHAIN",
    "PYTHONPATH PYTHONSTARTUP PYTHONHOME PYTHONUSERBASE PYTHONBREAKPOINT PYTHONWARNINGS PYTHONEXECUTABLE PYTHONPYCACHEPREFIX PIP_CONFIG_FILE",
    "PYTEST_ADDOPTS PYTEST_PLUGINS",
    "PERL5LIB PERLLIB PERL5OPT PERL5DB PERL5SHELL",
    "RUBYLIB RUBYOPT RUBYSHELL GEM_HOME GEM_PATH BUNDLE_GEMFILE BUNDLE_APP_CONFIG",
    "NODE_PATH NODE_OPTIONS LUA_PATH LUA_CPATH PHPRC PHP_INI_SCAN_DIR COMPOSER_HOME",
    "R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER R_LIBS R_LIBS_USER",
    "CLASSPATH JAVA_HOME JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS MAVEN_ARGS GRADLE_USER_HOME",
    "DOTNET_STARTUP_HOOKS DOTNET_ADDITIONAL_DEPS DOTNET_SHARED_STORE DOTNET_ROOT PSModulePath COR_ENABLE_PROFILING CORECLR_ENABLE_PROFILING",
    "OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES GCONV_PATH GLIBC_TUNABLES GTK_MODULES GIO_EXTRA_MODULES GIO_MODULE_DIR OMP_TOOL_LIBRARIES",
    "ERL_AFLAGS ERL_FLAGS ERL_ZFLAGS ERL_LIBS",
];

/// Families of them: what they begin and end with, where a target, a language or a kind of plugin stands between.
const FAMILIES: [(&str, &str); 4] =
    [("CARGO_TARGET_", "_RUNNER"), ("CARGO_TARGET_", "_LINKER"), ("CMAKE_", "_COMPILER_LAUNCHER"), ("ANSIBLE_", "_PLUGINS")];

/// Of such names: what they begin with, where a version, a bit width or a function's name stands behind it.
const STARTS: [&str; 6] = ["GIT_", "BASH_FUNC_", "LUA_INIT", "COR_PROFILER", "CORECLR_PROFILER", "CARGO_BUILD_RUST"];

/// npm takes any setting from a variable, in whatever case it is written.
const NPM_START: &str = "npm_config_";
const NPM: [&str; 7] = ["script_shell", "node_options", "userconfig", "globalconfig", "shell", "editor", "git"];

/// What such names often end with.
const ENDS: [&str; 16] = [
    "PATH",
    "_OPTIONS",
    "_OPTS",
    "EDITOR",
    "PAGER",
    "_RSH",
    "_EXEC",
    "_RUNNER",
    "_LAUNCHER",
    "_WRAPPER",
    "_PLUGINS",
    "ASKPASS",
    "KEY_CMD",
    "PASSCOMMAND",
    "PASSWORD_COMMAND",
    "PASSWORD_CMD",
];

/// Of a name.
pub(super) fn danger(name: &str) -> Danger {
    if ["LD_", "DYLD_", "_RLD"].iter().any(|start| name.starts_with(start)) {
        return Danger::Loader;
    }
    let setting = name.split_at_checked(NPM_START.len()).filter(|(start, _)| start.eq_ignore_ascii_case(NPM_START));
    let npm = setting.is_some_and(|(_, setting)| NPM.iter().any(|one| one.eq_ignore_ascii_case(setting)));
    let known = || PROGRAM.iter().any(|line| line.split(' ').any(|one| one == name));
    let family = || FAMILIES.iter().any(|(start, end)| name.starts_with(start) && name.ends_with(end));
    if npm || known() || family() || STARTS.iter().any(|start| name.starts_with(start)) {
        return Danger::Program;
    }
    if ENDS.iter().any(|end| name.ends_with(end)) { Danger::Perhaps } else { Danger::None }
}

/// What is said of such names: certain where it is.
pub(super) fn sentence(names: &[(String, Danger)]) -> String {
    let (perhaps, surely): (Vec<_>, Vec<_>) = names.iter().partition(|(_, danger)| *danger == Danger::Perhaps);
    let list = |names: &[&(String, Danger)]| names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let verb = if surely.len() == 1 { "changes" } else { "change" };
    let often = "may: many names that end so do";
    match (surely.is_empty(), perhaps.is_empty()) {
        (true, _) => format!("{} may change how programs run, as many names that end so do", list(&perhaps)),
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
        for name in
            ["MAKEFLAGS", "XDG_CONFIG_HOME", "KUBECONFIG", "GOFLAGS", "CARGO_BUILD_RUSTC", "NPM_CONFIG_USERCONFIG", "npm_config_git"]
        {
            check(name, Danger::Program);
        }
        for name in ["EDITOR", "VISUAL", "PAGER", "LESS", "INPUTRC", "EXINIT", "PSModulePath", "AWS_CONFIG_FILE", "RUSTC_WRAPPER"] {
            check(name, Danger::Program);
        }
        // Our own among them.
        for name in ["SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_CMD", "SOPS_GPG_EXEC", "CONFIG_SITE", "CLOUDSDK_PYTHON", "BORG_RSH"] {
            check(name, Danger::Program);
        }
        for name in ["RESTIC_PASSWORD_COMMAND", "BORG_PASSCOMMAND", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "CCACHE_PREFIX", "GCC_EXEC_PREFIX"]
        {
            check(name, Danger::Program);
        }
        for name in
            ["CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "CMAKE_C_COMPILER_LAUNCHER"]
        {
            check(name, Danger::Program);
        }
        for name in
            ["ANSIBLE_CALLBACK_PLUGINS", "DBUS_SESSION_BUS_ADDRESS", "GIO_MODULE_DIR", "OMP_TOOL_LIBRARIES", "GETCONF_DIR", "SSLKEYLOGFILE"]
        {
            check(name, Danger::Program);
        }
        for name in
            ["MY_RSH", "TOOL_EXEC", "A_RUNNER", "A_LAUNCHER", "A_WRAPPER", "A_PLUGINS", "MY_ASKPASS", "A_KEY_CMD", "A_PASSWORD_COMMAND"]
        {
            check(name, Danger::Perhaps);
        }
        for name in ["STATIC_PATH", "MY_PATH", "JAVA_OPTIONS", "QT_PLUGIN_PATH", "JAVA_OPTS", "MAVEN_OPTS", "KUBE_EDITOR", "AWS_PAGER"] {
            check(name, Danger::Perhaps);
        }
        for name in ["DB_PASSWORD", "PATHS", "XPATH_EXPRESSION", "OPTIONS", "MYOPTIONS", "GITHUB_TOKEN"] {
            check(name, Danger::None);
        }
        for name in
            ["PASSWORD", "RUNNER", "LAUNCHER_TOKEN", "HTTPS_PROXY", "no_proxy", "TMPDIR", "SSL_CERT_FILE", "CC", "npm_config_registry"]
        {
            check(name, Danger::None);
        }
    }

    #[test]
    fn what_is_not_known_is_not_asserted() {
        let said = |names: &[&str]| sentence(&names.iter().map(|name| ((*name).to_owned(), danger(name))).collect::<Vec<_>>());
        assert_eq!(said(&["PATH"]), "PATH changes how programs run");
        assert_eq!(said(&["PATH", "GIT_DIR"]), "PATH, GIT_DIR change how programs run");
        assert_eq!(said(&["A_PATH"]), "A_PATH may change how programs run, as many names that end so do");
        let both = "PATH changes how programs run, and A_PATH, B_OPTIONS may: many names that end so do";
        assert_eq!(said(&["A_PATH", "PATH", "B_OPTIONS"]), both);
    }
}
