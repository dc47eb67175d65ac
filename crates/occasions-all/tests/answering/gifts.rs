//! Tests of reserving gifts, also when several households compete for the last pieces.

use occasions::gift::{self, Gift};
use occasions::gift_reservation::{self, OfferedGift, ReservationState, Reserve, Reserved};
use occasions::id::GiftId;
use occasions::occasion::{self, Switches};
use occasions::refusal::Refusal;
use occasions::words::OccasionStatus;
use occasions::words::ReplyStatus::{No, Yes};
use platform::{Rows, Store, StoreError, Tx, sql};
use testkit::{World, rounds, together};
use web::I18n;

use crate::stage::{MIGRATIONS, Stage, all, key};

const ON: Switches = Switches {
    freeze: false,
    dietary: true,
    notes: true,
    children: true,
    undecided: true,
    plus_one_name_required: false,
    gifts: true,
    cash_links: true,
    uploads: false,
    gifts_only_if_attending: false,
    late_gifts_notes: true,
    confirmation_mail: true,
    days_left: true,
    waitlist: false,
    open_rsvp: false,
    public_wishes: false,
    ask_name: false,
    made_with: true,
};

async fn switch(stage: &Stage, switches: Switches) {
    let id = stage.occasion.clone();
    stage
        .change(move |tx| {
            let mut stored = occasion::load(tx, &id)?;
            stored.switches = switches;
            occasion::update(tx, &stored)?;
            Ok(1)
        })
        .await;
}

async fn wish(stage: &Stage, quantity: i64) -> GiftId {
    let occasion = stage.occasion.clone();
    let add = move |tx: &mut Tx<'_>| -> Result<GiftId, StoreError> {
        let gift = Gift {
            id: tx.id(),
            name: I18n::one("en", "Oven"),
            description: I18n::default(),
            price: Some(120_000),
            quantity,
            shared: quantity > 1,
            url: String::new(),
            picture: String::new(),
            active: true,
            position: 0,
            version: 1,
        };
        gift::insert(tx, &occasion, &gift)?;
        Ok(gift.id)
    };
    stage.store.write(add).await.unwrap()
}

async fn take(
    store: &Store,
    code: &str,
    gift: &GiftId,
    quantity: i64,
) -> Result<Reserved, Refusal> {
    let wanted = Reserve {
        key: key(code),
        gift: gift.clone(),
        quantity,
        note: None,
        request: None,
    };
    store
        .write(move |tx| gift_reservation::reserve(tx, &wanted))
        .await
}

async fn seen(stage: &Stage, code: &str, gift: &GiftId) -> OfferedGift {
    let snapshot = stage.portal(code).await;
    let offers = stage
        .store
        .read(move |tx| gift_reservation::offers(tx, &snapshot))
        .await
        .unwrap();
    offers.into_iter().find(|one| one.gift.id == *gift).unwrap()
}

async fn holds(stage: &Stage, code: &str, gift: &GiftId) -> i64 {
    seen(stage, code, gift)
        .await
        .own
        .map_or(0, |own| own.quantity)
}

fn code(letter: char, round: usize) -> String {
    format!("{letter}{round:05}")
}

#[test]
fn the_last_part_of_a_gift_goes_to_one_household() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch(&stage, ON).await;
        stage.household("EARLY1", 1, 0).await;
        for round in 0..rounds() {
            let gift = wish(&stage, 12).await;
            take(&stage.store, "EARLY1", &gift, 11).await.unwrap();
            let codes = [code('A', round), code('B', round)];
            for code in &codes {
                stage.household(code, 1, 0).await;
            }
            let want = |code: &str| {
                let (store, code, gift) = (stage.store.clone(), code.to_owned(), gift.clone());
                async move { take(&store, &code, &gift, 1).await }
            };
            let (one, other) = together(want(&codes[0]), want(&codes[1])).await;
            let both = [one, other];
            let won = both.iter().filter(|done| done.is_ok()).count();
            let late = |done: &&Result<_, _>| matches!(done, Err(Refusal::GiftTaken));
            let lost = both.iter().filter(late).count();
            assert_eq!((won, lost), (1, 1), "round {round}: {both:?}");
            for (code, done) in codes.iter().zip(&both) {
                let acknowledged = i64::from(done.is_ok());
                assert_eq!(holds(&stage, code, &gift).await, acknowledged, "{round}");
            }
            assert_eq!(seen(&stage, "EARLY1", &gift).await.available, 0);
        }
    });
}

