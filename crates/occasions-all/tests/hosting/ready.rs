//! Tests of the page that lists the points that are not ready. Each point is shown only while it is
//! open, and agrees with the list that it links to. Each role is offered only actions that it may
//! take.

use jiff::SignedDuration;
use occasions::announcement::Announcement;
use occasions::gift::Gift;
use occasions::hosting::ready::{self, OpenPoint, Ready};
use occasions::hosting::{answers, open_rsvp, resource};
use occasions::occasion::Contact;
use occasions::question::Question;
use occasions::token_scopes::{OCCASION_READ, RSVPS_READ};
use occasions::words::{OccasionStatus, ReplyStatus};
use platform::mail::suppression::{self, Cause};
use platform::mail::{Address, Stream};
use platform::{Rows, Sql, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor};
use web::{I18n, Input};

use crate::pages::HOME;
use crate::parts::{portal, reply, version};
use crate::stage::{Host, Stage, on_default};

async fn found(stage: &Stage<'_>, host: &Host) -> Ready {
    let site = stage.site.clone();
    let look = move |tx: &mut platform::Tx<'_>, host: &occasions::hosting::HostOf| {
        ready::load(tx, &site, host)
    };
    stage.act(host, look).await.unwrap()
}

/// Finds an open point as the owner sees it. `of` names the object of the point, such as an event.
/// It is empty if the point has none.
async fn point(stage: &Stage<'_>, word: &str, of: &str) -> Option<OpenPoint> {
    let found = found(stage, &stage.owner).await;
    assert_eq!(found.open, found.points.len());
    let mut points = found.points.into_iter();
    points.find(|one| one.point.word() == word && one.of.as_deref().unwrap_or_default() == of)
}

async fn count(stage: &Stage<'_>, word: &str, of: &str) -> i64 {
    point(stage, word, of).await.map_or(0, |one| one.count)
}

/// Runs a statement whose only parameter is an invitation's code or an event's key.
async fn set(stage: &Stage<'_>, statement: Sql, name: &'static str) {
    stage
        .change(move |tx| tx.run(statement, &[&name], Rows::Any).map(drop))
        .await;
}

/// Returns the number of entries in a filtered list.
async fn listed(stage: &Stage<'_>, host: &Host, list: &str) -> i64 {
    let mark = if list.contains('?') { '&' } else { '?' };
    let address = stage.at(&format!("{list}{mark}limit=1"));
    let page = stage.visitor(host).get(&address).await;
    page.with(200).json()["total"].as_i64().unwrap()
}

#[test]
fn what_the_hosts_have_not_set_up_is_told_until_it_is() {
    on_default(async |stage| {
        for (word, of) in [
            ("draft", ""),
            ("no_invitations", ""),
            ("no_contact", ""),
            ("no_deadline", ""),
            ("deadline_passed", ""),
            ("news_unpublished", ""),
            ("no_place", "brunch"),
        ] {
            assert_eq!(count(stage, word, of).await, 0, "{word}");
        }
        stage.status(OccasionStatus::Draft).await;
        assert_eq!(count(stage, "draft", "").await, 1);
        stage.status(OccasionStatus::Published).await;

        // The event has a venue but no address. A venue alone counts as a place.
        let no_address = sql!("UPDATE event SET address = '' WHERE key = $1");
        set(stage, no_address, "brunch").await;
        assert_eq!(count(stage, "no_place", "brunch").await, 0);
        set(
            stage,
            sql!("UPDATE event SET venue = '' WHERE key = $1"),
            "brunch",
        )
        .await;
        assert_eq!(count(stage, "no_place", "brunch").await, 1);

        stage.details(|one| one.contact = Contact::default()).await;
        assert_eq!(count(stage, "no_contact", "").await, 1);
        stage
            .details(|one| one.contact.phone = "012-345 6789".to_owned())
            .await;
        assert_eq!(count(stage, "no_contact", "").await, 0);

        stage.details(|one| one.rsvp_deadline = None).await;
        assert_eq!(count(stage, "no_deadline", "").await, 1);
        let past = stage.world.clock.now() - SignedDuration::from_secs(1);
        stage
            .details(move |one| one.rsvp_deadline = Some(past))
            .await;
        assert_eq!(count(stage, "no_deadline", "").await, 0);
        let owing = listed(
            stage,
            &stage.owner,
            "/invitations?invited=yes&response=pending",
        )
        .await;
        assert!(owing > 0);
        assert_eq!(count(stage, "deadline_passed", "").await, owing);

        set(
            stage,
            sql!("UPDATE invitation SET archived_at = 1 WHERE code <> $1"),
            "",
        )
        .await;
        assert_eq!(count(stage, "no_invitations", "").await, 1);
        let left = found(stage, &stage.owner).await;
        let words: Vec<_> = left.points.iter().map(|one| one.point.word()).collect();
        for word in ["unreachable", "not_sent", "owing", "deadline_passed"] {
            assert!(!words.contains(&word), "{word}: archived ones are counted");
        }
    });
}

