//! Responses to changes. Some tokens may change a record but not read it. They get only the
//! record's version, even after a version conflict.

use identity::session::signed_in::SignedIn;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::hosting::{HostOf, Permission};
use crate::token_scopes::{OCCASION_READ, RSVPS_READ};

/// The kinds of data that a caller may see. By default, a caller sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sees {
    /// Whether the caller sees what hosts entered, such as texts and settings.
    pub(crate) occasion: bool,
    /// Whether the caller sees the guests' answers.
    pub(crate) answers: bool,
    /// Whether the caller sees codes and contact data.
    pub(crate) contacts: bool,
}

impl Sees {
    pub(crate) fn of(host: &HostOf) -> Self {
        Self {
            occasion: host.may(Permission::SeeOccasion),
            answers: host.may(Permission::SeeAnswers),
            contacts: host.may(Permission::SeeContacts),
        }
    }

    /// Returns the data that a caller may see if the caller's role allows changes. An API token may
    /// see less, depending on its scopes.
    pub(crate) fn of_editor(who: &SignedIn) -> Self {
        let occasion = who.has(OCCASION_READ);
        Self {
            occasion,
            answers: who.has(RSVPS_READ),
            contacts: occasion,
        }
    }
}

/// The result of a change. A token that may not read the record gets only the version.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Saved<T> {
    /// The whole record.
    Whole(Box<T>),
    /// Only the record's version.
    Receipt(Receipt),
}

/// The version of the changed record, for tokens that may not read the record itself.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The record's id. Omitted for a record with a `key` and for a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The record's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// For a guest, the id of the invitation to which the version belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invitation: Option<String>,
    /// The version after the change.
    pub(crate) version: i64,
}

impl Receipt {
    pub(crate) fn of_id(id: &impl ToString, version: i64) -> Self {
        Self {
            id: Some(id.to_string()),
            key: None,
            invitation: None,
            version,
        }
    }

    pub(crate) fn of_key(key: &str, version: i64) -> Self {
        Self {
            id: None,
            key: Some(key.to_owned()),
            invitation: None,
            version,
        }
    }

    pub(crate) fn of_guest(invitation: &impl ToString, version: i64) -> Self {
        Self {
            id: None,
            key: None,
            invitation: Some(invitation.to_string()),
            version,
        }
    }
}

/// A record that a response to a change can contain.
pub(crate) trait ChangedView: Serialize {
    /// Returns whether the record may be shown to a caller who may see the data in `sees`.
    fn is_for(sees: Sees) -> bool {
        sees.occasion
    }

    fn receipt(&self) -> Receipt;
}

impl<T> Saved<T> {
    pub(crate) fn of(whole: T, sees: Sees) -> Self
    where
        T: ChangedView,
    {
        if T::is_for(sees) {
            Self::Whole(Box::new(whole))
        } else {
            Self::Receipt(whole.receipt())
        }
    }

    pub(crate) fn to_json(&self) -> serde_json::Result<Value>
    where
        T: Serialize,
    {
        serde_json::to_value(self)
    }
}
