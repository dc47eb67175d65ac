//! Tests of countdowns that follow dates of another domain.

use countdowns::Refusal;
use countdowns::countdown::{self, Countdown, CountdownId};
use countdowns::own_countdowns;
use platform::{Store, StoreError, Tx};
use serde_json::{Value, json};
use testkit::{rounds, together};
use web::Input;

use crate::days;
use crate::phrases::by_hand;
use crate::stage::{API, DATES, Person, Stage, errors, on_both, on_default, request};

const DAY: &str = "reception";

async fn set(stage: &Stage<'_>, keeper: &Person, at: &'static str) {
    move_day(stage.world.store().clone(), keeper, DAY, at)
        .await
        .unwrap();
    stage.work().await;
}

fn move_day(
    store: Store,
    keeper: &Person,
    id: &str,
    at: &'static str,
) -> impl Future<Output = Result<(), StoreError>> + use<> {
    let (keeper, id) = (keeper.who.account().id.clone(), id.to_owned());
    let change = move |tx: &mut Tx<'_>| days::set(tx, &keeper, &id, at);
    async move { store.write(change).await }
}

/// Creates a countdown that follows the person's date, and returns the countdown's path in the API.
async fn follow(person: &mut Person) -> String {
    let page = person.browser.get("/me/countdowns/new").await;
    let mut form = page.form("/me/countdowns/new");
    form.fill("follows", DAY);
    let made = person.browser.submit(&page, &form).await;
    let to = made.expect(303).location().unwrap().to_owned();
    let id = to.strip_prefix("/me/countdowns/").unwrap();
    format!("{API}/{}", id.split('?').next().unwrap())
}

async fn look(person: &mut Person, at: &str) -> Value {
    person.program.get(at).await.expect(200).json()
}

#[test]
fn dates_of_one_name_are_told_apart_by_their_times() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = stage.person("Aina Yusof").await;
        set(stage, &aina, "2027-01-16T18:00").await;
        let names = async |aina: &mut Person| {
            let page = aina.browser.get("/me/countdowns/new").await;
            let body = page.expect(200).body.clone();
            body.matches("Our wedding: Reception, 2027-01-1").count()
        };
        assert_eq!(names(&mut aina).await, 0);
        let other = move_day(
            stage.world.store().clone(),
            &aina,
            "brunch",
            "2027-01-17T11:00",
        );
        other.await.unwrap();
        assert_eq!(names(&mut aina).await, 2);
        stage.work().await;
    });
}

#[test]
fn a_countdown_goes_along_with_the_date_that_it_follows() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let form = farah.browser.get("/me/countdowns/new").await;
        assert!(!form.body.contains("follows"), "there is nothing to follow");
        set(stage, &farah, "2030-01-16T18:00").await;
        let at = follow(&mut farah).await;
        let made = look(&mut farah, &at).await;
        assert_eq!(made["title"], "Our wedding: Reception");
        assert_eq!(made["kind"], "until");
        assert_eq!(made["target"], "2030-01-16T18:00");
        assert_eq!(made["time_zone"], "Asia/Kuala_Lumpur");
        assert_eq!(made["after"], "count_up");
        assert_eq!(made["day_counting"], "calendar");
        stage.work().await;
        assert_eq!(look(&mut farah, &at).await, made, "nothing was moved");

        set(stage, &farah, "2030-02-20T19:30").await;
        let moved = look(&mut farah, &at).await;
        assert_eq!(moved["target"], "2030-02-20T19:30");
        assert_eq!(moved["version"], 2);
        // The target remains the followed date, even if the client sends another target.
        let change = json!({"version": 2, "title": "Soon", "target": "2031-01-01"});
        farah.call("PATCH", &at, &change).await.expect(200);
        let changed = look(&mut farah, &at).await;
        assert_eq!(changed["target"], "2030-02-20T19:30");
        assert_eq!(changed["title"], "Soon");

        let gone = |tx: &mut Tx<'_>| days::remove(tx, DAY);
        stage.world.store().write(gone).await.unwrap();
        stage.work().await;
        let left = look(&mut farah, &at).await;
        assert_eq!(left["follows"], "");
        assert_eq!(left["target"], "2030-02-20T19:30", "the last day stays");
    });
}

#[test]
fn a_date_is_followed_for_as_long_as_it_is_ones_own() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut other = by_hand(stage.person("Somebody Else").await).await;
        set(stage, &farah, "2030-01-16T18:00").await;
        let at = follow(&mut farah).await;
        let body = json!({"title": "Ours", "kind": "until", "follows": DAY});
        let refused = other.call("POST", API, &body).await;
        let unknown = vec![("/follows".to_owned(), "unknown_option".to_owned())];
        assert_eq!(errors(refused.expect(422)), unknown);
        // An API token for countdowns must not reveal the owner's dates.
        let refused = farah.call("POST", API, &body).await;
        let forbidden = vec![("/follows".to_owned(), "not_allowed".to_owned())];
        assert_eq!(errors(refused.expect(422)), forbidden);

        set(stage, &other, "2030-05-05T12:00").await;
        let left = look(&mut farah, &at).await;
        assert_eq!(left["follows"], "");
        assert_eq!(left["target"], "2030-01-16T18:00");
    });
}

