//! RSA keys in PKCS #8, which SOPS reads and the age crate does not: the same key in the older PEM form.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pkcs8::{ObjectIdentifier, PrivateKeyInfo};
use zeroize::Zeroizing;

use crate::secret::Secret;

const BEGIN: &[u8] = b"-----BEGIN PRIVATE KEY-----";
const END: &[u8] = b"-----END PRIVATE KEY-----";
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const COLUMNS: usize = 64;

/// Whether a text is in PKCS #8, without a passphrase.
pub(super) fn is_pkcs8(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(BEGIN)
}

/// The key of a PKCS #8 text as `-----BEGIN RSA PRIVATE KEY-----`; none if it is no RSA key.
pub(super) fn as_pkcs1(text: &[u8]) -> Option<Secret> {
    let body = text.trim_ascii().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let mut packed = Zeroizing::new(Vec::with_capacity(body.len()));
    packed.extend(body.iter().copied().filter(|b| !b.is_ascii_whitespace()));
    let der = Zeroizing::new(BASE64_STANDARD.decode(&*packed).ok()?);
    let key = PrivateKeyInfo::try_from(&der[..]).ok().filter(|key| key.algorithm.oid == RSA)?.private_key;

    let inner = Zeroizing::new(BASE64_STANDARD.encode(key));
    let mut pem = Vec::with_capacity(inner.len() + inner.len() / COLUMNS + 100);
    pem.extend_from_slice(b"-----BEGIN RSA PRIVATE KEY-----\n");
    for line in inner.as_bytes().chunks(COLUMNS) {
        pem.extend_from_slice(line);
        pem.push(b'\n');
    }
    pem.extend_from_slice(b"-----END RSA PRIVATE KEY-----\n");
    Some(Secret::new(pem))
}
