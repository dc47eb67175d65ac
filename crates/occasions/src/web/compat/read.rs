//! What other programs send, read leniently: by several names, as words, numbers
//! or flags. What nobody asks for is passed over.

use serde_json::{Map, Value, json};
use web::{Argument, Problem};

use crate::open::PARTY_LIMIT;

/// One answer as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The invitation's code; empty: none.
    pub(super) code: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
    /// Whether they come.
    pub(super) attending: bool,
    /// How many come.
    pub(super) party: Option<i64>,
    /// A few words to the hosts.
    pub(super) wish: String,
    /// What a repeat is recognised by.
    pub(super) submission: Option<String>,
}

impl Said {
    /// What was said and nothing of how: a repeat by another way is the same.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        let Self {
            code,
            name,
            email,
            phone,
            attending,
            party,
            wish,
            submission: _,
        } = self;
        json!([code, name, email, phone, attending, party, wish])
            .to_string()
            .into_bytes()
    }
}

/// Reads what was sent; all that cannot be understood is told at once.
pub(super) fn read(sent: &Map<String, Value>) -> Result<Said, Problem> {
    let mut reader = Reader {
        sent,
        problem: None,
    };
    let attending = reader.yes_or_no(&["attending", "attendance", "status"]);
    let said = Said {
        code: reader.text(&["code", "invite_code"]),
        name: reader.text(&["name"]),
        email: reader.text(&["email"]),
        phone: reader.text(&["phone"]),
        attending,
        party: reader.party(&["guests", "pax", "count"], attending),
        wish: reader.text(&["message", "wish"]),
        submission: reader.submission("submission_id"),
    };
    match reader.problem {
        Some(problem) => Err(problem),
        None => Ok(said),
    }
}

struct Reader<'a> {
    sent: &'a Map<String, Value>,
    problem: Option<Problem>,
}

impl<'a> Reader<'a> {
    /// The first of these names under which anything stands.
    fn find(&self, names: &[&'static str]) -> Option<(&'static str, &'a Value)> {
        names.iter().find_map(|name| {
            let value = self.sent.get(*name)?;
            let is_empty = match value {
                Value::Null => true,
                Value::String(text) => text.trim().is_empty(),
                _ => false,
            };
            (!is_empty).then_some((*name, value))
        })
    }

    fn refuse(&mut self, name: &str, code: &'static str, values: Vec<(&'static str, Argument)>) {
        let problem = self.problem.take().unwrap_or_else(Problem::fields);
        self.problem = Some(problem.field(format!("/{name}"), code, values));
    }

