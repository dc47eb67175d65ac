//! Tests of hosts' pages in a browser without JavaScript, in both languages and for every role.
//! Each number on a page must link to a list with exactly that many entries.

use occasions::hosting::summary;
use testkit::Page;

use crate::numbers::decline_one_event;
use crate::stage::{Stage, on_default};

/// Pages of an occasion that have no id in their paths.
const PAGES: [&str; 31] = [
    "",
    "/answers",
    "/answers/days",
    "/invites",
    "/invites?response=pending&access=open&q=a&sort=replied",
    "/invites/new",
    "/send",
    "/guests",
    "/guests?status=eating&diet=halal&event=reception",
    "/ready",
    "/reports",
    "/print",
    "/print/cards",
    "/print/labels",
    "/print/places?event=reception",
    "/settings",
    "/settings/deadline",
    "/settings/look",
    "/settings/cover",
    "/settings/switches",
    "/settings/contact",
    "/settings/languages",
    "/settings/basics",
    "/settings/state",
    "/settings/events",
    "/settings/events/new",
    "/members",
    "/audit",
    "/help",
    "/menu/guests",
    "/menu/more",
];

pub(crate) const HOME: &str = "/admin/o/aisyah-daniel";

/// The pages of an invitation. Each path is relative to the invitation's own path.
const OF_INVITATION: [&str; 5] = [
    "",
    "/edit",
    "/preview",
    "/preview/page?language=ar",
    "/guests/new",
];

async fn addresses(stage: &Stage<'_>) -> Vec<String> {
    let mut all = vec!["/admin".to_owned()];
    all.extend(PAGES.iter().map(|rest| format!("{HOME}{rest}")));
    let id = stage.invitation("RAHMA").await;
    all.extend(
        OF_INVITATION
            .iter()
            .map(|rest| format!("{HOME}/invites/{id}{rest}")),
    );
    let mut owner = stage.visitor(&stage.owner);
    for (page, text) in [
        (
            format!("{HOME}/invites/{id}"),
            format!("{}, Rahman bin Ali", stage.say("host-change")),
        ),
        (format!("{HOME}/settings/events"), "Reception".to_owned()),
    ] {
        all.push(owner.get(&page).await.link(&text).href);
    }
    all
}

fn check(page: &Page) {
    page.expect(200);
    let body = &page.body;
    assert_eq!(body.matches("<h1").count(), 1, "{}", page.address);
    assert_eq!(body.matches("<main").count(), 1, "{}", page.address);
    assert!(!body.contains("style=\""), "{}", page.address);
    assert!(body.contains("</html>"), "{}", page.address);
    assert!(
        page.header("cache-control").contains("no-store"),
        "{}",
        page.address
    );
    let ids: Vec<&str> = body.split(" id=\"").skip(1).collect();
    let ids = ids.iter().map(|rest| rest.split('"').next());
    let mut seen = std::collections::BTreeSet::new();
    for id in ids {
        assert!(seen.insert(id), "{} has {id:?} twice", page.address);
    }
    let filled = body.matches("<button>").count() + body.matches("class=\"button\"").count();
    assert!(filled <= 2, "{} has {filled} filled buttons", page.address);
}

#[test]
fn every_page_is_there_in_both_languages() {
    on_default(async |stage| {
        for language in ["en", "ms"] {
            let mut owner = stage.visitor(&stage.owner);
            owner.set_cookie("kd_lang", language);
            for address in addresses(stage).await {
                let page = owner.get(&address).await;
                check(&page);
                if !address.contains("/preview/page") {
                    let tag = format!("<html lang=\"{language}\"");
                    assert!(page.body.contains(&tag), "{address}");
                }
            }
        }
        assert_eq!(stage.site.catalogue.missing(), [""; 0]);
    });
}

