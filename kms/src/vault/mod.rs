//! The transit engine of Vault: the record is read, printed, compared and kept; wrapping waits for the network layer.

mod url;

use std::fmt;
use std::sync::Arc;

use crate::backend::{Backend, Beside, ConfigKey, Names};
use crate::diagnose::{self, Diagnose, Diagnosis};
use crate::error::{BadKey, UnwrapError, WrapError};
use crate::fields::{Field, Fields};
use crate::master_key::{Cost, Kind, MasterKey, Wrapped};
use crate::record;
use crate::secret::Secret;
use crate::session::Session;

/// The kind `hc_vault`.
pub(crate) struct HcVault;

static NAMES: Names = Names {
    kind: Kind::HcVault,
    title: "Vault",
    flag: "hc-vault-transit",
    short: None,
    variable: "SOPS_VAULT_URIS",
    rule_field: "hc_vault_transit_uri",
    group_field: "hc_vault",
    group_map: false,
    rule_error: "vault",
    created_at: true,
    rank_flags: 5,
    rank_rule: 6,
    rank_group: 6,
    rank_file: 4,
};

/// A key of a transit engine.
struct VaultKey {
    address: String,
    engine: String,
    name: String,
    rest: Vec<(String, Field)>,
    id: String,
}

/// The example in SOPS's messages, which also has a real `+` in one of them.
const EXAMPLE: &str = "https://vault.example.com:8200/v1/transit/keys/keyName";

impl VaultKey {
    fn shared(address: &str, engine: &str, name: &str, rest: Vec<(String, Field)>) -> Arc<dyn MasterKey> {
        let id = format!("{address}/v1/{engine}/keys/{name}");
        Arc::new(VaultKey { address: address.to_owned(), engine: engine.to_owned(), name: name.to_owned(), rest, id })
    }

    /// `SCHEME://HOST/v1/ENGINE…/keys/NAME`, where `keys` may be any word.
    fn from_uri(uri: &str) -> Result<Arc<dyn MasterKey>, BadKey> {
        let url = url::Url::parse(uri).map_err(BadKey)?;
        if url.scheme.is_empty() {
            let shown = url::masked(uri).escape_debug().to_string();
            return Err(BadKey(format!("missing scheme in Vault URL (should be like this: +{EXAMPLE}), got: {shown}")));
        }
        let (engine, name) = engine_and_name(&url.request)?;
        Ok(VaultKey::shared(&url.address, &engine, &name, Vec::new()))
    }
}

/// The name is the last segment, the engine all between `v1` and the last but one. A query counts as path, as it does in SOPS.
fn engine_and_name(request: &str) -> Result<(String, String), BadKey> {
    let parts: Vec<&str> = request.split('/').collect();
    let version = |part: &str| part.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let starts = |at: &usize| version(parts[*at]) && parts.get(at + 1..at + 4).is_some_and(|next| next.iter().all(|part| !part.is_empty()));
    let mut found = (1..parts.len()).filter(starts).peekable();
    if found.peek().is_none() {
        return Err(BadKey(format!("vault path does not seem to be formatted correctly: (eg. {EXAMPLE})")));
    }
    if found.any(|at| at > 1 && !parts[at - 1].is_empty()) {
        return Err(BadKey(format!("running Vault with a prefixed URL is not supported! (Format has to be like {EXAMPLE})")));
    }
    let parts: Vec<&str> = request.trim_matches('/').split('/').collect();
    let [_, engine @ .., _, name] = &parts[..] else {
        return Err(BadKey(format!("vault path does not seem to be formatted correctly: (eg. {EXAMPLE})")));
    };
    Ok((joined(engine), (*name).to_owned()))
}

/// Segments joined and cleaned as a path: no empty ones, no `.`, and `..` takes the one before it.
fn joined(segments: &[&str]) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut any = false;
    for &segment in segments.iter().filter(|segment| !segment.is_empty()) {
        any = true;
        match segment {
            "." => {}
            ".." if out.last().is_some_and(|last| *last != "..") => {
                out.pop();
            }
            _ => out.push(segment),
        }
    }
    if any && out.is_empty() { ".".to_owned() } else { out.join("/") }
}

