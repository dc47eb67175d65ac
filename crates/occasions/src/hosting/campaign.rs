//! Campaigns, which send a mail to many households. When a campaign starts, its recipients are
//! fixed. A job then writes the mails in small batches. One transaction writes a batch of mails and
//! removes their recipients from the queue. At most [`WINDOW`] mails are on their way at a time, so
//! that a pause takes effect quickly.

pub mod audience;
pub mod progress;
pub mod sending;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::jobs::{self, NewJob};
use platform::key::Key;
use platform::mail::{self, MailId, sender_domain};
use platform::store::{Json, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::{Findings, I18n, List, PageQuery, Site, When, words};

use self::audience::Audience;
use super::listing::InvitationFilter;
use super::listing::filter::Answered;
use super::mail_text::{self, MailKind, MailText};
use super::{HostOf, Permission, Refusal, history, member_occasions, obstacles, occasions};
use crate::id::OccasionId;
use crate::words::{Access, OccasionStatus};
pub use progress::{Counts, Recipient, RecipientState, Skip};

platform::id!(CampaignId, "One mail to many households.");

/// The kind of the job that writes a campaign's mails.
pub const KIND: &str = "occasions.campaign";
const LIMIT: i64 = 500;
/// The highest sending speed, in mails per minute.
pub const FASTEST: i64 = 600;
/// How many mails of one campaign may be on their way at the same time.
const WINDOW: i64 = 50;

words! {
    /// The progress of a campaign.
    CampaignState {
        /// Waiting for its start time.
        Scheduled = "scheduled" => "host-campaign-scheduled",
        Sending = "sending" => "host-campaign-sending",
        /// Paused by a host, or because the sender domain is not verified. A host can resume it.
        Paused = "paused" => "host-campaign-paused",
        /// All mails are sent, or stay in the mailbox of a site that has no mail server.
        Sent = "sent" => "host-campaign-sent",
        /// Ended by a host, or because its recipients could not be found. Mails that were already
        /// sent are not affected.
        Cancelled = "cancelled" => "host-campaign-cancelled",
    }
}

/// A campaign, as stored.
#[derive(Row, Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Campaign {
    /// The campaign's id.
    pub id: CampaignId,
    /// The kind of mail.
    pub kind: MailKind,
    /// The id of the event that has moved, for mails that tell of it; empty for others.
    pub about: String,
    /// The state of the campaign.
    pub state: CampaignState,
    /// The subject that the hosts had written when they ordered the campaign.
    pub subject: I18n,
    /// The text that the hosts had written when they ordered the campaign.
    pub body: I18n,
    /// The filter that finds the recipients; null if a reminder rule or the page for sending has
    /// chosen the recipients.
    #[row(json)]
    pub audience: Option<InvitationFilter>,
    /// Whether the campaign is also sent to the guests' own addresses.
    pub to_guests: bool,
    /// The maximum number of mails per minute; 0 means as fast as the mail server accepts them.
    pub per_minute: i64,
    /// When the campaign starts.
    pub due_at: Timestamp,
    /// When the campaign was ordered.
    pub created_at: Timestamp,
    /// When the campaign's recipients were fixed.
    pub started_at: Option<Timestamp>,
    /// When all mails were sent, or the campaign was cancelled.
    pub finished_at: Option<Timestamp>,
}

/// A campaign with the number of its mails in each state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CampaignReport)]
pub struct Report {
    /// The campaign.
    #[serde(flatten)]
    pub campaign: Campaign,
    /// The campaign's mails, counted by state.
    #[schema(inline)]
    pub counts: Counts,
}

/// An order for a mail to many households.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCampaign)]
pub struct Order {
    /// The kind of mail. The mail contains the hosts' own text for this kind.
    pub kind: MailKind,
    /// The filter that finds the recipients. All households are recipients if it is omitted.
    #[serde(default)]
    pub audience: InvitationFilter,
    /// Whether the mail also goes to the guests' own addresses. Each address gets the mail only
    /// once per household.
    #[serde(default)]
    pub to_guests: bool,
    /// When the campaign starts; at once if omitted. A time without an offset is in the occasion's
    /// time zone.
    #[serde(default)]
    pub send_at: Option<When>,
    /// The maximum number of mails per minute, up to 600; 0 means as fast as the mail server
    /// accepts them.
    #[serde(default)]
    pub per_minute: i64,
}

