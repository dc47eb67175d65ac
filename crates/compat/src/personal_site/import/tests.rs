//! Imports a dump that `pg_dump` wrote for a small site with invented people, on both engines.

use std::path::PathBuf;

use countdowns::countdown::{Countdown, CountdownId, Visibility};
use countdowns::entry::{self, Entry};
use identity::account::{self, AccountId};
use identity::client::Client;
use identity::credential::linked_identity;
use identity::grant::{self, ADMIN, OWNER, Scope};
use identity::person::{profile, registration, slug};
use identity::session::Stay;
use identity::sign_in::{self, Attempt, SignInError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::audit::RequestFacts;
use platform::mail::Address;
use platform::mail::suppression::{self, Cause};
use platform::{Rows, Secret, Store, StoreError, Tx, sql};
use posts::mailing::NEWSLETTER;
use posts::post::{Post, State};
use site::{Context, domains};
use tempfile::TempDir;
use testkit::{Visitor, World};
use web::client_info::Proxies;
use web::{Network, Settings, SiteUrl};

use super::tables::Options;
use super::{Result, import};
use crate::report::Report;
use crate::testing::DOMAINS;

const DUMP: &str = include_str!("../../../../../examples/personal/older-site.sql");
const FARAH: &str = "0199a000-0000-7000-8000-000000000001";
const DANIEL: &str = "0199a000-0000-7000-8000-000000000002";
const MEI: &str = "0199a000-0000-7000-8000-000000000003";
const AINA: &str = "0199a000-0000-7000-8000-000000000004";
const RAVI: &str = "0199a000-0000-7000-8000-000000000005";
const LONG_SLUG: &str = "daniel-very-very-very-very-very-very-very-very-very-long-slug";

struct Stage {
    accounts: Context,
    folder: TempDir,
}

impl Stage {
    fn new(world: &World) -> Self {
        let settings = Settings {
            url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
            name: "Kenduri Kami".to_owned(),
            languages: vec!["ms".to_owned(), "en".to_owned()],
            time_zone: TimeZone::get("Asia/Kuala_Lumpur").unwrap(),
            has_mail: true,
            proxies: Proxies::default(),
            cdn: false,
        };
        let site = domains::site(DOMAINS, &[], world.platform.clone(), settings);
        Self {
            accounts: Context::new(site, DOMAINS),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn options(&self, dump: &str) -> Options {
        let file: PathBuf = self.folder.path().join("site.sql");
        std::fs::write(&file, dump).unwrap();
        Options {
            dump: file,
            is_to_be_written: true,
            owner: Some("farah@OLDER.example".parse().unwrap()),
            merges_timers: false,
            issuers: vec!["https://accounts.google.com".to_owned()],
        }
    }

    async fn import(&self, options: Options) -> Result<Report> {
        import(&self.accounts.site, options).await
    }

    async fn sign_in(&self, email: &str, password: &str) -> Result<(), SignInError> {
        let attempt = Attempt {
            email: email.to_owned(),
            password: Secret::new(password),
            stay: Stay::Visit,
            network: Network::of([203, 0, 113, 1].into()),
            client: Client {
                request: RequestFacts {
                    request_id: "test".to_owned(),
                    network: None,
                },
                user_agent: "Firefox".to_owned(),
                session: None,
                device: None,
                identity: None,
            },
            to: String::new(),
        };
        let signed_in = sign_in::with_password(&self.accounts, attempt).await;
        signed_in.map(drop)
    }
}

async fn read<T, F>(store: &Store, look: F) -> T
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    store.read(look).await.unwrap()
}

/// Returns the number of rows in each table to which an import writes, including the audit log.
async fn rows(store: &Store) -> [i64; 11] {
    read(store, |tx| {
        let counts: (i64, i64, i64, i64, i64) = tx.one(
            sql!(
                "SELECT (SELECT COUNT(*) FROM account), (SELECT COUNT(*) FROM password),
                 (SELECT COUNT(*) FROM role_grant), (SELECT COUNT(*) FROM countdown),
                 (SELECT COUNT(*) FROM countdown_entry)"
            ),
            &[],
        )?;
        let more: (i64, i64, i64, i64) = tx.one(
            sql!(
                "SELECT (SELECT COUNT(*) FROM phrase), (SELECT COUNT(*) FROM suppression),
                 (SELECT COUNT(*) FROM post), (SELECT COUNT(*) FROM audit)"
            ),
            &[],
        )?;
        let chosen: (i64, i64) = tx.one(
            sql!(
                "SELECT (SELECT COUNT(*) FROM newsletter_subscription),
                 (SELECT COUNT(*) FROM linked_identity)"
            ),
            &[],
        )?;
        Ok([
            counts.0, counts.1, counts.2, counts.3, counts.4, more.0, more.1, more.2, more.3,
            chosen.0, chosen.1,
        ])
    })
    .await
}

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

#[test]
fn everything_comes_along_and_the_second_run_changes_nothing() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        let store = world.store();
        let before = rows(store).await;
        let tried = Options {
            is_to_be_written: false,
            ..stage.options(DUMP)
        };
        let report = stage.import(tried).await.unwrap();
        assert!(report.to_string().contains("--write does it"), "{report}");
        assert_eq!(rows(store).await, before, "only tried");

        let report = stage.import(stage.options(DUMP)).await.unwrap();
        for (kind, count) in [
            ("people", 5),
            ("owners", 1),
            ("administrators", 1),
            ("trusted contacts of the site", 1),
            ("countdowns", 3),
            ("timers", 5),
            ("phrases", 4),
            ("exclusions", 2),
            ("suggestions", 3),
            ("suppressions", 3),
            ("articles", 2),
            ("profiles", 2),
            ("subscribers", 1),
            ("sign-ins", 1),
        ] {
            assert_eq!(report.counts(kind), (count, 0), "{kind}: {report}");
        }
        let text = report.to_string();
        for left_out in [
            "refresh_tokens: 1",
            "works here",
            "title image",
            "whose picture",
            "not an https address",
            "not set up here, github: 1",
            "subscribers whose address was never confirmed",
            "linked sign-ins of people whose address was never confirmed",
        ] {
            assert!(text.contains(left_out), "{left_out}: {text}");
        }
        let after = rows(store).await;
        // Three suppressions make five rows. The unsubscription alone makes three rows: one for
        // each of two streams, and one for the whole email address. The last row serves as a lock.
        assert_eq!(after[..8], [5, 4, 6, 3, 5, 4, 5, 2]);

        let report = stage.import(stage.options(DUMP)).await.unwrap();
        assert_eq!(rows(store).await, after, "{report}");
        assert_eq!(report.counts("people"), (0, 5));
        assert_eq!(report.counts("subscribers"), (0, 1));
        assert_eq!(report.counts("sign-ins"), (0, 1));
        assert!(report.to_string().contains("Everything is there already"));
    });
}

