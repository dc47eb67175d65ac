//! What pages and mails say to a household on a waiting list.

use super::show::Reading;
use crate::words::ReplyStatus;

impl Reading<'_> {
    /// Returns how a guest who waits hears of a free place.
    pub(super) fn hears_of_place(&self) -> String {
        let email = &self.portal.household.invitation.details.email;
        let id = match email {
            Some(_) => "reply-waitlisted-explained",
            None => "reply-waitlisted-look",
        };
        self.text.say(id).into_owned()
    }

    /// Returns the same if at least one guest waits.
    pub(crate) fn waiting(&self) -> Option<String> {
        let guests = self.portal.household.guests.iter();
        let mut replies = guests.flat_map(|guest| guest.replies.values());
        let waits = replies.any(|reply| reply.status == ReplyStatus::Waitlisted);
        waits.then(|| self.hears_of_place())
    }
}
