//! Tests of the public pages of all domains: which of them shared caches may keep, and for whom.

use axum::Router;
use identity::account;
use identity::session::{self, Method, Stay};
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use site::{Context, domains};
use testkit::{Page, Visitor, World};
use web::client_info::Proxies;
use web::setting::SettingValues;
use web::{Settings, SiteUrl};

use crate::app_setup::Opened;
use crate::demo;
use crate::domains::DOMAINS;
use crate::domains::off::{client, router};

const KEPT: &str = "public, max-age=0, s-maxage=60, stale-while-revalidate=30";
const SENTENCE: &str = "Caches in front may show it for 90 seconds.";
/// The public pages that are not in the site map.
const UNLISTED: [&str; 11] = [
    "/aisyah/incident-timer",
    "/blog/tag/wedding",
    "/blog?fresh=7",
    "/book/aisyah",
    "/book/plans",
    "/book/zone",
    "/book?tz=Asia%2FTokyo",
    "/countdowns?search=sugar",
    "/embed/aisyah/the-wedding",
    "/o/aisyah-daniel",
    "/o/aisyah-daniel/pages/travel",
];

/// The jobs that the demo leaves.
const JOBS: [&str; 6] = [
    "booking.ask",
    "booking.class_dates",
    "booking.complete",
    "booking.remind",
    "post.image",
    "site.image",
];

fn accounts(world: &World, proxies: &[&str], cdn: bool) -> Context {
    for kind in JOBS {
        world.expect_jobs(kind);
    }
    let settings = Settings {
        url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
        name: "Kenduri Kami".to_owned(),
        languages: vec!["en".to_owned(), "ms".to_owned()],
        time_zone: TimeZone::UTC,
        has_mail: true,
        proxies: Proxies::parse(proxies).unwrap(),
        cdn,
    };
    let mut values = SettingValues::default();
    values.set_flag(bookings::ENABLED, true);
    let site = domains::site(DOMAINS, &[], world.platform.clone(), settings);
    Context::new(site.with_settings(values), DOMAINS)
}

/// Begins a session of the demo's host.
async fn session_of_host(accounts: &Context) -> String {
    let client = client();
    let begin = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let email = "aisyah@example.com".parse().unwrap();
        let host = account::find_by_email(tx, &email)?.unwrap();
        session::begin(tx, &host.id, Method::Link, Stay::Visit, &client)
    };
    let begun = accounts.site.store.write(begin).await.unwrap().unwrap();
    begun.session.reveal().to_owned()
}

async fn fill(world: &World) {
    let site = accounts(world, &[], false).site.clone();
    let opened = Opened {
        site,
        domains: DOMAINS,
        membership: None,
    };
    demo::prepare(&opened).await.unwrap();
}

/// The public pages of the demo.
async fn public_pages(router: &Router) -> Vec<String> {
    let map = Visitor::new(router.clone()).get("/sitemap.xml").await;
    let listed = map.body.split("<loc>http://127.0.0.1:8080").skip(1);
    let listed = listed.filter_map(|rest| rest.split('<').next());
    let all: Vec<String> = listed.chain(UNLISTED).map(str::to_owned).collect();
    assert!(all.len() > UNLISTED.len() + 10, "{all:?}");
    all
}

#[track_caller]
fn assert_kept_by_nobody(page: &Page) {
    let address = &page.address;
    assert_eq!(
        page.header("cache-control"),
        "no-store, private",
        "{address}"
    );
    assert_eq!(page.header("etag"), "", "{address}");
    assert_eq!(page.header("x-request-id").len(), 32, "{address}");
}

#[test]
fn a_public_page_is_the_same_for_all_whom_nothing_is_known_about() {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        fill(world).await;
        let accounts = accounts(world, &[], false);
        let router = router(&accounts).await;
        let session = session_of_host(&accounts).await;
        for address in public_pages(&router).await {
            let first = Visitor::new(router.clone()).get(&address).await.with(200);
            assert_eq!(first.header("cache-control"), KEPT, "{address}");
            assert_eq!(first.header("vary"), "Accept-Language", "{address}");
            for name in ["set-cookie", "x-request-id"] {
                assert!(!first.headers.contains_key(name), "{name} of {address}");
            }
            let tag = first.header("etag").to_owned();
            assert!(tag.len() > 30, "{address}");

            let mut other = Visitor::new(router.clone());
            other
                .header("user-agent", "Another")
                .header("referer", "https://other.example/")
                .header("accept", "text/html")
                .set_cookie("other", "1");
            let second = other.get(&address).await;
            assert_eq!(second.headers, first.headers, "{address}");
            assert_eq!(second.body, first.body, "{address}");
            let known = other.header("if-none-match", &tag).get(&address).await;
            assert_eq!(known.expect(304).header("cache-control"), KEPT, "{address}");
            assert!(!known.headers.contains_key("x-request-id"), "{address}");

            for (name, value) in [
                ("kd_lang", "ms"),
                ("kd_zone", "Asia/Tokyo"),
                ("kd_session", &session),
            ] {
                let mut known = Visitor::new(router.clone());
                known.set_cookie(name, value);
                assert_kept_by_nobody(known.get(&address).await.expect(200));
            }
            let mark = if address.contains('?') { '&' } else { '?' };
            let chosen = format!("{address}{mark}lang=ms");
            assert_kept_by_nobody(Visitor::new(router.clone()).get(&chosen).await.expect(200));
        }
    });
}