/// Creates a campaign. One that starts at once is refused if nobody would get a mail.
pub fn order(tx: &mut Tx<'_>, key: &Key, host: &HostOf, order: &Order) -> Result<Report, Refusal> {
    create(tx, key, host, order, true)
}

fn create(
    tx: &mut Tx<'_>,
    key: &Key,
    host: &HostOf,
    order: &Order,
    needs_somebody: bool,
) -> Result<Report, Refusal> {
    host.needs(Permission::Invite)?;
    let occasion = occasions::lock(tx, host)?;
    may_send(tx, host, occasion.status)?;
    check_room(tx, host)?;
    let mut findings = Findings::default();
    findings.number("/per_minute", order.per_minute, 0, FASTEST);
    let now = tx.now();
    let due_at = match &order.send_at {
        Some(typed) => local(typed, &occasion.zone())
            .or_else(|| findings.when("/send_at", typed, &occasion.zone())),
        None => Some(now),
    };
    let text = mail_text::load(tx, host, order.kind)?;
    if !order.kind.is_for_all() {
        findings.add("/kind", "unknown_option", []);
    }
    if !order.kind.is_built_in() {
        for (pointer, own) in [("/subject", &text.subject), ("/body", &text.body)] {
            if own.is_empty() {
                findings.add(pointer, "text_missing", []);
            }
        }
    }
    findings.finish()?;
    // A filter with an unknown event is refused here, before the job runs.
    let audience = Audience::count(tx, key, host, &order.audience, order.to_guests)?;
    let due_at = due_at.unwrap_or(now).max(now);
    // Who gets it later is decided then.
    if needs_somebody && audience.mails == 0 && due_at <= now {
        return Err(Refusal::NobodyToReach);
    }
    let campaign = Campaign {
        id: tx.id(),
        kind: order.kind,
        about: String::new(),
        state: CampaignState::Scheduled,
        subject: text.subject,
        body: text.body,
        audience: Some(order.audience.clone()),
        to_guests: order.to_guests,
        per_minute: order.per_minute,
        due_at,
        created_at: now,
        started_at: None,
        finished_at: None,
    };
    insert(tx, host.occasion(), &campaign, Some(host), None)?;
    let changes = json!([{"field": "kind", "old": null, "new": campaign.kind}]);
    record(tx, host, "campaign.ordered", &campaign.id, changes)?;
    report(tx, campaign)
}

/// Creates a campaign for exactly these households, which starts at once. `about` is the id of the
/// event that has moved, or empty.
pub fn order_for(
    tx: &mut Tx<'_>,
    key: &Key,
    host: &HostOf,
    text: MailText,
    about: &str,
    households: &[audience::Household],
) -> Result<Report, Refusal> {
    host.needs(Permission::Invite)?;
    let occasion = occasions::lock(tx, host)?;
    may_send(tx, host, occasion.status)?;
    check_room(tx, host)?;
    let now = tx.now();
    let campaign = Campaign {
        id: tx.id(),
        kind: text.kind,
        about: about.to_owned(),
        state: CampaignState::Sending,
        subject: text.subject,
        body: text.body,
        audience: None,
        to_guests: false,
        per_minute: 0,
        due_at: now,
        created_at: now,
        started_at: Some(now),
        finished_at: None,
    };
    insert(tx, host.occasion(), &campaign, Some(host), None)?;
    let found = audience::recipients(tx, key, host.occasion(), households, false)?;
    sending::add(tx, &campaign.id, &found)?;
    let changes = json!([{"field": "kind", "old": null, "new": campaign.kind}]);
    record(tx, host, "campaign.ordered", &campaign.id, changes)?;
    report(tx, campaign)
}