#[test]
fn people_are_who_they_were() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        stage.import(stage.options(DUMP)).await.unwrap();
        read(world.store(), |tx| {
            let farah = account::find(tx, &id(FARAH))?.expect("active");
            assert_eq!(farah.display_name, "Farah binti Ali");
            assert_eq!(
                (&*farah.locale, &*farah.time_zone),
                ("ms", "Asia/Kuala_Lumpur")
            );
            assert_eq!(slug::find(tx, &id(DANIEL))?.as_deref(), Some(LONG_SLUG));
            let named = slug::account(tx, LONG_SLUG)?;
            assert_eq!(named.map(|named| named.id), Some(id(DANIEL)));
            assert!(account::find(tx, &id(MEI))?.is_none(), "deactivated");
            let said = |tx: &mut Tx<'_>, who| {
                let profile = profile::find(tx, &id(who))?;
                Ok::<_, StoreError>([
                    profile.real_name,
                    profile.bio,
                    profile.location,
                    profile.website,
                ])
            };
            let expected = ["Farah Ali", "kopi", "Ipoh", "https://farah.example"];
            assert_eq!(said(tx, FARAH)?, expected);
            assert_eq!(said(tx, DANIEL)?, [""; 4], "not an https address");
            let site = Scope::site();
            for (who, rank) in [(FARAH, Some(OWNER)), (RAVI, Some(ADMIN)), (DANIEL, None)] {
                assert_eq!(grant::rank_of(tx, &id(who), &site)?, rank, "{who}");
            }
            for (who, verified) in [(FARAH, "mail"), (DANIEL, "mail"), (AINA, "none")] {
                let found: (String, i64) = sql!(
                    "SELECT e.verified_by, a.created_at FROM email e
                     JOIN account a ON a.id = e.account_id WHERE e.account_id = :who",
                    who
                )
                .one(tx)?;
                assert_eq!(found.0, verified, "{who}");
                let waits = registration::is_pending(tx, &id(who))?;
                assert_eq!(waits, verified == "none", "{who}");
                if who == FARAH {
                    assert_eq!(found.1, 1_767_661_811_123, "2026-01-06T01:10:11.123Z");
                }
            }
            Ok(())
        })
        .await;
        // Imported people have not confirmed an email address in Kenduri, but must not be deleted
        // for this reason.
        world.clock.advance(registration::LIFETIME);
        let purged = registration::purge(stage.accounts.domain_accounts, world.store());
        purged.await.unwrap();
        let of = id(AINA);
        let left = read(world.store(), move |tx| account::find(tx, &of)).await;
        assert!(left.is_some());
        let key = stage.accounts.site.keys.key(suppression::PURPOSE);
        for (address, cause) in [
            ("gone@older.example", Some(Cause::HardBounce)),
            ("full@older.example", None),
            ("daniel@older.example", Some(Cause::Unsubscribe)),
            ("cross@older.example", Some(Cause::Complaint)),
        ] {
            let (key, parsed) = (key.clone(), address.parse::<Address>().unwrap());
            let find = move |tx: &mut Tx<'_>| suppression::find(tx, &key, &parsed);
            assert_eq!(read(world.store(), find).await, cause, "{address}");
        }
        // The older site's password works. Signing in replaces its bcrypt hash with an argon2id
        // hash, and the password still works afterwards.
        let hasher = &stage.accounts.hasher;
        for (email, password) in [
            ("farah@older.example", "kopi o kosong"),
            ("daniel@older.example", "cafe\u{301} latte satu"),
            ("ravi@older.example", &"x".repeat(80)),
        ] {
            for hashes in [2, 1] {
                let before = hasher.count();
                stage.sign_in(email, password).await.unwrap();
                assert_eq!(hasher.count() - before, hashes, "{email}");
            }
        }
        for (email, password) in [
            ("mei@older.example", "pantun empat kerat"),
            ("aina@older.example", ""),
            ("system@older.example", "placeholder"),
        ] {
            let refused = stage.sign_in(email, password).await;
            assert!(matches!(refused, Err(SignInError::Wrong)), "{email}");
        }
        let subjects = world.mails().await;
        for mail in &subjects {
            world.expect_mail(&mail.recipient, &mail.subject);
        }
        assert_eq!(subjects.len(), 6, "each sign-in from an unknown browser");
    });
}

