//! The settings with which administrators determine the rules of bookings.

use identity::grant::{self, ADMIN, OWNER, SITE, Scope};
use identity::session::signed_in::SignedIn;
use identity::session::sudo;
use jiff::civil::Date;
use platform::audit::Entity;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use site::proof::{Proof, Requester};
use utoipa::ToSchema;
use web::fields::Unit::{Hours, Minutes};
use web::fields::{choice, currency, duration, flag, line, lines, month, number, percent, tags};
use web::{Argument, Field, Findings, Input};

use crate::codes::ROLE_REQUIRED;
use crate::order::Tax;
use crate::{Refusal, meeting_link};

web::words! {
    /// When members learn who the provider of a session is.
    #[schema(as = BookingReveal)]
    Reveal {
        /// Everybody sees the provider of each slot.
        Always = "always" => "booking-set-reveal-always",
        /// Only the member who booked a session sees its provider.
        AfterBooking = "after_booking" => "booking-set-reveal-after",
    }
}

/// The maximum value of the setting `longest_minutes`.
pub(crate) const LONGEST_MINUTES: i64 = 1_440;
/// The most days ahead that offers can be booked.
pub(crate) const LONGEST_HORIZON: i64 = 365;

/// The rules of bookings. A booking keeps the rules of the time when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[schema(as = BookingSettings)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct BookingSettings {
    /// The currency of new prices, by ISO 4217.
    pub currency: String,
    /// For how many minutes a slot is held for a member who has to pay.
    pub hold_minutes: i64,
    /// How many unpaid slots may be held for one person.
    pub hold_limit: i64,
    /// A member may move a booking, or cancel it and lose nothing, until this many minutes before its
    /// start.
    pub cancel_minutes: i64,
    /// The share of the price that a member gets back for cancelling later, in hundredths of a
    /// percent. Credits then stay spent.
    pub late_refund_bps: i64,
    /// How many times a member may move a booking.
    pub reschedule_limit: i64,
    /// The minimum length of a session, in minutes.
    pub shortest_minutes: i64,
    /// The maximum length of a session, in minutes.
    pub longest_minutes: i64,
    /// The length that is proposed for new offers, in minutes. One that is no longer allowed is
    /// brought to the nearest that is.
    pub offer_minutes: i64,
    /// The minimum time between a booking and its session that is proposed to new providers and so
    /// for their offers, in minutes.
    pub notice_minutes: i64,
    /// How many days ahead new offers can be booked, as is proposed for them.
    pub horizon_days: i64,
    /// Whether members are prevented from having two sessions at the same time.
    pub member_busy: bool,
    /// How many bookings a member may make within an hour.
    pub booking_hour_limit: i64,
    /// A session is completed automatically this many minutes after its end.
    pub complete_minutes: i64,
    /// The outcome of a session may be marked until this many hours after its end.
    pub outcome_hours: i64,
    /// For how many hours the other side may answer a claim that it did not come.
    pub claim_hours: i64,
    /// The payout of a session may be sent from this many days after its end.
    pub payout_days: i64,
    /// Whether a batch must be sent by a person who has approved none of its payouts.
    pub payout_two_people: bool,
    /// By the policy, an unused plan is refunded in full until this many days after its payment.
    pub refund_days: i64,
    /// By the policy, an unused plan is refunded in full if no session could be offered for this
    /// many days.
    pub offer_days: i64,
    /// Credits may pay for a session that begins up to this many days after they expire.
    pub lot_grace_days: i64,
    /// How many days a credit can be used if it replaces an expired one.
    pub replaced_days: i64,
    /// How many days credits last if the field `months` of their plan is 0.
    pub add_on_days: i64,
    /// The tax that prices include, in hundredths of a percent; 0 for none.
    pub tax_bps: i64,
    /// The name of the tax, up to 40 characters.
    pub tax_label: String,
    /// The seller's details on receipts, such as name, address and tax number, up to 500
    /// characters; empty for the site's name. A change does not affect existing receipts.
    pub seller: String,
    /// How many years records of money are kept after their last change.
    pub money_years: i64,
    /// The first month of the fiscal year, 1–12. The numbers of receipts start again in each fiscal
    /// year.
    pub fiscal_month: i64,
    /// How many documents a member may submit for review within 24 hours.
    pub review_day_limit: i64,
    /// How many days a document is kept after its review is completed.
    pub review_file_days: i64,
    /// The length of a session in which a document is reviewed, in minutes.
    pub review_call_minutes: i64,
    /// How many slots a member may name in a request.
    pub request_slots: i64,
    /// How many undecided requests a member may have.
    pub request_limit: i64,
    /// A request lapses after this many hours.
    pub request_hours: i64,
    /// For how many hours the slot of a confirmed request is held for a member who has to pay.
    pub request_hold_hours: i64,
    /// For how many hours seats of a class that become free are kept at most for a member who waits
    /// for them.
    pub waiting_hours: i64,
    /// How many minutes a room stays free between two sessions.
    pub room_margin_minutes: i64,
    /// Whether people who are not signed in see the slots.
    pub browse_public: bool,
    /// How many requests for slots one network may send within a minute. Requests from browsers in
    /// which somebody is signed in are not counted.
    pub browse_minute_limit: i64,
    /// How many orders a member may make within an hour.
    pub order_hour_limit: i64,
    /// Whether people may book with only a name and an email address, and confirm the booking by
    /// mail.
    pub newcomers: bool,
    /// When members learn who the provider of a session is.
    pub reveal: Reveal,
    /// The hosts to which links to online meetings may lead, up to 20. Their subdomains are allowed
    /// too.
    #[row(json)]
    pub meeting_hosts: Vec<String>,
    /// The version, which increases with every change.
    pub version: i64,
}

