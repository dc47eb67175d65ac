//! Tests of phrases: drawing, excluding, suggesting and moderating them.

use countdowns::DOMAIN;
use countdowns::phrase::MODERATOR;
use identity::grant::{self, OWNER, Role, Scope};
use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};

use crate::stage::{Counting, Person, Stage, errors, on_default};

const ALL: &str = "/api/v1/admin/phrases";
const PENDING: &str = "/api/v1/admin/suggestions";
const SUGGESTIONS: &str = "/api/v1/suggestions";

pub(crate) async fn give(stage: &Stage<'_>, person: &Person, role: Role) {
    let id = person.who.account().id.clone();
    let change = move |tx: &mut Tx<'_>| grant::give(tx, &id, role, &Scope::site(), None);
    stage.world.store().write(change).await.unwrap();
}

async fn moderator(stage: &Stage<'_>) -> Person {
    let person = stage.person("A Moderator").await;
    give(stage, &person, MODERATOR).await;
    by_hand(person).await
}

/// Makes the person call the API from a browser, because API tokens cannot moderate phrases.
pub(crate) async fn by_hand(mut person: Person) -> Person {
    let page = person.browser.get("/me/phrases").await;
    let form = page.form("/me/phrases/suggest");
    person.program = person.browser.clone();
    let csrf = form.value("_csrf").unwrap();
    person.program.header("x-csrf-token", csrf);
    person
}

async fn add(moderator: &mut Person, text: &str) -> String {
    let made = moderator.call("POST", ALL, &json!({ "text": text })).await;
    made.expect(201);
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn suggest(person: &mut Person, text: &str) -> Value {
    let made = person
        .call("POST", SUGGESTIONS, &json!({ "text": text }))
        .await;
    made.expect(201);
    made.json()
}

pub(crate) fn expect_decision(stage: &Stage<'_>, person: &Person, became: &str) {
    let subject = format!("Your phrase was {became} – Kenduri Kami");
    stage
        .world
        .expect_mail(&person.who.account().email, &subject);
}

fn decision(suggestion: &Value, what: &str) -> String {
    format!("{PENDING}/{}/{what}", suggestion["id"].as_str().unwrap())
}

#[test]
fn one_that_is_not_hidden_is_drawn() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut moderator = moderator(stage).await;
        let mut nobody = stage.visitor();
        let drawn = "/api/v1/public/farah-ali/phrase";
        nobody.get("/api/v1/public/nobody/phrase").await.expect(404);
        // The phrases of an account without public content are not shown.
        farah.since("Hidden").await;
        nobody.get(drawn).await.expect(404);
        let empty = json!({"title": "Empty", "visibility": "public"});
        farah.make(empty).await;
        nobody.get(drawn).await.expect(404);
        farah.public("Mine").await;
        let none = nobody.get(drawn).await;
        assert_eq!(none.json(), json!({"phrase": null}));
        let [one, two] = [
            add(&mut moderator, "Keep going").await,
            add(&mut moderator, "Rest a while").await,
        ];
        let path = format!("/api/v1/phrases/{one}/exclusion");
        let again = format!("{drawn}?not={two}");
        for _ in 0..8 {
            // The previous phrase, named by `not`, is drawn again only if there is no other.
            let other = nobody.get(&format!("{drawn}?not={one}")).await;
            assert_eq!(other.json()["phrase"]["text"], "Rest a while");
        }
        for _ in 0..2 {
            farah.call("PUT", &path, &json!({})).await.expect(204);
            let left = nobody.get(&again).await;
            assert_eq!(left.json()["phrase"]["text"], "Rest a while");
        }
        let listed = farah.program.get("/api/v1/phrases").await.json();
        for item in listed["items"].as_array().unwrap() {
            assert_eq!(item["excluded"], item["id"] == json!(one));
        }
        for _ in 0..2 {
            farah.call("DELETE", &path, &json!({})).await.expect(204);
            let back = nobody.get(&again).await;
            assert_eq!(back.json()["phrase"]["text"], "Keep going");
        }

        // Nobody is shown a deactivated phrase. After it is activated again, its exclusion still
        // applies.
        farah.call("PUT", &path, &json!({})).await.expect(204);
        let at = format!("{ALL}/{one}");
        for (active, status) in [(false, 404), (true, 204)] {
            let change = json!({ "active": active });
            moderator.call("PATCH", &at, &change).await.expect(200);
            farah.call("PUT", &path, &json!({})).await.expect(status);
            let left = nobody.get(&again).await;
            assert_eq!(left.json()["phrase"]["text"], "Rest a while");
        }
        let unknown = format!("{ALL}/{}", uuid_of(&one));
        let change = json!({"active": true});
        moderator.call("PATCH", &unknown, &change).await.expect(404);
    });
}