fn check_room(tx: &mut Tx<'_>, host: &HostOf) -> Result<(), Refusal> {
    let (ordered,): (i64,) = sql!(
        "SELECT COUNT(*) FROM campaign WHERE occasion = :occasion",
        occasion = host.occasion()
    )
    .one(tx)?;
    if ordered >= LIMIT {
        return Err(Refusal::LimitReached(LIMIT));
    }
    Ok(())
}

/// Converts a time without a UTC offset to an instant, using the occasion's time zone.
fn local(typed: &When, zone: &TimeZone) -> Option<Timestamp> {
    let typed = typed.0.trim();
    if typed.parse::<Timestamp>().is_ok() {
        return None;
    }
    let local: DateTime = typed.parse().ok()?;
    Some(local.to_zoned(zone.clone()).ok()?.timestamp())
}

/// A host who reminds the same households again within this time must confirm it.
const REMINDED: SignedDuration = SignedDuration::from_mins(10);

/// Narrows a filter down to households that may answer and have not answered completely.
fn owing(filter: &InvitationFilter) -> InvitationFilter {
    InvitationFilter {
        response: Some(filter.response.unwrap_or(Answered::Pending)),
        access: Some(filter.access.unwrap_or(Access::Open)),
        ..filter.clone()
    }
}

/// Finds a campaign that was created within [`REMINDED`] and reminds the same households.
pub fn reminded(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &InvitationFilter,
) -> Result<Option<Report>, Refusal> {
    host.needs(Permission::Invite)?;
    let found: Option<(CampaignId,)> = sql!(
        "SELECT id FROM campaign
         WHERE occasion = :occasion AND kind = 'reminder' AND audience = :audience
           AND created_at > :lately AND state <> 'cancelled'
         ORDER BY id DESC LIMIT 1",
        occasion = host.occasion(),
        audience = Json(&Some(owing(filter))),
        lately = tx.now() - REMINDED
    )
    .maybe(tx)?;
    found.map(|(id,)| load(tx, host, &id)).transpose()
}

/// Reminds the households that have not answered completely, also if there are none. If the same
/// households were reminded within [`REMINDED`], returns the earlier campaign, unless `force` is set.
pub fn remind(
    tx: &mut Tx<'_>,
    key: &Key,
    host: &HostOf,
    filter: &InvitationFilter,
    force: bool,
) -> Result<Report, Refusal> {
    occasions::lock(tx, host)?;
    if !force && let Some(report) = reminded(tx, host, filter)? {
        return Ok(report);
    }
    let wanted = Order {
        kind: MailKind::Reminder,
        audience: owing(filter),
        to_guests: false,
        send_at: None,
        per_minute: 0,
    };
    create(tx, key, host, &wanted, false)
}

/// Checks that this occasion may send mail to many households.
pub fn may_send(tx: &mut Tx<'_>, host: &HostOf, status: OccasionStatus) -> Result<(), Refusal> {
    if matches!(status, OccasionStatus::Draft | OccasionStatus::Archived) {
        return Err(Refusal::NotPublished);
    }
    if !member_occasions::sends_mail(tx, host.occasion())? {
        return Err(Refusal::MailNotAllowed);
    }
    if sender_domain::is_unverified(tx)? {
        return Err(Refusal::SenderUnverified);
    }
    Ok(())
}

/// Inserts a campaign, and queues its job for the start time.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    campaign: &Campaign,
    host: Option<&HostOf>,
    rule: Option<&str>,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO campaign (id, occasion, kind, about, state, subject, body, audience, to_guests,
             account, rule, per_minute, due_at, created_at, started_at)
         VALUES (:id, :occasion, :kind, :about, :state, :subject, :body, :audience, :to_guests,
             :account, :rule, :per_minute, :due_at, :created_at, :started_at)",
        id = campaign.id,
        occasion,
        kind = campaign.kind,
        about = campaign.about,
        state = campaign.state,
        subject = campaign.subject,
        body = campaign.body,
        audience = Json(&campaign.audience),
        to_guests = campaign.to_guests,
        account = host.map(HostOf::account),
        rule,
        per_minute = campaign.per_minute,
        due_at = campaign.due_at,
        created_at = campaign.created_at,
        started_at = campaign.started_at
    )
    .run(tx, Rows::Exactly(1))?;
    enqueue(tx, &campaign.id, campaign.due_at)?;
    publish_progress(tx, occasion, campaign)
}

