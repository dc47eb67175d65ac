//! Formats an occasion's data for hosts' pages, such as dates, answers and statuses. The text is in
//! the host's language, and times are in the occasion's time zone.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use web::form_state::{FormState, TableForm};
use web::{Deadline, Form, I18n, Language, Spoken, Text, dates};

use crate::diet::DietaryOption;
use crate::event::Event;
use crate::hosting::listing::People;
use crate::hosting::listing::people::Person;
use crate::hosting::occasions;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;
use crate::web::guest::view::Mark;
use crate::words::{ReplyStatus, Response};

/// Formats an occasion's data in one language. Times such as "2 min ago" are relative to `now`.
#[derive(Clone)]
pub struct Wording<'a> {
    pub text: &'a Text,
    pub occasion: &'a Occasion,
    pub now: Timestamp,
    zone: TimeZone,
}

impl<'a> Wording<'a> {
    pub fn new(text: &'a Text, occasion: &'a Occasion, now: Timestamp) -> Self {
        Self {
            text,
            zone: occasion.zone(),
            occasion,
            now,
        }
    }

    /// Returns the path of a page in this occasion.
    pub fn at(&self, rest: &str) -> String {
        at(&self.occasion.slug, rest)
    }

    /// Returns the link to the list of households that wait for a seat at an event, and a text with
    /// the numbers of waiting guests and households.
    pub fn waiting(&self, event: &str, guests: i64, households: i64) -> (String, String) {
        let list = format!("/invites?response=waitlisted&event={event}");
        let values = [("n", guests.into()), ("households", households.into())];
        (self.at(&list), self.text.with("host-seats-waiting", values))
    }

