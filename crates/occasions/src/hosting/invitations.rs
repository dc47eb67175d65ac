//! Creates, changes, archives and restores invitations, on behalf of hosts.

use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Deserialize;
use serde_json::json;

use super::codes::Chosen;
use super::guests;
use super::handed::{self, Channel};
use super::history::{self, Changes, Ending};
use super::mail_text::MailKind;
use super::permissions::{HostOf, Permission};
use super::{Refusal, occasions, portals};
use crate::event::{self, Seats};
use crate::form_event;
use crate::gift_reservation;
use crate::guest::{self, Reply};
use crate::household::{self, Household};
use crate::household_plan;
use crate::id::{EventId, InvitationId};
use crate::invitation::{self, Details};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;
use crate::phone;
use crate::rsvp;
use crate::size_limits;
use crate::words::{ActedBy, Source};
use web::fields::{self, day, email, line, lines, number, phone, words};
use web::{Field, Findings, Input};

/// An invitation can be restored for this long after it was archived.
pub const RESTORABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The fields that hosts can change. A section is a group of fields in the form. Its name is a
/// message id.
pub const FIELDS: &[Field] = web::fields! { Details:
    household: line(120).label("host-field-household").hint("host-field-household-hint")
        .section("host-household").required(),
    language: line(64).optional().label("host-language").section("host-household"),
    salutation: line(200).optional().label("host-field-salutation")
        .hint("host-field-salutation-hint").section("host-household"),
    tags: words().label("host-field-tags").section("host-household"),
    plus_ones: number(0, 20).label("host-field-plus-ones").hint("host-field-plus-ones-hint")
        .section("host-may-bring"),
    children: number(0, 20).label("host-field-children").hint("host-field-children-hint")
        .section("host-may-bring"),
    email: email().optional().label("host-field-email").section("host-contact").secret(),
    phone: phone(32).optional().label("host-field-phone").section("host-contact").secret(),
    address: lines(500).optional().label("host-field-address").section("host-contact").secret(),
    deadline_override: day().optional().label("host-field-own-deadline"),
    host_message: lines(2_000).label("host-field-message").hint("host-field-message-hint")
        .section("host-words").secret(),
    host_note: lines(2_000).label("host-field-note").hint("host-field-note-hint")
        .section("host-words").secret(),
};

/// A request to create or change an invitation. Omitted fields stay unchanged.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct InvitationChange {
    /// The version of the invitation that the client has read. It can be sent in `If-Match`
    /// instead.
    pub version: Option<i64>,
    /// Keys of the events to which the household is invited.
    pub events: Option<Vec<String>>,
    /// The guests; accepted only when the invitation is created. If the list is empty, nobody is
    /// known by name: the household begins with the guests it may bring, without names.
    #[schema(value_type = Option<Vec<guests::NewGuest>>)]
    pub guests: Option<Vec<Input>>,
    /// A code chosen by the host; accepted only when the invitation is created.
    pub code: Option<String>,
    /// Whether to keep the chosen code even if it is easy to guess.
    pub insist_on_code: Option<bool>,
    /// The fields of [`Details`].
    #[serde(flatten)]
    #[schema(ignore)]
    pub details: Input,
}

impl From<Input> for InvitationChange {
    fn from(details: Input) -> Self {
        Self {
            version: None,
            events: None,
            guests: None,
            code: None,
            insist_on_code: None,
            details,
        }
    }
}

/// Data about an invitation that can change while its version stays the same.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Bookkeeping {
    /// When the invitation was marked as sent.
    pub sent_at: Option<Timestamp>,
    pub first_opened_at: Option<Timestamp>,
    pub last_opened_at: Option<Timestamp>,
    pub open_count: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// By which channel it was sent, if that is known.
    pub sent_by: Option<Channel>,
}

