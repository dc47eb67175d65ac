//! The pages on which hosts write information pages for their guests. The JSON API has the same
//! operations.

use ::web::{Language, List, Problem, Text};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, PageResource};

use super::frame::Place;
use super::request::{HostRequest, PageContext};
use super::resource::{OWNS, READS, WRITES};
use super::wording::Wording;
use crate::hosting::{HostOf, Permission, Refusal};
use crate::occasion_page::{OccasionPage, Title};
use crate::web::access::HostAccess;
use crate::words::PageAudience;

impl ApiResource for OccasionPage {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/pages",
        one: "/api/v1/occasions/{id}/pages/{key}",
        tag: "occasion pages",
        list: "All pages for guests, in the order they are shown.",
        show: "One page for guests.",
        create: "Adds a page for guests.",
        change: "Changes a page for guests. Coordinators change its words.",
        remove: "Removes a page for guests.",
        removal: &[204],
        body: "What hosts may set about a page for guests; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = WRITES;
    const OWNS: HostAccess = OWNS;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for OccasionPage {
    const PAGES: &'static str = "/settings/pages";
    const MESSAGES: Messages = Messages {
        list: "host-info-pages",
        new: "host-page-new",
        settings: "host-page-where",
        remove_title: "host-page-remove",
        remove: "host-page-remove",
        remove_effect: "host-page-remove-effect",
    };
    const CHOSEN: &'static [&'static str] = &["key", "position"];

    fn title(&self, req: &HostRequest, context: &PageContext) -> String {
        let title = self.title(&req.text, &context.occasion.default_language);
        title.spoken().to_string()
    }

    fn arrange(
        req: &HostRequest,
        context: &PageContext,
        one: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        let public = one.filter(|one| one.audience == PageAudience::Everybody);
        form.more = public.map(|one| {
            let path = format!("/o/{}/pages/{}", context.occasion.slug, one.key);
            (path, req.text.say("host-page-see").into_owned())
        });
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let (text, wording) = (&req.text, req.wording(context));
        let row = |page: &Self| Row {
            href: wording.at(&format!("{}/{}", Self::PAGES, page.key)),
            title: page.title(text, &context.occasion.default_language),
            languages: languages(page, context),
            audience: page.audience,
        };
        let body = OccasionPages {
            text,
            done: req.done(),
            rows: list.items.iter().map(row).collect(),
            may_own: context.may(Permission::Own),
            wording: wording.clone(),
        };
        Ok(req.page(context, Place::Pages, &text.say("host-info-pages"), body))
    }
}

/// Each language is named in that language itself.
fn languages(page: &OccasionPage, context: &PageContext) -> String {
    let offered = context.occasion.languages.iter();
    let missing = offered.filter(|tag| page.body.find(tag).is_none());
    let names: Vec<String> = missing
        .map(|tag| Language::of(tag).name.into_owned())
        .collect();
    names.join(", ")
}

#[derive(Template)]
#[template(path = "host/occasion_pages.html")]
struct OccasionPages<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row>,
    may_own: bool,
}

struct Row {
    href: String,
    title: Title,
    languages: String,
    audience: PageAudience,
}
