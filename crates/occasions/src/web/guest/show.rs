//! Converts occasions' data to the texts and marks on guests' pages, in the page's language.

use std::cell::OnceCell;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use web::{Deadline, Share, Site, Spoken, Text, ZonedPage};
use web::{card_picture, dates};

use super::app_links;
use super::event_time;
use super::event_time::{machine, was, with_hours};
use super::view::{
    AppLink, Closing, Contact, Counts, Cover, CoverPicture, DaysLeft, EventRow, Frame, Hosts, Mark,
    NewsItem, OpenEvent, Places, Progress, ScheduleRow, Standing, Stored, Timer,
};
use crate::announcement::Announcement;
use crate::cover;
use crate::diet::DietaryOption;
use crate::event::{self, Event};
use crate::guest::Guest;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;
use crate::phone::Phone;
use crate::words::{Access, OccasionKind, ReplyStatus, Response};

/// The prefix of the reply fields in the form for answers without a code. The event's key follows
/// the prefix.
pub(super) const EVENT: &str = "event.";
const HOURS_SHOWN: SignedDuration = SignedDuration::from_hours(48);

/// Shows a household's invitation in one language and in the occasion's time zone.
pub(crate) struct Reading<'a> {
    pub(super) text: &'a Text,
    pub(super) snapshot: &'a InvitationSnapshot,
    pub(super) zone: TimeZone,
    labels: OnceCell<Vec<Label>>,
}

