//! `stores`: how far each format is indented (`docs/sops-config.md`, section 5).

use super::ConfigError;
use super::file;
use super::scalar::Map;

/// The indents of a configuration, as written; or all set by `--indent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stores {
    /// Of YAML.
    pub yaml: Option<i64>,
    /// Of JSON.
    pub json: Option<i64>,
    /// Of the JSON around binary files.
    pub json_binary: Option<i64>,
}

impl Stores {
    pub(super) fn of(stores: Option<&Map<file::Stores>>) -> Self {
        let Some(Map { fields, .. }) = stores else { return Stores::default() };
        let indent = |store: &Option<Map<file::Store>>| Some(store.as_ref()?.fields.indent?.0);
        Stores { yaml: indent(&fields.yaml), json: indent(&fields.json), json_binary: indent(&fields.json_binary) }
    }

    /// All of them the same, as the flag `--indent` has it.
    pub fn all(indent: i64) -> Self {
        Stores { yaml: Some(indent), json: Some(indent), json_binary: Some(indent) }
    }

    /// Blanks a level of YAML: 4 unless said otherwise; what the emitter of SOPS cannot do becomes what it does instead.
    ///
    /// # Errors
    /// A negative number.
    pub fn yaml_indent(&self) -> Result<usize, ConfigError> {
        match self.yaml {
            None | Some(0) => Ok(4),
            Some(n @ 2..=9) => Ok(n as usize),
            Some(n) if n > 0 => Ok(2),
            Some(_) => Err(ConfigError::YamlIndent),
        }
    }

    /// Blanks a level of JSON. None: a tab. 0 keeps the line feeds.
    ///
    /// # Errors
    /// A number below -1.
    pub fn json_indent(&self) -> Result<Option<usize>, ConfigError> {
        json(self.json)
    }

    /// The same for the JSON around binary files.
    ///
    /// # Errors
    /// A number below -1.
    pub fn binary_indent(&self) -> Result<Option<usize>, ConfigError> {
        json(self.json_binary)
    }
}

/// More blanks than anybody reads would only serve to fill a disk.
const MOST: i64 = 1000;

fn json(indent: Option<i64>) -> Result<Option<usize>, ConfigError> {
    match indent {
        None | Some(-1) => Ok(None),
        Some(n @ 0..=MOST) => Ok(Some(n as usize)),
        Some(n) if n > MOST => Err(ConfigError::WideIndent),
        Some(_) => Err(ConfigError::JsonIndent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let yaml = |n| Stores { yaml: n, ..Stores::default() }.yaml_indent();
        for (written, blanks) in
            [(None, 4), (Some(0), 4), (Some(1), 2), (Some(2), 2), (Some(4), 4), (Some(9), 9), (Some(10), 2), (Some(99), 2)]
        {
            assert_eq!(yaml(written), Ok(blanks), "{written:?}");
        }
        assert_eq!(yaml(Some(-1)), Err(ConfigError::YamlIndent));
        for (written, blanks) in [(None, None), (Some(-1), None), (Some(0), Some(0)), (Some(3), Some(3)), (Some(12), Some(12))] {
            assert_eq!(Stores { json: written, ..Stores::default() }.json_indent(), Ok(blanks), "{written:?}");
            assert_eq!(Stores { json_binary: written, ..Stores::default() }.binary_indent(), Ok(blanks), "{written:?}");
        }
        assert_eq!(Stores::all(-2).json_indent(), Err(ConfigError::JsonIndent));
        assert_eq!(Stores::all(1 << 40).binary_indent(), Err(ConfigError::WideIndent));
    }
}
