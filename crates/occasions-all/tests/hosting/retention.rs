//! Tests that an occasion is archived 30 days after its last event and later deleted completely.
//! Its owners get two warnings before the deletion.

use occasions::hosting::listing::InvitationFilter;
use occasions::hosting::listing::people::GuestFilter;
use occasions::hosting::{Refusal, invitations};
use occasions::occasion;
use occasions::retention;
use occasions::role::Role;
use occasions::words::{ExportKind, FileFormat, OccasionStatus};
use occasions_lists::{export, import};
use platform::erasure::{self, Erased};
use platform::{Rows, StoreError, Tx, audit, sql};
use serde_json::{Value, json};
use web::Language;

use crate::pages::HOME;
use crate::parts::sent;
use crate::stage::{ALL, Stage, call, on_default};

/// A marker that every text entered by the test contains. No other text contains it.
const MARK: &str = "Melur-Yk3Vq";
/// These words follow the occasion's title in the subject of each warning.
const SUBJECT: &str = " is deleted on ";

impl Stage<'_> {
    async fn day(&self, day: &str) {
        // Midnight UTC is 8:00 in Kuala Lumpur.
        let noon = format!("{day}T00:00:00Z");
        self.world.clock.set(noon.parse().unwrap());
        retention::run(&self.site).await.unwrap();
    }

    async fn status_now(&self) -> OccasionStatus {
        let id = self.occasion.clone();
        let look = move |tx: &mut Tx<'_>| occasion::load(tx, &id);
        self.site.store.read(look).await.unwrap().status
    }

    async fn is_there(&self) -> bool {
        let id = self.occasion.clone();
        let look = move |tx: &mut Tx<'_>| occasion::find(tx, &id);
        self.site.store.read(look).await.unwrap().is_some()
    }

    /// Returns the recipient, subject and text of each warning so far.
    async fn warnings(&self) -> Vec<(String, String, String)> {
        let mails = self.world.mails().await.into_iter();
        let warnings = mails.filter(|mail| mail.subject.contains(SUBJECT));
        warnings
            .map(|mail| (mail.recipient, mail.subject, mail.text))
            .collect()
    }

    /// Marks all mails as sent. They went either to a mail server or to the site's own mailbox.
    async fn send_all(&self, is_mailbox: bool) {
        let change = move |tx: &mut Tx<'_>| {
            let now = tx.now();
            sql!(
                "UPDATE mail SET state = 'sent', changed_at = :now,
                     mailbox_at = CASE WHEN :is_mailbox = 1 THEN changed_at END
                 WHERE state = 'queued'",
                now,
                is_mailbox
            )
            .run(tx, Rows::Any)
        };
        self.site.store.write(change).await.unwrap();
    }

    async fn expect_warnings(&self) {
        for (recipient, subject, _) in self.warnings().await {
            self.world.expect_mail(&recipient, &subject);
        }
    }

    async fn retention(&self) -> Value {
        let found = self.act(&self.observer, retention::show);
        json!(found.await.unwrap())
    }
}

/// Enters the marker in all fields of the pages and the API, as guests and as hosts.
async fn plant(stage: &Stage<'_>) {
    let mut guest = stage.nobody();
    guest.header("idempotency-key", "by-code");
    let id = stage.invitation("RAHMA").await;
    let version = crate::parts::version(stage, &id).await;
    let body = json!({ "version": version,
        "guests": [{ "name": format!("{MARK} plus") }], "note": { "text": MARK } });
    call(&mut guest, "PUT", "/api/v1/invitations/RAHMA/rsvp", &body)
        .await
        .expect(200);
    stage
        .answer(json!({ "name": format!("{MARK} open"), "attending": true, "wish": MARK }))
        .await
        .unwrap();
    crate::uploads::send(stage, "RAHMA", MARK, 0).await;
    crate::pictures::add(stage, MARK, 0).await;
    let mut owner = stage.visitor(&stage.owner);
    owner.header("idempotency-key", "by-host");
    let change = sent(json!({
        "household": format!("{MARK} household"), "email": "melur@example.com",
        "host_note": MARK, "tags": [MARK], "address": MARK,
        "guests": [{ "name": format!("{MARK} guest") }],
    }));
    stage
        .done(move |tx, host| invitations::create(tx, host, &change, None).map(drop))
        .await;
    let version = owner.get(&stage.at("")).await.json()["version"].clone();
    let texts = json!({ "version": version,
        "farewell": { "en": format!("{MARK}, thank you") }, "welcome": { "en": MARK } });
    call(&mut owner, "PATCH", &stage.at(""), &texts)
        .await
        .expect(200);
    let tag = json!({ "ids": [id], "action": "tag", "args": { "tag": MARK } });
    call(&mut owner, "POST", &stage.at("/bulk"), &tag)
        .await
        .expect(202);
    owner.header("idempotency-key", "list");
    let list = json!([{ "household": format!("{MARK} list") }]);
    call(&mut owner, "POST", &stage.at("/imports"), &list)
        .await
        .expect(201);
    owner.header("idempotency-key", "file");
    let file = json!({ "kind": "everything", "format": "json" });
    call(&mut owner, "POST", &stage.at("/exports"), &file)
        .await
        .expect(202);
    let question =
        json!({ "title": { "en": MARK }, "kind": "short_text", "asked_of": "household" });
    owner.header("idempotency-key", "question");
    call(&mut owner, "POST", &stage.at("/questions"), &question)
        .await
        .expect(201);
    stage.worker().run_due().await.unwrap();
}

