//! Applies the rules for answering. Computes the household as it is after a change, without using
//! the store.

use jiff::Timestamp;
use platform::text_cleaning;
use serde_json::{Value, json};
use web::findings::token;
use web::{Argument, FieldProblem};

use crate::answer::Answers;
use crate::diet::DietaryOption;
use crate::event::Event;
use crate::guest::{Guest, Reply};
use crate::household::{GUEST_LIMIT, Household, allowance, brought};
use crate::household_change::{GuestUpdate, HouseholdChange};
use crate::id::GuestId;
use crate::occasion::Switches;
use crate::question::Question;
use crate::refusal::Refusal;
use crate::words::{ActedBy, AskedOf, GuestKind, ReplyStatus};

pub mod asking;

/// What determines the result of a change, in addition to the household itself.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub switches: Switches,
    pub events: &'a [Event],
    pub diets: &'a [DietaryOption],
    pub questions: &'a [Question],
    /// Whose limits apply. Hosts may exceed the household's allowance. Households may not.
    pub by: ActedBy,
    /// Who gives the answers. Hosts also see questions that are for hosts only, may leave required
    /// questions unanswered, and may remove answers.
    pub speaker: ActedBy,
    pub now: Timestamp,
}

/// A field that a save changed.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FieldChange {
    /// The path of the field, such as `guests/{id}/replies/reception`.
    pub field: String,
    pub old: Value,
    pub new: Value,
}

impl FieldChange {
    /// Whether the change added, removed or renamed a guest.
    pub(crate) fn is_of_names(&self) -> bool {
        self.field.ends_with("/name") || self.is_of_whole_guest()
    }

    pub(crate) fn is_of_question(&self) -> bool {
        self.field.starts_with("answers/") || self.field.contains("/answers/")
    }

    pub(crate) fn is_of_diets(&self) -> bool {
        let is_of_guest = self.field.starts_with("guests/");
        is_of_guest && (self.field.ends_with("/diets") || self.field.ends_with("/diet_note"))
    }

    /// Whether the change may take or free a seat.
    pub(crate) fn is_of_reply(&self) -> bool {
        self.field.contains("/replies/") || self.is_of_whole_guest()
    }

    pub(crate) fn is_of_whole_guest(&self) -> bool {
        let rest = self.field.strip_prefix("guests/");
        rest.is_some_and(|rest| !rest.contains('/'))
    }
}

/// The result of a change that passed all checks.
#[derive(Clone, Debug)]
pub struct HouseholdPlan {
    /// All guests after the save.
    pub guests: Vec<Guest>,
    /// The household's answers to the hosts' own questions after the save.
    pub answers: Answers,
    pub changes: Vec<FieldChange>,
}