/// Returns an id that differs from `id` in its last digit.
fn uuid_of(id: &str) -> String {
    let last = if id.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &id[..id.len() - 1])
}

#[test]
fn each_phrase_is_drawn_about_as_often() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        farah.public("Mine").await;
        let mut moderator = moderator(stage).await;
        for text in ["Keep going", "Rest a while", "Drink some water"] {
            add(&mut moderator, text).await;
        }
        let mut counts = std::collections::BTreeMap::new();
        let mut nobody = stage.visitor();
        // The test's random numbers are seeded, so the draws are the same in every run.
        for _ in 0..90 {
            let drawn = nobody.get("/api/v1/public/farah-ali/phrase").await.json();
            let text = drawn["phrase"]["text"].as_str().unwrap().to_owned();
            *counts.entry(text).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 3);
        assert!(
            counts.values().all(|count| (15..=45).contains(count)),
            "{counts:?}"
        );
    });
}

#[test]
fn a_suggestion_is_taken_in_other_words_or_turned_down() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut moderator = moderator(stage).await;
        for (text, code) in [
            ("a b", "too_short"),
            ("Onwards", "words_too_few"),
            (&*format!("x {}", "y".repeat(199)), "too_long"),
        ] {
            let refused = farah
                .call("POST", SUGGESTIONS, &json!({ "text": text }))
                .await;
            refused.expect(422);
            assert_eq!(errors(&refused), [("/text".to_owned(), code.to_owned())]);
        }
        let first = suggest(&mut farah, "  Keep \t going on ").await;
        assert_eq!(first["text"], "Keep going on");
        let alike = json!({"text": "keep GOING on!"});
        let refused = farah.call("POST", SUGGESTIONS, &alike).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "suggestion_pending");
        let second = suggest(&mut farah, "Stay in bed").await;

        // Only moderators can decide on suggestions, even on their own ones.
        let path = decision(&first, "approve");
        farah.call("POST", &path, &json!({})).await.expect(403);
        let waiting = moderator.program.get(PENDING).await.json();
        assert_eq!(waiting["items"].as_array().unwrap().len(), 2);
        let words = json!({"text": "Keep going"});
        let taken = moderator.call("POST", &path, &words).await;
        taken.expect(200);
        assert_eq!(taken.json()["state"], "approved");
        let phrases = farah.program.get("/api/v1/phrases").await.json();
        assert_eq!(phrases["items"][0]["text"], "Keep going");
        assert_eq!(phrases["items"][0]["id"], taken.json()["phrase_id"]);
        let path = decision(&second, "reject");
        let reason = json!({"reason": "Too lazy"});
        moderator.call("POST", &path, &reason).await.expect(200);
        let own = farah.program.get(SUGGESTIONS).await.json();
        let states: Vec<_> = own["items"].as_array().unwrap().iter().collect();
        let states: Vec<_> = states.iter().map(|one| &one["state"]).collect();
        assert!(states.contains(&&json!("approved")) && states.contains(&&json!("rejected")));
        for what in ["approve", "reject"] {
            let path = decision(&second, what);
            let refused = moderator.call("POST", &path, &json!({})).await;
            refused.expect(409);
            assert_eq!(refused.json()["code"], "already_moderated");
        }

        // An existing phrase cannot be suggested again, and a second suggestion of it cannot be
        // approved.
        let refused = farah.call("POST", SUGGESTIONS, &words).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "phrase_exists");
        let third = suggest(&mut farah, "Go on and on").await;
        let path = decision(&third, "approve");
        let refused = moderator
            .call("POST", &path, &json!({"text": "KEEP, going"}))
            .await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "phrase_exists");
        moderator.call("POST", &path, &json!({})).await.expect(200);

        // The author gets a mail about each decision, with a link to unsubscribe.
        expect_decision(stage, &farah, "accepted");
        expect_decision(stage, &farah, "not accepted");
        expect_decision(stage, &farah, "accepted");
        let mails = stage.world.mails().await;
        let told = |words: &[&str]| {
            let all = |text: &str| words.iter().all(|words| text.contains(words));
            mails.iter().any(|mail| all(&mail.text))
        };
        assert!(told(&["Keep going"]) && !told(&["Keep going on"]));
        assert!(told(&["Stay in bed", "Too lazy"]));
        assert_eq!(unsubscribable(stage).await, ["phrases"; 3]);
    });
}

