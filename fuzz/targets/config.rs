//! A `.sops.yaml`: read, and asked all that a command asks of it.
#![no_main]

use std::path::PathBuf;

use leafcrypt::config::{Config, Found};

const FILES: [&str; 6] = ["/w/a.yaml", "/w/prod/b.env", "/w/secrets/é.json", "/w/.hidden/a b.ini", "/w/x.toml", "/elsewhere/a.bin"];

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let found = Found { path: PathBuf::from("/w/.sops.yaml"), shown: PathBuf::from(".sops.yaml"), folder: PathBuf::from("/w"), file: None, doubt: None };
    let config = match Config::load(&found, text) {
        Ok(config) => config,
        Err(error) => {
            let _ = (error.to_string(), format!("{error:?}"));
            return;
        }
    };
    let _ = (config.rules(), config.unreached());
    for (_, rule) in config.all_rules() {
        let _ = rule.map(|rule| rule.stored_threshold()).map_err(|error| error.to_string());
    }
    for file in FILES {
        let _ = config.rule_for(file.as_ref()).map_err(|error| error.to_string());
        let _ = config.destination_for(file).map_err(|error| error.to_string());
        let _ = config.names(file.as_ref());
    }
    let _ = config.name_of("age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8");
    let _ = (config.stores.yaml_indent(), config.stores.json_indent(), config.stores.binary_indent());
});