#[test]
fn each_role_finds_its_pages_and_no_others() {
    on_default(async |stage| {
        let all = addresses(stage).await;
        let is_for = |address: &str, role: &str| {
            let writes = address.contains("/edit")
                || address.ends_with("/new")
                || address.ends_with("/send")
                || address.ends_with("/print/cards")
                || address.ends_with("/print/labels")
                || address.contains("/guests/")
                || address.contains("/settings")
                || address.ends_with("/audit");
            let is_section = address.contains("/settings/") && !address.contains("/events");
            let owns = is_section || address.ends_with("/settings/events/new");
            match role {
                "owner" => true,
                "coordinator" => !owns,
                _ => !writes,
            }
        };
        for (role, host) in [
            ("owner", &stage.owner),
            ("coordinator", &stage.coordinator),
            ("observer", &stage.observer),
        ] {
            let mut visitor = stage.visitor(host);
            for address in &all {
                let page = visitor.get(address).await;
                let expected = if is_for(address, role) { 200 } else { 403 };
                assert_eq!(page.status.as_u16(), expected, "{role} {address}");
            }
            let overview = visitor.get(HOME).await;
            for link in overview.links() {
                if link.href.starts_with(HOME) {
                    let page = visitor.get(&link.href).await;
                    assert_eq!(page.status.as_u16(), 200, "{role} is shown {}", link.href);
                }
            }
        }
        let mut stranger = stage.visitor(&stage.stranger);
        let mut nobody = stage.nobody();
        nobody.header("accept", "text/html");
        for address in &all {
            if address != "/admin" {
                stranger.get(address).await.expect(404);
            }
            let page = nobody.get(address).await;
            let to = page.location().unwrap_or_default();
            assert!(to.starts_with("/login"), "{address}: {} {to}", page.status);
        }
    });
}

#[test]
fn observers_see_neither_codes_nor_contacts_and_change_nothing() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut observer = stage.visitor(&stage.observer);
        let mut owner = stage.visitor(&stage.owner);
        for rest in [
            "/invites",
            &format!("/invites/{id}"),
            &format!("/invites/{id}/preview/page"),
        ] {
            let address = format!("{HOME}{rest}");
            let page = observer.get(&address).await;
            page.expect(200);
            for secret in ["RAHMA", "rahman@example.com"] {
                assert!(!page.body.contains(secret), "{secret} on {address}");
            }
            assert!(
                owner.get(&address).await.body.contains("RAHMA"),
                "{address}"
            );
        }
        for (rest, fields) in [
            ("/answers", &[("version", "1")][..]),
            ("/lock", &[("version", "1")]),
            ("/archive", &[("version", "1")]),
            ("/sent", &[("sent", "1")]),
            ("/guests/new", &[("name", "Mei")]),
        ] {
            let page = observer
                .post(&format!("{HOME}/invites/{id}{rest}"), fields)
                .await;
            assert_eq!(page.status.as_u16(), 403, "{rest}");
        }
        for rest in ["/settings/texts", "/members/invite", "/settings/events/new"] {
            let page = observer
                .post(&format!("{HOME}{rest}"), &[("role", "observer")])
                .await;
            assert_eq!(page.status.as_u16(), 403, "{rest}");
        }
        let written = stage.actions().await;
        let kinds = [
            "invitation.",
            "guest.",
            "rsvp.",
            "occasion.",
            "event.",
            "invite.",
        ];
        let changes = written
            .iter()
            .filter(|one| kinds.iter().any(|kind| one.starts_with(kind)));
        assert_eq!(changes.count(), 0, "{written:?}");
    });
}

#[test]
fn a_phone_shows_the_boxes_when_somebody_wants_to_select() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let list = format!("{HOME}/invites?limit=25&response=attending");
        let first = owner.get(&list).await;
        let second = owner
            .get(&first.link(&stage.say("host-next-page")).href)
            .await;
        assert!(second.body.contains("class=\"resting\""));
        let link = second.link(&stage.say("host-select")).href;
        let selecting = owner.get(&link).await;
        assert!(!selecting.body.contains("class=\"resting\""));
        let range = |page: &Page| page.text().split(" of ").next().map(str::to_owned);
        assert_eq!(
            range(&selecting).unwrap().rsplit(' ').next(),
            range(&second).unwrap().rsplit(' ').next(),
            "of the very same people"
        );
        let back = owner
            .get(&selecting.link(&stage.say("host-select-done")).href)
            .await;
        assert!(back.body.contains("class=\"resting\""));
        let seen = stage.visitor(&stage.observer).get(&list).await;
        assert!(
            !seen.body.contains(&stage.say("host-select")),
            "nothing to select"
        );
    });
}

