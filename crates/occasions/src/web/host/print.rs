//! Sheets for printing on A4 or Letter paper: cards, labels and place cards with marks for cutting
//! and folding, and the guest list for the door. The list for the kitchen is not among them,
//! because the reports page can be printed as it is.

mod door;

use askama::Template;
use axum::response::Response;
use web::page::Page;
use web::{Language, Preset, Problem, Spoken, Text, Theme, assets, qr_code, words};

use super::frame::{Place, keep_private};
use super::request::{HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::hosting::handed::Channel;
use crate::hosting::listing::people::{self, GuestFilter};
use crate::hosting::listing::{self, InvitationFilter};
use crate::hosting::{Permission, Refusal, portals, sending};
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::table;
use crate::web::guest::view::{Cover, Hosts};
use crate::web::guest::{self, Reading};
use crate::words::{OccasionKind, ReplyStatus};

pub(super) use door::door;

words! {
    #[derive(Default)]
    Paper {
        /// A4 paper, 210 × 297 mm.
        #[default]
        A4 = "a4" => "host-paper-a4",
        /// Letter paper, 8½ × 11 in.
        Letter = "letter" => "host-paper-letter",
    }
}

words! {
    /// The kinds of sheets to print.
    Kind {
        /// A card for each household, in the size of a business card.
        Cards = "cards" => "host-print-cards",
        /// An invitation card for each household, in the size A6.
        Invitations = "a6" => "host-print-a6",
        /// A label with the address of each household that has one, for the envelope.
        Labels = "labels" => "host-print-labels",
        /// A label with the code of each household, for what is in the envelope.
        Codes = "codes" => "host-print-codes",
        /// A folded card with a guest's name, for the table.
        Places = "places" => "host-print-places",
    }
}

impl Kind {
    /// `print.css` defines their sizes.
    fn per_page(self, paper: Paper) -> usize {
        match (self, paper) {
            (Self::Cards, _) | (Self::Labels | Self::Codes, Paper::Letter) => 10,
            (Self::Invitations, Paper::A4) => 4,
            (Self::Invitations, Paper::Letter) => 2,
            (Self::Labels | Self::Codes, Paper::A4) => 24,
            (Self::Places, _) => 6,
        }
    }
}

/// A side of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Everything is on one side.
    Only,
    /// The cover of an invitation card.
    Front,
    /// What is below the cover. Its columns are mirrored, so that it lies behind its front.
    Back,
}

impl Side {
    fn class(self) -> &'static str {
        match self {
            Self::Only => "",
            Self::Front => " front",
            Self::Back => " back",
        }
    }
}

impl Paper {
    fn of(req: &HostRequest) -> Self {
        Self::find(req.query.text("paper")).unwrap_or_default()
    }

    fn styles(self) -> Vec<&'static str> {
        let letter = (self == Self::Letter).then(|| assets::asset("print-letter.css"));
        let all = [assets::asset("print.css")].into_iter();
        all.chain(letter).collect()
    }
}

#[derive(Template)]
#[template(path = "host/print.html")]
struct Choice<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    may_see: bool,
    paper: Paper,
    events: Vec<(&'a str, Spoken<'a>)>,
    zip: String,
}

impl Choice<'_> {
    fn about(&self, a4: &str, letter: &str) -> std::borrow::Cow<'_, str> {
        self.text.say(match self.paper {
            Paper::A4 => a4,
            Paper::Letter => letter,
        })
    }
}

/// Handles `GET /admin/o/{slug}/print`. On this page hosts choose what to print.
pub(super) async fn choose(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let wording = req.wording(&context);
    let events = context.events.iter();
    let body = Choice {
        text: &req.text,
        may_see: context.may(Permission::SeeContacts),
        paper: Paper::of(&req),
        events: events
            .map(|event| (event.key.as_str(), wording.event(event)))
            .collect(),
        zip: format!(
            "/api/v1/occasions/{}/invitations/qr.zip",
            context.occasion.id
        ),
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Print, &req.text.say("host-print"), body))
}

/// A card or label on a sheet. An empty field is not printed.
struct Piece {
    language: Language,
    title: String,
    /// The household's name or salutation. Empty if it is not printed below the title.
    household: String,
    lines: Vec<String>,
    code: String,
    /// The width of the QR code in squares, and the SVG path of its dark squares.
    qr: Option<(usize, String)>,
    /// Only for [`Kind::Invitations`].
    invitation: Option<Invitation>,
}

