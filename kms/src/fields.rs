//! How a key is stored: names and values of its record.

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A string.
    Text(String),
    /// A map of strings, keys sorted (the encryption context of AWS KMS).
    Map(Vec<(String, String)>),
}

/// The fields of a record, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, Field)>);

impl Fields {
    /// Adds a text field.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), Field::Text(text.into())));
        self
    }

    /// The text of a field, empty if it is not there.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Field::Text(text)) => text,
            _ => "",
        }
    }

    /// A field.
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, f)| f)
    }
}
