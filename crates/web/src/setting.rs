//! Settings in a domain's section of `kenduri.toml`. The domain declares them in a table; the
//! program reads and checks the section by it, and [`Site`](crate::Site) provides the values.

use std::collections::BTreeMap;

/// A boolean setting.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The key: `section.name`.
    pub key: &'static str,
    /// The default.
    pub built_in: bool,
}

/// A whole-number setting, 0 or more.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The key: `section.name`.
    pub key: &'static str,
    /// The default.
    pub built_in: u32,
    /// The largest value.
    pub most: u32,
}

/// A setting with a closed set of values.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The key: `section.name`.
    pub key: &'static str,
    /// The allowed words, the default first.
    pub words: &'static [&'static str],
}

/// A setting of any type.
#[derive(Clone, Copy, Debug)]
pub enum Setting {
    Flag(Flag),
    Number(Number),
    Word(Word),
}

/// The configured values; a missing key has its default.
#[derive(Clone, Debug, Default)]
pub struct SettingValues(BTreeMap<&'static str, Value>);

#[derive(Clone, Copy, Debug)]
enum Value {
    Flag(bool),
    Number(u32),
    Word(&'static str),
}

impl Setting {
    /// The key: `section.name`.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Flag(flag) => flag.key,
            Self::Number(number) => number.key,
            Self::Word(word) => word.key,
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
    /// The default.
    pub fn built_in(&self) -> &'static str {
        self.words.first().copied().unwrap_or_default()
    }

    /// The configured value, or the default.
    pub fn of(&self, values: &SettingValues) -> &'static str {
        match values.0.get(self.key) {
            Some(Value::Word(value)) => value,
            _ => self.built_in(),
        }
    }
}

impl SettingValues {
    pub fn set_flag(&mut self, flag: Flag, value: bool) {
        self.0.insert(flag.key, Value::Flag(value));
    }

    /// Sets a number; the error states the allowed range.
    pub fn set_number(&mut self, number: Number, value: u32) -> Result<(), String> {
        if value > number.most {
            return Err(format!("it may be 0 to {}", number.most));
        }
        self.0.insert(number.key, Value::Number(value));
        Ok(())
    }

    /// Sets a word; the error lists the allowed words.
    pub fn set_word(&mut self, word: Word, value: &str) -> Result<(), String> {
        let mut words = word.words.iter();
        let Some(known) = words.find(|known| **known == value) else {
            return Err(format!("it may be {}", word.words.join(" or ")));
        };
        self.0.insert(word.key, Value::Word(known));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, SettingValues, Word};
    const SEATS: Number = Number {
        key: "hall.seats",
        built_in: 40,
        most: 90,
    };
    const DOOR: Word = Word {
        key: "hall.door",
        words: &["open", "closed"],
    };

    #[test]
    fn a_value_is_as_set_or_built_in_and_stays_within_its_table() {
        let mut values = SettingValues::default();
        assert_eq!((SEATS.of(&values), DOOR.of(&values)), (40, "open"));
        values.set_number(SEATS, 90).unwrap();
        values.set_word(DOOR, "closed").unwrap();
        assert!(values.set_number(SEATS, 91).is_err());
        assert!(values.set_word(DOOR, "ajar").is_err());
        assert_eq!((SEATS.of(&values), DOOR.of(&values)), (90, "closed"));
    }
}