/// The demo's last event is the brunch on 17 January 2027 in Kuala Lumpur. All data is deleted 180
/// days later, on 16 July.
#[test]
fn an_occasion_is_archived_announced_and_deleted_with_everything() {
    on_default(async |stage| {
        stage.expect_confirmations();
        stage.expect_work();
        plant(stage).await;
        for place in [
            "guest",
            "invitation",
            "submission",
            "upload",
            "host_picture",
            "idempotency",
            "audit",
        ] {
            let places = stage.world.places_of(MARK);
            assert!(
                places.iter().any(|found| found == place),
                "{place}: {places:?}"
            );
        }

        stage.day("2027-02-15").await;
        assert_eq!(stage.status_now().await, OccasionStatus::Published);
        stage.day("2027-02-16").await;
        assert_eq!(stage.status_now().await, OccasionStatus::Archived);
        // An owner takes the occasion out of the archive. The next day it is not archived again.
        let reopen = move |tx: &mut Tx<'_>, host: &occasions::hosting::HostOf| {
            occasions::hosting::occasions::set_status(tx, host, None, OccasionStatus::Closed)
        };
        stage.done(move |tx, host| reopen(tx, host).map(drop)).await;
        stage.day("2027-02-17").await;
        assert_eq!(stage.status_now().await, OccasionStatus::Closed);

        // Notices with links under an earlier slug are deleted too.
        let owner = stage.owner.account.clone();
        let notify = move |tx: &mut Tx<'_>, host: &occasions::hosting::HostOf| {
            let id = host.occasion();
            sql!(
                "INSERT INTO occasion_alias (slug, occasion) VALUES ('older', :id)",
                id
            )
            .run(tx, Rows::Exactly(1))?;
            sql!(
                "INSERT INTO form_event
                     (invitation, first_opened, last_opened, openings, refused_field)
                 SELECT id, '2027-02-17', '2027-02-17', 1, :field FROM invitation
                 WHERE code = 'RAHMA'",
                field = MARK
            )
            .run(tx, Rows::Exactly(1))?;
            for href in ["/admin/o/older/invites", "/admin/o/older-still/invites"] {
                let new = identity::notification::NewNotification {
                    kind: "host-notice-answers",
                    about: "",
                    href,
                };
                identity::notification::tell_on_site(tx, &owner, new)?;
            }
            Ok(())
        };
        stage.done(notify).await;
        stage.day("2027-06-15").await;
        assert_eq!(stage.warnings().await, []);
        let told = stage.retention().await;
        assert_eq!(told["deletes_on"], "2027-07-16");
        assert_eq!(told["first_warning_at"], Value::Null);
        stage.day("2027-06-16").await;
        let warnings = stage.warnings().await;
        let [(recipient, subject, text)] = &warnings[..] else {
            panic!("{warnings:?}");
        };
        assert_eq!(recipient, "owner@example.com");
        assert!(subject.contains("16 July 2027"), "{subject}");
        assert!(text.contains(&format!("{HOME}/reports")), "{text}");
        let pictures = format!("{HOME}/uploads?state=approved");
        assert!(text.contains(&pictures), "{text}");
        stage.send_all(false).await;

        stage.day("2027-07-08").await;
        assert_eq!(stage.warnings().await.len(), 1);
        stage.day("2027-07-09").await;
        assert_eq!(stage.warnings().await.len(), 2);
        assert_eq!(stage.retention().await["waits_for_mail"], true);
        stage.send_all(false).await;
        assert_eq!(stage.retention().await["waits_for_mail"], false);
        stage.day("2027-07-15").await;
        assert!(stage.is_there().await);

        let audited = stage.actions().await.len();
        let owner = stage.owner.account.clone();
        stage.day("2027-07-16").await;
        assert!(!stage.is_there().await);
        let notices = move |tx: &mut Tx<'_>| identity::notification::list(tx, &owner, None, 100);
        let notices = testkit::people::read(&stage.site.store, notices).await;
        let left: Vec<&str> = notices.iter().map(|one| &*one.href).collect();
        assert_eq!(left, ["/admin/o/older-still/invites"]);
        assert_eq!(stage.world.places_of(MARK), [""; 0]);
        assert_eq!(stage.warnings().await, []);
        let left = stage.world.places_of(stage.occasion.as_str());
        // This loop checks only tables. Entries with a slash are paths of files, which are skipped
        // here.
        for place in left.into_iter().filter(|place| !place.contains('/')) {
            assert!(
                ["audit", "deleted_occasion"].contains(&place.as_str()),
                "{place}"
            );
        }
        let actions = stage.actions().await;
        assert_eq!(actions.len(), audited + 1);
        assert_eq!(actions.last().unwrap(), "occasion.deleted");
        let chain = stage.site.store.write(|tx| {
            audit::chain::seal(tx)?;
            audit::chain::verify(tx)
        });
        let chain = chain.await.map_err(|error: StoreError| error).unwrap();
        assert!(chain.is_none());
        stage.nobody().get("/invite/RAHMA").await.expect(404);
        let gone = stage.act(&stage.owner, retention::show);
        assert!(matches!(gone.await, Err(Refusal::NotFound)));
        // The code stays retired, because somebody may still have a card with it.
        let (retired,): (i64,) = testkit::people::read(&stage.site.store, |tx| {
            tx.one(
                sql!("SELECT COUNT(*) FROM retired_code WHERE code_key = 'RAHMA'"),
                &[],
            )
        })
        .await;
        assert_eq!(retired, 1);
        retention::run(&stage.site).await.unwrap();
        stage.day("2027-07-18").await;
        stage.worker().run_due().await.unwrap();
        let files = stage.world.files();
        assert!(
            !files.iter().any(|file| file.contains("uploads/")),
            "{files:?}"
        );
    });
}

