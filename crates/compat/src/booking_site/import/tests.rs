//! Imports the folder `tests/export`, an export of an invented site, on both engines. The
//! clock of the tests starts at 2026-11-20T08:00:00Z.

mod rules;

use std::path::Path;

use bookings::feedback::Answer;
use jiff::tz::TimeZone;
use platform::{Store, StoreError, Tx, sql};
use serde_json::json;
use site::domains;
use tempfile::TempDir;
use testkit::World;
use web::client_info::Proxies;
use web::{Settings, SiteUrl};

use super::*;
use crate::testing::DOMAINS;

const ASHA: &str = "65a000000000000000000001";

struct Stage<'w> {
    world: &'w World,
    site: Site,
    folder: TempDir,
    zone: &'static str,
    owner: &'static str,
    amounts: Option<Amounts>,
}

impl<'w> Stage<'w> {
    /// A site, and a copy of the export that a test may change.
    fn new(world: &'w World) -> Self {
        for kind in [
            "booking.remind",
            "booking.ask",
            "booking.end",
            "booking.complete",
            "booking.request",
            "booking.review_file",
        ] {
            world.expect_jobs(kind);
        }
        let settings = Settings {
            url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
            name: "Kenduri Kami".to_owned(),
            languages: vec!["en".to_owned()],
            time_zone: TimeZone::get("Asia/Kolkata").unwrap(),
            has_mail: true,
            proxies: Proxies::default(),
            cdn: false,
        };
        let stage = Self {
            world,
            site: domains::site(DOMAINS, &[], world.platform.clone(), settings),
            folder: tempfile::tempdir().unwrap(),
            zone: "Asia/Kolkata",
            owner: "olive@older.example",
            amounts: Some(Amounts::Major),
        };
        let from =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("src/booking_site/import/tests/export");
        std::fs::create_dir(stage.folder.path().join("uploads")).unwrap();
        for inner in [".", "uploads"] {
            for entry in std::fs::read_dir(from.join(inner)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let to = stage.folder.path().join(inner);
                    std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
                }
            }
        }
        stage
    }

    /// A site, and an export that contains only a mentor, a member and the owner.
    fn bare(world: &'w World) -> Self {
        let stage = Self::new(world);
        for names in names::ALL {
            if names.collection != "users" {
                let file = format!("{}.json", names.collection);
                std::fs::remove_file(stage.folder.path().join(file)).unwrap();
            }
        }
        stage
    }

    fn write(&self, collection: &str, text: &str) {
        let file = self.folder.path().join(format!("{collection}.json"));
        std::fs::write(file, text).unwrap();
    }

    fn append(&self, collection: &str, row: &str) {
        let file = self.folder.path().join(format!("{collection}.json"));
        let old = std::fs::read_to_string(&file).unwrap_or_default();
        std::fs::write(file, format!("{old}{row}\n")).unwrap();
    }

    async fn import(&self, is_to_be_written: bool) -> Report {
        let options = Options {
            folder: self.folder.path().to_owned(),
            zone: TimeZone::get(self.zone).unwrap(),
            owner: self.owner.parse().unwrap(),
            is_to_be_written,
            amounts: self.amounts,
            locale: "en".to_owned(),
            site_zone: self.site.settings.time_zone.clone(),
        };
        import(&self.site, options).await.unwrap()
    }

    /// Imports the export, and checks that the store contains no contradictions afterwards.
    async fn take_over(&self) -> Report {
        let report = self.import(true).await;
        assert_eq!(report.refused(), 0, "{report}");
        let wrong = self.world.store().read(bookings::verify::find).await;
        assert_eq!(wrong.unwrap(), [""; 0]);
        report
    }

    /// Returns the results of a query with one column, as texts.
    async fn texts(&self, query: platform::Sql) -> Vec<String> {
        let look =
            move |tx: &mut Tx<'_>| -> Result<Vec<(String,)>, StoreError> { tx.all(query, &[]) };
        let rows = self.world.store().read(look).await.unwrap();
        rows.into_iter().map(|(text,)| text).collect()
    }
}

