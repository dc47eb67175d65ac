//! Printed sheets: cards, labels and place cards on A4, with marks for cutting and folding. The
//! kitchen's list is on the page of reports, which can be printed directly.

use askama::Template;
use axum::response::Response;
use web::page::{Kind, Page};
use web::{Language, Problem, Spoken, Text, assets, qr_code};

use super::frame::{Place, keep_private};
use super::request::{HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::hosting::listing::people::{self, GuestFilter};
use crate::hosting::listing::{self, InvitationFilter};
use crate::hosting::{Permission, Refusal, portals};
use crate::web::guest::Reading;
use crate::words::ReplyStatus;

/// The number of pieces per page: 2 × 5 cards of 85 × 55 mm, 3 × 8 labels of 70 × 37 mm, 2 × 3
/// place cards that are folded to 85 × 45 mm.
const CARDS: usize = 10;
const LABELS: usize = 24;
const PLACES: usize = 6;

#[derive(Template)]
#[template(path = "host/print.html")]
struct Choice<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    may_see: bool,
    events: Vec<(&'a str, Spoken<'a>)>,
    zip: String,
}

/// `GET /admin/o/{slug}/print`: what can be printed.
pub(super) async fn choose(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let wording = req.wording(&context);
    let events = context.events.iter();
    let body = Choice {
        text: &req.text,
        may_see: context.may(Permission::SeeContacts),
        events: events
            .map(|event| (event.key.as_str(), wording.event(event)))
            .collect(),
        zip: format!(
            "/api/v1/occasions/{}/invitations/qr.zip",
            context.occasion.id
        ),
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Reports, &req.text.say("host-print"), body))
}

/// One piece of a sheet. Empty fields are not printed.
struct Piece {
    language: Language,
    /// The title, at the top in the theme's font.
    title: String,
    /// The household, if it is not the title.
    household: String,
    /// Small lines below.
    lines: Vec<String>,
    code: String,
    /// The QR code: its width in modules, and an SVG path of the dark ones.
    qr: Option<(usize, String)>,
}

#[derive(Template)]
#[template(path = "host/print_sheet.html")]
struct Sheet<'a> {
    text: &'a Text,
    style: &'static str,
    title: std::borrow::Cow<'a, str>,
    back: String,
    kind: &'static str,
    pages: Vec<&'a [Piece]>,
}

/// `GET …/print/cards`: one card per household, to put in an envelope.
pub(super) async fn cards(req: HostRequest) -> Result<Response, Problem> {
    let (context, pieces) = of_households(&req, |req, portal, link| {
        let text = req.site.catalogue.speak(&language(portal));
        let reading = Reading::new(&text, portal);
        let occasion = &portal.occasion;
        let hosts = occasion
            .hosts
            .pick(text.language(), &occasion.default_language);
        let site = req.site.url().authority().to_owned();
        Piece {
            title: hosts.text.to_owned(),
            household: portal.household.invitation.details.household.clone(),
            lines: vec![
                reading.cover().date,
                text.say("print-scan").into_owned(),
                text.with("print-or", [("address", site.into())]),
            ],
            code: portal.household.invitation.code.clone(),
            qr: qr_code::path(link),
            language: text.language().clone(),
        }
    })
    .await?;
    Ok(sheet(&req, &context, ("cards", CARDS), &pieces))
}

/// `GET …/print/labels`: one label per household, to stick on an envelope.
pub(super) async fn labels(req: HostRequest) -> Result<Response, Problem> {
    let (context, pieces) = of_households(&req, |_, portal, link| {
        let details = &portal.household.invitation.details;
        let address = details.address.as_deref().unwrap_or_default();
        Piece {
            title: details.household.clone(),
            household: String::new(),
            lines: address.lines().take(5).map(str::to_owned).collect(),
            code: portal.household.invitation.code.clone(),
            qr: qr_code::path(link),
            language: language(portal),
        }
    })
    .await?;
    Ok(sheet(&req, &context, ("labels", LABELS), &pieces))
}

/// `GET …/print/places`: a place card for everybody who comes to an event.
pub(super) async fn places(req: HostRequest) -> Result<Response, Problem> {
    let filter = GuestFilter::read(&req.query)?;
    let (context, people) = req
        .read(move |tx, context| people::all_people(tx, &context.host, &filter))
        .await?;
    let coming = people
        .iter()
        .filter(|person| person.status == ReplyStatus::Yes);
    let pieces: Vec<Piece> = coming
        .map(|person| Piece {
            language: req.text.language().clone(),
            title: person.shown_name(&req.text),
            household: String::new(),
            lines: vec![person.household.clone()],
            code: String::new(),
            qr: None,
        })
        .collect();
    Ok(sheet(&req, &context, ("places", PLACES), &pieces))
}

fn language(portal: &crate::portal::Portal) -> Language {
    let tag = portal.household.invitation.details.language.as_ref();
    Language::of(tag.unwrap_or(&portal.occasion.default_language))
}

/// Builds a piece for every household that matches the filter in the query, with its link.
async fn of_households(
    req: &HostRequest,
    piece: fn(&HostRequest, &crate::portal::Portal, &str) -> Piece,
) -> Result<(PageContext, Vec<Piece>), Refusal> {
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let of = req.clone();
    req.read(move |tx, context| {
        let rows = listing::all_invitations(tx, &context.host, &filter)?;
        let mut pieces = Vec::with_capacity(rows.len());
        for row in rows {
            let portal = portals::load(tx, &context.host, &row.id)?;
            let link = of.site.url().join(&portal.link(""));
            pieces.push(piece(&of, &portal, &link));
        }
        Ok(pieces)
    })
    .await
}

fn sheet(
    req: &HostRequest,
    context: &PageContext,
    (kind, fits): (&'static str, usize),
    pieces: &[Piece],
) -> Response {
    let title = req.text.say(match kind {
        "cards" => "host-print-cards",
        "labels" => "host-print-labels",
        _ => "host-print-places",
    });
    let mut response = web::page(Page {
        title: &title,
        body: Sheet {
            text: &req.text,
            style: assets::asset("print.css"),
            title: title.clone(),
            back: wording::at(&context.occasion.slug, "/print"),
            kind,
            pages: pieces.chunks(fits).collect(),
        },
        text: &req.text,
        theme: context.occasion.theme,
        kind: Kind::Public { languages: &[] },
    });
    keep_private(&mut response);
    response
}
