//! Takes over the collections of the older booking site, one after another, in one transaction.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use anyhow::Result;
use bookings::booking::BookingId;
use bookings::import::{self as bring, money};
use bookings::order::PlanId;
use bookings::provider::ProviderId;
use bookings::review::files::Document;
use bookings::slot::SlotId;
use bookings::{settings, verify};
use identity::account::AccountId;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::Tx;
use platform::mail::Address;
use platform::money::{Currency, Money};

use super::rows::{Flaw, Row, Rows, flaw};
use crate::report::Report;

const ASSUMED: &str = "amounts without a currency, which are in the one of this site's sessions";
const UNMATCHED: &str = "Amounts that are not a plan's price, so that their unit is not sure";
pub(super) const MENTORS: &str = "Mentors without slots or bookings, who do not become providers";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The unit of amounts that are not the price of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amounts {
    /// Paise, cents
    Minor,
    /// Rupees, dollars
    Major,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub folder: PathBuf,
    pub zone: TimeZone,
    pub owner: Address,
    pub is_to_be_written: bool,
    pub amounts: Option<Amounts>,
    /// The language of the imported accounts.
    pub locale: String,
    pub site_zone: TimeZone,
}

/// The rows of the reviews and, for each review, its document or the reason why the document was
/// refused.
#[derive(Debug, Default)]
pub(super) struct Reviews {
    pub(super) rows: Vec<Row>,
    pub(super) documents: HashMap<String, Result<Document, String>>,
    pub(super) rest: super::rows::Remainder,
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: AccountId,
    pub(super) is_new: bool,
    pub(super) is_active: bool,
    pub(super) is_mentor: bool,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) bio: String,
}

pub(super) struct TakeOver<'a> {
    pub(super) options: &'a Options,
    pub(super) rows: &'a Rows,
    pub(super) reviews: &'a Reviews,
    pub(super) report: Report,
    pub(super) now: Timestamp,
    pub(super) people: Vec<Person>,
    /// The indexes of persons in `people`, by their keys in the export and by their canonical email
    /// addresses.
    pub(super) by_key: HashMap<String, usize>,
    pub(super) by_address: HashMap<String, usize>,
    /// The providers by their account's id. A provider without an account is listed by the key in
    /// the export.
    pub(super) providers: HashMap<String, ProviderId>,
    /// The slugs of the catalogue's entries, by their keys and by their names in lower case.
    pub(super) entries: HashMap<String, String>,
    pub(super) plans: HashMap<String, PlanId>,
    pub(super) prices: HashSet<Money>,
    pub(super) slots: HashMap<String, SlotId>,
    /// The file and the line of each slot in the export.
    pub(super) slot_places: HashMap<SlotId, String>,
    pub(super) bookings: HashMap<String, BookingId>,
    pub(super) currency: Currency,
    /// The number of amounts for which the user must still name a unit.
    unmatched: usize,
}

impl<'a> TakeOver<'a> {
    pub(super) fn new(options: &'a Options, rows: &'a Rows, reviews: &'a Reviews) -> Self {
        Self {
            options,
            rows,
            reviews,
            report: Report::default(),
            now: Timestamp::UNIX_EPOCH,
            people: Vec::new(),
            by_key: HashMap::new(),
            by_address: HashMap::new(),
            providers: HashMap::new(),
            entries: HashMap::new(),
            plans: HashMap::new(),
            prices: HashSet::new(),
            slots: HashMap::new(),
            slot_places: HashMap::new(),
            bookings: HashMap::new(),
            currency: Currency::MYR,
            unmatched: 0,
        }
    }

    pub(super) fn run(mut self, tx: &mut Tx<'_>) -> Result<Report> {
        self.now = tx.now();
        self.currency = settings::load(tx)?.currency();
        let before: HashSet<String> = verify::find(tx)?.into_iter().collect();
        let (rows, reviews) = (self.rows, self.reviews);
        self.tell_rest();
        self.each(tx, &rows.users, Self::person)?;
        self.appoint(tx)?;
        self.each(tx, &rows.companies, Self::company)?;
        self.each(tx, &rows.plans, Self::plan)?;
        self.prices.extend(bring::plan_prices(tx)?);
        self.each(tx, &rows.links, Self::link)?;
        let (taken, free) = self.slots_by_use();
        for slots in [taken, free] {
            for row in slots {
                self.one(tx, row, Self::slot)?;
            }
        }
        self.each(tx, &rows.bookings, Self::booking)?;
        self.count_unbooked();
        self.each(tx, &rows.requests, Self::request)?;
        self.each(tx, &rows.feedbacks, Self::feedback)?;
        self.each(tx, &rows.orders, Self::order)?;
        self.each(tx, &rows.payouts, Self::payout)?;
        self.each(tx, &reviews.rows, Self::review)?;
        self.list_mentors();
        if self.unmatched > 0 && self.options.is_to_be_written {
            let what = format!(
                "say whether the {} amounts that are not a plan's price are in minor or in major units",
                self.unmatched
            );
            self.report.refuse("--amounts", &what);
        }
        // The import must not add contradictions to the store.
        let wrong = verify::find(tx)?.into_iter();
        for what in wrong.filter(|what| !before.contains(what)) {
            self.report.refuse("the rows contradict each other; correct them in the old site and export them again", &what);
        }
        Ok(self.report)
    }

