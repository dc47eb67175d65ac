//! The page with a person's own notifications. On this page, people also choose whether they get
//! notifications by mail.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use serde::Deserialize;
use web::form_state::{self, Field, FormState};
use web::{PageQuery, Problem, Text, Wishes, ZonedPage};

use identity::notification::{self, Before, Notification};
use site::asking::{Reader, Sender};
use site::call::see_other;
use site::{Context, frame};

pub(super) const HERE: &str = site::addresses::NOTICES;

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "notifications.html")]
struct ListPage<'a> {
    text: &'a Text,
    zoned: ZonedPage<'a>,
    zone_line: String,
    done: bool,
    /// The notifications, grouped by day, newest first.
    days: Vec<(String, Vec<&'a Notification>)>,
    next: Option<String>,
    /// The time of the newest notification; `None` if all are read.
    unread_until: Option<Timestamp>,
    by_mail: Field,
}

impl ListPage<'_> {
    fn words(&self, one: &Notification) -> String {
        self.text
            .with(&one.kind, [("about", one.about.as_str().into())])
    }

    fn time(&self, one: &Notification) -> String {
        self.zoned.time(one.created_at)
    }
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Query(done): Query<Done>,
    wishes: Wishes,
    paging: PageQuery,
    reader: Reader,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let text = site.speak(&wishes);
    let id = reader.who.account().id.clone();
    let (before, rows): (Option<Before>, i64) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        Ok((
            notification::list(tx, &id, before.as_ref(), rows)?,
            notification::is_mailed(tx, &id)?,
        ))
    };
    let (all, is_mailed) = site.store.read(look).await?;
    let all = paging.list(all, |one| (one.created_at, one.id.clone()));
    let next = all.next_cursor;
    let all = all.items;
    let has_unread = all.iter().any(|one| one.read_at.is_none());
    let form = form_state::form(is_mailed.then_some(("by_mail", "1")));
    let zone = TimeZone::get(&reader.who.account().time_zone);
    let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
    let mut days: Vec<(String, Vec<&Notification>)> = Vec::new();
    for one in &all {
        let day = text.date(one.created_at.to_zoned(zone.clone()));
        match days.last_mut().filter(|(last, _)| *last == day) {
            Some((_, of_day)) => of_day.push(one),
            None => days.push((day, vec![one])),
        }
    }
    let (zone_line, zoned) = ZonedPage::new(&text, ZonedPage::LINE, &zone, site.clock.now());
    let body = ListPage {
        text: &text,
        zone_line,
        zoned,
        done: done.done.is_some(),
        days,
        next: next.map(|cursor| format!("{HERE}?cursor={cursor}")),
        unread_until: all.first().map(|one| one.created_at).filter(|_| has_unread),
        by_mail: FormState::of(form).tick("by_mail", text.say("notification-by-mail")),
    };
    let title = text.say("notification-title");
    frame::show(site, &text, reader.user(), HERE, &title, body).await
}

/// `POST /me/notices`: marks the notifications that the page showed as read.
pub(super) async fn read(
    State(accounts): State<Context>,
    sender: Sender,
) -> Result<Response, Problem> {
    let until = sender.form.text("until").parse();
    let until: Timestamp = until.map_err(|_| Problem::not_found())?;
    let id = sender.who.account().id.clone();
    let change = move |tx: &mut Tx<'_>| notification::read_all(tx, &id, until);
    accounts.site.store.write(change).await?;
    Ok(see_other(HERE))
}

pub(super) async fn choose_mail(
    State(accounts): State<Context>,
    sender: Sender,
) -> Result<Response, Problem> {
    let (id, is_wanted) = (
        sender.who.account().id.clone(),
        sender.form.is_ticked("by_mail"),
    );
    let change = move |tx: &mut Tx<'_>| notification::choose_mail(tx, &id, is_wanted);
    accounts.site.store.write(change).await?;
    Ok(see_other(&format!("{HERE}?done=1")))
}
