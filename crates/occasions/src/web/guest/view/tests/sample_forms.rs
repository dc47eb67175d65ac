//! Examples of the guests' forms, for tests.

use web::form_state::FormError;
use web::{Spoken, Text};

use super::sample::{at, closing, frame, hours, nikah, reception, song, spoken};
use crate::web::guest::view::{
    Answer, Chips, Choice, Conflict, Diet, DietRow, Dietary, Difference, FieldChoice, NewRow,
    NoteField, NotePage, Places, QuestionControl, QuestionField, Row, Seats, Side,
};

fn choice(
    prefix: &str,
    event: Spoken<'static>,
    hours: String,
    chosen: &'static str,
) -> Choice<'static> {
    let key = if hours.contains("30") {
        "nikah"
    } else {
        "reception"
    };
    Choice {
        field: format!("reply.{prefix}.{key}"),
        event,
        hours,
        chosen,
        seats: Seats::Enough,
    }
}

fn choices(text: &Text, prefix: &str, chosen: [&'static str; 2]) -> Vec<Choice<'static>> {
    let first = hours(text, &at(9, 30), &at(11, 0));
    let second = hours(text, &at(12, 0), &at(16, 0));
    vec![
        choice(prefix, nikah(text), first, chosen[0]),
        choice(prefix, reception(text), second, chosen[1]),
    ]
}

fn diets(text: &Text, start: &str, end: &str, halal: bool) -> Chips<'static> {
    let diet = |key, label, on| Diet { key, label, on };
    Chips {
        field: format!("{start}diet{end}"),
        note_field: format!("{start}diet_note{end}"),
        options: vec![
            diet(
                "nut-allergy",
                spoken(
                    text,
                    "Nut allergy",
                    "Alahan kacang",
                    "坚果过敏",
                    "حساسية المكسرات",
                ),
                false,
            ),
            diet(
                "halal",
                spoken(text, "Halal", "Halal", "清真", "حلال"),
                halal,
            ),
            diet(
                "vegetarian",
                spoken(text, "Vegetarian", "Vegetarian", "素食", "نباتي"),
                false,
            ),
            diet(
                "no-beef",
                spoken(
                    text,
                    "No beef",
                    "Tanpa daging lembu",
                    "不吃牛肉",
                    "بلا لحم بقر",
                ),
                false,
            ),
            diet(
                "other",
                spoken(text, "Other", "Lain-lain", "其他", "غير ذلك"),
                false,
            ),
        ],
        note: String::new(),
    }
}

fn person(text: &Text, id: &str, name: &str, chosen: [&'static str; 2]) -> Row<'static> {
    Row {
        id: id.to_owned(),
        title: name.to_owned(),
        name: name.to_owned(),
        plus_one: false,
        above: false,
        child: false,
        age: None,
        removed: false,
        choices: choices(text, id, chosen),
        diets: Some(diets(text, "", &format!(".{id}"), chosen[0] == "yes")),
        questions: vec![asked(
            text,
            &format!("answer.{id}.song"),
            QuestionControl::Number,
        )],
    }
}

/// Returns the form for all answers, as it is when a guest first opens it.
pub(super) fn answer(text: &Text) -> Answer<'_> {
    let child = Row {
        child: true,
        age: Some(7),
        ..person(text, "g3", "Nur Iman", ["", ""])
    };
    let mei = Row {
        plus_one: true,
        ..person(text, "g4", "Mei", ["yes", "yes"])
    };
    Answer {
        text,
        frame: frame(text),
        action: "/invite/RAHMA/rsvp".to_owned(),
        version: "3".to_owned(),
        submission: "c3VibWlzc2lvbg".to_owned(),
        closing: Some(closing(text)),
        closes_at: Some("2027-01-14T16:00:00Z".to_owned()),
        opened: Some("/invite/RAHMA/rsvp/opened".to_owned()),
        noted: vec![text.say("answer-noted").into_owned()],
        saved: None,
        trouble: None,
        errors: Vec::new(),
        pressed: None,
        before: None,
        people: vec![
            person(text, "g1", "Rahman bin\u{a0}Ali", ["yes", "yes"]),
            person(text, "g2", "Siti Aminah binti\u{a0}Yusof", ["yes", "no"]),
            child,
            mei,
        ],
        new: vec![NewRow {
            n: 0,
            name: String::new(),
            comes: false,
            child: false,
            age: None,
            choices: choices(text, "new.0", ["", ""]),
            diets: Some(diets(text, "new.0.", "", false)),
            questions: vec![asked(text, "new.0.answer.song", QuestionControl::Number)],
        }],
        places: Some(Places {
            allowed: 2,
            left: 1,
            children_allowed: 0,
            children_left: 0,
        }),
        has_waitlist: true,
        hears_of_place: text.say("reply-waitlisted-look").into_owned(),
        undecided: true,
        children: true,
        household: [
            QuestionControl::Line,
            QuestionControl::Lines,
            QuestionControl::Date,
            QuestionControl::YesNo,
            QuestionControl::Select,
            QuestionControl::Ticks,
        ]
        .into_iter()
        .enumerate()
        .map(|(n, control)| asked(text, &format!("household.q{n}"), control))
        .collect(),
        note: Some(NoteField {
            value: String::new(),
            version: "1".to_owned(),
        }),
    }
}

fn asked(text: &Text, field: &str, control: QuestionControl) -> QuestionField<'static> {
    QuestionField {
        field: field.to_owned(),
        title: song(text),
        help: song(text),
        required: control == QuestionControl::Ticks,
        coming_only: true,
        meal_at: None,
        hosts_only: false,
        control,
        value: String::new(),
        choices: vec![FieldChoice {
            value: "waltz",
            label: Spoken::plain("Waltz"),
            on: true,
        }],
        meanwhile: None,
    }
}

/// Returns the form for all answers after a refused save. It contains every state of an event's
/// seats.
pub(super) fn answer_wrong(text: &Text) -> Answer<'_> {
    let mut page = answer(text);
    page.people[1].choices[1].seats = Seats::WaitingList;
    page.people[2].choices[0].seats = Seats::Full;
    page.people[2].choices[1].seats = Seats::Left(2);
    page.people[3].choices[1].seats = Seats::Waiting;
    page.people[3].above = true;
    page.new[0].comes = true;
    page.errors = vec![
        FormError {
            field: "diet_note.g1".to_owned(),
            words: text.say("complaint-diet-note").into_owned(),
        },
        FormError {
            field: "new.0.name".to_owned(),
            words: text.say("complaint-name-required").into_owned(),
        },
    ];
    page
}

