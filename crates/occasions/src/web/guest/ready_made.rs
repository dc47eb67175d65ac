//! The words that guests read while the hosts have not written their own.

use web::Text;

use crate::words::OccasionKind;

/// The words for a text of the occasion; `None` if its place stays empty.
pub(crate) fn ready_made(text: &Text, kind: OccasionKind, field: &str) -> Option<String> {
    let id = match field {
        "welcome" => format!("invitation-{}", kind.word()),
        "farewell" if kind == OccasionKind::Memorial => "after-came-memorial".to_owned(),
        "farewell" => "after-came".to_owned(),
        _ => return None,
    };
    Some(text.say(&id).into_owned())
}
