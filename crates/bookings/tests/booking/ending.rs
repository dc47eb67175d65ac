//! Tests of the mail 7 days before a membership or credits end.

use bookings::DOMAIN;
use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use testkit::Visitor;

use crate::adjusting::adjust;
use crate::credits::offer;
use crate::disputes::hear;
use crate::memberships::{buy, grants, memberships, plan};
use crate::refunding::{payment, refund};
use crate::stage::{Booking, Person, Stage, go_to, in_zone, on_default, prove, provider, script};

/// What is bought on 15 January for a month ends on 15 February.
const BOUGHT: &str = "2027-01-15T09:00:00Z";
const EARLY: &str = "2027-02-08T08:59:59Z";
const DUE: &str = "2027-02-08T09:00:00Z";
const LATE: &str = "2027-02-15T08:59:00Z";

/// An administrator, their client, and a member, on the day on which the member buys.
async fn people(stage: &Stage<'_>) -> (Person, Visitor, Person) {
    go_to(stage, BOUGHT).await;
    let owner = stage.person_as("Siti Owner", OWNER).await;
    let admin = script(stage, &owner);
    (owner, admin, stage.person("Aina Yusof").await)
}

/// The subjects of the mails about what ends.
async fn told(stage: &Stage<'_>) -> Vec<String> {
    let starts = ["membership-notice-ends", "credit-notice-end"].map(|id| stage.start(id));
    let mails = stage.world.mails().await.into_iter();
    let about = mails.filter(|one| starts.iter().any(|start| one.subject.starts_with(start)));
    about.map(|one| one.subject).collect()
}

/// Freezes the credits that are left, or releases them.
async fn freeze(stage: &Stage<'_>, frozen: i64) {
    let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        sql!(
            "UPDATE credit_lot SET frozen = :frozen WHERE granted > used",
            frozen
        )
        .run(tx, Rows::Exactly(1))
    };
    stage.world.store().write(change).await.unwrap();
}

#[test]
fn a_membership_and_its_credits_that_end_together_are_one_mail_and_one_notice() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, mut admin, mut aina) = people(stage).await;
        let silver = plan(&mut admin, "Silver", &json!({"tier": 1})).await;
        buy(&mut aina, &silver).await;
        go_to(stage, EARLY).await;
        assert_eq!(told(stage).await, [""; 0]);
        go_to(stage, DUE).await;
        let subject =
            "Your membership ends: Silver, 2 credits (Sessions), Mon 15 Feb, 5 pm (Kuala Lumpur)";
        assert_eq!(told(stage).await, [subject]);
        let mails = stage.world.mails().await;
        let mail = mails.iter().find(|one| one.subject == subject).unwrap();
        assert_eq!(mail.recipient, "Aina.Yusof@example.my");
        assert!(mail.text.contains("/me/credits"), "{}", mail.text);
        prove(stage, &mut aina).await;
        let text = aina.browser.get("/me/notices").await.text();
        let said =
            "Silver, 2 credits (Sessions), Monday, 15 February 2027, 5 pm, Kuala Lumpur (UTC+8)";
        assert!(text.contains(said), "{text}");
        // It is not said again.
        go_to(stage, LATE).await;
        go_to(stage, "2027-02-16T09:00:00Z").await;
        assert_eq!(told(stage).await.len(), 1);
    });
}

#[test]
fn it_comes_168_hours_before_over_a_change_of_the_clock() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/London");
        go_to(stage, "2027-02-28T12:00:00Z").await;
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        let silver = plan(&mut admin, "Silver", &json!({"tier": 1})).await;
        let mut aina = stage.person("Aina Yusof").await;
        buy(&mut aina, &silver).await;
        // It ends at noon in London, on the day on which clocks go forward.
        let all = memberships(stage, &mut aina).await;
        assert_eq!(
            all[0].2.to_string(),
            "2027-03-28T12:00:00+01:00[Europe/London]"
        );
        go_to(stage, "2027-03-21T10:59:59Z").await;
        assert_eq!(told(stage).await, [""; 0]);
        go_to(stage, "2027-03-21T11:00:00Z").await;
        assert_eq!(told(stage).await.len(), 1);
    });
}

#[test]
fn after_an_outage_it_still_comes_unless_the_end_is_past() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, mut admin, mut aina) = people(stage).await;
        let add_on = plan(&mut admin, "Two more", &json!({})).await;
        buy(&mut aina, &add_on).await;
        go_to(stage, LATE).await;
        let subject = "Your credits end: 2 credits (Sessions), Mon 15 Feb, 5 pm (Kuala Lumpur)";
        assert_eq!(told(stage).await, [subject]);
        prove(stage, &mut aina).await;
        buy(&mut aina, &add_on).await;
        go_to(stage, "2027-03-15T08:59:00Z").await;
        assert_eq!(told(stage).await.len(), 1);
    });
}

