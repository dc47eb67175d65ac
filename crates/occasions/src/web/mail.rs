//! The mail that confirms a household's saved answers. A job renders it in the invitation's
//! language, from the data that is stored at that time. Rendering comes before the write
//! transaction, so no save waits for it. If the data changes in between, the job runs again.

use askama::Template as _;
use jiff::SignedDuration;
use platform::jobs::{Done, Handler, Job, JobError};
use platform::mail::{self, Address, NewMail, Stream};
use platform::text_cleaning::{clean_line, without_links};
use platform::{StoreError, Tx};
use serde::Deserialize;
use web::{Language, Site};

use super::guest;
use super::guest::view::{AnsweredQuestion, ConfirmationMail, ConfirmationText, Stored};
use super::guest::{Reading, contact};
use crate::confirmation;
use crate::hosting::member_occasions::{self, MailLeave};
use crate::id::InvitationId;
use crate::invitation;
use crate::invitation_snapshot::{self, InvitationSnapshot};
use crate::rsvp::{self, waitlist};
use crate::words::OccasionStatus;
use crate::{occasion, snapshot};

/// Returns the handler of the jobs that send confirmations. Each save queues such a job.
pub fn confirmations(site: Site) -> Handler {
    Handler::new(rsvp::CONFIRM, move |job| {
        let site = site.clone();
        async move { confirm(&site, &job).await }
    })
}

/// Returns the handler of the jobs that tell households that they moved up from the waiting list.
pub fn moves_up(site: Site) -> Handler {
    Handler::new(waitlist::MOVED_UP, move |job| {
        let site = site.clone();
        async move { tell_of_move(&site, &job).await }
    })
}

#[derive(Deserialize)]
struct Payload {
    invitation: InvitationId,
}

#[derive(Deserialize)]
struct MovePayload {
    invitation: InvitationId,
    by_host: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Saved,
    MovedUp { by_host: bool },
}

/// Renders the mail of `job`, and queues the mail in the transaction that ends the job. If the
/// invitation or its occasion changes between these two steps, the job runs again.
pub async fn confirm(site: &Site, job: &Job) -> Result<Done, JobError> {
    let Payload { invitation } = job.read()?;
    mail_answers(site, invitation, Reason::Saved).await
}

/// Like [`confirm`], but for a household that moved up from the waiting list.
pub async fn tell_of_move(site: &Site, job: &Job) -> Result<Done, JobError> {
    let MovePayload {
        invitation,
        by_host,
    } = job.read()?;
    mail_answers(site, invitation, Reason::MovedUp { by_host }).await
}

async fn mail_answers(site: &Site, id: InvitationId, reason: Reason) -> Result<Done, JobError> {
    let of = id.clone();
    let found = site.store.read(move |tx| find(tx, &of, reason)).await?;
    let Some(Found {
        snapshot,
        revision,
        to,
        is_restricted,
    }) = found
    else {
        return Ok(Done::nothing());
    };
    let mail = if is_restricted {
        Some(compose_restricted(site, &snapshot, to, reason))
    } else {
        compose(site, &snapshot, to, reason)
    };
    let Some(mail) = mail else {
        return Ok(Done::nothing());
    };
    let rendered = Rendered {
        version: snapshot.household.invitation.version,
        revision,
        is_restricted,
    };
    Ok(Done::with(move |tx| {
        send(tx, &id, &rendered, &mail, reason)
    }))
}

struct Found {
    snapshot: InvitationSnapshot,
    revision: i64,
    to: Address,
    /// Whether the occasion is a member's that may not send mail yet.
    is_restricted: bool,
}

#[derive(PartialEq, Eq)]
struct Rendered {
    version: i64,
    revision: i64,
    is_restricted: bool,
}

/// `None` if the household gets no mail.
fn find(tx: &mut Tx<'_>, id: &InvitationId, reason: Reason) -> Result<Option<Found>, StoreError> {
    let Some(invitation) = invitation::find(tx, id)? else {
        return Ok(None);
    };
    let revision = snapshot::revision(tx, &invitation.occasion)?;
    let occasion_snapshot = snapshot::load_at(tx, &invitation.occasion, revision)?;
    let occasion = &occasion_snapshot.occasion;
    let gone = invitation.archived_at.is_some() || occasion.status == OccasionStatus::Archived;
    let address = invitation.details.email.as_deref();
    let address = address.and_then(|text| text.parse::<Address>().ok());
    let Some(to) = address else {
        return Ok(None);
    };
    if gone || (reason == Reason::Saved && !occasion.switches.confirmation_mail) {
        return Ok(None);
    }
    let is_restricted = confirmation::is_restricted(tx, &invitation.occasion)?;
    Ok(Some(Found {
        snapshot: invitation_snapshot::load(tx, occasion_snapshot, invitation)?,
        revision,
        to,
        is_restricted,
    }))
}

