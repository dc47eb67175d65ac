//! Tests of what a household may do at different times.

use jiff::Timestamp;

use super::*;
use crate::sample;

/// One case, in this order: the occasion's status; the lock mode; the end of the lock mode, the
/// household's deadline and the occasion's deadline; the current time; the expected access. Times
/// are in milliseconds after noon.
type Case = (OccasionStatus, LockMode, [Option<i64>; 3], i64, Access);

#[rustfmt::skip]
const CASES: &[Case] = {
    use Access::{Closed, Expired, Locked as IsLocked, Open as IsOpen};
    use LockMode::{Auto, Locked, Open};
    use OccasionStatus::{Archived, Closed as Over, Published};
    const LATER: i64 = 86_400_000;
    const NOON: Option<i64> = Some(0);
    const BEFORE: Option<i64> = Some(-1);
    const AFTER: Option<i64> = Some(LATER);
    &[
        (Published, Auto, [None, None, None], LATER, IsOpen),
        (Published, Auto, [None, None, NOON], -1, IsOpen),
        (Published, Auto, [None, None, NOON], 0, Closed),
        (Published, Auto, [None, AFTER, NOON], 0, IsOpen),
        (Published, Auto, [None, BEFORE, NOON], -1, Closed),
        (Published, Locked, [None, None, None], -1, IsLocked),
        (Published, Open, [None, None, NOON], LATER, IsOpen),
        (Published, Open, [NOON, None, BEFORE], -1, IsOpen),
        (Published, Open, [NOON, None, BEFORE], 0, Closed),
        (Published, Open, [NOON, None, AFTER], 0, IsOpen),
        (Over, Open, [None, None, None], -1, Closed),
        (Over, Locked, [None, None, None], -1, Closed),
        (Archived, Open, [None, None, None], -1, Expired),
    ]
};

#[test]
fn access_follows_the_table_and_nothing_else() {
    let noon: Timestamp = "2027-01-14T12:00:00Z".parse().unwrap();
    let instant = |offset: i64| noon + jiff::SignedDuration::from_millis(offset);
    for (status, mode, instants, now, access) in CASES.iter().copied() {
        let [until, own, deadline] = instants.map(|offset| offset.map(instant));
        let now = instant(now);
        let mut occasion = sample::occasion();
        occasion.status = status;
        occasion.rsvp_deadline = deadline;
        let mut invitation = sample::invitation(&occasion);
        invitation.details.lock_mode = mode;
        invitation.details.open_until = until;
        invitation.details.deadline_override = own;
        let told = format!("{status:?} {mode:?} {until:?} {own:?} {deadline:?} {now}");
        assert_eq!(invitation.access(&occasion, now), access, "{told}");
        // Pages show the exact closing time. Answers are open before that time and closed from then
        // on.
        if access == Access::Open
            && let Some(closes) = invitation.closes_at(&occasion)
        {
            assert!(now < closes, "{told}");
            assert_eq!(
                invitation.access(&occasion, closes),
                Access::Closed,
                "{told}"
            );
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