/// A warning that reached only the site's own mailbox does not count. The occasion stays until an
/// owner confirms the deletion.
#[test]
fn nothing_is_deleted_while_mail_stays_here_unless_an_owner_confirms() {
    on_default(async |stage| {
        stage.day("2028-01-01").await;
        assert_eq!(stage.status_now().await, OccasionStatus::Archived);
        assert_eq!(stage.retention().await["deletes_on"], "2028-01-31");
        stage.send_all(true).await;
        stage.day("2028-01-07").await;
        assert_eq!(stage.warnings().await.len(), 1);
        let (_, _, text) = &stage.warnings().await[0];
        assert!(!text.contains("/uploads"), "no pictures are lost: {text}");
        // The warning reached only the site's own mailbox. A week later it is sent again, and the
        // day of deletion moves.
        stage.day("2028-01-08").await;
        assert_eq!(stage.warnings().await.len(), 2);
        assert_eq!(stage.retention().await["deletes_on"], "2028-02-07");
        stage.send_all(true).await;
        stage.day("2029-01-01").await;
        assert!(stage.is_there().await);
        assert_eq!(stage.retention().await["second_warning_at"], Value::Null);

        let refused = stage.act(&stage.coordinator, retention::confirm);
        assert!(matches!(refused.await, Err(Refusal::Forbidden)));
        let late = stage.another("late", Role::OccasionOwner).await;
        let mut program = stage.program(&late, &ALL).await;
        let confirm = stage.at("/retention/confirm");
        let refused = call(&mut program, "POST", &confirm, &json!({})).await;
        assert_eq!(refused.with(403).json()["code"], "token_not_permitted");
        let mut owner = stage.visitor(&late);
        let address = format!("{HOME}/settings/end");
        let shown = owner.get(&address).await;
        assert!(shown.text().contains(&stage.say("host-end-waits")));
        let mut form = shown.form(&address);
        form.press("confirm", "1");
        owner.submit(&shown, &form).await.expect(303);
        let shown = owner.get(&address).await;
        assert!(shown.text().contains(&stage.say("host-end-confirmed")));
        assert!(!shown.text().contains(&stage.say("host-end-waits")));
        assert!(
            stage
                .actions()
                .await
                .contains(&"occasion.deletion_confirmed".to_owned())
        );

        let announced = stage.retention().await["deletes_on"].clone();
        assert_eq!(announced, "2029-01-31");
        stage.day("2029-01-23").await;
        assert_eq!(stage.retention().await["second_warning_at"], Value::Null);
        stage.day("2029-01-24").await;
        assert!(stage.retention().await["second_warning_at"].is_string());
        stage.day("2029-01-30").await;
        assert!(stage.is_there().await);
        stage.day("2029-01-31").await;
        assert!(!stage.is_there().await);
    });
}

