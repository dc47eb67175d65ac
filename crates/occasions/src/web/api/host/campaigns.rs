//! The API for mail to many households: texts, campaigns and reminders.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use platform::mail::suppression;
use serde::Deserialize;
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Input, Json, List, PageQuery, Problem, Site, routes};

use super::call::{Call, Maybe, Place, answer, id};
use crate::hosting::Permission::{Invite, Write};
use crate::hosting::campaign::progress::{self, Recipient, RecipientState};
use crate::hosting::campaign::{self, CampaignId, Order, Report, Step};
use crate::hosting::listing::InvitationFilter;
use crate::hosting::mail_text::{self, MailKind, MailText};
use crate::hosting::{Refusal, obstacles};
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ};
use crate::web::access::{HostAccess, may};

const MOST: i64 = 500;

pub(super) fn routes<R: Routes<Site>>() -> R {
    let look = || -> HostAccess { may(Invite, Tokens(&[OCCASION_READ, RSVPS_READ])) };
    let send = || -> HostAccess { may(Invite, Tokens(&[OCCASION_WRITE, RSVPS_READ])) };
    let texts = || -> HostAccess { may(Write, Tokens(&[OCCASION_READ])) };
    let write = || -> HostAccess { may(Write, Tokens(&[OCCASION_READ, OCCASION_WRITE])) };
    R::default()
        .routes(routes!(list_texts: texts()))
        .routes(routes!(show_text: texts(), change_text: write()))
        .routes(routes!(begin_news: write()))
        .routes(routes!(list: look(), order: send()))
        .routes(routes!(show: look()))
        .routes(routes!(recipients: look()))
        .routes(routes!(pause: send()))
        .routes(routes!(resume: send()))
        .routes(routes!(cancel: send()))
        .routes(routes!(retry: send()))
        .routes(routes!(remind: send()))
}

/// The hosts' texts for each kind of mail. Where the hosts have written no text, the built-in text
/// is sent.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/mail-texts", tag = "mail",
    responses((status = 200, body = List<MailText>))
)]
async fn list_texts(
    call: Call,
    Path(occasion): Path<String>,
) -> Result<Json<List<MailText>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let items = call.read(place, mail_text::list).await?;
    Ok(Json(List::whole(items)))
}

fn kind(text: &str) -> Result<MailKind, Problem> {
    MailKind::find(text).ok_or_else(Problem::not_found)
}

/// The hosts' text for one kind of mail.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/mail-texts/{kind}", tag = "mail",
    responses((status = 200, body = MailText))
)]
async fn show_text(
    call: Call,
    Path((occasion, text)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let kind = kind(&text)?;
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            mail_text::load(tx, host, kind)
        })
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Changes the hosts' text for one kind of mail. Omitted fields stay unchanged.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/mail-texts/{kind}", tag = "mail",
    request_body = MailTextChange,
    responses((status = 200, body = MailText), (status = 409), (status = 428))
)]
async fn change_text(
    call: Call,
    Path((occasion, text)): Path<(String, String)>,
    body: Received<web::json::Members>,
) -> Result<Response, Problem> {
    let kind = kind(&text)?;
    let place = Place::occasion(&occasion)?;
    let (input, version) = Input::of_json(body.value)?;
    let version = call.version(version)?;
    let english = call.site.catalogue.speak(&web::Language::ENGLISH);
    let changed = call
        .write(place, move |tx, host| {
            mail_text::change(tx, host, kind, version, &input, &english)
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Begins another message of the kind `news`, without a text. Every household gets it, also who has
/// the one before.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/mail-texts/{kind}/begin", tag = "mail",
    responses((status = 200, body = MailText), (status = 404))
)]
async fn begin_news(
    call: Call,
    Path((occasion, text)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let kind = kind(&text)?;
    let place = Place::occasion(&occasion)?;
    call.once(place, b"", StatusCode::OK, move |tx, host| {
        host.needs(Write)?;
        if kind != MailKind::News {
            return Err(Refusal::NotFound);
        }
        mail_text::begin_news(tx, host)
    })
    .await
}

/// A change to the hosts' text for one kind of mail. Omitted fields stay unchanged.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which the table reads")]
struct MailTextChange {
    /// The version that the client has read. It can be sent in `If-Match` instead.
    version: Option<i64>,
    /// The subject in each language.
    subject: Option<web::I18n>,
    /// The text in each language. It may contain placeholders in braces, such as `{household}`.
    body: Option<web::I18n>,
    /// The message for WhatsApp and SMS in each language, of invitations, reminders and thanks.
    message: Option<web::I18n>,
}

/// The campaigns, newest first.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/campaigns", tag = "mail", params(PageQuery),
    responses((status = 200, body = List<Report>))
)]
async fn list(
    call: Call,
    Path(occasion): Path<String>,
    paging: PageQuery,
) -> Result<Json<List<Report>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let list = call
        .read(place, move |tx, host| campaign::list(tx, host, &paging))
        .await?;
    Ok(Json(list))
}

