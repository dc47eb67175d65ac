//! Tests that dietary requirements are deleted 30 days after the last event, not earlier. The way
//! in which they were entered and the place where they are stored make no difference.

use occasions::diet_deletion;
use occasions::hosting::listing::{InvitationFilter, people};
use occasions::hosting::{guests, open_rsvp};
use occasions::hosting::{invitations, portals};
use occasions::id::{GuestId, InvitationId};
use occasions::words::{ExportKind, FileFormat};
use occasions_lists::export;
use platform::erasure::{self, Erased};
use platform::jobs::Worker;
use platform::{StoreError, audit, sql};
use serde_json::{Value, json};
use web::Language;

use crate::pages::HOME;
use crate::parts::{portal, sent, version};
use crate::stage::{Stage, call, on_default};

/// A marker that every dietary requirement in these tests contains. No other text contains it.
const MARK: &str = "Kacang-Xq7Zw";

/// Returns the ids of an invitation's guests.
pub(crate) async fn ids(stage: &Stage<'_>, id: &InvitationId) -> Vec<GuestId> {
    let household = portal(stage, id).await.household;
    household.guests.into_iter().map(|guest| guest.id).collect()
}

/// Enters dietary requirements in all ways open to guests: both pages and both JSON endpoints, with
/// and without a code.
async fn plant_by_guests(stage: &Stage<'_>) {
    let mut guest = stage.nobody();
    guest.set_cookie("kd_lang", "en");
    let rahma = stage.invitation("RAHMA").await;
    let people = ids(stage, &rahma).await;
    for (page, suffix) in [("rsvp", "form"), ("dietary", "page")] {
        let address = format!("/invite/RAHMA/{page}");
        let shown = guest.get(&address).await;
        let mut form = shown.expect(200).form(&address);
        if page == "rsvp" {
            form.fill(&format!("reply.{}.reception", people[0]), "yes");
        }
        form.fill(
            &format!("diet_note.{}", people[0]),
            &format!("{MARK}-{suffix}"),
        )
        .tick(&format!("diet.{}", people[0]), "vegan");
        guest.submit(&shown, &form).await.expect(303);
    }
    let mut program = stage.nobody();
    program.header("idempotency-key", "by-code");
    let seen = version(stage, &rahma).await;
    let body = json!({ "code": "RAHMA", "version": seen,
        "guests": [{ "name": "Mei", "diet_note": format!("{MARK}-new") }] });
    call(&mut program, "POST", "/api/rsvp", &body)
        .await
        .expect(200);
    // A guest is removed. The history still contains the guest's dietary requirements.
    let people = ids(stage, &rahma).await;
    let body = json!({ "version": version(stage, &rahma).await, "remove": [people.last()] });
    let address = "/api/v1/invitations/RAHMA/rsvp";
    call(&mut stage.nobody(), "PUT", address, &body)
        .await
        .expect(200);
    // A guest answers without a code, gets a new code, and answers again with it. Later the hosts
    // merge the new invitation into another one.
    let body = json!({ "name": "Lim", "attending": true, "guests": 2 });
    let saved = stage.answer(body).await.unwrap();
    let (from, code) = (saved.id, saved.code.unwrap());
    let lim = ids(stage, &from).await;
    let body = json!({ "version": version(stage, &from).await,
        "guests": [{ "id": lim[0], "diets": ["other"], "diet_note": format!("{MARK}-open") }] });
    let address = format!("/api/v1/invitations/{code}/rsvp");
    call(&mut program, "PUT", &address, &body).await.expect(200);
    let into = stage.invitation("TANWE").await;
    stage
        .done(move |tx, host| open_rsvp::merge(tx, host, &from, &into, None).map(drop))
        .await;
}

