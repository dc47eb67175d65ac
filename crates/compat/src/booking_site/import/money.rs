//! Orders and payouts of the older booking site.

use anyhow::Result;
use bookings::booking::{self, State};
use bookings::import as bring;
use bookings::import::money::{self, ImportedOrder, OrderOutcome, PayoutOutcome};
use bookings::order::{self, GatewayName, Order, OrderId, OrderMode, OrderState, PartyId};
use bookings::payout::{Payout, PayoutState};
use jiff::{SignedDuration, Span};
use platform::Tx;
use platform::id::Id as _;

use super::rows::{Row, flaw};
use super::take_over::TakeOver;

const NO_PAYMENT: &str =
    "Paid orders without a payment's id at Razorpay, which cannot be refunded here";
const NOBODY: &str = "orders of people who are not known any more";
const NO_SESSION: &str =
    "Payouts that name no completed session, or one that has another payout, which stay behind";

impl TakeOver<'_> {
    pub(super) fn order(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let id: OrderId = bring::id("order", row.key());
        if order::find(tx, &id)?.is_some() {
            self.report.count("orders", false);
            return Ok(());
        }
        let state = match row.text("status").to_lowercase().as_str() {
            "paid" | "success" | "successful" | "completed" | "complete" | "captured"
            | "verified" => OrderState::Paid,
            "refunded" => OrderState::Refunded,
            "created" | "pending" | "attempted" | "initiated" | "failed" | "cancelled"
            | "canceled" | "expired" => OrderState::Expired,
            other => return flaw(format!("{other:?} is not a status of an order")),
        };
        let amount = self.amount(row)?;
        let plan = self.plan_of(tx, row)?;
        let person = self
            .person_of(row, "user_id")
            .or_else(|| self.person_of(row, "email"));
        let person = person.cloned();
        if person.is_none() {
            self.report.remark(NOBODY);
        }
        let created_at = row.instant("created_at")?.unwrap_or(self.now);
        let is_paid = state != OrderState::Expired;
        let paid_at = row.instant("paid_at")?.unwrap_or(created_at);
        let mut payment = row.text("razorpay_payment_id");
        if is_paid && payment.is_empty() {
            payment = format!("unknown {id}");
            self.list(NO_PAYMENT, row, row.key());
        }
        let end = paid_at.to_zoned(self.options.site_zone.clone());
        let end = end.checked_add(Span::new().months(plan.months))?;
        let gateway_order_id = row.text("razorpay_order_id");
        let new = ImportedOrder {
            order: Order {
                id: id.clone(),
                party_id: PartyId::from_text(String::new()),
                amount_minor: amount.minor,
                currency: amount.currency,
                gateway: GatewayName::Razorpay,
                mode: OrderMode::Live,
                gateway_order_id: Some(gateway_order_id).filter(|id| !id.is_empty()),
                state,
                expires_at: created_at + SignedDuration::from_hours(24),
                tax_minor: 0,
                tax_bps: 0,
                tax_label: String::new(),
                seller: String::new(),
                receipt_no: None,
                receipt_year: None,
                created_at,
                paid_at: is_paid.then_some(paid_at),
                grant: plan.grant(),
            },
            // If the person was imported earlier, the remaining credits are not read again. A new
            // order then adds its own credits.
            is_counted: person.as_ref().is_none_or(|person| person.is_new),
            account: person.map(|person| person.id),
            payment,
            expires_at: end.timestamp(),
        };
        match money::add_order(tx, &new)? {
            OrderOutcome::Added => self.report.count("orders", true),
            OrderOutcome::Known => self.report.count("orders", false),
            OrderOutcome::OrderTaken(other) => {
                return flaw(format!("order {other} has its id at Razorpay too"));
            }
            OrderOutcome::PaymentTaken(other) => {
                return flaw(format!(
                    "order {other} was paid with its payment {}",
                    new.payment
                ));
            }
        }
        Ok(())
    }

    pub(super) fn payout(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let id = bring::id("payout", row.key());
        if money::is_known_payout(tx, &id)? {
            self.report.count("payouts", false);
            return Ok(());
        }
        let state = match row.text("status").to_lowercase().as_str() {
            "pending" | "requested" | "" => PayoutState::Pending,
            "approved" | "processing" => PayoutState::Approved,
            "paid" | "completed" | "complete" | "processed" => PayoutState::Paid,
            "rejected" | "cancelled" | "canceled" | "failed" => PayoutState::Rejected,
            other => return flaw(format!("{other:?} is not a status of a payout")),
        };
        let amount = self.amount(row)?;
        let named = self.bookings.get(&row.text("booking_id")).cloned();
        let found = match named {
            Some(id) => booking::find(tx, &id)?,
            None => None,
        };
        let is_owed = |state| matches!(state, State::Completed | State::NoShowMember);
        let found = found.filter(|booking| is_owed(booking.state) && amount.minor > 0);
        let Some(booking) = found else {
            let what = format!("{} {}", amount.decimal(), amount.currency);
            self.list(NO_SESSION, row, &what);
            return Ok(());
        };
        let created_at = row.instant("created_at")?.unwrap_or(booking.ends_at);
        let new = Payout {
            id,
            provider_id: booking.provider_id,
            booking_id: booking.id,
            amount_minor: amount.minor,
            currency: amount.currency,
            state,
            is_adjustment: false,
            reason: row.line("reason", 300),
            available_at: row.instant("paid_at")?.unwrap_or(created_at),
            batch_id: None,
            approved_by: None,
            is_disputed: false,
            created_at,
        };
        match money::add_payout(tx, &new, &row.line("reference", 80))? {
            PayoutOutcome::Added => self.report.count("payouts", true),
            PayoutOutcome::Known => self.report.count("payouts", false),
            PayoutOutcome::BookingTaken => {
                let what = format!("{} {}", amount.decimal(), amount.currency);
                self.list(NO_SESSION, row, &what);
            }
        }
        Ok(())
    }
}