/// Converts the time at which answers close to the texts that pages show.
pub(super) fn closing(text: &Text, at: &Zoned, now: &Zoned) -> Closing {
    let deadline = Deadline::of(at);
    let days = deadline.days_left(now);
    let weekday = text.weekday(deadline.day());
    match deadline {
        Deadline::EndOf(day) => Closing::Day {
            date: text.day_and_month(day),
            weekday,
            days,
        },
        Deadline::Within(_) => Closing::Moment {
            moment: text.moment_in(at.time_zone(), at.timestamp()),
            time: text.time_in(at.time_zone(), at.timestamp()),
            weekday,
            days,
        },
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn new(text: &'a Text, snapshot: &'a InvitationSnapshot) -> Self {
        Self {
            text,
            snapshot,
            zone: snapshot.occasion.zone(),
            labels: OnceCell::new(),
        }
    }

    pub(super) fn occasion(&self) -> &'a Occasion {
        &self.snapshot.occasion
    }

    pub(super) fn pick(&self, texts: &'a web::I18n) -> Spoken<'a> {
        pick(self.text, self.occasion(), texts)
    }

    pub(super) fn local(&self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.zone.clone())
    }

    pub(super) fn frame(&self) -> Frame<'a> {
        Frame {
            theme: self.occasion().theme,
            hosts: hosts(self.text, self.occasion()),
            home: self.snapshot.link(""),
            answer: self.snapshot.link("/rsvp"),
            contact: contact(self.occasion()),
            made_with: self.occasion().switches.made_with,
            code: &self.snapshot.household.invitation.code,
            household: &self.snapshot.household.invitation.details.household,
        }
    }

    pub(crate) fn cover(&self) -> Cover<'a> {
        let mut cover = cover(self.text, self.occasion(), self.snapshot.invited_events());
        if self.snapshot.events.is_empty() && self.snapshot.cancelled.is_empty() {
            cover.date = self.text.say("date-to-follow").into_owned();
        }
        cover
    }

    pub(crate) fn salutation(&self) -> String {
        let details = &self.snapshot.household.invitation.details;
        let own = details.salutation.as_deref();
        self.occasion()
            .tone
            .salutation(self.text, &details.household, own)
    }

    pub(super) fn standing(&self) -> Standing {
        match self.snapshot.access {
            _ if self.snapshot.is_cancelled() => Standing::Cancelled,
            Access::Open if self.snapshot.events.is_empty() => Standing::DayUnknown,
            Access::Open => Standing::Open,
            Access::Locked => Standing::Locked,
            Access::Closed | Access::Expired | Access::Revoked => {
                Standing::Closed(self.snapshot.closes_at().map(|at| self.closed_on(at)))
            }
        }
    }

    fn closed_on(&self, at: Timestamp) -> String {
        self.text.day_and_month(Deadline::of(&self.local(at)).day())
    }

    pub(crate) fn closing(&self) -> Option<Closing> {
        let at = self.local(self.snapshot.closes_at()?);
        let now = self.local(self.snapshot.now);
        Some(closing(self.text, &at, &now))
    }

    pub(crate) fn progress(&self) -> Progress {
        match self.snapshot.response() {
            Response::Unanswered => Progress::Unanswered,
            Response::Partial => Progress::Partly,
            Response::Complete => Progress::Complete,
        }
    }

    pub(super) fn days_left(&self) -> Option<DaysLeft> {
        days_left(
            self.text,
            self.occasion(),
            self.snapshot.next_event()?,
            self.snapshot.now,
        )
    }

    pub(crate) fn events(&self) -> Vec<EventRow<'a>> {
        self.snapshot
            .invited_events()
            .map(|event| self.event(event))
            .collect()
    }

    pub(crate) fn events_attended(&self) -> Vec<EventRow<'a>> {
        let attended = self.snapshot.invited_events().filter(|event| {
            let guests = self.snapshot.household.guests.iter();
            let mut replies = guests.filter_map(|guest| guest.replies.get(&event.id));
            replies.any(|reply| reply.status == ReplyStatus::Yes)
        });
        let rows = attended.map(|event| EventRow {
            schedule: Vec::new(),
            ..self.event(event)
        });
        rows.collect()
    }

    fn event(&self, event: &'a Event) -> EventRow<'a> {
        let details = event;
        let start = self.local(details.starts_at);
        let hours = self.time_range(details);
        let weekday = self.text.weekday(&start);
        EventRow {
            name: self.pick(&details.name),
            day: start.day().to_string(),
            month: self.text.month_short(&start),
            when: with_hours(self.text, weekday, hours.as_deref()),
            moment: match hours {
                Some(hours) => self.text.with(
                    "date-moment",
                    [
                        ("date", self.text.date(&start).into()),
                        ("time", hours.into()),
                    ],
                ),
                None => self.text.date(&start),
            },
            when_machine: machine(details, &start),
            was: was(self.text, self.snapshot, event),
            venue: &details.venue,
            address: &details.address,
            dress: self.pick(&details.dress_code),
            map: (!details.map_url.is_empty()).then_some(details.map_url.as_str()),
            apps: self.apps(event),
            schedule: self.schedule(details),
        }
    }

    /// Calendar apps only if at least one guest has not declined the event.
    fn apps(&self, event: &'a Event) -> Vec<AppLink> {
        let title = self.pick(&self.occasion().title);
        let title = format!("{} – {title}", self.pick(&event.name));
        let mut attended = self.snapshot.events_to_attend();
        let is_attended = attended.any(|other| other.id == event.id);
        let calendars = is_attended.then(|| app_links::calendars(event, &title, &self.zone));
        let maps = app_links::maps(event).into_iter();
        maps.chain(calendars.into_iter().flatten()).collect()
    }

    /// `None` if the hour is not known.
    fn time_range(&self, event: &Event) -> Option<String> {
        let times = || self.venue().hours(event.starts_at, event.known_end());
        event.hour_known.then(times)
    }

    fn venue(&self) -> ZonedPage<'_> {
        ZonedPage::at_venue(self.text, &self.zone)
    }

    fn schedule(&self, details: &'a Event) -> Vec<ScheduleRow<'a>> {
        let said = |time: &str| Some(self.venue().clock(time.parse::<Time>().ok()?));
        let lines = details.schedule.iter().map(|line| ScheduleRow {
            time: said(&line.time).unwrap_or_else(|| line.time.clone()),
            title: self.pick(&line.title),
            detail: self.pick(&line.detail),
        });
        lines.collect()
    }

    /// Formats the hours of an event. Adds the weekday if the household is invited on several days.
    /// If the hour is not known, returns the weekday.
    pub(super) fn hours(&self, event: &Event) -> String {
        let start = self.local(event.starts_at);
        let hours = self.time_range(event);
        let one_day = self
            .snapshot
            .invited_events()
            .all(|other| self.local(other.starts_at).date() == start.date());
        match hours {
            Some(hours) if one_day => hours,
            hours => with_hours(self.text, self.text.weekday(&start), hours.as_deref()),
        }
    }

    pub(super) fn event_name(&self, event: &'a Event) -> Spoken<'a> {
        self.pick(&event.name)
    }

    pub(crate) fn name(&self, guest: &Guest) -> String {
        self.snapshot.household.shown_name(guest, self.text)
    }

    pub(crate) fn stored(&self) -> Vec<Stored<'a>> {
        let above = self.above_allowance();
        self.snapshot
            .household
            .guests
            .iter()
            .map(|guest| Stored {
                name: self.name(guest),
                child: self.child(guest),
                above: above && guest.kind == crate::words::GuestKind::PlusOne,
                replies: self
                    .replies(guest)
                    .map(|(event, mark)| (self.event_name(event), mark))
                    .collect(),
                diets: self.diets_in_words(guest),
                told: self.guest_answers(guest),
            })
            .collect()
    }

    /// Returns how many guests the household may bring, and how many more it can add. Slots for
    /// children do not count while the hosts do not distinguish children from adults.
    pub(super) fn places(&self) -> Places {
        let allowance = self.snapshot.household.allowance();
        let left = |places: crate::household::Places| (places.allowed - places.used).max(0);
        let (children_allowed, children_left) = if self.snapshot.occasion.switches.children {
            (allowance.children.allowed, left(allowance.children))
        } else {
            (0, 0)
        };
        Places {
            allowed: allowance.plus_ones.allowed,
            left: left(allowance.plus_ones),
            children_allowed,
            children_left,
        }
    }

    /// Whether the household brings more guests than it may. This happens when a host lowers the
    /// allowance.
    pub(super) fn above_allowance(&self) -> bool {
        let places = self.snapshot.household.allowance().plus_ones;
        places.used > places.allowed
    }

    fn child(&self, guest: &Guest) -> Option<String> {
        match (guest.is_child, guest.child_age) {
            (false, _) => None,
            (true, None) => Some(self.text.say("guest-child").into_owned()),
            (true, Some(age)) => Some(self.text.with("guest-child-age", [("age", age.into())])),
        }
    }

    pub(super) fn replies<'g>(
        &self,
        guest: &'g Guest,
    ) -> impl Iterator<Item = (&'a Event, Mark)> + use<'a, 'g> {
        let snapshot = self.snapshot;
        snapshot.events.iter().filter_map(move |event| {
            let reply = guest.replies.get(&event.id)?;
            Some((event, mark(snapshot.effective_status(reply.status))))
        })
    }

    fn diets_in_words(&self, guest: &Guest) -> String {
        if guest.diets.is_empty() && guest.diet_note.is_empty() {
            return String::new();
        }
        let mut words: Vec<&str> = self
            .diets()
            .filter(|(option, _)| guest.diets.contains(&option.key))
            .map(|(_, label)| label.text)
            .collect();
        if self.occasion().switches.dietary && !guest.diet_note.is_empty() {
            words.push(&guest.diet_note);
        }
        words.join(&self.text.say("list-comma"))
    }

    pub(super) fn diets(&self) -> impl Iterator<Item = (&'a DietaryOption, Spoken<'_>)> {
        let options = self.snapshot.diets.iter();
        let labels = self.labels.get_or_init(|| {
            let label = |option| diet_label(self.text, self.occasion(), option);
            options.clone().map(label).collect()
        });
        options.zip(labels).map(|(option, label)| {
            let spoken = Spoken {
                text: &label.text,
                other: label.other.clone(),
            };
            (option, spoken)
        })
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for guest in &self.snapshot.household.guests {
            let statuses = guest.replies.values().map(|reply| reply.status);
            let has = |wanted: Mark| {
                let mut marks = statuses
                    .clone()
                    .map(|status| mark(self.snapshot.effective_status(status)));
                marks.any(|mark| mark == wanted)
            };
            let count = if has(Mark::Yes) {
                &mut counts.yes
            } else if has(Mark::Waitlisted) {
                &mut counts.waitlisted
            } else if has(Mark::Undecided) {
                &mut counts.undecided
            } else if has(Mark::Pending) && has(Mark::No) {
                &mut counts.partly
            } else if has(Mark::Pending) {
                &mut counts.pending
            } else {
                &mut counts.no
            };
            *count += 1;
        }
        counts
    }

    /// Returns the path of the calendar file; `None` if the household has declined all events.
    pub(crate) fn calendar(&self) -> Option<String> {
        self.snapshot
            .events_to_attend()
            .next()
            .map(|_| self.snapshot.link("/calendar.ics"))
    }

    pub(super) fn news(&self) -> Vec<NewsItem<'a>> {
        let day = |at: Timestamp| self.text.date_plain(self.local(at).date());
        let item = |one: &'a Announcement| {
            let since = one.published_at.map(day).unwrap_or_default();
            let when = match one.changed_at {
                Some(at) => {
                    let values = [("day", since.into()), ("changed", day(at).into())];
                    self.text.with("news-changed", values)
                }
                None => since,
            };
            NewsItem {
                title: self.pick(&one.title),
                body: self.pick(&one.body),
                when,
            }
        };
        self.snapshot.news.iter().map(item).collect()
    }
}

