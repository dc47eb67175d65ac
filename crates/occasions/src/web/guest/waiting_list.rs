//! The texts about the waiting list, for pages and mails.

use super::show::Reading;
use crate::event::Event;
use crate::words::ReplyStatus;

impl Reading<'_> {
    /// Returns the sentence that says how a guest on the waiting list hears of a free seat.
    pub(super) fn hears_of_place(&self) -> String {
        let email = &self.snapshot.household.invitation.details.email;
        let id = match email {
            Some(_) => "reply-waitlisted-explained",
            None => "reply-waitlisted-look",
        };
        self.text.say(id).into_owned()
    }

    /// Returns sentences about the events for which guests of the household wait; `None` if no
    /// guest waits.
    pub(crate) fn waiting(&self) -> Option<String> {
        let waits = |event: &&Event| {
            let mut guests = self.snapshot.household.guests.iter();
            guests.any(|guest| {
                let reply = guest.replies.get(&event.id);
                reply.is_some_and(|reply| reply.status == ReplyStatus::Waitlisted)
            })
        };
        let events = self.snapshot.events.iter().filter(waits);
        let names: Vec<&str> = events.map(|one| self.pick(&one.name).text).collect();
        if names.is_empty() {
            return None;
        }
        let names = names.join(&self.text.say("list-comma"));
        let waiting = self.text.with("reply-waits", [("events", names.into())]);
        let space = self.text.say("sentence-space");
        Some(format!("{waiting}{space}{}", self.hears_of_place()))
    }
}
