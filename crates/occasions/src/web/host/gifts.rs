//! The hosts' pages for the wish list. The JSON API has the same operations.

use ::web::form_state::Control;
use ::web::{Field, Form, List, Problem, Spoken, Text};
use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use platform::money::Money;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, Next, PageResource};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::resource::{READS, WRITES};
use super::wording::Wording;
use crate::gift::{self, Gift};
use crate::gift_reservation::ReservationState;
use crate::hosting::gifts::{self, GiftReservation};
use crate::hosting::{HostOf, Permission, Refusal, received_gifts};
use crate::id::ReservationId;
use crate::web::access::HostAccess;

/// The file of a picture that was uploaded earlier, with a form that could not be saved.
const KEPT: &str = "picture_kept";
const REMOVE: &str = "picture_remove";

impl ApiResource for Gift {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/gifts",
        one: "/api/v1/occasions/{id}/gifts/{gift}",
        tag: "gifts",
        list: "The wish list, in the order in which it is shown.",
        show: "One item of the wish list.",
        create: "Adds an item: at most 500.",
        change: "Changes an item. No fewer pieces can be offered than are reserved.",
        remove: "Removes an item: 204. If a household ever reserved it, it is put away instead: 200\n\
                 with what is left.",
        removal: &[204],
        body: "What hosts may set about an item; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = WRITES;
    const DEACTIVATES: bool = true;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for Gift {
    const PAGES: &'static str = "/gifts";
    const MESSAGES: Messages = Messages {
        list: "host-gifts",
        new: "host-new-gift",
        settings: "host-gift-about",
        remove_title: "host-remove-gift",
        remove: "host-remove-gift",
        remove_effect: "host-remove-gift-effect",
    };
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, req: &HostRequest, context: &PageContext) -> String {
        req.wording(context).pick(&self.name).to_string()
    }

    /// The form contains the field only if it changes the picture.
    fn shown(fields: &mut Vec<Field>, _: Option<&Self>, form: &Form, _: Timestamp) {
        if form.find("picture").is_none() {
            fields.retain(|field| field.name != "picture");
        }
    }

    fn fill(context: &PageContext, form: &mut Form) {
        let currency = &context.occasion.currency;
        if let (Ok(minor), Ok(known)) = (form.text("price").parse(), currency.parse()) {
            form.set("price", Money::new(minor, known).decimal());
        }
        form.set("currency", currency.as_str());
    }

    /// Refuses a price in another currency than the occasion's.
    async fn prepare(posted: &mut HostForm) -> Result<Next, Problem> {
        let (context, ()) = posted
            .req
            .read(|_, context| context.host.needs(Permission::Write))
            .await?;
        let form = &mut posted.form;
        let currency = &context.occasion.currency;
        if !form.text("price").trim().is_empty()
            && form.find("currency").is_some_and(|shown| shown != currency)
        {
            let now = [("currency", currency.as_str().into())];
            return Err(Problem::fields().field("/price", "currency_changed", now));
        }
        form.set("currency", currency.as_str());
        form.remove(&["picture"]);
        let kept = form.text(KEPT).to_owned();
        if let Some(sent) = posted.files.first() {
            let site = &posted.req.site;
            let sender = posted.req.who.account().id.as_str();
            let (folder, sent) = (gift::FOLDER, sent.bytes.clone());
            let picture = folder.upload_cuts(site, sender, sent, "/picture", gift::CUTS);
            form.set("picture", picture.await?);
        } else if form.is_ticked(REMOVE) {
            form.set("picture", "");
        } else if !kept.is_empty() {
            form.set("picture", kept);
        }
        Ok(Next::Save)
    }