impl fmt::Debug for VaultKey {
    /// Without a password that stands in the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultKey").field("id", &url::masked(&self.id)).field("rest", &self.rest).finish()
    }
}

impl Diagnose for HcVault {
    fn diagnose(&self, session: &Session) -> Diagnosis {
        diagnose::not_built(&NAMES, session)
    }
}

impl Backend for HcVault {
    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn from_list(&self, text: &str, _: &Beside) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        text.split(',').filter(|item| !item.is_empty()).map(VaultKey::from_uri).collect()
    }

    fn from_config(&self, item: &ConfigKey) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
        match item {
            ConfigKey::Text(uri) if uri.is_empty() => Err(BadKey("an hc_vault item of a key group is empty".to_owned())),
            ConfigKey::Text(uri) => Ok(vec![VaultKey::from_uri(uri)?]),
            ConfigKey::Map(_) => Err(BadKey("an hc_vault item of a key group is a string".to_owned())),
        }
    }

    fn from_metadata(&self, fields: &Fields) -> Arc<dyn MasterKey> {
        let rest = record::rest(fields, &["vault_address", "engine_path", "key_name"]);
        VaultKey::shared(fields.text("vault_address"), fields.text("engine_path"), fields.text("key_name"), rest)
    }
}

impl MasterKey for VaultKey {
    fn kind(&self) -> Kind {
        Kind::HcVault
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        for (name, text) in [("vault_address", &self.address), ("engine_path", &self.engine), ("key_name", &self.name)] {
            record::push(&mut fields, &self.rest, name, text);
        }
        fields.0.extend(self.rest.iter().cloned());
        fields
    }

    fn cost(&self, _: &Session) -> Cost {
        Cost::Network
    }

    fn wrap(&self, _: &Secret, _: &Session) -> Result<Wrapped, WrapError> {
        Err(WrapError::NotBuilt { feature: NAMES.title })
    }