/// Creates a campaign, which is a mail to many households. It is sent at once or at a given time.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/campaigns", tag = "mail", request_body = Order,
    responses((status = 202, body = Report), (status = 409))
)]
async fn order(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<Order>,
) -> Result<Response, Problem> {
    let (place, wanted) = (Place::occasion(&occasion)?, body.value);
    let site = call.site.clone();
    let key = site.keys.key(suppression::PURPOSE);
    call.once(place, &body.bytes, StatusCode::ACCEPTED, move |tx, host| {
        obstacles::check_campaign(tx, &site, host, wanted.kind)?;
        campaign::order(tx, &key, host, &wanted)
    })
    .await
}

/// The progress of a campaign.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/campaigns/{campaign}", tag = "mail",
    responses((status = 200, body = Report))
)]
async fn show(
    call: Call,
    Path((occasion, campaign)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let campaign: CampaignId = id(&campaign)?;
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            campaign::load(tx, host, &campaign)
        })
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Selects the recipients to list.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
#[derive(Default)]
struct Wanted {
    /// Lists only recipients whose mail is in this state.
    state: Option<RecipientState>,
    /// Lists only recipients after this position.
    after: i64,
}

/// A campaign's recipients in the order of sending, at most 500. Each has the state of its mail.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/campaigns/{campaign}/recipients", tag = "mail",
    params(Wanted), responses((status = 200, body = List<Recipient>))
)]
async fn recipients(
    call: Call,
    Path((occasion, campaign)): Path<(String, String)>,
    Query(Wanted { state, after }): Query<Wanted>,
) -> Result<Json<List<Recipient>>, Problem> {
    let campaign: CampaignId = id(&campaign)?;
    let items = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            progress::recipients(tx, host, &campaign, state, after, MOST)
        })
        .await?;
    // The response may end before the list does, so its length is not the total.
    Ok(Json(List {
        total: None,
        ..List::whole(items)
    }))
}

async fn step(
    call: &Call,
    occasion: &str,
    campaign: &str,
    step: Step,
) -> Result<Response, Problem> {
    let campaign: CampaignId = id(campaign)?;
    let (place, site) = (Place::occasion(occasion)?, call.site.clone());
    call.once(place, b"", StatusCode::OK, move |tx, host| {
        campaign::check_step(tx, &site, host, &campaign, step)?;
        campaign::step(tx, host, &campaign, step)
    })
    .await
}

/// Pauses a campaign. Mails that no mail server has accepted yet wait until the campaign is
/// resumed.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/campaigns/{campaign}/pause", tag = "mail",
    responses((status = 200, body = Report), (status = 409))
)]
async fn pause(
    call: Call,
    Path((occasion, campaign)): Path<(String, String)>,
) -> Result<Response, Problem> {
    step(&call, &occasion, &campaign, Step::Pause).await
}

/// Resumes a paused campaign.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/campaigns/{campaign}/resume", tag = "mail",
    responses((status = 200, body = Report), (status = 409))
)]
async fn resume(
    call: Call,
    Path((occasion, campaign)): Path<(String, String)>,
) -> Result<Response, Problem> {
    step(&call, &occasion, &campaign, Step::Resume).await
}

/// Cancels a campaign. Mails that are still queued are not sent.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/campaigns/{campaign}/cancel", tag = "mail",
    responses((status = 200, body = Report), (status = 409))
)]
async fn cancel(
    call: Call,
    Path((occasion, campaign)): Path<(String, String)>,
) -> Result<Response, Problem> {
    step(&call, &occasion, &campaign, Step::Cancel).await
}

/// Sends failed and bounced mails again.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/campaigns/{campaign}/retry", tag = "mail",
    responses((status = 200, body = Report), (status = 409))
)]
async fn retry(
    call: Call,
    Path((occasion, campaign)): Path<(String, String)>,
) -> Result<Response, Problem> {
    step(&call, &occasion, &campaign, Step::Retry).await
}

/// A request to remind households.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ReminderRequest)]
struct Reminding {
    /// The occasion's slug or id. If omitted, the caller's only occasion is used.
    occasion: Option<String>,
    /// Selects households. Of these, only households that may answer and have not answered
    /// completely are reminded.
    filter: InvitationFilter,
    /// Whether to send another reminder even if the same households were reminded in the last 10
    /// minutes.
    force: bool,
}

/// Reminds households that have not answered completely. If the same request is sent again within
/// 10 minutes, the response contains the first request's campaign.
#[utoipa::path(
    post, path = "/api/email/reminder", tag = "mail", request_body = Reminding,
    responses((status = 200, body = Report), (status = 202, body = Report), (status = 404),
        (status = 409))
)]
async fn remind(call: Call, body: Maybe<Reminding>) -> Result<Response, Problem> {
    let wanted = body.value;
    let place = Place::Named(wanted.occasion.clone());
    if !wanted.force {
        let filter = wanted.filter.clone();
        let lately = call
            .read(place.clone(), move |tx, host| {
                campaign::reminded(tx, host, &filter)
            })
            .await?;
        if let Some(report) = lately {
            return Ok(answer(StatusCode::OK, &report));
        }
    }
    let site = call.site.clone();
    let key = site.keys.key(suppression::PURPOSE);
    call.once(place, &body.bytes, StatusCode::ACCEPTED, move |tx, host| {
        obstacles::check_campaign(tx, &site, host, MailKind::Reminder)?;
        campaign::remind(tx, &key, host, &wanted.filter, wanted.force)
    })
    .await
}
