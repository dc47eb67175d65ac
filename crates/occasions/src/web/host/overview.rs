//! The overview of the answers. Each number links to the list that it counts.

use askama::Template;
use axum::response::Response;
use web::{Deadline, List, PageQuery, Problem, Spoken, Text};

use super::curve::{Curve, Drawing};
use super::filters;
use super::frame::Place;
use super::meals::{self, MealTable};
use super::not_answered;
use super::request::{HostRequest, PageContext};
use super::wording::{self, Tag, Wording};
use crate::diet::{self, DietaryOption};
use crate::hosting::Permission;
use crate::hosting::listing::people::Band;
use crate::hosting::listing::{self, InvitationFilter, InvitationRow, Sort};
use crate::hosting::summary::{self, Day, Summary};
use crate::question::{self, Question};
use crate::web::guest::view::Mark;

const LATEST: &str = "limit=6";

#[derive(Template)]
#[template(path = "host/overview.html")]
struct Overview<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    stream: String,
    may_invite: bool,
    summary: &'a Summary,
    curve: Vec<Drawing>,
    today: Option<&'a Day>,
    events: Vec<Seats<'a>>,
    attention: Vec<Number>,
    /// The page of the households that have not answered everything, and its label.
    owing: Option<(String, String)>,
    latest: Vec<Latest>,
    diets: Vec<Number>,
    meals: Vec<MealTable<'a>>,
}

struct Seats<'a> {
    href: String,
    name: Spoken<'a>,
    words: String,
    unapproved: Option<i64>,
    /// How many guests and households wait for a seat, and the link to these households.
    waiting: Option<(String, String)>,
    left: Option<i64>,
}

struct Number {
    href: String,
    words: String,
    n: String,
}

/// An answer that came lately.
pub(super) struct Latest {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) household: String,
    pub(super) tags: Vec<Tag>,
    pub(super) ago: String,
    pub(super) at: String,
}

impl Overview<'_> {
    fn guests(&self, query: &str) -> String {
        self.wording.at(&format!("/guests?{query}"))
    }

    fn invites(&self, query: &str) -> String {
        self.wording.at(&format!("/invites?{query}"))
    }

    fn coming(&self) -> String {
        self.text.number(self.summary.guests.yes)
    }

    fn of_all(&self) -> String {
        let percent = (self.summary.attendance_per_mille + 5) / 10;
        let total = self.summary.guests.total;
        let values = [
            ("count", total.into()),
            ("n", self.text.number(total).into()),
            ("percent", percent.into()),
        ];
        self.text.with("host-of-guests", values)
    }

    /// CSS class, start and length of each segment. Both are in thousandths of the bar.
    fn meter(&self) -> Vec<(&'static str, i64, i64)> {
        let people = &self.summary.guests;
        let total = people.total.max(1);
        let mut start = 0;
        let mut pieces = Vec::new();
        for (class, n) in [
            ("yes", people.yes),
            ("no", people.no),
            ("maybe", people.undecided),
            ("wait", people.waitlisted),
        ] {
            let length = n * 1_000 / total;
            if length > 0 {
                pieces.push((class, start, (length - 4).max(3)));
            }
            start += length;
        }
        pieces
    }

    /// Each has an answer, the number of guests who gave it, and the link to their list.
    fn answers(&self) -> Vec<(Tag, String, String)> {
        let people = &self.summary.guests;
        let unanswered = people.pending - people.partial;
        [
            (Mark::No, "reply-no", people.no, "no"),
            (
                Mark::Undecided,
                "reply-undecided",
                people.undecided,
                "undecided",
            ),
            (
                Mark::Waitlisted,
                "reply-waitlisted",
                people.waitlisted,
                "waitlisted",
            ),
            (
                Mark::Pending,
                "host-person-partial",
                people.partial,
                "partial",
            ),
            (Mark::Pending, "reply-pending", unanswered, "unanswered"),
        ]
        .into_iter()
        .filter(|(.., n, word)| *n > 0 || !matches!(*word, "waitlisted" | "partial"))
        .map(|(mark, id, n, word)| {
            let tag = Tag {
                class: mark.class(),
                words: self.text.say(id).into_owned(),
            };
            let href = self.guests(&format!("status={word}"));
            (tag, self.text.number(n), href)
        })
        .collect()
    }

    fn closes_in(&self) -> String {
        match self.summary.days_to_deadline {
            None => self.text.say("host-never").into_owned(),
            Some(days) => self.wording.days(days),
        }
    }

    fn closes_at(&self) -> Option<String> {
        let at = self.wording.occasion.rsvp_deadline?;
        Some(self.wording.deadline(at))
    }

    fn response_rate(&self) -> String {
        let percent = (self.summary.response_per_mille + 5) / 10;
        self.text
            .with("host-response-rate", [("percent", percent.into())])
    }

    fn responses(&self) -> Vec<Number> {
        let all = &self.summary.invitations;
        self.households([
            ("host-response-complete", "response=complete", all.complete),
            ("host-response-partial", "response=partial", all.partial),
            (
                "host-response-unanswered",
                "response=unanswered",
                all.unanswered,
            ),
        ])
    }

    fn access(&self) -> Vec<Number> {
        let all = &self.summary.invitations;
        self.households([
            ("host-households-open", "access=open", all.open),
            ("host-households-closed", "access=closed", all.closed),
            ("host-households-locked", "access=locked", all.locked),
            (
                "host-households-never-opened",
                "opened=no",
                all.never_opened,
            ),
        ])
    }

    fn households<const N: usize>(&self, rows: [(&str, &str, i64); N]) -> Vec<Number> {
        rows.into_iter()
            .map(|(id, query, n)| Number {
                href: self.invites(query),
                words: self.text.say(id).into_owned(),
                n: self.text.number(n),
            })
            .collect()
    }

    fn ages(&self) -> Vec<Number> {
        let coming = &self.summary.coming;
        let say = |id: &str| self.text.say(id).into_owned();
        let mut rows = vec![Number {
            href: self.guests("status=yes&child=no"),
            words: say("host-adults"),
            n: self.text.number(coming.adults),
        }];
        for band in Band::ALL {
            let word = band.word();
            let n = coming.by_age.get(word).copied().unwrap_or(0);
            if n > 0 {
                rows.push(Number {
                    href: self.guests(&format!("status=yes&band={word}")),
                    words: filters::band(self.text, word, band.label()),
                    n: self.text.number(n),
                });
            }
        }
        rows
    }

    fn plus_ones(&self) -> String {
        let places = self.summary.plus_ones;
        let values = [
            ("used", places.used.into()),
            ("allowed", places.allowed.into()),
        ];
        self.text.with("host-plus-ones-used", values)
    }

    fn sentence(&self) -> String {
        let Some(day) = self.today else {
            return self.text.say("host-curve-none").into_owned();
        };
        let values = [
            ("yes", day.yes.into()),
            ("no", day.no.into()),
            ("undecided", day.undecided.into()),
            ("total", self.summary.guests.total.into()),
        ];
        self.text.with("host-curve-sentence", values)
    }
}

