//! The page before a mail goes to the households whose channel is email: who gets it, and its
//! subject.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::{Form, Problem, Text};

use super::frame::Place;
use super::mail;
use super::request::{HostForm, HostRequest};
use super::send_words::{self, Banner};
use super::wording::{self, Wording};
use crate::hosting::HostOf;
use crate::hosting::handed::Channel;
use crate::hosting::listing::InvitationFilter;
use crate::hosting::mail_text::{self, MailKind};
use crate::hosting::sending;

#[derive(Template)]
#[template(path = "host/send_mail.html")]
struct MailPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    kind: MailKind,
    query: String,
    subject: String,
    blocked: Option<Banner>,
    households: Vec<(String, String, String)>,
}

fn kind(form: &Form) -> MailKind {
    MailKind::find(form.text("kind"))
        .filter(|kind| *kind == MailKind::Reminder)
        .unwrap_or(MailKind::Invitation)
}

/// Handles `GET /admin/o/{slug}/send/mail`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let kind = kind(&req.query);
    let (site, asked) = (req.site.clone(), filter.clone());
    let (context, (found, own)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let found = sending::load(tx, &site, host, &asked)?;
            Ok((found, mail_text::load(tx, host, kind)?))
        })
        .await?;
    let wording = req.wording(&context);
    let line = found.of_kind(kind).and_then(|all| all.line(Channel::Email));
    let households = line.map(|line| &*line.households).unwrap_or_default();
    let households = households.iter().map(|one| {
        let href = wording.at(&format!("/invites/{}", one.id));
        let email = one.email.clone().unwrap_or_default();
        (href, one.household.clone(), email)
    });
    let blocked = found.obstacles.blocking(Channel::Email, kind);
    let body = MailPage {
        text: &req.text,
        submission: req.submission(),
        kind,
        query: wording::query(&filter.query()),
        subject: mail::said(&wording, &own),
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
    let kind = kind(&posted.form);
    let (site, at) = (posted.req.site.clone(), posted.req.at("/mail/"));
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            let report = sending::mail(tx, &site, host, kind, &filter)?;
            Ok(format!("{at}{}", report.campaign.id))
        })
        .await;
    Ok(done?)
}