#[test]
fn timers_phrases_and_articles_are_what_they_were() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        stage.import(stage.options(DUMP)).await.unwrap();
        let found = read(world.store(), |tx| {
            let mut found = Vec::new();
            for who in [FARAH, DANIEL, AINA] {
                let countdown: Countdown = sql!(
                    "SELECT {Countdown} FROM countdown WHERE account_id = :who",
                    who
                )
                .one(tx)?;
                let entries = entry::list(tx, &countdown.id, None, 10)?;
                found.push((countdown, entries));
            }
            Ok::<Vec<(Countdown, Vec<Entry>)>, StoreError>(found)
        })
        .await;
        let seen = found
            .iter()
            .map(|(one, _)| (one.visibility, one.listed, one.is_primary));
        let expected = [
            (Visibility::Public, true, true),
            (Visibility::Private, false, true),
            (Visibility::Public, false, true),
        ];
        assert_eq!(seen.collect::<Vec<_>>(), expected);
        let farahs = &found[0].1;
        assert_eq!(farahs.len(), 3);
        assert_eq!(
            farahs[2].id.as_str(),
            "0199a000-0000-7000-8000-000000000060"
        );
        assert_eq!(farahs[2].reset_at.to_string(), "2026-03-01T10:00:00.123Z");
        assert_eq!(farahs[2].note, "first\tline\nsecond \\ line");
        assert_eq!(found[1].1[0].note.len(), 600, "a longer note stays");
        read(world.store(), |tx| {
            let phrases: Vec<(String, bool, Option<String>)> = tx.all(
                sql!("SELECT text, active, author_id FROM phrase ORDER BY id"),
                &[],
            )?;
            let phrases: Vec<_> = phrases
                .iter()
                .map(|(text, active, author)| (&**text, *active, author.as_deref()))
                .collect();
            let expected = [
                ("Keep going, one step at a time", true, None),
                ("Slowly, slowly", true, Some(DANIEL)),
                ("SLOWLY slowly!", false, Some(FARAH)),
                ("Not any more", false, None),
            ];
            assert_eq!(phrases, expected);
            let suggestions: Vec<(String, String, Option<String>, Option<String>)> = tx.all(
                sql!(
                    "SELECT state, reason, phrase_id, decided_by FROM phrase_suggestion ORDER BY id"
                ),
                &[],
            )?;
            let phrase = Some("0199a000-0000-7000-8000-000000000071".to_owned());
            let farah = || Some(FARAH.to_owned());
            let row = |state: &str, reason: &str, phrase, by| {
                (state.to_owned(), reason.to_owned(), phrase, by)
            };
            let expected = [
                row("approved", "", phrase, farah()),
                row("rejected", "an advertisement", None, farah()),
                row("pending", "", None, None),
            ];
            assert_eq!(suggestions, expected);
            let posts: Vec<Post> = tx.all(sql!("SELECT {Post} FROM post ORDER BY id"), &[])?;
            assert_eq!(posts[0].body, "# Kopi\n\nWith *milk*.\t\\o/");
            assert_eq!(posts[0].tags, ["kopi", "two words"]);
            assert_eq!(
                (posts[0].state, posts[1].state),
                (State::Published, State::Draft)
            );
            assert_eq!(
                posts[0].published_at.unwrap().to_string(),
                "2026-02-02T08:00:00Z"
            );
            assert_eq!(posts[1].published_at, None);
            Ok(())
        })
        .await;
        let mut visitor = Visitor::new(web::serve(
            &stage.accounts.site,
            accounts::web::around(&stage.accounts, domains::routes(&stage.accounts)),
        ));
        assert_eq!(visitor.get("/farah/incident-timer").await.status, 200);
        assert_eq!(visitor.get("/aina/incident-timer").await.status, 200);
        let daniels = format!("/{LONG_SLUG}/incident-timer");
        assert_eq!(visitor.get(&daniels).await.status, 404);
        let is_account = found[0].0.id == FARAH.parse::<CountdownId>().unwrap();
        assert!(!is_account, "nobody learns the id of the account");
    });
}

