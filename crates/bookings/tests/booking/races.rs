//! Race tests for bookings, each repeated `testkit::rounds` times with SQLite and PostgreSQL.

use bookings::Refusal;
use bookings::book::{self, Booked, NewBooking};
use bookings::booking::State;
use bookings::offer_question::SentAnswers;
use bookings::slot::SlotId;
use identity::session::signed_in;
use platform::{Store, Tx};
use serde_json::{Value, json};
use testkit::{Page, Visitor, together};

use crate::stage::{Booking, Person, Stage, each_round, on_both, provider, state, wrong};

pub(crate) const BOOKINGS: &str = "/api/v1/bookings";

pub(crate) fn book(
    store: Store,
    stage: &Stage<'_>,
    person: &Person,
    slot: &Value,
) -> impl Future<Output = Result<Booked, Refusal>> + use<> {
    let (who, site) = (person.who.clone(), stage.site.clone());
    let slot_id: SlotId = slot["id"].as_str().unwrap().parse().unwrap();
    let new = NewBooking {
        slot_id,
        slot_version: slot["version"].as_i64(),
        topics: Vec::new(),
        note: String::new(),
        shows_email: false,
        session_type: None,
        level: None,
        entry: None,
        track: None,
        seats: None,
        names: Vec::new(),
        answers: SentAnswers::default(),
    };
    let change = move |tx: &mut Tx<'_>| {
        let member = signed_in::confirmed(tx, &who)?.ok_or(Refusal::EmailUnverified)?;
        book::book(tx, &site, &member, &new)
    };
    async move { store.write(change).await }
}

pub(crate) fn day(round: usize) -> String {
    let first = jiff::civil::date(2026, 12, 1);
    let days = jiff::Span::new().days(i64::try_from(round).unwrap());
    first.checked_add(days).unwrap().to_string()
}

/// Sends a request as an API client, for a race.
pub(crate) fn send(
    client: &Visitor,
    method: &str,
    path: &str,
    body: Value,
) -> impl Future<Output = Page> + Send + use<> {
    let (mut client, path) = (client.clone(), path.to_owned());
    let method: axum::http::Method = method.parse().unwrap();
    async move { client.call(method, &path, &body).await }
}

/// The same client, whose requests the second process answers.
pub(crate) fn there(client: &Visitor, other: &Stage<'_>) -> Visitor {
    let mut client = client.clone();
    client.use_router(other.router());
    client
}

/// The JSON with which a slot is booked, if its version has meanwhile increased by `more`.
pub(crate) fn wish(slot: &Value, more: i64) -> Value {
    json!({"slot_id": slot["id"], "slot_version": slot["version"].as_i64().unwrap() + more})
}

/// Books a free slot through the API. Returns the path of the booking.
pub(crate) async fn booked(member: &mut Person, slot: &Value) -> String {
    let page = member.call("POST", BOOKINGS, &wish(slot, 0)).await;
    format!(
        "{BOOKINGS}/{}",
        page.expect(201).json()["id"].as_str().unwrap()
    )
}

/// Both answers, sorted. A server error is no outcome of any race.
pub(crate) fn statuses(one: &Page, two: &Page) -> [u16; 2] {
    let mut both = [one, two].map(|page| page.status.as_u16());
    assert!(both[0] < 500 && both[1] < 500, "{} {}", one.body, two.body);
    both.sort_unstable();
    both
}

#[test]
fn of_two_members_and_one_slot_one_books() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let (aina, daniel) = (
            stage.person("Aina Yusof").await,
            stage.person("Daniel Tan").await,
        );
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let (one, two) = together(
                book(here.clone(), stage, &aina, &slot),
                book(there.clone(), stage, &daniel, &slot),
            )
            .await;
            let booked = [&one, &two].iter().filter(|one| one.is_ok()).count();
            assert_eq!(booked, 1, "round {round}: {one:?} {two:?}");
            let refused = one.err().or(two.err()).unwrap();
            let is_taken =
                matches!(&refused, Refusal::Problem(problem) if problem.code == "slot_taken");
            assert!(is_taken, "round {round}: {refused:?}");
        })
        .await;
    });
}

#[test]
fn a_double_click_books_once() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let aina = stage.person("Aina Yusof").await;
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let (one, two) = together(
                book(here.clone(), stage, &aina, &slot),
                book(there.clone(), stage, &aina, &slot),
            )
            .await;
            assert_eq!(
                one.unwrap().booking.id,
                two.unwrap().booking.id,
                "round {round}"
            );
        })
        .await;
    });
}

#[test]
fn one_member_is_never_in_two_sessions_at_once() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut daniel = stage
            .person_as("Daniel Tan", bookings::provider::PROVIDER)
            .await;
        let aina = stage.person("Aina Yusof").await;
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        each_round(stage, async |round| {
            let one = farah.offer(&day(round), "09:00", 0).await;
            let two = daniel.offer(&day(round), "09:30", 0).await;
            let (one, two) = together(
                book(here.clone(), stage, &aina, &one),
                book(there.clone(), stage, &aina, &two),
            )
            .await;
            assert_ne!(one.is_ok(), two.is_ok(), "round {round}: {one:?} {two:?}");
        })
        .await;
    });
}

#[test]
fn cancelling_and_paying_at_once_ends_without_money_or_with_a_session() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 18_000).await;
            let (pay, booking) = aina.hold(&slot).await;
            let page = aina.browser.get(&booking).await;
            let mut form = page.form(&format!("{booking}/cancel"));
            let asked = aina.browser.submit(&page, &form).await;
            form = asked.expect(200).form(&format!("{booking}/cancel"));
            let back = aina.press(&pay, "pay").await;
            let back = back.expect(303).location().unwrap().to_owned();
            let (mut one, mut two) = (aina.browser.clone(), other.visitor());
            let cancel = async move { one.submit(&asked, &form).await };
            let settle = async move { two.get(&back).await };
            let (cancelled, settled) = together(cancel, settle).await;
            settled.expect(303);
            stage.work().await;
            let id = booking.rsplit('/').next().unwrap();
            let now = state(stage, id).await;
            // The booking is cancelled in either order. If the payment came first, it is refunded.
            assert_eq!(now, State::Cancelled, "round {round}: {}", cancelled.status);
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
            assert_eq!(crate::stage::ledger(stage).await, 0, "round {round}");
        })
        .await;
    });
}

#[test]
fn two_who_settle_at_once_settle_once() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 100).await;
            let (pay, booking) = aina.hold(&slot).await;
            let back = aina.press(&pay, "pay").await;
            let back = back.expect(303).location().unwrap().to_owned();
            let again = back.clone();
            let (mut one, mut two) = (stage.visitor(), other.visitor());
            let (one, two) = together(async move { one.get(&back).await }, async move {
                two.get(&again).await
            })
            .await;
            one.expect(303);
            two.expect(303);
            let id = booking.rsplit('/').next().unwrap();
            assert_eq!(state(stage, id).await, State::Confirmed, "round {round}");
            let paid = 100 * i64::try_from(round + 1).unwrap();
            assert_eq!(crate::stage::ledger(stage).await, paid, "round {round}");
        })
        .await;
    });
}
