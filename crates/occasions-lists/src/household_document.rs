//! Household documents. Exports write them and imports read them. A field that a document omits
//! stays unchanged, so an import cannot empty a field.

pub(crate) mod field;
pub(crate) mod table;

use std::collections::{BTreeMap, BTreeSet};

use occasions::answer::Answers;
use occasions::diet::{self, DietaryOption};
use occasions::event::{self, Event};
use occasions::guest::Guest;
use occasions::hosting::guests::{self, Contact};
use occasions::hosting::permissions::HostOf;
use occasions::household::{GUEST_LIMIT, Household};
use occasions::id::GuestId;
use occasions::id::InvitationId;
use occasions::occasion::{self, Occasion};
use occasions::question::{self, Question};
use occasions::words::{GuestKind, ReplyStatus};
use platform::store::IdSet;
use platform::{StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use web::{Deadline, Language};

use crate::row_reference::is_of_row;

/// A household with its guests and their answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = HouseholdRecord)]
pub struct Record {
    /// The code on the household's card; a random code if omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The household's identifier in the list that it was imported from, up to 120 characters.
    /// Later imports find the household by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// 1–120 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub household: Option<String>,
    /// Replaces the usual salutation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salutation: Option<String>,
    /// One of the occasion's languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The household's labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// How many additional people the household may bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plus_ones: Option<i64>,
    /// How many additional children the household may bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<i64>,
    /// The household's email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The household's telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The household's postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The household's own deadline: either a time, or a day (meaning the end of that day).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// The hosts' message to the household.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The hosts' internal note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Keys of the events to which the household is invited; all events if omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// The household's note to the hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wish: Option<String>,
    /// The household's answers to the hosts' questions, by the question's key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub answers: BTreeMap<String, Value>,
    /// The replies of each of a household that lists no guests, by event key. `*` stands for every
    /// event that is not listed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub replies: BTreeMap<String, ReplyStatus>,
    /// What a list says of the food of people whom it does not name.
    #[serde(skip)]
    pub food: Option<String>,
    /// The people in the household.
    pub guests: Vec<GuestRecord>,
}

/// A guest in a household document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GuestRecord {
    /// 1–100 characters; empty for a plus-one whose name is unknown.
    pub name: String,
    /// `plus_one` for a guest whom the household brings; `named`, the default, for a guest whom the
    /// hosts list by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<GuestKind>,
    /// Whether the guest is a child.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<bool>,
    /// The age of a child.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<i64>,
    /// The guest's own email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The guest's own telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Keys of dietary options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diets: Option<Vec<String>>,
    /// Dietary requirements in the guest's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diet_note: Option<String>,
    /// Keys of the events to which the guest is invited. If omitted, the guest is invited to all of
    /// the household's events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// The guest's replies by event key. `*` stands for every event that is not listed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub replies: BTreeMap<String, ReplyStatus>,
    /// The guest's answers to the hosts' questions, by the question's key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub answers: BTreeMap<String, Value>,
}

/// The key that stands for every event not listed in a document's replies.
pub const ALL_EVENTS: &str = "*";

/// Data of the occasion to which household documents refer by key.
pub(crate) struct Ground {
    pub(crate) occasion: Occasion,
    pub(crate) events: Vec<Event>,
    pub(crate) diets: Vec<DietaryOption>,
    pub(crate) questions: Vec<Question>,
}

impl Ground {
    pub(crate) fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Self, StoreError> {
        let id = host.occasion();
        Ok(Self {
            occasion: occasion::load(tx, id)?,
            events: event::list(tx, id)?,
            diets: diet::list(tx, id)?,
            questions: question::of(tx, id)?,
        })
    }

    /// What hosts call an event; the key itself if it is no event's.
    pub(crate) fn event_name<'a>(&'a self, key: &'a str) -> &'a str {
        let event = self.events.iter().find(|event| event.key == key);
        let default = &self.occasion.default_language;
        event.map_or(key, |event| {
            event.name.pick(&Language::of(default), default).text
        })
    }

    fn answers(&self, given: &Answers) -> BTreeMap<String, Value> {
        let all = self.questions.iter().filter_map(|question| {
            let answer = serde_json::to_value(given.get(&question.id)?).ok()?;
            Some((question.key.clone(), answer))
        });
        all.collect()
    }
}