    fn unwrap(&self, _: &Wrapped, _: &Session) -> Result<Secret, UnwrapError> {
        Err(UnwrapError::NotBuilt { feature: NAMES.title })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIXED: &str = "running Vault with a prefixed URL is not supported! (Format has to be like https://vault.example.com:8200/v1/transit/keys/keyName)";
    const UNFORMED: &str =
        "vault path does not seem to be formatted correctly: (eg. https://vault.example.com:8200/v1/transit/keys/keyName)";

    /// Address and what `sops updatekeys` printed for it (the build of main before 3.12).
    #[test]
    fn string_forms_as_sops_prints_them() {
        for (uri, form) in [
            ("https://v:8200/v1/transit/keys/k", "https://v:8200/v1/transit/keys/k"),
            ("https://v/v1/t/keys/k ", "https://v/v1/t/keys/k%20"),
            ("https://v/v1/t/keys/k/", "https://v/v1/t/keys/k"),
            ("https://v/v1/t/keys/k//", "https://v/v1/t/keys/k"),
            ("https://u:p@v/v2/a/b/c/keys/k?x=1", "https://u:p@v?x=1/v1/a/b/c/keys/k?x=1"),
            ("https://u@@v/v1/a/keys/k", "https://u%40@v/v1/a/keys/k"),
            ("https://u%20:p%40@v/v1/a/keys/k", "https://u%20:p%40@v/v1/a/keys/k"),
            ("https://v/v1/a/keys/k#frag", "https://v#frag/v1/a/keys/k"),
            ("https://v/v1/a/keys/k?", "https://v?/v1/a/keys/k?"),
            ("https://v/v1/a/keys/k?#", "https://v?/v1/a/keys/k?"),
            ("https://v/v1/a/keys/k%20b", "https://v/v1/a/keys/k%20b"),
            ("https://v/v1/a%2fb/keys/k b", "https://v/v1/a/b/keys/k%20b"),
            ("https://v:/v1/a/keys/k", "https://v:/v1/a/keys/k"),
            ("https://[::1]:80/v1/a/keys/k", "https://[::1]:80/v1/a/keys/k"),
            ("https://[fe80::1%25eth0]/v1/a/keys/k", "https://[fe80::1%25eth0]/v1/a/keys/k"),
            ("HTTPS://V/v1/a/keys/k", "https://V/v1/a/keys/k"),
            ("https:/v1/a/keys/k", "https:/v1/a/keys/k"),
            ("https:///v1/a/keys/k", "https:/v1/a/keys/k"),
            ("https://v/v1/../a/keys/k", "https://v/v1/../a/keys/k"),
            ("https://v/v1/a/../../keys/k", "https://v/v1/../keys/k"),
            ("https://v/v1/./keys/k", "https://v/v1/./keys/k"),
            (
                "https://v/v1/a/keys/ké\"'<>^`{|}[]~!$&()*+,;=:@",
                "https://v/v1/a/keys/k%C3%A9%22%27%3C%3E%5E%60%7B%7C%7D%5B%5D~%21$&%28%29%2A+,;=:@",
            ),
            ("https://é/v1/a/keys/k", "https://%C3%A9/v1/a/keys/k"),
            ("a+b-.1://v/v1/a/keys/k", "a+b-.1://v/v1/a/keys/k"),
            ("https://v/v1/a/keys/k?a bé", "https://v?a bé/v1/a/keys/k?a bé"),
            ("https://v;a=b,\"<>!$&'()*+/v1/a/keys/k", "https://v;a=b,\"<>!$&'()*+/v1/a/keys/k"),
            ("https://v/v1/a/keys/k#a bé\"<>[]", "https://v#a%20b%C3%A9%22%3C%3E%5B%5D/v1/a/keys/k"),
            ("https:a/v1/b/c/d", "https:a/v1/b/c/d/v1/v1/b/keys/d"),
            ("https://:80/v1/a/keys/k", "https://:80/v1/a/keys/k"),
            ("https://u:@v/v1/a/keys/k", "https://u:@v/v1/a/keys/k"),
            ("https://:p@v/v1/a/keys/k", "https://:p@v/v1/a/keys/k"),
            ("https://@v/v1/a/keys/k", "https://@v/v1/a/keys/k"),
            ("https://v/v1/a/keys/k%2Fz", "https://v/v1/a/keys/k%2Fz"),
            ("https://v/v1/a/keys/k%41", "https://v/v1/a/keys/k%41"),
            ("https://u%41!$&'()*+,;=:~p%3a%2f%40x@v/v1/a/keys/k", "https://uA%21$&%27%28%29%2A+,;=:~p%3A%2F%40x@v/v1/a/keys/k"),
            ("https://v%c3%a9/v1/a/keys/k", "https://v%C3%A9/v1/a/keys/k"),
            ("https://[fe80::1%25et%20h]/v1/a/keys/k", "https://[fe80::1%25et%20h]/v1/a/keys/k"),
            ("https://v]/v1/a/keys/k", "https://v]/v1/a/keys/k"),
            ("https://a:b:80/v1/a/keys/k", "https://a:b:80/v1/a/keys/k"),
            ("https://v//v1/a/keys/k", "https://v/v1/a/keys/k"),
            ("https://v///v1/a/keys/k", "https://v/v1/a/keys/k"),
            ("https://v/v1/a/keys/k///", "https://v/v1/a/keys/k"),
            ("https://v/x//v1/a/b/c", "https://v/v1/v1/a/keys/c"),
            ("https://v/v1/a/b/c//", "https://v/v1/a/keys/c"),
            ("https://v/v1/a/b/c?/", "https://v?//v1/a/keys/c?"),
            ("https://v/v1/a/b/c?x/y/z", "https://v?x/y/z/v1/a/b/c?x/keys/z"),
            ("https://v/v1/a/./b/../c/keys/k", "https://v/v1/a/c/keys/k"),
            ("https://v/v1/../../keys/k", "https://v/v1/../../keys/k"),
            ("https:a/v1/b/c/d?q#f", "https:a/v1/b/c/d?q#f/v1/v1/b/keys/d?q"),
            ("https://v/v1/a/b/c#f%20é!", "https://v#f%20%C3%A9!/v1/a/keys/c"),
            ("https://v/v1/a/b/c#f%2f", "https://v#f%2f/v1/a/keys/c"),
            ("https://v/v1/a[b]/b/c%2f", "https://v/v1/a[b]/keys/c%2f"),
            ("https://v/v1/a/b/\u{202e}", "https://v/v1/a/keys/%E2%80%AE"),
        ] {
            assert_eq!(VaultKey::from_uri(uri).expect(uri).id(), form, "{uri}");
        }
    }

    #[test]
    fn errors_as_sops_prints_them() {
        for (uri, text) in [
            ("foo", "missing scheme in Vault URL (should be like this: +https://vault.example.com:8200/v1/transit/keys/keyName), got: foo"),
            (
                "foo/bar:x",
                "missing scheme in Vault URL (should be like this: +https://vault.example.com:8200/v1/transit/keys/keyName), got: foo/bar:x",
            ),
            (":foo", "parse \":foo\": missing protocol scheme"),
            (" https://v/v1/t/keys/k", "parse \" https://v/v1/t/keys/k\": first path segment in URL cannot contain colon"),
            ("https://v/v1/a/keys/k%zz", "parse \"https://v/v1/a/keys/k%zz\": invalid URL escape \"%zz\""),
            ("https://v%20x/v1/a/keys/k", "parse \"https://v%20x/v1/a/keys/k\": invalid URL escape \"%20\""),
            ("https://v x/v1/a/keys/k", "parse \"https://v x/v1/a/keys/k\": invalid character \" \" in host name"),
            ("https://v:80x/v1/a/keys/k", "parse \"https://v:80x/v1/a/keys/k\": invalid port \":80x\" after host"),
            ("https://[::1/v1/a/keys/k", "parse \"https://[::1/v1/a/keys/k\": missing ']' in host"),
            ("https:v1/a/keys/k", UNFORMED),
            (
                "//v/v1/a/keys/k",
                "missing scheme in Vault URL (should be like this: +https://vault.example.com:8200/v1/transit/keys/keyName), got: //v/v1/a/keys/k",
            ),
            (
                "/v1/a/keys/k",
                "missing scheme in Vault URL (should be like this: +https://vault.example.com:8200/v1/transit/keys/keyName), got: /v1/a/keys/k",
            ),
            ("https://v/p/v1/a/keys/k", PREFIXED),
            ("https://v/v1/a/k", UNFORMED),
            ("https://v/v1//a/keys/k", UNFORMED),
            ("https://v/vx/a/keys/k", UNFORMED),
            ("https://v/v1/v1/a/keys/k", PREFIXED),
            ("https://v/v1/v1/a/b/c/keys/k", PREFIXED),
            ("https://v", UNFORMED),
            ("https://v?/v1/a/keys/k", PREFIXED),
            ("https://v\u{1}/v1/a/keys/k", "parse \"https://v\\x01/v1/a/keys/k\": net/url: invalid control character in URL"),
            ("1https://v/v1/a/keys/k", "parse \"1https://v/v1/a/keys/k\": first path segment in URL cannot contain colon"),
            ("https://v^/v1/a/keys/k", "parse \"https://v^/v1/a/keys/k\": invalid character \"^\" in host name"),
            ("https://v/v1/a/keys/k#a b%zz", "parse \"https://v/v1/a/keys/k#a b%zz\": invalid URL escape \"%zz\""),
            ("*", "missing scheme in Vault URL (should be like this: +https://vault.example.com:8200/v1/transit/keys/keyName), got: *"),
            ("https:*", UNFORMED),
            ("https:a/b/v1/b/c/d", PREFIXED),
            ("https://v/v٣/a/keys/k", UNFORMED),
            ("https://v%41/v1/a/keys/k", "parse \"https://v%41/v1/a/keys/k\": invalid URL escape \"%41\""),
            ("https://[::1]x/v1/a/keys/k", "parse \"https://[::1]x/v1/a/keys/k\": invalid port \"x\" after host"),
            ("https://v/v1/a//b/c/d", UNFORMED),
            ("https:?/v1/a/b/c", PREFIXED),
            ("https:\u{202e}\u{1}", "parse \"https:\\u202e\\x01\": net/url: invalid control character in URL"),
        ] {
            assert_eq!(VaultKey::from_uri(uri).expect_err(uri).0, text, "{uri}");
        }
    }
}