/// `other` is the language of a text that is not in the page's language.
struct Label {
    text: String,
    other: Option<web::Language>,
}

fn diet_label(text: &Text, occasion: &Occasion, option: &DietaryOption) -> Label {
    let own = pick(text, occasion, &option.label);
    if own.is_empty() {
        return Label {
            text: text.say(&format!("diet-{}", option.key)).into_owned(),
            other: None,
        };
    }
    Label {
        text: own.text.to_owned(),
        other: own.other,
    }
}

pub(super) fn pick<'a>(text: &Text, occasion: &Occasion, texts: &'a web::I18n) -> Spoken<'a> {
    texts.pick(text.language(), &occasion.default_language)
}

pub(crate) fn hosts<'a>(text: &Text, occasion: &'a Occasion) -> Hosts<'a> {
    Hosts(pick(text, occasion, &occasion.hosts))
}

pub(crate) fn cover<'a>(
    text: &Text,
    occasion: &'a Occasion,
    events: impl Iterator<Item = &'a Event>,
) -> Cover<'a> {
    let kicker = pick(text, occasion, &occasion.kicker);
    let (date, date_machine) = event_time::days(text, &occasion.zone(), events);
    Cover {
        id: "c".to_owned(),
        heading: "h1",
        is_wedding: occasion.kind == OccasionKind::Wedding,
        kicker: (!kicker.is_empty()).then_some(kicker),
        date,
        date_machine,
        picture: cover::on_pages(occasion).map(|photo| CoverPicture {
            photo,
            alt: pick(text, occasion, &occasion.cover_alt),
        }),
    }
}