#[test]
fn subscribers_and_linked_sign_ins_come_along() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        stage.import(stage.options(DUMP)).await.unwrap();
        let found = read(world.store(), |tx| {
            let subscribers: Vec<(AccountId, Timestamp)> = tx.all(
                sql!("SELECT account_id, since FROM newsletter_subscription"),
                &[],
            )?;
            let mailed = NEWSLETTER.subscribers(tx, "", 10)?;
            let sign_ins = linked_identity::list(tx, &id(DANIEL))?;
            Ok((subscribers, mailed, sign_ins))
        })
        .await;
        let (subscribers, mailed, sign_ins) = found;
        let since = "2026-01-05T08:00:00Z".parse().unwrap();
        assert_eq!(subscribers, [(id(FARAH), since)], "the day of consent");
        assert_eq!(mailed.len(), 1);
        assert_eq!(mailed[0].id, id(FARAH));
        assert_eq!(sign_ins.len(), 1);
        assert_eq!(sign_ins[0].issuer, "https://accounts.google.com");
        assert_eq!(sign_ins[0].subject, "108234567890");

        // People have changed their data in Kenduri since the first import. A second import must
        // not undo these changes.
        let forget = |tx: &mut Tx<'_>| {
            tx.run(
                sql!("DELETE FROM newsletter_subscription"),
                &[],
                Rows::Exactly(1),
            )?;
            tx.run(sql!("DELETE FROM linked_identity"), &[], Rows::Exactly(1))
        };
        world.store().write(forget).await.unwrap();
        let left = rows(world.store()).await;
        let report = stage.import(stage.options(DUMP)).await.unwrap();
        assert_eq!(rows(world.store()).await, left, "{report}");
    });
}

