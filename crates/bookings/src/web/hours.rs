//! The pages and the JSON lists of a provider's hours and of the days that differ from them.

use askama::Template;
use axum::response::Response;
use jiff::civil::Date;
use platform::Tx;
use site::call::see_other;
use site::request::{FormPost, PageRequest};
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, LOOK, Messages, Next, PageResource};
use web::form_state::{self, Control, Field as FormField, FormState};
use web::{Form, List, Problem, Text, dates};

use super::frame::BookingPage as _;
use super::offered_times::{PublicLink, public_link};
use super::provider_context::{ProviderContext, provided};
use super::week_in_words::{week_rows, windows_in_words};
use super::words;
use crate::booking::{self, outside_hours};
use crate::browse::computed_time::{self, OfferedSession};
use crate::provider::Provider;
use crate::schedule::exception::{self, ScheduleException};
use crate::schedule::{self, DAY_WINDOWS, Schedule, WeekWindow, Weekday};
use crate::{Refusal, hours_of_times, member, notice};

impl ApiResource for Schedule {
    provided!();

    const API: Description = Description {
        path: "/api/v1/me/schedules",
        one: "/api/v1/me/schedules/{id}",
        tag: "schedules",
        list: "The hours of a provider, in their order.",
        show: "Hours of a provider.",
        create: "Adds hours.",
        change: "Changes hours. Sessions that are booked stay.",
        remove: "Removes hours in which nothing is offered.",
        removal: &[204, 409],
        body: "What may be set of hours; what is left out stays.",
    };
}

impl ApiResource for ScheduleException {
    provided!();

    const API: Description = Description {
        path: "/api/v1/me/exceptions",
        one: "/api/v1/me/exceptions/{id}",
        tag: "schedule-exceptions",
        list: "The days that differ from a provider's hours, by day.",
        show: "Days that differ.",
        create: "Adds days off, or days with other hours.",
        change: "Changes days that differ. Sessions that are booked stay.",
        remove: "Removes days that differ: the hours of the week count again.",
        removal: &[204],
        body: "What may be set of days that differ; what is left out stays.",
    };
}

#[derive(Template)]
#[template(path = "slots/hours.html")]
struct HoursPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    has_offers: bool,
    /// Whether hours can be made of single times that repeat.
    has_times: bool,
    hours: Vec<HoursRow>,
    days: Vec<DaysRow>,
    outside: Vec<OutsideRow>,
}

/// A session that stays booked outside the hours.
struct OutsideRow {
    href: String,
    when: String,
    /// Its title, and with whom it is.
    what: [String; 2],
}

struct HoursRow {
    id: String,
    name: String,
    zone: String,
    /// Each weekday with its windows.
    week: Vec<(String, String)>,
    /// How many times they make.
    times: Vec<String>,
    /// The pages on which they are booked.
    links: Vec<PublicLink>,
}

struct DaysRow {
    id: String,
    days: String,
    hours: String,
    note: String,
}

fn hours_row(
    req: &PageRequest,
    context: &ProviderContext,
    sessions: &[OfferedSession],
    one: Schedule,
) -> HoursRow {
    let (text, now) = (&req.text, context.now);
    let offers = context.offers.iter();
    let offers = offers.filter(|offer| offer.schedule_id == one.id.as_str());
    let links = offers.filter_map(|offer| public_link(req.site.url(), sessions, &offer.id));
    HoursRow {
        links: links.collect(),
        times: context.say_hours(text, &one),
        id: one.id.to_string(),
        zone: dates::zone_name(&schedule::zone_of(&one.time_zone), now),
        week: week_rows(text, &one.week),
        name: one.name,
    }
}

fn days_row(text: &Text, one: &ScheduleException) -> DaysRow {
    let day = |text_of: &str| text_of.parse::<Date>().unwrap_or_default();
    let (first, last) = (day(&one.first_day), day(&one.last_day));
    let windows = one.hours.iter();
    let windows = windows_in_words(text, windows.map(|one| (&*one.opens, &*one.closes)));
    DaysRow {
        id: one.id.to_string(),
        days: if first == last {
            text.date_short(first)
        } else {
            let values = [
                ("from", text.date_short(first).into()),
                ("to", text.date_short(last).into()),
            ];
            text.with("hours-days", values)
        },
        hours: if windows.is_empty() {
            text.say("hours-off").into_owned()
        } else {
            windows
        },
        note: one.note.clone(),
    }
}

