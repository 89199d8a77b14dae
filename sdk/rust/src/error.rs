// SPDX-License-Identifier: Apache-2.0
use crate::abi::*;

/// What an operation fails with. The message says what was attempted, on what, and what to do next:
/// `Err(Error::invalid_data("label 'late' holds 2; it must be 0 or 1").column("late").row(7))`.
#[derive(Debug, Clone)]
pub struct Error {
    status: assay_status,
    message: String,
    members: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// `status` is one of `abi::ASSAY_E_*`.
    pub fn new(status: assay_status, message: impl Into<String>) -> Error {
        // A failure is never ASSAY_OK, whatever the author wrote.
        let status = if status == ASSAY_OK { ASSAY_E_INTERNAL } else { status };
        Error { status, message: message.into(), members: String::new() }
    }
    pub fn invalid_config(message: impl Into<String>) -> Error {
        Error::new(ASSAY_E_INVALID_CONFIG, message)
    }
    pub fn invalid_data(message: impl Into<String>) -> Error {
        Error::new(ASSAY_E_INVALID_DATA, message)
    }
    pub fn corrupt(why: impl std::fmt::Display) -> Error {
        Error::new(ASSAY_E_CORRUPT_ARTIFACT, format!("the stored bytes do not parse: {}", why))
    }
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(ASSAY_E_INTERNAL, message)
    }

    pub fn column(self, name: &str) -> Error {
        self.add("column", json_quote(name))
    }
    pub fn row(self, row: i64) -> Error {
        self.add("row", row.to_string())
    }
    pub fn pointer(self, json_pointer: &str) -> Error {
        self.add("json_pointer", json_quote(json_pointer))
    }
    pub fn hint(self, text: &str) -> Error {
        self.add("hint", json_quote(text))
    }

    pub fn status(&self) -> assay_status {
        self.status
    }
    pub fn message(&self) -> &str {
        &self.message
    }
    /// An object, or empty when nothing was added.
    pub fn details_json(&self) -> String {
        if self.members.is_empty() {
            return String::new();
        }
        format!("{{{}}}", self.members)
    }

    fn add(mut self, key: &str, json: String) -> Error {
        if !self.members.is_empty() {
            self.members.push(',');
        }
        self.members.push_str(&format!("\"{}\":{}", key, json));
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for Error {}

fn json_quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_json() {
        let error = Error::invalid_data("x").column("a\"b\n").row(7).hint("h");
        assert_eq!(error.details_json(), r#"{"column":"a\"b\u000a","row":7,"hint":"h"}"#);
        assert_eq!(Error::new(ASSAY_OK, "x").status(), ASSAY_E_INTERNAL);
        assert_eq!(Error::internal("x").details_json(), "");
    }
}
