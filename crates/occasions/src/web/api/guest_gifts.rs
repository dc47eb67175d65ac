//! The gifts of an occasion, for households. The invitation code is in the URL's path.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Anybody, Json, Problem, Site, Text, routes};

use super::guest::{describe, private};
use crate::cash_link::{self, CashKind, CashLink};
use crate::gift::MOST_PIECES;
use crate::gift_reservation::{self, OfferedGift, ReservationState, Reserve, Reserved};
use crate::id::GiftId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::web::guest::GuestRequest;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list: Anybody))
        .routes(routes!(reserve: Anybody, release: Anybody))
        .describing(describe)
}

/// The wish list and the ways to give money.
#[derive(Serialize, ToSchema)]
struct GiftLists {
    /// The gifts in display order; empty while gifts are switched off.
    gifts: Vec<GiftOffer>,
    /// The ways to give money; empty while they are switched off.
    cash_links: Vec<CashOffer>,
}

/// A gift as one household sees it. It does not show what other households have reserved.
#[derive(Serialize, ToSchema)]
struct GiftOffer {
    /// The gift's id.
    id: GiftId,
    /// The gift's name in the reader's language.
    name: String,
    /// The gift's description in the reader's language.
    description: String,
    /// The price in minor units of `currency`, or null if no price is shown. For a shared gift it
    /// is the price of the whole gift. For other gifts it is the price of one piece.
    price: Option<i64>,
    /// The ISO 4217 code of the price's currency.
    currency: String,
    /// How many pieces of the gift there are in all.
    quantity: i64,
    /// Whether several households give this gift together. Each piece is then an equal share of the
    /// gift.
    shared: bool,
    /// How many pieces are not reserved.
    available: i64,
    /// An https address where the gift can be bought; empty if there is none.
    url: String,
    /// The path of the picture; null if there is none.
    picture: Option<String>,
    /// This household's reservation; null if it has none.
    own: Option<OwnReservation>,
}

/// What a household has reserved of a gift.
#[derive(Serialize, ToSchema)]
struct OwnReservation {
    /// How many pieces the household has reserved.
    quantity: i64,
    /// `reserved`, or `given` once the hosts have received the gift.
    state: ReservationState,
    /// The household's note to the hosts.
    note: String,
}

/// A way to give money.
#[derive(Serialize, ToSchema)]
struct CashOffer {
    /// Whether this is a web address, a bank account or a `DuitNow` ID.
    kind: CashKind,
    /// The name that guests see.
    label: String,
    /// The explanation, in the reader's language.
    note: String,
    /// The https address of a `link`; otherwise empty.
    url: String,
    /// The name of the account's holder.
    holder: String,
    /// The IBAN, account number or `DuitNow` ID.
    account: String,
    /// The bank's name.
    bank: String,
    /// The bank's BIC.
    bic: String,
    /// The payment reference that guests should use.
    reference: String,
    /// The text of an EPC QR code (EPC069-12); null if the account is not in the euro payments
    /// area.
    payment_text: Option<String>,
}

fn offer(snapshot: &InvitationSnapshot, text: &Text, offer: OfferedGift) -> GiftOffer {
    let OfferedGift {
        gift,
        available,
        own,
    } = offer;
    let occasion = &snapshot.occasion;
    let say = |texts: &web::I18n| {
        let said = texts.pick(text.language(), &occasion.default_language);
        said.to_string()
    };
    GiftOffer {
        name: say(&gift.name),
        description: say(&gift.description),
        price: gift.price,
        currency: occasion.currency.clone(),
        quantity: gift.quantity,
        shared: gift.shared,
        available,
        picture: gift.picture_path(&occasion.slug),
        url: gift.url,
        id: gift.id,
        own: own.map(|own| OwnReservation {
            quantity: own.quantity,
            state: own.state,
            note: own.note,
        }),
    }
}

