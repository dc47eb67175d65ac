//! The list of points that hosts still have to resolve before the events. Each point has links to
//! the pages on which hosts can resolve it.

use askama::Template;
use axum::response::Response;
use site::resource::pages::PageResource as _;
use web::{I18n, Problem, Site, Text};

use super::frame::Place;
use super::not_answered;
use super::publishing;
use super::request::{HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::announcement::Announcement;
use crate::event::PlannedEvent;
use crate::gift::Gift;
use crate::hosting::Permission::{self, Invite, Own, SeeAnswers, Write};
use crate::hosting::listing::filter::unanswered_word;
use crate::hosting::ready::{self, OpenPoint, ReadyPoint};
use crate::id::EventId;
use crate::occasion_page::OccasionPage;
use crate::question::{self, Question};
use crate::words::OccasionStatus;

#[derive(Template)]
#[template(path = "host/ready.html")]
struct ReadyPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    open: i64,
    is_over: bool,
    lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) words: String,
    pub(super) households: Vec<(String, String)>,
    pub(super) more: i64,
    /// Paths and labels. The last leads to the page on which hosts deal with the point.
    pub(super) links: Vec<(String, &'static str)>,
    /// What publishing does, if this line has the button for it.
    pub(super) publishes: Option<String>,
}

impl ReadyPage<'_> {
    fn all(&self) -> String {
        all(&self.wording)
    }
}

/// Says that nothing is left to do.
pub(super) fn all(wording: &Wording<'_>) -> String {
    let title = wording.pick(&wording.occasion.title);
    let values = [("title", title.text.into())];
    wording.text.with("host-ready-all", values)
}

impl Line {
    /// The page on which hosts deal with the point.
    pub(super) fn main(&self) -> Option<&(String, &'static str)> {
        self.links.last()
    }

    pub(super) fn others(&self) -> &[(String, &'static str)] {
        self.links.split_last().map_or(&[], |(_, others)| others)
    }
}

/// Handles `GET /admin/o/{slug}/ready`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let site = req.site.clone();
    let (context, (found, questions)) = req
        .read(move |tx, context| {
            Ok((
                ready::load(tx, &site, &context.host)?,
                question::of(tx, context.host.occasion())?,
            ))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let page = PointLines {
        site: &req.site,
        wording: &wording,
        context: &context,
        questions: &questions,
    };
    let body = ReadyPage {
        text,
        done: req.done(),
        open: i64::try_from(found.open).unwrap_or(i64::MAX),
        is_over: found.is_over,
        lines: found.points.iter().map(|point| page.line(point)).collect(),
        wording: wording.clone(),
    };
    let title = text.say("host-ready");
    Ok(req.page(&context, Place::Home, &title, body))
}

pub(super) struct PointLines<'a> {
    pub(super) site: &'a Site,
    pub(super) wording: &'a Wording<'a>,
    pub(super) context: &'a PageContext,
    pub(super) questions: &'a [Question],
}

impl PointLines<'_> {
    pub(super) fn line(&self, point: &OpenPoint) -> Line {
        let text = self.wording.text;
        let of = point.of.as_deref().unwrap_or_default();
        let names: Vec<String> = self
            .wording
            .languages()
            .into_iter()
            .filter(|(tag, _)| point.languages.contains(tag))
            .map(|(_, name)| name)
            .collect();
        let name = match point.point {
            ReadyPoint::TextsMissing => text.say(place_name(of)).into_owned(),
            ReadyPoint::MealOpen => self.question(of).map_or_else(String::new, |one| {
                self.wording.pick(&one.title).text.to_owned()
            }),
            _ => self.event(of).map_or_else(String::new, |(_, name)| {
                self.wording.pick(name).text.to_owned()
            }),
        };
        let values = [
            ("count", point.count.into()),
            ("n", text.number(point.count).into()),
            ("of", name.into()),
            ("languages", names.join(&text.say("list-comma")).into()),
        ];
        let named = point.households.iter();
        let households: Vec<(String, String)> = named
            .map(|one| {
                let href = self.wording.at(&format!("/invites/{}", one.id));
                (href, one.name.clone())
            })
            .collect();
        let shown = i64::try_from(households.len()).unwrap_or(i64::MAX);
        let links = self.links(point.point, of).into_iter();
        let links = links.filter(|(_, _, needs)| needs.is_none_or(|one| self.context.may(one)));
        let is_draft = self.context.occasion.status == OccasionStatus::Draft;
        Line {
            words: text.with(point.point.label(), values),
            more: if households.is_empty() {
                0
            } else {
                point.count - shown
            },
            households,
            links: links
                .map(|(rest, label, _)| (self.wording.at(&rest), label))
                .collect(),
            publishes: (point.point == ReadyPoint::Draft && is_draft && self.context.may(Own))
                .then(|| publishing::effect(self.site, self.wording, self.context)),
        }
    }

