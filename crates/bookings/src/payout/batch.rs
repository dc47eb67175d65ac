//! Batches of payouts. A batch contains approved items in one currency that the bank transfers
//! together, with one line for each provider.

use std::collections::BTreeMap;

use identity::account::AccountId;
use identity::notification::{self, NewNotification};
use identity::session::sudo;
use jiff::Timestamp;
use platform::audit::{Actor, Entity, Entry};
use platform::jobs::{Done, Handler, JobError, NewJob};
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::resource::Parent as _;
use utoipa::ToSchema;
use web::sheet::{self, Cell, FileFormat, Sheet};
use web::{Findings, MailMessages, Site};

use crate::booking::Booking;
use crate::codes::{PAYOUT_EMPTY, PAYOUT_STATE, SECOND_PERSON};
use crate::payout::{self, Payout};
use crate::provider::ProviderId;
use crate::settings::{self, Administrator};
use crate::{Refusal, day_range, notice, webhook};

platform::id!(BatchId, random, "One batch of payouts.");

/// The job kind of the daily job that plans drafts.
pub const PLAN: &str = "booking.payout_drafts";
/// The job kind of the job that drafts the batches of a day.
pub const DRAFT: &str = "booking.payout_draft";
/// The hour of the day at which batches are drafted.
const HOUR: i8 = 6;
/// The maximum length of the bank's reference, in characters.
const REFERENCE: usize = 80;

web::words! {
    /// The state of a batch of payouts.
    #[schema(as = PayoutBatchState)]
    BatchState {
        Draft = "draft" => "batch-draft",
        Approved = "approved" => "batch-approved",
        /// The transfer was sent to the bank.
        Sent = "sent" => "batch-sent",
        /// The providers have the money.
        Settled = "settled" => "batch-settled",
        /// The transfer was given up, and its items can be put into another batch.
        Failed = "failed" => "batch-failed",
    }
}

web::words! {
    /// What an administrator does with a batch of payouts.
    BatchStep {
        Approve = "approve" => "batch-approve",
        Send = "send" => "batch-send",
        Settle = "settle" => "batch-settle",
        Fail = "fail" => "batch-fail",
    }
}