async fn create<R: resource::Resource<Parent = occasions::hosting::HostOf>>(
    stage: &Stage<'_>,
    new: Value,
) {
    let new = Input::from(new);
    let change = move |tx: &mut platform::Tx<'_>, host: &occasions::hosting::HostOf| {
        resource::create::<R>(tx, host, &new).map(drop)
    };
    stage.done(change).await;
}

#[test]
fn texts_that_lack_a_language_are_counted_where_guests_read_them() {
    on_default(async |stage| {
        let missing = async |of: &str| {
            let found = point(stage, "texts_missing", of).await;
            found.map(|one| (one.count, one.languages))
        };
        let all_but = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect());
        let lacks = |count, tags: &[&str]| all_but(tags).map(|tags: Vec<String>| (count, tags));
        // The occasion has five languages. The demo's schedule is written in two of them, and its
        // page in three.
        assert_eq!(missing("events").await, lacks(9, &["ar", "it", "zh-Hans"]));
        assert_eq!(missing("pages").await, lacks(2, &["ar", "zh-Hans"]));
        assert_eq!(missing("texts").await, None);
        stage
            .details(|one| one.farewell = I18n::from_iter([("en".to_owned(), "Bye".to_owned())]))
            .await;
        let four = ["ar", "it", "ms", "zh-Hans"];
        assert_eq!(missing("texts").await, lacks(4, &four));

        let title = json!({ "en": "Parking" });
        create::<Announcement>(stage, json!({ "title": title })).await;
        assert_eq!(missing("news").await, None, "guests do not see it");
        assert_eq!(count(stage, "news_unpublished", "").await, 1);
        create::<Announcement>(stage, json!({ "title": title, "published": true })).await;
        assert_eq!(missing("news").await, lacks(4, &four));
        assert_eq!(count(stage, "news_unpublished", "").await, 1);

        create::<Question>(stage, crate::questions::bus()).await;
        assert_eq!(missing("questions").await, lacks(12, &four));
        let hosts = sql!("UPDATE question SET hosts_only = 1 WHERE key = $1");
        set(stage, hosts, "bus").await;
        assert_eq!(missing("questions").await, None, "guests are not asked");

        create::<Gift>(stage, json!({ "name": { "en": "Oven" } })).await;
        assert_eq!(missing("gifts").await, None, "gifts are off");
        stage.switch(|switches| switches.gifts = true).await;
        assert_eq!(missing("gifts").await, lacks(4, &four));

        set(
            stage,
            sql!("UPDATE occasion_page SET audience = 'nobody' WHERE key = $1"),
            "travel",
        )
        .await;
        assert_eq!(missing("pages").await, None, "guests do not see it");
        stage
            .details(|one| one.languages = vec!["ms".to_owned()])
            .await;
        assert_eq!(missing("events").await, None);
    });
}