    fn text(&mut self, names: &[&'static str]) -> String {
        match self.find(names) {
            None => String::new(),
            Some((_, Value::String(text))) => text.clone(),
            Some((_, Value::Number(number))) => number.to_string(),
            Some((name, _)) => {
                self.refuse(name, "wrong_type", Vec::new());
                String::new()
            }
        }
    }

    fn yes_or_no(&mut self, names: &[&'static str]) -> bool {
        let understood = match self.find(names) {
            None => {
                self.refuse(names[0], "required", Vec::new());
                return false;
            }
            Some((_, Value::Bool(flag))) => Some(*flag),
            Some((_, Value::String(word))) => flag(word),
            Some((name, _)) => {
                self.refuse(name, "wrong_type", Vec::new());
                return false;
            }
        };
        if understood.is_none()
            && let Some((name, _)) = self.find(names)
        {
            self.refuse(name, "unknown_option", Vec::new());
        }
        understood.unwrap_or(false)
    }

    /// Who does not come brings nobody, whatever number stands there.
    fn party(&mut self, names: &[&'static str], attending: bool) -> Option<i64> {
        let (name, value) = self.find(names).filter(|_| attending)?;
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let Some(number) = number else {
            self.refuse(name, "wrong_type", Vec::new());
            return None;
        };
        if !(1..=PARTY_LIMIT).contains(&number) {
            let limits = vec![("min", 1_i64.into()), ("max", PARTY_LIMIT.into())];
            self.refuse(name, "out_of_range", limits);
        }
        Some(number)
    }

    fn submission(&mut self, name: &'static str) -> Option<String> {
        self.find(&[name])?;
        let text = self.text(&[name]).trim().to_owned();
        if text.len() > 128 {
            self.refuse(name, "too_long", vec![("max", 128_i64.into())]);
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.refuse(name, "invalid", Vec::new());
        }
        Some(text)
    }
}

/// `true` and `false`, yes and no, in Malay too. How a word is parted, and
/// whether in capitals, does not matter.
fn flag(word: &str) -> Option<bool> {
    let parts = word.split(|letter: char| letter.is_whitespace() || "_-".contains(letter));
    let parts: Vec<String> = parts
        .filter(|part| !part.is_empty())
        .map(str::to_lowercase)
        .collect();
    match parts.join(" ").as_str() {
        "true" | "yes" | "hadir" => Some(true),
        "false" | "no" | "tidak hadir" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(sent: &Value) -> Result<Said, Vec<(String, &'static str)>> {
        let sent = sent.as_object().unwrap();
        read(sent).map_err(|problem| {
            let errors = problem.errors.iter();
            errors
                .map(|error| (error.pointer.clone(), error.code))
                .collect()
        })
    }

    #[test]
    fn every_name_and_every_word_is_understood() {
        let come = Said {
            attending: true,
            ..Said::default()
        };
        for (sent, wanted) in [
            (json!({"attending": true}), come.clone()),
            (json!({"attendance": "yes"}), come.clone()),
            (json!({"status": "Hadir"}), come.clone()),
            (json!({"attending": " TRUE "}), come.clone()),
            (json!({"attending": "", "status": "yes"}), come.clone()),
            (json!({"attending": null, "status": "yes"}), come.clone()),
            (json!({"attending": false}), Said::default()),
            (json!({"attending": "false"}), Said::default()),
            (json!({"attending": "No"}), Said::default()),
            (json!({"status": "tidak hadir"}), Said::default()),
            (json!({"status": "TIDAK_HADIR"}), Said::default()),
            (json!({"status": "tidak-  hadir"}), Said::default()),
            (json!({"status": "no", "guests": 0}), Said::default()),
            (
                json!({"invite_code": "rahma", "attending": true, "pax": "3"}),
                Said {
                    code: "rahma".to_owned(),
                    party: Some(3),
                    ..come.clone()
                },
            ),
            (
                json!({"code": 23456, "invite_code": "other", "attending": true, "count": 20}),
                Said {
                    code: "23456".to_owned(),
                    party: Some(20),
                    ..come.clone()
                },
            ),
            (
                json!({"name": "Mei", "email": "mei@example.com", "phone": 60123, "wish": "Tahniah",
                    "attending": "hadir", "guests": 1, "submission_id": 7, "theme": {"dark": []}}),
                Said {
                    name: "Mei".to_owned(),
                    email: "mei@example.com".to_owned(),
                    phone: "60123".to_owned(),
                    wish: "Tahniah".to_owned(),
                    party: Some(1),
                    submission: Some("7".to_owned()),
                    ..come.clone()
                },
            ),
            (
                json!({"message": "One", "wish": "Other", "attending": true}),
                Said {
                    wish: "One".to_owned(),
                    ..come.clone()
                },
            ),
        ] {
            assert_eq!(said(&sent), Ok(wanted), "{sent}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told_all_at_once() {
        let long = "x".repeat(129);
        for (sent, wanted) in [
            (json!({}), vec![("/attending", "required")]),
            (
                json!({"status": "perhaps"}),
                vec![("/status", "unknown_option")],
            ),
            (
                json!({"attendance": 1}),
                vec![("/attendance", "wrong_type")],
            ),
            (json!({"attending": []}), vec![("/attending", "wrong_type")]),
            (
                json!({"attending": "yes", "guests": 0}),
                vec![("/guests", "out_of_range")],
            ),
            (
                json!({"attending": "yes", "pax": 21}),
                vec![("/pax", "out_of_range")],
            ),
            (
                json!({"attending": "yes", "count": "two"}),
                vec![("/count", "wrong_type")],
            ),
            (
                json!({"attending": "yes", "count": 1.5}),
                vec![("/count", "wrong_type")],
            ),
            (
                json!({"attending": "?", "code": {}, "name": ["a"], "submission_id": "a b"}),
                vec![
                    ("/attending", "unknown_option"),
                    ("/code", "wrong_type"),
                    ("/name", "wrong_type"),
                    ("/submission_id", "invalid"),
                ],
            ),
            (
                json!({"attending": "yes", "submission_id": long}),
                vec![("/submission_id", "too_long")],
            ),
        ] {
            let wanted: Vec<_> = wanted
                .into_iter()
                .map(|(pointer, code)| (pointer.to_owned(), code))
                .collect();
            assert_eq!(said(&sent), Err(wanted), "{sent}");
        }
    }

    #[test]
    fn a_repeat_says_the_same_by_whatever_names() {
        let one = said(&json!({"code": "RAHMA", "attending": true, "guests": 2})).unwrap();
        let other = said(
            &json!({"invite_code": "RAHMA", "status": "hadir", "pax": "2",
            "submission_id": "a"}),
        )
        .unwrap();
        assert_eq!(one.fingerprint(), other.fingerprint());
        let more = said(&json!({"code": "RAHMA", "attending": true, "guests": 3})).unwrap();
        assert_ne!(one.fingerprint(), more.fingerprint());
    }
}
