//! The page with which the administration of money begins.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use platform::money::Money;
use site::request::PageRequest;
use web::{Problem, Text};

use super::frame::BookingPage as _;
use super::sessions::Sums;
use crate::day_range::Days;
use crate::settings::Administrator;
use crate::{Refusal, figures, to_do};

pub(super) const HERE: &str = "/admin/money";

#[derive(Template)]
#[template(path = "sessions/money.html")]
struct MoneyPage<'a> {
    text: &'a Text,
    needs: Vec<(&'static str, String)>,
    month: String,
    revenue: Vec<Sums>,
    owed: Vec<String>,
}

/// `GET /admin/money`: what waits, and the sums of the present month.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let zone = req.site.settings.time_zone.clone();
    let today = req.site.clock.now().to_zoned(zone.clone()).date();
    let days = Days {
        from: Some(today.first_of_month()),
        to: Some(today.last_of_month()),
    };
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        Ok::<_, Refusal>((to_do::of_money(tx)?, figures::find(tx, days, &zone)?))
    };
    let ((waiting, found), text) = (req.read(look).await?, &req.text);
    let owed = found.owed.iter();
    let owed = owed.map(|one| text.money(Money::new(one.amount_minor, one.currency)));
    let body = MoneyPage {
        text,
        needs: to_do::lines(&waiting, text),
        month: text.month(today),
        revenue: Sums::of(text, &found.revenue),
        owed: owed.collect(),
    };
    req.show(HERE, &text.say("money-menu"), body).await
}