/// Returns the number of rows in each table to which an import writes. Also returns the number of
/// jobs for stored files.
async fn rows(store: &Store) -> Vec<i64> {
    let look = |tx: &mut Tx<'_>| -> Result<Vec<(i64,)>, StoreError> {
        tx.all(
            sql!(
                "SELECT n FROM (
                 SELECT 1 AS o, COUNT(*) AS n FROM account UNION ALL SELECT 2, COUNT(*) FROM password
                 UNION ALL SELECT 3, COUNT(*) FROM role_grant UNION ALL SELECT 4, COUNT(*) FROM provider
                 UNION ALL SELECT 5, COUNT(*) FROM catalogue_entry UNION ALL SELECT 6, COUNT(*) FROM plan
                 UNION ALL SELECT 7, COUNT(*) FROM room UNION ALL SELECT 8, COUNT(*) FROM slot
                 UNION ALL SELECT 9, COUNT(*) FROM booking UNION ALL SELECT 10, COUNT(*) FROM booking_request
                 UNION ALL SELECT 11, COUNT(*) FROM feedback UNION ALL SELECT 12, COUNT(*) FROM booking_order
                 UNION ALL SELECT 13, COUNT(*) FROM payout_item UNION ALL SELECT 14, COUNT(*) FROM review
                 UNION ALL SELECT 15, COUNT(*) FROM credit_entry UNION ALL SELECT 16, COUNT(*) FROM credit_lot
                 UNION ALL SELECT 17, COUNT(*) FROM audit UNION ALL SELECT 18, COUNT(*) FROM job
                 UNION ALL SELECT 19, COUNT(*) FROM mail) t ORDER BY o"
            ),
            &[],
        )
    };
    let found = store.read(look).await.unwrap();
    found.into_iter().map(|(count,)| count).collect()
}

#[test]
fn a_site_is_tried_and_taken_over_and_once_more_changes_nothing() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let mut stage = Stage::new(world);
        let store = world.store();
        let before = rows(store).await;
        stage.amounts = None;
        let tried = stage.import(false).await;
        assert_eq!(rows(store).await, before, "only tried: {tried}");
        assert_eq!(tried.refused(), 0, "{tried}");
        let text = tried.to_string();
        for words in [
            "--write does it",
            "notifications: 2 rows",
            "field users.favourite_colour: 1",
            "field orders.password_hash, a password, which is dropped: 1",
            "users.json:4: root@older.example",
            "pricing_plans.json:2: Pro: 1499.00 INR",
            "meera@older.example",
            "orders.json:3: 499 INR; 499.00 INR is one",
            "payouts.json:2: 500 INR",
            "meet_links.json:2: https://meet.google.com.evil.example/abc",
            "booking_requests.json:3: 65a0000000000000000000ff",
            "resume_requests.json:2: it is not a PDF",
            "resume_requests.json:4: it has neither",
            "payouts.json:3: ",
            "past slots that overlap others, and come as deleted: 2",
            "booked slots without an active booking, which are not offered: 1",
            "plans that are only known by orders, and are not offered: 1",
            "without a password that works here",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let refused = stage.import(true).await;
        assert!(refused.to_string().contains("--amounts: say"), "{refused}");
        assert_eq!(rows(store).await, before, "it waits for --amounts");

        stage.amounts = Some(Amounts::Major);
        let report = stage.take_over().await;
        for (kind, count) in [
            ("people", 6),
            ("owners", 1),
            ("providers", 1),
            ("companies", 2),
            ("plans", 2),
            ("rooms", 1),
            ("slots", 6),
            ("bookings", 5),
            ("requests", 2),
            ("feedback", 1),
            ("orders", 4),
            ("payouts", 2),
            ("reviews", 2),
            ("credit lots", 3),
        ] {
            assert_eq!(report.counts(kind), (count, 0), "{kind}: {report}");
        }
        let after = rows(store).await;
        let report = stage.take_over().await;
        assert!(
            report.to_string().contains("Everything is there already"),
            "{report}"
        );
        assert_eq!(rows(store).await, after);
    });
}