    /// The id and the name of an event, cancelled or not.
    fn event(&self, key: &str) -> Option<(&EventId, &I18n)> {
        let (on, off) = (&self.context.events, &self.context.cancelled);
        let on = on.iter().find(|event| event.key == key);
        let off = off.iter().find(|event| event.key == key);
        on.map(|event| (&event.id, &event.name))
            .or_else(|| off.map(|event| (&event.id, &event.name)))
    }

    fn event_id(&self, key: &str) -> String {
        let id = self.event(key).map(|(id, _)| id.to_string());
        id.unwrap_or_default()
    }

    fn question(&self, key: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.key == key)
    }

    /// Path, label, and the permission that the page requires.
    fn links(
        &self,
        point: ReadyPoint,
        of: &str,
    ) -> Vec<(String, &'static str, Option<Permission>)> {
        let list = |rest: &str| (rest.to_owned(), "host-ready-see", None);
        let press = |rest: &str, label, needs| (rest.to_owned(), label, Some(needs));
        let form = |key: &str| format!("{}/{}", PlannedEvent::PAGES, self.event_id(key));
        match point {
            ReadyPoint::Draft | ReadyPoint::PrivateAddress | ReadyPoint::MailFails => Vec::new(),
            ReadyPoint::NoInvitations => vec![
                press("/invites/new", "host-first-invitation", Invite),
                press("/import", "host-import", Invite),
            ],
            ReadyPoint::NoPlace => {
                vec![press(&form(of), "host-ready-do-place", Own)]
            }
            ReadyPoint::NoContact => {
                vec![press("/settings/contact", "host-ready-do-contact", Own)]
            }
            ReadyPoint::NoDeadline => {
                vec![press("/settings/deadline", "host-ready-do-deadline", Own)]
            }
            ReadyPoint::DeadlinePassed => vec![
                list(not_answered::page_of(self.context)),
                press("/settings/deadline", "host-ready-do-later", Own),
            ],
            ReadyPoint::TextsMissing => {
                vec![press(text_page(of), "host-ready-do-texts", Write)]
            }
            ReadyPoint::Moved => {
                let page = format!("/send/moved/{}", self.event_id(of));
                vec![press(&page, "host-ready-do-tell", Invite)]
            }
            ReadyPoint::NewsUnpublished => {
                vec![press(Announcement::PAGES, "host-ready-do-news", Write)]
            }
            ReadyPoint::Unreachable => vec![list("/invites?contact=no&answered=no")],
            ReadyPoint::NotSent => {
                vec![
                    list("/invites?invited=no"),
                    press("/send", "host-ready-do-send", Invite),
                ]
            }
            ReadyPoint::Owing => {
                vec![
                    list(not_answered::page_of(self.context)),
                    press("/send#reminders", "host-ready-do-remind", Invite),
                ]
            }
            ReadyPoint::Unapproved => vec![list("/invites?open=waiting")],
            ReadyPoint::Unthanked => vec![press("/send#thanks", "host-send-thank", Invite)],
            ReadyPoint::UnthankedComing => {
                vec![press("/send/thanks", "host-send-thank", Invite)]
            }
            ReadyPoint::PicturesWait => {
                vec![press("/uploads", "host-ready-do-pictures", SeeAnswers)]
            }
            ReadyPoint::Waiting => vec![
                list(&format!("/invites?response=waitlisted&event={of}")),
                press(&form(of), "host-ready-do-seats", Own),
            ],
            ReadyPoint::MealOpen => self.question(of).map_or_else(Vec::new, |question| {
                let open = unanswered_word(question);
                let event = question.events.first().map_or("", String::as_str);
                let pairs = [("event", event), ("status", "yes"), ("answer", &*open)];
                vec![list(&wording::address("/guests", pairs))]
            }),
        }
    }
}

fn text_page(place: &str) -> &'static str {
    match place {
        "events" => PlannedEvent::PAGES,
        "questions" => Question::PAGES,
        "news" => Announcement::PAGES,
        "pages" => OccasionPage::PAGES,
        "gifts" => Gift::PAGES,
        _ => "/settings/texts",
    }
}

fn place_name(place: &str) -> &'static str {
    match place {
        "events" => "host-events",
        "questions" => "host-questions",
        "news" => "host-news",
        "pages" => "host-info-pages",
        "gifts" => "host-gifts",
        _ => "host-texts",
    }
}
