//! Tests that numbers, rows and filters agree for random answers. Rust code counts the numbers, and
//! SQL selects the rows and applies the filters.

use jiff::{SignedDuration, Timestamp};
use occasions::hosting::listing::filter::{Answered, Open};
use occasions::hosting::listing::people::{self, GuestFilter, Person};
use occasions::hosting::listing::{self, InvitationFilter, InvitationRow, People};
use occasions::hosting::{self, HostOf, Refusal, sending, sizes, summary};
use occasions::words::{Access, ReplyStatus, Response};
use platform::{Rows, Tx, sql};
use serde_json::json;

use crate::stage::{Stage, on_default};

/// A generator of pseudo-random numbers (xorshift64), the same on every run.
struct Dice(u64);

impl Dice {
    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let place = self.0 % u64::try_from(list.len()).unwrap();
        list[usize::try_from(place).unwrap()]
    }
}

/// Replaces all data that the numbers count with random data.
fn shuffle(tx: &mut Tx<'_>, host: &HostOf, dice: &mut Dice) -> Result<(), Refusal> {
    let undecided = dice.of(&[true, false]);
    let occasion = hosting::occasions::load(tx, host)?;
    let switches = json!({"switches": {"undecided": undecided}}).into();
    hosting::occasions::change(tx, host, occasion.version, &switches)?;
    let now = tx.now();
    let instants = [-2, 0, 2].map(|hours| Some(now + SignedDuration::from_hours(hours)));
    let instants = [&instants[..], &[None; 3]].concat();
    let invitations: Vec<(String,)> = sql!(
        "SELECT id FROM invitation WHERE occasion = :occasion",
        occasion = host.occasion()
    )
    .all(tx)?;
    for (id,) in &invitations {
        let archived_at: Option<Timestamp> = dice.of(&[None, None, None, None, Some(now)]);
        sql!(
            "UPDATE invitation SET lock_mode = :lock_mode, open_until = :open_until,
                 deadline_override = :deadline, archived_at = :archived_at, email = :email,
                 note = :note, note_version = :note_version, plus_ones = :plus_ones,
                 children = :children, sent_at = :sent_at, last_opened_at = :last_opened_at
             WHERE id = :id",
            id,
            lock_mode = dice.of(&["auto", "auto", "locked", "open"]),
            open_until = dice.of(&instants),
            deadline = dice.of(&instants),
            archived_at,
            email = dice.of(&[None, Some("somebody@example.com")]),
            note = dice.of(&["", "See you"]),
            note_version = dice.of(&[1_i64, 2]),
            plus_ones = dice.of(&[0_i64, 1]),
            children = dice.of(&[0_i64, 1]),
            sent_at = dice.of(&instants),
            last_opened_at = dice.of(&instants)
        )
        .run(tx, Rows::Exactly(1))?;
        sql!("DELETE FROM open_answer WHERE invitation = :id", id).run(tx, Rows::AtMostOne)?;
        if dice.of(&[true, false, false]) {
            sql!(
                "INSERT INTO open_answer
                     (invitation, occasion, likeness, is_duplicate, approved_note_version,
                      created_at)
                 VALUES (:id, :occasion, '', :is_duplicate, :approved_note_version, :now)",
                id,
                occasion = host.occasion(),
                is_duplicate = dice.of(&[true, false]),
                approved_note_version = dice.of(&[None, Some(1_i64), Some(2)]),
                now
            )
            .run(tx, Rows::Exactly(1))?;
        }
    }
    shuffle_guests(tx, host, dice)
}

