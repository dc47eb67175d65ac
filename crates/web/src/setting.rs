//! Settings in a domain's section of `kenduri.toml`. Each domain declares its settings in a table.
//! The section is parsed and validated by this table, and [`Site`](crate::Site) provides the
//! values.

use std::collections::BTreeMap;

use platform::Secret;

/// A boolean setting.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The key, as `section.name`.
    pub key: &'static str,
    /// The default.
    pub built_in: bool,
}

/// A whole-number setting, 0 or more.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    pub key: &'static str,
    /// The default.
    pub built_in: u32,
    /// The largest value.
    pub most: u32,
}

/// A setting whose value is one keyword from a closed set.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub key: &'static str,
    /// The allowed keywords. The first is the default.
    pub words: &'static [&'static str],
}

/// A setting whose value is an ordered list of keywords from a closed set.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub key: &'static str,
    /// The allowed keywords. The first is the default.
    pub words: &'static [&'static str],
}

/// A setting with one line of text.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub key: &'static str,
    /// The default.
    pub built_in: &'static str,
}

/// A secret, configured either directly or as the name of a file that contains it.
#[derive(Clone, Copy, Debug)]
pub struct SecretLine {
    pub key: &'static str,
    /// The key of the setting with the file's path: `key` with the suffix `_file`.
    pub file_key: &'static str,
}

/// An invalid combination of a domain's settings.
#[derive(Clone, Debug)]
pub struct Flaw {
    /// The key of the setting that the administrator should change.
    pub key: &'static str,
    pub what: String,
    /// How the administrator can resolve the conflict.
    pub mend: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub enum Setting {
    Flag(Flag),
    Number(Number),
    Word(Word),
    /// An ordered list of keywords from a closed set.
    Words(Words),
    Line(Line),
    Secret(SecretLine),
}

/// The configured values. A missing key has its default value.
#[derive(Clone, Debug, Default)]
pub struct SettingValues(BTreeMap<&'static str, Value>);

#[derive(Clone, Debug)]
enum Value {
    Flag(bool),
    Number(u32),
    Word(&'static str),
    Words(Vec<&'static str>),
    Line(String),
    Secret(Secret),
}

impl Setting {
    pub fn key(&self) -> &'static str {
        match self {
            Self::Flag(flag) => flag.key,
            Self::Number(number) => number.key,
            Self::Word(word) => word.key,
            Self::Words(words) => words.key,
            Self::Line(line) => line.key,
            Self::Secret(secret) => secret.key,
        }
    }

    /// The key of a second setting, whose value is the path of a file that contains this setting's
    /// value. `None` if this setting cannot be read from a file.
    pub fn file_key(&self) -> Option<&'static str> {
        match self {
            Self::Secret(secret) => Some(secret.file_key),
            _ => None,
        }
    }
}

impl Flag {
    /// The configured value, or the default.
    pub fn of(&self, values: &SettingValues) -> bool {
        match values.0.get(self.key) {
            Some(Value::Flag(value)) => *value,
            _ => self.built_in,
        }
    }
}

impl Number {
    /// The configured value, or the default.
    pub fn of(&self, values: &SettingValues) -> usize {
        let value = match values.0.get(self.key) {
            Some(Value::Number(value)) => *value,
            _ => self.built_in,
        };
        value as usize
    }
}

impl Word {
    pub fn built_in(&self) -> &'static str {
        self.words.first().copied().unwrap_or_default()
    }

    /// The configured value, or the default.
    pub fn of(&self, values: &SettingValues) -> &'static str {
        match values.0.get(self.key) {
            Some(&Value::Word(value)) => value,
            _ => self.built_in(),
        }
    }
}

impl Words {
    /// The configured keywords, in order.
    pub fn of(&self, values: &SettingValues) -> Vec<&'static str> {
        match values.0.get(self.key) {
            Some(Value::Words(words)) => words.clone(),
            _ => self.words.first().copied().into_iter().collect(),
        }
    }
}