pub(super) fn dietary(text: &Text) -> Dietary<'_> {
    let row = |id: &str, name: &str, halal| DietRow {
        id: id.to_owned(),
        title: name.to_owned(),
        diets: diets(text, "", &format!(".{id}"), halal),
    };
    Dietary {
        text,
        frame: frame(text),
        action: "/invite/RAHMA/dietary".to_owned(),
        version: "3".to_owned(),
        submission: "c3VibWlzc2lvbg".to_owned(),
        trouble: None,
        errors: Vec::new(),
        people: vec![
            row("g1", "Rahman bin\u{a0}Ali", true),
            row("g3", "Nur Iman", false),
        ],
    }
}

/// Returns the form for the note, after a save that failed.
pub(super) fn note(text: &Text) -> NotePage<'_> {
    NotePage {
        text,
        frame: frame(text),
        action: "/invite/RAHMA/notes".to_owned(),
        submission: "c3VibWlzc2lvbg".to_owned(),
        version: "3".to_owned(),
        trouble: Some(text.say("answer-failed").into_owned()),
        errors: Vec::new(),
        note: NoteField {
            value: "<b>Selamat</b> pengantin baru!".to_owned(),
            version: "2".to_owned(),
        },
    }
}

pub(super) fn conflict(text: &Text) -> Conflict<'_> {
    let side = |value: &str, id| Side {
        value: value.to_owned(),
        words: text.say(id).into_owned(),
    };
    Conflict {
        text,
        frame: frame(text),
        action: "/invite/RAHMA/rsvp".to_owned(),
        version: "4".to_owned(),
        submission: "YW5vdGhlcg".to_owned(),
        differences: vec![Difference {
            field: "reply.g1.reception".to_owned(),
            about: format!("Rahman bin\u{a0}Ali, {}", reception(text)),
            saved: side("no", "reply-no"),
            yours: side("yes", "reply-yes"),
        }],
        merged: vec![("reply.g2.reception".to_owned(), "no".to_owned())],
    }
}
