//! The page before a mail goes to the households whose channel is email: who gets it, and its
//! subject.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::{Form, Problem, Text};

use super::frame::Place;
use super::mail;
use super::request::{HostForm, HostRequest};
use super::send_kind;
use super::send_moved;
use super::send_words::{self, Banner};
use super::wording::{self, Wording};
use crate::hosting::handed::Channel;
use crate::hosting::listing::InvitationFilter;
use crate::hosting::mail_text::{self, MailKind};
use crate::hosting::moved::Moved;
use crate::hosting::nobody::Nobody;
use crate::hosting::{HostOf, Refusal, sending};

#[derive(Template)]
#[template(path = "host/send_mail.html")]
struct MailPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    /// The page on which the channels are, and the label of its link.
    back: (String, &'static str),
    kind: MailKind,
    about: String,
    /// The version of the text that the page shows.
    version: i64,
    query: String,
    subject: String,
    /// What an event was, and what it is.
    moved: Option<Change>,
    blocked: Option<Banner>,
    /// Why nobody gets it by email, if nobody does.
    nobody: &'static str,
    households: Vec<(String, String, String)>,
}

struct Change {
    name: String,
    was: String,
    now: String,
    answers: &'static str,
}

fn change(wording: &Wording<'_>, moved: &Moved) -> Change {
    let [(_, name), (_, was), (_, now)] = moved.values(wording.text, wording.occasion);
    Change {
        name,
        was,
        now,
        answers: send_moved::answers(moved),
    }
}

/// Handles `GET /admin/o/{slug}/send/mail`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let (kind, about) = send_words::topic(&req.query);
    let (site, asked) = (req.site.clone(), filter.clone());
    let (context, (found, own)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let found = sending::load(tx, &site, host, &asked)?;
            Ok((found, mail_text::load(tx, host, kind)?))
        })
        .await?;
    let wording = req.wording(&context);
    let line = found
        .of(kind, &about)
        .and_then(|all| all.line(Channel::Email));
    let households = line.map(|line| &*line.households).unwrap_or_default();
    let households = households.iter().map(|one| {
        let href = wording.at(&format!("/invites/{}", one.id));
        let email = one.email.clone().unwrap_or_default();
        (href, one.household.clone(), email)
    });
    let blocked = line.and_then(|line| line.off);
    let nobody = Nobody::why(&found, &filter, kind, &about, Some(Channel::Email));
    let moved = found.moved(&about).map(|one| &one.moved);
    let own = match moved {
        Some(moved) => moved.message(&req.site, &context.occasion, &own),
        None => own,
    };
    let body = MailPage {
        text: &req.text,
        submission: req.submission(),
        back: send_kind::page_of(&wording, kind, &about),
        kind,
        about: about.clone(),
        version: own.version,
        query: wording::query(&filter.query()),
        moved: moved.map(|one| change(&wording, one)),
        subject: mail::said(&wording, &own),
        nobody: nobody.map_or("host-send-through", |one| one.label()),
        blocked: blocked.map(|kind| send_words::banner(&req, &context, kind)),
        households: households.collect(),
        wording: wording.clone(),
    };
    let title = req.text.say(kind.label());
    Ok(req.page(&context, Place::Sending, &title, body))
}

/// Handles `POST /admin/o/{slug}/send/mail`.
pub(super) async fn order(posted: HostForm) -> Result<Response, Problem> {
    let query = Form::parse(posted.form.text("query").as_bytes())?;
    let (filter, _) = InvitationFilter::read(&query)?;
    let (kind, about) = send_words::topic(&posted.form);
    let (site, at) = (posted.req.site.clone(), posted.req.at("/mail/"));
    let shown = posted.form.number("version").ok().flatten();
    let meanwhile = posted.req.at("/send/news?done=rewritten");
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            // Nobody gets words that whoever sends them has not seen.
            let version = mail_text::load(tx, host, kind)?.version;
            if kind == MailKind::News && shown.is_some_and(|shown: i64| shown != version) {
                return Ok(meanwhile.clone());
            }
            match sending::mail(tx, &site, host, kind, &about, &filter) {
                Ok(report) => Ok(format!("{at}{}", report.campaign.id)),
                Err(Refusal::WrongState) => Err(Refusal::NobodyToReach),
                Err(refusal) => Err(refusal),
            }
        })
        .await;
    Ok(done?)
}
