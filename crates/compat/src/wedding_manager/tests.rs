use identity::grant::Scope;
use jiff::tz::TimeZone;
use occasions::role::{self, Role};
use platform::{StoreError, Tx, sql};
use site::domains;
use testkit::World;
use web::client_info::Proxies;
use web::{Settings, SiteUrl};

use super::*;
use crate::testing::DOMAINS;

const DUMP: &str = "SET client_encoding = 'UTF8';\n\
    COPY public.guests (id, invite_id, name, dietary) FROM stdin;\n\
    1\ta\tAnn Lee\thalal, beetroot\n\
    2\ta\tBen Lee\t\\N\n\
    3\tb\tCid Ooi\t\\N\n\
    9\tgone\tNobody\t\\N\n\
    \\.\n\
    COPY public.rsvps (id, guest_id, status, note, created_at) FROM stdin;\n\
    1\t1\tdeclined\tSorry\t2026-05-02 10:00:00+00\n\
    2\t1\tattending\t\\N\t2026-05-03 10:00:00+00\n\
    3\t3\tno\t\\N\t2026-05-01 10:00:00+00\n\
    \\.\n\
    COPY public.invites (id, code, household, email, language, max_plus_ones, deadline) FROM stdin;\n\
    a\tLEE77\tThe Lees\tann@example.com\tms\t2\t2026-09-01 00:00:00\n\
    b\tMUCH-TOO-LONG-A-CODE\tOoi\t\\N\ten\t0\t\\N\n\
    \\.\n\
    COPY public.photos (id) FROM stdin;\n1\n\\.\n\
    -- PostgreSQL database dump complete\n";

fn site(world: &World) -> Site {
    let settings = Settings {
        url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
        name: "Kenduri Kami".to_owned(),
        languages: vec!["en".to_owned(), "ms".to_owned()],
        time_zone: TimeZone::get("Asia/Kuala_Lumpur").unwrap(),
        has_mail: true,
        proxies: Proxies::default(),
        cdn: false,
    };
    domains::site(DOMAINS, &[], world.platform.clone(), settings)
}

#[test]
fn an_older_wedding_is_taken_over_and_once_more_changes_nothing() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        world.expect_jobs(import::KIND);
        let site = site(world);
        let seeded = site
            .store
            .write(occasions::demo::seed)
            .await
            .unwrap()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let dump = folder.path().join("wedding.sql");
        std::fs::write(&dump, DUMP).unwrap();
        let slug = "aisyah-daniel";
        let error = take_over(&site, &dump, slug, true).await.unwrap_err();
        assert!(error.to_string().contains("no owner"), "{error}");
        let error = take_over(&site, &dump, "nowhere", true).await.unwrap_err();
        assert!(error.to_string().contains("no occasion"), "{error}");
        let hash = testkit::people::usual_hash(world).await;
        let owner = testkit::people::person(world, "owner@example.com", Some(&hash)).await;
        let scope: Scope = role::scope(&seeded);
        testkit::people::give(world, &owner, Role::OccasionOwner.into(), &scope).await;

        let households = async || {
            let count = |tx: &mut Tx<'_>| -> Result<(i64,), StoreError> {
                tx.one(sql!("SELECT COUNT(*) FROM invitation"), &[])
            };
            testkit::people::read(&site.store, count).await.0
        };
        let before = households().await;
        let tried = take_over(&site, &dump, slug, false).await.unwrap();
        for words in [
            "2 households would be made",
            "nothing was written",
            "1 rows of photos were not imported",
            "a guest without an invite was left out",
            "\"MUCH-TOO-LONG-A-CODE\" is not a valid code here",
            "unknown diet (beetroot)",
        ] {
            assert!(tried.contains(words), "{words}: {tried}");
        }
        assert_eq!(households().await, before);
        let done = take_over(&site, &dump, slug, true).await.unwrap();
        assert!(
            done.contains("2 households made, 0 changed, 0 left out"),
            "{done}"
        );
        assert_eq!(households().await, before + 2);
        let look = |tx: &mut Tx<'_>| -> Result<Vec<(String, String, String, String)>, StoreError> {
            tx.all(
                sql!(
                    "SELECT guest.name, guest.diets, guest.diet_note, reply.status
                     FROM guest JOIN invitation ON invitation.id = guest.invitation
                     JOIN reply ON reply.guest = guest.id
                     JOIN event ON event.id = reply.event
                     WHERE invitation.household IN ('The Lees', 'Ooi')
                       AND event.key = 'reception'
                     ORDER BY guest.name"
                ),
                &[],
            )
        };
        let rows = testkit::people::read(&site.store, look).await;
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, diets, note, reply)| [&**name, &**diets, &**note, &**reply])
            .collect();
        assert_eq!(
            rows,
            [
                ["Ann Lee", "[\"halal\"]", "beetroot", "yes"],
                ["Ben Lee", "[]", "", "pending"],
                ["Cid Ooi", "[]", "", "no"],
            ]
        );
        let again = take_over(&site, &dump, slug, true).await.unwrap();
        assert!(
            again.contains("0 households made, 0 changed, 0 left out"),
            "{again}"
        );
    });
}