fn cash(snapshot: &InvitationSnapshot, text: &Text, one: CashLink) -> CashOffer {
    let note = one
        .note
        .pick(text.language(), &snapshot.occasion.default_language);
    CashOffer {
        note: note.to_string(),
        payment_text: one.payment_text(),
        kind: one.kind,
        label: one.label,
        url: one.url,
        holder: one.holder,
        account: one.account,
        bank: one.bank,
        bic: one.bic,
        reference: one.reference,
    }
}

/// The wish list and the ways to give money, as this code's household sees them.
#[utoipa::path(
    get, path = "/api/v1/invitations/{code}/gifts", tag = "guests",
    responses((status = 200, body = GiftLists))
)]
async fn list(req: GuestRequest) -> Result<Response, Problem> {
    let snapshot = req.open().await.map_err(Problem::from)?;
    let text = req.text(&snapshot);
    let [gifts, cash_links] = snapshot.gift_lists();
    if !gifts && !cash_links {
        return Err(Refusal::FeatureDisabled.problem());
    }
    let asked = snapshot.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        Ok((
            gift_reservation::offers(tx, &asked)?,
            cash_link::of(tx, &asked.occasion.id)?,
        ))
    };
    let (offers, links) = req.site.store.read(look).await?;
    let offers = offers.into_iter().filter(|_| gifts);
    let links = links.into_iter().filter(|one| cash_links && one.active);
    Ok(private(Json(GiftLists {
        gifts: offers.map(|one| offer(&snapshot, &text, one)).collect(),
        cash_links: links.map(|one| cash(&snapshot, &text, one)).collect(),
    })))
}

/// A request to reserve pieces of a gift.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReserveBody {
    /// How many pieces to reserve, at least 1.
    quantity: i64,
    /// A note to the hosts, up to 500 characters. If omitted, the stored note stays.
    note: Option<String>,
}

/// Reserves pieces of a gift, or changes the number of reserved pieces. Repeating the request
/// changes nothing.
#[utoipa::path(
    put, path = "/api/v1/invitations/{code}/gifts/{gift}", tag = "guests",
    request_body = ReserveBody,
    responses((status = 200, body = GiftOffer), (status = 201, body = GiftOffer),
        (status = 409), (status = 423))
)]
async fn reserve(
    req: GuestRequest,
    Path((_, gift)): Path<(String, String)>,
    Json(body): Json<ReserveBody>,
) -> Result<Response, Problem> {
    if body.quantity < 1 {
        let values = [("min", 1.into()), ("max", MOST_PIECES.into())];
        return Err(Problem::fields().field("/quantity", "out_of_range", values));
    }
    let done = store(&req, gift, body.quantity, body.note).await?;
    let snapshot = req.open().await.map_err(Problem::from)?;
    let status = if done.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let offer = offer(&snapshot, &req.text(&snapshot), done.offer);
    Ok(private((status, Json(offer))))
}

/// Releases the household's reservation of a gift, unless the hosts have already received the gift.
#[utoipa::path(
    delete, path = "/api/v1/invitations/{code}/gifts/{gift}", tag = "guests",
    responses((status = 204), (status = 409), (status = 423))
)]
async fn release(
    req: GuestRequest,
    Path((_, gift)): Path<(String, String)>,
) -> Result<Response, Problem> {
    store(&req, gift, 0, None).await?;
    Ok(private(StatusCode::NO_CONTENT))
}

async fn store(
    req: &GuestRequest,
    gift: String,
    quantity: i64,
    note: Option<String>,
) -> Result<Reserved, Problem> {
    let admitted = req.admit().await.map_err(Problem::from)?;
    let wanted = Reserve {
        key: admitted.key.clone(),
        gift: platform::id::Id::from_text(gift),
        quantity,
        note,
        request: Some(req.origin()),
    };
    let change = move |tx: &mut Tx<'_>| gift_reservation::reserve(tx, &wanted);
    match req.site.store.write(change).await {
        Ok(done) => {
            admitted.succeeded();
            Ok(done)
        }
        Err(refusal) => Err(req.refuse_save(admitted, refusal)),
    }
}
