//! What a new file holds when `edit` makes it: SOPS's example of each format (`docs/sops-cli.md`, section 5).

use leafcrypt_formats::Format;

/// The text, with so many blanks a level; none: as SOPS has it where nothing is said.
pub fn text(format: Format, indent: Option<usize>) -> String {
    let text = standard(format);
    match (format, indent.map(|blanks| " ".repeat(blanks))) {
        (Format::Yaml, Some(blanks)) => text.replace("\n    - ", &format!("\n{blanks}- ")),
        (Format::Json, Some(blanks)) => text.replace('\t', &blanks),
        _ => text.to_owned(),
    }
}

fn standard(format: Format) -> &'static str {
    match format {
        Format::Yaml => {
            "hello: Welcome to SOPS! Edit this file as you please!\n\
             example_key: example_value\n\
             # Example comment\n\
             example_array:\n    - example_value1\n    - example_value2\n\
             example_number: 1234.56789\n\
             example_booleans:\n    - true\n    - false\n"
        }
        Format::Json => {
            "{\n\t\"hello\": \"Welcome to SOPS! Edit this file as you please!\",\n\t\"example_key\": \"example_value\",\n\
             \t\"example_array\": [\n\t\t\"example_value1\",\n\t\t\"example_value2\"\n\t],\n\t\"example_number\": 1234.56789,\n\
             \t\"example_booleans\": [\n\t\ttrue,\n\t\tfalse\n\t]\n}\n"
        }
        Format::Dotenv => {
            "# This is an example file.\nhello=Welcome to SOPS! Edit this file as you please!\nexample_key=example_value\n\
             example_multiline=foo\\nbar\\nbaz\n"
        }
        Format::Ini => {
            "; This is an example file.\n[Welcome!]\nhello       = Welcome to SOPS! Edit this file as you please!\nexample_key = example_value\n"
        }
        Format::Toml => {
            "hello = \"Welcome to leafcrypt! Edit this file as you please!\"\nexample_key = \"example_value\"\n# Example comment\n\
             example_array = [\"example_value1\", \"example_value2\"]\nexample_number = 1234.56789\nexample_booleans = [true, false]\n"
        }
        Format::Binary => "Welcome to SOPS! Edit this file as you please!",
    }
}