/// The fields of the settings, with their limits. The section of a field is its [`Group`].
pub const FIELDS: &[Field] = web::fields! { BookingSettings:
    browse_public: flag().label("booking-set-public").hint("booking-set-public-hint")
        .section("rules-who"),
    newcomers: flag().label("booking-set-newcomers").hint("booking-set-newcomers-hint")
        .section("rules-who"),
    reveal: choice().label("booking-set-reveal").hint("booking-set-reveal-hint")
        .section("rules-who"),
    member_busy: flag().label("booking-set-member-busy").section("rules-who"),

    cancel_minutes: duration(0, 43_200, Minutes).label("booking-set-cancel")
        .after("booking-set-before-start").section("rules-cancelling"),
    late_refund_bps: percent(0, 10_000).label("booking-set-late-refund")
        .hint("booking-set-late-refund-hint").section("rules-cancelling"),
    reschedule_limit: number(0, 20).label("booking-set-moves").after("booking-set-times")
        .section("rules-cancelling"),
    refund_days: number(0, 365).label("booking-set-refund-days").after("host-unit-days")
        .hint("booking-set-refund-days-hint").section("rules-cancelling"),
    offer_days: number(0, 365).label("booking-set-offer-days").after("host-unit-days")
        .section("rules-cancelling"),

    complete_minutes: duration(0, 1_440, Minutes).label("booking-set-complete")
        .after("booking-set-after-end").section("rules-no-show"),
    outcome_hours: duration(1, 720, Hours).label("booking-set-outcome")
        .after("booking-set-after-end").section("rules-no-show"),
    claim_hours: duration(1, 336, Hours).label("booking-set-claim").section("rules-no-show"),

    currency: currency("currency_unknown").label("booking-set-currency")
        .hint("booking-set-currency-hint").section("rules-paying"),
    hold_minutes: duration(5, 120, Minutes).label("booking-set-hold").section("rules-paying"),
    hold_limit: number(1, 20).label("booking-set-hold-limit").section("rules-paying"),

    tax_bps: percent(0, 10_000).label("booking-set-tax").hint("booking-set-tax-hint")
        .section("rules-tax"),
    tax_label: line(40).label("booking-set-tax-label").section("rules-tax"),
    seller: lines(500).label("booking-set-seller").hint("booking-set-seller-hint")
        .section("rules-tax"),
    fiscal_month: month().label("booking-set-fiscal").hint("booking-set-fiscal-hint")
        .section("rules-tax"),
    // With a smaller minimum, a change of `fiscal_month` could cause receipts to be deleted while
    // their fiscal year still gets new receipt numbers.
    money_years: number(2, 50).label("booking-set-money-years").after("booking-set-years")
        .hint("booking-set-money-years-hint").section("rules-tax"),

    lot_grace_days: number(0, 365).label("booking-set-grace").after("booking-set-days-later")
        .section("rules-credits"),
    replaced_days: number(1, 365).label("booking-set-replaced").after("host-unit-days")
        .section("rules-credits"),
    add_on_days: number(1, 3_650).label("booking-set-add-on").after("host-unit-days")
        .section("rules-credits"),

    payout_days: number(0, 365).label("booking-set-payout-days")
        .after("booking-set-days-after-session").section("rules-payouts"),
    payout_two_people: flag().label("booking-set-two-people").section("rules-payouts"),

    waiting_hours: duration(1, 24, Hours).label("booking-set-waiting")
        .hint("booking-set-waiting-hint").section("rules-classes"),

    request_slots: number(1, 5).label("booking-set-request-slots").section("rules-requests"),
    request_limit: number(1, 20).label("booking-set-request-limit").section("rules-requests"),
    request_hours: duration(1, 720, Hours).label("booking-set-request-hours")
        .section("rules-requests"),
    // Stripe's payment page stays open for at most a day.
    request_hold_hours: duration(1, 24, Hours).label("booking-set-request-hold")
        .section("rules-requests"),

    review_day_limit: number(1, 100).label("booking-set-review-limit").section("rules-documents"),
    review_file_days: number(1, 3_650).label("booking-set-review-days").after("host-unit-days")
        .section("rules-documents"),
    review_call_minutes: duration(5, 720, Minutes).label("booking-set-review-call")
        .section("rules-documents"),

    meeting_hosts: tags().label("booking-set-hosts").hint("booking-set-hosts-hint")
        .section("rules-rooms"),
    room_margin_minutes: duration(0, 240, Minutes).label("booking-set-room-margin")
        .section("rules-rooms"),

    shortest_minutes: duration(5, 720, Minutes).label("booking-set-shortest")
        .section("rules-limits"),
    longest_minutes: duration(5, LONGEST_MINUTES, Minutes).label("booking-set-longest")
        .section("rules-limits"),
    offer_minutes: duration(5, LONGEST_MINUTES, Minutes).label("booking-set-length")
        .hint("booking-set-proposed").section("rules-limits"),
    notice_minutes: duration(0, 43_200, Minutes).label("booking-set-notice")
        .hint("booking-set-proposed").section("rules-limits"),
    horizon_days: number(1, LONGEST_HORIZON).label("booking-set-horizon")
        .after("host-unit-days").hint("booking-set-proposed").section("rules-limits"),
    browse_minute_limit: number(1, 10_000).label("booking-set-browse").section("rules-limits"),
    booking_hour_limit: number(1, 1_000).label("booking-set-bookings").section("rules-limits"),
    order_hour_limit: number(1, 1_000).label("booking-set-orders").section("rules-limits"),
};

