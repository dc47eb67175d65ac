use serde::Deserialize;

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Dish {
    key: String,
    name: I18n,
    is_spicy: bool,
    position: i64,
    version: i64,
}

const FIELDS: &[Field] = crate::fields! { Dish:
    name: texts(Limits::required(10)).label("dish-name"),
    is_spicy: flag().label("dish-spicy"),
    position: number(0, 9).label("dish-position"),
    key: key(1, 40).label("dish-key").fixed(),
};

fn rendang() -> Dish {
    Dish {
        key: "rendang".to_owned(),
        name: I18n::one("ms", "Rendang"),
        is_spicy: true,
        position: 3,
        version: 4,
    }
}

fn apply(input: &Input, is_new: bool) -> Result<Dish, Vec<(String, &'static str)>> {
    let mut findings = Findings::default();
    let dish = input.apply(FIELDS, &rendang(), is_new, &TimeZone::UTC, &mut findings);
    let done = findings.finish().map(|()| dish);
    done.map_err(|all| all.into_iter().map(|one| (one.pointer, one.code)).collect())
}

#[test]
fn what_is_left_out_stays() {
    let dish = apply(&json!({"is_spicy": false, "name": null}).into(), false);
    let mild = Dish {
        is_spicy: false,
        ..rendang()
    };
    assert_eq!(dish.as_ref(), Ok(&mild));
    assert_eq!(
        difference(FIELDS, &rendang(), &mild),
        [json!({"field": "is_spicy", "old": true, "new": false})]
    );
}

#[test]
fn every_finding_comes_at_once_and_changes_nothing() {
    let sent = json!({"key": "other", "name": {"ms": "x".repeat(11), "en": 5},
            "is_spicy": "very", "position": 10, "pos/ition": 1});
    let found = [
        ("/pos~1ition", "unknown_field"),
        ("/name/en", "wrong_type"),
        ("/name/ms", "too_long"),
        ("/is_spicy", "wrong_type"),
        ("/position", "out_of_range"),
        ("/key", "not_allowed"),
    ];
    let found: Vec<_> = found.map(|(at, code)| (at.to_owned(), code)).into();
    assert_eq!(apply(&sent.into(), false), Err(found));
}

#[test]
fn a_key_is_chosen_once() {
    let sent = |key: &str| Input::from(json!({"key": key, "name": {"ms": "Satay"}}));
    assert_eq!(
        apply(&sent("satay"), true).map(|dish| dish.key),
        Ok("satay".to_owned())
    );
    assert!(apply(&sent("satay"), false).is_err());
    let same = apply(&json!({"key": "rendang"}).into(), false);
    assert_eq!(same, Ok(rendang()));
    assert!(apply(&sent("No Key!"), true).is_err());
}

#[test]
fn a_form_gives_back_what_it_holds() {
    let stored = form(FIELDS, &rendang(), 4, &TimeZone::UTC);
    let input = Input::Form(stored.clone(), FIELDS.to_vec());
    assert_eq!(apply(&input, false), Ok(rendang()));
    // Browsers do not send unticked boxes.
    let kept = stored.iter().filter(|(name, _)| *name != "is_spicy");
    let typed = kept.map(|(name, value)| match name {
        "position" => (name.to_owned(), "first".to_owned()),
        _ => (name.to_owned(), value.to_owned()),
    });
    let typed: Form = typed.collect();
    let found = ("/position".to_owned(), "out_of_range");
    assert_eq!(
        apply(&Input::Form(typed.clone(), FIELDS.to_vec()), false),
        Err(vec![found])
    );
    let mut typed = typed;
    typed.remove(&["position", "name.ms"]);
    let found = ("/name".to_owned(), "required");
    assert_eq!(
        apply(&Input::Form(typed, FIELDS.to_vec()), false),
        Err(vec![found])
    );
}

#[test]
fn a_required_line_is_not_empty() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Cook {
        name: String,
    }
    const NAME: &[Field] = crate::fields! { Cook: name: line(9).label("dish-name").required() };
    let din = Cook {
        name: "Din".to_owned(),
    };
    for (sent, expected) in [
        ("Ali", None),
        ("", Some("required")),
        (" ", Some("required")),
    ] {
        let mut findings = Findings::default();
        let input = Input::from(json!({"name": sent}));
        input.apply(NAME, &din, false, &TimeZone::UTC, &mut findings);
        let found = findings.finish().err().map(|all| all[0].code);
        assert_eq!(found, expected, "{sent:?}");
    }
}