/// Returns the total of a list, as its page shows it.
fn total(stage: &Stage<'_>, page: &Page) -> String {
    let text = page.text();
    if text.contains(&stage.say("host-nothing-found")) {
        return "0".to_owned();
    }
    let (_, after) = text.split_once(" of ").unwrap_or_else(|| panic!("{text}"));
    let all: Vec<&str> = text.split(" of ").collect();
    let mut ranges = all
        .windows(2)
        .filter(|pair| pair[0].ends_with(|c: char| c.is_ascii_digit()));
    let range = ranges.next_back().map_or(after, |pair| pair[1]);
    range.chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn every_number_of_the_overview_opens_the_list_that_shows_it() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let overview = owner.get(&format!("{HOME}/answers")).await;
        let mut followed = 0;
        for link in overview.links() {
            let number: String = link.text.chars().take_while(char::is_ascii_digit).collect();
            if number.is_empty() || !link.href.contains('?') {
                continue;
            }
            let list = owner.get(&link.href).await;
            list.expect(200);
            assert_eq!(total(stage, &list), number, "{} ({})", link.href, link.text);
            followed += 1;
        }
        assert!(followed > 20, "{followed}");
    });
}

#[test]
fn every_number_of_home_opens_the_list_that_shows_it_and_one_thing_is_next() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let home = owner.get(HOME).await;
        let (_, figures) = home.body.split_once("id=\"part-figures\"").unwrap();
        let (figures, _) = figures.split_once("</ul>").unwrap();
        let mut followed = 0;
        for link in home.links() {
            let is_figure = figures.contains(&format!("href=\"{}\"", link.href));
            // The seats that are left have no list; their link shows who has the others.
            if !is_figure || link.text.contains(&*stage.say("host-home-seats")) {
                continue;
            }
            let after = link.text.trim_start_matches(|c: char| !c.is_ascii_digit());
            let number: String = after.chars().take_while(char::is_ascii_digit).collect();
            let list = owner.get(&link.href).await;
            if link.href.ends_with("/send/unanswered") {
                if number.is_empty() {
                    continue;
                }
                let n: i64 = number.parse().unwrap();
                let title = stage.fill("host-send-owing", [("n", n.into())]);
                assert!(list.text().contains(&title), "{}", list.text());
                followed += 1;
                continue;
            }
            assert_eq!(total(stage, &list), number, "{} ({})", link.href, link.text);
            followed += 1;
        }
        assert_eq!(followed, 3);
        let values = [("count", 4.into()), ("n", 4.into())];
        let not_sent = stage.fill("host-ready-not-sent", values);
        let (_, next) = home.body.split_once("id=\"part-next\"").unwrap();
        let (next, _) = next.split_once("</section>").unwrap();
        assert!(next.contains(&*not_sent), "{next}");
        assert!(next.contains(&format!("href=\"{HOME}/send\"")), "{next}");
    });
}

#[test]
fn the_numbers_of_households_add_up() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let overview = owner.get(&format!("{HOME}/answers")).await;
        let number = |query: &str| -> i64 {
            let href = format!("{HOME}/invites?{query}");
            let mut links = overview.links().into_iter();
            let link = links.rfind(|link| link.href == href).unwrap();
            let digits: String = link.text.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap()
        };
        for parts in [
            [
                "response=complete",
                "response=partial",
                "response=unanswered",
            ],
            ["access=open", "access=closed", "access=locked"],
        ] {
            assert_eq!(parts.map(number).iter().sum::<i64>(), 40, "{parts:?}");
        }
    });
}