/// The form to book stands at an address of its own.
#[test]
fn a_page_with_a_form_for_one_visitor_is_kept_by_nobody() {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        fill(world).await;
        let accounts = accounts(world, &[], false);
        let router = router(&accounts).await;
        let mut visitor = Visitor::new(router.clone());
        let list = visitor.get("/book").await;
        let mut sessions = list.links().into_iter().map(|link| link.href);
        let session = sessions.find(|href| href.starts_with("/book/s/"));
        let calendar = visitor.get(&session.expect("a session")).await;
        let mut hrefs = calendar.links().into_iter().map(|link| link.href);
        let slot = hrefs.find(|href| {
            let id = href.strip_prefix("/book/").unwrap_or_default();
            id.split('?').next().is_some_and(|id| id.len() == 36)
        });
        let page = visitor.get(&slot.expect("a free slot")).await;
        assert_kept_by_nobody(page.expect(200));
        let open = visitor.get("/o/aisyah-daniel/rsvp").await;
        assert_kept_by_nobody(&open);
        let login = visitor.get("/login").await;
        assert_kept_by_nobody(login.expect(200));
    });
}

#[test]
fn before_caches_that_ignore_vary_a_page_is_in_the_first_language() {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        fill(world).await;
        let accounts = accounts(world, &[], true);
        let router = router(&accounts).await;
        for address in public_pages(&router).await {
            let mut english = Visitor::new(router.clone());
            let first = english.get(&address).await.with(200);
            let mut malay = Visitor::new(router.clone());
            malay.header("accept-language", "it, ms;q=0.5");
            let second = malay.get(&address).await;
            assert_eq!(second.headers, first.headers, "{address}");
            assert_eq!(second.body, first.body, "{address}");
            assert!(!first.headers.contains_key("vary"), "{address}");
        }
        let mut malay = Visitor::new(router.clone());
        let chosen = malay.get("/blog?lang=ms").await;
        assert_eq!(chosen.header("content-language"), "ms");
        let further = malay.get("/notes").await;
        assert_eq!(further.header("content-language"), "ms");
    });
}

#[test]
fn who_takes_a_public_page_away_reads_how_long_caches_in_front_may_show_it() {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        fill(world).await;
        let session = session_of_host(&accounts(world, &[], false)).await;
        for (proxies, cdn, is_told) in [
            (&[][..], false, false),
            (&["192.0.2.1"], false, true),
            (&[], true, true),
        ] {
            let accounts = accounts(world, proxies, cdn);
            let router = router(&accounts).await;
            let mut host = Visitor::new(router.clone());
            host.set_cookie("kd_session", &session);
            let posts = host.get("/me/posts").await.with(200);
            let countdowns = host.get("/me/countdowns").await.with(200);
            let first = |page: &Page, below: &str| {
                let mut links = page.links().into_iter().map(|link| link.href);
                links.find(|href| {
                    let id = href.strip_prefix(below).unwrap_or_default();
                    id.len() > 30 && !id.contains(['/', '?'])
                })
            };
            let post = first(&posts, "/me/posts/").expect("a post");
            let countdown = first(&countdowns, "/me/countdowns/").expect("a countdown");
            for address in [
                format!("{post}/withdraw"),
                format!("{post}/delete"),
                format!("{countdown}/settings"),
                "/admin/o/aisyah-daniel/settings/state".to_owned(),
            ] {
                let page = host.get(&address).await.with(200);
                assert_eq!(page.body.contains(SENTENCE), is_told, "{address}");
            }
            let data = host.get("/me/data").await;
            let question = host.submit(&data, &data.form("/me/data/erase")).await;
            let body = question.with(200).body;
            assert_eq!(body.contains(SENTENCE), is_told);
            assert!(body.contains(&format!("gone.{}", if is_told { " " } else { "<" })));
        }
    });
}