impl Line {
    /// The configured value, or the default.
    pub fn of<'a>(&self, values: &'a SettingValues) -> &'a str {
        match values.0.get(self.key) {
            Some(Value::Line(value)) => value,
            _ => self.built_in,
        }
    }
}

impl SecretLine {
    /// The configured value; `None` if there is none.
    pub fn of<'a>(&self, values: &'a SettingValues) -> Option<&'a Secret> {
        match values.0.get(self.key) {
            Some(Value::Secret(value)) => Some(value),
            _ => None,
        }
    }
}

impl SettingValues {
    pub fn set_line(&mut self, line: Line, value: &str) {
        self.0.insert(line.key, Value::Line(value.to_owned()));
    }

    pub fn set_secret(&mut self, secret: SecretLine, value: Secret) {
        self.0.insert(secret.key, Value::Secret(value));
    }

    /// Sets a list of keywords. The error message lists the allowed keywords.
    pub fn set_words(&mut self, words: Words, values: &[&str]) -> Result<(), String> {
        let known = values
            .iter()
            .map(|value| words.words.iter().find(|known| *known == value).copied());
        let known: Option<Vec<_>> = known.collect();
        let Some(known) = known.filter(|known| !known.is_empty()) else {
            return Err(format!("write a list of {}", words.words.join(" and ")));
        };
        self.0.insert(words.key, Value::Words(known));
        Ok(())
    }

    pub fn set_flag(&mut self, flag: Flag, value: bool) {
        self.0.insert(flag.key, Value::Flag(value));
    }

    /// Sets a number. The error message states the allowed range.
    pub fn set_number(&mut self, number: Number, value: u32) -> Result<(), String> {
        if value > number.most {
            return Err(format!("write a number from 0 to {}", number.most));
        }
        self.0.insert(number.key, Value::Number(value));
        Ok(())
    }

    /// Sets a keyword. The error message lists the allowed keywords.
    pub fn set_word(&mut self, word: Word, value: &str) -> Result<(), String> {
        let mut words = word.words.iter();
        let Some(known) = words.find(|known| **known == value) else {
            return Err(format!("write {}", word.words.join(" or ")));
        };
        self.0.insert(word.key, Value::Word(known));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Number, SecretLine, SettingValues, Word, Words};
    const SEATS: Number = Number {
        key: "hall.seats",
        built_in: 40,
        most: 90,
    };
    const DOOR: Word = Word {
        key: "hall.door",
        words: &["open", "closed"],
    };

    const DOORS: Words = Words {
        key: "hall.doors",
        words: &["front", "back"],
    };
    const NAME: Line = Line {
        key: "hall.name",
        built_in: "Dewan",
    };
    const KEY: SecretLine = SecretLine {
        key: "hall.key",
        file_key: "hall.key_file",
    };

    #[test]
    fn a_value_is_as_set_or_built_in_and_stays_within_its_table() {
        let mut values = SettingValues::default();
        assert_eq!((SEATS.of(&values), DOOR.of(&values)), (40, "open"));
        values.set_number(SEATS, 90).unwrap();
        values.set_word(DOOR, "closed").unwrap();
        assert!(values.set_number(SEATS, 91).is_err());
        assert!(values.set_word(DOOR, "ajar").is_err());
        assert_eq!(DOORS.of(&values), ["front"]);
        values.set_words(DOORS, &["back", "front"]).unwrap();
        assert!(values.set_words(DOORS, &["back", "side"]).is_err());
        assert!(values.set_words(DOORS, &[]).is_err());
        assert_eq!(DOORS.of(&values), ["back", "front"]);
        values.set_line(NAME, "Balai");
        assert_eq!(NAME.of(&values), "Balai");
        assert!(KEY.of(&values).is_none());
        values.set_secret(KEY, platform::Secret::new("hunter2"));
        assert!(!format!("{values:?}").contains("hunter2"));
        assert_eq!((SEATS.of(&values), DOOR.of(&values)), (90, "closed"));
    }
}