web::words! {
    /// A group of rules, which is changed by itself. Its keyword is part of its path.
    #[schema(as = BookingRules)]
    Group {
        Who = "who" => "rules-who",
        Cancelling = "cancelling" => "rules-cancelling",
        NoShow = "no-show" => "rules-no-show",
        Paying = "paying" => "rules-paying",
        Tax = "tax" => "rules-tax",
        Credits = "credits" => "rules-credits",
        Payouts = "payouts" => "rules-payouts",
        Classes = "classes" => "rules-classes",
        Requests = "requests" => "rules-requests",
        Documents = "documents" => "rules-documents",
        Rooms = "rooms" => "rules-rooms",
        Limits = "limits" => "rules-limits",
    }
}

impl Group {
    pub(crate) fn fields(self) -> Vec<Field> {
        let mut fields = FIELDS.to_vec();
        fields.retain(|field| field.section == self.label());
        fields
    }

    /// The values of the group, in JSON.
    pub(crate) fn values(self, rules: &BookingSettings) -> Value {
        let mut values = json!(rules);
        if let Some(values) = values.as_object_mut() {
            let fields = self.fields();
            values.retain(|name, _| fields.iter().any(|field| field.name == name));
        }
        values
    }
}

/// What the person who changes rules has seen of them.
#[derive(Clone, Debug)]
pub enum Seen {
    /// All of them, in this version.
    Version(i64),
    /// These values of a group ([`Group::values`]).
    Group(Group, Value),
}

impl Seen {
    /// Whether the rules are still what the person has seen.
    fn is_present(&self, rules: &BookingSettings) -> bool {
        match self {
            Self::Version(version) => rules.version == *version,
            Self::Group(group, values) => group.values(rules) == *values,
        }
    }
}

impl BookingSettings {
    pub fn currency(&self) -> Currency {
        self.currency.parse().unwrap_or(Currency::MYR)
    }

