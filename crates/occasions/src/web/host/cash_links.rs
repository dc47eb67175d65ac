//! The hosts' pages for ways to give money. The JSON API has the same operations.

use ::web::{List, Problem, Text};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, PageResource};

use super::frame::Place;
use super::gifts::Tab;
use super::request::{HostRequest, PageContext};
use super::resource::{READS, WRITES};
use super::wording::Wording;
use crate::cash_link::{CashKind, CashLink};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::web::access::HostAccess;

impl ApiResource for CashLink {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/cash-links",
        one: "/api/v1/occasions/{id}/cash-links/{link}",
        tag: "cash links",
        list: "The ways to give money, in the order in which they are shown.",
        show: "One way to give money.",
        create: "Adds a way to give money: at most 20.",
        change: "Changes a way to give money.",
        remove: "Removes a way to give money.",
        removal: &[204],
        body: "What hosts may set about a way to give money; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = WRITES;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for CashLink {
    const PAGES: &'static str = "/gifts/cash";
    const MESSAGES: Messages = Messages {
        list: "host-cash",
        new: "host-new-cash",
        settings: "host-cash-about",
        remove_title: "host-remove-cash",
        remove: "host-remove-cash",
        remove_effect: "host-remove-cash-effect",
    };
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &HostRequest, _: &PageContext) -> String {
        self.label.clone()
    }

    fn arrange(req: &HostRequest, _: &PageContext, _: Option<&Self>, form: &mut EditForm<'_>) {
        let mut fields = form.groups.iter_mut().flat_map(|group| &mut group.fields);
        if let Some(kind) = fields.find(|field| field.name == "kind") {
            let hints = [
                "host-cash-kind-link-hint",
                "host-cash-kind-bank-hint",
                "host-cash-kind-duitnow-hint",
            ];
            kind.show_as_radios(hints.map(|id| req.text.say(id).into_owned()));
        }
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let (text, wording) = (&req.text, req.wording(context));
        let row = |one: &CashLink| Row {
            href: wording.at(&format!("{}/{}", Self::PAGES, one.id)),
            label: one.label.clone(),
            kind: one.kind.label(),
            where_to: match one.kind {
                CashKind::Link => one.host().to_owned(),
                CashKind::Bank | CashKind::DuitNow => one.spaced_account(),
            },
            has_qr: one.payment_text().is_some(),
            is_away: !one.active,
        };
        let body = CashPage {
            text,
            done: req.done(),
            rows: list.items.iter().map(row).collect(),
            may_write: context.may(Permission::Write),
            may_own: context.may(Permission::Own),
            is_off: !context.occasion.switches.cash_links,
            here: Tab::Cash,
            wording: wording.clone(),
        };
        Ok(req.page(context, Place::Gifts, &text.say("host-cash"), body))
    }
}

#[derive(Template)]
#[template(path = "host/cash_links.html")]
struct CashPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row>,
    may_write: bool,
    may_own: bool,
    is_off: bool,
    here: Tab,
}

struct Row {
    href: String,
    label: String,
    kind: &'static str,
    where_to: String,
    has_qr: bool,
    is_away: bool,
}