#[test]
fn whoever_declined_one_event_of_two_is_shown_as_having_declined_so_far() {
    on_default(async |stage| {
        decline_one_event(stage).await;
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        let (partly, declined) = (
            stage.say("host-response-begun"),
            stage.say("host-person-partial"),
        );
        let people = stage.done(summary::load).await.guests;
        let so_far = stage.fill("host-home-so-far", [("n", people.partial.into())]);
        let [four_partly, four_open] =
            ["host-tag-partial", "host-tag-pending"].map(|tag| stage.fill(tag, [("n", 4.into())]));
        let server = stage.say("host-server");
        for (page, words) in [
            ("/guests?q=rahman+bin+ali", &declined),
            ("/invites?q=rahman", &four_partly),
            (
                &format!("/invites/{id}"),
                &format!("{} {partly}", stage.say("host-answers")),
            ),
            ("/answers", &declined),
            ("", &so_far),
        ] {
            let page = owner.get(&format!("{HOME}{page}")).await;
            let text = page.text();
            let (_, main) = text.split_once(&server).unwrap_or(("", &text));
            assert!(main.contains(words), "{words}: {main}");
            assert!(!main.contains(&four_open), "{main}");
        }
    });
}

#[test]
fn lists_are_walked_and_filters_taken_away() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let first = owner
            .get(&format!("{HOME}/invites?limit=25&sort=size"))
            .await;
        let [next, previous, older, newer] = [
            "host-next-page",
            "host-previous-page",
            "host-older",
            "host-newer",
        ]
        .map(|id| stage.say(id));
        let range = |from: i64, to: i64| {
            let values = [
                ("from", from.into()),
                ("to", to.into()),
                ("total", 40.into()),
            ];
            stage.fill("host-range", values)
        };
        assert!(first.text().contains(&range(1, 25)), "{}", first.text());
        let to_second = first.link(&next).href;
        let second = owner.get(&to_second).await;
        assert!(second.text().contains(&range(26, 40)), "{}", second.text());
        let to_first = second.link(&stage.say("host-first-page"));
        assert!(to_first.href.contains("limit=25"));
        let back = owner.get(&second.link(&previous).href).await;
        assert!(back.text().contains(&range(1, 25)), "{}", back.text());
        assert!(
            !back.body.contains(&format!(">{previous}<")),
            "nothing is before it"
        );
        assert_eq!(back.link(&next).href, to_second);
        for (address, on, back) in [
            ("guests?limit=20", &next, &previous),
            ("audit?limit=1", &older, &newer),
        ] {
            let rows = |page: &Page| {
                let main = page.body.split("<main").nth(1).unwrap_or_default();
                let rows = main.split("class=\"pages\"").next().unwrap_or_default();
                rows.to_owned()
            };
            let first = owner.get(&format!("{HOME}/{address}")).await;
            let second = owner.get(&first.link(on).href).await;
            assert_ne!(rows(&first), rows(&second), "{address}");
            let third = owner.get(&second.link(on).href).await;
            let again = owner.get(&third.link(back).href).await;
            let text = |page: &Page| page.text().split(" of ").next().map(str::to_owned);
            assert_eq!(text(&again), text(&second), "{address}");
        }
        let found = owner
            .get(&format!("{HOME}/invites?q=rahma&language=ms&tag=x%22"))
            .await;
        assert!(
            found.text().contains(&stage.say("host-nothing-found")),
            "{}",
            found.text()
        );
        let fewer = owner.get(&found.link("Tag “x\"”").href).await;
        assert!(
            fewer.text().contains("Keluarga Encik Rahman"),
            "{}",
            fewer.text()
        );
        owner
            .get(&format!("{HOME}/invites?response=maybe"))
            .await
            .expect(422);
        owner
            .get(&format!("{HOME}/invites?cursor=x"))
            .await
            .expect(400);
    });
}

#[test]
fn an_invitation_is_shown_to_hosts_as_its_household_sees_it() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("{HOME}/invites/{id}/preview?language=zh-Hans");
        let frame = owner.get(&address).await;
        assert!(
            frame.body.contains("preview/page?language=zh-Hans"),
            "{}",
            frame.body
        );
        let page = owner
            .get(&format!(
                "{HOME}/invites/{id}/preview/page?language=zh-Hans"
            ))
            .await;
        assert!(page.body.contains("<html lang=\"zh-Hans\""));
        assert!(
            page.body.contains("<div inert>")
                && page.body.contains(&stage.say("host-preview-notice"))
        );
        let kept = stage
            .done(move |tx, _| Ok(occasions::hosting::invitations::bookkeeping(tx, &id)?))
            .await;
        assert_eq!((kept.open_count, kept.first_opened_at), (0, None));
    });
}