#[test]
fn households_are_counted_as_their_lists_count_them() {
    on_default(async |stage| {
        let owner = &stage.owner;
        let lists = [
            ("unreachable", "/invitations?contact=no&answered=no"),
            ("not_sent", "/invitations?invited=no"),
            ("owing", "/invitations?invited=yes&response=pending"),
            ("unapproved", "/invitations?open=waiting"),
        ];
        let agree = async || {
            let mut counted = Vec::new();
            for (word, list) in lists {
                let number = count(stage, word, "").await;
                assert_eq!(number, listed(stage, owner, list).await, "{word}");
                counted.push(number);
            }
            <[i64; 4]>::try_from(counted).unwrap()
        };
        let begin = agree().await;
        let clear = sql!(
            "UPDATE invitation SET email = NULL, phone = NULL, address = NULL WHERE code = $1"
        );
        set(
            stage,
            sql!("UPDATE invitation SET sent_at = NULL WHERE code = $1"),
            "RAHMA",
        )
        .await;
        set(stage, clear, "RAHMA").await;
        let unreachable = agree().await;
        assert_eq!(unreachable[0], begin[0] + 1);
        let address = sql!("UPDATE invitation SET address = '1 High Street' WHERE code = $1");
        set(stage, address, "RAHMA").await;
        assert_eq!(agree().await[0], begin[0], "a postal address is a way, too");

        set(
            stage,
            sql!("UPDATE invitation SET sent_at = 1 WHERE code = $1"),
            "RAHMA",
        )
        .await;
        let sent = agree().await;
        assert_eq!((sent[1], sent[2]), (unreachable[1] - 1, unreachable[2] + 1));

        // The household has no address, but has already answered, so nobody needs to reach it.
        set(stage, clear, "RAHMA").await;
        let id = stage.invitation("RAHMA").await;
        let guest = portal(stage, &id).await.household.guests[0].id.clone();
        let seen = version(stage, &id).await;
        stage
            .done(move |tx, host| {
                let no = reply(ReplyStatus::No);
                answers::reply(tx, host, &guest, "reception", seen, &no).map(drop)
            })
            .await;
        assert_eq!(agree().await[0], begin[0]);

        let saved = stage
            .answer(json!({ "name": "Mei", "attending": true }))
            .await;
        let mei = saved.unwrap().id;
        let open = agree().await;
        assert_eq!((open[1], open[3]), (sent[1], begin[3] + 1));
        // A household that answered without a code needs no invitation, even if some of its answers
        // are missing.
        let other = mei.clone();
        stage
            .change(move |tx| {
                let undecided = sql!(
                    "UPDATE reply SET status = 'undecided'
                     WHERE guest IN (SELECT id FROM guest WHERE invitation = $1)"
                );
                tx.run(undecided, &[&other], Rows::Any).map(drop)
            })
            .await;
        assert_eq!(agree().await[1], sent[1]);
        stage
            .done(move |tx, host| open_rsvp::approve(tx, host, &mei, None).map(drop))
            .await;
        assert_eq!(agree().await[3], begin[3]);
    });
}

#[test]
fn an_address_from_which_mail_came_back_is_named_to_those_who_see_addresses() {
    on_default(async |stage| {
        let suppress = async |cause: Cause| {
            let key = stage.site.keys.key(suppression::PURPOSE);
            let address: Address = "rahman@example.com".parse().unwrap();
            stage
                .done(move |tx, _| Ok(suppression::record(tx, &key, &address, cause)?))
                .await;
        };
        let key = stage.site.keys.key(suppression::PURPOSE);
        let rossi: Address = "rossi@example.com".parse().unwrap();
        let scope = stage.occasion.as_str();
        let link = suppression::unsubscribe_link(&key, &rossi, Stream::Marketing, Some(scope));
        stage.nobody().post(&link, &[]).await.expect(200);
        // The household unsubscribed on purpose, so its mail does not count as failing.
        assert_eq!(count(stage, "mail_fails", "").await, 0);
        suppress(Cause::HardBounce).await;
        let named = point(stage, "mail_fails", "").await.unwrap();
        assert_eq!(named.count, 1);
        let names: Vec<_> = named.households.iter().map(|one| &*one.name).collect();
        assert_eq!(names, ["Keluarga Encik Rahman"]);
        for (host, sees) in [(&stage.coordinator, true), (&stage.observer, false)] {
            let points = found(stage, host).await.points;
            let told = points.iter().any(|one| one.point.word() == "mail_fails");
            assert_eq!(told, sees);
            let page = stage.visitor(host).get(&format!("{HOME}/ready")).await;
            assert_eq!(page.text().contains("Keluarga Encik Rahman"), sees);
        }
        let lift =
            |tx: &mut platform::Tx<'_>| tx.run(sql!("DELETE FROM suppression"), &[], Rows::Any);
        stage.site.store.write(lift).await.unwrap();
        assert_eq!(count(stage, "mail_fails", "").await, 0);
    });
}

#[test]
fn meals_are_open_until_everybody_who_comes_has_chosen() {
    on_default(async |stage| {
        assert_eq!(count(stage, "meal_open", "main").await, 0);
        create::<Question>(stage, crate::meals::main_course(&json!({}))).await;
        let coming = listed(stage, &stage.owner, "/guests?event=reception&status=yes").await;
        assert!(coming > 1);
        assert_eq!(count(stage, "meal_open", "main").await, coming);
        stage
            .change(|tx| {
                let choose = sql!(
                    "INSERT INTO answer (invitation, question, guest, value)
                     SELECT guest.invitation, question.id, guest.id, '\"fish\"'
                     FROM question JOIN event ON event.key = 'reception'
                     JOIN reply ON reply.event = event.id AND reply.status = 'yes'
                     JOIN guest ON guest.id = reply.guest
                     WHERE question.key = 'main' ORDER BY guest.id LIMIT 1"
                );
                tx.run(choose, &[], Rows::Exactly(1)).map(drop)
            })
            .await;
        assert_eq!(count(stage, "meal_open", "main").await, coming - 1);
        let page = stage
            .visitor(&stage.owner)
            .get(&format!("{HOME}/ready"))
            .await;
        let mut links = page.links().into_iter();
        let list = links.find(|link| link.href.contains("/guests?")).unwrap();
        let (_, query) = list.href.split_once('?').unwrap();
        let guests = listed(stage, &stage.owner, &format!("/guests?{query}")).await;
        assert_eq!(guests, coming - 1);
        set(
            stage,
            sql!("UPDATE question SET active = 0 WHERE key = $1"),
            "main",
        )
        .await;
        assert_eq!(count(stage, "meal_open", "main").await, 0);
    });
}

