//! The wish list on the guests' pages, and the pictures on it.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use platform::id::Id as _;
use platform::{StoreError, Tx};
use web::form_state::FormError;
use web::{Form, Problem, Site, Text, csrf, qr_code};

use super::frame::guest_page;
use super::gate::Failure;
use super::request::{EarlyResponse, GuestRequest};
use super::show::Reading;
use super::view::{CashRow, GiftRow, GiftState, Gifts};
use crate::cash_link::{self, CashKind, CashLink, host_of};
use crate::gift::{self, MOST_PIECES};
use crate::gift_reservation::{self, OfferedGift, Reservation, ReservationState, Reserve};
use crate::id::GiftId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::{self, Occasion};
use crate::refusal::Refusal;

/// Handles `GET /o/{slug}/gifts/{file}`. A new picture has a new path, so browsers may cache a
/// picture forever.
pub(super) async fn picture(
    State(site): State<Site>,
    Path((slug, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let stem = gift::picture_of(&file).map(str::to_owned);
    let stem = stem.ok_or_else(Problem::not_found)?;
    let look = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        match occasion::find_by_slug(tx, &slug)? {
            Some(id) => gift::has_picture(tx, &id, &stem),
            None => Ok(false),
        }
    };
    if !site.store.read(look).await? {
        return Err(Problem::not_found());
    }
    let (media_type, bytes) = gift::FOLDER.load(&site, &file).await?;
    let caching = "private, max-age=31536000, immutable";
    Ok((
        [(CONTENT_TYPE, media_type), (CACHE_CONTROL, caching)],
        bytes,
    )
        .into_response())
}

type Lists = (Vec<OfferedGift>, Vec<CashLink>);

/// Handles `GET /invite/{code}/gifts`.
pub(super) async fn show(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let snapshot = req.look().await?;
    let text = req.text(&snapshot);
    let (offers, cash) = lists(&req, &snapshot, &text).await?;
    let done = match req.query().text("done") {
        "reserved" => Some("gift-done-reserved"),
        "released" => Some("gift-done-released"),
        _ => None,
    };
    let said = done.map(|id| text.say(id).into_owned());
    let page = page(&text, &snapshot, &offers, &cash, said, None);
    Ok(req.remember_household(&snapshot, page))
}

async fn lists(
    req: &GuestRequest,
    snapshot: &InvitationSnapshot,
    text: &Text,
) -> Result<Lists, EarlyResponse> {
    let [gifts, cash_links] = snapshot.gift_lists();
    if !gifts && !cash_links {
        return Err(Refusal::FeatureDisabled.problem().said_in(text).into());
    }
    let snapshot = snapshot.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<Lists, StoreError> {
        Ok((
            if gifts {
                gift_reservation::offers(tx, &snapshot)?
            } else {
                Vec::new()
            },
            if cash_links {
                cash_link::of(tx, &snapshot.occasion.id)?
            } else {
                Vec::new()
            },
        ))
    };
    let found = req.site.store.read(look).await;
    found.map_err(|error| Problem::from(error).into())
}

struct Refused<'a> {
    gift: &'a GiftId,
    form: &'a Form,
    trouble: Option<String>,
    errors: Vec<FormError>,
}

fn page(
    text: &Text,
    snapshot: &InvitationSnapshot,
    offers: &[OfferedGift],
    cash: &[CashLink],
    done: Option<String>,
    refused: Option<Refused<'_>>,
) -> Response {
    let reading = Reading::new(text, snapshot);
    let rows = offers.iter().map(|offer| {
        let typed = refused.as_ref().filter(|one| *one.gift == offer.gift.id);
        row(&reading, offer, typed.map(|one| one.form))
    });
    let shown = cash.iter().filter(|one| one.active);
    let (rows, is_on) = (rows.collect(), snapshot.gift_lists()[0]);
    let (trouble, errors) = refused
        .map(|refused| (refused.trouble, refused.errors))
        .unwrap_or_default();
    let body = Gifts {
        text,
        frame: reading.frame(),
        gifts: is_on.then_some(rows),
        cash: shown.map(|one| cash_row(&reading, one)).collect(),
        open: snapshot.takes_notes(),
        trouble,
        errors,
        done,
    };
    let title = body.title();
    guest_page(text, snapshot, &title, body)
}

fn row<'a>(reading: &Reading<'a>, offer: &'a OfferedGift, typed: Option<&Form>) -> GiftRow<'a> {
    let (text, snapshot, gift) = (reading.text, reading.snapshot, &offer.gift);
    let occasion: &Occasion = &snapshot.occasion;
    let held = offer.own.as_ref().map_or(0, |own| own.quantity);
    let most = offer.available + held;
    let own_words = |own: &Reservation| {
        let values = [("n", own.quantity.into())];
        if gift.quantity == 1 {
            text.say("gift-own").into_owned()
        } else {
            text.with("gift-own-pieces", values)
        }
    };
    let state = match &offer.own {
        Some(own) if own.state == ReservationState::Given => GiftState::Given,
        Some(own) => GiftState::Own(own_words(own)),
        None if offer.available == 0 => GiftState::Taken,
        None => GiftState::Free,
    };
    let left = if gift.quantity > 1 && offer.available > 0 {
        let values = [("n", offer.available.into()), ("all", gift.quantity.into())];
        text.with("gift-left", values)
    } else {
        String::new()
    };
    let own_note = || offer.own.as_ref().map(|own| own.note.clone());
    let note = typed.map_or_else(
        || own_note().unwrap_or_default(),
        |form| form.text("note").to_owned(),
    );
    let quantity = typed.and_then(|form| form.number("quantity").ok().flatten());
    GiftRow {
        id: gift.id.to_string(),
        name: reading.pick(&gift.name),
        description: reading.pick(&gift.description),
        picture: gift.picture_path(&occasion.slug),
        price: gift.price_words(text, occasion),
        shop: (!gift.url.is_empty()).then(|| (gift.url.as_str(), host_of(&gift.url))),
        state,
        left,
        action: snapshot.link(&format!("/gifts/{}", gift.id)),
        most: if gift.active { most } else { held },
        quantity: quantity.unwrap_or(held.max(1)),
        note,
        is_wrong: typed.is_some(),
    }
}

