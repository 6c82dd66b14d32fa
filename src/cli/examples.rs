//! Examples below the help of a command. A test reads each of them.

pub(super) const ENCRYPT: &str = "\
Examples:
  leafcrypt encrypt -i secrets.yaml
  leafcrypt encrypt --age age1... -i secrets.env
  leafcrypt encrypt --output sealed.json plain.json
  ./make-secrets | leafcrypt encrypt --filename-override secrets.yaml > secrets.yaml";

pub(super) const DECRYPT: &str = "\
Examples:
  leafcrypt decrypt secrets.yaml
  leafcrypt decrypt --extract '[\"db\"][\"password\"]' secrets.yaml
  leafcrypt decrypt --output-type json secrets.yaml
  leafcrypt decrypt -i conf";

pub(super) const EDIT: &str = "\
Examples:
  leafcrypt edit secrets.yaml
  leafcrypt edit --show-master-keys secrets.yaml
  EDITOR='code --wait' leafcrypt ./secrets.yaml";

pub(super) const SET: &str = "\
Examples:
  leafcrypt set secrets.yaml '[\"db\"][\"password\"]'
  leafcrypt set secrets.yaml '[\"db\"][\"password\"]' --random 32
  leafcrypt set secrets.yaml '[\"db\"]' '{\"host\": \"h\", \"ports\": [5432]}'
  jq -Rs . key.pem | leafcrypt set secrets.yaml '[\"tls\"][\"key\"]' --value-stdin";

pub(super) const UNSET: &str = "\
Examples:
  leafcrypt unset secrets.yaml '[\"db\"][\"password\"]'
  leafcrypt unset secrets.yaml '[\"hosts\"][0]'";

pub(super) const ROTATE: &str = "\
Examples:
  leafcrypt rotate -i secrets.yaml
  leafcrypt rotate -i --add-age age1... --rm-age age1... secrets.yaml
  leafcrypt rotate -i conf";

pub(super) const UPDATEKEYS: &str = "\
Examples:
  leafcrypt updatekeys secrets.yaml
  leafcrypt updatekeys --dry-run .";

pub(super) const GROUPS_ADD: &str = "\
Examples:
  leafcrypt groups add -i --file secrets.yaml --age age1...";

pub(super) const GROUPS_DELETE: &str = "\
Examples:
  leafcrypt groups delete -i --file secrets.yaml 1";

pub(super) const EXEC_ENV: &str = "\
Examples:
  leafcrypt exec-env secrets.env -- ./server --port 80
  leafcrypt exec-env base.env prod.env 'echo \"$NAME\"'
  leafcrypt exec-env --flatten secrets.yaml -- env";

pub(super) const EXEC_FILE: &str = "\
Examples:
  leafcrypt exec-file secrets.yaml -- kubectl apply -f {}
  leafcrypt exec-file --no-fifo --filename app.json secrets.json 'node app.js {}'";

pub(super) const RECIPIENTS: &str = "\
Examples:
  leafcrypt recipients
  leafcrypt recipients --json conf";

pub(super) const DOCTOR: &str = "\
Examples:
  leafcrypt doctor
  leafcrypt doctor .";

pub(super) const INIT: &str = "\
Examples:
  leafcrypt init
  leafcrypt init --age age1... project";

pub(super) const COMPLETION: &str = "\
Examples:
  mkdir -p ~/.local/share/bash-completion/completions &&
    leafcrypt completion bash > ~/.local/share/bash-completion/completions/leafcrypt
  mkdir -p ~/.config/fish/completions &&
    leafcrypt completion fish > ~/.config/fish/completions/leafcrypt.fish";

pub(super) const MAN: &str = "\
Examples:
  leafcrypt man | man -l -
  leafcrypt man ~/.local/share/man/man1";
