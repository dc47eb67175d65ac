//! The table of §2.3: who may answer when.

use jiff::Timestamp;

use super::*;
use crate::sample;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn access_follows_the_table_and_nothing_else() {
    let noon = at("2027-01-14T12:00:00Z");
    let before = at("2027-01-14T11:59:59.999Z");
    let later = at("2027-01-20T00:00:00Z");
    type Case = (
        OccasionStatus,
        LockMode,
        Option<Timestamp>,
        Option<Timestamp>,
        Option<Timestamp>,
        Timestamp,
        Access,
    );
    use Access::{Closed, Expired, Locked as IsLocked, Open as IsOpen};
    use LockMode::{Auto, Locked, Open};
    use OccasionStatus::{Archived, Closed as Over, Published};
    // status, mode, open_until, override, occasion's deadline, now, access
    let cases: &[Case] = &[
        (Published, Auto, None, None, None, later, IsOpen),
        (Published, Auto, None, None, Some(noon), before, IsOpen),
        (Published, Auto, None, None, Some(noon), noon, Closed),
        (Published, Auto, None, Some(later), Some(noon), noon, IsOpen),
        (
            Published,
            Auto,
            None,
            Some(before),
            Some(noon),
            before,
            Closed,
        ),
        (Published, Locked, None, None, None, before, IsLocked),
        (Published, Open, None, None, Some(noon), later, IsOpen),
        (
            Published,
            Open,
            Some(noon),
            None,
            Some(before),
            before,
            IsOpen,
        ),
        (
            Published,
            Open,
            Some(noon),
            None,
            Some(before),
            noon,
            Closed,
        ),
        (Published, Open, Some(noon), None, Some(later), noon, IsOpen),
        (Over, Open, None, None, None, before, Closed),
        (Over, Locked, None, None, None, before, Closed),
        (Archived, Open, None, None, None, before, Expired),
    ];
    for (status, mode, until, own, deadline, now, access) in cases.iter().cloned() {
        let mut occasion = sample::occasion();
        occasion.status = status;
        occasion.details.rsvp_deadline = deadline;
        let mut invitation = sample::invitation(&occasion);
        invitation.details.lock_mode = mode;
        invitation.details.open_until = until;
        invitation.details.deadline_override = own;
        let told = format!("{status:?} {mode:?} {until:?} {own:?} {deadline:?} {now}");
        assert_eq!(invitation.access(&occasion, now), access, "{told}");
        // What is announced is what is decided: open before, not open at it.
        if access == IsOpen
            && let Some(closes) = invitation.closes_at(&occasion)
        {
            assert!(now < closes, "{told}");
            assert_eq!(invitation.access(&occasion, closes), Closed, "{told}");
        }
    }
}

#[test]
fn an_archived_invitation_is_revoked_whatever_else() {
    let occasion = sample::occasion();
    let mut invitation = sample::invitation(&occasion);
    invitation.archived_at = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(
        invitation.access(&occasion, Timestamp::UNIX_EPOCH),
        Access::Revoked
    );
}