pub(super) fn days_left(
    text: &Text,
    occasion: &Occasion,
    event: &Event,
    now: Timestamp,
) -> Option<DaysLeft> {
    if !occasion.switches.days_left {
        return None;
    }
    let (starts_at, zone) = (event.starts_at, occasion.zone());
    let [here, start] = [now, starts_at].map(|at| at.to_zoned(zone.clone()));
    let words = match dates::days_between(here.date(), start.date()) {
        0 => text.say("portal-today").into_owned(),
        days => text.with("portal-days-left", [("n", days.into())]),
    };
    let midnight = here.tomorrow().and_then(|day| day.start_of_day());
    // Where no hour is known, none is counted down.
    let timer = (event.hour_known && starts_at > now).then(|| Timer {
        from: (starts_at - HOURS_SHOWN).as_millisecond(),
        zero: starts_at.as_millisecond(),
        turn: midnight
            .map_or(starts_at, |midnight| midnight.timestamp().min(starts_at))
            .as_millisecond(),
    });
    Some(DaysLeft {
        words,
        day_machine: start.date().to_string(),
        timer,
    })
}

/// Returns the data for the preview of a shared link. It contains the hosts' names and the first
/// day, with the cover picture or the theme. A link with a code gets the same preview, without any
/// guest's name.
pub(crate) fn share<'a>(
    site: &Site,
    text: &Text,
    occasion: &'a Occasion,
    events: impl Iterator<Item = &'a Event>,
) -> Share {
    let names = pick(text, occasion, &occasion.hosts).text;
    let top = cover(text, occasion, events);
    let kicker = top.kicker.map_or("", |kicker| kicker.text);
    let parts = [kicker, &top.date];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let description = parts.join(" · ");
    let share = Share::new(site, names, &description, &format!("/o/{}", occasion.slug));
    let Some(picture) = cover::path(occasion, cover::IN_PREVIEWS) else {
        return Share {
            image: card_picture::address_in(site, occasion.theme, names, &description),
            ..share
        };
    };
    let alt = pick(text, occasion, &occasion.cover_alt).text;
    let size = [cover::IN_PREVIEWS.width, cover::IN_PREVIEWS.height];
    let [width, height] = size.map(|side| usize::try_from(side).unwrap_or_default());
    Share {
        image: site.url().join(&picture),
        image_size: (width, height),
        image_alt: if alt.is_empty() { names } else { alt }.to_owned(),
        ..share
    }
}

