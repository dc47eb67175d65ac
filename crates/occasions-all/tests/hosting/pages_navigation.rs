//! Tests of links on hosts' pages: between occasions, to the account and to the server's pages.

use identity::grant;
use occasions::role::{self, Role};
use platform::{StoreError, Tx};
use testkit::{Page, Visitor};

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

fn leads_to(page: &Page, text: &str, href: &str) -> bool {
    let links = page.links();
    links
        .iter()
        .any(|link| link.text == text && link.href == href)
}

#[test]
fn every_page_of_an_occasion_leads_to_the_pages_of_the_site() {
    on_default(async |stage| {
        let (account, here) = (stage.stranger.account.clone(), role::scope(&stage.occasion));
        let give = move |tx: &mut Tx<'_>| {
            grant::give(tx, &account, Role::OccasionOwner.into(), &here, None).unwrap();
            Ok::<_, StoreError>(())
        };
        stage.site.store.write(give).await.unwrap();
        let [occasions, account, server] =
            ["host-occasions-yours", "account-security", "host-server"].map(|id| stage.say(id));
        for (host, owns_site) in [(&stage.stranger, true), (&stage.observer, false)] {
            let mut visitor = stage.visitor(host);
            for address in [HOME.to_owned(), format!("{HOME}/more")] {
                let page = visitor.get(&address).await;
                assert!(leads_to(&page, &occasions, "/admin"), "{address}");
                assert!(leads_to(&page, &account, "/me/security"), "{address}");
                assert_eq!(leads_to(&page, &server, "/admin/server"), owns_site);
            }
        }
        // Phones show no navigation except the "More" page, so its main part contains all links.
        let mut owner = stage.visitor(&stage.stranger);
        let page = owner.get(&format!("{HOME}/more")).await;
        let (_, main) = page.body.split_once("<main").unwrap();
        for href in ["/admin", "/me/security", "/admin/server"] {
            assert!(main.contains(&format!("<a href=\"{href}\">")), "{href}");
        }
        let page = owner.get("/admin").await;
        assert!(leads_to(&page, &occasions, "/admin"));
        assert!(leads_to(&page, &account, "/me/security"));
        assert!(leads_to(&page, &server, "/admin/server"));
    });
}

async fn first_page(visitor: &mut Visitor) -> (String, bool) {
    let page = visitor.get("/admin").await;
    let offers = page.links().iter().any(|link| link.href == "/admin/new");
    (page.text(), offers)
}

#[test]
fn who_may_make_an_occasion_is_offered_to_and_others_wait_to_be_invited() {
    on_default(async |stage| {
        let (text, offers) = first_page(&mut stage.visitor(&stage.stranger)).await;
        assert!(
            offers && text.contains(&stage.say("host-first-occasion")),
            "{text}"
        );
        assert!(!text.contains(&stage.say("host-no-occasions")), "{text}");
        remove_observer(stage).await;
        let (text, offers) = first_page(&mut stage.visitor(&stage.observer)).await;
        assert!(!offers && text.contains(&stage.say("host-no-occasions")));
    });
}

#[test]
fn the_page_where_people_land_names_what_they_have_and_can_begin() {
    on_default(async |stage| {
        let hrefs = |page: &testkit::Page| -> Vec<String> {
            page.links().into_iter().map(|link| link.href).collect()
        };
        let has = |hrefs: &[String], href: &str| hrefs.iter().any(|one| one == href);
        let landed = hrefs(&stage.visitor(&stage.stranger).get("/me").await);
        assert!(has(&landed, "/admin/new"));
        let landed = hrefs(&stage.visitor(&stage.observer).get("/me").await);
        assert!(has(&landed, HOME) && !has(&landed, "/admin/new"));
        remove_observer(stage).await;
        let page = stage.visitor(&stage.observer).get("/me").await;
        let landed = hrefs(&page);
        assert!(!has(&landed, HOME) && !has(&landed, "/admin/new"));
        assert!(!page.text().contains(&stage.say("host-no-occasions")));
    });
}

async fn remove_observer(stage: &Stage<'_>) {
    let fields = [("account", stage.observer.account.as_str())];
    let mut observer = stage.visitor(&stage.observer);
    observer
        .post(&format!("{HOME}/members/remove"), &fields)
        .await
        .expect(303);
}

#[test]
fn an_invitation_begins_with_its_code_and_ends_with_the_rarest_act() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        let body = owner.get(&format!("{HOME}/invites/{id}")).await.body;
        let order = [
            "id=\"code-card\"",
            "/sent\"",
            "id=\"part-answers\"",
            "/answers\"",
            "id=\"access\"",
            "/archive\"",
            "/merge\"",
        ];
        let places: Vec<usize> = order.iter().map(|part| body.find(part).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
    });
}

/// Follows links from `start` and opens at most `most` pages. Checks that no page repeats a value
/// from its own query.
async fn look_for_repeated_words(visitor: &mut Visitor, start: &str, most: usize) {
    let mut pages = vec![start.to_owned()];
    let mut next = 0;
    while next < pages.len() {
        let path = pages[next].clone();
        next += 1;
        let page = visitor
            .get(&format!(
                "{path}?done=zqzqzqdone&k=ZQZQZQZQZQ&lang=zqzqzqlang"
            ))
            .await;
        let body = page.body.to_lowercase();
        let around = body
            .find("zqzqzq")
            .map(|at| &body[at.saturating_sub(80)..at + 20]);
        assert_eq!(around, None, "{path}");
        for link in page.links() {
            let path = link.href.split(['?', '#']).next().unwrap_or_default();
            let is_ours = ["/admin", "/me", "/invite", "/o/", "/login"]
                .iter()
                .any(|start| path.starts_with(start));
            if is_ours && pages.len() < most && !pages.iter().any(|known| known == path) {
                pages.push(path.to_owned());
            }
        }
    }
    assert!(next > 3, "{pages:?}");
}

/// If a compressed page repeats a value from its query, the page's size can reveal secrets
/// (BREACH). See `web::Compressible`.
#[test]
fn pages_repeat_no_value_of_a_query_that_they_are_compressed_with() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        look_for_repeated_words(&mut host, HOME, 40).await;
        let mut guest = stage.nobody();
        look_for_repeated_words(&mut guest, "/invite/RAHMA", 20).await;
        let login = guest
            .get("/login?done=zqzqzqdone&k=ZQZQZQZQZQ&lang=zqzqzqlang")
            .await;
        assert!(!login.body.to_lowercase().contains("zqzqzq"));
    });
}
