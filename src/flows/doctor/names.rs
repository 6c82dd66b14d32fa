//! Names of files that hold secrets by custom. A rule without `path_regex`, as `init` writes it, fits every source file of a project as well, so among the
//! files that only such a rule fits `doctor` speaks of those.

use std::path::Path;

use leafcrypt_formats::Format;

/// Ends of names of examples, which hold no secret.
const EXAMPLES: [&str; 7] = ["example", "sample", "template", "tmpl", "dist", "defaults", "schema"];

/// Does a file hold secrets, by its name? `.env`, `.env.prod`, `prod.env`; `secrets.yaml`, `db.secret.json`, also without a type. Not `secrets.rs`.
pub(super) fn says_secret(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let parts: Vec<&str> = name.split('.').collect();
    if parts.iter().any(|part| EXAMPLES.contains(part)) {
        return false;
    }
    let env = name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
    let secret = parts.iter().any(|part| ["secret", "secrets"].contains(part));
    env || secret && (Format::of_name(name, true) != Format::Binary || parts.len() == 1 || name.ends_with(".txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in [
            ".env",
            ".env.prod",
            "d/prod.env",
            "secrets.yaml",
            "secret.json",
            "db.secret.toml",
            "app.secrets.yml",
            "secrets",
            "secrets.txt",
        ] {
            assert!(says_secret(Path::new(name)), "{name}");
        }
        for name in [
            ".envrc",
            ".env.example",
            "secrets.example.yaml",
            "secrets.rs",
            "secret.py",
            "main.rs",
            "values.yaml",
            "env",
            "secretary.yaml",
            "",
        ] {
            assert!(!says_secret(Path::new(name)), "{name}");
        }
    }
}
