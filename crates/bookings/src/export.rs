//! Exports of all records of money and of all bookings, as files. Each page of rows is read in a
//! separate transaction and written to the file, so that no export is truncated or held in memory.

use identity::session::sudo;
use jiff::Timestamp;
use platform::audit::{Entity, chain};
use platform::id::Id;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Store, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::{Value, json};
use site::resource::Parent as _;
use web::sheet::{self, Cell};

use crate::Refusal;
use crate::booking::search;
use crate::refund::manual::{self, Before, OrderRecord};
use crate::settings::Administrator;

const ROWS: i64 = 500;

web::words! {
    /// What is exported.
    #[schema(as = BookingExportKind)]
    ExportKind {
        Orders = "orders" => "order-all",
        Payments = "payments" => "export-payments",
        Refunds = "refunds" => "refund-all",
        Payouts = "payouts" => "payout-all",
        Bookings = "bookings" => "session-all",
        Credits = "credits" => "export-credits",
        /// The audit log, which records what administrators and the installation did.
        Audit = "audit" => "export-audit",
    }
}

web::words! {
    /// A kind of file.
    #[schema(as = BookingExportFormat)]
    ExportFormat {
        /// Comma-separated values (RFC 4180) in UTF-8 with a byte order mark, with CRLF at the end
        /// of each line.
        Csv = "csv",
        /// A JSON object in each line.
        JsonLines = "jsonl",
    }
}

impl ExportFormat {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }
}

/// A file of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    pub kind: ExportKind,
    pub format: ExportFormat,
}

/// The sort key of the last row that was read: its time and id.
type Last = (Timestamp, String);

/// The part of an export that is not written yet.
#[derive(Clone, Debug)]
pub struct Rest {
    export: Export,
    last: Option<Last>,
    is_read: bool,
}

impl Export {
    /// The export with this file name, such as `orders.csv`.
    pub fn find(name: &str) -> Option<Self> {
        let (kind, format) = name.split_once('.')?;
        Some(Self {
            kind: ExportKind::find(kind)?,
            format: ExportFormat::find(format)?,
        })
    }

    pub fn file_name(self) -> String {
        format!("{}.{}", self.kind.word(), self.format.word())
    }

    /// Begins the export, and records in the audit log which administrator makes it.
    pub fn begin(self, tx: &mut Tx<'_>, by: &Administrator) -> Result<Rest, Refusal> {
        sudo::require::<Refusal>(tx, &by.requester().who)?;
        let entity = Entity::new("setting", "bookings".to_owned());
        let changes = json!([{"field": "file", "old": null, "new": self.file_name()}]);
        by.record(tx, entity, "booking_export.made", changes)?;
        Ok(Rest {
            export: self,
            last: None,
            is_read: false,
        })
    }
}

impl Rest {
    /// Writes the next part of the file. Returns `None` after the last one.
    pub async fn next(self, store: &Store) -> Result<Option<(Vec<u8>, Self)>, StoreError> {
        if self.is_read {
            return Ok(None);
        }
        let (Export { kind, format }, last) = (self.export, self.last);
        let is_begun = last.is_some();
        let look = move |tx: &mut Tx<'_>| read(tx, kind, last.as_ref());
        let (rows, last) = store.read(look).await?;
        let headings: Vec<&str> = headings(kind).split(',').collect();
        let written = match format {
            ExportFormat::Csv => {
                sheet::csv_lines((!is_begun).then_some(headings.as_slice()), &rows)
            }
            ExportFormat::JsonLines => sheet::json_lines(&headings, &rows),
        };
        let written = written.map_err(|_| StoreError::rule("rows that cannot be written"))?;
        let rest = Self {
            is_read: i64::try_from(rows.len()).unwrap_or(i64::MAX) < ROWS,
            last,
            ..self
        };
        Ok(Some((written, rest)))
    }
}

const fn headings(kind: ExportKind) -> &'static str {
    match kind {
        ExportKind::Orders => {
            "id,created_at,paid_at,state,mode,gateway,payer,account_id,title,amount_minor,\
             amount,currency,tax_minor,tax,tax_bps,receipt_no,receipt"
        }
        ExportKind::Payments => {
            "id,order_id,captured_at,state,mode,gateway,gateway_payment_id,payer,settles,\
             amount_minor,amount,currency,refunded_minor,refunded"
        }
        ExportKind::Refunds => {
            "id,payment_id,order_id,created_at,changed_at,state,mode,payer,amount_minor,\
             amount,currency,reason,requested_by"
        }
        ExportKind::Payouts => {
            "id,booking_id,provider_id,provider,created_at,available_at,state,\
             is_adjustment,amount_minor,amount,currency,batch_id,reason"
        }
        ExportKind::Bookings => {
            "id,created_at,starts_at,ends_at,time_zone,state,title,provider_id,provider,\
             member_id,member,session_type,level,entry,track,order_id,cancelled_by,cancel_reason,\
             is_class,seats"
        }
        ExportKind::Credits => {
            "id,created_at,lot_id,account_id,account,credit_kind,delta,reason,subject,note,\
             expires_at"
        }
        ExportKind::Audit => {
            "sequence,at,actor_kind,actor_id,action,entity_kind,entity_id,changes,\
             request_id,network"
        }
    }
}

type Rows = (Vec<Vec<Cell>>, Option<Last>);

