//! How a key of AWS is spelled: `ARN[+ROLE-ARN]`, and the encryption context beside it.

use std::collections::BTreeMap;

/// Splits `ARN[+ROLE-ARN]`, after deleting all blanks. The split is at the first `+arn:` that is not at the start (SOPS 3.12).
pub(super) fn split_role(item: &str) -> (String, String) {
    let item = item.replace(' ', "");
    match item.find("+arn:") {
        Some(at) if at > 0 => (item[..at].to_owned(), item[at + 1..].to_owned()),
        _ => (item, String::new()),
    }
}

/// `ARN[+ROLE][|CONTEXT][|PROFILE]`; with a profile the context's place is always there.
pub(super) fn string_form(arn: &str, role: &str, context: &BTreeMap<String, String>, profile: &str) -> String {
    let mut form = arn.to_owned();
    if !role.is_empty() {
        form.push('+');
        form.push_str(role);
    }
    let context: Vec<String> = context.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    if !context.is_empty() || !profile.is_empty() {
        form.push('|');
        form.push_str(&context.join(","));
    }
    if !profile.is_empty() {
        form.push('|');
        form.push_str(profile);
    }
    form
}

/// Does the text fit `^arn:aws[\w-]*:kms:(.+):[0-9]+:(key|alias)/.+$`? SOPS asks only when it uses the key.
pub(super) fn is_valid(arn: &str) -> bool {
    let Some(rest) = arn.strip_prefix("arn:aws") else { return false };
    let partition = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
    let Some(rest) = rest[partition..].strip_prefix(":kms:") else { return false };
    // the region may hold colons, and so may the key's name: any of the colons before `key/` may be the one before the account
    ["key/", "alias/"].iter().any(|kind| {
        rest.match_indices(&format!(":{kind}")).any(|(at, found)| {
            let (region_account, name) = (&rest[..at], &rest[at + found.len()..]);
            let Some((region, account)) = region_account.rsplit_once(':') else { return false };
            let number = !account.is_empty() && account.bytes().all(|b| b.is_ascii_digit());
            // a dot of Go's regexp is anything but a line feed, and the end is the end of the text
            number && !region.is_empty() && !region.contains('\n') && !name.is_empty() && !name.contains('\n')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles() {
        for (item, arn, role) in [
            (" a b + arn:aws:iam::1:role/r", "ab", "arn:aws:iam::1:role/r"),
            ("k+arn:aws-cn:iam::1:role/r", "k", "arn:aws-cn:iam::1:role/r"),
            ("+arn:aws:iam::1:role/r", "+arn:aws:iam::1:role/r", ""),
            ("k+x+arn:y+arn:z", "k+x", "arn:y+arn:z"),
            ("k|a:b|p", "k|a:b|p", ""),
            ("", "", ""),
        ] {
            assert_eq!(split_role(item), (arn.to_owned(), role.to_owned()), "{item}");
        }
    }

    #[test]
    fn forms() {
        let context = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>();
        for (role, pairs, profile, expected) in [
            ("", &[][..], "", "arn"),
            ("r", &[], "", "arn+r"),
            ("", &[("b", "1"), ("a", "x y")], "", "arn|a:x y,b:1"),
            ("", &[], "pp", "arn||pp"),
            ("r", &[("a", "1")], "pp", "arn+r|a:1|pp"),
        ] {
            assert_eq!(string_form("arn", role, &context(pairs), profile), expected);
        }
    }

    #[test]
    fn validity() {
        for good in ["arn:aws:kms:eu-west-1:1:key/k", "arn:aws-us-gov:kms:r:0123:alias/a/b", "arn:awsx_1:kms:a:b:1:key/:key/"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "",
            "foo",
            "arn:aws:kms:eu-west-1:1:key/",
            "arn:aws:kms::1:key/k",
            "arn:aws:kms:r:x:key/k",
            "arn:aws:s3:r:1:key/k",
            "arn:aws:kms:r::key/k",
            "arn:aws:kms:r:1:thing/k",
            " arn:aws:kms:r:1:key/k",
            "arn:aws:kms:r:1:key/k\n",
            "arn:aws+:kms:r:1:key/k",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