/// The scopes of the mails that have an unsubscribe link.
async fn unsubscribable(stage: &Stage<'_>) -> Vec<String> {
    let look = |tx: &mut Tx<'_>| -> Result<Vec<(String,)>, StoreError> {
        tx.all(
            sql!("SELECT scope FROM mail WHERE stream = 'notification' ORDER BY id"),
            &[],
        )
    };
    let found = stage.world.store().read(look).await.unwrap();
    found.into_iter().map(|(scope,)| scope).collect()
}

#[test]
fn moderators_hear_once_an_hour_of_what_waits() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut moderator = moderator(stage).await;
        let owner = stage.person("An Owner").await;
        give(stage, &owner, OWNER).await;
        let hour = SignedDuration::from_hours(1);
        let expect = || {
            for person in [&moderator, &owner] {
                let subject = "Suggestions are waiting – Kenduri Kami";
                let email = &person.who.account().email;
                stage.world.expect_mail(email, subject);
            }
        };
        suggest(&mut farah, "Keep going").await;
        suggest(&mut farah, "Rest a while").await;
        stage.work().await;
        assert!(stage.world.mails().await.is_empty(), "not at once");
        stage.world.clock.advance(hour);
        stage.work().await;
        expect();
        let mails = stage.world.mails().await;
        assert!(mails.iter().all(|mail| mail.text.contains("2 suggestions")));
        assert_eq!(unsubscribable(stage).await, ["suggestions"; 2]);

        // Moderators get only one mail about the same pending suggestions.
        stage.world.clock.advance(hour);
        stage.work().await;
        suggest(&mut farah, "Drink some water").await;
        stage.world.clock.advance(hour);
        stage.work().await;
        expect();

        // Suggestions that are no longer pending do not cause a mail.
        suggest(&mut farah, "Sleep well").await;
        let list = moderator.program.get(PENDING).await.json();
        for one in list["items"].as_array().unwrap() {
            let path = decision(one, "reject");
            moderator.call("POST", &path, &json!({})).await.expect(200);
            expect_decision(stage, &farah, "not accepted");
        }
        stage.world.clock.advance(hour);
        stage.work().await;
    });
}

#[test]
fn one_that_came_back_is_not_there_twice() {
    on_default(&async |stage: &Stage<'_>| {
        let mut moderator = moderator(stage).await;
        let old = add(&mut moderator, "Keep going").await;
        let at = format!("{ALL}/{old}");
        let off = json!({"active": false});
        moderator.call("PATCH", &at, &off).await.expect(200);
        add(&mut moderator, "keep going!").await;
        let refused = moderator.call("PATCH", &at, &json!({"active": true})).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "phrase_exists");
    });
}

#[test]
fn ten_suggestions_wait_and_twenty_are_made_a_day() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut moderator = moderator(stage).await;
        for number in 1..=20 {
            let one = suggest(&mut farah, &format!("Suggestion {number}")).await;
            if number >= 10 {
                let more = json!({"text": "One too many"});
                let refused = farah.call("POST", SUGGESTIONS, &more).await;
                refused.expect(409);
                assert_eq!(refused.json()["code"], "limit_reached");
                let path = decision(&one, "reject");
                moderator.call("POST", &path, &json!({})).await.expect(200);
                expect_decision(stage, &farah, "not accepted");
            }
        }
        let more = json!({"text": "One too many"});
        let refused = farah.call("POST", SUGGESTIONS, &more).await;
        refused.expect(429);
        assert_eq!(refused.header("retry-after"), "86400");
        stage.world.clock.advance(SignedDuration::from_hours(24));
        suggest(&mut farah, "One too many").await;
        let page = farah.browser.get("/me/phrases").await.text();
        assert!(page.contains("Only the newest are shown."), "{page}");
    });
}