/// What is on an invitation card in the look of the occasion.
struct Invitation {
    /// The cover as HTML.
    face: String,
    request: String,
    events: Vec<CardEvent>,
}

struct CardEvent {
    name: String,
    moment: String,
    place: String,
}

/// A card with more events has no room for their addresses.
const WITH_ADDRESS: usize = 2;
/// The most lines of an address on a label.
const LABEL_LINES: usize = 5;
/// How many households without a label are named.
const LEFT_OUT_SHOWN: usize = 20;
/// The most characters of a place on a card. If it has more, its address is left out.
const LONGEST_PLACE: usize = 140;

/// Returns the venue and its address on one line.
fn place(venue: &str, address: &str) -> String {
    let lines = std::iter::once(venue).chain(address.lines()).map(str::trim);
    let mut parts: Vec<&str> = Vec::new();
    for line in lines.map(|line| line.trim_end_matches(',')) {
        if !line.is_empty() && !parts.contains(&line) {
            parts.push(line);
        }
    }
    let whole = parts.join(", ");
    if whole.chars().count() > LONGEST_PLACE {
        return venue.to_owned();
    }
    whole
}

#[derive(Template)]
#[template(path = "guest/cover.html")]
struct Face<'a> {
    theme: Theme,
    hosts: Hosts<'a>,
    cover: Cover<'a>,
}

#[derive(Template)]
#[template(path = "host/print_sheet.html")]
struct Sheet<'a> {
    text: &'a Text,
    styles: Vec<&'static str>,
    title: std::borrow::Cow<'a, str>,
    how: std::borrow::Cow<'a, str>,
    back: String,
    kind: Kind,
    paper: Paper,
    /// The look's classes. On paper, a look always has its light colours.
    dress: String,
    pages: Vec<&'a [Piece]>,
    sides: &'static [Side],
    /// Whether each card has a page of its own, with bleed for a print shop.
    is_for_shop: bool,
    /// Why guests cannot open the printed links; `None` if they can.
    note: Option<String>,
    /// Says that the occasion's photo is not printed; `None` if nobody expects it.
    photo: Option<std::borrow::Cow<'a, str>>,
    /// How many households are on no sheet, and the names of the first.
    left_out: Option<(String, String)>,
}

/// What is printed, and the names of the households of which nothing is.
#[derive(Default)]
struct Pieces {
    all: Vec<Piece>,
    left_out: Vec<String>,
}

/// Handles `GET /admin/o/{slug}/print/cards`. Prints a card for each household. Hosts put it into
/// the household's envelope.
pub(super) async fn cards(req: HostRequest) -> Result<Response, Problem> {
    let (context, pieces) = of_households(&req, |req, snapshot, link| {
        let text = req.site.catalogue.speak(&language(snapshot));
        let reading = Reading::new(&text, snapshot);
        let occasion = &snapshot.occasion;
        let hosts = occasion
            .hosts
            .pick(text.language(), &occasion.default_language);
        let site = snapshot.url(&req.site).authority().to_owned();
        Some(Piece {
            title: hosts.text.to_owned(),
            household: snapshot.household.invitation.details.household.clone(),
            lines: vec![
                reading.cover().date,
                text.say("print-scan").into_owned(),
                text.with("print-or", [("address", site.into())]),
            ],
            code: snapshot.household.invitation.code.clone(),
            qr: qr_code::path(link),
            language: text.language().clone(),
            invitation: None,
        })
    })
    .await?;
    Ok(sheet(&req, &context, Kind::Cards, &pieces))
}