/// A batch of payouts.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[row(table = "payout_batch")]
#[schema(as = PayoutBatch)]
pub struct Batch {
    pub id: BatchId,
    /// The currency (ISO 4217).
    pub currency: Currency,
    pub state: BatchState,
    /// The bank's reference for the transfer.
    pub reference: String,
    /// Whether it must be sent by a person who has approved none of its payouts. A later change of
    /// the settings does not affect it.
    #[serde(skip)]
    pub two_people: bool,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// What one provider gets from a batch.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = PayoutLine)]
pub struct Line {
    pub provider_id: ProviderId,
    pub provider: String,
    /// The number of items in the sum.
    pub items: i64,
    /// The sum in minor units.
    pub amount_minor: i64,
    /// The encrypted destination of the money, such as a bank account.
    #[serde(skip)]
    payout_ref: Option<Vec<u8>>,
    #[serde(skip)]
    account_id: Option<AccountId>,
}

/// A batch with its lines.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PayoutBatchView)]
pub struct BatchView {
    #[serde(flatten)]
    pub batch: Batch,
    pub lines: Vec<Line>,
}

/// The currency of a new batch.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPayoutBatch)]
pub struct NewBatch {
    /// A currency (ISO 4217).
    pub currency: String,
}

/// The values that are sent with a step.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PayoutBatchStepValues)]
pub struct BatchStepValues {
    /// The bank's reference, 1–80 characters. Only the step `send` needs it.
    pub reference: String,
}

/// Omits providers without a bank reference or with items of at most 0 in sum, and adjustments of
/// items that are not paid yet.
fn due(tx: &mut Tx<'_>, currency: Currency) -> Result<Vec<Payout>, StoreError> {
    let items: Vec<Payout> = sql!(
        "SELECT {Payout} FROM payout_item
         WHERE state = 'approved' AND currency = :currency AND available_at <= :now
           AND provider_id IN (SELECT id FROM provider WHERE payout_ref IS NOT NULL)
           AND (is_adjustment = 0 OR EXISTS
               (SELECT 1 FROM payout_item adjusted
                WHERE adjusted.booking_id = payout_item.booking_id
                  AND adjusted.is_adjustment = 0 AND adjusted.state = 'paid'))
         ORDER BY id",
        currency,
        now = tx.roughly_now()
    )
    .all(tx)?;
    let mut sums: BTreeMap<ProviderId, i64> = BTreeMap::new();
    for item in &items {
        *sums.entry(item.provider_id.clone()).or_default() += item.amount_minor;
    }
    let is_due = |item: &Payout| sums.get(&item.provider_id).is_some_and(|sum| *sum > 0);
    Ok(items.into_iter().filter(is_due).collect())
}

/// Creates a batch of all items in this currency that are due.
pub fn create(tx: &mut Tx<'_>, by: &Administrator, new: &NewBatch) -> Result<BatchView, Refusal> {
    sudo::require::<Refusal>(tx, &by.requester().who)?;
    let items = match new.currency.parse() {
        Ok(currency) => due(tx, currency)?,
        Err(_) => Vec::new(),
    };
    let Some(currency) = items.first().map(|item| item.currency) else {
        return Err(PAYOUT_EMPTY.into());
    };
    let batch = gather(tx, currency, &items)?.ok_or(PAYOUT_STATE)?;
    let changes = json!([{"field": "items", "old": null, "new": items.len()}]);
    record(tx, by, &batch.id, "payout_batch.created", changes)?;
    view(tx, batch)
}

/// Puts approved items into a new batch. Returns `None` if a concurrent change has put one of them
/// into another batch. In this case, the caller must not commit the transaction.
fn gather(
    tx: &mut Tx<'_>,
    currency: Currency,
    items: &[Payout],
) -> Result<Option<Batch>, StoreError> {
    let now = tx.now();
    let batch = Batch {
        id: tx.id(),
        currency,
        state: BatchState::Draft,
        reference: String::new(),
        two_people: settings::load(tx)?.payout_two_people,
        created_at: now,
        changed_at: now,
    };
    tx.insert(&batch)?;
    for item in items {
        let taken = sql!(
            "UPDATE payout_item SET state = 'batched', batch_id = :batch
             WHERE id = :id AND state = 'approved'",
            id = item.id,
            batch = batch.id
        )
        .run(tx, Rows::AtMostOne)?;
        if taken == 0 {
            return Ok(None);
        }
    }
    Ok(Some(batch))
}

/// The jobs that draft batches each morning, in the site's time zone.
pub(crate) fn jobs(site: &Site) -> [Handler; 2] {
    let zone = site.settings.time_zone.clone();
    [
        Handler::each_day(PLAN, move |_| {
            let zone = zone.clone();
            async move {
                Ok::<_, JobError>(Done::with(
                    move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                        for (day, at) in day_range::mornings(tx.now(), &zone, HOUR) {
                            tx.enqueue(NewJob {
                                key: Some(format!("{DRAFT} {day}")),
                                run_at: Some(at),
                                ..NewJob::new(DRAFT, json!({ "day": day }))
                            })?;
                        }
                        Ok(())
                    },
                ))
            }
        }),
        Handler::new(DRAFT, |_| async { Ok::<_, JobError>(Done::with(draft)) }),
    ]
}

fn draft(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    // The lock makes concurrent runs wait, so that there are never two drafts in one currency.
    settings::lock(tx)?;
    for currency in approved_currencies(tx)? {
        let (standing,): (i64,) = sql!(
            "SELECT COUNT(*) FROM payout_batch WHERE currency = :currency AND state = 'draft'",
            currency
        )
        .one(tx)?;
        let items = due(tx, currency)?;
        if standing > 0 || items.is_empty() {
            continue;
        }
        let batch = gather(tx, currency, &items)?;
        let batch = batch.ok_or_else(|| StoreError::rule("a payout is in another batch by now"))?;
        tx.record(Entry {
            actor: Actor::System,
            action: "payout_batch.created",
            entity: Entity::new("payout_batch", batch.id.to_string()),
            scope: None,
            changes: json!([{"field": "items", "old": null, "new": items.len()}]),
            request: None,
        })?;
    }
    Ok(())
}

fn approved_currencies(tx: &mut Tx<'_>) -> Result<Vec<Currency>, StoreError> {
    let all: Vec<(Currency,)> = tx.all(
        sql!(
            "SELECT DISTINCT currency FROM payout_item WHERE state = 'approved' ORDER BY currency"
        ),
        &[],
    )?;
    Ok(all.into_iter().map(|(currency,)| currency).collect())
}