fn key(id: &CampaignId) -> String {
    format!("campaign:{id}")
}

pub(super) fn enqueue(tx: &mut Tx<'_>, id: &CampaignId, at: Timestamp) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(key(id)),
        run_at: Some(at),
        ..NewJob::new(KIND, json!({ "campaign": id }))
    })
}

fn record(
    tx: &mut Tx<'_>,
    host: &HostOf,
    action: &'static str,
    id: &CampaignId,
    changes: serde_json::Value,
) -> Result<(), StoreError> {
    history::record(
        tx,
        host,
        action,
        Entity::new("campaign", id.to_string()),
        changes,
    )
}

fn report(tx: &mut Tx<'_>, campaign: Campaign) -> Result<Report, Refusal> {
    let counts = progress::count(tx, &campaign.id)?;
    Ok(Report { campaign, counts })
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf, id: &CampaignId) -> Result<Report, Refusal> {
    host.needs(Permission::Invite)?;
    let found: Option<Campaign> = sql!(
        "SELECT {Campaign} FROM campaign WHERE id = :id AND occasion = :occasion",
        id,
        occasion = host.occasion()
    )
    .maybe(tx)?;
    report(tx, found.ok_or(Refusal::NotFound)?)
}

/// Returns a page of the campaigns, newest first.
pub fn list(tx: &mut Tx<'_>, host: &HostOf, paging: &PageQuery) -> Result<List<Report>, Refusal> {
    host.needs(Permission::Invite)?;
    let before: Option<CampaignId> = paging.after().map_err(|_| Refusal::CursorInvalid)?;
    let all: Vec<Campaign> = sql!(
        "SELECT {Campaign} FROM campaign WHERE occasion = :occasion AND id < :before
         ORDER BY id DESC LIMIT :rows",
        occasion = host.occasion(),
        // Ids are hexadecimal, so every id sorts before `"g"`.
        before = before.as_ref().map_or("g", CampaignId::as_str),
        rows = paging.rows()
    )
    .all(tx)?;
    let List {
        items, next_cursor, ..
    } = paging.list(all, |one| one.id.clone());
    let reports: Result<Vec<Report>, _> = items.into_iter().map(|one| report(tx, one)).collect();
    Ok(List {
        next_cursor,
        total: None,
        ..List::whole(reports?)
    })
}

/// What a host can do with a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Pause,
    Resume,
    Cancel,
    /// Sends failed mails again, and mails that stayed in the site's mailbox.
    Retry,
}

/// Refuses to send more of a campaign if something stands in the way. A host can always stop one.
pub fn check_step(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    id: &CampaignId,
    step: Step,
) -> Result<(), Refusal> {
    match step {
        Step::Pause | Step::Cancel => Ok(()),
        Step::Resume | Step::Retry => {
            let kind = load(tx, host, id)?.campaign.kind;
            obstacles::check_campaign(tx, site, host, kind)
        }
    }
}