/// The fields of a window in a form.
struct WindowFields {
    /// The number of the window's row.
    row: usize,
    opens: FormField,
    closes: FormField,
}

/// A day of the week in the form of hours.
struct FormDay {
    name: String,
    windows: Vec<WindowFields>,
    /// An empty window, in which another part of the day is written; `None` if the day has no room for
    /// one.
    more: Option<WindowFields>,
}

#[derive(Template)]
#[template(path = "slots/hours_form.html")]
struct WeekForm<'a> {
    text: &'a Text,
    /// The keyword of each day, and the day.
    days: Vec<(&'static str, FormDay)>,
}

/// The windows of a form's list, each with the number of its row.
fn windows(form_state: &FormState, text: &Text, list: &str, rows: &[usize]) -> Vec<WindowFields> {
    let time = |row: usize, name: &str, label: &str| {
        let control = Control::Line("time", "off");
        form_state.field(&format!("{list}.{row}.{name}"), text.say(label), control)
    };
    let windows = rows.iter().map(|row| WindowFields {
        row: *row,
        opens: time(*row, "opens", "hours-opens"),
        closes: time(*row, "closes", "hours-closes"),
    });
    windows.collect()
}

/// The week in a form: the windows of each day, and an empty one for each.
fn week_form(form_state: &FormState, text: &Text) -> String {
    let form = &form_state.form;
    let count = form_state::compact(form, "week").1;
    let mut empty = count;
    let days = Weekday::ALL.iter().map(|day| {
        let of_day = |row: &usize| form.text(&format!("week.{row}.day")) == day.word();
        let rows: Vec<usize> = (0..count).filter(of_day).collect();
        let more = (rows.len() < DAY_WINDOWS).then_some(empty);
        empty += more.iter().len();
        let more: Vec<usize> = more.into_iter().collect();
        let day_of = FormDay {
            name: text.say(day.label()).into_owned(),
            windows: windows(form_state, text, "week", &rows),
            more: windows(form_state, text, "week", &more).pop(),
        };
        (day.word(), day_of)
    });
    let days = days.collect();
    WeekForm { text, days }.to_string()
}

/// Leaves out the rows of a list that have neither begin nor end.
fn without_empty(form: &Form, list: &str) -> Form {
    let is_empty = |row: &str| {
        let mut times = ["opens", "closes"].iter();
        times.all(|name| form.text(&format!("{list}.{row}.{name}")).trim().is_empty())
    };
    let prefix = format!("{list}.");
    let kept = form.iter().filter(|(name, _)| {
        let row = name
            .strip_prefix(&prefix)
            .and_then(|rest| rest.split('.').next());
        row.is_none_or(|row| !is_empty(row))
    });
    let kept: Form = kept
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    form_state::compact(&kept, list).0
}

impl PageResource for Schedule {
    const PAGES: &'static str = "/me/hours";
    const MESSAGES: Messages = Messages {
        list: "hours-title",
        new: "hours-new",
        settings: "hours-settings",
        remove_title: "hours-remove",
        remove: "hours-remove",
        remove_effect: "hours-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = DONE;
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &PageRequest, _: &ProviderContext) -> String {
        self.name.clone()
    }

    /// The hours of most people, which they change to their own.
    fn propose(&mut self) {
        if !self.week.is_empty() {
            return;
        }
        let days = [
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
        ];
        self.week = days
            .map(|day| WeekWindow {
                day,
                opens: "09:00".to_owned(),
                closes: "17:00".to_owned(),
            })
            .to_vec();
    }

    async fn prepare(posted: &mut FormPost) -> Result<Next, Problem> {
        posted.form = without_empty(&posted.form, "week");
        Ok(if posted.form.text(LOOK).is_empty() {
            Next::Save
        } else {
            Next::Show
        })
    }

    fn arrange(
        req: &PageRequest,
        context: &ProviderContext,
        one: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        let (text, form_state) = (&req.text, form.form_state);
        if one.is_none() && form_state.is_fine() {
            for field in form.groups.iter_mut().flat_map(|group| &mut group.fields) {
                if field.name == "name" && field.value.is_empty() {
                    field.value = text.say("hours-own").into_owned();
                }
            }
        }
        form.arranged = week_form(form_state, text);
        let typed = without_empty(&form_state.form, "week");
        form.effects = context.say_hours(text, &context.typed_hours(&typed, one));
    }

