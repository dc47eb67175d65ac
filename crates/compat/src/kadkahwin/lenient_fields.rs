//! Lenient parsing of the requests of older wedding cards. A field may have several names, and its
//! value may be a word, a number or a flag. Unknown fields are ignored.

use serde_json::{Map, Value, json};
use web::{Argument, FieldProblem, Form};

use occasions::open_rsvp::PARTY_LIMIT;

/// The maximum length of a `submission_id`, in bytes.
pub(super) const SUBMISSION_LIMIT: usize = 128;

/// The parsed fields of a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The invitation code; empty if the reply has none.
    pub(super) code: String,
    /// The parameter `k` from the invitation's link.
    pub(super) check: Option<String>,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
    /// Whether the household attends; `None` if the value could not be parsed.
    pub(super) attending: Option<bool>,
    /// The number of people who attend.
    pub(super) party: Option<i64>,
    /// The guest's note to the hosts.
    pub(super) wish: String,
    /// The `submission_id`, which identifies a repeat.
    pub(super) submission: Option<String>,
    /// Fields that could not be parsed. They cause a refusal only after the checks of code and
    /// deadline have passed.
    pub(super) wrong: Vec<FieldProblem>,
}

impl Said {
    /// The reply's content in a form that is independent of the channel, so that a repeat over
    /// another channel has the same fingerprint.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        let Self {
            code,
            check: _,
            name,
            email,
            phone,
            attending,
            party,
            wish,
            submission: _,
            wrong,
        } = self;
        let mut said = vec![
            json!(code),
            json!(name),
            json!(email),
            json!(phone),
            json!(attending),
            json!(party),
            json!(wish),
        ];
        // Stored replies have no invalid fields, so a reply with invalid fields must have another
        // fingerprint.
        said.extend(wrong.iter().map(|field| json!(field.pointer)));
        Value::from(said).to_string().into_bytes()
    }
}

/// Parses the fields of a reply, and collects errors.
pub(super) fn read(sent: &Map<String, Value>) -> Said {
    let mut reader = Reader {
        sent,
        wrong: Vec::new(),
    };
    let attending = reader.yes_or_no(&["attending", "attendance", "status"]);
    Said {
        code: reader.text(&["code", "invite_code"]),
        check: sent.get("k").and_then(Value::as_str).map(str::to_owned),
        name: reader.text(&["name"]),
        email: reader.text(&["email"]),
        phone: reader.text(&["phone"]),
        attending,
        party: reader.party(&["guests", "pax", "count"], attending == Some(true)),
        wish: reader.text(&["message", "wish"]),
        submission: reader.submission("submission_id"),
        wrong: reader.wrong,
    }
}

/// The guest's typed values, for filling in a refused form again.
pub(super) fn typed(sent: &Map<String, Value>) -> Form {
    let names = [
        "code",
        "invite_code",
        "name",
        "email",
        "phone",
        "guests",
        "pax",
        "count",
        "message",
        "wish",
    ];
    let texts = names.iter().filter_map(|name| {
        let text = sent.get(*name)?.as_str()?;
        Some(((*name).to_owned(), text.to_owned()))
    });
    texts.collect()
}

struct Reader<'a> {
    sent: &'a Map<String, Value>,
    wrong: Vec<FieldProblem>,
}

impl<'a> Reader<'a> {
    /// The first of `names` under which the client sent a value.
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

