//! The text of a `kenduri.toml`, written from the top: comments, sections, keys.

use std::fmt::Write as _;

use toml::Value;

/// Comments are broken before this column.
const WIDTH: usize = 100;
/// A comment holds at most so many characters of somebody else's text.
const LONGEST: usize = 600;

/// What has been written so far.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    remarks: usize,
}

impl Page {
    /// A comment that explains.
    pub(super) fn say(&mut self, text: &str) {
        self.comment(text);
    }

    /// A comment about something that wants to be looked at.
    pub(super) fn remark(&mut self, text: &str) {
        self.remarks += 1;
        self.comment(text);
    }

    fn comment(&mut self, text: &str) {
        // TOML forbids most control characters in comments, and a line feed ends one.
        let clean: String = text
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(LONGEST)
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

    /// `[name]` or `[[name]]`, after an empty line.
    pub(super) fn section(&mut self, header: &str) {
        self.line(header);
    }

    /// An empty line, unless there is one already.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// `name = value`.
    pub(super) fn key(&mut self, name: &str, value: impl Into<Value>) {
        let line = format!("{name} = {}", inline(&value.into()));
        self.line(&line);
    }

    /// `name = value` in a comment, which takes effect without its sign.
    pub(super) fn propose(&mut self, name: &str, value: impl Into<Value>) {
        let line = format!("# {name} = {}", inline(&value.into()));
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// The whole, and how many remarks are in it.
    pub(super) fn finish(self) -> super::Imported {
        super::Imported {
            text: self.text,
            remarks: self.remarks,
        }
    }
}

/// A value on one line, as people write it.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Table(table) => {
            let pairs: Vec<String> = table
                .iter()
                .map(|(name, value)| format!("{} = {}", key_name(name), inline(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// A basic string.
fn quoted(text: &str) -> String {
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

/// A name, in quotes where it needs them.
pub(super) fn key_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// The beginning of a text that may be long.
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
