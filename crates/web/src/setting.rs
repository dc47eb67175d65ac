//! Keys of a domain's section of `kenduri.toml`. The domain declares them in a table; the program
//! reads and checks the section by it, and hands the values out with [`Site`](crate::Site).

use std::collections::BTreeMap;

/// A key whose value is true or false.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// `section.name`.
    pub key: &'static str,
    /// The value when nobody sets one.
    pub built_in: bool,
}

/// A key whose value is a number, 0 or more.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// `section.name`.
    pub key: &'static str,
    /// The value when nobody sets one.
    pub built_in: u32,
    /// The largest value.
    pub most: u32,
}

/// A key whose value is one of a few words.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// `section.name`.
    pub key: &'static str,
    /// The words, the built-in one first.
    pub words: &'static [&'static str],
}

/// A key of any kind.
#[derive(Clone, Copy, Debug)]
pub enum Setting {
    /// True or false.
    Flag(Flag),
    /// A number.
    Number(Number),
    /// One of a few words.
    Word(Word),
}

/// What the configuration says; a key that is not in it has its built-in value.
#[derive(Clone, Debug, Default)]
pub struct SettingValues(BTreeMap<&'static str, Value>);

#[derive(Clone, Copy, Debug)]
enum Value {
    Flag(bool),
    Number(u32),
    Word(&'static str),
}

impl Setting {
    /// `section.name`.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Flag(flag) => flag.key,
            Self::Number(number) => number.key,
            Self::Word(word) => word.key,
        }
    }
}

impl Flag {
    /// What is in force.
    pub fn of(&self, values: &SettingValues) -> bool {
        match values.0.get(self.key) {
            Some(Value::Flag(value)) => *value,
            _ => self.built_in,
        }
    }
}

impl Number {
    /// What is in force.
    pub fn of(&self, values: &SettingValues) -> usize {
        let value = match values.0.get(self.key) {
            Some(Value::Number(value)) => *value,
            _ => self.built_in,
        };
        value as usize
    }
}

impl Word {
    /// The value when nobody sets one.
    pub fn built_in(&self) -> &'static str {
        self.words.first().copied().unwrap_or_default()
    }

    /// What is in force.
    pub fn of(&self, values: &SettingValues) -> &'static str {
        match values.0.get(self.key) {
            Some(Value::Word(value)) => value,
            _ => self.built_in(),
        }
    }
}

impl SettingValues {
    /// Sets a flag.
    pub fn set_flag(&mut self, flag: Flag, value: bool) {
        self.0.insert(flag.key, Value::Flag(value));
    }

    /// Sets a number. The error says what it may be.
    pub fn set_number(&mut self, number: Number, value: u32) -> Result<(), String> {
        if value > number.most {
            return Err(format!("it may be 0 to {}", number.most));
        }
        self.0.insert(number.key, Value::Number(value));
        Ok(())
    }

    /// Sets a word. The error says which there are.
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
