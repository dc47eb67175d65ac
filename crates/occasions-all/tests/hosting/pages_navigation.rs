//! Tests of links on hosts' pages: between occasions, to the account and to the server's pages.

use identity::grant;
use occasions::occasion::Occasion;
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
        let [occasions, account] = ["host-occasions-all", "shell-account"].map(|id| stage.say(id));
        for host in [&stage.stranger, &stage.observer] {
            let mut visitor = stage.visitor(host);
            for address in [HOME.to_owned(), format!("{HOME}/menu/more")] {
                let page = visitor.get(&address).await;
                assert!(leads_to(&page, &occasions, "/admin"), "{address}");
                let links = page.links();
                let own = links.iter().find(|link| link.href == "/me/profile");
                assert!(own.unwrap().text.contains(&account), "{address}");
                page.form("/logout");
            }
        }
        // Phones show the groups alone, so the main part of the last one contains all links.
        let mut owner = stage.visitor(&stage.stranger);
        let page = owner.get(&format!("{HOME}/menu/more")).await;
        let (_, main) = page.body.split_once("<main").unwrap();
        for href in ["/admin", "/me", "/me/profile"] {
            assert!(main.contains(&format!("<a href=\"{href}\">")), "{href}");
        }
        // Zone and currency are named as people name them.
        assert!(main.contains("Kuala Lumpur time · RM"), "{main}");
        let page = owner.get("/admin").await;
        assert!(leads_to(&page, &stage.say("host-server"), "/admin/server"));
    });
}

/// The groups of the menu on this page, and the pages that it unfolds.
fn menu(page: &Page) -> Vec<String> {
    let (_, menu) = page
        .body
        .split_once("<nav class=\"navigation groups\"")
        .unwrap();
    let (menu, _) = menu.split_once("</nav>").unwrap();
    let links = menu.split("<a href=\"").skip(1);
    let links = links.filter_map(|link| Some(link.split_once('"')?.0.to_owned()));
    links.filter(|href| href.starts_with(HOME)).collect()
}

