//! The administrators' page of the rules of bookings. A page has the form of one group, so what is typed
//! in a second one is not lost when the first is saved.

use askama::Template;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::money::Currency;
use site::request::{FormPost, PageRequest};
use site::resource::pages::PageResource as _;
use web::fields::{self, Input, percentage};
use web::form_state::{self, Field, FormState};
use web::{Form, Problem, Text, Value};

use super::frame::BookingPage as _;
use super::slots::table_form;
use super::words;
use crate::choice_list::SessionType;
use crate::codes::ROLE_REQUIRED;
use crate::preset::{self, Preset};
use crate::settings::{self, Administrator, BookingSettings, FIELDS, Group, Seen};
use crate::{Refusal, plan};

const HERE: &str = "/admin/sessions/settings";
/// The message id of the button that saves a group.
const SAVE: &str = "rules-save";

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesPage<'a> {
    text: &'a Text,
    /// The summary of errors, as HTML.
    summary: String,
    submission: String,
    is_saved: bool,
    /// Whether the open form has values that are not saved.
    is_unsaved: bool,
    groups: Vec<GroupRow>,
    currency: Field,
    presets: &'static [(&'static str, &'static str)],
}

struct GroupRow {
    word: &'static str,
    title: &'static str,
    values: String,
    /// Of the group of the page's address.
    form: Option<GroupForm>,
}

struct GroupForm {
    /// The values with which the form was opened, in JSON.
    seen: String,
    fields: Vec<Field>,
}

/// What the page shows of the store.
struct Found {
    rules: BookingSettings,
    /// Whether a preset can no longer be chosen.
    is_preset_used: bool,
}

/// The group of the page's address, with the state of its form.
#[derive(Clone, Copy)]
struct Opened<'a> {
    group: Group,
    form_state: &'a FormState,
}

/// `GET /admin/sessions/settings`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &read(&req).await?, None).await
}

/// `GET /admin/sessions/settings/{group}`.
pub(super) async fn show_group(req: PageRequest) -> Result<Response, Problem> {
    let (group, found) = (group(&req)?, read(&req).await?);
    let form_state = &FormState::of(stored(&found.rules));
    page(&req, &found, Some(Opened { group, form_state })).await
}

fn group(req: &PageRequest) -> Result<Group, Problem> {
    Group::find(req.piece("group")).ok_or_else(Problem::not_found)
}

async fn read(req: &PageRequest) -> Result<Found, Refusal> {
    let look = |tx: &mut Tx<'_>, _: &Administrator| {
        let rules = settings::load(tx)?;
        let is_preset_used = preset::is_used(tx)?;
        Ok(Found {
            rules,
            is_preset_used,
        })
    };
    req.read(look).await
}

fn stored(rules: &BookingSettings) -> Form {
    fields::form(FIELDS, rules, rules.version, &TimeZone::UTC)
}

async fn page(
    req: &PageRequest,
    found: &Found,
    open: Option<Opened<'_>>,
) -> Result<Response, Problem> {
    let (text, rules) = (&req.text, &found.rules);
    let form = |opened: Opened<'_>| {
        let (group, form_state) = (opened.group, opened.form_state);
        let shown = table_form(req, form_state).groups(&group.fields(), group.label());
        // After a conflict, the next save is based on the present values.
        let typed = form_state.form.find("seen");
        let seen = typed.filter(|_| !form_state.is_clash());
        GroupForm {
            seen: seen.map_or_else(|| group.values(rules).to_string(), str::to_owned),
            fields: shown.into_iter().flat_map(|one| one.fields).collect(),
        }
    };
    let row = |group: &Group| GroupRow {
        word: group.word(),
        title: group.label(),
        values: values(req, *group, rules),
        form: open.filter(|opened| opened.group == *group).map(form),
    };
    let groups = Group::ALL.iter().map(row).collect();
    let zone = words::zone(&req.site, Some(&req.who));
    let proposed = zone.iana_name().and_then(Currency::of_zone);
    let proposed = proposed.map(|currency| ("preset_currency", currency.to_string()));
    let preset = FormState::of(form_state::form(proposed));
    let form_state = open.map(|opened| opened.form_state);
    let body = RulesPage {
        text,
        summary: form_state.map_or_else(String::new, |one| one.summary(text).to_string()),
        submission: req.submission(),
        is_saved: req.done(&[("saved", "slot-saved")]).is_some(),
        is_unsaved: form_state.is_some_and(|form_state| !form_state.is_fine()),
        groups,
        currency: preset.currency("preset_currency", text.say("preset-currency")),
        presets: if found.is_preset_used || open.is_some() {
            &[]
        } else {
            Preset::CHOICES
        },
    };
    req.show(HERE, &text.say("booking-settings"), body).await
}

/// `POST /admin/sessions/settings/{group}`.
pub(super) async fn save(posted: FormPost) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let group = group(req)?;
    let values = serde_json::from_str(form.text("seen")).unwrap_or_default();
    let seen = Seen::Group(group, values);
    let input = Input::Form(form.clone(), group.fields());
    let word = group.word();
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        plan::change_rules(tx, by, &seen, &input)?;
        Ok(format!("{HERE}/{word}?done=saved#{word}"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let found = read(req).await?;
        let stored = || stored(&found.rules);
        let mut form_state = FormState::not_saved(form, stored, SAVE, &problem, &req.text);
        // A role is needed for one of the rules only.
        if problem.code == ROLE_REQUIRED.code {
            form_state = form_state.at("payout_two_people");
        }
        let form_state = &form_state;
        page(req, &found, Some(Opened { group, form_state })).await
    })
    .await
}