#[test]
fn a_membership_that_goes_on_or_was_paid_back_is_not_told() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut owner, mut admin, mut aina) = people(stage).await;
        let silver = plan(
            &mut admin,
            "Silver",
            &json!({"tier": 1, "grants": grants(1, 0)}),
        )
        .await;
        let gold = plan(&mut admin, "Gold", &json!({"tier": 2, "months": 2})).await;
        let mut badrul = stage.person("Badrul Hisham").await;
        let mut chong = stage.person("Chong Wei").await;
        // One extends it, one replaces it with a higher one, and one is paid back.
        for plan in [&silver, &silver] {
            buy(&mut aina, plan).await;
        }
        for plan in [&silver, &gold] {
            buy(&mut badrul, plan).await;
        }
        stage.world.clock.advance(SignedDuration::from_secs(1));
        buy(&mut chong, &silver).await;
        let paid = payment(stage, &owner).await;
        prove(stage, &mut owner).await;
        refund(stage, &owner, &paid, 30_000).await.expect(202);
        stage.work().await;
        go_to(stage, "2027-02-08T09:00:01Z").await;
        let mut all = told(stage).await;
        all.sort();
        let end = "Mon 15 Feb, 5 pm (Kuala Lumpur)";
        let credits = ["1 credit (Sessions)", "2 credits (Sessions)"];
        let credits = credits.map(|count| format!("Your credits end: {count}, {end}"));
        assert_eq!(all, credits);
        // The higher one ends later, and is told then.
        go_to(stage, "2027-03-08T09:00:00Z").await;
        let mut all = told(stage).await;
        all.retain(|one| one.contains("Gold") || one.contains("Silver"));
        all.sort();
        let gold =
            "Your membership ends: Gold, 2 credits (Sessions), Mon 15 Mar, 5 pm (Kuala Lumpur)";
        let silver = "Your membership ends: Silver, Mon 15 Mar, 5 pm (Kuala Lumpur)";
        assert_eq!(all, [gold, silver]);
    });
}

#[test]
fn a_lower_membership_that_follows_does_not_replace_the_one_that_ends() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, mut admin, mut aina) = people(stage).await;
        let gold = plan(&mut admin, "Gold", &json!({"tier": 2})).await;
        let silver = plan(&mut admin, "Silver", &json!({"tier": 1})).await;
        for plan in [&gold, &silver] {
            buy(&mut aina, plan).await;
        }
        go_to(stage, DUE).await;
        let subject =
            "Your membership ends: Gold, 4 credits (Sessions), Mon 15 Feb, 5 pm (Kuala Lumpur)";
        assert_eq!(told(stage).await, [subject]);
    });
}

#[test]
fn credits_that_are_spent_frozen_disputed_or_taken_away_are_not_told() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut owner, mut admin, mut aina) = people(stage).await;
        let add_on = plan(&mut admin, "Two more", &json!({})).await;
        let mut farah = provider(stage).await;
        // One spends them, from one they are taken, and those of one are frozen.
        buy(&mut aina, &add_on).await;
        for day in ["2027-02-01", "2027-02-02"] {
            let slot = offer(&mut farah, day).await;
            aina.book(&slot).await.expect(303);
        }
        let mut badrul = stage.person("Badrul Hisham").await;
        buy(&mut badrul, &add_on).await;
        prove(stage, &mut owner).await;
        adjust(stage, &owner, &badrul, -2).await.expect(201);
        let mut chong = stage.person("Chong Wei").await;
        buy(&mut chong, &add_on).await;
        freeze(stage, 1).await;
        go_to(stage, LATE).await;
        assert_eq!(told(stage).await, [""; 0]);
        freeze(stage, 0).await;
        // The payment of the last one is disputed.
        prove(stage, &mut chong).await;
        buy(&mut chong, &add_on).await;
        hear(stage, "payment.dispute.created").await;
        go_to(stage, "2027-03-09T09:00:00Z").await;
        assert_eq!(told(stage).await, [""; 0]);
    });
}

#[test]
fn nobody_is_told_after_leaving() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, mut admin, mut aina) = people(stage).await;
        let silver = plan(&mut admin, "Silver", &json!({"tier": 1})).await;
        buy(&mut aina, &silver).await;
        let id = aina.who.account().id.clone();
        let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            (DOMAIN.accounts.leave)(tx, &id)?;
            (DOMAIN.accounts.erase)(tx, &id)
        };
        stage.world.store().write(change).await.unwrap();
        go_to(stage, DUE).await;
        assert_eq!(told(stage).await, [""; 0]);
    });
}