    async fn list_page(
        req: &PageRequest,
        context: &ProviderContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let look = move |tx: &mut Tx<'_>, provider: &Provider| {
            let id = &provider.profile.id;
            let has_times = !hours_of_times::plans(tx, provider)?.is_empty();
            let days = exception::of_provider(tx, id)?;
            let mut outside = Vec::new();
            for one in outside_hours::list(tx, id)? {
                let place = booking::place_zone(tx, &one)?;
                let name = member::name(tx, one.member_id.as_ref())?;
                outside.push((one, place, name));
            }
            let sessions = computed_time::sessions(tx)?;
            Ok::<_, Refusal>((has_times, days, outside, sessions))
        };
        let (has_times, days, outside, sessions) = req.read(look).await?;
        let (text, zone) = (&req.text, context.zone());
        let today = context.now.to_zoned(zone.clone()).date().to_string();
        let outside = outside.into_iter().map(|(one, place, name)| OutsideRow {
            href: notice::page(&one),
            when: words::moment_short_at(text, &zone, place.as_ref(), one.starts_at),
            what: [one.title, notice::named(text, &name).into_owned()],
        });
        let body = HoursPage {
            text,
            done: req.done(DONE),
            has_offers: !context.offers.is_empty(),
            has_times,
            hours: list
                .items
                .into_iter()
                .map(|one| hours_row(req, context, &sessions, one))
                .collect(),
            days: days
                .iter()
                .filter(|one| one.last_day >= today)
                .map(|one| days_row(text, one))
                .collect(),
            outside: outside.collect(),
        };
        req.show(Self::PAGES, &text.say("hours-title"), body).await
    }
}

const DONE: &[(&str, &str)] = &[
    ("saved", "slot-saved"),
    ("created", "slot-saved"),
    ("removed", "hours-removed"),
];

#[derive(Template)]
#[template(path = "slots/windows_form.html")]
struct WindowsForm<'a> {
    text: &'a Text,
    windows: Vec<WindowFields>,
}

impl PageResource for ScheduleException {
    const PAGES: &'static str = "/me/days";
    const MESSAGES: Messages = Messages {
        list: "hours-title",
        new: "hours-new-days",
        settings: "hours-which-days",
        remove_title: "hours-remove-days",
        remove: "hours-remove-days",
        remove_effect: "hours-remove-days-effect",
    };

    fn title(&self, req: &PageRequest, _: &ProviderContext) -> String {
        days_row(&req.text, self).days
    }

    async fn prepare(posted: &mut FormPost) -> Result<Next, Problem> {
        posted.form = without_empty(&posted.form, "hours");
        Ok(Next::Save)
    }

    fn arrange(
        req: &PageRequest,
        context: &ProviderContext,
        _: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        let (text, form_state) = (&req.text, form.form_state);
        let all = (String::new(), text.say("hours-all").into_owned());
        let own = context
            .hours
            .iter()
            .map(|one| (one.id.to_string(), one.name.clone()));
        let label = text.say("hours-one");
        let choice = form_state.select("schedule_id", label, std::iter::once(all).chain(own));
        for group in &mut form.groups {
            if context.hours.len() < 2 {
                group.fields.retain(|field| field.name != "schedule_id");
            } else if let Some(field) = group
                .fields
                .iter_mut()
                .find(|field| field.name == "schedule_id")
            {
                *field = choice;
                break;
            }
        }
        let count = form_state::compact(&form_state.form, "hours").1;
        let rows: Vec<usize> = (0..(count + 2).min(DAY_WINDOWS)).collect();
        let windows = windows(form_state, text, "hours", &rows);
        form.arranged = WindowsForm { text, windows }.to_string();
    }

    /// The page of the hours lists them.
    async fn list_page(
        req: &PageRequest,
        _: &ProviderContext,
        _: List<Self>,
    ) -> Result<Response, Problem> {
        let done = DONE
            .iter()
            .find(|(word, _)| *word == req.query.text("done"));
        let done = done.map_or_else(String::new, |(word, _)| format!("?done={word}"));
        Ok(see_other(&format!("{}{done}", Schedule::PAGES)))
    }
}