/// Creates an invitation with its guests. If the host chose no code, the code is random.
pub fn create(
    tx: &mut Tx<'_>,
    host: &HostOf,
    new: &InvitationChange,
    chosen: Option<&Chosen>,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    let occasion = occasions::lock(tx, host)?;
    let all = event::list(tx, &occasion.id)?;
    let mut findings = Findings::default();
    let details = apply(
        &new.details,
        &occasion,
        &blank(&occasion),
        true,
        &mut findings,
    );
    let invited = match &new.events {
        Some(keys) => {
            let chosen = event::by_keys(&all, keys, "/events", &mut findings);
            event::with_open(&all, chosen)
        }
        None => all.iter().map(|event| event.id.clone()).collect(),
    };
    let people = new.guests.as_deref().unwrap_or_default();
    let mut planned =
        guests::Planning::new(tx, &occasion, &all)?.plan(tx, people, &invited, &mut findings);
    if new.guests.as_ref().is_some_and(Vec::is_empty) {
        let unnamed = guests::unnamed(tx, &details, &invited);
        planned.extend(unnamed.into_iter().map(guests::Planned::from));
        // Otherwise nobody could answer.
        if planned.is_empty() && matches!(new.details, Input::Form(..)) {
            findings.add("/guests", "required", []);
        }
    }
    findings.finish()?;
    size_limits::check_invitation(tx, &occasion.id, planned.len())?;
    let names = planned.iter().map(|one| one.guest.name.as_str());
    let id = match chosen {
        Some(chosen) => {
            let (shown, key) = chosen.checked(names.chain([details.household.as_str()]))?;
            invitation::insert(tx, &occasion.id, shown, key, &details)?.ok_or(Refusal::CodeTaken)?
        }
        None => invitation::insert_with_new_code(tx, &occasion.id, &details)?,
    };
    for event in &invited {
        household::invite(tx, &id, event)?;
    }
    if new.events.is_none() {
        event::cancelled::invite_to_all(tx, &occasion.id, &id)?;
    }
    let mut snapshot = portals::load_changed(tx, host, &id)?;
    guests::settle(tx, &mut snapshot.household, planned)?;
    invitation::update_search(
        tx,
        &snapshot.household.invitation,
        &snapshot.household.guests,
    )?;
    let changes = json!([{"field": "household", "old": null, "new": details.household}]);
    let entity = Entity::new("invitation", id.to_string());
    history::record(tx, host, "invitation.created", entity, changes)?;
    history::tell_of_invitation(tx, host, &snapshot.household, "created")?;
    Ok(snapshot)
}

pub fn bookkeeping(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Bookkeeping, StoreError> {
    sql!(
        "SELECT sent_at, first_opened_at, last_opened_at, open_count, created_at, updated_at,
             COALESCE((SELECT channel FROM handed
                       WHERE handed.invitation = invitation.id AND kind = 'invitation'
                         AND state = 'handed' ORDER BY at DESC LIMIT 1),
                      (SELECT 'email' FROM campaign_recipient AS recipient
                       JOIN campaign ON campaign.id = recipient.campaign
                       WHERE recipient.invitation = invitation.id AND campaign.kind = 'invitation'
                         AND recipient.state = 'written' LIMIT 1)) AS sent_by
         FROM invitation WHERE id = :id",
        id
    )
    .one(tx)
}

pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: i64,
    change: &InvitationChange,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    let mut snapshot = portals::lock(tx, host, id, Some(version))?;
    let mut findings = Findings::default();
    for (pointer, given) in [
        ("/guests", change.guests.is_some()),
        ("/code", change.code.is_some()),
    ] {
        if given {
            findings.add(pointer, "not_allowed", []);
        }
    }
    let old = snapshot.household.invitation.details.clone();
    let new = apply(
        &change.details,
        &snapshot.occasion,
        &old,
        false,
        &mut findings,
    );
    let invited = change
        .events
        .as_ref()
        .map(|keys| event::by_keys(&snapshot.events, keys, "/events", &mut findings))
        .map(|chosen| event::with_open(&snapshot.events, chosen));
    findings.finish()?;
    let mut changes = Changes::from(fields::difference(FIELDS, &old, &new));
    if let Some(invited) = &invited {
        let before = event::keys_of(&snapshot.events, &snapshot.household.events);
        let after = event::keys_of(&snapshot.events, invited);
        changes.compare("events", &before, &after);
    }
    if changes.is_empty() {
        return Ok(snapshot);
    }
    invitation::update_details(tx, id, &new)?;
    let has_other_places = (new.plus_ones, new.children) != (old.plus_ones, old.children);
    snapshot.household.invitation.details = new;
    // A program may want a household without anybody.
    let was_empty =
        snapshot.household.guests.is_empty() && matches!(change.details, Input::Form(..));
    if has_other_places && (was_empty || snapshot.household.names_nobody()) {
        let before = snapshot.household.guests.clone();
        guests::fit_places(tx, host, &mut snapshot.household)?;
        let (events, questions) = (&snapshot.events, &snapshot.questions);
        let people =
            household_plan::differences(&before, &snapshot.household.guests, events, questions);
        if !people.is_empty() {
            let version = snapshot.household.invitation.version;
            rsvp::insert_submission(tx, id, version, &people, "host", Source::Web)?;
            changes.extend(rsvp::masked(&people));
        }
    }
    if let Some(invited) = invited {
        invite_to(tx, &snapshot.household, &invited)?;
    }
    let ending = Ending {
        action: "invitation.changed",
        what: "edited",
        changes: changes.into_json(),
        moves_seats: change.events.is_some(),
    };
    history::finish_invitation(tx, host, &mut snapshot.household, ending)?;
    portals::load(tx, host, id)
}