/// Handles `GET /admin/o/{slug}/print/a6`. Prints an invitation card for each household, with the
/// household's events.
pub(super) async fn invitations(req: HostRequest) -> Result<Response, Problem> {
    let (context, pieces) = of_households(&req, |req, snapshot, link| {
        let text = req.site.catalogue.speak(&language(snapshot));
        let reading = Reading::new(&text, snapshot);
        let site = snapshot.url(&req.site).authority().to_owned();
        let code = &snapshot.household.invitation.code;
        let face = Face {
            theme: snapshot.occasion.theme,
            hosts: guest::show::hosts(&text, &snapshot.occasion),
            cover: Cover {
                id: code.clone(),
                heading: "p",
                // On paper, everything is drawn.
                picture: None,
                ..reading.cover()
            },
        };
        let face = face.render().unwrap_or_else(|cause| {
            tracing::error!(%cause, "a cover cannot be written; please report this");
            String::new()
        });
        let request = match snapshot.occasion.kind {
            OccasionKind::Memorial => "print-request-memorial",
            _ => "print-request",
        };
        let events = reading.events();
        let has_room = events.len() <= WITH_ADDRESS;
        let events = events.into_iter().take(4).map(|event| CardEvent {
            name: event.name.to_string(),
            place: place(event.venue, if has_room { event.address } else { "" }),
            moment: event.moment,
        });
        Some(Piece {
            title: String::new(),
            household: reading.salutation(),
            lines: vec![
                reading
                    .closing()
                    .map(|closing| closing.by(&text))
                    .unwrap_or_default(),
                text.say("print-scan").into_owned(),
                text.with("print-or", [("address", site.into())]),
            ],
            code: code.clone(),
            qr: qr_code::path(link),
            invitation: Some(Invitation {
                face,
                request: text.say(request).into_owned(),
                events: events.collect(),
            }),
            language: text.language().clone(),
        })
    })
    .await?;
    Ok(sheet(&req, &context, Kind::Invitations, &pieces))
}

/// Handles `GET /admin/o/{slug}/print/labels`. Prints a label for the envelope of each household
/// that has an address.
pub(super) async fn labels(req: HostRequest) -> Result<Response, Problem> {
    let (context, pieces) = of_households(&req, |_, snapshot, _| {
        let details = &snapshot.household.invitation.details;
        let address = details.address.as_deref()?;
        Some(Piece {
            title: details.household.clone(),
            household: String::new(),
            lines: on_label(address),
            code: String::new(),
            qr: None,
            language: language(snapshot),
            invitation: None,
        })
    })
    .await?;
    Ok(sheet(&req, &context, Kind::Labels, &pieces))
}

/// A label has room for a few lines. The last of them has all the rest.
fn on_label(address: &str) -> Vec<String> {
    let lines = address.lines().map(str::trim);
    let mut lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let rest = lines.split_off(lines.len().min(LABEL_LINES - 1));
    let lines = lines.into_iter().map(str::to_owned);
    lines.chain(std::iter::once(rest.join(", "))).collect()
}

/// Handles `GET /admin/o/{slug}/print/codes`. Prints a label with the code of each household.
pub(super) async fn codes(req: HostRequest) -> Result<Response, Problem> {
    let (context, pieces) = of_households(&req, |_, snapshot, link| {
        let invitation = &snapshot.household.invitation;
        Some(Piece {
            title: invitation.details.household.clone(),
            household: String::new(),
            lines: Vec::new(),
            code: invitation.code.clone(),
            qr: qr_code::path(link),
            language: language(snapshot),
            invitation: None,
        })
    })
    .await?;
    Ok(sheet(&req, &context, Kind::Codes, &pieces))
}

/// Handles `GET /admin/o/{slug}/print/places`. Prints a place card for each guest who comes to an
/// event, in the order of the tables and then of the names.
pub(super) async fn places(req: HostRequest) -> Result<Response, Problem> {
    let filter = GuestFilter::read(&req.query)?;
    let (context, people) = req
        .read(move |tx, context| people::all_people(tx, &context.host, &filter))
        .await?;
    let comma = req.text.say("list-comma");
    let coming = people
        .iter()
        .filter(|person| person.status == ReplyStatus::Yes);
    let mut coming: Vec<_> = coming
        .map(|person| (table::named(&person.tags, &comma), person))
        .collect();
    // Who lays the tables takes the cards of one after the other.
    coming.sort_by_cached_key(|(table, _)| table::order(table));
    let all = coming
        .into_iter()
        .map(|(table, person)| Piece {
            language: req.text.language().clone(),
            title: person.shown_name(&req.text),
            household: String::new(),
            lines: vec![table, person.household.clone()],
            code: String::new(),
            qr: None,
            invitation: None,
        })
        .collect();
    let left_out = Vec::new();
    let pieces = Pieces { all, left_out };
    Ok(sheet(&req, &context, Kind::Places, &pieces))
}

fn language(snapshot: &InvitationSnapshot) -> Language {
    let tag = snapshot.household.invitation.details.language.as_ref();
    Language::of(tag.unwrap_or(&snapshot.occasion.default_language))
}