#[test]
fn the_page_of_suggestions_says_that_others_follow() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut moderator = moderator(stage).await;
        suggest(&mut farah, "The first").await;
        let follow = "Others follow once these are answered.";
        let page = moderator.browser.get("/admin/phrases").await.text();
        assert!(!page.contains(follow), "{page}");
        let others = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for number in 0..50 {
                let (id, text) = (format!("id{number}"), format!("Another {number}"));
                sql!(
                    "INSERT INTO phrase_suggestion
                         (id, account_id, text, folded_text, state, reason, created_at)
                     SELECT :id, account_id, :text, :text, state, reason, created_at
                     FROM phrase_suggestion WHERE text = 'The first'",
                    id,
                    text
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        stage.world.store().write(others).await.unwrap();
        let page = moderator.browser.get("/admin/phrases").await.text();
        assert!(page.contains(follow), "{page}");
    });
}

#[test]
fn phrases_are_hidden_suggested_and_decided_on_by_forms() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut moderator = moderator(stage).await;
        farah.browser.get("/admin/phrases").await.expect(403);
        let page = farah.browser.get("/me/phrases").await;
        let mut form = page.form("/me/phrases/suggest");
        form.fill("text", "Onwards");
        let refused = farah.browser.submit(&page, &form).await;
        refused.expect(422);
        assert!(refused.body.contains("id=\"text-wrong\""));
        let mut form = refused.form("/me/phrases/suggest");
        form.fill("text", "Onwards & upwards");
        let page = farah.browser.submit(&refused, &form).await;
        let page = farah.browser.follow(page).await;
        assert!(page.text().contains("Onwards & upwards"));

        let page = moderator.browser.get("/me/phrases").await;
        let page = moderator
            .browser
            .get(&page.link("Manage phrases").href)
            .await;
        let page = moderator
            .browser
            .get(&page.link("Onwards & upwards").href)
            .await;
        let mut form = page.form(&format!("{}/approve", page.address));
        assert_eq!(form.value("text"), Some("Onwards & upwards"));
        form.fill("text", "x");
        let refused = moderator.browser.submit(&page, &form).await;
        refused.expect(422);
        form.fill("text", "Onwards and upwards");
        moderator.browser.submit(&page, &form).await.expect(303);
        expect_decision(stage, &farah, "accepted");
        let late = page.form(&format!("{}/reject", page.address));
        moderator.browser.submit(&page, &late).await.expect(409);

        let page = farah.browser.get("/me/phrases").await;
        let forms = page.forms();
        let hide = forms
            .iter()
            .find(|form| form.action.ends_with("/exclude"))
            .unwrap();
        let page = farah.browser.submit(&page, hide).await;
        let page = farah.browser.follow(page).await;
        let forms = page.forms();
        let show = forms
            .iter()
            .find(|form| form.action.ends_with("/include"))
            .unwrap();
        farah.browser.submit(&page, show).await.expect(303);

        let page = moderator.browser.get("/admin/phrases").await;
        let mut form = page.form("/admin/phrases");
        form.fill("text", "onwards, and upwards");
        moderator.browser.submit(&page, &form).await.expect(409);
        form.fill("text", "Another one");
        moderator.browser.submit(&page, &form).await.expect(303);
        let forms = page.forms();
        let off = forms
            .iter()
            .find(|form| form.action.starts_with("/admin/phrases/"));
        moderator
            .browser
            .submit(&page, off.unwrap())
            .await
            .expect(303);
        let page = farah.browser.get("/me/phrases").await;
        assert!(!page.text().contains("Onwards and upwards: "));
        let listed = farah.program.get("/api/v1/phrases").await.json();
        assert_eq!(listed["items"][0]["text"], "Another one");
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn what_somebody_suggested_goes_with_them_and_phrases_stay() {
    on_default(&async |stage: &Stage<'_>| {
        let farah = stage.person("Farah Ali").await;
        give(stage, &farah, MODERATOR).await;
        let mut token = farah.program.clone();
        let mut farah = by_hand(farah).await;
        token.get(PENDING).await.expect(403);
        token.get(ALL).await.expect(403);
        let mut aina = stage.person("Aina Ali").await;
        let first = suggest(&mut farah, "Keep going").await;
        suggest(&mut farah, "Stay in bed").await;
        let other = suggest(&mut aina, "Rest a while").await;
        for one in [&first, &other] {
            let path = decision(one, "approve");
            farah.call("POST", &path, &json!({})).await.expect(200);
        }
        expect_decision(stage, &aina, "accepted");
        let phrases = farah.program.get("/api/v1/phrases").await.json();
        let hidden = phrases["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/phrases/{hidden}/exclusion");
        farah.call("PUT", &path, &json!({})).await.expect(204);

        let account = farah.who.account().id.clone();
        let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let before = (DOMAIN.accounts.export)(tx, &account)?;
            (DOMAIN.accounts.erase)(tx, &account)?;
            Ok((before, (DOMAIN.accounts.export)(tx, &account)?))
        };
        let (before, after) = stage.world.store().write(change).await.unwrap();
        assert_eq!(before["suggestions"].as_array().unwrap().len(), 2);
        assert_eq!(before["hidden_phrases"][0]["id"], json!(hidden));
        assert_eq!(after["suggestions"], json!([]));
        assert_eq!(after["hidden_phrases"], json!([]));
        let left = aina.program.get("/api/v1/phrases").await.json();
        assert_eq!(left["items"].as_array().unwrap().len(), 2);
        let own = aina.program.get(SUGGESTIONS).await.json();
        assert_eq!(own["items"][0]["state"], "approved");
        // The store contains no reference to the erased account.
        let account = farah.who.account().id.to_string();
        let places = stage.world.places_of(&account);
        let places: Vec<_> = places
            .iter()
            .filter(|place| place.contains("phrase"))
            .collect();
        assert_eq!(places, Vec::<&String>::new());
    });
}