/// If the invitation or its occasion has changed since, an error makes the job run again.
fn send(
    tx: &mut Tx<'_>,
    id: &InvitationId,
    rendered: &Rendered,
    mail: &Composed,
    reason: Reason,
) -> Result<(), JobError> {
    if rendered.is_restricted
        && let Some(invitation) = invitation::find(tx, id)?
    {
        // The lock makes concurrent jobs count the occasion's mails one after another.
        occasion::hold(tx, &invitation.occasion)?;
    }
    let Some(invitation) = invitation::lock(tx, id)? else {
        return Ok(());
    };
    // If a host entered the answers, a host also chose the address. So the mail is sent only if the
    // site allows the occasion to send mail.
    let by_host = reason == Reason::MovedUp { by_host: true };
    if by_host && !member_occasions::sends_mail(tx, &invitation.occasion)? {
        return Ok(());
    }
    let revision = snapshot::revision(tx, &invitation.occasion)?;
    let now = Rendered {
        version: invitation.version,
        revision,
        is_restricted: confirmation::is_restricted(tx, &invitation.occasion)?,
    };
    if now != *rendered {
        let cause = "the invitation changed while its mail was rendered";
        return Err(JobError::later(SignedDuration::ZERO, cause));
    }
    match member_occasions::may_mail(tx, &invitation.occasion, id)? {
        MailLeave::Granted => {
            let id = tx.send_mail(mail.mail.clone())?;
            if let Some(file) = &mail.calendar {
                mail::attach_calendar(tx, &id, file)?;
            }
        }
        MailLeave::Denied => confirmation::refuse(tx, id)?,
        MailLeave::Later => {
            let cause = "the occasion has sent as many mails as it may in a day";
            return Err(JobError::later(member_occasions::AGAIN, cause));
        }
    }
    Ok(())
}

fn unlinked(answer: AnsweredQuestion<'_>) -> AnsweredQuestion<'_> {
    AnsweredQuestion {
        words: without_links(&answer.words),
        ..answer
    }
}

struct Composed {
    mail: NewMail,
    /// `None` if all guests have declined.
    calendar: Option<String>,
}

/// Of what the hosts wrote it contains only the title, the day and the place.
fn compose_restricted(
    site: &Site,
    snapshot: &InvitationSnapshot,
    to: Address,
    reason: Reason,
) -> Composed {
    let occasion = &snapshot.occasion;
    let tag = snapshot.household.invitation.details.language.as_deref();
    let tag = tag.unwrap_or(&occasion.default_language);
    let text = site.catalogue.speak(&Language::of(tag));
    let reading = Reading::new(&text, snapshot);
    let title = occasion
        .title
        .pick(text.language(), &occasion.default_language);
    let title = without_links(&clean_line(title.text));
    let events = reading.events_attended();
    let about = match events.first() {
        Some(event) => [title.as_str(), &event.moment, &without_links(event.venue)]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join("\n"),
        None => title.clone(),
    };
    let intro = match reason {
        Reason::Saved => text.say("mail-restricted-saved"),
        Reason::MovedUp { .. } => text.say("mail-moved-up"),
    };
    let values = [
        ("intro", intro.into()),
        ("about", about.into()),
        ("link", snapshot.url(site).join(&snapshot.link("")).into()),
        ("site", site.settings.name.as_str().into()),
    ];
    let mail = NewMail {
        scope: Some(occasion.id.to_string()),
        subject: text.with("mail-restricted-subject", [("title", title.into())]),
        text: text.with("mail-restricted-text", values),
        ..NewMail::new(to, Stream::Transactional)
    };
    Composed {
        mail,
        calendar: None,
    }
}

fn compose(
    site: &Site,
    snapshot: &InvitationSnapshot,
    to: Address,
    reason: Reason,
) -> Option<Composed> {
    let occasion = &snapshot.occasion;
    let invitation = &snapshot.household.invitation;
    let tag = invitation.details.language.as_deref();
    let tag = tag.unwrap_or(&occasion.default_language);
    let text = site.catalogue.speak(&Language::of(tag));
    let reading = Reading::new(&text, snapshot);
    let hosts = occasion
        .hosts
        .pick(text.language(), &occasion.default_language);
    // A household may have typed any address, so its words must not become links.
    let household = without_links(&invitation.details.household);
    let guests = reading.stored().into_iter().map(|guest| Stored {
        name: without_links(&guest.name),
        diets: without_links(&guest.diets),
        told: guest.told.into_iter().map(unlinked).collect(),
        ..guest
    });
    let mail = ConfirmationMail {
        text: &text,
        theme: occasion.theme,
        hosts: hosts.text,
        date: reading.cover().date,
        salutation: without_links(&reading.salutation()),
        tone: occasion.tone,
        progress: reading.progress(),
        counts: reading.counts(),
        waiting: reading.waiting(),
        has_moved_up: reason != Reason::Saved,
        guests: guests.collect(),
        events: reading.events_attended(),
        calendar: reading
            .calendar()
            .map(|path| snapshot.url(site).join(&path)),
        told: reading
            .household_answers()
            .into_iter()
            .map(unlinked)
            .collect(),
        change: reading.closing().map(|closing| closing.change(&text)),
        link: snapshot.url(site).join(&snapshot.link("")),
        site: snapshot.url(site).authority().to_owned(),
        code: &invitation.code,
        household: &household,
        contact: contact(&snapshot.occasion),
    };
    // If a template cannot be rendered, Kenduri has a bug. The household's answers are already
    // saved.
    let rendered = mail
        .render()
        .and_then(|html| Ok((html, ConfirmationText(&mail).render()?)));
    let (html, plain) = match rendered {
        Ok(parts) => parts,
        Err(cause) => {
            tracing::error!(%cause, "cannot render a confirmation mail; please report this");
            return None;
        }
    };
    let calendar = mail.calendar.as_ref();
    let calendar = calendar.map(|_| guest::calendar(snapshot, &text, site.url().host()));
    let new = NewMail {
        to_name: household.clone(),
        sender_name: Some(hosts.text.to_owned()),
        reply_to: occasion.contact.email.parse().ok(),
        scope: Some(snapshot.occasion.id.to_string()),
        subject: mail.subject(),
        text: plain,
        html: Some(html),
        ..NewMail::new(to, Stream::Transactional)
    };
    Some(Composed {
        mail: new,
        calendar,
    })
}