#[test]
fn people_keep_ids_and_passwords_and_get_no_rank_by_themselves() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        stage.take_over().await;
        let asha = bookings::import::id::<identity::account::AccountId>("user", ASHA).to_string();
        let query = sql!(
            "SELECT e.address || ' ' || (CASE WHEN p.hash IS NULL THEN 'none' ELSE SUBSTR(p.hash, 1, 7) END)
                 || ' ' || CAST(r.is_pending AS TEXT) || CAST(r.is_kept AS TEXT)
             FROM account a JOIN email e ON e.account_id = a.id
             LEFT JOIN password p ON p.account_id = a.id
             JOIN registration r ON r.account_id = a.id ORDER BY e.address"
        );
        assert_eq!(
            stage.texts(query).await,
            [
                "dev@older.example none 11",
                "meera@older.example none 11",
                "root@older.example none 11",
                // Like everybody else, a provider must still confirm the email address.
                "vikram@older.example $2b$04$ 11",
            ]
        );
        // The older site had confirmed this address, so nothing waits for it.
        let query = sql!(
            "SELECT e.address || ' ' || SUBSTR(p.hash, 1, 7) FROM email e
             JOIN password p ON p.account_id = e.account_id WHERE e.verified_by <> 'none'"
        );
        assert_eq!(stage.texts(query).await, ["asha@older.example $2b$04$"]);
        let query = sql!(
            "SELECT e.address || ' ' || g.role || ' ' || a.id FROM role_grant g
             JOIN account a ON a.id = g.account_id JOIN email e ON e.account_id = a.id
             ORDER BY e.address"
        );
        let grants = stage.texts(query).await;
        assert!(
            grants[0].starts_with("olive@older.example owner "),
            "{grants:?}"
        );
        assert_eq!(
            grants[1..],
            ["vikram@older.example provider 5f2b8e0a-93a5-4c35-8b5b-3f6d0f7f9a02"]
        );
        let query = sql!("SELECT account_id || ' ' || slug FROM account_slug ORDER BY slug");
        assert!(
            stage
                .texts(query)
                .await
                .contains(&format!("{asha} asha-rao"))
        );
        // The remaining credits, and when they expire.
        let query = sql!(
            "SELECT e.address || ' ' || l.credit_kind || ' ' || CAST(l.granted - l.used AS TEXT)
                 || ' ' || CAST(l.expires_at AS TEXT)
             FROM credit_lot l JOIN money_party p ON p.id = l.party_id
             JOIN email e ON e.account_id = p.account_id WHERE l.used < l.granted
             ORDER BY e.address, l.credit_kind"
        );
        assert_eq!(
            stage.texts(query).await,
            [
                "asha@older.example document_review 1 1801440000000",
                "asha@older.example session 3 1801440000000",
                "olive@older.example session 2 1826697600000",
            ]
        );
    });
}

