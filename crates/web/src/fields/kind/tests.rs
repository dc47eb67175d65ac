use serde::{Deserialize, Serialize};

use super::*;
use crate::Preset;
use crate::fields::{self, Input, Part, choice, day, email, flag, hour, line, moment, number};
use crate::fields::{part, rows, texts, words};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Feast {
    starts_at: Timestamp,
    closes_at: Option<Timestamp>,
    seats: Option<i64>,
    motto: Option<String>,
    tone: Preset,
    guests: Vec<String>,
    cook: Cook,
    courses: Vec<Course>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Cook {
    email: String,
    is_paid: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Course {
    time: String,
    dish: I18n,
}

const FIELDS: &[Field] = crate::fields! { Feast:
    starts_at: moment().label("starts").required(),
    closes_at: day().optional().label("closes"),
    seats: number(1, 50).optional().label("seats"),
    motto: line(20).optional().label("motto").secret(),
    tone: choice().label("tone"),
    guests: words().label("guests"),
    cook: part(COOK).label("cook"),
    courses: rows(COURSE, 2).label("courses"),
};
const COOK: Part<Cook> = crate::part! { Cook:
    email: email().label("email"),
    is_paid: flag().label("paid"),
};
const COURSE: Part<Course> = crate::part! { Course:
    time: hour().label("time").required(),
    dish: texts(Limits::required(10)).label("dish"),
};

type Typed = Vec<(String, String)>;

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap()
}

fn feast() -> Feast {
    Feast {
        starts_at: "2027-06-01T16:00:00Z".parse().unwrap(),
        closes_at: Some("2027-05-31T22:00:00Z".parse().unwrap()),
        seats: Some(12),
        motto: Some("Sit".to_owned()),
        tone: Preset::Plain,
        guests: vec!["aina".to_owned(), "budi".to_owned()],
        cook: Cook {
            email: "cook@example.com".to_owned(),
            is_paid: true,
        },
        courses: vec![Course {
            time: "18:30".to_owned(),
            dish: I18n::one("it", "Pasta"),
        }],
    }
}

fn apply(input: &Input) -> Result<Feast, Vec<(String, &'static str)>> {
    let mut findings = Findings::default();
    let feast = input.apply(FIELDS, &feast(), false, &rome(), &mut findings);
    let done = findings.finish().map(|()| feast);
    done.map_err(|all| all.into_iter().map(|one| (one.pointer, one.code)).collect())
}

#[test]
fn a_form_gives_back_every_kind() {
    let form = fields::form(FIELDS, &feast(), 1, &rome());
    assert_eq!(form.text("starts_at"), "2027-06-01T18:00");
    assert_eq!(form.text("closes_at"), "2027-05-31");
    assert_eq!(form.text("courses.0.dish.it"), "Pasta");
    assert_eq!(apply(&Input::Form(form, FIELDS.to_vec())), Ok(feast()));
}

#[test]
fn an_hour_is_meant_in_the_zone_summer_and_winter() {
    for (typed, at) in [
        ("2027-01-10T12:00", "2027-01-10T11:00:00Z"),
        ("2027-07-10T12:00", "2027-07-10T10:00:00Z"),
        // The clocks skip this time, so it means an hour later.
        ("2027-03-28T02:30", "2027-03-28T01:30:00Z"),
    ] {
        let form: Form = [("starts_at".to_owned(), typed.to_owned())]
            .into_iter()
            .collect();
        let shown = FIELDS[..1].to_vec();
        let starts_at = apply(&Input::Form(form, shown)).map(|feast| feast.starts_at);
        assert_eq!(starts_at, Ok(at.parse().unwrap()), "{typed}");
    }
}

#[test]
fn an_instant_that_nobody_touched_stays_what_it_was() {
    for at in [
        "2027-06-01T16:00:17.25Z",
        // This is the second occurrence of half past two.
        "2027-10-31T01:30:00Z",
    ] {
        let held = Feast {
            starts_at: at.parse().unwrap(),
            closes_at: Some("2027-05-30T13:00:01Z".parse().unwrap()),
            ..feast()
        };
        let read = |is_new: bool, change: &dyn Fn(&mut Typed)| {
            let form = fields::form(FIELDS, &held, 1, &rome());
            let mut typed: Typed = form
                .iter()
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect();
            change(&mut typed);
            let input = Input::Form(typed.into_iter().collect(), FIELDS.to_vec());
            let mut findings = Findings::default();
            let feast = input.apply(FIELDS, &held, is_new, &rome(), &mut findings);
            findings.finish().unwrap();
            feast
        };
        let set = |name: &'static str, to: &'static str| {
            move |typed: &mut Typed| {
                for (_, text) in typed.iter_mut().filter(|(known, _)| known == name) {
                    to.clone_into(text);
                }
            }
        };
        let seats = read(false, &set("seats", "40"));
        assert_eq!(seats.seats, Some(40));
        assert_eq!(
            (seats.starts_at, seats.closes_at),
            (held.starts_at, held.closes_at)
        );
        let moved = read(false, &set("starts_at", "2027-06-02T18:00"));
        assert_eq!(moved.starts_at.to_string(), "2027-06-02T16:00:00Z");
        // A new record has no earlier value to keep, so the time is read as typed.
        assert_ne!(read(true, &|_| {}).starts_at, held.starts_at);
    }
}

#[test]
fn nothing_is_a_value_where_there_may_be_none() {
    let sent = json!({"closes_at": null, "seats": null, "motto": " ", "tone": null,
        "starts_at": null});
    let fewer = Feast {
        closes_at: None,
        seats: None,
        motto: None,
        ..feast()
    };
    assert_eq!(apply(&sent.into()), Ok(fewer.clone()));
    let typed = fields::form(FIELDS, &fewer, 1, &rome());
    assert_eq!(apply(&Input::Form(typed, FIELDS.to_vec())), Ok(fewer));
}

#[test]
fn the_history_keeps_no_secret() {
    let said = |motto: &str| Feast {
        motto: (!motto.is_empty()).then(|| motto.to_owned()),
        ..feast()
    };
    for (old, new, told) in [
        ("", "Eat", json!([null, "***"])),
        ("Eat", "Sit", json!(["***", "***"])),
        ("Eat", "", json!(["***", null])),
    ] {
        let change = json!({"field": "motto", "old": told[0], "new": told[1]});
        let found = fields::difference(FIELDS, &said(old), &said(new));
        assert_eq!(found, [change]);
    }
}

#[test]
fn a_part_is_changed_in_part_and_rows_are_said_whole() {
    let sent = json!({"cook": {"is_paid": false}, "courses": []});
    let changed = apply(&sent.into()).unwrap();
    assert_eq!(changed.cook.email, "cook@example.com");
    assert!(!changed.cook.is_paid && changed.courses.is_empty());
}

#[test]
fn what_is_wrong_below_is_found_there() {
    let row = json!({"time": "late", "dish": {"it": "Riso"}});
    let sent = json!({
        "closes_at": "soon", "tone": "sad", "guests": [1], "cook": {"email": "cook", "age": 9},
        "courses": [row, {"dish": {"it": "Riso in bianco"}}]
    });
    let found = [
        ("/closes_at", "date_invalid"),
        ("/tone", "unknown_option"),
        ("/guests", "wrong_type"),
        ("/cook/age", "unknown_field"),
        ("/cook/email", "email_invalid"),
        ("/courses/0/time", "invalid"),
        ("/courses/1/time", "required"),
        ("/courses/1/dish/it", "too_long"),
    ];
    let found: Vec<_> = found.map(|(at, code)| (at.to_owned(), code)).into();
    assert_eq!(apply(&sent.into()), Err(found));
    for other in [json!(42), json!(false), json!([]), json!({})] {
        let found = vec![("/cook/email".to_owned(), "wrong_type")];
        let sent = json!({"cook": {"email": other}});
        assert_eq!(apply(&sent.into()), Err(found));
    }
    let row = json!({"time": "18:00", "dish": {"it": "Riso"}});
    let many = json!({"courses": [row, row, row]});
    let found = vec![("/courses".to_owned(), "too_many")];
    assert_eq!(apply(&many.into()), Err(found));
}