impl Household {
    /// Computes the result of `change`, or returns why the change is refused. `new_id`
    /// creates ids for new guests.
    pub fn plan(
        &self,
        change: &HouseholdChange,
        rules: Rules<'_>,
        mut new_id: impl FnMut() -> GuestId,
    ) -> Result<HouseholdPlan, Refusal> {
        // This limit is checked before anything else, because a request can contain thousands of
        // guests.
        let new = change.guests.iter().filter(|guest| guest.id.is_none());
        if new.count() > GUEST_LIMIT {
            return Err(Refusal::GuestLimit);
        }
        let mut guests = self.guests.clone();
        let mut findings = Vec::new();
        for id in &change.remove {
            let at = guests
                .iter()
                .position(|guest| guest.id == *id)
                .ok_or(Refusal::GuestNotFound)?;
            if guests[at].kind == GuestKind::Named {
                return Err(Refusal::NamedGuest);
            }
            guests.remove(at);
        }
        let mut rows = vec![0; change.guests.len()];
        let known = guests.len();
        // What the household says itself comes first, because new guests take it over.
        let (old, new): (Vec<_>, Vec<_>) = change
            .guests
            .iter()
            .enumerate()
            .partition(|(_, wanted)| wanted.id.is_some());
        for (index, wanted) in old.into_iter().chain(new) {
            let mut field = Findings {
                list: &mut findings,
                prefix: format!("/guests/{index}"),
            };
            if let Some(id) = &wanted.id {
                let at = guests
                    .iter()
                    .position(|guest| guest.id == *id)
                    .ok_or(Refusal::GuestNotFound)?;
                update(&mut guests[at], wanted, rules, &mut field);
                rows[index] = at;
            } else {
                let position = guests.iter().map(|guest| guest.position + 1).max();
                let (id, position) = (new_id(), position.unwrap_or(0));
                let mut guest = self.newcomer(id, position, rules, &guests[..known]);
                update(&mut guest, wanted, rules, &mut field);
                rows[index] = guests.len();
                guests.push(guest);
            }
        }
        let mut answers = self.answers.clone();
        let mut field = Findings {
            list: &mut findings,
            prefix: String::new(),
        };
        let is_concerned = |question: &Question| self.is_concerned(question, rules.events);
        asking::change(
            &mut answers,
            &change.answers,
            AskedOf::Household,
            is_concerned,
            rules,
            &mut field,
        );
        asking::find_missing(change, &guests, &rows, &answers, rules, &mut field);
        if !findings.is_empty() {
            return Err(Refusal::Answers(findings));
        }
        if guests.len() > GUEST_LIMIT && guests.len() > self.guests.len() {
            return Err(Refusal::GuestLimit);
        }
        match rules.by {
            // Nobody would be left to answer.
            ActedBy::Household if guests.is_empty() && !change.remove.is_empty() => {
                return Err(Refusal::NamedGuest);
            }
            ActedBy::Household => self.check_allowance(&guests)?,
            ActedBy::Host => self.mark_beyond(&mut guests),
        }
        let mut changes = differences(&self.guests, &guests, rules.events, rules.questions);
        asking::differences(&self.answers, &answers, rules.questions, "", &mut changes);
        Ok(HouseholdPlan {
            guests,
            answers,
            changes,
        })
    }

    /// Creates a guest who comes to all events to which the household is invited, but for those to
    /// which the others, who come to something, have all said no or that they do not know yet.
    fn newcomer(&self, id: GuestId, position: i64, rules: Rules<'_>, others: &[Guest]) -> Guest {
        let is_coming = |status| matches!(status, ReplyStatus::Yes | ReplyStatus::Waitlisted);
        let mut all = others.iter().flat_map(|guest| guest.replies.values());
        let some_come = all.any(|reply| is_coming(reply.status));
        let reply = |event| {
            let mut said = others
                .iter()
                .filter_map(|guest| guest.replies.get(event))
                .map(|reply| reply.status);
            let status = match said.next() {
                Some(first @ (ReplyStatus::No | ReplyStatus::Undecided))
                    if some_come && said.all(|other| other == first) =>
                {
                    first
                }
                _ => ReplyStatus::Yes,
            };
            Reply::at(status, rules.now)
        };
        Guest {
            id,
            kind: GuestKind::PlusOne,
            added_by: rules.by,
            position,
            replies: self
                .events
                .iter()
                .map(|event| (event.clone(), reply(event)))
                .collect(),
            ..Guest::default()
        }
    }

    /// If a host has lowered the allowance, earlier guests can still be changed and removed.
    fn check_allowance(&self, after: &[Guest]) -> Result<(), Refusal> {
        let before = self.allowance();
        let now = allowance(&self.invitation, after);
        let places = now.plus_ones;
        if places.used <= places.allowed || places.used <= before.plus_ones.used {
            return Ok(());
        }
        let adults = brought(after).filter(|guest| !guest.is_child).count();
        if i64::try_from(adults).unwrap_or(i64::MAX) > places.allowed {
            return Err(Refusal::PlusOneLimit(before.plus_ones));
        }
        Err(Refusal::ChildrenLimit(before.children))
    }

