//! The texts about the waiting list, for pages and mails.

use super::show::Reading;
use crate::words::ReplyStatus;

impl Reading<'_> {
    /// Returns the sentence that says how a guest on the waiting list hears of a free seat.
    pub(super) fn hears_of_place(&self) -> String {
        let email = &self.portal.household.invitation.details.email;
        let id = match email {
            Some(_) => "reply-waitlisted-explained",
            None => "reply-waitlisted-look",
        };
        self.text.say(id).into_owned()
    }

    /// Like [`Self::hears_of_place`], but returns `None` if no guest of the household waits.
    pub(crate) fn waiting(&self) -> Option<String> {
        let guests = self.portal.household.guests.iter();
        let mut replies = guests.flat_map(|guest| guest.replies.values());
        let waits = replies.any(|reply| reply.status == ReplyStatus::Waitlisted);
        waits.then(|| self.hears_of_place())
    }
}