    pub fn hosts(&self) -> Spoken<'a> {
        self.pick(&self.occasion.hosts)
    }

    /// Formats the size of a file, such as "1.2 GB".
    pub fn size(&self, bytes: i64) -> String {
        let in_tenths = |unit: i64| {
            let tenths = bytes / (unit / 10);
            format!("{}.{}", self.text.number(tenths / 10), tenths % 10)
        };
        let (id, n) = match bytes {
            1_000_000_000.. => ("host-size-gb", in_tenths(1_000_000_000)),
            1_000_000.. => ("host-size-mb", in_tenths(1_000_000)),
            _ => ("host-size-kb", self.text.number((bytes + 999) / 1_000)),
        };
        self.text.with(id, [("n", n.into())])
    }

    /// Returns the text in the page's language. If the text does not exist in this language,
    /// returns it in another one.
    pub fn pick(&self, texts: &'a I18n) -> Spoken<'a> {
        texts.pick(self.text.language(), &self.occasion.default_language)
    }

    /// Formats the date of the earliest of these events, such as "Sat 16 Jan 2027 · in 58 days".
    pub fn countdown_to(&self, events: &[Event]) -> String {
        let Some(first) = events.iter().map(|event| event.starts_at).min() else {
            return self.text.say("host-no-events").into_owned();
        };
        let days = occasions::days_until(self.occasion, self.now, first);
        let date = self.text.date_short(self.local(first).date());
        format!("{date} · {}", self.days(days))
    }

    /// Formats a number of days from today, such as "in 58 days".
    pub fn days(&self, days: i32) -> String {
        match days {
            0 => self.text.say("host-today").into_owned(),
            1 => self.text.say("host-tomorrow").into_owned(),
            -1 => self.text.say("host-yesterday").into_owned(),
            2.. => self.text.with("host-in-days", [("n", days.into())]),
            _ => self.text.with("host-days-ago", [("n", days.abs().into())]),
        }
    }

    pub fn local(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// Formats a time for people, such as "Sat 16 Jan 2027, 2:20 pm, Kuala Lumpur (UTC+8)".
    pub fn moment(&self, at: Timestamp) -> String {
        self.text.moment_short_in(&self.zone, at)
    }

    /// Formats the start of an event, or its day if the hour is not known.
    pub fn start_of(&self, event: &Event) -> String {
        if event.hour_known {
            return self.moment(event.starts_at);
        }
        self.text.date_short(self.local(event.starts_at).date())
    }

    /// Formats a time in ISO format.
    pub fn machine(&self, at: Timestamp) -> String {
        dates::machine(&self.local(at))
    }

    /// Formats a past time, such as "2 min ago" or "1 h ago". A time long ago is formatted as a
    /// date.
    pub fn ago(&self, at: Timestamp) -> String {
        let minutes = self.now.duration_since(at).as_mins();
        let days = dates::days_between(self.local(at).date(), self.local(self.now).date());
        match (minutes, days) {
            (..1, _) => self.text.say("host-just-now").into_owned(),
            (1..60, _) => self.text.with("host-minutes-ago", [("n", minutes.into())]),
            (_, 0) => self
                .text
                .with("host-hours-ago", [("n", (minutes / 60).into())]),
            (_, 1) => self.text.say("host-yesterday").into_owned(),
            _ => self.text.date_short(self.local(at).date()),
        }
    }

    /// Formats a deadline, such as "Thu 14 Jan 2027, end of day".
    pub fn deadline(&self, at: Timestamp) -> String {
        let local = self.local(at);
        match Deadline::of(&local) {
            Deadline::EndOf(day) => {
                let date = self.text.date_short(day);
                self.text.with("host-end-of-day", [("date", date.into())])
            }
            Deadline::Within(_) => self.moment(at),
        }
    }

    /// Returns the day of a deadline as a form value.
    pub fn deadline_day(&self, at: Option<Timestamp>) -> String {
        let day = |at| Deadline::of(&self.local(at)).day().to_string();
        at.map(day).unwrap_or_default()
    }

    /// Names the time of a zone as people say it, such as "Kuala Lumpur time".
    pub fn zone_words(&self, zone: &str) -> String {
        let values = [("place", dates::place_of(zone).into())];
        self.text.with("host-new-zone", values)
    }

    /// Names a currency by its symbol, such as "RM".
    pub fn currency_words(&self, code: &str) -> String {
        code.parse().map_or_else(
            |_| code.to_owned(),
            |currency| self.text.currency_sign(currency),
        )
    }

    /// Returns the sentence that says which time zone the occasion has.
    pub fn zone_hint(&self) -> String {
        let zone = dates::place_of(&self.occasion.time_zone);
        self.text.with("form-zone", [("zone", zone.into())])
    }

    /// Builds a form from a table of fields. Its values come from `form_state`.
    pub fn table_form<'f>(&'f self, form_state: &'f FormState) -> TableForm<'f> {
        TableForm {
            text: self.text,
            form_state,
            languages: &self.occasion.languages,
            zone: &self.occasion.time_zone,
        }
    }

    pub fn event(&self, event: &'a Event) -> Spoken<'a> {
        self.pick(&event.name)
    }

    /// Returns a dietary option's name.
    pub fn diet(&self, options: &[DietaryOption], key: &str) -> String {
        let own = options.iter().find(|option| option.key == key);
        let default = &self.occasion.default_language;
        let own = own.map(|option| option.label.pick(self.text.language(), default));
        match own {
            Some(label) if !label.is_empty() => label.text.to_owned(),
            _ if crate::diet::is_built_in(key) => {
                self.text.say(&format!("diet-{key}")).into_owned()
            }
            _ => key.to_owned(),
        }
    }

    /// Returns the languages that the occasion offers. Each has its tag, and its name in that
    /// language.
    pub fn languages(&self) -> Vec<(String, String)> {
        let tags = self.occasion.languages.iter();
        tags.map(|tag| (tag.clone(), Language::of(tag).name.into_owned()))
            .collect()
    }
}

/// Returns the languages that the site supports. Each has its tag, and its name in that language.
pub fn languages(text: &Text) -> Vec<(String, String)> {
    let tags = text.catalogue().languages();
    tags.map(|tag| (tag.to_owned(), Language::of(tag).name.into_owned()))
        .collect()
}

/// Returns the path of a page in an occasion.
pub fn at(slug: &str, rest: &str) -> String {
    format!("/admin/o/{slug}{rest}")
}

/// Builds a URL with a query. Empty values are left out.
pub fn address<'q>(path: &str, pairs: impl IntoIterator<Item = (&'q str, &'q str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// Formats a query. Empty values are left out.
pub fn query(query: &Form) -> String {
    address("", query.iter()).trim_start_matches('?').to_owned()
}

pub fn mark(status: ReplyStatus) -> Mark {
    match status {
        ReplyStatus::Pending => Mark::Pending,
        ReplyStatus::Yes => Mark::Yes,
        ReplyStatus::No => Mark::No,
        ReplyStatus::Undecided => Mark::Undecided,
        ReplyStatus::Waitlisted => Mark::Waitlisted,
    }
}

/// A label, with its CSS class.
pub struct Tag {
    pub class: &'static str,
    pub words: String,
}

/// Builds a label for each answer, with the number of the household's guests who gave it. Answers
/// that no guest gave are left out.
pub fn tags(text: &Text, people: &People) -> Vec<Tag> {
    let parts = [
        (people.yes, Mark::Yes, "host-tag-yes"),
        (people.no, Mark::No, "host-tag-no"),
        (people.undecided, Mark::Undecided, "host-tag-undecided"),
        (people.waitlisted, Mark::Waitlisted, "host-tag-waitlisted"),
        (people.partial, Mark::Pending, "host-tag-partial"),
        (
            people.pending - people.partial,
            Mark::Pending,
            "host-tag-pending",
        ),
    ];
    parts
        .into_iter()
        .filter(|(n, _, _)| *n > 0)
        .map(|(n, mark, id)| Tag {
            class: mark.class(),
            words: text.with(id, [("n", n.into())]),
        })
        .collect()
}

/// Builds the label for a guest's answer. If the list is filtered by event, the label shows the
/// answer for that event. Otherwise it shows the combined answer for all events.
pub fn answer(text: &Text, person: &Person) -> Tag {
    let mark = mark(person.status);
    let words = if person.is_partial {
        text.say("host-person-partial")
    } else {
        text.say(mark.message())
    };
    Tag {
        class: mark.class(),
        words: words.into_owned(),
    }
}

/// Builds the label that says how much of an invitation is answered.
pub fn response_tag(text: &Text, snapshot: &InvitationSnapshot) -> Tag {
    let answered = snapshot.response();
    let replies = || {
        let guests = snapshot.household.guests.iter();
        guests.flat_map(|guest| guest.replies.values())
    };
    if replies().next().is_none() {
        // It is invited to nothing, or its events were cancelled or removed.
        return Tag {
            class: "",
            words: text.say("host-response-nothing").into_owned(),
        };
    }
    let is_pending =
        replies().any(|reply| snapshot.effective_status(reply.status) == ReplyStatus::Pending);
    if answered == Response::Partial {
        let (mark, id) = if is_pending {
            (Mark::Pending, "host-response-begun")
        } else {
            (Mark::Undecided, "host-response-unsure")
        };
        return Tag {
            class: mark.class(),
            words: text.say(id).into_owned(),
        };
    }
    Tag {
        class: match answered {
            // A completely answered invitation can contain yes and no. So it has no colour.
            Response::Complete => "",
            Response::Partial | Response::Unanswered => Mark::Pending.class(),
        },
        words: text.say(answered.label()).into_owned(),
    }
}