    fn mark_beyond(&self, after: &mut [Guest]) {
        for at in 0..after.len() {
            let is_new = self.guests.iter().all(|guest| guest.id != after[at].id);
            let places = allowance(&self.invitation, &after[..=at]).plus_ones;
            if is_new && places.used > places.allowed {
                after[at].beyond_allowance = true;
            }
        }
    }
}

struct Findings<'a> {
    list: &'a mut Vec<FieldProblem>,
    prefix: String,
}

impl Findings<'_> {
    fn add(
        &mut self,
        field: &str,
        code: &'static str,
        values: impl Into<Vec<(&'static str, Argument)>>,
    ) {
        let pointer = format!("{}/{field}", self.prefix);
        self.list.push(FieldProblem::new(pointer, code, values));
    }
}

fn update(guest: &mut Guest, wanted: &GuestUpdate, rules: Rules<'_>, field: &mut Findings<'_>) {
    change_name(guest, wanted, rules, field);
    change_age(guest, wanted, rules, field);
    for (key, status) in &wanted.replies {
        let event = rules.events.iter().find(|event| event.key == *key);
        let reply = event.and_then(|event| guest.replies.get_mut(&event.id));
        let Some(reply) = reply else {
            field.add(&format!("replies/{}", token(key)), "event_not_invited", []);
            continue;
        };
        let wantable = match status {
            ReplyStatus::Yes | ReplyStatus::No => true,
            ReplyStatus::Undecided => rules.switches.undecided,
            ReplyStatus::Pending => rules.speaker == ActedBy::Host,
            ReplyStatus::Waitlisted => false,
        };
        if !wantable {
            field.add(&format!("replies/{}", token(key)), "not_allowed", []);
        } else if reply.status != *status {
            *reply = Reply::at(*status, rules.now);
        }
    }
    change_diets(guest, wanted, rules, field);
    let mut answers = std::mem::take(&mut guest.answers);
    let is_concerned = |question: &Question| question.concerns(guest, rules.events);
    asking::change(
        &mut answers,
        &wanted.answers,
        AskedOf::Guest,
        is_concerned,
        rules,
        field,
    );
    guest.answers = answers;
}

fn change_name(
    guest: &mut Guest,
    wanted: &GuestUpdate,
    rules: Rules<'_>,
    field: &mut Findings<'_>,
) {
    let may_be_empty = guest.kind == GuestKind::PlusOne && !rules.switches.plus_one_name_required;
    let is_new = wanted.id.is_none();
    let name = wanted.name.as_deref().map(text_cleaning::clean_line);
    match name {
        Some(name) if name.is_empty() && !may_be_empty && (is_new || !guest.name.is_empty()) => {
            field.add("name", "required", []);
        }
        Some(name) if text_cleaning::length(&name) > 100 => {
            field.add("name", "too_long", [("max", 100.into())]);
        }
        Some(name) => guest.name = name,
        None if is_new && !may_be_empty => field.add("name", "required", []),
        None => {}
    }
}

fn change_age(guest: &mut Guest, wanted: &GuestUpdate, rules: Rules<'_>, field: &mut Findings<'_>) {
    if let Some(is_child) = wanted.is_child
        && is_child != guest.is_child
    {
        // Only hosts decide whether a guest whom they named is a child.
        if guest.kind == GuestKind::Named || !rules.switches.children {
            field.add("is_child", "not_allowed", []);
            return;
        }
        guest.is_child = is_child;
    }
    if let Some(age) = wanted.age {
        if age.is_some_and(|age| !(0..=17).contains(&age)) {
            field.add(
                "age",
                "out_of_range",
                [("min", 0.into()), ("max", 17.into())],
            );
        } else if age.is_some() && !guest.is_child {
            field.add("age", "not_allowed", []);
        } else {
            guest.child_age = age;
        }
    }
    if !guest.is_child {
        guest.child_age = None;
    }
}

