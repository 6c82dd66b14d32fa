//! Recipients, identity files and wrapped keys of every kind, with nobody and nothing to ask: three texts with a zero byte between them.
#![no_main]

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use leafcrypt::kms::{
    Asked, BACKENDS, Beside, Command, Finished, Kind, MasterKey, Outside, Secret, Session, UnwrapError, Wrapped, backend, no_identity_file,
    own_in_variables,
};
use leafcrypt_fuzz::whole::RECIPIENT;

/// The identities are in a variable, and in whatever file is looked for.
struct Scripted(Vec<u8>);

impl Outside for Scripted {
    fn env(&self, name: &str) -> Option<OsString> {
        use std::os::unix::ffi::OsStringExt as _;
        match name {
            "SOPS_AGE_KEY" => Some(OsString::from_vec(self.0.clone())),
            "SOPS_AGE_KEY_FILE" | "SOPS_AGE_SSH_PRIVATE_KEY_FILE" => Some("/keys".into()),
            _ => None,
        }
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Secret> {
        if path != Path::new("/keys") {
            return Err(io::ErrorKind::NotFound.into());
        }
        if self.0.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(Secret::new(self.0.clone())) }
    }

    fn run(&self, _: Command) -> io::Result<Finished> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn ask(&self, _: &str) -> Asked {
        Asked::NoTerminal
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn passwd_home(&self) -> Option<PathBuf> {
        None
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|&b| b == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (identities, wrapped, names) = (part(), String::from_utf8_lossy(part()), String::from_utf8_lossy(part()));
    let _ = no_identity_file(identities);
    for kind in BACKENDS {
        for key in kind.from_list(&names, &Beside::default()).unwrap_or_default() {
            let _ = (key.id().len(), key.fields());
        }
    }
    let own = backend(Kind::Age).from_list(RECIPIENT, &Beside::default()).expect("a recipient");
    let pgp = backend(Kind::Pgp).from_list("CCA2BDC72417AF8C8DAD199207FA2CD49EB9F02C", &Beside::default()).expect("a fingerprint");
    let session = Session::new(Arc::new(Scripted(identities.to_vec())));
    let _ = own_in_variables(&session);
    let wrapped = Wrapped(wrapped.into_owned());
    let said = |errors: Vec<UnwrapError>| errors.into_iter().map(|error| error.to_string()).collect::<String>();
    for (kind, keys) in [(Kind::Age, own), (Kind::Pgp, pgp)] {
        let records: Vec<(&dyn MasterKey, &Wrapped)> = keys.iter().map(|key| (&**key, &wrapped)).collect();
        let words = backend(kind).unwrap_any(&records, &session).map_err(said).err().unwrap_or_default();
        let trail = backend(kind).trail(&*keys[0], &session);
        // R7: no line of an identity file is shown, whatever is wrong with it.
        let shown = format!("{words}{trail:?}");
        let secret = |line: &&[u8]| line.len() > 20 && line.starts_with(b"AGE-SECRET-KEY-1");
        for line in identities.split(|b| b"\r\n".contains(b)).filter(secret) {
            assert!(!shown.contains(&*String::from_utf8_lossy(line)), "an identity is shown");
        }
    }
});