    /// The tax that a price includes, rounded half up to minor units.
    pub(crate) fn tax_in(&self, price: Money) -> Tax {
        let whole = 10_000 + self.tax_bps;
        let tax = (i128::from(price.minor) * i128::from(self.tax_bps) * 2 + i128::from(whole))
            / (2 * i128::from(whole));
        Tax {
            bps: self.tax_bps,
            minor: i64::try_from(tax).unwrap_or_default(),
        }
    }

    /// The length that is proposed for a new offer, in minutes.
    pub(crate) fn proposed_length(&self) -> i64 {
        let most = self.offer_minutes.min(self.longest_minutes);
        most.max(self.shortest_minutes)
    }

    /// The year in which the fiscal year of a day begins.
    pub(crate) fn fiscal_year(&self, day: Date) -> i64 {
        let is_before = i64::from(day.month()) < self.fiscal_month;
        i64::from(day.year()) - i64::from(is_before)
    }
}

pub fn load(tx: &mut Tx<'_>) -> Result<BookingSettings, StoreError> {
    tx.one(sql!("SELECT {BookingSettings} FROM booking_setting"), &[])
}

/// Loads the settings, and locks them for a change.
pub(crate) fn lock(tx: &mut Tx<'_>) -> Result<BookingSettings, StoreError> {
    let locked = sql!("SELECT {BookingSettings} FROM booking_setting FOR NO KEY UPDATE");
    tx.one(locked, &[])
}

/// Proof that a person administers the site.
#[derive(Clone, Debug)]
pub struct Administrator(Requester);

impl Administrator {
    pub(crate) fn requester(&self) -> &Requester {
        &self.0
    }
}

impl Proof for Administrator {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        if is_administrator(tx, &requester.who)? {
            Ok(Self(requester.clone()))
        } else {
            Err(Refusal::Forbidden)
        }
    }
}

/// Whether a person administers the site.
pub(crate) fn is_administrator(tx: &mut Tx<'_>, who: &SignedIn) -> Result<bool, StoreError> {
    let rank = grant::rank_in(tx, who, &Scope::site())?;
    Ok(rank.is_some_and(|rank| SITE.at_least(rank, ADMIN)))
}

fn is_owner(tx: &mut Tx<'_>, who: &SignedIn) -> Result<bool, StoreError> {
    let rank = grant::rank_in(tx, who, &Scope::site())?;
    Ok(rank.is_some_and(|rank| SITE.at_least(rank, OWNER)))
}

/// Changes the settings, for [`plan::change_rules`](crate::plan::change_rules). Refuses with
/// `version_conflict` what has changed since it was seen. Only an owner can end the rule that two
/// people are needed for a payout.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    by: &Administrator,
    seen: &Seen,
    input: &Input,
) -> Result<BookingSettings, Refusal> {
    sudo::require::<Refusal>(tx, &by.0.who)?;
    let old = lock(tx)?;
    if !seen.is_present(&old) {
        return Err(crate::refusal::conflict(&old));
    }
    let mut findings = Findings::default();
    let zone = jiff::tz::TimeZone::UTC;
    let mut new = input.apply(FIELDS, &old, false, &zone, &mut findings);
    if new.tax_bps > 0 && new.tax_label.is_empty() {
        findings.add("/tax_label", "required", []);
    }
    if new.longest_minutes < new.shortest_minutes {
        let least = Argument::Duration(new.shortest_minutes);
        findings.add("/longest_minutes", "too_low", [("min", least)]);
    }
    if new.meeting_hosts != old.meeting_hosts {
        new.meeting_hosts =
            meeting_link::read_hosts("/meeting_hosts", &new.meeting_hosts, &mut findings);
    }
    findings.finish()?;
    // The rule binds administrators, so they cannot lift it themselves.
    if old.payout_two_people && !new.payout_two_people && !is_owner(tx, &by.0.who)? {
        return Err(ROLE_REQUIRED.into());
    }
    new.version += 1;
    sql!(
        "UPDATE booking_setting SET {BookingSettings = :BookingSettings}",
        BookingSettings = new
    )
    .run(tx, Rows::Exactly(1))?;
    let entity = Entity::new("setting", "bookings".to_owned());
    let changes = json!([{"field": "settings", "old": old, "new": new}]);
    by.0.record(tx, entity, "booking_setting.changed", changes)?;
    Ok(new)
}