    fn refuse(&mut self, name: &str, code: &'static str, values: &[(&'static str, Argument)]) {
        let field = FieldProblem::new(format!("/{name}"), code, values);
        self.wrong.push(field);
    }

    fn text(&mut self, names: &[&'static str]) -> String {
        match self.find(names) {
            None => String::new(),
            Some((_, Value::String(text))) => text.clone(),
            Some((_, Value::Number(number))) => number.to_string(),
            Some((name, _)) => {
                self.refuse(name, "wrong_type", &[]);
                String::new()
            }
        }
    }

    fn yes_or_no(&mut self, names: &[&'static str]) -> Option<bool> {
        let (name, code) = match self.find(names) {
            None => (names[0], "required"),
            Some((_, Value::Bool(is_yes))) => return Some(*is_yes),
            Some((name, Value::String(word))) => match flag(word) {
                Some(is_yes) => return Some(is_yes),
                None => (name, "unknown_option"),
            },
            Some((name, _)) => (name, "wrong_type"),
        };
        self.refuse(name, code, &[]);
        None
    }

    /// `None` if the household does not attend, even if the client sent a number.
    fn party(&mut self, names: &[&'static str], attending: bool) -> Option<i64> {
        let (name, value) = self.find(names).filter(|_| attending)?;
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if (1..=PARTY_LIMIT).contains(&number) => return Some(number),
            Some(_) => {
                let values = [("min", 1.into()), ("max", PARTY_LIMIT.into())];
                self.refuse(name, "out_of_range", &values);
            }
            None => self.refuse(name, "wrong_type", &[]),
        }
        None
    }

    fn submission(&mut self, name: &'static str) -> Option<String> {
        self.find(&[name])?;
        let text = self.text(&[name]).trim().to_owned();
        if text.len() > SUBMISSION_LIMIT {
            self.refuse(name, "too_long", &[("max", SUBMISSION_LIMIT.into())]);
        } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.refuse(name, "invalid", &[]);
        }
        Some(text)
    }
}

/// Parses `true`, `false`, and the words for yes and no in English and Malay. Case and separators
/// are ignored.
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

    fn read_fields(sent: &Value) -> Result<Said, Vec<(String, &'static str)>> {
        let said = read(sent.as_object().unwrap());
        if said.wrong.is_empty() {
            return Ok(said);
        }
        let wrong = said.wrong.into_iter();
        Err(wrong.map(|field| (field.pointer, field.code)).collect())
    }

    #[test]
    fn every_name_and_every_word_is_understood() {
        let come = Said {
            attending: Some(true),
            ..Said::default()
        };
        let stay = Said {
            attending: Some(false),
            ..Said::default()
        };
        for (sent, wanted) in [
            (json!({"attending": true}), come.clone()),
            (json!({"attendance": "yes"}), come.clone()),
            (json!({"status": "Hadir"}), come.clone()),
            (json!({"attending": " TRUE "}), come.clone()),
            (json!({"attending": "", "status": "yes"}), come.clone()),
            (json!({"attending": null, "status": "yes"}), come.clone()),
            (json!({"attending": false}), stay.clone()),
            (json!({"attending": "false"}), stay.clone()),
            (json!({"attending": "No"}), stay.clone()),
            (json!({"status": "tidak hadir"}), stay.clone()),
            (json!({"status": "TIDAK_HADIR"}), stay.clone()),
            (json!({"status": "tidak-  hadir"}), stay.clone()),
            (json!({"status": "no", "guests": 0}), stay.clone()),
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
            assert_eq!(read_fields(&sent), Ok(wanted), "{sent}");
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
            assert_eq!(read_fields(&sent), Err(wanted), "{sent}");
        }
    }

    #[test]
    fn a_repeat_says_the_same_by_whatever_names() {
        let one = read_fields(&json!({"code": "RAHMA", "attending": true, "guests": 2})).unwrap();
        let other = read_fields(
            &json!({"invite_code": "RAHMA", "status": "hadir", "pax": "2",
            "submission_id": "a"}),
        )
        .unwrap();
        assert_eq!(one.fingerprint(), other.fingerprint());
        for more in [
            json!({"code": "RAHMA", "attending": true, "guests": 3}),
            json!({"code": "RAHMA", "attending": "maybe", "guests": 2}),
            json!({"code": "RAHMA", "attending": true, "guests": 2, "wish": []}),
        ] {
            let more = read(more.as_object().unwrap());
            assert_ne!(one.fingerprint(), more.fingerprint());
        }
    }
}
