//! Helps hosts to send invitations through other apps. A page shows the message to a household, in
//! the household's language and in the occasion's tone. It links to apps that can send the message.
//! Another page leads through all unsent invitations.

use askama::Template;
use axum::response::Response;
use platform::id::Id as _;
use web::share::encoded;
use web::{Form, Language, Problem, Site, Text};

use super::frame::Place;
use super::request::HostRequest;
use super::wording::{self, Wording};
use crate::hosting::listing::InvitationFilter;
use crate::hosting::sending::{self, Walk};
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::phone::Phone;
use crate::web::guest::Reading;
use crate::web::guest::view::Closing;
use crate::words::OccasionStatus;

/// What the page for sending an invitation shows.
pub(super) struct Sending {
    /// The full URL of the invitation.
    pub(super) link: String,
    pub(super) subject: String,
    /// The message to the household. It contains the link.
    pub(super) message: String,
    pub(super) language: Language,
    pub(super) whatsapp: String,
    pub(super) sms: String,
    pub(super) mail: String,
    /// Whether the household's number cannot be read, so that WhatsApp asks for the recipient.
    pub(super) is_phone_unread: bool,
    /// The paths of the QR code as SVG and as PNG.
    pub(super) qr: [String; 2],
    /// The path of the form behind the button "mark as sent".
    pub(super) action: String,
    /// When the invitation was marked as sent, as text.
    pub(super) sent: Option<String>,
    /// The query of the page that leads through all unsent invitations. `None` if the host is on
    /// the invitation's page instead.
    pub(super) walk: Option<String>,
    /// Whether the occasion is a draft. In a draft, the invitation's link does not work yet.
    pub(super) is_draft: bool,
}

impl Sending {
    pub(super) fn new(site: &Site, wording: &Wording<'_>, snapshot: &InvitationSnapshot) -> Self {
        let invitation = &snapshot.household.invitation;
        let details = &invitation.details;
        let tag = details.language.as_ref();
        let language = Language::of(tag.unwrap_or(&snapshot.occasion.default_language));
        let text = site.catalogue.speak(&language);
        let link = snapshot.url(site).join(&snapshot.link(""));
        let (subject, message) = message(&text, snapshot, &link);
        let (phone, email) = (
            details.phone.as_deref().unwrap_or_default(),
            details.email.as_deref().unwrap_or_default(),
        );
        let phone = Phone::read(phone, snapshot.occasion.home_country());
        let (words, id) = (encoded(&message), &invitation.id);
        Self {
            whatsapp: format!("https://wa.me/{}?text={words}", phone.whatsapp()),
            sms: format!("sms:{}?body={words}", phone.dialled()),
            mail: format!(
                "mailto:{}?subject={}&body={}",
                encoded(email).replace("%40", "@"),
                encoded(&subject),
                // In mail links, line breaks must be CRLF (RFC 6068).
                encoded(&message.replace('\n', "\r\n"))
            ),
            is_phone_unread: !phone.typed.is_empty() && phone.e164.is_none(),
            qr: ["svg", "png"].map(|kind| format!("/api/v1/invitations/id/{id}/qr.{kind}")),
            action: wording.at(&format!("/invites/{id}/sent")),
            sent: None,
            walk: None,
            is_draft: snapshot.occasion.status == OccasionStatus::Draft,
            language,
            subject,
            message,
            link,
        }
    }
}

