//! The properties of a slot as its provider sends them, to create or to change it.

use platform::text_cleaning::{clean, clean_line};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Place, Slot};
use crate::choice::Choices;

/// The properties of a slot to create.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewSlot)]
pub struct NewSlot {
    /// The local date, `2027-01-16`.
    pub date: String,
    /// The local time, `09:30`.
    pub time: String,
    /// The length in minutes.
    pub minutes: i64,
    /// An IANA time zone; the provider's if omitted.
    pub time_zone: Option<String>,
    /// The session's title, 1–80 characters.
    pub title: String,
    /// A public note.
    pub public_note: String,
    /// A note shown once the slot is booked.
    pub prep_note: String,
    /// How the two sides meet; by a link if omitted.
    pub location_kind: Option<Place>,
    /// The link, address or telephone number.
    pub location: String,
    /// The public, approximate location.
    pub area: String,
    /// The price in minor units of the site's currency; 0 is free.
    pub price_minor: i64,
    /// The code of the kind of credit with which the slot is booked. If it is set, the slot has no
    /// price.
    pub credit_kind: Option<String>,
    /// The codes of the session types among which members choose, up to 10; empty for any.
    pub session_types: Vec<String>,
    /// The codes of the levels among which members choose, up to 10; empty for any.
    pub levels: Vec<String>,
    /// The slugs of the catalogue's entries among which members choose, up to 50; empty for any.
    pub entries: Vec<String>,
}

impl NewSlot {
    /// A stored slot as its provider would send it.
    pub(crate) fn of(slot: &Slot, choices: &Choices) -> Self {
        let start = slot.starts_at.to_zoned(slot.zone());
        Self {
            date: start.date().to_string(),
            time: start.strftime("%H:%M").to_string(),
            minutes: slot.ends_at.duration_since(slot.starts_at).as_mins(),
            time_zone: Some(slot.time_zone.clone()),
            title: slot.title.clone(),
            public_note: slot.public_note.clone(),
            prep_note: slot.prep_note.clone(),
            location_kind: Some(slot.location_kind),
            location: slot.location_secret.clone(),
            area: slot.area.clone(),
            price_minor: slot.price_minor,
            credit_kind: slot.credit_kind.clone(),
            session_types: choices.session_types.clone(),
            levels: choices.levels.clone(),
            entries: choices.entries.clone(),
        }
    }

    /// The local date and time, and the zone in which they are read.
    pub(super) fn when(&self) -> (&str, &str, Option<&str>) {
        (&self.date, &self.time, self.time_zone.as_deref())
    }
}

/// The properties of a slot to change. Omitted properties stay unchanged.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SlotChange {
    /// The local date, `2027-01-16`.
    pub date: Option<String>,
    /// The local time, `09:30`.
    pub time: Option<String>,
    /// The length in minutes.
    pub minutes: Option<i64>,
    /// The IANA time zone of the date and the time.
    pub time_zone: Option<String>,
    /// The session's title, 1–80 characters.
    pub title: Option<String>,
    /// A public note, up to 500 characters.
    pub public_note: Option<String>,
    /// A note shown once the slot is booked, up to 2,000 characters.
    pub prep_note: Option<String>,
    /// How the two sides meet.
    pub location_kind: Option<Place>,
    /// The link, address or telephone number, up to 500 characters.
    pub location: Option<String>,
    /// The public, approximate location, up to 80 characters.
    pub area: Option<String>,
    /// The price in minor units of the slot's currency, or of the site's if the slot has no price.
    pub price_minor: Option<i64>,
    /// The code of the kind of credit with which the slot is booked; empty if the slot is booked
    /// with money. If a code is set, the slot has no price.
    pub credit_kind: Option<String>,
    /// The codes of the session types among which members choose, up to 10; empty for any.
    pub session_types: Option<Vec<String>>,
    /// The codes of the levels among which members choose, up to 10; empty for any.
    pub levels: Option<Vec<String>>,
    /// The slugs of the catalogue's entries among which members choose, up to 50; empty for any.
    pub entries: Option<Vec<String>>,
    /// The version on which the change is based. API clients may send it as `If-Match` instead.
    pub version: Option<i64>,
}

impl SlotChange {
    /// Returns the slot's properties with the change applied.
    pub(super) fn merged(&self, old: &NewSlot) -> NewSlot {
        let one = |sent: Option<&String>, old: &String| sent.unwrap_or(old).clone();
        // The sent texts are cleaned, because they are compared with stored texts, which are clean.
        let line =
            |sent: Option<&String>, old| one(sent.map(|text| clean_line(text)).as_ref(), old);
        let text = |sent: Option<&String>, old| one(sent.map(|text| clean(text)).as_ref(), old);
        let set = |sent: Option<&Vec<String>>, old: &Vec<String>| {
            let mut set = sent.unwrap_or(old).clone();
            set.sort();
            set.dedup();
            set
        };
        NewSlot {
            date: one(self.date.as_ref(), &old.date),
            time: one(self.time.as_ref(), &old.time),
            minutes: self.minutes.unwrap_or(old.minutes),
            time_zone: self.time_zone.clone().or_else(|| old.time_zone.clone()),
            title: line(self.title.as_ref(), &old.title),
            public_note: text(self.public_note.as_ref(), &old.public_note),
            prep_note: text(self.prep_note.as_ref(), &old.prep_note),
            location_kind: self.location_kind.or(old.location_kind),
            location: line(self.location.as_ref(), &old.location),
            area: line(self.area.as_ref(), &old.area),
            price_minor: self.price_minor.unwrap_or(old.price_minor),
            credit_kind: match self.credit_kind.as_deref() {
                None => old.credit_kind.clone(),
                Some("") => None,
                Some(code) => Some(code.to_owned()),
            },
            session_types: set(self.session_types.as_ref(), &old.session_types),
            levels: set(self.levels.as_ref(), &old.levels),
            entries: set(self.entries.as_ref(), &old.entries),
        }
    }
}

/// If `new` has no time zone, the slot keeps its own.
impl From<NewSlot> for SlotChange {
    fn from(new: NewSlot) -> Self {
        Self {
            date: Some(new.date),
            time: Some(new.time),
            minutes: Some(new.minutes),
            time_zone: new.time_zone,
            title: Some(new.title),
            public_note: Some(new.public_note),
            prep_note: Some(new.prep_note),
            location_kind: new.location_kind,
            location: Some(new.location),
            area: Some(new.area),
            price_minor: Some(new.price_minor),
            credit_kind: Some(new.credit_kind.unwrap_or_default()),
            session_types: Some(new.session_types),
            levels: Some(new.levels),
            entries: Some(new.entries),
            version: None,
        }
    }
}
