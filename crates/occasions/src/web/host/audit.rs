//! The page with the occasion's audit log. Its lines are formatted as sentences, the newest first.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::id::Id;
use web::{PageQuery, Problem, Text, dates};

use super::frame::Place;
use super::history::{FAMILIES, Sentence, Telling};
use super::request::{HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::guest;
use crate::hosting::{log, members};
use crate::id::InvitationId;
use crate::question;

#[derive(Template)]
#[template(path = "host/audit.html")]
struct Log<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    days: Vec<(String, Vec<Sentence>)>,
    people: Vec<(String, String, bool)>,
    families: Vec<(&'static str, &'static str, bool)>,
    from: &'a str,
    until: &'a str,
    entity: &'a str,
    is_filtered: bool,
    next: Option<String>,
    previous: Option<String>,
}

/// Handles `GET /admin/o/{slug}/audit`.
pub(super) async fn show(req: HostRequest, paging: PageQuery) -> Result<Response, Problem> {
    let query = req.query.clone();
    let look = move |tx: &mut platform::Tx<'_>, context: &PageContext| {
        let zone = context.occasion.zone();
        let start = |name: &str, after: bool| day_start(query.text(name), &zone, after);
        let filter = log::AuditFilter {
            actor: query.text("actor").to_owned(),
            action: query.text("action").to_owned(),
            entity: query.text("entity").to_owned(),
            from: start("from", false),
            until: start("until", true),
        };
        let list = log::list(tx, &context.host, &filter, &paging)?;
        let records = list.items.iter().map(|line| &line.record);
        let changed: BTreeSet<InvitationId> = records
            .filter(|record| record.entity_kind == "invitation")
            .map(|record| InvitationId::from_text(record.entity_id.clone()))
            .collect();
        let guests = guest::list_all(tx, &changed)?.into_values().flatten();
        let guests: BTreeMap<String, String> = guests
            .map(|guest| (guest.id.to_string(), guest.name))
            .collect();
        let questions = question::of(tx, context.host.occasion())?;
        Ok((list, guests, questions, members::list(tx, &context.host)?))
    };
    let (context, (list, guests, questions, members)) = req.read(look).await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let telling = Telling {
        wording: wording.clone(),
        events: &context.events,
        questions: &questions,
        guests,
    };
    let mut days: Vec<(String, Vec<Sentence>)> = Vec::new();
    for line in &list.items {
        let sentence = telling.tell(line);
        match days.last_mut() {
            Some((day, sentences)) if *day == sentence.day => sentences.push(sentence),
            _ => days.push((sentence.day.clone(), vec![sentence])),
        }
    }
    let query = &req.query;
    let paging = |name: &str, cursor: Option<&str>| {
        let kept = query
            .iter()
            .filter(|(name, _)| !["cursor", "before"].contains(name));
        let pairs = kept.chain([(name, cursor?)]);
        Some(wording::address(&wording.at("/audit"), pairs))
    };
    let body = Log {
        text,
        days,
        people: members
            .into_iter()
            .map(|member| {
                let id = member.account.to_string();
                let is_chosen = query.text("actor") == id;
                (id, member.display_name, is_chosen)
            })
            .collect(),
        families: FAMILIES
            .map(|(word, id)| (word, id, query.text("action") == word))
            .into(),
        from: query.text("from"),
        until: query.text("until"),
        entity: query.text("entity"),
        is_filtered: query.iter().any(|(_, value)| !value.is_empty()),
        next: paging("cursor", list.next_cursor.as_deref()),
        previous: paging("before", list.previous_cursor.as_deref()),
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Log, &text.say("host-log"), body))
}

/// With `after`, returns the start of the next day.
fn day_start(typed: &str, zone: &TimeZone, after: bool) -> Option<Timestamp> {
    let date: Date = typed.parse().ok()?;
    if after {
        return dates::end_of_day(date, zone);
    }
    Some(date.to_zoned(zone.clone()).ok()?.timestamp())
}