#[test]
fn a_later_event_withdraws_the_announcement() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let confirm = stage.at("/retention/confirm");
        call(&mut owner, "POST", &confirm, &Value::Null)
            .await
            .expect(409);
        stage.day("2027-06-16").await;
        stage.send_all(false).await;
        assert!(stage.retention().await["first_warning_at"].is_string());
        let later = stage.site.store.write(|tx| {
            tx.run(
                sql!("UPDATE event SET ends_at = ends_at + 864000000 WHERE key = 'brunch'"),
                &[],
                Rows::Exactly(1),
            )
        });
        later.await.map_err(|error: StoreError| error).unwrap();
        stage.day("2027-06-17").await;
        let told = stage.retention().await;
        assert_eq!(told["first_warning_at"], Value::Null);
        assert_eq!(told["deletes_on"], "2027-07-26");
        stage.day("2027-06-26").await;
        assert_eq!(stage.warnings().await.len(), 2);
        stage.expect_warnings().await;
    });
}

/// An older backup is restored after a deletion. The data is deleted again before the site serves
/// it.
#[test]
fn what_had_been_deleted_when_an_older_state_was_restored_goes_again() {
    on_default(async |stage| {
        let subject = erasure::subject("occasion", stage.occasion.as_str());
        let list = stage.site.store.write(move |tx| {
            let erased = Erased {
                number: 1,
                kind: "occasion".to_owned(),
                subject: subject.clone(),
                at: 1,
            };
            erasure::import(tx, &[erased])
        });
        list.await.map_err(|error: StoreError| error).unwrap();
        retention::repeat(&stage.site).await.unwrap();
        assert!(!stage.is_there().await);
        retention::repeat(&stage.site).await.unwrap();
    });
}

/// A finished export would outlive the deleted rows. So the deletion waits while an export is in
/// preparation.
#[test]
fn a_copy_in_preparation_postpones_the_deletion() {
    on_default(async |stage| {
        stage.day("2027-06-16").await;
        stage.send_all(false).await;
        stage.day("2027-07-09").await;
        stage.send_all(false).await;
        stage.world.expect_jobs(export::KIND);
        stage.world.expect_jobs(import::KIND);
        let request = export::Request {
            kind: ExportKind::Everything,
            format: FileFormat::Json,
            invitations: InvitationFilter::default(),
            guests: GuestFilter::default(),
        };
        let language = Language::of("en");
        stage
            .done(move |tx, host| export::start(tx, host, &request, &language).map(drop))
            .await;
        stage.day("2027-07-16").await;
        assert!(stage.is_there().await);
        stage.working(stage.jobs()).run_due().await.unwrap();
        let files = stage.world.files();
        assert!(
            files.iter().any(|file| file.contains("exports")),
            "{files:?}"
        );
        stage.day("2027-07-17").await;
        assert!(!stage.is_there().await);
        let files = stage.world.files();
        assert!(
            !files.iter().any(|file| file.contains("exports")),
            "{files:?}"
        );
    });
}
