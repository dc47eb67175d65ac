//! A household's page from the morning after the last event on. The archive keeps this page, but
//! nothing can be sent from it any more.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use platform::{StoreError, Tx};
use web::page::Metadata;
use web::{Problem, Site, Spoken, Text};

use super::frame::{framed, keep_private, languages};
use super::portal_page;
use super::show::{self, Reading};
use super::thanks::days_since;
use super::upload_view::gallery_view;
use super::view::{AfterPage, Cover, Pictures, Progress, Typed};
use crate::gallery::{self, GalleryEntry};
use crate::gift_reservation::{self, OfferedGift};
use crate::guest::Guest;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::phase::Phase;
use crate::upload::UploadKind;
use crate::words::{OccasionKind, ReplyStatus};

/// How many pictures the page shows.
const PICTURES: usize = 6;

/// What the page contains beside the invitation.
struct Found {
    gallery: Vec<GalleryEntry>,
    gifts: Vec<OfferedGift>,
}

/// Renders the page that the household sees now: this one if the last event is over, else the
/// invitation's. `typed` contains values that came too late to be saved.
pub(super) async fn or_portal(
    site: &Site,
    text: &Text,
    snapshot: &InvitationSnapshot,
    typed: Vec<Typed>,
) -> Result<Response, Problem> {
    match snapshot.phase() {
        Phase::After | Phase::Archive => page(site, text, snapshot, typed).await,
        Phase::Before | Phase::Day => Ok(portal_page::page(text, snapshot, typed)),
    }
}

/// Renders the page. `typed` contains values that came too late to be saved.
pub(super) async fn page(
    site: &Site,
    text: &Text,
    snapshot: &InvitationSnapshot,
    typed: Vec<Typed>,
) -> Result<Response, Problem> {
    let asked = snapshot.clone();
    let look = move |tx: &mut Tx<'_>| find(tx, &asked);
    let found = site.store.read(look).await?;
    let reading = Reading::new(text, snapshot);
    let occasion = &snapshot.occasion;
    let kicker = text.say(kicker(occasion.kind));
    let thanks = Thanks::of(text, snapshot);
    let farewell = show::pick(text, occasion, &occasion.farewell);
    let is_open = snapshot.phase() != Phase::Archive;
    let late = !typed.is_empty();
    let first = snapshot.invited_events().map(|event| event.starts_at).min();
    let gifts = found.gifts.iter();
    let body = AfterPage {
        text,
        frame: reading.frame(),
        cover: Cover {
            kicker: Some(Spoken::plain(&kicker)),
            ..reading.cover()
        },
        heading: if farewell.is_empty() {
            thanks.heading
        } else {
            reading.salutation()
        },
        thanks: thanks.words,
        farewell,
        since: first.and_then(|first| days_since(text, occasion, first, snapshot.now)),
        typed,
        pictures: snapshot
            .has_gallery()
            .then(|| pictures(site, snapshot, &found.gallery)),
        share: snapshot.may_upload().then(|| snapshot.link("/uploads")),
        note: may_write(snapshot).then(|| snapshot.link("/notes")),
        has_note: !snapshot.household.invitation.note.is_empty(),
        has_answers: reading.progress() != Progress::Unanswered,
        guests: reading.stored(),
        counts: reading.counts(),
        household: reading.household_answers(),
        gifts: gifts
            .map(|one| show::pick(text, occasion, &one.gift.name))
            .collect(),
        is_open,
    };
    let title = body.title();
    let languages = languages(snapshot);
    let share = show::share(site, text, occasion, snapshot.invited_events());
    let metadata = Metadata {
        share: Some(&share),
        ..Metadata::default()
    };
    let page = framed(text, snapshot, &title, body, &languages);
    let written = web::page::write_with(&page, metadata).map_err(Problem::internal)?;
    let mut response = written.into_response();
    keep_private(&mut response);
    if late && is_open {
        *response.status_mut() = StatusCode::LOCKED;
    }
    Ok(response)
}

fn find(tx: &mut Tx<'_>, snapshot: &InvitationSnapshot) -> Result<Found, StoreError> {
    let mut gifts = Vec::new();
    if snapshot.gift_lists()[0] {
        gifts = gift_reservation::offers(tx, snapshot)?;
        gifts.retain(|one| one.own.is_some());
    }
    Ok(Found {
        gallery: gallery::of_occasion(tx, &snapshot.occasion.id)?,
        gifts,
    })
}

fn pictures(site: &Site, snapshot: &InvitationSnapshot, gallery: &[GalleryEntry]) -> Pictures {
    let is_picture = |one: &&GalleryEntry| one.kind == UploadKind::Picture;
    let first = gallery.iter().filter(is_picture).take(PICTURES);
    Pictures {
        first: first.map(|one| gallery_view(site, snapshot, one)).collect(),
        count: i64::try_from(gallery.len()).unwrap_or(i64::MAX),
        all: snapshot.link("/gallery"),
    }
}

fn may_write(snapshot: &InvitationSnapshot) -> bool {
    let is_on = snapshot.occasion.switches.notes;
    snapshot.phase() != Phase::Archive && is_on && snapshot.takes_notes()
}

/// Our thanks to a household.
struct Thanks {
    heading: String,
    words: String,
}

impl Thanks {
    fn of(text: &Text, snapshot: &InvitationSnapshot) -> Self {
        let came: Vec<&Guest> = snapshot
            .household
            .guests
            .iter()
            .filter(|guest| guest.comes())
            .collect();
        let is_memorial = snapshot.occasion.kind == OccasionKind::Memorial;
        let of_kind = |usual, memorial| if is_memorial { memorial } else { usual };
        let say = |usual, memorial| text.say(of_kind(usual, memorial)).into_owned();
        if came.is_empty() {
            // Whoever never answered may have been there.
            let mut replies = snapshot
                .household
                .guests
                .iter()
                .flat_map(|one| one.replies.values());
            let has_declined = replies.any(|reply| reply.status == ReplyStatus::No);
            let title = if has_declined {
                "after-missed-title"
            } else {
                "after-unknown-title"
            };
            return Self {
                heading: say(title, "after-missed-title-memorial"),
                words: say("after-missed", "after-missed-memorial"),
            };
        }
        let names = came.iter().map(|guest| guest.name.as_str());
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        let words = if names.is_empty() {
            say("after-came", "after-came-memorial")
        } else {
            let id = of_kind("after-came-names", "after-came-names-memorial");
            text.with(id, [("names", listed(text, &names).into())])
        };
        Self {
            heading: say("after-came-title", "after-came-title-memorial"),
            words,
        }
    }
}

/// Formats names as a list, such as "Mark, Julie and Ella".
fn listed(text: &Text, names: &[&str]) -> String {
    let comma = text.say("list-comma");
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => {
            let first = first.join(&comma);
            text.with(
                "after-names",
                [("names", first.into()), ("last", (*last).into())],
            )
        }
    }
}

/// Returns the message id of the line above the hosts' names.
pub(super) fn kicker(kind: OccasionKind) -> &'static str {
    match kind {
        OccasionKind::Wedding => "after-on-wedding",
        OccasionKind::Engagement => "after-on-engagement",
        OccasionKind::Memorial => "after-on-memorial",
        OccasionKind::Company | OccasionKind::Other => "after-on-other",
        OccasionKind::Birthday
        | OccasionKind::Children
        | OccasionKind::Naming
        | OccasionKind::Anniversary
        | OccasionKind::Kenduri => "after-on-celebrated",
    }
}