    fn arrange(
        req: &HostRequest,
        context: &PageContext,
        one: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        let (text, form_state) = (&req.text, form.form_state);
        form.takes_file = true;
        form.take("picture");
        let stored = one.map_or("", |one| one.picture.as_str());
        let typed = form_state.form.text("picture");
        let is_new = !typed.is_empty() && typed != stored;
        if is_new {
            form.hidden.push((KEPT, typed.to_owned()));
        }
        let control = Control::Line("file", "off");
        let file = form_state.field("picture", text.say("host-field-gift-picture"), control);
        let Some(about) = form.groups.iter_mut().find(|group| {
            let mut fields = group.fields.iter();
            fields.any(|field| field.name == "quantity")
        }) else {
            return;
        };
        about.fields.push(file);
        if is_new || !stored.is_empty() {
            let remove = form_state.tick(REMOVE, text.say("host-gift-picture-remove"));
            about.fields.push(remove);
        }
        // The server serves a picture only if a gift uses it. So the form does not show a picture
        // that is not saved yet.
        let shown = one.filter(|_| !is_new);
        if let Some(path) = shown.and_then(|one| one.picture_path(&context.occasion.slug)) {
            form.arranged = Picture { path }.to_string();
        }
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let look = |tx: &mut Tx<'_>, context: &PageContext| gifts::reservations(tx, &context.host);
        let (_, reservations) = req.read(look).await?;
        let (text, wording) = (&req.text, req.wording(context));
        let switches = context.occasion.switches;
        let body = GiftsPage {
            text,
            done: req.done(),
            rows: list
                .items
                .iter()
                .map(|gift| row(&wording, gift, &reservations))
                .collect(),
            may_write: context.may(Permission::Write),
            may_own: context.may(Permission::Own),
            is_off: !switches.gifts,
            here: Tab::Gifts,
            wording: wording.clone(),
        };
        Ok(req.page(context, Place::Gifts, &text.say("host-gifts"), body))
    }
}

/// The tabs of the pages about gifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Gifts,
    Cash,
    Received,
}

#[derive(Template)]
#[template(
    source = r#"<p><img class="thumb wide" src="{{ path }}" width="480" height="360" alt=""></p>"#,
    ext = "html"
)]
struct Picture {
    path: String,
}

#[derive(Template)]
#[template(path = "host/gifts.html")]
struct GiftsPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row<'a>>,
    may_write: bool,
    may_own: bool,
    is_off: bool,
    here: Tab,
}

struct Row<'a> {
    id: &'a str,
    href: String,
    name: Spoken<'a>,
    picture: Option<String>,
    price: Option<String>,
    taken: String,
    is_full: bool,
    is_away: bool,
    reservations: Vec<Promise<'a>>,
}

struct Promise<'a> {
    household: &'a str,
    href: String,
    pieces: i64,
    note: &'a str,
    is_given: bool,
    /// True if only households that come may reserve gifts, but no guest of this household comes.
    is_absent: bool,
    given: String,
    release: String,
}

fn row<'a>(wording: &Wording<'a>, gift: &'a Gift, all: &'a [GiftReservation]) -> Row<'a> {
    let (text, occasion) = (wording.text, wording.occasion);
    let own: Vec<&GiftReservation> = all.iter().filter(|one| one.gift == gift.id).collect();
    let taken: i64 = own.iter().map(|one| one.quantity).sum();
    let only_attending = occasion.switches.gifts_only_if_attending;
    let promise = |one: &&'a GiftReservation| Promise {
        household: &one.household,
        href: wording.at(&format!("/invites/{}", one.invitation)),
        pieces: one.quantity,
        note: &one.note,
        is_given: one.state == ReservationState::Given,
        is_absent: only_attending && !one.attending,
        given: wording.at(&format!("/gifts/reservations/{}/given", one.id)),
        release: wording.at(&format!("/gifts/reservations/{}/release", one.id)),
    };
    let values = [("taken", taken.into()), ("all", gift.quantity.into())];
    Row {
        id: gift.id.as_str(),
        href: wording.at(&format!("{}/{}", Gift::PAGES, gift.id)),
        name: wording.pick(&gift.name),
        picture: gift.picture_path(&occasion.slug),
        price: gift.price_words(text, occasion),
        taken: text.with("host-gift-taken", values),
        is_full: taken >= gift.quantity,
        is_away: !gift.active,
        reservations: own.iter().map(promise).collect(),
    }
}

/// Handles `POST /admin/o/{slug}/gifts/reservations/{id}/given`.
pub(super) async fn receive(posted: HostForm) -> Result<Response, Problem> {
    let id: ReservationId = posted.req.id();
    let list = posted.req.at("/gifts?done=given");
    let change = move |tx: &mut Tx<'_>, host: &HostOf| {
        received_gifts::receive(tx, host, &id)?;
        Ok(list.clone())
    };
    Ok(posted.once(change).await?)
}

/// Handles `POST /admin/o/{slug}/gifts/reservations/{id}/release`.
pub(super) async fn release(posted: HostForm) -> Result<Response, Problem> {
    let id: ReservationId = posted.req.id();
    let list = posted.req.at("/gifts?done=released");
    let change = move |tx: &mut Tx<'_>, host: &HostOf| {
        gifts::release(tx, host, &id)?;
        Ok(list.clone())
    };
    Ok(posted.once(change).await?)
}