/// Makes as many points open as one occasion can have.
async fn neglect(stage: &Stage<'_>) {
    create::<Question>(stage, crate::meals::main_course(&json!({}))).await;
    create::<Announcement>(stage, json!({ "title": { "en": "Parking" } })).await;
    stage.switch(|switches| switches.gifts = true).await;
    create::<Gift>(stage, json!({ "name": { "en": "Oven" } })).await;
    let place = sql!("UPDATE event SET venue = '', address = '' WHERE key = $1");
    set(stage, place, "brunch").await;
    let contact = stage.details(|one| {
        one.contact = Contact::default();
        one.rsvp_deadline = None;
        one.farewell = I18n::from_iter([("en".to_owned(), "Bye".to_owned())]);
    });
    contact.await;
    set(
        stage,
        sql!("UPDATE invitation SET sent_at = 1 WHERE code = $1"),
        "RAHMA",
    )
    .await;
    let saved = stage
        .answer(json!({ "name": "Mei", "attending": true }))
        .await;
    saved.unwrap();
    set(
        stage,
        sql!(
            "UPDATE reply SET status = 'waitlisted'
             WHERE event = (SELECT id FROM event WHERE key = $1)
               AND guest = (SELECT MIN(guest.id) FROM guest
                   JOIN invitation ON invitation.id = guest.invitation
                   WHERE invitation.code = 'RAHMA')"
        ),
        "reception",
    )
    .await;
}

/// Returns the links in the points on the page.
fn presses(page: &Page) -> Vec<String> {
    let main = page.body.split("<main").nth(1).unwrap();
    let links = page.links().into_iter().map(|link| link.href);
    links
        .filter(|href| href.starts_with(HOME))
        .filter(|href| main.contains(&format!("href=\"{}\"", href.replace('&', "&amp;"))))
        .collect()
}

#[test]
fn each_role_is_offered_what_it_may_press_and_every_press_leads_somewhere() {
    on_default(async |stage| {
        neglect(stage).await;
        let address = format!("{HOME}/ready");
        let mut numbers = Vec::new();
        for host in [&stage.owner, &stage.coordinator, &stage.observer] {
            let mut visitor = stage.visitor(host);
            let page = visitor.get(&address).await.with(200);
            let open = i64::try_from(found(stage, host).await.open).unwrap();
            let words = stage.fill("host-ready-open", [("n", open.into())]);
            assert!(page.text().contains(&words), "{}", page.text());
            let home = visitor.get(HOME).await;
            let words = stage.fill("host-home-all", [("n", open.into())]);
            assert!(home.text().contains(&words), "{}", home.text());
            let presses = presses(&page);
            for href in &presses {
                visitor.get(href).await.expect(200);
            }
            numbers.push(presses.len());
        }
        assert!(
            numbers[0] > numbers[1] && numbers[1] > numbers[2],
            "{numbers:?}"
        );
        for (host, may) in [
            (&stage.owner, true),
            (&stage.coordinator, true),
            (&stage.observer, false),
        ] {
            let page = stage.visitor(host).get(&address).await;
            assert_eq!(
                page.text().contains(&stage.say("host-ready-do-remind")),
                may
            );
            assert!(page.text().contains(&stage.say("host-ready-see")));
        }
        let page = stage.visitor(&stage.coordinator).get(&address).await;
        assert!(!page.text().contains(&stage.say("host-ready-do-deadline")));
        for (language, words) in [("en", "Is it ready?"), ("ms", "Sudah sedia?")] {
            let mut owner = stage.visitor(&stage.owner);
            owner.set_cookie("kd_lang", language);
            let page = owner.get(&address).await;
            assert!(page.text().contains(words), "{}", page.text());
        }
        stage
            .visitor(&stage.stranger)
            .get(&address)
            .await
            .expect(404);
        assert_eq!(stage.site.catalogue.missing(), [""; 0]);
    });
}

