//! Tests that show which answers each kind of question accepts, and which guests are asked.

use std::collections::BTreeMap;

use platform::id::Id;
use serde_json::json;

use super::*;
use crate::answer::Answers;
use crate::guest::Reply;
use crate::words::{ActedBy, GuestKind};

/// Builds a question of this kind, with two choices. Everybody is asked.
pub(crate) fn question(key: &str, kind: QuestionKind, asked_of: AskedOf) -> Question {
    Question {
        id: Id::from_text(key.to_owned()),
        key: key.to_owned(),
        asked_of,
        kind,
        title: I18n::one("en", key),
        help: I18n::default(),
        choices: ["bus", "car"]
            .map(|key| Choice {
                key: key.to_owned(),
                label: I18n::one("en", key.to_uppercase()),
            })
            .to_vec(),
        events: Vec::new(),
        required: false,
        coming_only: false,
        hosts_only: false,
        active: true,
        position: 0,
        version: 1,
    }
}

#[test]
fn every_kind_takes_its_own_answers_from_pages_and_programs() {
    use QuestionKind::{Date, LongText, Number, OneChoice, SeveralChoices, ShortText, YesNo};
    let text = |text: &str| Ok(Some(Answer::Text(text.to_owned())));
    let long = "x".repeat(ANSWER_LIMIT + 1);
    let chosen = |keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned());
        Ok(Some(Answer::Choices(keys.collect())))
    };
    for (kind, given, expected) in [
        (ShortText, json!(" ABBA\n2 "), text("ABBA 2")),
        (
            ShortText,
            json!("x".repeat(ANSWER_LIMIT)),
            text(&"x".repeat(ANSWER_LIMIT)),
        ),
        (ShortText, json!(long), Err("too_long")),
        (ShortText, json!(3), Err("wrong_type")),
        (ShortText, json!("  "), Ok(None)),
        (LongText, json!("one\r\ntwo"), text("one\ntwo")),
        (LongText, json!(null), Ok(None)),
        (OneChoice, json!("bus"), text("bus")),
        (OneChoice, json!("train"), Err("unknown_option")),
        (OneChoice, json!(["bus"]), Err("wrong_type")),
        (
            SeveralChoices,
            json!(["car", "bus", "bus"]),
            chosen(&["bus", "car"]),
        ),
        (SeveralChoices, json!("car"), chosen(&["car"])),
        (SeveralChoices, json!(["train"]), Err("unknown_option")),
        (SeveralChoices, json!([1]), Err("wrong_type")),
        (SeveralChoices, json!([]), Ok(None)),
        (YesNo, json!(false), Ok(Some(Answer::YesNo(false)))),
        (YesNo, json!("yes"), Ok(Some(Answer::YesNo(true)))),
        (YesNo, json!("perhaps"), Err("unknown_option")),
        (Number, json!(12), Ok(Some(Answer::Number(12)))),
        (Number, json!("١٢"), Ok(Some(Answer::Number(12)))),
        (Number, json!(" -3 "), Ok(Some(Answer::Number(-3)))),
        (Number, json!("a dozen"), Err("invalid")),
        (Number, json!(1.5), Err("invalid")),
        (Number, json!(NUMBER_LIMIT + 1), Err("out_of_range")),
        (Date, json!("2027-01-16"), text("2027-01-16")),
        (Date, json!("2027-02-30"), Err("date_invalid")),
        (Date, json!("tomorrow"), Err("date_invalid")),
    ] {
        let question = question("q", kind, AskedOf::Guest);
        assert_eq!(question.read(&given), expected, "{kind:?} {given}");
    }
}

#[test]
fn an_answer_is_the_bare_value_in_the_store_and_comes_back_as_it_was() {
    for (answer, json) in [
        (Answer::YesNo(true), "true"),
        (Answer::Number(7), "7"),
        (Answer::Choices(vec!["bus".to_owned()]), r#"["bus"]"#),
        (Answer::Text("7".to_owned()), r#""7""#),
    ] {
        assert_eq!(serde_json::to_string(&answer).unwrap(), json);
        assert_eq!(serde_json::from_str::<Answer>(json).unwrap(), answer);
    }
}

#[test]
fn who_declined_its_events_is_not_asked() {
    use ReplyStatus::{No, Pending, Undecided, Waitlisted, Yes};
    let events = [
        crate::sample::event("nikah"),
        crate::sample::event("brunch"),
    ];
    let guest = |nikah: ReplyStatus| Guest {
        id: Id::from_text("g".to_owned()),
        name: "Rahman".to_owned(),
        kind: GuestKind::Named,
        is_child: false,
        child_age: None,
        added_by: ActedBy::Host,
        beyond_allowance: false,
        position: 0,
        diets: Vec::new(),
        diet_note: String::new(),
        answers: Answers::new(),
        replies: BTreeMap::from([(
            events[0].id.clone(),
            Reply {
                status: nikah,
                ..Reply::PENDING
            },
        )]),
    };
    let all = question("q", QuestionKind::YesNo, AskedOf::Guest);
    let coming = Question {
        coming_only: true,
        required: true,
        ..all.clone()
    };
    let of_brunch = Question {
        events: vec!["brunch".to_owned()],
        ..all.clone()
    };
    for (status, is_asked, is_asked_of_coming) in [
        (Pending, true, false),
        (Undecided, true, false),
        (No, false, false),
        (Yes, true, true),
        (Waitlisted, true, true),
    ] {
        let guest = guest(status);
        assert_eq!(all.counts_for(&guest, &events), is_asked, "{status:?}");
        assert_eq!(
            coming.counts_for(&guest, &events),
            is_asked_of_coming,
            "{status:?}"
        );
        assert_eq!(
            coming.is_required_of(&guest, &events),
            is_asked_of_coming,
            "{status:?}"
        );
        assert!(all.concerns(&guest, &events) && !of_brunch.concerns(&guest, &events));
        assert!(!of_brunch.counts_for(&guest, &events));
    }
    let unseen = Question {
        hosts_only: true,
        ..coming
    };
    assert!(
        !unseen.is_required_of(&guest(Yes), &events),
        "what nobody sees nobody has to answer"
    );
}