#[test]
fn households_that_want_more_and_less_at_once_never_hold_too_much() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch(&stage, ON).await;
        for round in 0..rounds() {
            let gift = wish(&stage, 3).await;
            let codes = [code('C', round), code('D', round)];
            for code in &codes {
                stage.household(code, 1, 0).await;
            }
            take(&stage.store, &codes[0], &gift, 2).await.unwrap();
            let want = |code: &str, quantity| {
                let (store, code, gift) = (stage.store.clone(), code.to_owned(), gift.clone());
                async move { take(&store, &code, &gift, quantity).await }
            };
            // The second household asks for two pieces. Two pieces are free only after the first
            // household has released one.
            let (less, more) = together(want(&codes[0], 1), want(&codes[1], 2)).await;
            assert!(less.is_ok(), "round {round}: {less:?}");
            let second = match more {
                Ok(_) => 2,
                Err(Refusal::GiftQuantity(1)) => 0,
                other => panic!("round {round}: {other:?}"),
            };
            assert_eq!(holds(&stage, &codes[0], &gift).await, 1);
            assert_eq!(holds(&stage, &codes[1], &gift).await, second);
        }
    });
}

#[test]
fn a_household_changes_and_releases_its_reservation() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        stage.household("FIRST1", 1, 0).await;
        stage.household("SECOND", 1, 0).await;
        let gift = wish(&stage, 6).await;
        let off = take(&stage.store, "FIRST1", &gift, 1).await;
        assert!(matches!(off, Err(Refusal::FeatureDisabled)), "{off:?}");
        switch(&stage, ON).await;

        let first = take(&stage.store, "FIRST1", &gift, 4).await.unwrap();
        assert!(first.is_new && first.offer.available == 2);
        let again = take(&stage.store, "FIRST1", &gift, 4).await.unwrap();
        assert!(!again.is_new, "nothing changes");
        let more = take(&stage.store, "SECOND", &gift, 3).await;
        assert!(matches!(more, Err(Refusal::GiftQuantity(2))), "{more:?}");
        take(&stage.store, "SECOND", &gift, 2).await.unwrap();
        let none = take(&stage.store, "FIRST1", &gift, 7).await;
        assert!(matches!(none, Err(Refusal::GiftQuantity(4))), "{none:?}");

        take(&stage.store, "FIRST1", &gift, 0).await.unwrap();
        take(&stage.store, "FIRST1", &gift, 0).await.unwrap();
        assert_eq!(holds(&stage, "FIRST1", &gift).await, 0);
        assert_eq!(seen(&stage, "SECOND", &gift).await.available, 4);
        let back = take(&stage.store, "FIRST1", &gift, 4).await.unwrap();
        assert!(back.is_new, "a released gift can be reserved again");
        for wrong in [-1, 1_000] {
            let refused = take(&stage.store, "FIRST1", &gift, wrong).await;
            assert!(matches!(refused, Err(Refusal::Fields(_))), "{refused:?}");
        }
        assert_eq!(holds(&stage, "FIRST1", &gift).await, 4);
    });
}

#[test]
fn a_household_that_nobody_has_approved_sees_and_reserves_no_gifts() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch(&stage, ON).await;
        stage.household("FIRST1", 1, 0).await;
        let gift = wish(&stage, 1).await;
        let approve = async |approved: bool| {
            let unapproved = i64::from(!approved);
            let set = move |tx: &mut Tx<'_>| {
                sql!(
                    "UPDATE invitation SET unapproved = :unapproved WHERE code = 'FIRST1'",
                    unapproved
                )
                .run(tx, Rows::Exactly(1))
            };
            stage.store.write(set).await.unwrap();
        };
        approve(false).await;
        assert_eq!(stage.portal("FIRST1").await.gift_lists(), [false, false]);
        let refused = take(&stage.store, "FIRST1", &gift, 1).await;
        assert!(
            matches!(refused, Err(Refusal::FeatureDisabled)),
            "{refused:?}"
        );
        approve(true).await;
        assert_eq!(stage.portal("FIRST1").await.gift_lists(), [true, true]);
        take(&stage.store, "FIRST1", &gift, 1).await.unwrap();
    });
}

