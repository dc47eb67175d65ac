//! The mail that confirms a save (§3.6): made when it is due, from what stands
//! then, in the invitation's language.

use askama::Template as _;
use platform::jobs::{Done, Handler, Job, JobError};
use platform::mail::{Address, NewMail, Stream};
use platform::{StoreError, Tx};
use serde::Deserialize;
use web::{Language, Site};

use super::guest::view::{ConfirmationMail, ConfirmationText};
use super::guest::{Reading, contact};
use crate::invitation::{self, InvitationId};
use crate::portal::{self, Portal};
use crate::words::OccasionStatus;
use crate::{programme, rsvp};

/// Runs the jobs that saves leave behind.
pub fn confirmations(site: Site) -> Handler {
    Handler::new(rsvp::CONFIRM, move |job| {
        let site = site.clone();
        async move { confirm(site, &job) }
    })
}

#[derive(Deserialize)]
struct Payload {
    invitation: InvitationId,
}

fn confirm(site: Site, job: &Job) -> Result<Done, JobError> {
    let Payload { invitation } = job.read()?;
    Ok(Done::with(move |tx| write(tx, &site, &invitation)))
}

fn write(tx: &mut Tx<'_>, site: &Site, id: &InvitationId) -> Result<(), StoreError> {
    let Some(invitation) = invitation::lock(tx, id)? else {
        return Ok(());
    };
    let programme = programme::load(tx, &invitation.occasion)?;
    let occasion = &programme.occasion;
    let gone = invitation.archived_at.is_some() || occasion.status == OccasionStatus::Archived;
    let address = invitation.details.email.as_deref();
    let address = address.and_then(|text| text.parse::<Address>().ok());
    let Some(to) = address else {
        return Ok(());
    };
    if gone || !occasion.details.switches.confirmation_mail {
        return Ok(());
    }
    let portal = portal::load(tx, programme, invitation)?;
    if let Some(mail) = compose(site, &portal, to) {
        tx.send_mail(mail)?;
    }
    Ok(())
}

fn compose(site: &Site, portal: &Portal, to: Address) -> Option<NewMail> {
    let details = &portal.occasion.details;
    let invitation = &portal.household.invitation;
    let tag = invitation.details.language.as_deref();
    let tag = tag.unwrap_or(&details.default_language);
    let text = site.catalogue.speak(&Language::of(tag));
    let reading = Reading::new(&text, portal);
    let hosts = details
        .hosts
        .pick(text.language(), &details.default_language);
    let path = format!("/invite/{}", invitation.code);
    let mail = ConfirmationMail {
        text: &text,
        theme: details.theme,
        hosts: hosts.text,
        date: reading.cover().date,
        salutation: reading.salutation(),
        tone: details.tone,
        progress: reading.progress(),
        counts: reading.counts(),
        guests: reading.stored(),
        events: reading.events_attended(),
        calendar: reading.calendar().map(|path| site.url().join(&path)),
        told: reading.told(),
        change: reading.closing().map(|closing| closing.change(&text)),
        link: site.url().join(&path),
        site: site.url().authority().to_owned(),
        code: &invitation.code,
        household: &invitation.details.household,
        contact: contact(&portal.occasion),
    };
    // Templates of ours that do not render are a mistake of the program; the
    // answers are saved all the same.
    let rendered = mail
        .render()
        .and_then(|html| Ok((html, ConfirmationText(&mail).render()?)));
    let (html, plain) = match rendered {
        Ok(parts) => parts,
        Err(cause) => {
            tracing::error!(%cause, "a confirmation mail could not be rendered");
            return None;
        }
    };
    Some(NewMail {
        to,
        to_name: invitation.details.household.clone(),
        sender_name: Some(hosts.text.to_owned()),
        reply_to: details.contact.email.parse().ok(),
        stream: Stream::Transactional,
        scope: Some(portal.occasion.id.to_string()),
        subject: mail.subject(),
        text: plain,
        html: Some(html),
    })
}