struct OverviewData {
    summary: Summary,
    days: Vec<Day>,
    latest: List<InvitationRow>,
    diets: Vec<DietaryOption>,
    questions: Vec<Question>,
}

/// Handles `GET /admin/o/{slug}/answers`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let latest = PageQuery::read(LATEST)?;
    let (context, found) = req
        .read(move |tx, context| {
            let host = &context.host;
            let (summary, days) = summary::load_with_curve(tx, host)?;
            Ok(OverviewData {
                summary,
                days,
                latest: listing::invitations(tx, host, &answered(), Sort::Replied, &latest)?,
                diets: diet::list(tx, host.occasion())?,
                questions: question::of(tx, host.occasion())?,
            })
        })
        .await?;
    Ok(page(&req, &context, &found))
}

/// The households that have answered.
pub(super) fn answered() -> InvitationFilter {
    InvitationFilter {
        answered: Some(true),
        ..InvitationFilter::default()
    }
}

fn page(req: &HostRequest, context: &PageContext, found: &OverviewData) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let curve = Curve {
        days: &found.days,
        deadline: deadline_day(&wording),
        invited: found.summary.guests.total,
    };
    let body = Overview {
        text,
        done: req.done(),
        stream: format!("/api/v1/occasions/{}/stream", context.occasion.id),
        may_invite: context.may(Permission::Invite),
        summary: &found.summary,
        curve: curve.draw(text),
        today: found.days.last(),
        events: seats(&wording, context, &found.summary),
        attention: attention(&wording, &found.summary),
        owing: owing(&wording, context, &found.summary),
        latest: found
            .latest
            .items
            .iter()
            .map(|line| latest(&wording, line))
            .collect(),
        diets: diets(&wording, &found.summary, &found.diets),
        meals: meals::tables(&wording, context, &found.summary, &found.questions),
        wording: wording.clone(),
    };
    req.page(context, Place::Overview, &text.say("host-overview"), body)
}