#[test]
fn a_draft_is_published_from_the_page_and_shown_there_again() {
    on_default(async |stage| {
        stage.status(OccasionStatus::Draft).await;
        let (address, state) = (format!("{HOME}/ready"), format!("{HOME}/settings/state"));
        let draft = stage.say("host-ready-draft");
        for host in [&stage.coordinator, &stage.observer] {
            let page = stage.visitor(host).get(&address).await;
            assert!(page.text().contains(&draft), "{}", page.text());
            assert!(page.forms().iter().all(|form| form.action != state));
        }
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&address).await;
        let form = page
            .forms()
            .into_iter()
            .find(|form| form.action == state && form.value("back") == Some(&*address));
        let done = owner.submit(&page, &form.unwrap()).await;
        let page = owner.follow(done).await;
        assert!(page.address.starts_with(&address), "{}", page.address);
        assert!(!page.text().contains(&draft));
    });
}

#[test]
fn after_the_day_only_thanks_are_open() {
    on_default(async |stage| {
        neglect(stage).await;
        let mut owner: Visitor = stage.visitor(&stage.owner);
        let open = found(stage, &stage.owner).await;
        assert!(!open.is_over && open.open > 10, "{open:#?}");
        let ended = sql!("UPDATE event SET starts_at = 1, ends_at = 2 WHERE key <> $1");
        set(stage, ended, "brunch").await;
        assert!(!found(stage, &stage.owner).await.is_over);
        set(
            stage,
            sql!("UPDATE event SET starts_at = 1, ends_at = 2 WHERE key = $1"),
            "brunch",
        )
        .await;
        let thanks = found(stage, &stage.owner).await;
        let words: Vec<_> = thanks.points.iter().map(|one| one.point.word()).collect();
        assert!(thanks.is_over);
        assert_eq!(words, ["unthanked_coming"]);
        let nobody_came = sql!("UPDATE reply SET status = 'no' WHERE status <> $1");
        set(stage, nobody_came, "no").await;
        let nothing = Ready {
            is_over: true,
            ..Ready::default()
        };
        assert_eq!(found(stage, &stage.owner).await, nothing);
        let page = owner.get(&format!("{HOME}/ready")).await;
        assert!(page.text().contains(&stage.say("host-ready-over")));
        let home = owner.get(HOME).await;
        assert!(home.text().contains(&stage.say("host-ready-over")));
        assert!(!home.body.contains("part-then"));
    });
}

#[test]
fn after_the_last_event_home_tells_how_the_answers_ended_and_invites_nobody() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let expected = ["host-coming", "host-home-to-answer", "reply-no"];
        let ended = [
            "host-home-said-yes",
            "host-home-did-not-answer",
            "host-home-said-no",
        ];
        let seats = stage.say("host-home-seats");
        let to_send = " to send";
        let home = owner.get(HOME).await.with(200);
        let figures = part(&home, "figures");
        for label in expected {
            assert!(figures.contains(&*stage.say(label)), "{label}: {figures}");
        }
        assert!(figures.contains(&*seats) && home.text().contains(to_send));
        assert!(!part(&home, "next").contains("/uploads\""));

        let over = sql!("UPDATE event SET starts_at = 1, ends_at = 2 WHERE key <> $1");
        set(stage, over, "").await;
        let home = owner.get(HOME).await.with(200);
        let figures = part(&home, "figures");
        for label in ended {
            assert!(figures.contains(&*stage.say(label)), "{label}: {figures}");
        }
        assert!(!figures.contains(&*stage.say("host-home-to-answer")));
        assert!(!figures.contains(&*seats), "{figures}");
        assert!(!home.text().contains(to_send), "{}", home.text());
        let next = part(&home, "next");
        assert!(next.contains("/send/thanks\"") && next.contains("/uploads\""));
    });
}

/// Returns a part of home.
fn part(home: &Page, name: &str) -> String {
    let (_, part) = home
        .body
        .split_once(&format!("id=\"part-{name}\""))
        .unwrap();
    let end = part.find("<section").unwrap_or(part.len());
    part[..end].to_owned()
}

#[test]
fn programs_read_the_same_points() {
    on_default(async |stage| {
        neglect(stage).await;
        let mut program = stage.program(&stage.owner, &[RSVPS_READ]).await;
        let told = program.get(&stage.at("/ready")).await.with(200).json();
        let same = serde_json::to_value(found(stage, &stage.owner).await).unwrap();
        assert_eq!(told, same);
        let mut other = stage.program(&stage.owner, &[OCCASION_READ]).await;
        other.get(&stage.at("/ready")).await.expect(403);
    });
}
