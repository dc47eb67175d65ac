//! The overview: every number of an occasion, each the way to the list behind
//! it.

use askama::Template;
use axum::response::Response;
use web::{Deadline, List, Piece, Problem, Spoken, Text};

use super::curve::{Curve, Drawing};
use super::desk::{Desk, Scene};
use super::frame::Place;
use super::say::{self, Says, Tag};
use crate::diet::{self, DietaryOption};
use crate::hosting::Leave;
use crate::hosting::listing::people::Band;
use crate::hosting::listing::{self, Filter, Line, Sort};
use crate::hosting::summary::{self, Day, Summary};
use crate::web::guest::view::Mark;

/// How many answers are shown.
const LATEST: &str = "limit=6";

#[derive(Template)]
#[template(path = "host/overview.html")]
struct Overview<'a> {
    text: &'a Text,
    says: Says<'a>,
    done: Option<String>,
    stream: String,
    may_invite: bool,
    summary: &'a Summary,
    curve: Vec<Drawing>,
    today: Option<&'a Day>,
    events: Vec<Seats<'a>>,
    attention: Vec<Number>,
    latest: Vec<Latest>,
    diets: Vec<Number>,
}

/// The seats of one event.
struct Seats<'a> {
    href: String,
    name: Spoken<'a>,
    words: String,
    /// Of them, who waits for approval.
    unapproved: Option<i64>,
    left: Option<i64>,
}

/// A number with its words and its list.
struct Number {
    href: String,
    words: String,
    n: String,
}

/// A household that answered lately.
struct Latest {
    id: String,
    href: String,
    household: String,
    tags: Vec<Tag>,
    ago: String,
    at: String,
}