fn cash_row<'a>(reading: &Reading<'a>, one: &'a CashLink) -> CashRow<'a> {
    let account = match one.kind {
        CashKind::DuitNow => "gift-duitnow",
        CashKind::Bank | CashKind::Link => "gift-account",
    };
    let lines = [
        ("gift-holder", one.holder.clone()),
        (account, one.spaced_account()),
        ("gift-bank", one.bank.clone()),
        ("gift-bic", one.bic.clone()),
        ("gift-reference", one.reference.clone()),
    ];
    let lines = lines.into_iter().filter(|(_, words)| !words.is_empty());
    CashRow {
        kind: one.kind,
        label: &one.label,
        note: reading.pick(&one.note),
        link: (one.kind == CashKind::Link).then(|| (one.url.as_str(), one.host())),
        lines: lines.collect(),
        qr: one.payment_text().and_then(|text| qr_code::path(&text)),
    }
}

/// Handles `POST /invite/{code}/gifts/{gift}`. The form reserves the gift or releases the
/// reservation.
pub(super) async fn save(
    req: GuestRequest,
    Path((_, gift)): Path<(String, String)>,
    form: Form,
) -> Result<Response, EarlyResponse> {
    let gift = GiftId::from_text(gift);
    if let Err(problem) = csrf::check_sender(&req.headers, req.site.url()) {
        return again(&req, &gift, &form, problem).await;
    }
    let is_release = form.is_ticked("release");
    let quantity = if is_release {
        Some(0)
    } else {
        form.number("quantity").ok().flatten()
    };
    let Some(quantity) = quantity.filter(|quantity| is_release || *quantity > 0) else {
        let values = [("min", 1.into()), ("max", MOST_PIECES.into())];
        let problem = Problem::fields().field("/quantity", "out_of_range", values);
        return again(&req, &gift, &form, problem).await;
    };
    let admitted = match req.admit().await {
        Ok(admitted) => admitted,
        Err(failure) => return Err(req.turn_away(failure, Vec::new()).await),
    };
    let wanted = Reserve {
        key: admitted.key.clone(),
        gift: gift.clone(),
        quantity,
        note: (!is_release).then(|| form.text("note").to_owned()),
        request: Some(req.origin()),
    };
    let change = move |tx: &mut Tx<'_>| gift_reservation::reserve(tx, &wanted);
    match req.site.store.write(change).await {
        Ok(done) => {
            admitted.succeeded();
            let below = if is_release { "released" } else { "reserved" };
            let links = &req.gate.links;
            let address = links.below_with(&done.code, "/gifts", "done", below);
            Ok(Redirect::to(&address).into_response())
        }
        Err(refusal @ (Refusal::InvitationNotFound | Refusal::Expired)) => {
            admitted.failed(&req.site);
            let failure = match refusal {
                Refusal::Expired => Failure::Expired,
                _ => Failure::Unknown,
            };
            Err(req.turn_away(failure, Vec::new()).await)
        }
        Err(Refusal::Store(error)) if !error.is_passing() => Err(Problem::from(error).into()),
        Err(refusal) => {
            let snapshot = req.enter().await?;
            let problem = super::problem(refusal, |_| req.text(&snapshot));
            again(&req, &gift, &form, problem).await
        }
    }
}

async fn again(
    req: &GuestRequest,
    gift: &GiftId,
    form: &Form,
    problem: Problem,
) -> Result<Response, EarlyResponse> {
    let snapshot = req.enter().await?;
    let text = req.text(&snapshot);
    if matches!(problem.status, StatusCode::NOT_FOUND) {
        return Err(problem.said_in(&text).into());
    }
    let (offers, cash) = lists(req, &snapshot, &text).await?;
    let errors = problem.errors.iter().map(|error| FormError {
        field: format!("{}-{gift}", error.pointer.trim_start_matches('/')),
        words: error.detail(&text),
    });
    let errors: Vec<FormError> = errors.collect();
    let refused = Refused {
        gift,
        form,
        trouble: errors.is_empty().then(|| problem.detail(&text)),
        errors,
    };
    let mut page = page(&text, &snapshot, &offers, &cash, None, Some(refused));
    *page.status_mut() = problem.status;
    if problem.status == StatusCode::SERVICE_UNAVAILABLE {
        let headers = page.headers_mut();
        headers.insert("retry-after", HeaderValue::from_static("5"));
    }
    Ok(page)
}