async fn of_households(
    req: &HostRequest,
    piece: fn(&HostRequest, &InvitationSnapshot, &str) -> Option<Piece>,
) -> Result<(PageContext, Pieces), Refusal> {
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let is_by_paper = req.query.text("by") == Channel::Paper.word();
    let of = req.clone();
    req.read(move |tx, context| {
        let ids: Vec<InvitationId> = if is_by_paper {
            let found = sending::load(tx, &of.site, &context.host, &filter)?;
            let line = found.invitations.line(Channel::Paper);
            let households = line.map(|line| line.households.clone()).unwrap_or_default();
            households.into_iter().map(|one| one.id).collect()
        } else {
            let rows = listing::all_invitations(tx, &context.host, &filter)?;
            rows.into_iter().map(|row| row.id).collect()
        };
        let mut pieces = Pieces::default();
        for snapshot in portals::load_all(tx, &context.host, &ids)? {
            let link = snapshot.url(&of.site).join(&snapshot.link(""));
            let household = &snapshot.household.invitation.details.household;
            match piece(&of, &snapshot, &link) {
                Some(piece) => pieces.all.push(piece),
                None => pieces.left_out.push(household.clone()),
            }
        }
        Ok(pieces)
    })
    .await
}

fn sheet(req: &HostRequest, context: &PageContext, kind: Kind, pieces: &Pieces) -> Response {
    let paper = Paper::of(req);
    let title = req.text.say(kind.label());
    let is_for_shop = kind == Kind::Invitations && req.query.text("shop") == "yes";
    let mut styles = paper.styles();
    styles.extend(is_for_shop.then(|| assets::asset("print-shop.css")));
    let body = Sheet {
        text: &req.text,
        styles,
        title: title.clone(),
        how: req.text.say(match paper {
            _ if is_for_shop => "host-print-how-shop",
            Paper::A4 => "host-print-how",
            Paper::Letter => "host-print-how-letter",
        }),
        back: back(context, paper),
        kind,
        paper,
        dress: format!("{} light", context.occasion.theme.classes()),
        pages: pieces
            .all
            .chunks(if is_for_shop { 1 } else { kind.per_page(paper) })
            .collect(),
        is_for_shop,
        sides: match (kind, req.query.text("sides")) {
            (Kind::Invitations, "both") => &[Side::Front, Side::Back],
            _ => &[Side::Only],
        },
        // Place cards and labels for letters have neither links nor codes.
        note: req
            .private_note(context)
            .filter(|_| !matches!(kind, Kind::Places | Kind::Labels)),
        photo: (kind == Kind::Invitations && !context.occasion.cover.is_empty())
            .then(|| req.text.say("host-print-no-photo")),
        left_out: left_out(&req.text, &pieces.left_out),
    };
    printed(req, context, &title, body)
}

fn left_out(text: &Text, households: &[String]) -> Option<(String, String)> {
    let shown = households.iter().take(LEFT_OUT_SHOWN).cloned();
    let mut names = shown.collect::<Vec<_>>().join(&text.say("list-comma"));
    if households.len() > LEFT_OUT_SHOWN {
        names.push_str(" …");
    }
    let number = [("n", households.len().into())];
    (!households.is_empty()).then(|| (text.with("host-print-no-address", number), names))
}

fn back(context: &PageContext, paper: Paper) -> String {
    let place = format!("/print?paper={}", paper.word());
    wording::at(&context.occasion.slug, &place)
}

fn printed<B: Template>(
    req: &HostRequest,
    context: &PageContext,
    title: &str,
    body: B,
) -> Response {
    let mut response = web::page(Page {
        title,
        body,
        text: &req.text,
        theme: context.occasion.theme,
        kind: web::page::Kind::Public { languages: &[] },
    });
    keep_private(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_has_its_address_where_there_is_room() {
        for (venue, address, expected) in [
            (
                "Hall",
                "12 High Street,\n Ipoh",
                "Hall, 12 High Street, Ipoh",
            ),
            ("Hall", "Hall\n12 High Street", "Hall, 12 High Street"),
            ("Hall", "", "Hall"),
            ("", "12 High Street", "12 High Street"),
            ("Hall", &"x".repeat(140), "Hall"),
        ] {
            assert_eq!(place(venue, address), expected);
        }
    }
}