#[test]
fn a_page_shows_the_phrase_of_the_day_where_its_owner_says_so() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut moderator = moderator(stage).await;
        let both = ["Keep going", "Rest a while"];
        for text in both {
            add(&mut moderator, text).await;
        }
        let at = farah.public("Mine").await;
        let page = "/u/farah-ali/mine";
        let said = |body: &str| both.into_iter().find(|text| body.contains(text));
        let without = stage.visitor().get(page).await;
        assert_eq!(said(&without.body), None);
        let version = farah.program.get(&at).await.json()["version"].clone();
        let change = json!({"version": version, "show_phrase": true});
        farah.call("PATCH", &at, &change).await.expect(200);

        let shown = stage.visitor().get(page).await;
        let first = said(&shown.body).unwrap();
        assert!(
            !shown.body.contains("/me/phrases/"),
            "nobody hides another's"
        );
        // The phrase does not change during the day, so a revalidated page has not changed either.
        let mut again = stage.visitor();
        again.header("if-none-match", shown.header("etag"));
        again.get(page).await.expect(304);
        let mut days = Vec::new();
        for _ in 0..6 {
            stage.world.clock.advance(SignedDuration::from_hours(24));
            days.extend(said(&stage.visitor().get(page).await.body));
        }
        assert!(both.iter().all(|text| days.contains(text)), "{days:?}");

        let own = farah.browser.get(page).await;
        assert!(own.header("cache-control").contains("no-store"));
        let hidden = said(&own.body).unwrap();
        let form = own.forms().into_iter().next().unwrap();
        let sent = farah.browser.submit(&own, &form).await;
        assert_eq!(sent.expect(303).location(), Some(page));
        for _ in 0..20 {
            let other = said(&stage.visitor().get(page).await.body).unwrap();
            assert_ne!(other, hidden);
            stage.world.clock.advance(SignedDuration::from_hours(24));
        }
        assert!(both.contains(&first));
    });
}