#[test]
fn a_google_sign_in_of_before_there_was_a_table_comes_along() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        let columns = "public.users (id, email, display_name, slug, created_at, updated_at, active, search_vector";
        let dump = DUMP
            .replace(columns, &format!("{columns}, google_user_id"))
            .replace("\tt\t'farah':1\n", "\tt\t'farah':1\t42\n")
            .replace("\tt\t\\N\n", "\tt\t\\N\t\\N\n")
            .replace("\tf\t\\N\n", "\tf\t\\N\t\\N\n");
        let none = Options {
            issuers: Vec::new(),
            is_to_be_written: false,
            ..stage.options(&dump)
        };
        let text = stage.import(none).await.unwrap().to_string();
        assert!(text.contains("https://accounts.google.com: 3"), "{text}");
        stage.import(stage.options(&dump)).await.unwrap();
        let of = read(world.store(), |tx| linked_identity::list(tx, &id(FARAH))).await;
        assert_eq!(of[0].subject, "42");
    });
}

#[test]
fn what_has_two_meanings_is_listed_and_stops_the_run() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        let before = rows(world.store()).await;
        for (from, to, what) in [
            (
                "ravi@older.example",
                "FARAH@Older.EXAMPLE",
                "is the address of account",
            ),
            ("ravi@older.example", "nobody", "is not a mail address"),
            (
                "\tRavi\travi\t",
                "\tRavi\tRa/vi\t",
                "cannot stand in addresses",
            ),
            (
                "2026-03-09 18:00:00.123+08",
                "2026-03-01 18:00:00.123999+08",
                "--merge-timers makes one of both",
            ),
            (
                "2026-04-01 18:00:00+08",
                "2027-04-01 18:00:00+08",
                "in the future",
            ),
            ("000000021\t2026", "000000020\t2026", "--owner names one"),
        ] {
            assert!(DUMP.contains(from), "{from}");
            let report = stage.import(stage.options(&DUMP.replace(from, to))).await;
            let report = report.unwrap();
            assert!(report.refused() > 0);
            assert!(report.to_string().contains(what), "{what}: {report}");
            assert_eq!(rows(world.store()).await, before, "{what}");
        }
    });
}

#[test]
fn a_broken_dump_changes_nothing_and_names_the_line() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        let before = rows(world.store()).await;
        let half = &DUMP[..DUMP.find("Ravi").unwrap()];
        for (dump, what) in [
            (half.to_owned(), "is cut off"),
            (
                DUMP.replace("2026-04-01 18:00:00+08", "yesterday"),
                "is not a time",
            ),
            (DUMP.replace("\tpending\t", "\twaiting\t"), "is not a state"),
            (
                DUMP.replace("\tdraft\t{}\t", "\tdraft\t{\t"),
                "not an array",
            ),
            (DUMP.replace("\tmei\t", "\t\\N\t"), "users has no slug"),
            (
                DUMP.replace("COPY public.users", "COPY public.persons"),
                "no people",
            ),
        ] {
            let error = stage
                .import(stage.options(&dump))
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains(what), "{what}: {error}");
            assert!(error.contains("site.sql:"), "{error}");
            assert_eq!(rows(world.store()).await, before, "{what}");
        }
    });
}

#[test]
fn timers_of_one_millisecond_become_one_when_somebody_says_so() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let stage = Stage::new(world);
        let dump = DUMP.replace("2026-04-01 18:00:00+08", "2026-03-01 18:00:00.123999+08");
        for _ in 0..2 {
            let options = Options {
                merges_timers: true,
                ..stage.options(&dump)
            };
            let report = stage.import(options).await.unwrap();
            assert_eq!(report.refused(), 0, "{report}");
            assert!(report.to_string().contains("same millisecond"), "{report}");
            let notes: Vec<(String,)> = read(world.store(), |tx| {
                sql!(
                    "SELECT e.note FROM countdown_entry e
                     JOIN countdown c ON c.id = e.countdown_id
                     WHERE c.account_id = :farah ORDER BY e.reset_at",
                    farah = FARAH
                )
                .all(tx)
            })
            .await;
            assert_eq!(notes.len(), 2);
            assert_eq!(notes[0].0, "first\tline\nsecond \\ line\nagain");
        }
    });
}