/// A stored household, with the other data that its document contains.
pub(crate) struct Standing {
    pub(crate) household: Household,
    pub(crate) contacts: BTreeMap<GuestId, Contact>,
    pub(crate) reference: Option<String>,
    /// Whether a row of a list made it what it is, and nobody has answered since.
    pub(crate) is_as_listed: bool,
}

impl Standing {
    /// Loads the other data that the household's document contains.
    pub(crate) fn load(tx: &mut Tx<'_>, household: Household) -> Result<Self, StoreError> {
        let mut all = Self::load_all(tx, vec![household])?;
        all.pop().ok_or(StoreError::Stopped)
    }

    /// In the order of `households`.
    fn load_all(tx: &mut Tx<'_>, households: Vec<Household>) -> Result<Vec<Self>, StoreError> {
        let ids = || households.iter().map(|one| &one.invitation.id);
        let mut contacts = guests::contacts_of_all(tx, ids())?;
        let mut references = BTreeMap::new();
        let (mut answered, mut listed) = (BTreeSet::new(), BTreeSet::new());
        for set in IdSet::of(ids().map(InvitationId::as_str)) {
            let found: Vec<(InvitationId, String)> = sql!(
                "SELECT invitation, reference FROM invitation_reference
                 WHERE invitation IN ({:IdSet}) ORDER BY invitation, reference",
                IdSet = set.clone()
            )
            .all(tx)?;
            let of_people: Vec<(InvitationId,)> = sql!(
                "SELECT DISTINCT invitation FROM submission
                 WHERE invitation IN ({:IdSet}) AND source <> 'import'",
                IdSet = set
            )
            .all(tx)?;
            answered.extend(of_people.into_iter().map(|(invitation,)| invitation));
            for (invitation, reference) in found {
                if is_of_row(&reference) {
                    listed.insert(invitation);
                } else {
                    references.entry(invitation).or_insert(reference);
                }
            }
        }
        let all = households.into_iter().map(|household| Self {
            contacts: contacts
                .remove(&household.invitation.id)
                .unwrap_or_default(),
            reference: references.remove(&household.invitation.id),
            is_as_listed: listed.contains(&household.invitation.id)
                && !answered.contains(&household.invitation.id),
            household,
        });
        Ok(all.collect())
    }

    pub(crate) fn record(&self, ground: &Ground) -> Record {
        let invitation = &self.household.invitation;
        let details = invitation.details.clone();
        let zone = ground.occasion.zone();
        let deadline = details
            .deadline_override
            .map(|at| match Deadline::of(&at.to_zoned(zone)) {
                Deadline::EndOf(day) => day.to_string(),
                Deadline::Within(_) => at.to_string(),
            });
        let events = event::keys_of(&ground.events, &self.household.events);
        let guests = self.household.guests.iter();
        Record {
            code: Some(invitation.code.clone()),
            reference: self.reference.clone(),
            household: Some(details.household),
            salutation: details.salutation,
            language: details.language,
            tags: Some(details.tags).filter(|tags| !tags.is_empty()),
            plus_ones: Some(details.plus_ones),
            children: Some(details.children),
            email: details.email,
            phone: details.phone,
            address: details.address,
            deadline,
            message: said(&details.host_message),
            note: said(&details.host_note),
            wish: said(&invitation.note),
            answers: ground.answers(&self.household.answers),
            replies: BTreeMap::new(),
            food: None,
            guests: guests
                .map(|guest| self.guest(ground, &events, guest))
                .collect(),
            events: Some(events),
        }
    }

    fn guest(&self, ground: &Ground, household: &[String], guest: &Guest) -> GuestRecord {
        let Contact { email, phone } = self.contacts.get(&guest.id).cloned().unwrap_or_default();
        let invited: Vec<_> = guest.replies.keys().cloned().collect();
        let events = event::keys_of(&ground.events, &invited);
        let replies = ground.events.iter().filter_map(|event| {
            let reply = guest.replies.get(&event.id)?;
            Some((event.key.clone(), reply.status))
        });
        GuestRecord {
            name: guest.name.clone(),
            kind: Some(guest.kind),
            child: Some(guest.is_child),
            age: guest.child_age,
            email,
            phone,
            diets: Some(guest.diets.clone()).filter(|diets| !diets.is_empty()),
            diet_note: said(&guest.diet_note),
            replies: replies.collect(),
            events: (events != household).then_some(events),
            answers: ground.answers(&guest.answers),
        }
    }
}