#[test]
fn sessions_are_at_their_times_and_money_keeps_its_names() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        stage.take_over().await;
        let query = sql!(
            "SELECT CAST(s.starts_at AS TEXT) || ' ' || CAST((s.ends_at - s.starts_at) / 60000 AS TEXT)
                 || ' ' || s.state || ' ' || s.location_kind || ' ' || COALESCE(s.credit_kind, '-')
                 || (CASE WHEN s.deleted_at IS NULL THEN '' ELSE ' deleted' END)
             FROM slot s ORDER BY s.starts_at, s.state, s.deleted_at"
        );
        let slots = stage.texts(query).await;
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let expected = [
            ("2026-09-01T03:30:00Z", "60 completed online_link session"),
            ("2026-10-01T04:30:00Z", "60 completed online_link session"),
            (
                "2026-10-01T04:30:00Z",
                "60 completed online_link session deleted",
            ),
            (
                "2026-10-01T05:00:00Z",
                "60 available room_pool session deleted",
            ),
            ("2026-12-01T18:00:00Z", "60 available room_pool session"),
            ("2026-12-02T04:30:00Z", "60 booked room_pool session"),
            ("2026-12-03T04:30:00Z", "60 unavailable online_link session"),
        ];
        let expected = expected.map(|(when, rest)| format!("{} {rest}", at(when)));
        let mut sorted = slots.clone();
        sorted.sort();
        let mut wanted = expected.to_vec();
        wanted.sort();
        assert_eq!(sorted, wanted);
        let query = sql!("SELECT r.url FROM room_allocation a JOIN room r ON r.id = a.room_id");
        assert_eq!(
            stage.texts(query).await,
            ["https://meet.google.com/abc-defg-hij"]
        );
        let query = sql!(
            "SELECT state || ' ' || COALESCE(cancelled_by, '-') || ' ' || COALESCE(session_type, '-')
                 || ' ' || COALESCE(entry, '-') || ' ' || topics || ' ' || cancel_reason || note
             FROM booking ORDER BY created_at"
        );
        assert_eq!(
            stage.texts(query).await,
            [
                "completed - coding - [] ",
                "completed - system-design acme-co [\"caches\",\"queues\"] Please be strict",
                "completed - - - [] ",
                "cancelled provider - - [] Ill",
                "confirmed - - - [] ",
            ]
        );
        let query = sql!(
            "SELECT state || ' ' || COALESCE(session_type, '-') FROM booking_request ORDER BY state"
        );
        assert_eq!(stage.texts(query).await, ["confirmed -", "pending coding"]);
        let query = sql!(
            "SELECT author || ' ' || CAST(rating AS TEXT) || ' ' || verdict || ' ' || text FROM feedback"
        );
        assert_eq!(stage.texts(query).await, ["provider 4 recommended "]);
        let texts = stage.texts(sql!("SELECT answers FROM feedback")).await;
        let answers: Vec<Answer> = serde_json::from_str(&texts[0]).unwrap();
        let answers: Vec<_> = answers.iter().map(|one| &*one.text).collect();
        assert_eq!(answers, ["Clear", "Faster"]);
        let query = sql!("SELECT label FROM criterion WHERE kind = 'text' ORDER BY position");
        assert_eq!(stage.texts(query).await, ["Strengths", "Improvements"]);
        // Refunds need these ids of orders and payments at the gateway.
        let query = sql!(
            "SELECT o.gateway_order_id || ' ' || o.state || ' ' || CAST(o.amount_minor AS TEXT) || ' '
                 || COALESCE(p.gateway || ' ' || p.gateway_payment_id || ' '
                 || CAST(p.amount_minor - p.refund_reserved_minor AS TEXT), '-')
             FROM booking_order o LEFT JOIN payment p ON p.order_id = o.id ORDER BY o.gateway_order_id"
        );
        assert_eq!(
            stage.texts(query).await,
            [
                "order_older1 paid 149900 razorpay pay_older1 149900",
                "order_older2 expired 49900 -",
                "order_older3 paid 49900 razorpay pay_older3 49900",
                "order_older4 refunded 49900 razorpay pay_older4 0",
            ]
        );
        let query = sql!(
            "SELECT i.state || ' ' || CAST(i.amount_minor AS TEXT) || ' ' || COALESCE(b.reference, '-')
             FROM payout_item i LEFT JOIN payout_batch b ON b.id = i.batch_id ORDER BY i.state"
        );
        assert_eq!(
            stage.texts(query).await,
            ["paid 50050 UTR42", "pending 50000 -"]
        );
        let query = sql!(
            "SELECT state || ' ' || file_name || ' ' || file_type || ' ' || goal FROM review ORDER BY state"
        );
        assert_eq!(
            stage.texts(query).await,
            ["cancelled cv.pdf pdf ", "completed cv.pdf pdf Backend"]
        );
        for file in stage.texts(sql!("SELECT file FROM review")).await {
            let key = format!("reviews/{file}").parse().unwrap();
            assert!(
                stage.site.files.open(&key).await.unwrap().is_some(),
                "{file}"
            );
        }
        let query = sql!("SELECT slug || CAST(active AS TEXT) FROM catalogue_entry ORDER BY slug");
        assert_eq!(stage.texts(query).await, ["acme-co1", "globex0"]);
        let query = sql!(
            "SELECT tracks || levels || description || ' ' || logo_url FROM catalogue_entry
             WHERE slug = 'acme-co'"
        );
        let acme = "[\"backend\"][\"hard\"]Anvils https://older.example/acme.png";
        assert_eq!(stage.texts(query).await, [acme]);
        let query = sql!(
            "SELECT code || ' ' || grants || ' ' || CAST(price_minor AS TEXT) || CAST(active AS TEXT)
             FROM plan ORDER BY name"
        );
        let of = |kind: &str, count: i64| json!({"credit_kind": kind, "quantity": count});
        let pro = json!([of("session", 3), of("document_review", 1)]);
        let starter = json!([of("session", 1)]);
        assert_eq!(
            stage.texts(query).await,
            [
                "gold [] 00".to_owned(),
                format!("pro {pro} 1499001"),
                format!("starter {starter} 499001"),
            ]
        );
    });
}