fn record(
    tx: &mut Tx<'_>,
    by: &Administrator,
    id: &BatchId,
    action: &'static str,
    changes: serde_json::Value,
) -> Result<(), StoreError> {
    let entity = Entity::new("payout_batch", id.to_string());
    by.record(tx, entity, action, changes)
}

pub fn view(tx: &mut Tx<'_>, batch: Batch) -> Result<BatchView, Refusal> {
    let lines = sql!(
        "SELECT p.id AS provider_id, p.display_name AS provider, COUNT(*) AS items,
             CAST(SUM(i.amount_minor) AS BIGINT) AS amount_minor, p.payout_ref AS payout_ref,
             p.account_id AS account_id
         FROM payout_item i JOIN provider p ON p.id = i.provider_id
         WHERE i.batch_id = :batch
         GROUP BY p.id, p.display_name, p.payout_ref, p.account_id ORDER BY p.display_name, p.id",
        batch = batch.id
    )
    .all(tx)?;
    Ok(BatchView { batch, lines })
}

pub fn find(tx: &mut Tx<'_>, id: &BatchId) -> Result<Option<Batch>, StoreError> {
    tx.find(id)
}

/// Lists at most `rows` batches before `before`, newest first.
pub fn list(
    tx: &mut Tx<'_>,
    before: Option<&(Timestamp, BatchId)>,
    rows: i64,
) -> Result<Vec<Batch>, StoreError> {
    sql!(
        "SELECT {Batch} FROM payout_batch
         WHERE created_at < :at OR (created_at = :at AND id < :id)
         ORDER BY created_at DESC, id DESC LIMIT :rows",
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

/// For each currency, the total amount of the next batch and the number of its providers.
pub fn next(tx: &mut Tx<'_>) -> Result<Vec<(Money, usize)>, StoreError> {
    let mut found = Vec::new();
    for currency in approved_currencies(tx)? {
        let items = due(tx, currency)?;
        let sum = items.iter().map(|item| item.amount_minor).sum();
        let mut providers: Vec<_> = items.iter().map(|item| &item.provider_id).collect();
        providers.sort();
        providers.dedup();
        found.push((Money::new(sum, currency), providers.len()));
    }
    Ok(found)
}

/// Performs a step on a batch, and changes the state of its items accordingly.
pub fn step(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &Administrator,
    id: &BatchId,
    step: BatchStep,
    values: &BatchStepValues,
) -> Result<BatchView, Refusal> {
    let who = &by.requester().who;
    sudo::require::<Refusal>(tx, who)?;
    let old = tx.lock::<Batch>(id)?.ok_or(Refusal::NotFound)?;
    let mut new = old.clone();
    new.changed_at = tx.now();
    match (step, old.state) {
        (BatchStep::Approve, BatchState::Draft) => new.state = BatchState::Approved,
        (BatchStep::Send, BatchState::Approved) => {
            check_second_person(tx, &old, &who.account().id)?;
            if has_disputed(tx, id)? {
                return Err(PAYOUT_STATE.into());
            }
            let mut findings = Findings::default();
            new.reference = findings.line("/reference", &values.reference, 1, REFERENCE);
            findings.finish()?;
            new.state = BatchState::Sent;
        }
        (BatchStep::Settle, BatchState::Sent) => {
            sql!(
                "UPDATE payout_item SET state = 'paid' WHERE batch_id = :id",
                id
            )
            .run(tx, Rows::Any)?;
            new.state = BatchState::Settled;
        }
        (BatchStep::Fail, BatchState::Draft | BatchState::Approved | BatchState::Sent) => {
            take_out(tx, id)?;
            new.state = BatchState::Failed;
        }
        _ => return Err(PAYOUT_STATE.into()),
    }
    tx.update(&new)?;
    let changes = json!([{"field": "state", "old": old.state, "new": new.state}]);
    record(tx, by, id, "payout_batch.step", changes)?;
    let view = view(tx, new)?;
    if step == BatchStep::Send {
        tell(tx, site, &view)?;
    }
    Ok(view)
}

fn has_disputed(tx: &mut Tx<'_>, batch: &BatchId) -> Result<bool, StoreError> {
    for booking in of_batch(tx, batch)? {
        if payout::is_disputed(tx, &booking)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn of_batch(tx: &mut Tx<'_>, batch: &BatchId) -> Result<Vec<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking WHERE id IN
             (SELECT booking_id FROM payout_item WHERE batch_id = :batch AND is_adjustment = 0)
         ORDER BY id",
        batch
    )
    .all(tx)
}

/// A payout whose payment is disputed is held back. The adjustment for taking it back is rejected,
/// because the payout was not paid.
fn take_out(tx: &mut Tx<'_>, batch: &BatchId) -> Result<(), StoreError> {
    let bookings = of_batch(tx, batch)?;
    sql!(
        "UPDATE payout_item SET state = 'approved', batch_id = NULL WHERE batch_id = :batch",
        batch
    )
    .run(tx, Rows::Any)?;
    for booking in bookings {
        if payout::is_disputed(tx, &booking)? {
            payout::hold(tx, &booking.id)?;
            sql!(
                "UPDATE payout_item SET state = 'rejected', approved_by = NULL
                 WHERE booking_id = :booking AND is_adjustment = 1 AND is_disputed = 1
                   AND state IN ('pending', 'approved')",
                booking = booking.id
            )
            .run(tx, Rows::Any)?;
        }
    }
    Ok(())
}

/// A batch may require that nobody sends items that they have approved.
fn check_second_person(tx: &mut Tx<'_>, batch: &Batch, account: &AccountId) -> Result<(), Refusal> {
    let (own,): (i64,) = sql!(
        "SELECT COUNT(*) FROM payout_item WHERE batch_id = :id AND approved_by = :account",
        id = batch.id,
        account
    )
    .one(tx)?;
    if own > 0 && batch.two_people {
        return Err(SECOND_PERSON.into());
    }
    Ok(())
}

fn tell(tx: &mut Tx<'_>, site: &Site, view: &BatchView) -> Result<(), StoreError> {
    const PAGE: &str = "/me/slots/payouts";
    for line in &view.lines {
        let sum = Money::new(line.amount_minor, view.batch.currency);
        let id = view.batch.id.as_str();
        webhook::tell_sent(tx, id, &line.provider_id, line.items, sum)?;
        let Some(account) = &line.account_id else {
            continue;
        };
        let messages = MailMessages {
            subject: "payout-mail-sent",
            text: "payout-said-sent",
        };
        let reference = view.batch.reference.as_str();
        notice::mail_money(
            tx,
            site,
            Some(account),
            messages,
            PAGE,
            sum,
            reference.into(),
        )?;
        let told = NewNotification {
            kind: "payout-notice-sent",
            about: &notice::sum(tx, site, Some(account), sum)?,
            href: PAGE,
        };
        notification::tell(tx, site, account, told)?;
    }
    Ok(())
}

/// The lines of a batch as a CSV file for the bank, with each provider's bank reference.
pub fn file(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &Administrator,
    id: &BatchId,
) -> Result<Vec<u8>, Refusal> {
    sudo::require::<Refusal>(tx, &by.requester().who)?;
    let batch = find(tx, id)?.ok_or(Refusal::NotFound)?;
    let BatchView { batch, lines } = view(tx, batch)?;
    let rows = lines.iter().map(|line| -> Vec<Cell> {
        let sealed = line.payout_ref.as_deref().unwrap_or_default();
        let sum = Money::new(line.amount_minor, batch.currency);
        vec![
            line.provider.as_str().into(),
            payout::open_reference(site, &line.provider_id, sealed).into(),
            sum.decimal().into(),
            batch.currency.code().into(),
            sum.minor.into(),
            line.items.into(),
            line.provider_id.to_string().into(),
        ]
    });
    let headings = "name,reference,amount,currency,amount_minor,items,provider_id";
    let sheet = Sheet {
        name: "payouts".to_owned(),
        headings: headings.split(',').map(str::to_owned).collect(),
        rows: rows.collect(),
    };
    let mut out = Vec::new();
    let written = sheet::write(&[sheet], FileFormat::Csv, &mut out);
    written.map_err(|error| Refusal::Problem(web::Problem::internal(error)))?;
    record(tx, by, id, "payout_batch.exported", json!([]))?;
    Ok(out)
}
