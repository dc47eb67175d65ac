//! Checks whether an imported document can become a household. The rules are the same as for the
//! hosts' forms.

use std::collections::BTreeMap;

use occasions::answer::Answers;
use occasions::code::{self, CodeKey};
use occasions::event;
use occasions::guest::{Guest, Reply};
use occasions::hosting::guests::{Contact, Planning, drop_places, unnamed};
use occasions::hosting::invitations;
use occasions::household::GUEST_LIMIT;
use occasions::id::GuestId;
use occasions::invitation::Details;
use occasions::words::{AskedOf, GuestKind};
use platform::{StoreError, Tx};
use serde_json::{Map, Value, json};
use web::{Findings, Input};

use super::Options;
use crate::household_document::{Ground, GuestRecord, Record, Standing, who_shares_food};

/// A household that has passed all checks and can be written.
pub(super) struct Vetted {
    pub(super) details: Details,
    pub(super) code: Option<(String, CodeKey)>,
    pub(super) reference: Option<String>,
    pub(super) events: Vec<occasions::id::EventId>,
    pub(super) guests: Vec<Guest>,
    pub(super) contacts: BTreeMap<GuestId, Contact>,
    pub(super) answers: Answers,
    pub(super) wish: String,
}

impl Vetted {
    /// Whether the stored household already agrees with the document. The checks have cleaned the
    /// document, so differences such as extra spaces do not count.
    pub(super) fn is_already(&self, old: &Standing) -> bool {
        let household = &old.household;
        let has_contact = |(id, contact): (&GuestId, &Contact)| {
            old.contacts.get(id).cloned().unwrap_or_default() == *contact
        };
        self.details == household.invitation.details
            && self.events == household.events
            && self.guests == household.guests
            && self.answers == household.answers
            && self.wish == household.invitation.note
            && self.reference == old.reference
            && self.contacts.iter().all(has_contact)
    }
}

/// Checks the household that a document describes. If the document changes a stored household,
/// `old` is that household.
pub(super) fn vet(
    tx: &mut Tx<'_>,
    ground: &Ground,
    old: Option<&Standing>,
    wanted: &Record,
    options: Options,
    findings: &mut Findings,
) -> Result<Vetted, StoreError> {
    let occasion = &ground.occasion;
    let blank = invitations::blank(occasion);
    let before = old.map_or(&blank, |old| &old.household.invitation.details);
    let input = Input::from(details(wanted));
    let details = invitations::apply(&input, occasion, before, old.is_none(), findings);
    let mut events = match &wanted.events {
        Some(keys) => {
            let chosen = event::by_keys(&ground.events, keys, "/events", findings);
            event::with_open(&ground.events, chosen)
        }
        None => ground.events.iter().map(|event| event.id.clone()).collect(),
    };
    // Events are stored in the order of their ids. Sorting makes equal lists compare as equal.
    events.sort();
    if wanted.guests.len() > GUEST_LIMIT {
        findings.add("/guests", "guest_limit", [("limit", GUEST_LIMIT.into())]);
    }
    let people: Vec<Input> = wanted
        .guests
        .iter()
        .take(GUEST_LIMIT)
        .map(|guest| person(guest).into())
        .collect();
    let mut planning = Planning::of(occasion, &ground.events, ground.diets.clone());
    // A name that was not needed before is not needed by an import.
    let known = |at: usize| old.and_then(|old| old.household.guests.get(at));
    let nobody = old.filter(|old| {
        let mut guests = old.household.guests.iter();
        guests.all(|guest| guest.kind == GuestKind::PlusOne)
    });
    let is_unnamed = |at| known(at).map_or(nobody.is_some(), |known| known.name.is_empty());
    let mut nameless = wanted.guests.iter().enumerate();
    planning.needs_names &= nameless.any(|(at, guest)| guest.name.is_empty() && !is_unnamed(at));
    let planned = planning.plan(tx, &people, &events, findings);
    let (mut guests, mut contacts) = (Vec::new(), BTreeMap::new());
    for (index, (one, wanted)) in planned.into_iter().zip(&wanted.guests).enumerate() {
        let mut guest = one.guest;
        guest.position = i64::try_from(index).unwrap_or(i64::MAX);
        let known = known(index);
        if let Some(known) = known {
            guest.id = known.id.clone();
            guest.kind = known.kind;
            guest.added_by = known.added_by;
            guest.position = known.position;
            guest.beyond_allowance = known.beyond_allowance;
        }
        for (event, reply) in &mut guest.replies {
            let stored = known.and_then(|known| known.replies.get(event));
            let key = ground.events.iter().find(|one| one.id == *event);
            let status = key.and_then(|event| wanted.replies.get(&event.key));
            *reply = match (stored, status) {
                (Some(stored), Some(status)) if stored.status == *status => stored.clone(),
                (Some(stored), None) => stored.clone(),
                (_, None) => Reply::PENDING,
                (_, Some(status)) => Reply::at(*status, tx.now()),
            };
        }
        let below = format!("/guests/{index}");
        guest.answers = answers(ground, AskedOf::Guest, &wanted.answers, &below, findings);
        contacts.insert(guest.id.clone(), one.contact);
        guests.push(guest);
    }
    if old.is_none() && guests.is_empty() {
        guests = unnamed(tx, &details, &events);
        if let Some(food) = &wanted.food {
            for guest in who_shares_food(&mut guests, |guest| guest.is_child) {
                guest.diet_note.clone_from(food);
            }
        }
        for guest in &mut guests {
            for (event, reply) in &mut guest.replies {
                let mut all = ground.events.iter();
                let key = all.find(|one| one.id == *event).map(|event| &event.key);
                if let Some(status) = key.and_then(|key| wanted.replies.get(key)) {
                    *reply = Reply::at(*status, tx.now());
                }
            }
        }
    }
    if let Some(old) = nobody
        && (details.plus_ones, details.children) != (before.plus_ones, before.children)
    {
        drop_places(tx, &old.household.invitation.id, &details, &mut guests)?;
        contacts.retain(|id, _| guests.iter().any(|guest| guest.id == *id));
    }
    mark_beyond(&details, &mut guests);
    let code = match (&wanted.code, old) {
        (Some(typed), None) => {
            let names = guests.iter().map(|guest| guest.name.as_str());
            let names = names.chain([details.household.as_str()]);
            own_code(typed, names, options, findings)
        }
        _ => None,
    };
    let reference = wanted.reference.as_ref();
    Ok(Vetted {
        code,
        reference: reference.map(|text| findings.line("/reference", text, 1, 120)),
        answers: answers(ground, AskedOf::Household, &wanted.answers, "", findings),
        wish: findings.text("/wish", wanted.wish.as_deref().unwrap_or_default(), 4_000),
        details,
        events,
        guests,
        contacts,
    })
}