/// Records whether an invitation was sent through another app or on paper, without saying by which.
/// The version stays the same.
pub fn mark_sent(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    sent: bool,
) -> Result<(), Refusal> {
    if sent {
        handed::record(tx, host, id, MailKind::Invitation, "", Channel::Other)
    } else {
        handed::withdraw(tx, host, id, MailKind::Invitation, "")
    }
}

/// Archives an invitation. Nothing is deleted, but the invitation's code stops working and its
/// guests no longer count.
pub fn archive(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    let mut snapshot = portals::lock(tx, host, id, version)?;
    let now = tx.now();
    set_archived(tx, id, Some(now))?;
    gift_reservation::release_all(tx, host.occasion(), id)?;
    snapshot.household.invitation.archived_at = Some(now);
    rsvp::seat(tx, &mut snapshot, &[], Seats::Free)?;
    let ending = Ending {
        action: "invitation.archived",
        what: "archived",
        changes: json!([{"field": "archived", "old": false, "new": true}]),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, &mut snapshot.household, ending)?;
    rsvp::move_up(tx, host.occasion())?;
    portals::load(tx, host, id)
}

/// Restores an invitation up to 30 days after it was archived. Guests who said yes need free seats,
/// as if they said yes now.
pub fn restore(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
    seats: Seats,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    let mut snapshot = portals::lock_any(tx, host, id, version)?;
    let now = tx.now();
    let Some(archived_at) = snapshot.household.invitation.archived_at else {
        return Err(Refusal::WrongState);
    };
    if now.duration_since(archived_at) >= RESTORABLE || invitation::is_merged(tx, id)? {
        return Err(Refusal::WrongState);
    }
    let mut changes = Changes::default();
    changes.compare("archived", &true, &false);
    // An archived invitation holds no seats. So the seats that its guests need are all new.
    let guests = std::mem::take(&mut snapshot.household.guests);
    match (rsvp::check_seats(&snapshot, &guests), seats) {
        (Ok(()), _) => {}
        (Err(_), Seats::Beyond) => {
            changes.compare("override", &false, &true);
        }
        (Err(full), Seats::Free) => return Err(full),
    }
    rsvp::seat(tx, &mut snapshot, &guests, seats)?;
    snapshot.household.guests = guests;
    set_archived(tx, id, None)?;
    snapshot.household.invitation.archived_at = None;
    let ending = Ending {
        action: "invitation.restored",
        what: "created",
        changes: changes.into_json(),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, &mut snapshot.household, ending)?;
    // The household may have been on the waiting list before, and seats may be free now.
    rsvp::move_up(tx, host.occasion())?;
    portals::load(tx, host, id)
}

pub fn blank(occasion: &Occasion) -> Details {
    Details {
        plus_ones: occasion.default_plus_ones,
        children: occasion.default_children,
        ..Details::default()
    }
}

pub fn apply(
    input: &Input,
    occasion: &Occasion,
    old: &Details,
    is_new: bool,
    findings: &mut Findings,
) -> Details {
    let mut new = input.apply(FIELDS, old, is_new, &occasion.zone(), findings);
    if new.household.is_empty() {
        findings.add("/household", "required", []);
    }
    let is_offered = |tag: &String| occasion.languages.contains(tag);
    if input.has("language") && !new.language.as_ref().is_none_or(is_offered) {
        findings.add("/language", "unknown_option", []);
    }
    phone::check_digits("/phone", new.phone.as_deref(), findings);
    if new.tags != old.tags {
        new.tags = findings.tags("/tags", &new.tags);
    }
    findings.sort(FIELDS);
    new
}

/// Invites a household to exactly these events. Replies to all other events are deleted. Newly
/// added events have no reply yet.
pub fn invite_to(
    tx: &mut Tx<'_>,
    household: &Household,
    invited: &[EventId],
) -> Result<(), StoreError> {
    let id = &household.invitation.id;
    for event in household
        .events
        .iter()
        .filter(|event| !invited.contains(event))
    {
        sql!(
            "DELETE FROM invitation_event WHERE invitation = :id AND event = :event",
            id,
            event
        )
        .run(tx, Rows::Exactly(1))?;
        for guest in &household.guests {
            sql!(
                "DELETE FROM reply WHERE guest = :id AND event = :event",
                id = guest.id,
                event
            )
            .run(tx, Rows::AtMostOne)?;
        }
    }
    for event in invited
        .iter()
        .filter(|event| !household.events.contains(event))
    {
        household::invite(tx, id, event)?;
        for guest in &household.guests {
            guest::insert_reply(
                tx,
                &guest.id,
                event,
                &Reply::PENDING,
                ActedBy::Host,
                Source::Web,
            )?;
        }
    }
    Ok(())
}

fn set_archived(
    tx: &mut Tx<'_>,
    id: &InvitationId,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    form_event::delete(tx, id)?;
    sql!(
        "UPDATE invitation SET archived_at = :at WHERE id = :id",
        id,
        at
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
