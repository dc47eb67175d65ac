//! The page with which the administration of money begins.

use askama::Template;
use axum::response::Response;
use jiff::ToSpan as _;
use jiff::civil::Date;
use platform::Tx;
use platform::money::Money;
use site::request::PageRequest;
use web::{Problem, Text};

use super::frame::BookingPage as _;
use super::sessions::Sums;
use crate::day_range::Days;
use crate::figures::Owed;
use crate::order::OrderMode;
use crate::settings::Administrator;
use crate::{Refusal, figures, gateway, to_do};

pub(super) const HERE: &str = "/admin/money";

#[derive(Template)]
#[template(path = "sessions/money.html")]
struct MoneyPage<'a> {
    text: &'a Text,
    needs: Vec<(&'static str, String)>,
    month: String,
    /// The query values of the month before and of the next one that is not in the future.
    before: Option<String>,
    next: Option<String>,
    revenue: Vec<Sums>,
    /// What waits at present: a message id and a sum.
    waiting: Vec<(&'static str, String)>,
}

/// The first day of the month in the query, such as `2026-11`; at most the present month.
fn month(typed: &str, today: Date) -> Date {
    let typed = format!("{typed}-01").parse().ok();
    let first = today.first_of_month();
    typed.filter(|day| *day <= first).unwrap_or(first)
}

fn query(day: Result<Date, jiff::Error>) -> Option<String> {
    day.ok().map(|day| day.strftime("%Y-%m").to_string())
}

/// `GET /admin/money`: what waits, and the sums of a month.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let zone = req.site.settings.time_zone.clone();
    let today = req.site.clock.now().to_zoned(zone.clone()).date();
    let first = month(req.query.text("month"), today);
    let days = Days {
        from: Some(first),
        to: Some(first.last_of_month()),
    };
    let mode = gateway::mode(&req.site);
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        let sums = figures::waiting(tx, mode)?;
        Ok::<_, Refusal>((to_do::of_money(tx)?, figures::find(tx, days, &zone)?, sums))
    };
    let ((needs, found, sums), text) = (req.read(look).await?, &req.text);
    let all = [
        ("money-unpaid", &sums.unpaid),
        ("money-under-way", &sums.under_way),
        ("money-owed", &found.owed),
    ];
    let waiting = all.into_iter().flat_map(|(label, sums)| {
        let sum = |one: &Owed| text.money(Money::new(one.amount_minor, one.currency));
        sums.iter().map(move |one| (label, sum(one)))
    });
    let revenue = match mode {
        OrderMode::Live => &found.revenue,
        OrderMode::Test => &found.test_revenue,
    };
    let body = MoneyPage {
        text,
        needs: to_do::lines(&needs, text),
        month: text.month(first),
        before: query(first.checked_sub(1.month())),
        next: query(first.checked_add(1.month())).filter(|_| first < today.first_of_month()),
        revenue: Sums::of(text, revenue),
        waiting: waiting.collect(),
    };
    req.show(HERE, &text.say("money-menu"), body).await
}