/// `POST /admin/sessions/preset`.
pub(super) async fn apply_preset(posted: FormPost) -> Result<Response, Problem> {
    let chosen = Preset::find(posted.form.text("preset")).ok_or_else(Problem::not_found)?;
    let text = posted.req.text.clone();
    let currency = posted.form.text("preset_currency").to_owned();
    let change = move |tx: &mut Tx<'_>, by: &Administrator| {
        preset::apply(tx, by, chosen, &currency, |id| text.say(id).into_owned())?;
        Ok::<_, Refusal>(format!("{}?done=saved", SessionType::PAGES))
    };
    Ok(posted.once(change).await?)
}

/// A group's values in words.
fn values(req: &PageRequest, group: Group, rules: &BookingSettings) -> String {
    let text = &req.text;
    let flag = |is_so: bool| Value::from(if is_so { "yes" } else { "no" });
    let minutes = |minutes: i64| Value::from(text.duration(minutes));
    let hours = |hours: i64| Value::from(text.duration(hours.saturating_mul(60)));
    let days = |days: i64| Value::from(text.with("duration-days", [("count", days.into())]));
    let values = match group {
        Group::Who => vec![
            ("public", flag(rules.browse_public)),
            ("newcomers", flag(rules.newcomers)),
            ("reveal", rules.reveal.word().into()),
            ("busy", flag(rules.member_busy)),
        ],
        Group::Cancelling => vec![
            ("minutes", rules.cancel_minutes.into()),
            ("until", minutes(rules.cancel_minutes)),
            ("late", rules.late_refund_bps.into()),
            ("share", percentage(rules.late_refund_bps).into()),
            ("moves", rules.reschedule_limit.into()),
            ("unused", days(rules.refund_days)),
            ("offer", days(rules.offer_days)),
        ],
        Group::NoShow => vec![
            ("held", minutes(rules.complete_minutes)),
            ("reported", hours(rules.outcome_hours)),
            ("answer", hours(rules.claim_hours)),
        ],
        Group::Paying => vec![
            ("currency", rules.currency.as_str().into()),
            ("kept", minutes(rules.hold_minutes)),
            ("most", rules.hold_limit.into()),
        ],
        Group::Tax => vec![
            ("bps", rules.tax_bps.into()),
            ("tax", rules.tax_label.as_str().into()),
            ("rate", percentage(rules.tax_bps).into()),
            ("seller", seller(req, rules).into()),
            ("month", text.month_name(rules.fiscal_month).into()),
            ("years", rules.money_years.into()),
        ],
        Group::Credits => vec![
            ("grace", days(rules.lot_grace_days)),
            ("replaced", days(rules.replaced_days)),
            ("unlimited", days(rules.add_on_days)),
        ],
        Group::Payouts => vec![
            ("days", rules.payout_days.into()),
            ("two", flag(rules.payout_two_people)),
        ],
        Group::Classes => vec![("kept", hours(rules.waiting_hours))],
        Group::Requests => vec![
            ("times", rules.request_slots.into()),
            ("open", rules.request_limit.into()),
            ("answer", hours(rules.request_hours)),
            ("pay", hours(rules.request_hold_hours)),
        ],
        Group::Documents => vec![
            ("count", rules.review_day_limit.into()),
            ("kept", days(rules.review_file_days)),
            ("call", minutes(rules.review_call_minutes)),
        ],
        Group::Rooms => vec![
            ("hosts", rules.meeting_hosts.len().into()),
            ("margin", minutes(rules.room_margin_minutes)),
        ],
        Group::Limits => vec![
            ("least", minutes(rules.shortest_minutes)),
            ("most", minutes(rules.longest_minutes)),
            ("length", minutes(rules.proposed_length())),
            ("notice", minutes(rules.notice_minutes)),
            ("horizon", days(rules.horizon_days)),
            ("looks", rules.browse_minute_limit.into()),
            ("bookings", rules.booking_hour_limit.into()),
            ("orders", rules.order_hour_limit.into()),
        ],
    };
    text.with(sentence(group), values)
}

/// The first line of what receipts say about the seller.
fn seller(req: &PageRequest, rules: &BookingSettings) -> String {
    let own = rules.seller.lines().next();
    let own = own.filter(|line| !line.is_empty()).map(str::to_owned);
    own.unwrap_or_else(|| req.site.settings.name.clone())
}

/// The message id of the sentence with a group's values.
fn sentence(group: Group) -> &'static str {
    match group {
        Group::Who => "rules-who-now",
        Group::Cancelling => "rules-cancelling-now",
        Group::NoShow => "rules-no-show-now",
        Group::Paying => "rules-paying-now",
        Group::Tax => "rules-tax-now",
        Group::Credits => "rules-credits-now",
        Group::Payouts => "rules-payouts-now",
        Group::Classes => "rules-classes-now",
        Group::Requests => "rules-requests-now",
        Group::Documents => "rules-documents-now",
        Group::Rooms => "rules-rooms-now",
        Group::Limits => "rules-limits-now",
    }
}