pub(super) fn open_events<'a>(
    text: &Text,
    occasion: &'a Occasion,
    [events, cancelled]: [&'a [Event]; 2],
) -> Vec<OpenEvent<'a>> {
    let zone = occasion.zone();
    let row = |event: &'a Event| {
        let details = event;
        let start = details.starts_at.to_zoned(zone.clone());
        let venue = ZonedPage::at_venue(text, &zone);
        let times = || venue.hours(details.starts_at, details.known_end());
        let hours = details.hour_known.then(times);
        OpenEvent {
            key: &event.key,
            field: format!("{EVENT}{}", event.key),
            name: pick(text, occasion, &details.name),
            when: with_hours(text, text.date(&start), hours.as_deref()),
            when_machine: machine(details, &start),
            venue: &details.venue,
            address: &details.address,
            apps: app_links::maps(event),
        }
    };
    event::for_all(events, cancelled)
        .into_iter()
        .map(row)
        .collect()
}

pub(super) fn welcome<'a>(text: &Text, occasion: &'a Occasion) -> Spoken<'a> {
    pick(text, occasion, &occasion.welcome)
}

pub(crate) fn contact(occasion: &Occasion) -> Option<Contact> {
    let contact = &occasion.contact;
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    some(&contact.name).map(|name| Contact {
        name,
        dialled: Phone::read(&contact.phone, occasion.home_country()).dialled(),
        phone: some(&contact.phone),
        email: some(&contact.email),
    })
}

fn mark(status: ReplyStatus) -> Mark {
    match status {
        ReplyStatus::Pending => Mark::Pending,
        ReplyStatus::Yes => Mark::Yes,
        ReplyStatus::No => Mark::No,
        ReplyStatus::Undecided => Mark::Undecided,
        ReplyStatus::Waitlisted => Mark::Waitlisted,
    }
}

/// Masks an email address, such as `a•••@x.my`. Only the address's owner can recognize it.
pub(crate) fn masked_email(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => {
            let first = local.chars().next().map(String::from).unwrap_or_default();
            format!("{first}•••@{domain}")
        }
        None => "•••".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_recognised_by_its_owner_alone() {
        assert_eq!(masked_email("aminah@x.my"), "a•••@x.my");
        assert_eq!(masked_email("@x.my"), "•••@x.my");
        assert_eq!(masked_email("x"), "•••");
    }
}