#[test]
fn reservations_wait_for_a_yes_if_hosts_want_so() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch(
            &stage,
            Switches {
                gifts_only_if_attending: true,
                ..ON
            },
        )
        .await;
        let guests = stage.household("FIRST1", 2, 0).await;
        let gift = wish(&stage, 2).await;
        let early = take(&stage.store, "FIRST1", &gift, 1).await;
        assert!(
            matches!(early, Err(Refusal::GiftNeedsAttendance)),
            "{early:?}"
        );
        stage
            .answer("FIRST1", all(&guests, "nikah", Yes, 1))
            .await
            .unwrap();
        take(&stage.store, "FIRST1", &gift, 1).await.unwrap();
        stage
            .answer("FIRST1", all(&guests, "nikah", No, 2))
            .await
            .unwrap();
        assert_eq!(holds(&stage, "FIRST1", &gift).await, 1, "it stays");
        let more = take(&stage.store, "FIRST1", &gift, 2).await;
        assert!(
            matches!(more, Err(Refusal::GiftNeedsAttendance)),
            "{more:?}"
        );
        take(&stage.store, "FIRST1", &gift, 0).await.unwrap();
    });
}

#[test]
fn gifts_stay_open_after_the_deadline_until_the_occasion_closes() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch(&stage, ON).await;
        stage.household("FIRST1", 1, 0).await;
        let gift = wish(&stage, 2).await;
        world.clock.set(stage.deadline);
        take(&stage.store, "FIRST1", &gift, 1).await.unwrap();
        let early = Switches {
            late_gifts_notes: false,
            ..ON
        };
        switch(&stage, early).await;
        let late = take(&stage.store, "FIRST1", &gift, 2).await;
        assert!(matches!(late, Err(Refusal::DeadlinePassed(_))), "{late:?}");
        switch(&stage, ON).await;
        let id = stage.occasion.clone();
        stage
            .change(move |tx| {
                occasion::set_status(tx, &id, OccasionStatus::Closed)?;
                Ok(1)
            })
            .await;
        let closed = take(&stage.store, "FIRST1", &gift, 2).await;
        assert!(
            matches!(closed, Err(Refusal::OccasionClosed(_))),
            "{closed:?}"
        );
        assert_eq!(holds(&stage, "FIRST1", &gift).await, 1);
    });
}

#[test]
fn what_hosts_have_stays_and_what_they_hide_is_only_given_back() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch(&stage, ON).await;
        stage.household("FIRST1", 1, 0).await;
        stage.household("SECOND", 1, 0).await;
        let (given, hidden) = (wish(&stage, 3).await, wish(&stage, 3).await);
        for gift in [&given, &hidden] {
            take(&stage.store, "FIRST1", gift, 1).await.unwrap();
        }
        let (one, other) = (given.clone(), hidden.clone());
        stage
            .change(move |tx| {
                sql!(
                    "UPDATE gift_reservation SET state = :given WHERE gift = :one",
                    given = ReservationState::Given,
                    one
                )
                .run(tx, Rows::Exactly(1))?;
                sql!("UPDATE gift SET active = 0 WHERE id = :other", other)
                    .run(tx, Rows::Exactly(1))
            })
            .await;
        for quantity in [0, 2] {
            let late = take(&stage.store, "FIRST1", &given, quantity).await;
            assert!(matches!(late, Err(Refusal::GiftAlreadyGiven)), "{late:?}");
        }
        let more = take(&stage.store, "FIRST1", &hidden, 2).await;
        assert!(matches!(more, Err(Refusal::GiftTaken)), "{more:?}");
        let new = take(&stage.store, "SECOND", &hidden, 1).await;
        assert!(matches!(new, Err(Refusal::GiftTaken)), "{new:?}");
        take(&stage.store, "FIRST1", &hidden, 0).await.unwrap();
        let snapshot = stage.portal("SECOND").await;
        let offers = stage
            .store
            .read(move |tx| gift_reservation::offers(tx, &snapshot))
            .await
            .unwrap();
        let shown: Vec<_> = offers.iter().map(|one| one.gift.id.clone()).collect();
        assert_eq!(shown, [given], "hidden gifts are shown to nobody else");
    });
}