fn shuffle_guests(tx: &mut Tx<'_>, host: &HostOf, dice: &mut Dice) -> Result<(), Refusal> {
    let guests: Vec<(String,)> = sql!(
        "SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion",
        occasion = host.occasion()
    )
    .all(tx)?;
    for (id,) in &guests {
        sql!(
            "UPDATE guest SET kind = :kind, is_child = :is_child, child_age = :child_age,
                 beyond_allowance = :is_beyond, diets = :diets, diet_note = :diet_note
             WHERE id = :id",
            id,
            kind = dice.of(&["named", "plus_one"]),
            is_child = dice.of(&[true, false]),
            child_age = dice.of(&[None, Some(2_i64), Some(12)]),
            is_beyond = dice.of(&[true, false, false]),
            diets = dice.of(&["[]", r#"["vegetarian"]"#, r#"["nuts","vegetarian"]"#]),
            diet_note = dice.of(&["", "No chilli"])
        )
        .run(tx, Rows::Exactly(1))?;
        let events: Vec<(String,)> =
            sql!("SELECT event FROM reply WHERE guest = :id", id).all(tx)?;
        let all = &["yes", "no", "undecided", "pending", "waitlisted"][..];
        let statuses = dice.of(&[&["no"][..], &["pending"], &["no", "pending"], all]);
        for (event,) in &events {
            sql!(
                "UPDATE reply SET status = :status WHERE guest = :id AND event = :event",
                id,
                event,
                status = dice.of(statuses)
            )
            .run(tx, Rows::Exactly(1))?;
        }
        // A guest may be invited to none of the events.
        if dice.of(&[true, false, false, false, false, false, false, false]) {
            sql!("DELETE FROM reply WHERE guest = :id", id).run(tx, Rows::Any)?;
        }
    }
    Ok(())
}

fn number<T>(list: &[T], wanted: impl Fn(&T) -> bool) -> i64 {
    i64::try_from(list.iter().filter(|one| wanted(one)).count()).unwrap()
}

fn is_as(row: &InvitationRow, response: Answered) -> bool {
    match response {
        Answered::Pending => row.unsettled > 0,
        Answered::Attending => row.people.yes > 0,
        Answered::Waitlisted => row.people.waitlisted > 0,
        Answered::Declined => row.people.total > 0 && row.people.no == row.people.total,
        Answered::Unanswered => row.response == Response::Unanswered,
        Answered::Partial => row.response == Response::Partial,
        Answered::Complete => row.response == Response::Complete,
    }
}

fn count(people: &[Person]) -> People {
    let of = |status| number(people, |person| person.status == status);
    People {
        total: number(people, |_| true),
        yes: of(ReplyStatus::Yes),
        no: of(ReplyStatus::No),
        undecided: of(ReplyStatus::Undecided),
        pending: of(ReplyStatus::Pending),
        partial: number(people, |person| person.is_partial),
        waitlisted: of(ReplyStatus::Waitlisted),
    }
}

/// Compares the result of each invitation filter with the rows that match the filter.
fn compare_filters(
    tx: &mut Tx<'_>,
    host: &HostOf,
    event: Option<&str>,
) -> Result<Vec<InvitationRow>, Refusal> {
    let of_event = InvitationFilter {
        event: event.map(str::to_owned),
        ..InvitationFilter::default()
    };
    let rows = listing::all_invitations(tx, host, &of_event)?;
    let mut compare = |filter: InvitationFilter, expected: Vec<&InvitationRow>| {
        let found = listing::all_invitations(tx, host, &filter)?;
        assert_eq!(found.len(), expected.len(), "{filter:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!((&found.id, found.people), (&expected.id, expected.people));
        }
        Ok::<_, Refusal>(())
    };
    // A guest may have a seat at one event and wait at another. Over all events, such a guest
    // counts only as coming, so the number of waiting guests is not compared.
    let counted = |&response: &Answered| event.is_some() || response != Answered::Waitlisted;
    for response in Answered::ALL.iter().copied().filter(counted) {
        for answered in [None, Some(true), Some(false)] {
            let filter = InvitationFilter {
                response: Some(response),
                answered,
                ..of_event.clone()
            };
            let has_answer = |row: &InvitationRow| row.response != Response::Unanswered;
            let matching = rows.iter().filter(|row| is_as(row, response));
            let matching =
                matching.filter(|row| answered.is_none_or(|wanted| has_answer(row) == wanted));
            compare(filter, matching.collect())?;
        }
    }
    for over in [true, false] {
        let filter = InvitationFilter {
            over: Some(over),
            ..of_event.clone()
        };
        let matching = rows.iter().filter(|row| row.is_over_allowance == over);
        compare(filter, matching.collect())?;
    }
    for &access in Access::ALL {
        let filter = InvitationFilter {
            access: Some(access),
            ..of_event.clone()
        };
        let matching = rows.iter().filter(|row| row.access == access);
        compare(filter, matching.collect())?;
    }
    Ok(rows)
}

fn compare(tx: &mut Tx<'_>, host: &HostOf) -> Result<(), Refusal> {
    let (counted, curve) = summary::load_with_curve(tx, host)?;
    let rows = compare_filters(tx, host, None)?;
    let all = counted.invitations;
    let in_rows = summary::Invitations {
        total: number(&rows, |_| true),
        open: number(&rows, |row| row.access == Access::Open),
        closed: number(&rows, |row| row.access == Access::Closed),
        locked: number(&rows, |row| row.access == Access::Locked),
        never_opened: number(&rows, |row| row.last_opened_at.is_none()),
        answered: number(&rows, |row| row.response != Response::Unanswered),
        unanswered: number(&rows, |row| is_as(row, Answered::Unanswered)),
        partial: number(&rows, |row| is_as(row, Answered::Partial)),
        pending: number(&rows, |row| is_as(row, Answered::Pending)),
        owing: number(&rows, |row| !sending::waits(row) && row.unsettled > 0),
        attending: number(&rows, |row| is_as(row, Answered::Attending)),
        declined: number(&rows, |row| is_as(row, Answered::Declined)),
        complete: number(&rows, |row| is_as(row, Answered::Complete)),
    };
    assert_eq!(all, in_rows);
    let look = counted.attention;
    assert_eq!(look.notes, number(&rows, |row| row.has_note));
    assert_eq!(look.without_email, number(&rows, |row| !row.has_email));
    assert_eq!(
        look.over_allowance,
        number(&rows, |row| row.is_over_allowance)
    );
    let list = summary::of_list(tx, host)?;
    assert_eq!(list.invitations, all);
    let unsent = sizes::load(tx, host)?.unsent;
    assert_eq!(unsent, number(&rows, sending::waits));
    let is_waiting =
        |row: &InvitationRow| matches!(row.open, Some(Open::Waiting | Open::Duplicate));
    assert_eq!(list.waiting, number(&rows, is_waiting));

    let everybody = people::all_people(tx, host, &GuestFilter::default())?;
    assert_eq!(counted.guests, count(&everybody));
    let mut summed = People::default();
    for row in &rows {
        summed.total += row.people.total;
        summed.yes += row.people.yes;
        summed.no += row.people.no;
        summed.undecided += row.people.undecided;
        summed.pending += row.people.pending;
        summed.partial += row.people.partial;
        summed.waitlisted += row.people.waitlisted;
    }
    assert_eq!(counted.guests, summed);
    let eats_with_note = |person: &Person| person.is_eating() && !person.diet_note.is_empty();
    assert_eq!(counted.diet_notes, number(&everybody, eats_with_note));
    for diet in &counted.diets {
        let has = |person: &Person| person.is_eating() && person.diets.contains(&diet.key);
        assert_eq!(diet.people, number(&everybody, has), "{}", diet.key);
    }
    if let Some(last) = curve.last() {
        let answered = |status| {
            let has = |person: &Person| person.status == status && person.answered_at.is_some();
            number(&everybody, has)
        };
        let curve = (last.yes, last.no, last.undecided);
        let statuses = [ReplyStatus::Yes, ReplyStatus::No, ReplyStatus::Undecided];
        assert_eq!(curve, statuses.map(answered).into());
    }
    for event in &counted.events {
        compare_filters(tx, host, Some(&event.key))?;
        let filter = GuestFilter {
            event: Some(event.key.clone()),
            ..GuestFilter::default()
        };
        let invited = people::all_people(tx, host, &filter)?;
        assert_eq!(event.guests, count(&invited), "{}", event.key);
    }
    Ok(())
}

#[test]
fn numbers_rows_and_filters_agree_whatever_guests_answer() {
    on_default(async |stage: &Stage<'_>| {
        for seed in 1..=4_u64 {
            stage
                .done(move |tx, host| {
                    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                    shuffle(tx, host, &mut dice)?;
                    compare(tx, host)
                })
                .await;
        }
    });
}
