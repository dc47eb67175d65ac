//! The page of a group of the menu. It lists the group's pages, each with its state.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};
use web::{Problem, Text};

use super::groups::{Group, Place};
use super::request::{HostRequest, PageContext};

impl HostRequest {
    /// A short line about the state of what a page is about; empty if there is none.
    fn state(&self, context: &PageContext, place: Place) -> String {
        let (text, occasion) = (&self.text, &context.occasion);
        let wording = self.wording(context);
        let say = |id: &str| text.say(id).into_owned();
        match place {
            Place::Invitations => text.number(context.sizes.invitations),
            Place::Guests => text.number(context.sizes.guests),
            Place::Look => say(occasion.theme.preset.label()),
            Place::Words => {
                let names = wording.languages().into_iter().map(|(_, name)| name);
                names.collect::<Vec<_>>().join(" · ")
            }
            Place::Events => {
                let names = context.events.iter().map(|event| wording.event(event).text);
                names.collect::<Vec<_>>().join(" · ")
            }
            Place::Deadline => match occasion.rsvp_deadline {
                Some(at) => wording.deadline(at),
                None => say("host-menu-no-deadline"),
            },
            Place::Sending => self.count(context, Group::Send).unwrap_or_default(),
            Place::General => format!(
                "{} · {}",
                wording.zone_words(&occasion.time_zone),
                wording.currency_words(&occasion.currency)
            ),
            Place::State => say(occasion.status.label()),
            _ => String::new(),
        }
    }
}

#[derive(Template)]
#[template(path = "host/menu.html")]
struct Menu<'a> {
    text: &'a Text,
    title: &'a str,
    rows: Vec<Row>,
    /// Whether the page also leads out of the occasion.
    is_more: bool,
}

struct Row {
    label: &'static str,
    href: String,
    state: String,
}

/// Handles `GET /admin/o/{slug}/menu/{group}`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let group = Group::find(req.piece("group")).ok_or_else(Problem::not_found)?;
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let items = req.items(&context, group);
    if items.is_empty() {
        return Err(Problem::not_found());
    }
    let wording = req.wording(&context);
    let title = req.text.say(group.label());
    let rows = items.into_iter().map(|item| Row {
        label: item.label,
        href: wording.at(item.path),
        state: req.state(&context, item.place),
    });
    let body = Menu {
        text: &req.text,
        title: &title,
        rows: rows.collect(),
        is_more: group == Group::More,
    };
    Ok(req.page(&context, Place::Group(group), &title, body))
}

/// Handles `GET /admin/o/{slug}/more`, where the group "More" once was.
pub(super) async fn moved(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let here = req.wording(&context).at(&Group::More.path());
    Ok(Redirect::permanent(&here).into_response())
}
