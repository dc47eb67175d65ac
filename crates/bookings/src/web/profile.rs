//! The page of a provider's own profile, and of the calendar that the provider keeps on another
//! server.

use askama::Template;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use site::request::{FormPost, PageRequest};
use web::dates;
use web::fields::{self, Input};
use web::form_state::{Control, Field, FormState};
use web::{Problem, Text};

use super::frame::BookingPage as _;
use super::slots::{FormPage, HERE, table_form};
use super::words;
use crate::Refusal;
use crate::external_calendar::{self, ReadError};
use crate::provider::{self, Provider};

const PATH: &str = "/me/slots/profile";

#[derive(Template)]
#[template(path = "slots/profile.html")]
struct ProfilePage<'a> {
    text: &'a Text,
    profile: FormPage<'a>,
    submission: String,
    address: Field,
    calendar: Option<CalendarState>,
}

struct CalendarState {
    read: String,
    error: Option<&'static str>,
}

/// `GET /me/slots/profile`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    page(&req, None, None).await
}

/// After a refused submission, it contains what the user entered.
async fn page(
    req: &PageRequest,
    profile_form: Option<&FormState>,
    calendar_form: Option<&FormState>,
) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        let calendar = external_calendar::find(tx, &provider.profile.id)?;
        Ok::<_, Refusal>((provider.profile.clone(), calendar))
    };
    let (profile, calendar) = req.read(look).await?;
    let (text, title) = (&req.text, req.text.say("booking-profile"));
    let stored = fields::form(provider::FIELDS, &profile, profile.version, &TimeZone::UTC);
    let (stored, blank) = (FormState::of(stored), FormState::default());
    let form_state = profile_form.unwrap_or(&stored);
    let zone = words::zone(&req.site, Some(&req.who));
    let zone_name = dates::zone_name(&zone, req.site.clock.now());
    let calendar = calendar.map(|calendar| CalendarState {
        read: match calendar.read_at {
            Some(at) => {
                let when = text.moment_in(&zone, at);
                text.with("external-calendar-read", [("when", when.into())])
            }
            None if calendar.error.is_none() => text.say("external-calendar-unread").into_owned(),
            None => String::new(),
        },
        error: calendar.error.map(ReadError::label),
    });
    let url = calendar_form.unwrap_or(&blank).field(
        "calendar_url",
        text.say("external-calendar-address"),
        Control::Line("url", "off"),
    );
    let body = ProfilePage {
        text,
        submission: req.submission(),
        address: url.hint(text.say("external-calendar-hint")),
        calendar,
        profile: FormPage {
            form: req.form(
                &[("saved", "slot-saved")],
                calendar_form.unwrap_or(form_state),
            ),
            hint: format!(
                "{} {}",
                text.say("booking-profile-hint"),
                text.with("booking-profile-zone", [("zone", zone_name.into())]),
            ),
            action: PATH,
            groups: table_form(req, form_state).groups(provider::FIELDS, "booking-profile"),
            ..FormPage::of(req, &title, form_state)
        },
    };
    req.show(HERE, &title, body).await
}

/// `POST /me/slots/profile`.
pub(super) async fn change(posted: FormPost) -> Result<Response, Problem> {
    let input = Input::Form(posted.form.clone(), provider::FIELDS.to_vec());
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        provider::change(tx, provider, None, &input)?;
        Ok::<_, Refusal>(format!("{HERE}?done=saved"))
    };
    posted
        .save(change, async |req, form_state| {
            page(req, Some(form_state), None).await
        })
        .await
}

/// `POST /me/slots/profile/calendar`: sets the address of the calendar, or removes the calendar.
pub(super) async fn set_calendar(posted: FormPost) -> Result<Response, Problem> {
    let is_end = posted.form.text("do") == "end";
    if !is_end {
        // The calendar is read at once.
        let account = posted.req.who.account();
        posted.req.site.admit_call(account.id.as_str())?;
    }
    let (site, form) = (posted.req.site.clone(), posted.form.clone());
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let address = if is_end {
            ""
        } else {
            form.text("calendar_url")
        };
        // An empty field does not remove the calendar, because the form never shows the stored
        // address.
        if is_end || !address.trim().is_empty() {
            external_calendar::set(tx, &site, provider, address)?;
        }
        Ok::<_, Refusal>(format!("{PATH}?done=saved"))
    };
    posted
        .save(change, async |req, form_state| {
            page(req, None, Some(form_state)).await
        })
        .await
}