    fn tell_rest(&mut self) {
        for rest in [&self.rows.rest, &self.reviews.rest] {
            for (place, what) in &rest.bad {
                self.report.refuse(place, what);
            }
            for (collection, count) in &rest.left {
                self.report.leave_out_all(collection, *count);
            }
            for (field, count) in &rest.unknown {
                self.report.leave_out_all(&format!("field {field}"), *count);
            }
            for (field, count) in &rest.dropped {
                let what = format!("field {field}, a password, which is dropped");
                self.report.leave_out_all(&what, *count);
            }
        }
    }

    fn each(
        &mut self,
        tx: &mut Tx<'_>,
        rows: &'a [Row],
        work: fn(&mut Self, &mut Tx<'_>, &Row) -> Result<()>,
    ) -> Result<()> {
        rows.iter().try_for_each(|row| self.one(tx, row, work))
    }

    /// A flaw is reported, and does not prevent the import of the following rows.
    fn one(
        &mut self,
        tx: &mut Tx<'_>,
        row: &Row,
        work: fn(&mut Self, &mut Tx<'_>, &Row) -> Result<()>,
    ) -> Result<()> {
        let error = match work(self, tx, row) {
            Ok(()) => return Ok(()),
            Err(error) => error.downcast::<Flaw>()?,
        };
        self.report.refuse(&row.place(), &error.to_string());
        Ok(())
    }

    /// Lists a row under a heading of the report, with a description.
    pub(super) fn list(&mut self, heading: &'static str, row: &Row, what: &str) {
        self.report
            .list(heading, format!("{}: {what}", row.place()));
    }

    /// Returns the person to whom a field refers, if there is one.
    pub(super) fn person_of(&self, row: &Row, name: &str) -> Option<&Person> {
        let key = row.text(name);
        let place = self.by_key.get(&key).or_else(|| {
            let address = key.parse::<Address>().ok()?;
            self.by_address.get(address.canonical())
        });
        place.and_then(|place| self.people.get(*place))
    }

    pub(super) fn currency_of(&mut self, row: &Row) -> Result<Currency> {
        let code = row.text("currency").to_ascii_uppercase();
        if code.is_empty() {
            self.report.remark(ASSUMED);
            return Ok(self.currency);
        }
        match code.parse() {
            Ok(currency) => Ok(currency),
            Err(_) => flaw(format!("{code:?} is not a currency")),
        }
    }

    /// Reads the amount of an order or a payout. If it is not the price of a plan, lists it in the
    /// report and uses the unit in `--amounts`.
    pub(super) fn amount(&mut self, row: &Row) -> Result<Money> {
        let (currency, text) = (self.currency_of(row)?, row.require("amount")?);
        let minor = row.value("amount").and_then(super::rows::whole);
        let minor = minor
            .filter(|minor| *minor >= 0)
            .map(|minor| Money::new(minor, currency));
        if let Some(sum) = minor.filter(|sum| sum.minor == 0 || self.prices.contains(sum)) {
            return Ok(sum);
        }
        let major = Money::parse(text.trim_end_matches(".0"), currency);
        let chosen = match self.options.amounts {
            Some(Amounts::Minor) => minor,
            Some(Amounts::Major) => major,
            None => {
                self.unmatched += 1;
                minor.or(major)
            }
        };
        let Some(sum) = chosen else {
            return flaw(format!("amount is not a sum of {currency}: {text:?}"));
        };
        let mut what = format!("{text} {currency}");
        if self.options.amounts.is_some() {
            what = format!("{what}, taken as {} {currency}", sum.decimal());
        } else if let Some(major) = major.filter(|major| self.prices.contains(major)) {
            what = format!("{what}; {} {currency} is one", major.decimal());
        }
        self.list(UNMATCHED, row, &what);
        Ok(sum)
    }

    /// Returns when a person's imported credits expire.
    pub(super) fn credits_end(&self, row: Option<&Row>) -> Result<Timestamp> {
        let end = match row {
            Some(row) => row.instant("plan_ends_at")?,
            None => None,
        };
        Ok(end.unwrap_or(self.now + DAY * 365))
    }

    /// Records that a member spent a credit on the session or review with the id `subject`.
    pub(super) fn spend(
        &mut self,
        tx: &mut Tx<'_>,
        member: &Person,
        kind: &str,
        subject: &str,
        at: Timestamp,
        is_counted: bool,
    ) -> Result<bookings::credit::LotId> {
        money::bring(tx, &member.id, kind, 0, self.credits_end(None)?)?;
        Ok(money::spend(tx, &member.id, kind, subject, at, is_counted)?)
    }
}
