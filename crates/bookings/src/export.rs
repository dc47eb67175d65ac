//! Exports of all money and all bookings as files, which are written while they are read: a page of
//! rows at a time, each in a transaction of its own, so that no export is cut or held in memory.

use identity::session::sudo;
use jiff::Timestamp;
use platform::audit::chain;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Store, StoreError, Tx, sql};
use serde_json::json;
use site::resource::Parent as _;
use web::sheet::{self, Cell};

use crate::Refusal;
use crate::booking::search;
use crate::refund::manual;
use crate::settings::Administrator;

/// How many rows are read at once.
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
        /// The log of what administrators and the installation did.
        Audit = "audit" => "export-audit",
    }
}

web::words! {
    /// A kind of file.
    #[schema(as = BookingExportFormat)]
    ExportFormat {
        /// Comma-separated text: UTF-8 with BOM, CRLF, RFC 4180.
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

/// Where the next page of an export begins.
#[derive(Clone, Debug)]
enum Position {
    /// After this id, or at the beginning.
    Id(String),
    /// Before this line of the log.
    Line(Option<i64>),
    End,
}

/// The part of an export that is not written yet.
#[derive(Clone, Debug)]
pub struct Rest {
    export: Export,
    is_begun: bool,
    position: Position,
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

    /// Begins the export, and writes who makes it to the audit log.
    pub fn begin(self, tx: &mut Tx<'_>, by: &Administrator) -> Result<Rest, Refusal> {
        sudo::require::<Refusal>(tx, &by.requester().who)?;
        let entity = ("setting", "bookings".to_owned());
        let changes = json!([{"field": "file", "old": null, "new": self.file_name()}]);
        by.record(tx, entity, "booking_export.made", changes)?;
        Ok(Rest {
            export: self,
            is_begun: false,
            position: match self.kind {
                ExportKind::Audit => Position::Line(None),
                _ => Position::Id(String::new()),
            },
        })
    }
}

impl Rest {
    /// Writes the next part of the file. Returns `None` after the last one.
    pub async fn next(self, store: &Store) -> Result<Option<(Vec<u8>, Self)>, StoreError> {
        if matches!(self.position, Position::End) {
            return Ok(None);
        }
        let Self {
            export,
            is_begun,
            position,
        } = self;
        let look = move |tx: &mut Tx<'_>| read(tx, export.kind, &position);
        let (rows, position) = store.read(look).await?;
        let headings = headings(export.kind);
        let written = match export.format {
            ExportFormat::Csv => sheet::csv_lines((!is_begun).then_some(headings), &rows),
            ExportFormat::JsonLines => sheet::json_lines(headings, &rows),
        };
        let written = written.map_err(|_| StoreError::rule("rows that cannot be written"))?;
        let rest = Self {
            export,
            is_begun: true,
            position,
        };
        Ok(Some((written, rest)))
    }
}

const fn headings(kind: ExportKind) -> &'static [&'static str] {
    match kind {
        ExportKind::Orders => &[
            "id",
            "created_at",
            "paid_at",
            "state",
            "mode",
            "gateway",
            "payer",
            "account_id",
            "title",
            "amount_minor",
            "amount",
            "currency",
            "tax_minor",
            "tax",
            "tax_bps",
            "receipt_no",
            "receipt",
        ],
        ExportKind::Payments => &[
            "id",
            "order_id",
            "captured_at",
            "state",
            "mode",
            "gateway",
            "gateway_payment_id",
            "payer",
            "settles",
            "amount_minor",
            "amount",
            "currency",
            "refunded_minor",
            "refunded",
        ],
        ExportKind::Refunds => &[
            "id",
            "payment_id",
            "order_id",
            "created_at",
            "changed_at",
            "state",
            "mode",
            "payer",
            "amount_minor",
            "amount",
            "currency",
            "reason",
            "requested_by",
        ],
        ExportKind::Payouts => &[
            "id",
            "booking_id",
            "provider_id",
            "provider",
            "created_at",
            "available_at",
            "state",
            "is_adjustment",
            "amount_minor",
            "amount",
            "currency",
            "batch_id",
            "reason",
        ],
        ExportKind::Bookings => &[
            "id",
            "created_at",
            "starts_at",
            "ends_at",
            "time_zone",
            "state",
            "title",
            "provider_id",
            "provider",
            "member_id",
            "member",
            "session_type",
            "level",
            "entry",
            "order_id",
            "cancelled_by",
            "cancel_reason",
        ],
        ExportKind::Credits => &[
            "id",
            "created_at",
            "lot_id",
            "account_id",
            "account",
            "credit_kind",
            "delta",
            "reason",
            "subject",
            "note",
            "expires_at",
        ],
        ExportKind::Audit => &[
            "sequence",
            "at",
            "actor_kind",
            "actor_id",
            "action",
            "entity_kind",
            "entity_id",
            "changes",
            "request_id",
            "network",
        ],
    }
}

fn at(at: Timestamp) -> Cell {
    at.to_string().into()
}

fn maybe<T: ToString>(value: Option<T>) -> Cell {
    value.map(|value| value.to_string()).into()
}

fn sum(minor: i64, currency: Currency) -> [Cell; 2] {
    [minor.into(), Money::new(minor, currency).decimal().into()]
}

type Rows = (Vec<Vec<Cell>>, Position);

/// Reads a page of an export.
fn read(tx: &mut Tx<'_>, kind: ExportKind, position: &Position) -> Result<Rows, StoreError> {
    let after = match position {
        Position::Id(after) => after.as_str(),
        Position::Line(before) => return audit(tx, *before),
        Position::End => return Ok((Vec::new(), Position::End)),
    };
    let rows = match kind {
        ExportKind::Orders => orders(tx, after)?,
        ExportKind::Payments => payments(tx, after)?,
        ExportKind::Refunds => refunds(tx, after)?,
        ExportKind::Payouts => payouts(tx, after)?,
        ExportKind::Bookings => bookings(tx, after)?,
        ExportKind::Credits => credits(tx, after)?,
        ExportKind::Audit => Vec::new(),
    };
    let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < ROWS;
    let next = match rows.last() {
        Some((id, _)) if !is_last => Position::Id(id.clone()),
        _ => Position::End,
    };
    Ok((rows.into_iter().map(|(_, cells)| cells).collect(), next))
}

type Keyed = Vec<(String, Vec<Cell>)>;

fn orders(tx: &mut Tx<'_>, after: &str) -> Result<Keyed, StoreError> {
    let all = manual::orders_after(tx, after, ROWS)?.into_iter();
    let cells = all.map(|one| {
        let order = one.order;
        let mut cells = vec![
            order.id.to_string().into(),
            at(order.created_at),
            maybe(order.paid_at),
            order.state.word().into(),
            order.mode.word().into(),
            order.gateway.word().into(),
            one.payer.into(),
            maybe(one.account_id),
            one.title.into(),
        ];
        cells.extend(sum(order.amount_minor, order.currency));
        cells.push(order.currency.code().into());
        cells.extend(sum(order.tax_minor, order.currency));
        cells.push(order.tax_bps.into());
        cells.push(order.receipt_no.into());
        cells.push(order.receipt().into());
        (order.id.to_string(), cells)
    });
    Ok(cells.collect())
}

fn payments(tx: &mut Tx<'_>, after: &str) -> Result<Keyed, StoreError> {
    let all = manual::payments_after(tx, after, ROWS)?.into_iter();
    let cells = all.map(|one| {
        let mut cells = vec![
            one.id.to_string().into(),
            one.order_id.to_string().into(),
            maybe(one.captured_at),
            one.state.word().into(),
            one.mode.word().into(),
            one.gateway.word().into(),
            one.gateway_payment_id.into(),
            one.payer.into(),
            i64::from(one.settles).into(),
        ];
        cells.extend(sum(one.amount_minor, one.currency));
        cells.push(one.currency.code().into());
        cells.extend(sum(one.refund_reserved_minor, one.currency));
        (one.id.to_string(), cells)
    });
    Ok(cells.collect())
}

fn refunds(tx: &mut Tx<'_>, after: &str) -> Result<Keyed, StoreError> {
    let all = manual::refunds_after(tx, after, ROWS)?.into_iter();
    let cells = all.map(|one| {
        let mut cells = vec![
            one.id.to_string().into(),
            one.payment_id.to_string().into(),
            one.order_id.to_string().into(),
            at(one.created_at),
            at(one.changed_at),
            one.state.word().into(),
            one.mode.word().into(),
            one.payer.into(),
        ];
        cells.extend(sum(one.amount_minor, one.currency));
        cells.push(one.currency.code().into());
        cells.push(one.reason.into());
        cells.push(maybe(one.requested_by));
        (one.id.to_string(), cells)
    });
    Ok(cells.collect())
}

#[derive(Row)]
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

fn payouts(tx: &mut Tx<'_>, after: &str) -> Result<Keyed, StoreError> {
    let all: Vec<PayoutRow> = sql!(
        "SELECT i.id, i.booking_id, i.provider_id, p.display_name AS provider, i.created_at,
             i.available_at, i.state, i.is_adjustment, i.amount_minor, i.currency, i.batch_id,
             i.reason
         FROM payout_item i JOIN provider p ON p.id = i.provider_id
         WHERE i.id > :after ORDER BY i.id LIMIT :rows",
        after,
        rows = ROWS
    )
    .all(tx)?;
    let cells = all.into_iter().map(|one| {
        let mut cells = vec![
            one.id.as_str().into(),
            one.booking_id.into(),
            one.provider_id.into(),
            one.provider.into(),
            at(one.created_at),
            at(one.available_at),
            one.state.into(),
            one.is_adjustment.into(),
        ];
        cells.extend(sum(one.amount_minor, one.currency));
        cells.push(one.currency.code().into());
        cells.push(one.batch_id.into());
        cells.push(one.reason.into());
        (one.id, cells)
    });
    Ok(cells.collect())
}

fn bookings(tx: &mut Tx<'_>, after: &str) -> Result<Keyed, StoreError> {
    let all = search::all(tx, after, ROWS)?.into_iter();
    let cells = all.map(|one| {
        let cells = vec![
            one.id.to_string().into(),
            at(one.created_at),
            at(one.starts_at),
            at(one.ends_at),
            one.time_zone.into(),
            one.state.word().into(),
            one.title.into(),
            one.provider_id.to_string().into(),
            one.provider.into(),
            maybe(one.member_id),
            one.member.into(),
            one.choice.session_type.into(),
            one.choice.level.into(),
            one.choice.entry.into(),
            maybe(one.order_id),
            one.cancelled_by.map_or("", |party| party.word()).into(),
            one.cancel_reason.into(),
        ];
        (one.id.to_string(), cells)
    });
    Ok(cells.collect())
}

#[derive(Row)]
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

fn credits(tx: &mut Tx<'_>, after: &str) -> Result<Keyed, StoreError> {
    let all: Vec<CreditRow> = sql!(
        "SELECT e.id, e.created_at, e.lot_id, p.account_id, a.display_name AS account,
             l.credit_kind, e.delta, e.reason, e.subject, e.note, l.expires_at
         FROM credit_entry e JOIN credit_lot l ON l.id = e.lot_id
         JOIN money_party p ON p.id = l.party_id LEFT JOIN account a ON a.id = p.account_id
         WHERE e.id > :after ORDER BY e.id LIMIT :rows",
        after,
        rows = ROWS
    )
    .all(tx)?;
    let cells = all.into_iter().map(|one| {
        let cells = vec![
            one.id.as_str().into(),
            at(one.created_at),
            one.lot_id.into(),
            one.account_id.into(),
            one.account.into(),
            one.credit_kind.into(),
            one.delta.into(),
            one.reason.into(),
            one.subject.into(),
            one.note.into(),
            at(one.expires_at),
        ];
        (one.id, cells)
    });
    Ok(cells.collect())
}

/// Reads a page of the log that administrators read at `/admin/audit`, newest first.
fn audit(tx: &mut Tx<'_>, before: Option<i64>) -> Result<Rows, StoreError> {
    let all = chain::list(tx, before, ROWS)?;
    let is_last = i64::try_from(all.len()).unwrap_or(i64::MAX) < ROWS;
    let next = match all.last() {
        Some(last) if !is_last => Position::Line(Some(last.sequence)),
        _ => Position::End,
    };
    let rows = all.into_iter().map(|one| {
        vec![
            one.sequence.into(),
            at(one.at),
            one.actor_kind.into(),
            one.actor_id.into(),
            one.action.into(),
            one.entity_kind.into(),
            one.entity_id.into(),
            one.changes.into(),
            one.request_id.into(),
            one.network.into(),
        ]
    });
    Ok((rows.collect(), next))
}