/// Returns who has a food need that a list says of several people: the adults among them, or else all
/// of them.
pub(crate) fn who_shares_food<T>(people: &mut [T], is_child: impl Fn(&T) -> bool) -> Vec<&mut T> {
    let has_adult = people.iter().any(|one| !is_child(one));
    let all = people.iter_mut();
    all.filter(|one| !has_adult || !is_child(one)).collect()
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl Record {
    /// Returns the document for hosts who may not see codes, contact data and notes. These fields
    /// are removed.
    pub(crate) fn without_contacts(self) -> Self {
        let guests = self.guests.into_iter().map(|guest| GuestRecord {
            email: None,
            phone: None,
            ..guest
        });
        Self {
            code: None,
            reference: None,
            email: None,
            phone: None,
            address: None,
            message: None,
            note: None,
            wish: None,
            guests: guests.collect(),
            ..self
        }
    }

    /// Returns this document with the values of `wanted`. Stored answers and food needs are replaced
    /// only if `is_replaced`. Guests with new names are added.
    pub(crate) fn merged(&self, wanted: &Self, ground: &Ground, is_replaced: bool) -> Self {
        let mut new = self.clone();
        put(&mut new.reference, wanted.reference.as_ref());
        put(&mut new.household, wanted.household.as_ref());
        put(&mut new.salutation, wanted.salutation.as_ref());
        put(&mut new.language, wanted.language.as_ref());
        put(&mut new.tags, wanted.tags.as_ref());
        put(&mut new.plus_ones, wanted.plus_ones.as_ref());
        put(&mut new.children, wanted.children.as_ref());
        put(&mut new.email, wanted.email.as_ref());
        put(&mut new.phone, wanted.phone.as_ref());
        put(&mut new.address, wanted.address.as_ref());
        put(&mut new.deadline, wanted.deadline.as_ref());
        put(&mut new.message, wanted.message.as_ref());
        put(&mut new.note, wanted.note.as_ref());
        put(&mut new.events, wanted.events.as_ref());
        answer(&mut new.wish, wanted.wish.as_ref(), is_replaced);
        answer_all(&mut new.answers, &wanted.answers, is_replaced);
        let events = new.events.clone();
        let invited = |guest: &GuestRecord, event: &str| {
            let chosen = guest.events.as_ref().or(events.as_ref());
            let mut open = ground.events.iter().filter(|one| one.open_to_all);
            chosen.is_some_and(|keys| keys.iter().any(|key| key == event))
                || open.any(|one| one.key == event)
        };
        let mut is_free = vec![true; new.guests.len()];
        let is_brought = |one: &GuestRecord| one.kind == Some(GuestKind::PlusOne);
        let names_nobody = !new.guests.is_empty() && new.guests.iter().all(is_brought);
        for guest in &wanted.guests {
            let name = text_cleaning::fold(&guest.name);
            let mut places = new.guests.iter().zip(&is_free);
            let found =
                places.position(|(one, free)| *free && text_cleaning::fold(&one.name) == name);
            // Whoever is named now is one of those of whom hosts knew only the number.
            let is_child = guest.child.unwrap_or_default();
            let is_alike = |one: &GuestRecord| {
                one.name.is_empty() && one.child.unwrap_or_default() == is_child
            };
            let mut places = new.guests.iter().zip(&is_free);
            let place = || places.position(|(one, free)| *free && names_nobody && is_alike(one));
            if let Some(at) = found.or_else(place) {
                is_free[at] = false;
                if new.guests[at].name.is_empty() {
                    new.guests[at].name.clone_from(&guest.name);
                }
                new.guests[at].merge(guest, invited, is_replaced);
            } else {
                new.guests.push(guest.clone());
                is_free.push(false);
            }
        }
        // A list counts the people it names apart; an export counts them among those it may bring.
        if let Some(more) = wanted.plus_ones.filter(|_| names_nobody) {
            let named = wanted.guests.iter().filter(|one| !is_brought(one));
            new.plus_ones = Some(more + i64::try_from(named.count()).unwrap_or(0));
        }
        let number = |one: &Self| [one.plus_ones, one.children].map(Option::unwrap_or_default);
        let has_other_number = names_nobody && number(&new) != number(self);
        if has_other_number || (new.guests.is_empty() && !wanted.replies.is_empty()) {
            new.add_places();
        }
        let people = usize::try_from(number(&new).iter().sum::<i64>()).unwrap_or_default();
        let people = people.min(new.guests.len());
        let counted = &mut new.guests[..people];
        for guest in counted.iter_mut().filter(|guest| guest.name.is_empty()) {
            guest.reply(&wanted.replies, invited, is_replaced);
        }
        let hungry = who_shares_food(counted, |guest| guest.child == Some(true));
        for guest in hungry.into_iter().filter(|guest| guest.name.is_empty()) {
            answer(&mut guest.diet_note, wanted.food.as_ref(), is_replaced);
        }
        new
    }

    /// Adds whom the household may bring besides those that it lists.
    fn add_places(&mut self) {
        let is_child = |one: &&GuestRecord| one.child == Some(true);
        let children = self.guests.iter().filter(is_child).count();
        let adults = self.guests.len() - children;
        for (is_child, there, allowed) in [
            (false, adults, self.plus_ones),
            (true, children, self.children),
        ] {
            let allowed = usize::try_from(allowed.unwrap_or_default()).unwrap_or_default();
            let room = GUEST_LIMIT.saturating_sub(self.guests.len());
            let missing = allowed.saturating_sub(there).min(room);
            self.guests.extend((0..missing).map(|_| GuestRecord {
                kind: Some(GuestKind::PlusOne),
                child: Some(is_child),
                ..GuestRecord::default()
            }));
        }
    }
}

impl GuestRecord {
    /// Adds dietary options, by their keys.
    pub(crate) fn tick_diets(&mut self, keys: impl IntoIterator<Item = String>) {
        let mut diets = self.diets.take().unwrap_or_default();
        diets.extend(keys);
        diets.sort();
        diets.dedup();
        self.diets = Some(diets).filter(|diets| !diets.is_empty());
    }

    pub(crate) fn has_food(&self) -> bool {
        self.diet_note.is_some() || self.diets.as_ref().is_some_and(|diets| !diets.is_empty())
    }

    fn merge(
        &mut self,
        wanted: &Self,
        is_invited: impl Fn(&Self, &str) -> bool,
        is_replaced: bool,
    ) {
        put(&mut self.child, wanted.child.as_ref());
        put(&mut self.age, wanted.age.as_ref());
        put(&mut self.email, wanted.email.as_ref());
        put(&mut self.phone, wanted.phone.as_ref());
        put(&mut self.events, wanted.events.as_ref());
        if wanted.has_food() && (is_replaced || !self.has_food()) {
            self.diets.clone_from(&wanted.diets);
            self.diet_note.clone_from(&wanted.diet_note);
        }
        answer_all(&mut self.answers, &wanted.answers, is_replaced);
        self.reply(&wanted.replies, is_invited, is_replaced);
    }

    fn reply(
        &mut self,
        wanted: &BTreeMap<String, ReplyStatus>,
        is_invited: impl Fn(&Self, &str) -> bool,
        is_replaced: bool,
    ) {
        for (event, status) in wanted {
            let is_new = *status != ReplyStatus::Pending && is_invited(self, event);
            let stored = self.replies.get(event);
            let is_open = stored.is_none_or(|there| *there == ReplyStatus::Pending);
            if is_new && (is_open || is_replaced) {
                self.replies.insert(event.clone(), *status);
            }
        }
    }
}

fn put<T: Clone>(old: &mut Option<T>, new: Option<&T>) {
    if let Some(new) = new {
        *old = Some(new.clone());
    }
}

fn answer<T: Clone>(old: &mut Option<T>, new: Option<&T>, replaced: bool) {
    if old.is_none() || replaced {
        put(old, new);
    }
}

fn answer_all(old: &mut BTreeMap<String, Value>, new: &BTreeMap<String, Value>, replaced: bool) {
    for (key, value) in new {
        if replaced || !old.contains_key(key) {
            old.insert(key.clone(), value.clone());
        }
    }
}

/// Builds the documents of these households, in the order of the ids. Those of no household are left
/// out.
pub(crate) fn all(
    tx: &mut Tx<'_>,
    ground: &Ground,
    ids: impl Iterator<Item = InvitationId>,
) -> Result<Vec<(InvitationId, Record)>, StoreError> {
    let ids: Vec<InvitationId> = ids.collect();
    let invitations = occasions::invitation::find_all(tx, &ids)?;
    let households = occasions::household::load_all(tx, invitations, &ground.questions)?;
    let standing = Standing::load_all(tx, households)?;
    let document = |one: &Standing| (one.household.invitation.id.clone(), one.record(ground));
    Ok(standing.iter().map(document).collect())
}
