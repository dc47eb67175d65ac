//! Writes the text of a `kenduri.toml` from top to bottom: comments, sections, keys.

use std::fmt::Write as _;

use toml::Value;

/// In characters.
const WIDTH: usize = 100;
/// The rest of a comment is cut off.
const MAX_COMMENT_CHARS: usize = 600;

#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    remarks: usize,
}

impl Page {
    /// Adds an explanatory comment.
    pub(super) fn say(&mut self, text: &str) {
        self.comment(text);
    }

    /// Adds a comment that needs the user's attention, and counts it.
    pub(super) fn remark(&mut self, text: &str) {
        self.remarks += 1;
        self.comment(text);
    }

    fn comment(&mut self, text: &str) {
        // TOML forbids most control characters in comments, and a line feed would end the comment.
        let clean: String = text
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(MAX_COMMENT_CHARS)
            .collect();
        let mut line = String::from("#");
        let mut column = 1;
        for word in clean.split_whitespace() {
            let length = word.chars().count() + 1;
            if column + length > WIDTH && column > 4 {
                self.line(&line);
                line = String::from("#  ");
                column = 3;
            }
            line.push(' ');
            line.push_str(word);
            column += length;
        }
        self.line(&line);
    }

    /// Adds a header such as `[name]` or `[[name]]`.
    pub(super) fn section(&mut self, header: &str) {
        self.line(header);
    }

    /// Adds an empty line, unless the last line is empty.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Adds `name = value`.
    pub(super) fn key(&mut self, name: &str, value: impl Into<Value>) {
        let line = format!("{name} = {}", on_one_line(&value.into()));
        self.line(&line);
    }

    /// Adds `name = value` as a comment, which the user can enable by removing the `#`.
    pub(super) fn propose(&mut self, name: &str, value: impl Into<Value>) {
        let line = format!("# {name} = {}", on_one_line(&value.into()));
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Returns the whole text and the number of remarks in it.
    pub(super) fn finish(self) -> super::Imported {
        super::Imported {
            text: self.text,
            remarks: self.remarks,
        }
    }
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::String(text) => basic_string(text),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(on_one_line).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Table(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(name, value)| format!("{} = {}", key_name(name), on_one_line(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

fn basic_string(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 2);
    line.push('"');
    for letter in text.chars() {
        match letter {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\t' => line.push_str("\\t"),
            '\r' => line.push_str("\\r"),
            letter if letter.is_control() => {
                let _ = write!(line, "\\u{:04X}", u32::from(letter));
            }
            letter => line.push(letter),
        }
    }
    line.push('"');
    line
}

/// Formats a TOML key, with quotation marks if necessary.
pub(super) fn key_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) {
        name.to_owned()
    } else {
        basic_string(name)
    }
}

/// Shortens a text if it is longer than `most` characters.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut beginning: String = text.chars().take(most).collect();
    beginning.push('…');
    beginning
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_comments_are_broken_between_words() {
        let mut page = Page::default();
        page.remark(&"word ".repeat(30));
        let whole = page.finish();
        assert_eq!(whole.remarks, 1);
        assert!(whole.text.lines().count() == 2);
        assert!(
            whole
                .text
                .lines()
                .all(|line| line.starts_with('#') && line.len() <= WIDTH)
        );
    }

    proptest! {
        #[test]
        fn whatever_is_said_stays_a_comment(text in ".*") {
            prop_assume!(text != "a");
            let mut page = Page::default();
            page.remark(&text);
            page.key("a", text.as_str());
            page.key(&key_name(&text), Value::Array(vec![text.as_str().into()]));
            let whole = page.finish().text;
            let read: toml::Table = whole.parse().map_err(|error| {
                TestCaseError::fail(format!("{error}: {whole}"))
            })?;
            prop_assert_eq!(read["a"].as_str(), Some(text.as_str()));
        }
    }
}
