//! Tests of the rules for answering. They use tables of cases and no store.

use std::collections::BTreeMap;

use platform::id::Id;

use super::*;
use crate::diet::BUILT_IN;
use crate::household_change::{GuestUpdate, HouseholdChange};
use crate::id::EventId;
use crate::sample;
use crate::words::ReplyStatus::{No, Pending, Undecided, Waitlisted, Yes};

const NOW: &str = "2026-11-20T08:00:00Z";

struct Scene {
    household: Household,
    events: Vec<Event>,
    diets: Vec<DietaryOption>,
    questions: Vec<Question>,
    switches: Switches,
}

fn id<I: Id>(text: &str) -> I {
    I::from_text(text.to_owned())
}

fn guest(name: &str, kind: GuestKind) -> Guest {
    Guest {
        id: id(name),
        name: name.to_owned(),
        kind,
        is_child: false,
        child_age: None,
        added_by: ActedBy::Host,
        beyond_allowance: false,
        position: 0,
        diets: Vec::new(),
        diet_note: String::new(),
        answers: Answers::new(),
        replies: BTreeMap::from([
            (id("nikah"), Reply::PENDING),
            (id("reception"), Reply::PENDING),
        ]),
    }
}

/// Returns the household of Rahman and Siti. They are invited to the nikah and the reception, but
/// not to the brunch. The household has two slots for additional guests of any age, and one slot
/// for a child.
fn scene() -> Scene {
    let occasion = sample::occasion();
    let mut invitation = sample::invitation(&occasion);
    invitation.details.plus_ones = 2;
    invitation.details.children = 1;
    Scene {
        household: Household {
            invitation,
            guests: vec![
                guest("rahman", GuestKind::Named),
                guest("siti", GuestKind::Named),
            ],
            events: vec![id("nikah"), id("reception")],
            answers: Answers::new(),
        },
        events: ["nikah", "reception", "brunch"].map(sample::event).to_vec(),
        diets: BUILT_IN
            .iter()
            .map(|(key, allergy)| DietaryOption {
                key: (*key).to_owned(),
                label: web::I18n::default(),
                allergy: *allergy,
                active: *key != "kosher",
                position: 0,
                version: 1,
            })
            .collect(),
        questions: Vec::new(),
        switches: Switches::default(),
    }
}

impl Scene {
    fn plan(&self, by: ActedBy, change: &HouseholdChange) -> Result<HouseholdPlan, Refusal> {
        let mut next = 0;
        let rules = Rules {
            switches: self.switches,
            events: &self.events,
            diets: &self.diets,
            questions: &self.questions,
            by,
            speaker: by,
            now: NOW.parse().unwrap(),
        };
        self.household.plan(change, rules, || {
            next += 1;
            id(&format!("new{next}"))
        })
    }

    fn try_one(&self, wanted: GuestUpdate) -> Result<HouseholdPlan, Refusal> {
        self.plan(ActedBy::Household, &change([wanted]))
    }

    fn complaints(&self, wanted: GuestUpdate) -> Vec<(String, &'static str)> {
        match self.try_one(wanted) {
            Err(Refusal::Answers(fields)) => fields
                .into_iter()
                .map(|field| (field.pointer.replace("/guests/0/", ""), field.code))
                .collect(),
            Ok(_) => Vec::new(),
            Err(other) => panic!("{other}"),
        }
    }
}

fn change(guests: impl IntoIterator<Item = GuestUpdate>) -> HouseholdChange {
    HouseholdChange {
        guests: guests.into_iter().collect(),
        ..HouseholdChange::default()
    }
}

fn of(who: &str) -> GuestUpdate {
    GuestUpdate {
        id: Some(id(who)),
        ..GuestUpdate::default()
    }
}

fn new(name: &str) -> GuestUpdate {
    GuestUpdate {
        name: Some(name.to_owned()),
        ..GuestUpdate::default()
    }
}

fn child(name: &str) -> GuestUpdate {
    GuestUpdate {
        is_child: Some(true),
        ..new(name)
    }
}

fn answers(who: &str, replies: &[(&str, ReplyStatus)]) -> GuestUpdate {
    GuestUpdate {
        replies: replies
            .iter()
            .map(|(key, status)| ((*key).to_owned(), *status))
            .collect(),
        ..of(who)
    }
}