/// Returns the household's fields as the page for hosts would send them.
fn details(wanted: &Record) -> Value {
    let mut sent = Map::new();
    let mut send = |name: &str, value: Value| {
        if !value.is_null() {
            sent.insert(name.to_owned(), value);
        }
    };
    send("household", json!(wanted.household));
    send("salutation", json!(wanted.salutation));
    send("language", json!(wanted.language));
    send("tags", json!(wanted.tags));
    send("plus_ones", json!(wanted.plus_ones));
    send("children", json!(wanted.children));
    send("email", json!(wanted.email));
    send("phone", json!(wanted.phone));
    send("address", json!(wanted.address));
    send("deadline_override", json!(wanted.deadline));
    send("host_message", json!(wanted.message));
    send("host_note", json!(wanted.note));
    Value::Object(sent)
}

fn person(wanted: &GuestRecord) -> Value {
    let mut sent = json!({
        "name": wanted.name,
        "kind": wanted.kind.unwrap_or(GuestKind::Named),
        "is_child": wanted.child.unwrap_or(false),
        "diets": wanted.diets.clone().unwrap_or_default(),
        "diet_note": wanted.diet_note.clone().unwrap_or_default(),
    });
    for (name, value) in [
        ("age", json!(wanted.age)),
        ("email", json!(wanted.email)),
        ("phone", json!(wanted.phone)),
        ("events", json!(wanted.events)),
    ] {
        if !value.is_null() {
            sent[name] = value;
        }
    }
    sent
}

fn answers(
    ground: &Ground,
    of: AskedOf,
    given: &BTreeMap<String, Value>,
    below: &str,
    findings: &mut Findings,
) -> Answers {
    let mut all = Answers::new();
    for (key, value) in given {
        let pointer = format!("{below}/answers/{}", web::findings::token(key));
        let mut questions = ground.questions.iter();
        let question = questions.find(|question| question.key == *key && question.asked_of == of);
        match question.map(|question| (question, question.read(value))) {
            Some((question, Ok(Some(answer)))) => {
                all.insert(question.id.clone(), answer);
            }
            Some((_, Ok(None))) => {}
            Some((_, Err(code))) => findings.add(&pointer, code, []),
            None => findings.add(&pointer, "unknown_option", []),
        }
    }
    all
}

fn own_code<'n>(
    typed: &str,
    names: impl Iterator<Item = &'n str>,
    options: Options,
    findings: &mut Findings,
) -> Option<(String, CodeKey)> {
    let Ok(key) = CodeKey::parse(typed) else {
        findings.add("/code", "code_malformed", []);
        return None;
    };
    if !options.keep_codes && code::is_guessable(&key, names) {
        findings.add("/code", "code_guessable", []);
    }
    Some((code::display_form(typed), key))
}

fn mark_beyond(details: &Details, guests: &mut [Guest]) {
    let (mut others, mut children) = (details.plus_ones, details.children);
    for guest in guests {
        if guest.kind != GuestKind::PlusOne || guest.beyond_allowance {
            continue;
        }
        if guest.is_child && children > 0 {
            children -= 1;
        } else if others > 0 {
            others -= 1;
        } else {
            guest.beyond_allowance = true;
        }
    }
}
