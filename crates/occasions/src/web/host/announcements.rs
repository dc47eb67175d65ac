//! The hosts' pages for announcements. The JSON API has the same operations.

use ::web::{List, Problem, Text};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{Messages, PageResource};

use super::frame::Place;
use super::request::{HostRequest, PageContext};
use super::resource::{READS, WRITES};
use super::wording::Wording;
use crate::announcement::Announcement;
use crate::hosting::{HostOf, Permission, Refusal};
use crate::web::access::HostAccess;

impl ApiResource for Announcement {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/announcements",
        one: "/api/v1/occasions/{id}/announcements/{announcement}",
        tag: "announcements",
        list: "All announcements: first those that are pinned, then the newest.",
        show: "One announcement.",
        create: "Adds an announcement: at most 200.",
        change: "Changes an announcement, publishes it or takes it back.",
        remove: "Deletes an announcement.",
        removal: &[204],
        body: "What hosts may set about an announcement; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = WRITES;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for Announcement {
    const PAGES: &'static str = "/settings/news";
    const MESSAGES: Messages = Messages {
        list: "host-news",
        new: "host-new-news",
        settings: "host-news-shown",
        remove_title: "host-remove-news",
        remove: "host-remove-news",
        remove_effect: "host-remove-news-effect",
    };

    fn propose(&mut self) {
        self.published = true;
    }

    fn title(&self, req: &HostRequest, context: &PageContext) -> String {
        req.wording(context).pick(&self.title).to_string()
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let wording = req.wording(context);
        let rows = list.items.iter().map(|one| Row {
            href: wording.at(&format!("{}/{}", Self::PAGES, one.id)),
            words: one.title(req, context),
            is_pinned: one.pinned,
            since: one.published_at.map(|at| {
                let day = req.text.date_short(wording.local(at).date());
                req.text.with("host-news-since", [("day", day.into())])
            }),
        });
        let body = News {
            text: &req.text,
            done: req.done(),
            rows: rows.collect(),
            may_mail: context.may(Permission::Invite),
            wording: wording.clone(),
        };
        Ok(req.page(context, Place::News, &req.text.say("host-news"), body))
    }
}

#[derive(Template)]
#[template(path = "host/news.html")]
struct News<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row>,
    may_mail: bool,
}

struct Row {
    href: String,
    words: String,
    is_pinned: bool,
    since: Option<String>,
}
