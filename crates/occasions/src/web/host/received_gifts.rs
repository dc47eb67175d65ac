//! The hosts' pages for the list of received gifts. The JSON API has the same operations.

use ::web::form_state::{Control, Field, FormState};
use ::web::{Deadline, Form, List, Problem, Text};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, PageResource};

use super::frame::Place;
use super::gifts::Tab;
use super::request::{HostForm, HostRequest, PageContext};
use super::resource::{READS, WRITES};
use super::wording::Wording;
use crate::hosting::listing::{self, InvitationFilter};
use crate::hosting::received_gifts::{self, ReceivedGift};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::id::ReceivedGiftId;
use crate::web::access::HostAccess;

impl ApiResource for ReceivedGift {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/received-gifts",
        one: "/api/v1/occasions/{id}/received-gifts/{gift}",
        tag: "received gifts",
        list: "The hosts' book of received gifts, the latest first.",
        show: "One received gift.",
        create: "Enters a gift.",
        change: "Changes an entry.",
        remove: "Removes an entry. The reservation that it fulfilled is open again.",
        removal: &[204],
        body: "What hosts may set about a received gift; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = WRITES;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for ReceivedGift {
    const PAGES: &'static str = "/gifts/received";
    const MESSAGES: Messages = Messages {
        list: "host-received",
        new: "host-new-received",
        settings: "host-received-about",
        remove_title: "host-remove-received",
        remove: "host-remove-received",
        remove_effect: "host-remove-received-effect",
    };

    fn title(&self, _: &HostRequest, _: &PageContext) -> String {
        self.giver.clone()
    }

    fn arrange(_: &HostRequest, _: &PageContext, _: Option<&Self>, form: &mut EditForm<'_>) {
        // The field for the giver shows the household's name. So the household's id is in a hidden
        // field.
        let household = form.take("household");
        if let Some(household) = household.filter(|field| !field.value.is_empty()) {
            form.hidden.push(("household", household.value));
        }
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let look = |tx: &mut Tx<'_>, context: &PageContext| {
            listing::all_invitations(tx, &context.host, &InvitationFilter::default())
        };
        let (_, households) = req.read(look).await?;
        let (text, wording) = (&req.text, req.wording(context));
        let is_owed = |one: &&ReceivedGift| one.thanked_at.is_none();
        let only_owed = req.query.text("thanks") == "yes";
        let owed = list.items.iter().filter(is_owed).count();
        let shown = list.items.iter().filter(|one| !only_owed || is_owed(one));
        let options = households
            .iter()
            .map(|one| (one.id.to_string(), one.household.clone()));
        let somebody = (String::new(), text.say("host-received-other").into_owned());
        let form_state = FormState::of(Form::default());
        let choice = form_state.field(
            "household",
            text.say("host-received-who"),
            Control::Select(std::iter::once(somebody).chain(options).collect()),
        );
        let body = ReceivedPage {
            text,
            done: req.done(),
            rows: shown.map(|one| row(&wording, one)).collect(),
            total: list.items.len(),
            owed,
            only_owed,
            choice,
            may_write: context.may(Permission::Write),
            mail: (context.may(Permission::Invite) && owed > 0)
                .then(|| wording.at("/mail/new?kind=thanks&thanks=yes")),
            here: Tab::Received,
            wording: wording.clone(),
        };
        Ok(req.page(context, Place::Gifts, &text.say("host-received"), body))
    }
}

#[derive(Template)]
#[template(path = "host/received_gifts.html")]
struct ReceivedPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row<'a>>,
    total: usize,
    owed: usize,
    only_owed: bool,
    choice: Field,
    may_write: bool,
    mail: Option<String>,
    here: Tab,
}

struct Row<'a> {
    href: String,
    giver: &'a str,
    household: Option<String>,
    description: &'a str,
    amount: Option<String>,
    day: String,
    is_thanked: bool,
    thank: String,
}

fn row<'a>(wording: &Wording<'a>, one: &'a ReceivedGift) -> Row<'a> {
    Row {
        href: wording.at(&format!("{}/{}", ReceivedGift::PAGES, one.id)),
        giver: &one.giver,
        household: one
            .household
            .as_ref()
            .map(|id| wording.at(&format!("/invites/{id}"))),
        description: &one.description,
        amount: one.money().map(|sum| wording.text.money(sum)),
        day: wording
            .text
            .date_short(Deadline::of(&wording.local(one.received_on)).day()),
        is_thanked: one.thanked_at.is_some(),
        thank: wording.at(&format!("{}/{}/thanked", ReceivedGift::PAGES, one.id)),
    }
}

/// Handles `POST /admin/o/{slug}/gifts/received/{id}/thanked`.
pub(super) async fn thank(posted: HostForm) -> Result<Response, Problem> {
    let id: ReceivedGiftId = posted.req.id();
    let is_thanked = posted.form.is_ticked("thanked");
    let only = match posted.form.text("only") {
        "" => "",
        _ => "&thanks=yes",
    };
    let list = posted
        .req
        .at(&format!("/gifts/received?done=thanked{only}"));
    let change = move |tx: &mut Tx<'_>, host: &HostOf| {
        received_gifts::thank(tx, host, &id, None, is_thanked)?;
        Ok(list.clone())
    };
    Ok(posted.once(change).await?)
}