#[test]
fn what_is_left_out_stays_and_what_is_chosen_is_dated() {
    let plan = scene()
        .try_one(answers("rahman", &[("nikah", Yes)]))
        .unwrap();
    let rahman = &plan.guests[0];
    assert_eq!(rahman.replies[&id::<EventId>("nikah")].status, Yes);
    assert_eq!(
        rahman.replies[&id::<EventId>("nikah")]
            .answered_at
            .unwrap()
            .to_string(),
        NOW
    );
    assert_eq!(rahman.replies[&id::<EventId>("reception")], Reply::PENDING);
    assert_eq!(plan.guests[1], scene().household.guests[1]);
    let fields: Vec<_> = plan
        .changes
        .iter()
        .map(|change| change.field.as_str())
        .collect();
    assert_eq!(fields, ["guests/rahman/replies/nikah"]);
}

#[test]
fn a_wish_for_what_stands_changes_nothing() {
    let mut scene = scene();
    scene.household.guests = scene
        .try_one(answers("rahman", &[("nikah", Yes)]))
        .unwrap()
        .guests;
    let again = scene.try_one(answers("rahman", &[("nikah", Yes)])).unwrap();
    assert_eq!(
        (again.guests, again.changes),
        (scene.household.guests, vec![])
    );
}

#[test]
fn only_events_of_the_invitation_and_answers_that_can_be_wanted() {
    let mut scene = scene();
    for (key, status, complaint) in [
        ("brunch", Yes, Some("event_not_invited")),
        ("dinner", Yes, Some("event_not_invited")),
        ("nikah", Pending, Some("not_allowed")),
        ("nikah", Waitlisted, Some("not_allowed")),
        ("nikah", Undecided, None),
        ("nikah", No, None),
    ] {
        let found = scene.complaints(answers("rahman", &[(key, status)]));
        assert_eq!(
            found.first().map(|(_, code)| *code),
            complaint,
            "{key} {status:?}"
        );
    }
    scene.switches.undecided = false;
    let found = scene.complaints(answers("rahman", &[("nikah", Undecided)]));
    assert_eq!(found, [("replies/nikah".to_owned(), "not_allowed")]);
}

#[test]
fn names_may_be_corrected_but_never_emptied_or_endless() {
    let scene = scene();
    let named = |name: &str| GuestUpdate {
        name: Some(name.to_owned()),
        ..of("rahman")
    };
    assert_eq!(
        scene
            .try_one(named(" Rahman bin  Ali\u{7} "))
            .unwrap()
            .guests[0]
            .name,
        "Rahman bin  Ali"
    );
    assert_eq!(
        scene.complaints(named(" ")),
        [("name".to_owned(), "required")]
    );
    assert_eq!(
        scene.complaints(named(&"n".repeat(101))),
        [("name".to_owned(), "too_long")]
    );
    assert_eq!(scene.complaints(named(&"陈".repeat(100))), []);
}

#[test]
fn somebody_new_comes_to_everything_the_household_is_invited_to() {
    let scene = scene();
    let plan = scene.try_one(new("Mei")).unwrap();
    let mei = &plan.guests[2];
    assert_eq!(
        (mei.kind, mei.added_by),
        (GuestKind::PlusOne, ActedBy::Household)
    );
    let statuses: Vec<_> = mei.replies.values().map(|reply| reply.status).collect();
    assert_eq!(statuses, [Yes, Yes]);
    let only_nikah = GuestUpdate {
        name: Some("Mei".to_owned()),
        id: None,
        ..answers("x", &[("reception", No)])
    };
    let plan = scene.try_one(only_nikah).unwrap();
    let statuses: Vec<_> = plan.guests[2]
        .replies
        .values()
        .map(|reply| reply.status)
        .collect();
    assert_eq!(statuses, [Yes, No]);
}

#[test]
fn a_name_is_needed_only_where_the_hosts_ask_for_one() {
    let mut scene = scene();
    assert_eq!(scene.complaints(new("")), []);
    scene.switches.plus_one_name_required = true;
    assert_eq!(scene.complaints(new("")), [("name".to_owned(), "required")]);
    // A stored guest without a name is accepted while nobody changes the guest.
    let mut nameless = guest("x", GuestKind::PlusOne);
    nameless.name.clear();
    scene.household.guests.push(nameless);
    assert_eq!(scene.complaints(answers("x", &[("nikah", No)])), []);
}

