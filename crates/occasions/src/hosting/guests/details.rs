//! The details of guests that hosts can enter and change.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};
use web::Field;
use web::fields::{self, choice, email, flag, line, lines, number, phone, words};

use super::Contact;
use crate::event::{self, Event};
use crate::guest::Guest;
use crate::id::EventId;
use crate::words::GuestKind;

/// A guest's details that hosts can enter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GuestDetails {
    /// 1–100 characters; a plus-one's name may be empty.
    pub name: String,
    /// `plus_one` for a guest whom the household brings; `named`, the default, for a guest whom the
    /// hosts list by name.
    pub kind: GuestKind,
    /// Whether a plus-one may exceed the allowance.
    pub r#override: bool,
    /// Whether the guest is a child.
    pub is_child: bool,
    /// Age of a child, 0–17.
    pub age: Option<i64>,
    /// Keys of the events to which the guest is invited, out of the household's events. If omitted,
    /// a new guest is invited to all of the household's events.
    pub events: Vec<String>,
    /// Keys of dietary options.
    pub diets: Vec<String>,
    /// Up to 500 characters.
    pub diet_note: String,
    /// The guest's own email address.
    pub email: Option<String>,
    /// The guest's own telephone number.
    pub phone: Option<String>,
}

pub(crate) const FIELDS: &[Field] = web::fields! { GuestDetails:
    name: line(100).label("host-field-name"),
    kind: choice().label("host-field-invited-as").fixed(),
    r#override: flag().label("host-exceed").hint("host-exceed-hint").fixed(),
    is_child: flag().label("host-field-child"),
    age: number(0, 17).optional().label("host-field-age").hint("host-field-age-hint"),
    events: words().label("host-events"),
    diets: words().label("host-food"),
    diet_note: lines(500).label("host-field-diet-note"),
    email: email().optional().label("host-field-own-email").secret(),
    phone: phone(32).optional().label("host-field-own-phone").secret(),
};

/// Returns the fields that a request may contain. Some fields exist only for new guests.
pub(crate) fn fields_for(is_new: bool) -> Vec<Field> {
    let fields = FIELDS.iter().copied();
    fields.filter(|field| is_new || !field.is_fixed).collect()
}

impl GuestDetails {
    pub(crate) fn of(guest: &Guest, contact: Contact, events: &[Event]) -> Self {
        let invited: Vec<EventId> = guest.replies.keys().cloned().collect();
        Self {
            name: guest.name.clone(),
            kind: guest.kind,
            r#override: guest.beyond_allowance,
            is_child: guest.is_child,
            age: guest.child_age,
            events: event::keys_of(events, &invited),
            diets: guest.diets.clone(),
            diet_note: guest.diet_note.clone(),
            email: contact.email,
            phone: contact.phone,
        }
    }
}

/// The body of a request about a guest, for the OpenAPI description.
#[derive(Debug)]
pub struct GuestBody<const IS_NEW: bool>;

pub type NewGuest = GuestBody<true>;

pub type GuestChange = GuestBody<false>;

impl<const IS_NEW: bool> PartialSchema for GuestBody<IS_NEW> {
    fn schema() -> RefOr<Schema> {
        if IS_NEW {
            return fields::schema::<GuestDetails>(FIELDS, &[], "Somebody to add.");
        }
        let body = "What may change about a guest; what is left out stays.";
        let mut change = fields::schema::<GuestDetails>(&fields_for(false), &[], body);
        if let RefOr::T(Schema::Object(change)) = &mut change {
            let version = ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                .description(Some("The version of the invitation that was seen."));
            change
                .properties
                .insert("version".to_owned(), version.into());
        }
        change
    }
}

impl<const IS_NEW: bool> ToSchema for GuestBody<IS_NEW> {
    fn name() -> Cow<'static, str> {
        if IS_NEW { "NewGuest" } else { "GuestChange" }.into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        GuestDetails::schemas(schemas);
    }
}