impl Overview<'_> {
    fn guests(&self, query: &str) -> String {
        self.says.at(&format!("/guests?{query}"))
    }

    fn invites(&self, query: &str) -> String {
        self.says.at(&format!("/invites?{query}"))
    }

    fn coming(&self) -> String {
        self.text.number(self.summary.guests.yes)
    }

    /// "of 512 guests · 57 %".
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

    /// Pieces of the bar: class, start and length in thousandths.
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

    /// Rows under the big figure: answer, number, list.
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
                "host-response-partial",
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

    /// "in 55 days", or that answers never close.
    fn closes_in(&self) -> String {
        match self.summary.days_to_deadline {
            None => self.text.say("host-never").into_owned(),
            Some(days) => self.says.days(days),
        }
    }

    fn closes_at(&self) -> Option<String> {
        let at = self.says.occasion.details.rsvp_deadline?;
        Some(self.says.deadline(at))
    }

    fn response_rate(&self) -> String {
        let percent = (self.summary.response_per_mille + 5) / 10;
        self.text
            .with("host-response-rate", [("percent", percent.into())])
    }

    /// Households that hosts may have to ask: list and words.
    fn owing(&self) -> Vec<(String, String)> {
        let all = &self.summary.invitations;
        [
            ("host-owe-all", "response=unanswered", all.unanswered),
            ("host-owe-some", "response=partial", all.partial),
        ]
        .into_iter()
        .filter(|(.., n)| *n > 0)
        .map(|(id, query, n)| (self.invites(query), self.text.with(id, [("n", n.into())])))
        .collect()
    }

    /// Every household, by how much it has answered.
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

    /// Every household, by what it may do now; and who never looked.
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
                let values = [("band", word.replace('-', "–").into())];
                rows.push(Number {
                    href: self.guests(&format!("status=yes&band={word}")),
                    words: match band {
                        Band::Unknown => say("host-children-unknown"),
                        _ => self.text.with("host-children-band", values),
                    },
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

    /// The curve in one sentence.
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

struct Found {
    summary: Summary,
    days: Vec<Day>,
    latest: List<Line>,
    diets: Vec<DietaryOption>,
}

/// `GET /admin/o/{slug}`.
pub(super) async fn show(desk: Desk) -> Result<Response, Problem> {
    let latest = Piece::read(LATEST)?;
    let (scene, found) = desk
        .read(move |tx, scene| {
            let host = &scene.host;
            let answered = Filter {
                is_answered: Some(true),
                ..Filter::default()
            };
            Ok(Found {
                summary: summary::load(tx, host)?,
                days: summary::curve(tx, host)?,
                latest: listing::invitations(tx, host, &answered, Sort::Replied, &latest)?,
                diets: diet::list(tx, host.occasion())?,
            })
        })
        .await?;
    Ok(page(&desk, &scene, &found))
}

fn page(desk: &Desk, scene: &Scene, found: &Found) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let curve = Curve {
        days: &found.days,
        deadline: deadline_day(&says),
        invited: found.summary.guests.total,
    };
    let body = Overview {
        text,
        done: desk.done(),
        stream: format!("/api/v1/occasions/{}/stream", scene.occasion.id),
        may_invite: scene.may(Leave::Invite),
        summary: &found.summary,
        curve: curve.draw(text),
        today: found.days.last(),
        events: seats(&says, scene, &found.summary),
        attention: attention(&says, &found.summary),
        latest: found
            .latest
            .items
            .iter()
            .map(|line| latest(&says, line))
            .collect(),
        diets: diets(&says, &found.summary, &found.diets),
        says: says.clone(),
    };
    desk.page(scene, Place::Overview, &text.say("host-overview"), body)
}

fn deadline_day(says: &Says<'_>) -> Option<jiff::civil::Date> {
    let at = says.occasion.details.rsvp_deadline?;
    Some(Deadline::of(&says.local(at)).day())
}

fn seats<'a>(says: &Says<'a>, scene: &'a Scene, summary: &Summary) -> Vec<Seats<'a>> {
    let numbers = summary.events.iter();
    numbers
        .filter_map(|numbers| {
            let event = scene.events.iter().find(|event| event.key == numbers.key)?;
            let yes = says.text.number(numbers.guests.yes);
            Some(Seats {
                href: says.at(&format!("/guests?event={}&status=yes", numbers.key)),
                name: says.event(event),
                words: match numbers.capacity {
                    Some(seats) => {
                        let values = [("n", yes.into()), ("seats", says.text.number(seats).into())];
                        says.text.with("host-seats-of", values)
                    }
                    None => yes,
                },
                unapproved: Some(numbers.unapproved).filter(|n| *n > 0),
                // Said where it is nearly full: a tenth, or beyond.
                left: numbers
                    .left
                    .filter(|left| numbers.capacity.is_some_and(|seats| left * 10 <= seats)),
            })
        })
        .collect()
}

fn attention(says: &Says<'_>, summary: &Summary) -> Vec<Number> {
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
    ]
    .into_iter()
    .filter(|(.., n)| *n > 0)
    .map(|(id, rest, n)| Number {
        href: says.at(rest),
        words: says.text.say(id).into_owned(),
        n: says.text.number(n),
    })
    .collect()
}

fn latest(says: &Says<'_>, line: &Line) -> Latest {
    let at = line.replied_at.unwrap_or(line.updated_at);
    Latest {
        id: line.id.to_string(),
        href: says.at(&format!("/invites/{}", line.id)),
        household: line.household.clone(),
        tags: say::tags(says.text, &line.people),
        ago: says.ago(at),
        at: says.machine(at),
    }
}

fn diets(says: &Says<'_>, summary: &Summary, options: &[DietaryOption]) -> Vec<Number> {
    let all = summary.diets.iter();
    all.map(|diet| Number {
        href: says.at(&format!("/guests?status=eating&diet={}", diet.key)),
        words: says.diet(options, &diet.key),
        n: says.text.number(diet.people),
    })
    .collect()
}

#[derive(Template)]
#[template(path = "host/curve_table.html")]
struct Table<'a> {
    text: &'a Text,
    says: Says<'a>,
    days: Vec<(String, Day)>,
}

/// `GET /admin/o/{slug}/answers`: the curve as a table.
pub(super) async fn table(desk: Desk) -> Result<Response, Problem> {
    let (scene, days) = desk
        .read(|tx, scene| summary::curve(tx, &scene.host))
        .await?;
    let mut days: Vec<(String, Day)> = days
        .into_iter()
        .map(|day| (desk.text.date_short(day.date), day))
        .collect();
    days.reverse();
    let body = Table {
        text: &desk.text,
        says: desk.says(&scene),
        days,
    };
    let title = desk.text.say("host-curve");
    Ok(desk.page(&scene, Place::Overview, &title, body))
}
