//! The buttons "Everyone is coming", "None of us can come" and "Undo". They only fill in the form.
//! Nothing is stored until the guest saves the form.

use web::Form;

use crate::invitation_snapshot::InvitationSnapshot;
use crate::words::ReplyStatus;

/// The field name of these buttons. The "Save" button has no name.
pub(super) const PRESS: &str = "press";

/// The field that contains the form's values before a button was pressed, as JSON.
pub(super) const BEFORE: &str = "before";

/// Returns the form after the pressed button has filled it in. Returns `None` if none of these
/// buttons was pressed.
pub(super) fn apply(form: &Form, snapshot: &InvitationSnapshot) -> Option<Form> {
    let answer = form.find(PRESS)?;
    let replaced =
        |name: &str| name.starts_with("reply.") || (answer == "no" && name.starts_with("new."));
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let (before, mut fields): (Vec<_>, Vec<_>) = form
        .iter()
        .filter(|(name, _)| ![PRESS, BEFORE].contains(name))
        .map(owned)
        .partition(|(name, _)| replaced(name));
    if let "yes" | "no" = answer {
        for (name, may_come) in choices(snapshot) {
            let value = if answer == "yes" && !may_come {
                form.text(&name).to_owned()
            } else {
                answer.to_owned()
            };
            fields.push((name, value));
        }
        let before = serde_json::to_string(&before).unwrap_or_default();
        fields.push((PRESS.to_owned(), answer.to_owned()));
        fields.push((BEFORE.to_owned(), before));
    } else {
        let before: Vec<(String, String)> =
            serde_json::from_str(form.text(BEFORE)).unwrap_or_default();
        fields.extend(before);
    }
    Some(fields.into_iter().collect())
}

/// The reply fields of all guests, each with whether the guest can say yes. That needs a free seat,
/// unless the guest already has one or the event has a waiting list.
fn choices(snapshot: &InvitationSnapshot) -> impl Iterator<Item = (String, bool)> {
    snapshot.household.guests.iter().flat_map(move |guest| {
        snapshot.events.iter().filter_map(move |event| {
            let reply = guest.replies.get(&event.id)?;
            let has_place = reply.is_seated() || reply.status == ReplyStatus::Waitlisted;
            let is_full = snapshot.seats_left(event) == Some(0);
            let name = format!("reply.{}.{}", guest.id, event.key);
            Some((name, has_place || !is_full || snapshot.has_waitlist()))
        })
    })
}
