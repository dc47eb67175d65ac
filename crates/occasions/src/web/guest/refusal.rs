//! Converts refusals to error responses for guests.

use web::{Problem, Text};

use super::show::contact;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;

/// Converts a refusal to an error response. If nothing can be changed any more, the response
/// contains the hosts' contact, and `speak` chooses the language of the response.
pub(crate) fn problem(refusal: Refusal, speak: impl Fn(&InvitationSnapshot) -> Text) -> Problem {
    match &refusal {
        Refusal::DeadlinePassed(snapshot)
        | Refusal::Locked(snapshot)
        | Refusal::OccasionClosed(snapshot) => {
            let text = speak(snapshot);
            let contact = contact(&snapshot.occasion).map(|contact| contact.words(&text));
            let problem = refusal.problem().said_in(&text);
            match contact {
                Some(contact) => problem.with("contact", contact),
                None => problem,
            }
        }
        _ => refusal.problem(),
    }
}