/// Enters dietary requirements in all ways open to hosts: pages and the API, for guests and for
/// households.
async fn plant_by_hosts(stage: &Stage<'_>) {
    let mut owner = stage.visitor(&stage.owner);
    let id = stage.invitation("LATE1").await;
    let people = ids(stage, &id).await;
    let shown = owner.get(&format!("{HOME}/invites/{id}")).await;
    let mut form = shown.form(&format!("{HOME}/invites/{id}/answers"));
    form.fill(
        &format!("diet_note.{}", people[0]),
        &format!("{MARK}-phone"),
    );
    owner.submit(&shown, &form).await.expect(303);
    owner.header("idempotency-key", "by-host");
    let body = json!({ "version": version(stage, &id).await, "diet_note": format!("{MARK}-host") });
    let address = stage.at(&format!("/guests/{}", people[0]));
    call(&mut owner, "PATCH", &address, &body).await.expect(200);
    let change = sent(json!({
        "household": "Keluarga Wong",
        "guests": [{ "name": "Wong", "diet_note": format!("{MARK}-invited") }],
    }));
    let made = stage.done(move |tx, host| invitations::create(tx, host, &change, None));
    let wong = made.await.household.invitation.id;
    // An archived household's data is hidden, but still stored.
    stage
        .done(move |tx, host| invitations::archive(tx, host, &wong, None).map(drop))
        .await;
}

async fn make_file(stage: &Stage<'_>) {
    let request = export::Request {
        kind: ExportKind::Diets,
        format: FileFormat::Csv,
        invitations: InvitationFilter::default(),
        guests: people::GuestFilter::default(),
    };
    let language = Language::of("en");
    stage
        .done(move |tx, host| export::start(tx, host, &request, &language).map(drop))
        .await;
    stage.worker().run_due().await.unwrap();
}

async fn eaters(stage: &Stage<'_>) -> i64 {
    let found = stage.site.store.read(|tx| {
        tx.one::<(i64,)>(
            sql!("SELECT COUNT(*) FROM guest WHERE diets <> '[]' OR diet_note <> ''"),
            &[],
        )
    });
    found.await.map_err(|error: StoreError| error).unwrap().0
}

async fn submissions(stage: &Stage<'_>) -> Vec<Value> {
    let found = stage.site.store.read(|tx| {
        tx.all::<(String,)>(
            sql!("SELECT changes FROM submission ORDER BY created_at, invitation, version_after"),
            &[],
        )
    });
    let found = found.await.map_err(|error: StoreError| error).unwrap();
    let parsed = found
        .iter()
        .map(|(changes,)| serde_json::from_str(changes).unwrap());
    parsed.collect()
}

#[test]
fn thirty_days_after_the_last_event_they_are_nowhere() {
    on_default(async |stage| {
        stage.expect_confirmations();
        plant_by_guests(stage).await;
        plant_by_hosts(stage).await;
        let worker = Worker::new(
            stage.site.store.clone(),
            stage.site.clock.clone(),
            stage.site.random.clone(),
            vec![diet_deletion::daily(stage.site.platform.clone())],
        );
        // The last event is on 17 January 2027 in Kuala Lumpur, so deletion is due on 16 February,
        // in the same time zone. The clock now says 15 February.
        stage
            .world
            .clock
            .set("2027-02-15T00:00:00Z".parse().unwrap());
        worker.run_due().await.unwrap();
        make_file(stage).await;
        let before = (eaters(stage).await, submissions(stage).await.len());
        assert!(before.0 > 3, "{before:?}");
        let places = stage.world.places_of(MARK);
        for kept in ["guest", "submission", "idempotency"] {
            assert!(
                places.iter().any(|place| place == kept),
                "{kept}: {places:?}"
            );
        }
        assert!(
            places.iter().any(|place| place.contains("exports")),
            "{places:?}"
        );
        for never in ["audit", "news", "job", "mail"] {
            assert!(places.iter().all(|place| place != never), "{places:?}");
        }
        let shown = stage.nobody().get("/api/v1/invitations/RAHMA").await;
        assert!(shown.expect(200).text().contains(MARK));

        stage
            .world
            .clock
            .set("2027-02-16T00:00:00Z".parse().unwrap());
        worker.run_due().await.unwrap();
        assert_eq!(stage.world.places_of(MARK), [""; 0]);
        assert_eq!(eaters(stage).await, 0);
        let history = submissions(stage).await;
        assert_eq!(history.len(), before.1, "what else was saved is still told");
        let history = json!(history).to_string();
        assert!(!history.contains("diet") && history.contains("/replies/"));
        let shown = stage.nobody().get("/api/v1/invitations/RAHMA").await;
        assert!(!shown.expect(200).text().contains(MARK));
        let told = |actions: Vec<String>| {
            let told = actions.iter();
            told.filter(|action| *action == "occasion.diets_deleted")
                .count()
        };
        assert_eq!(told(stage.actions().await), 1);
        let chain = stage.site.store.write(|tx| {
            audit::chain::seal(tx)?;
            audit::chain::verify(tx)
        });
        assert!(
            chain
                .await
                .map_err(|error: StoreError| error)
                .unwrap()
                .is_none()
        );

        // Dietary requirements that are entered after the deletion are deleted on the next day. If
        // there is nothing to delete, nothing is logged.
        diet_deletion::run(&stage.site.platform).await.unwrap();
        assert_eq!(told(stage.actions().await), 1);
        let id = stage.invitation("LATE1").await;
        let person = ids(stage, &id).await.swap_remove(0);
        stage
            .done(move |tx, host| {
                let change = json!({ "diet_note": format!("{MARK}-late") }).into();
                let seen = portals::load(tx, host, &id)?.household.invitation.version;
                guests::change(tx, host, &person, seen, &change).map(drop)
            })
            .await;
        stage
            .world
            .clock
            .set("2027-02-17T00:00:00Z".parse().unwrap());
        worker.run_due().await.unwrap();
        assert_eq!(stage.world.places_of(MARK), [""; 0]);
        assert_eq!(told(stage.actions().await), 2);
    });
}