#[test]
fn whoever_lets_go_keeps_the_day() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        set(stage, &farah, "2030-01-16T18:00").await;
        let at = follow(&mut farah).await;
        let settings = format!("{}/settings", at.replace("/api/v1", "/me"));
        let page = farah.browser.get(&settings).await;
        let mut form = page.form(&settings);
        form.fill("follows", "");
        farah.browser.submit(&page, &form).await.expect(303);
        set(stage, &farah, "2030-05-05T12:00").await;
        let left = look(&mut farah, &at).await;
        assert_eq!(left["follows"], "");
        assert_eq!(left["target"], "2030-01-16T18:00");
    });
}

fn make(
    store: Store,
    person: &Person,
    day: &str,
) -> impl Future<Output = Result<Countdown, Refusal>> + use<> {
    let (who, follows) = (person.who.clone(), day.to_owned());
    let change = move |tx: &mut Tx<'_>| {
        let input = json!({"title": follows, "kind": "until", "follows": follows});
        let maker = countdown::maker(tx, &who)?;
        own_countdowns::create(tx, &maker, &request(), DATES, &Input::from(input))
    };
    async move { store.write(change).await }
}

fn rename(
    store: Store,
    person: &Person,
    id: &CountdownId,
) -> impl Future<Output = Result<Countdown, Refusal>> + use<> {
    let (who, id) = (person.who.clone(), id.clone());
    let change = move |tx: &mut Tx<'_>| {
        let owner = countdown::enter_locked(tx, &who, &id, &request())?;
        let input = Input::from(json!({"title": "Renamed"}));
        own_countdowns::change(tx, &owner, 1, DATES, &input)
    };
    async move { store.write(change).await }
}

fn let_go(
    store: Store,
    person: &Person,
    id: &CountdownId,
    version: i64,
) -> impl Future<Output = Result<Countdown, Refusal>> + use<> {
    let (who, id) = (person.who.clone(), id.clone());
    let change = move |tx: &mut Tx<'_>| {
        let owner = countdown::enter_locked(tx, &who, &id, &request())?;
        let input = Input::from(json!({"follows": "", "target": "2029-12-31"}));
        own_countdowns::change(tx, &owner, version, DATES, &input)
    };
    async move { store.write(change).await }
}

#[test]
fn whoever_lets_go_while_the_date_is_moved_keeps_what_they_chose() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.world.second_store();
        for round in 0..rounds() {
            let mut farah = stage.person(&format!("Farah Ali {round}")).await;
            let day = format!("day {round}");
            let here = || stage.world.store().clone();
            let put = move_day(here(), &farah, &day, "2030-01-16T18:00");
            put.await.unwrap();
            let made = make(here(), &farah, &day).await.unwrap();
            stage.work().await;
            move_day(here(), &farah, &day, "2030-02-02T18:00")
                .await
                .unwrap();
            let (left, ()) = together(
                let_go(other.clone(), &farah, &made.id, made.version),
                stage.work(),
            )
            .await;
            let at = format!("{API}/{}", made.id);
            if let Err(refused) = left {
                // The date changed first. The owner then sees the new date, and makes the countdown
                // stop following it.
                assert!(
                    matches!(refused, Refusal::VersionConflict(_)),
                    "round {round}: {refused:?}"
                );
                let found = look(&mut farah, &at).await;
                assert_eq!(found["target"], "2030-02-02T18:00", "round {round}");
                let version = found["version"].as_i64().unwrap();
                let again = let_go(here(), &farah, &made.id, version);
                again.await.unwrap();
            }
            move_day(here(), &farah, &day, "2030-03-03T18:00")
                .await
                .unwrap();
            stage.work().await;
            let found = look(&mut farah, &at).await;
            assert_eq!(found["follows"], "", "round {round}");
            assert_eq!(found["target"], "2029-12-31", "round {round}");
        }
    });
}

#[test]
fn a_date_that_is_moved_meanwhile_is_not_missed() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.world.second_store();
        for round in 0..rounds() {
            let mut farah = stage.person(&format!("Farah Ali {round}")).await;
            let day = format!("day {round}");
            let here = || stage.world.store().clone();
            move_day(here(), &farah, &day, "2030-01-16T18:00")
                .await
                .unwrap();
            // One transaction moves the date while another creates a countdown that follows it.
            let (made, moved) = together(
                make(here(), &farah, &day),
                move_day(other.clone(), &farah, &day, "2030-02-02T18:00"),
            )
            .await;
            let (made, ()) = (made.unwrap(), moved.unwrap());
            stage.work().await;
            let at = format!("{API}/{}", made.id);
            let found = look(&mut farah, &at).await;
            assert_eq!(found["target"], "2030-02-02T18:00", "round {round}");
            // One transaction moves the date while another changes the countdown.
            move_day(here(), &farah, &day, "2030-03-03T18:00")
                .await
                .unwrap();
            let (renamed, ()) =
                together(rename(other.clone(), &farah, &made.id), stage.work()).await;
            let found = look(&mut farah, &at).await;
            assert_eq!(found["target"], "2030-03-03T18:00", "round {round}");
            match renamed {
                Ok(_) => assert_eq!(found["title"], "Renamed"),
                Err(Refusal::VersionConflict(_)) => assert_eq!(found["title"], day.as_str()),
                Err(other) => panic!("round {round}: {other:?}"),
            }
        }
    });
}