#[test]
fn each_role_sees_the_groups_and_pages_that_it_may_open() {
    on_default(async |stage| {
        for (host, groups, pages) in [
            (
                &stage.owner,
                &["guests", "invitation", "send", "answers", "more"][..],
                &[
                    "/invites",
                    "/guests",
                    "/import",
                    "/invites?open=yes",
                    "/settings/cover",
                    "/settings/texts",
                    "/settings/events",
                    "/settings/questions",
                    "/settings/diets",
                    "/settings/deadline",
                    "/settings/pages",
                    "/settings/news",
                    "/send",
                    "/settings/reminders",
                    "/mail",
                    "/print",
                    "/answers",
                    "/reports#kitchen",
                    "/gifts",
                    "/uploads",
                    "/reports",
                    "/members",
                    "/notifications",
                    "/settings/switches",
                    "/settings/basics",
                    "/settings/state",
                    "/audit",
                    "/help",
                ][..],
            ),
            (
                &stage.coordinator,
                &["guests", "invitation", "send", "answers", "more"],
                &[
                    "/invites",
                    "/guests",
                    "/import",
                    "/invites?open=yes",
                    "/settings/texts",
                    "/settings/events",
                    "/settings/questions",
                    "/settings/pages",
                    "/settings/news",
                    "/send",
                    "/mail",
                    "/print",
                    "/answers",
                    "/reports#kitchen",
                    "/gifts",
                    "/uploads",
                    "/reports",
                    "/members",
                    "/notifications",
                    "/audit",
                    "/help",
                ],
            ),
            (
                &stage.observer,
                &["guests", "send", "answers", "more"],
                &[
                    "/invites",
                    "/guests",
                    "/invites?open=yes",
                    "/print",
                    "/answers",
                    "/reports#kitchen",
                    "/gifts",
                    "/uploads",
                    "/reports",
                    "/members",
                    "/notifications",
                    "/help",
                ],
            ),
        ] {
            let mut visitor = stage.visitor(host);
            let groups: Vec<_> = groups
                .iter()
                .map(|group| format!("{HOME}/menu/{group}"))
                .collect();
            assert_eq!(menu(&visitor.get(HOME).await), groups);
            let mut found = Vec::new();
            for group in &groups {
                let page = visitor.get(group).await.with(200);
                let unfolded = menu(&page)
                    .into_iter()
                    .filter(|href| !groups.contains(href));
                for href in unfolded {
                    // On phones the page itself leads there.
                    let (_, main) = page.body.split_once("<main").unwrap();
                    assert!(main.contains(&format!("<a href=\"{href}\">")), "{href}");
                    let at = href.split('#').next().unwrap_or_default();
                    let page = visitor.get(at).await.with(200);
                    let here = page.body.matches("aria-current=\"page\"").count();
                    assert!(here > 0, "{at}");
                    found.push(href.trim_start_matches(HOME).to_owned());
                }
            }
            assert_eq!(found, pages);
        }
        let mut observer = stage.visitor(&stage.observer);
        for refused in ["/menu/invitation", "/menu/nothing"] {
            observer.get(&format!("{HOME}{refused}")).await.expect(404);
        }
        let moved = observer.get(&format!("{HOME}/more")).await;
        let more = format!("{HOME}/menu/more");
        assert_eq!(moved.expect(308).location(), Some(&*more));
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
fn an_invitation_begins_with_its_answers_and_ends_with_the_rarest_act() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/invites/{id}")).await;
        let (_, body) = page.body.split_once("<main").unwrap();
        let order = [
            "id=\"part-answers\"",
            "/answers\"",
            "id=\"code-card\"",
            "/sent\"",
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
            // Hosts read the guests' page as guests do, whose walk begins elsewhere.
            let of_guests: &[&str] = if start == HOME { &[] } else { &["/o/"] };
            let is_ours = ["/admin", "/me", "/invite", "/login"]
                .iter()
                .chain(of_guests)
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
fn help_answers_what_hosts_ask_and_names_who_can_help() {
    on_default(async |stage| {
        let at = format!("{HOME}/help");
        let page = stage.visitor(&stage.owner).get(&at).await.with(200);
        for topic in [
            "send", "owing", "no-phone", "called", "day", "look", "print", "table", "food",
            "thanks", "pictures", "words",
        ] {
            let question = stage.say(&format!("host-help-{topic}"));
            let answer = stage.say(&format!("host-help-{topic}-answer"));
            let words = page.text();
            assert!(
                words.contains(&question) && words.contains(&answer),
                "{topic}"
            );
        }
        let links: Vec<String> = page.links().into_iter().map(|link| link.href).collect();
        for path in [
            "/send",
            "/send/unanswered",
            "/print",
            "/settings/events",
            "/see",
        ] {
            assert!(
                links.contains(&format!("{HOME}{path}")),
                "{path}: {links:?}"
            );
        }
        // Who may not change an event reads how, without a link that refuses them.
        let seen = stage.visitor(&stage.observer).get(&at).await.with(200);
        let (_, main) = seen.body.split_once("<main").unwrap();
        let (main, _) = main.split_once("</main>").unwrap();
        assert!(!main.contains(&format!("{HOME}/settings/events")));
        // The owner of the occasion is named to others, without an address for observers.
        assert!(main.contains(&stage.say("host-help-owners")));
        assert!(!main.contains("mailto:"), "{main}");
    });
}

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

#[test]
fn answers_without_a_code_are_in_the_menu_where_they_are_taken() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let label = stage.say("host-menu-open-rsvp");
        for is_taken in [true, false] {
            let change = move |occasion: &mut Occasion| occasion.switches.open_rsvp = is_taken;
            stage.details(change).await;
            let menu = owner.get(&format!("{HOME}/menu/guests")).await.with(200);
            let found = leads_to(&menu, &label, &format!("{HOME}/invites?open=yes"));
            assert_eq!(found, is_taken, "{:?}", menu.links());
        }
    });
}