fn change_diets(
    guest: &mut Guest,
    wanted: &GuestUpdate,
    rules: Rules<'_>,
    field: &mut Findings<'_>,
) {
    if let Some(diets) = &wanted.diets {
        let mut chosen = diets.clone();
        chosen.sort();
        chosen.dedup();
        if chosen.len() > 20 {
            field.add("diets", "too_long", [("max", 20.into())]);
        } else if chosen.iter().all(|key| offers(rules.diets, guest, key)) {
            guest.diets = chosen;
        } else {
            field.add("diets", "unknown_option", []);
        }
    }
    if let Some(note) = &wanted.diet_note {
        let note = text_cleaning::clean(note);
        if text_cleaning::length(&note) > 500 {
            field.add("diet_note", "too_long", [("max", 500.into())]);
        } else {
            guest.diet_note = note;
        }
    }
    let touched = wanted.diets.is_some() || wanted.diet_note.is_some();
    if touched && guest.diet_note.is_empty() && guest.diets.iter().any(|key| key == "other") {
        field.add("diet_note", "dietary_note_required", []);
    }
}

/// A guest keeps an option that was deactivated later, but nobody can newly choose it.
fn offers(options: &[DietaryOption], guest: &Guest, key: &str) -> bool {
    options.iter().any(|option| {
        option.key == key && (option.active || guest.diets.iter().any(|had| had == key))
    })
}

pub fn differences(
    before: &[Guest],
    after: &[Guest],
    events: &[Event],
    questions: &[Question],
) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for old in before {
        if after.iter().all(|guest| guest.id != old.id) {
            changes.push(FieldChange {
                field: format!("guests/{}", old.id),
                old: guest_json(old),
                new: Value::Null,
            });
        }
    }
    for new in after {
        match before.iter().find(|guest| guest.id == new.id) {
            None => changes.push(FieldChange {
                field: format!("guests/{}", new.id),
                old: Value::Null,
                new: guest_json(new),
            }),
            Some(old) => {
                compare(old, new, events, &mut changes);
                if old.answers != new.answers {
                    let prefix = format!("guests/{}/", new.id);
                    let (old, new) = (&old.answers, &new.answers);
                    asking::differences(old, new, questions, &prefix, &mut changes);
                }
            }
        }
    }
    changes
}

fn compare(old: &Guest, new: &Guest, events: &[Event], changes: &mut Vec<FieldChange>) {
    fn note<T: PartialEq + serde::Serialize>(
        changes: &mut Vec<FieldChange>,
        [old, new]: [T; 2],
        field: impl FnOnce() -> String,
    ) {
        if old != new {
            changes.push(FieldChange {
                field: field(),
                old: json!(old),
                new: json!(new),
            });
        }
    }
    let field = |name: &str| format!("guests/{}/{name}", new.id);
    note(changes, [&old.name, &new.name], || field("name"));
    note(changes, [old.is_child, new.is_child], || field("is_child"));
    note(changes, [old.child_age, new.child_age], || field("age"));
    note(changes, [&old.diets, &new.diets], || field("diets"));
    note(changes, [&old.diet_note, &new.diet_note], || {
        field("diet_note")
    });
    for (event, reply) in &new.replies {
        let before = old.replies.get(event).map(|reply| reply.status);
        note(changes, [before, Some(reply.status)], || {
            let known = events.iter().find(|one| one.id == *event);
            let key = known.map_or(event.as_str(), |event| event.key.as_str());
            field(&format!("replies/{key}"))
        });
    }
}

fn guest_json(guest: &Guest) -> Value {
    json!({
        "name": guest.name,
        "is_child": guest.is_child,
        "age": guest.child_age,
        "diets": guest.diets,
        "diet_note": guest.diet_note,
        "answers": guest.answers,
        "replies": guest.replies.iter().map(|(event, reply)| (event.as_str().to_owned(), json!(reply.status))).collect::<serde_json::Map<_, _>>(),
    })
}

#[cfg(test)]
mod tests;