/// The page of the households that have not answered everything, and its label.
fn owing(
    wording: &Wording<'_>,
    context: &PageContext,
    summary: &Summary,
) -> Option<(String, String)> {
    let n = summary.invitations.owing;
    let words = || wording.text.with("host-send-owing", [("n", n.into())]);
    (n > 0).then(|| (wording.at(not_answered::page_of(context)), words()))
}

fn deadline_day(wording: &Wording<'_>) -> Option<jiff::civil::Date> {
    let at = wording.occasion.rsvp_deadline?;
    Some(Deadline::of(&wording.local(at)).day())
}

fn seats<'a>(wording: &Wording<'a>, context: &'a PageContext, summary: &Summary) -> Vec<Seats<'a>> {
    let numbers = summary.events.iter();
    numbers
        .filter_map(|numbers| {
            let event = context
                .events
                .iter()
                .find(|event| event.key == numbers.key)?;
            let yes = wording.text.number(numbers.guests.yes);
            Some(Seats {
                href: wording.at(&format!("/guests?event={}&status=yes", numbers.key)),
                name: wording.event(event),
                words: match numbers.capacity {
                    Some(seats) => {
                        let values = [
                            ("n", yes.into()),
                            ("seats", wording.text.number(seats).into()),
                        ];
                        wording.text.with("host-seats-of", values)
                    }
                    None => yes,
                },
                unapproved: Some(numbers.unapproved).filter(|n| *n > 0),
                waiting: (numbers.waiting_households > 0).then(|| {
                    let guests = numbers.guests.waitlisted;
                    wording.waiting(&numbers.key, guests, numbers.waiting_households)
                }),
                // The number of free seats is shown only if at most a tenth of the seats is free.
                left: numbers.left.filter(|left| {
                    let seats = numbers.capacity.unwrap_or_default();
                    (0..=seats / 10).contains(left)
                }),
            })
        })
        .collect()
}

fn attention(wording: &Wording<'_>, summary: &Summary) -> Vec<Number> {
    let attention = summary.attention;
    [
        ("host-look-notes", "/invites?note=yes", attention.notes),
        (
            "host-look-diet-notes",
            "/guests?status=eating&diet_note=yes",
            attention.diet_notes,
        ),
        (
            "host-look-over",
            "/invites?over=yes",
            attention.over_allowance,
        ),
        (
            "host-look-without-email",
            "/invites?email=no",
            attention.without_email,
        ),
        ("host-look-uploads", "/uploads", attention.uploads),
    ]
    .into_iter()
    .filter(|(.., n)| *n > 0)
    .map(|(id, rest, n)| Number {
        href: wording.at(rest),
        words: wording.text.say(id).into_owned(),
        n: wording.text.number(n),
    })
    .collect()
}

pub(super) fn latest(wording: &Wording<'_>, line: &InvitationRow) -> Latest {
    let at = line.replied_at.unwrap_or(line.updated_at);
    Latest {
        id: line.id.to_string(),
        href: wording.at(&format!("/invites/{}", line.id)),
        household: line.household.clone(),
        tags: wording::tags(wording.text, &line.people),
        ago: wording.ago(at),
        at: wording.machine(at),
    }
}

fn diets(wording: &Wording<'_>, summary: &Summary, options: &[DietaryOption]) -> Vec<Number> {
    let all = summary.diets.iter();
    let all = all.map(|diet| Number {
        href: wording.at(&format!("/guests?status=eating&diet={}", diet.key)),
        words: wording.diet(options, &diet.key),
        n: wording.text.number(diet.people),
    });
    let own = (summary.diet_notes > 0).then(|| Number {
        href: wording.at("/guests?status=eating&diet_note=yes"),
        words: wording.text.say("host-filter-diet-note-yes").into_owned(),
        n: wording.text.number(summary.diet_notes),
    });
    all.chain(own).collect()
}

#[derive(Template)]
#[template(path = "host/curve_table.html")]
struct Table<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    days: Vec<(String, Day)>,
}

/// Handles `GET /admin/o/{slug}/answers/days`. Shows the answers over time as a table.
pub(super) async fn table(req: HostRequest) -> Result<Response, Problem> {
    let (context, days) = req
        .read(|tx, context| summary::curve(tx, &context.host))
        .await?;
    let mut days: Vec<(String, Day)> = days
        .into_iter()
        .map(|day| (req.text.date_short(day.date), day))
        .collect();
    days.reverse();
    let body = Table {
        text: &req.text,
        wording: req.wording(&context),
        days,
    };
    let title = req.text.say("host-curve");
    Ok(req.page(&context, Place::Overview, &title, body))
}