#[test]
fn children_take_their_own_places_first() {
    // The household has two slots for guests of any age, and one slot for a child.
    let cases: &[(&[GuestUpdate], Option<&str>)] = &[
        (&[new("a"), new("b")], None),
        (&[new("a"), new("b"), new("c")], Some("plus_one_limit")),
        (&[new("a"), new("b"), child("c")], None),
        (&[child("a"), child("b"), child("c")], None),
        (
            &[child("a"), child("b"), child("c"), child("d")],
            Some("children_limit"),
        ),
        (
            &[new("a"), new("b"), child("c"), child("d")],
            Some("children_limit"),
        ),
        (
            &[new("a"), new("b"), new("c"), child("d")],
            Some("plus_one_limit"),
        ),
    ];
    for (guests, refusal) in cases {
        let told = match scene().plan(ActedBy::Household, &change(guests.to_vec())) {
            Ok(_) => None,
            Err(Refusal::PlusOneLimit(places)) => {
                assert_eq!((places.allowed, places.used), (2, 0));
                Some("plus_one_limit")
            }
            Err(Refusal::ChildrenLimit(_)) => Some("children_limit"),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(told, *refusal, "{} guests", guests.len());
    }
}

#[test]
fn what_a_host_lowered_stays_may_change_and_leave_but_not_grow() {
    let mut scene = scene();
    scene
        .household
        .guests
        .push(guest("mei", GuestKind::PlusOne));
    scene
        .household
        .guests
        .push(guest("lin", GuestKind::PlusOne));
    scene.household.invitation.details.plus_ones = 1;
    scene.household.invitation.details.children = 0;
    assert!(scene.try_one(answers("mei", &[("nikah", No)])).is_ok());
    assert!(matches!(
        scene.try_one(new("Ali")),
        Err(Refusal::PlusOneLimit(_))
    ));
    let mut swap = change([new("Ali")]);
    swap.remove = vec![id("mei")];
    assert!(
        scene.plan(ActedBy::Household, &swap).is_ok(),
        "one goes, one comes"
    );
    let mut less = change([]);
    less.remove = vec![id("mei"), id("lin")];
    assert_eq!(
        scene.plan(ActedBy::Household, &less).unwrap().guests.len(),
        2
    );
}

#[test]
fn a_host_goes_beyond_the_allowance_and_it_shows() {
    let guests = ["a", "b", "c", "d"].map(new);
    let plan = scene().plan(ActedBy::Host, &change(guests)).unwrap();
    let beyond: Vec<bool> = plan
        .guests
        .iter()
        .map(|guest| guest.beyond_allowance)
        .collect();
    assert_eq!(beyond, [false, false, false, false, true, true]);
}

#[test]
fn thirty_are_the_most() {
    let mut scene = scene();
    scene.household.invitation.details.plus_ones = 20;
    scene.household.invitation.details.children = 20;
    for n in 0..26 {
        scene
            .household
            .guests
            .push(guest(&format!("g{n}"), GuestKind::Named));
    }
    assert!(
        scene
            .plan(ActedBy::Household, &change(["a", "b"].map(new)))
            .is_ok()
    );
    let three = change(["a", "b", "c"].map(new));
    assert!(matches!(
        scene.plan(ActedBy::Household, &three),
        Err(Refusal::GuestLimit)
    ));
}

#[test]
fn a_household_removes_whom_it_brought_and_nobody_else() {
    let mut scene = scene();
    scene
        .household
        .guests
        .push(guest("mei", GuestKind::PlusOne));
    let removing = |who: &str| HouseholdChange {
        remove: vec![id(who)],
        ..HouseholdChange::default()
    };
    let plan = scene.plan(ActedBy::Household, &removing("mei")).unwrap();
    assert_eq!((plan.guests.len(), plan.changes.len()), (2, 1));
    assert!(matches!(
        scene.plan(ActedBy::Household, &removing("siti")),
        Err(Refusal::NamedGuest)
    ));
    assert!(matches!(
        scene.plan(ActedBy::Household, &removing("nobody")),
        Err(Refusal::GuestNotFound)
    ));
    assert!(matches!(
        scene.try_one(answers("nobody", &[("nikah", Yes)])),
        Err(Refusal::GuestNotFound)
    ));
}

#[test]
fn ages_belong_to_children_and_the_hosts_know_theirs() {
    let mut scene = scene();
    let aged = |age| GuestUpdate {
        age: Some(Some(age)),
        ..child("Mei")
    };
    assert_eq!(scene.try_one(aged(0)).unwrap().guests[2].child_age, Some(0));
    assert_eq!(
        scene.complaints(aged(18)),
        [("age".to_owned(), "out_of_range")]
    );
    assert_eq!(
        scene.complaints(aged(-1)),
        [("age".to_owned(), "out_of_range")]
    );
    let adult = GuestUpdate {
        age: Some(Some(5)),
        ..new("Mei")
    };
    assert_eq!(scene.complaints(adult), [("age".to_owned(), "not_allowed")]);
    let named_child = GuestUpdate {
        is_child: Some(true),
        ..of("siti")
    };
    assert_eq!(
        scene.complaints(named_child),
        [("is_child".to_owned(), "not_allowed")]
    );
    scene.switches.children = false;
    assert_eq!(
        scene.complaints(child("Mei")),
        [("is_child".to_owned(), "not_allowed")]
    );
}

#[test]
fn food_needs_come_from_the_list_and_other_needs_a_word() {
    let mut scene = scene();
    let needs = |keys: &[&str], note: Option<&str>| GuestUpdate {
        diets: Some(keys.iter().map(|key| (*key).to_owned()).collect()),
        diet_note: note.map(str::to_owned),
        ..of("siti")
    };
    let plan = scene
        .try_one(needs(&["vegan", "halal", "vegan"], None))
        .unwrap();
    assert_eq!(plan.guests[1].diets, ["halal", "vegan"]);
    assert_eq!(
        scene.complaints(needs(&["air"], None)),
        [("diets".to_owned(), "unknown_option")]
    );
    assert_eq!(
        scene.complaints(needs(&["kosher"], None)),
        [("diets".to_owned(), "unknown_option")]
    );
    assert_eq!(
        scene.complaints(needs(&["other"], None)),
        [("diet_note".to_owned(), "dietary_note_required")]
    );
    assert_eq!(scene.complaints(needs(&["other"], Some("no onions"))), []);
    assert_eq!(
        scene.complaints(needs(&[], Some(&"x".repeat(501)))),
        [("diet_note".to_owned(), "too_long")]
    );
    // The option was deactivated after the guest had chosen it. The guest keeps it.
    scene.household.guests[1].diets = vec!["kosher".to_owned()];
    assert_eq!(scene.complaints(needs(&["kosher", "halal"], None)), []);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let wanted = change([
        answers("rahman", &[("brunch", Yes), ("nikah", Waitlisted)]),
        GuestUpdate {
            name: Some(String::new()),
            ..of("siti")
        },
    ]);
    let Err(Refusal::Answers(fields)) = scene().plan(ActedBy::Household, &wanted) else {
        panic!("accepted")
    };
    let pointers: Vec<_> = fields.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/guests/0/replies/brunch",
            "/guests/0/replies/nikah",
            "/guests/1/name"
        ]
    );
}

proptest::proptest! {
    /// No change leads to more additional guests than the household has slots. If there already
    /// were more, they may stay.
    #[test]
    fn the_allowance_holds_whatever_is_wished(
        allowed in 0_i64..4,
        children_allowed in 0_i64..4,
        there in proptest::collection::vec(proptest::bool::ANY, 0..5),
        added in proptest::collection::vec(proptest::bool::ANY, 0..6),
    ) {
        let mut scene = scene();
        scene.household.invitation.details.plus_ones = allowed;
        scene.household.invitation.details.children = children_allowed;
        for (n, is_child) in there.iter().enumerate() {
            let mut one = guest(&format!("p{n}"), GuestKind::PlusOne);
            one.is_child = *is_child;
            scene.household.guests.push(one);
        }
        let before = scene.household.allowance();
        let wanted = added.iter().map(|is_child| if *is_child { child("c") } else { new("a") });
        if let Ok(plan) = scene.plan(ActedBy::Household, &change(wanted)) {
            let after = allowance(&scene.household.invitation, &plan.guests);
            proptest::prop_assert!(
                after.plus_ones.used <= after.plus_ones.allowed.max(before.plus_ones.used)
            );
            proptest::prop_assert!(after.children.used <= after.children.allowed);
        }
    }
}