/// Carries out a host's action on a campaign.
pub fn step(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &CampaignId,
    step: Step,
) -> Result<Report, Refusal> {
    use CampaignState::{Cancelled, Paused, Scheduled, Sending, Sent};
    host.needs(Permission::Invite)?;
    let occasion = occasions::load(tx, host)?;
    let locked = lock(tx, id)?.filter(|(_, of)| of == host.occasion());
    let (campaign, _) = locked.ok_or(Refusal::NotFound)?;
    let (state, action) = match (step, campaign.state) {
        (Step::Pause, Sending) => (Paused, "campaign.paused"),
        // The campaign was paused before its start, so its recipients are not fixed yet.
        (Step::Resume, Paused) if campaign.started_at.is_none() => (Scheduled, "campaign.resumed"),
        (Step::Resume, Paused) => (Sending, "campaign.resumed"),
        (Step::Cancel, Scheduled | Sending | Paused) => (Cancelled, "campaign.cancelled"),
        (Step::Retry, Sending | Sent) => (Sending, "campaign.retried"),
        _ => return Err(Refusal::WrongState),
    };
    let now = tx.now();
    match step {
        Step::Pause => withdraw_unsent(tx, id)?,
        Step::Cancel => {
            withdraw_unsent(tx, id)?;
            jobs::withdraw(tx, &key(id))?;
            sql!(
                "UPDATE campaign_recipient SET state = 'cancelled'
                 WHERE campaign = :id AND state = 'queued'",
                id
            )
            .run(tx, Rows::Any)?;
        }
        Step::Resume | Step::Retry => {
            may_send(tx, host, occasion.status)?;
            if step == Step::Retry && queue_failed(tx, id)? == 0 {
                return Err(Refusal::WrongState);
            }
            enqueue(tx, id, now)?;
        }
    }
    let finished_at = (state == Cancelled).then_some(now);
    sql!(
        "UPDATE campaign SET state = :state, finished_at = :finished_at WHERE id = :id",
        id,
        state,
        finished_at
    )
    .run(tx, Rows::Exactly(1))?;
    record(tx, host, action, id, json!([]))?;
    let report = load(tx, host, id)?;
    publish_progress(tx, host.occasion(), &report.campaign)?;
    Ok(report)
}

fn lock(tx: &mut Tx<'_>, id: &CampaignId) -> Result<Option<(Campaign, OccasionId)>, StoreError> {
    let found: Option<(OccasionId,)> = sql!(
        "SELECT occasion FROM campaign WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let Some((occasion,)) = found else {
        return Ok(None);
    };
    let campaign = sql!("SELECT {Campaign} FROM campaign WHERE id = :id", id).one(tx)?;
    Ok(Some((campaign, occasion)))
}

fn withdraw_unsent(tx: &mut Tx<'_>, id: &CampaignId) -> Result<(), StoreError> {
    let under_way: Vec<(i64, MailId)> = sql!(
        "SELECT place, mail FROM campaign_recipient JOIN mail ON mail.id = campaign_recipient.mail
         WHERE campaign = :id AND mail.state IN ('queued', 'deferred')",
        id
    )
    .all(tx)?;
    for (place, id_of_mail) in under_way {
        if mail::withdraw(tx, &id_of_mail)? {
            sql!(
                "UPDATE campaign_recipient SET state = 'queued', mail = NULL
                 WHERE campaign = :id AND place = :place",
                id,
                place
            )
            .run(tx, Rows::Exactly(1))?;
        }
    }
    Ok(())
}

/// Also for recipients whose mail stayed in the site's mailbox.
fn queue_failed(tx: &mut Tx<'_>, id: &CampaignId) -> Result<u64, StoreError> {
    sql!(
        "UPDATE campaign_recipient SET state = 'queued', mail = NULL
         WHERE campaign = :id AND mail IN
             (SELECT mail.id FROM campaign_recipient AS own JOIN mail ON mail.id = own.mail
              WHERE own.campaign = :id
                AND (mail.state IN ('failed', 'bounced') OR mail.mailbox_at IS NOT NULL))",
        id
    )
    .run(tx, Rows::Any)
}

fn publish_progress(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    campaign: &Campaign,
) -> Result<(), StoreError> {
    let counts = progress::count(tx, &campaign.id)?;
    tx.publish(platform::news::NewNews {
        scope: occasion.to_string(),
        name: "campaign",
        payload: json!({ "id": campaign.id, "state": campaign.state, "counts": counts }),
    })
}