#[test]
fn an_event_that_is_put_off_puts_it_off() {
    on_default(async |stage| {
        let before = eaters(stage).await;
        assert!(before > 0);
        stage
            .world
            .clock
            .set("2027-02-16T00:00:00Z".parse().unwrap());
        let later = stage.site.store.write(|tx| {
            tx.run(
                sql!("UPDATE event SET ends_at = ends_at + 86400000 WHERE key = 'brunch'"),
                &[],
                platform::Rows::Exactly(1),
            )
        });
        later.await.map_err(|error: StoreError| error).unwrap();
        diet_deletion::run(&stage.site.platform).await.unwrap();
        assert_eq!(eaters(stage).await, before);
        stage
            .world
            .clock
            .set("2027-02-17T00:00:00Z".parse().unwrap());
        diet_deletion::run(&stage.site.platform).await.unwrap();
        assert_eq!(eaters(stage).await, 0);
    });
}

/// An older backup is restored after the deletion. The dietary requirements are deleted again at
/// once, and only once.
#[test]
fn what_had_been_deleted_when_an_older_state_was_restored_goes_again() {
    on_default(async |stage| {
        assert!(eaters(stage).await > 0);
        let list = stage.site.store.write(|tx| {
            let all: Vec<(String,)> = tx.all(sql!("SELECT id FROM occasion"), &[])?;
            let erased = all.into_iter().map(|(id,)| Erased {
                number: 1,
                kind: "diets".to_owned(),
                subject: erasure::subject("diets", &id),
                at: 1,
            });
            erasure::import(tx, &erased.collect::<Vec<_>>())
        });
        list.await.map_err(|error: StoreError| error).unwrap();
        diet_deletion::run(&stage.site.platform).await.unwrap();
        assert_eq!(eaters(stage).await, 0);
        let planted = stage.site.store.write(|tx| {
            tx.run(
                sql!("UPDATE guest SET diet_note = 'No nuts'"),
                &[],
                platform::Rows::Any,
            )
        });
        planted.await.map_err(|error: StoreError| error).unwrap();
        let before = eaters(stage).await;
        assert!(before > 0);
        diet_deletion::run(&stage.site.platform).await.unwrap();
        assert_eq!(eaters(stage).await, before);
        // The same list of erasures is applied again, as after another restore. Nothing changes.
        let noted = stage.site.store.read(|tx| erasure::after(tx, 0));
        let noted = noted.await.map_err(|error: StoreError| error).unwrap();
        let again = stage
            .site
            .store
            .write(move |tx| erasure::import(tx, &noted));
        again.await.map_err(|error: StoreError| error).unwrap();
        diet_deletion::run(&stage.site.platform).await.unwrap();
        assert_eq!(eaters(stage).await, before);
    });
}