fn message(text: &Text, snapshot: &InvitationSnapshot, link: &str) -> (String, String) {
    let (reading, occasion) = (Reading::new(text, snapshot), &snapshot.occasion);
    let hosts = occasion
        .hosts
        .pick(text.language(), &occasion.default_language);
    let hosts = [("hosts", hosts.text.into())];
    let invite = format!("send-invite-{}", occasion.tone.word());
    let code = snapshot.household.invitation.code.as_str();
    let date = reading.cover().date;
    let ask = reading.closing().map(|closing| match closing {
        Closing::Day { date, .. } => text.with("closing-day", [("date", date.into())]),
        Closing::Moment { moment, .. } => text.with("closing-moment", [("moment", moment.into())]),
    });
    let parts = [
        reading.salutation(),
        String::new(),
        text.with(&invite, hosts.clone()),
        date,
        String::new(),
        text.with("send-link", [("link", link.into())]),
        text.with("send-code", [("code", code.into())]),
        ask.unwrap_or_default(),
    ];
    let lines = parts.join("\n");
    // If the occasion has no date, the paragraph about the date is empty and is removed here.
    let message = lines.replace("\n\n\n", "\n\n").trim_end().to_owned();
    (text.with("send-subject", hosts), message)
}

#[derive(Template)]
#[template(path = "host/walk.html")]
struct WalkPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    household: &'a str,
    code: &'a str,
    send: Option<Sending>,
    left: usize,
    /// The link to the next household. Following it does not mark this invitation as sent.
    next: Option<String>,
    /// The household that was just marked as sent, and the path that undoes the mark.
    marked: Option<(&'a str, String)>,
    query: &'a str,
    invitation: String,
}

/// Handles `GET /admin/o/{slug}/invites/send`.
pub(super) async fn walk(req: HostRequest) -> Result<Response, Problem> {
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let query = wording::query(&filter.query());
    let named = |name: &str| {
        let id = req.query.find(name)?;
        Some(InvitationId::from_text(id.to_owned()))
    };
    let place = sending::Place {
        at: named("household"),
        after: named("after"),
    };
    let (context, walk) = req
        .read(move |tx, context| sending::walk(tx, &context.host, &filter, &place))
        .await?;
    let wording = req.wording(&context);
    let Walk { turn, left, before } = &walk;
    let marked = before.as_ref().filter(|_| req.query.text("done") == "sent");
    let snapshot = turn.as_ref().map(|(snapshot, _)| snapshot);
    let invitation = snapshot.map(|snapshot| &snapshot.household.invitation);
    let body = WalkPage {
        text: &req.text,
        submission: req.submission(),
        household: invitation.map_or("", |one| one.details.household.as_str()),
        code: invitation.map_or("", |one| one.code.as_str()),
        send: turn.as_ref().map(|(snapshot, sent_at)| Sending {
            sent: sent_at.map(|at| wording.moment(at)),
            walk: Some(query.clone()),
            ..Sending::new(&req.site, &wording, snapshot)
        }),
        left: *left,
        next: invitation
            .filter(|_| *left > 1)
            .map(|one| wording.at(&step(&query, "after", &one.id, ""))),
        marked: marked.map(|(id, household)| {
            (
                household.as_str(),
                wording.at(&format!("/invites/{id}/sent")),
            )
        }),
        query: &query,
        invitation: invitation.map_or_else(String::new, |one| {
            wording.at(&format!("/invites/{}", one.id))
        }),
        wording: wording.clone(),
    };
    let title = req.text.say("host-send");
    Ok(req.page(&context, Place::Sending, &title, body))
}

/// Returns the link to the page that leads through all unsent invitations. After a host marked an
/// invitation as sent, the link leads to the next household. After the host undid this, the link
/// leads to the same household again.
pub(super) fn onward(query: &str, id: &InvitationId, is_sent: bool) -> String {
    // The query is parsed and built again. So a manipulated form value can only change the query of
    // the redirect, not its path.
    let query = Form::parse(query.as_bytes()).unwrap_or_default();
    let query = wording::query(&query);
    if is_sent {
        step(&query, "after", id, "&done=sent")
    } else {
        step(&query, "household", id, "")
    }
}

fn step(query: &str, name: &str, id: &InvitationId, done: &str) -> String {
    let filter = if query.is_empty() { "" } else { "&" };
    format!("/invites/send?{name}={id}{done}{filter}{query}")
}