/// Rows added meanwhile may be left out, but no other row is left out or read twice.
fn read(tx: &mut Tx<'_>, kind: ExportKind, last: Option<&Last>) -> Result<Rows, StoreError> {
    let after = last.map_or("", |(_, id)| id.as_str());
    match kind {
        ExportKind::Orders => rows(kind, &orders(tx, last)?, |one| {
            let order = &one.record.order;
            (order.created_at, order.id.to_string())
        }),
        ExportKind::Payments => rows(
            kind,
            &manual::payments(tx, before(last).as_ref(), ROWS)?,
            |one| (one.ordered_at, one.id.to_string()),
        ),
        ExportKind::Refunds => rows(
            kind,
            &manual::list(tx, before(last).as_ref(), ROWS)?,
            |one| (one.created_at, one.id.to_string()),
        ),
        ExportKind::Payouts => rows(kind, &payouts(tx, after)?, |one| {
            (one.created_at, one.id.clone())
        }),
        ExportKind::Bookings => rows(kind, &search::all(tx, after, ROWS)?, |one| {
            (one.record.created_at, one.record.id.to_string())
        }),
        ExportKind::Credits => rows(kind, &credits(tx, after)?, |one| {
            (one.created_at, one.id.clone())
        }),
        // The log that administrators read at `/admin/audit`, newest first.
        ExportKind::Audit => rows(kind, &chain::list(tx, after.parse().ok(), ROWS)?, |one| {
            (one.at, one.sequence.to_string())
        }),
    }
}

fn before<I: Id>(last: Option<&Last>) -> Option<Before<I>> {
    last.map(|(at, id)| (*at, I::from_text(id.clone())))
}

fn rows<T: Serialize>(
    kind: ExportKind,
    records: &[T],
    key: impl Fn(&T) -> Last,
) -> Result<Rows, StoreError> {
    let rows = records.iter().map(|one| cells(headings(kind), one));
    Ok((rows.collect::<Result<_, _>>()?, records.last().map(key)))
}

fn cells(headings: &str, record: &impl Serialize) -> Result<Vec<Cell>, StoreError> {
    let record = serde_json::to_value(record);
    let record = record.map_err(|_| StoreError::rule("rows that cannot be written"))?;
    let decimal = |minor: &str| {
        let currency: Currency = record["currency"].as_str()?.parse().ok()?;
        Some(Money::new(record[minor].as_i64()?, currency).decimal())
    };
    let cell = |heading: &str| match heading {
        "amount" => decimal("amount_minor").into(),
        "tax" => decimal("tax_minor").into(),
        "refunded" => decimal("refund_reserved_minor").into(),
        "refunded_minor" => record["refund_reserved_minor"].as_i64().into(),
        heading => match &record[heading] {
            Value::Bool(is_so) => i64::from(*is_so).into(),
            Value::Number(number) => number.as_i64().into(),
            Value::String(text) => text.as_str().into(),
            _ => Cell::Empty,
        },
    };
    Ok(headings.split(',').map(cell).collect())
}

#[derive(Serialize)]
struct OrderRow {
    #[serde(flatten)]
    record: OrderRecord,
    receipt: Option<String>,
}

fn orders(tx: &mut Tx<'_>, last: Option<&Last>) -> Result<Vec<OrderRow>, StoreError> {
    let all = manual::orders(tx, before(last).as_ref(), ROWS)?.into_iter();
    let all = all.map(|record| OrderRow {
        receipt: record.order.receipt(),
        record,
    });
    Ok(all.collect())
}

#[derive(Row, Serialize)]
struct PayoutRow {
    id: String,
    booking_id: String,
    provider_id: String,
    provider: String,
    created_at: Timestamp,
    available_at: Timestamp,
    state: String,
    is_adjustment: i64,
    amount_minor: i64,
    currency: Currency,
    batch_id: Option<String>,
    reason: String,
}

fn payouts(tx: &mut Tx<'_>, after: &str) -> Result<Vec<PayoutRow>, StoreError> {
    sql!(
        "SELECT i.id, i.booking_id, i.provider_id, p.display_name AS provider, i.created_at,
             i.available_at, i.state, i.is_adjustment, i.amount_minor, i.currency, i.batch_id,
             i.reason
         FROM payout_item i JOIN provider p ON p.id = i.provider_id
         WHERE i.id > :after ORDER BY i.id LIMIT :rows",
        after,
        rows = ROWS
    )
    .all(tx)
}

#[derive(Row, Serialize)]
struct CreditRow {
    id: String,
    created_at: Timestamp,
    lot_id: String,
    account_id: Option<String>,
    account: Option<String>,
    credit_kind: String,
    delta: i64,
    reason: String,
    subject: String,
    note: String,
    expires_at: Timestamp,
}

fn credits(tx: &mut Tx<'_>, after: &str) -> Result<Vec<CreditRow>, StoreError> {
    sql!(
        "SELECT e.id, e.created_at, e.lot_id, p.account_id, a.display_name AS account,
             l.credit_kind, e.delta, e.reason, e.subject, e.note, l.expires_at
         FROM credit_entry e JOIN credit_lot l ON l.id = e.lot_id
         JOIN money_party p ON p.id = l.party_id LEFT JOIN account a ON a.id = p.account_id
         WHERE e.id > :after ORDER BY e.id LIMIT :rows",
        after,
        rows = ROWS
    )
    .all(tx)
}
