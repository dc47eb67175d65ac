//! Tests of the forms in which hosts change questions, dietary options and schedules.

use occasions::diet::DietaryOption;
use occasions::event::PlannedEvent;
use occasions::hosting::{portals, resource};
use occasions::question::Question;
use occasions::words::ReplyStatus::Yes;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::pages::HOME;
use crate::questions::{answer, bus_but, create};
use crate::stage::{Stage, on_default};

async fn form(visitor: &mut Visitor, address: &str) -> (Page, testkit::Form) {
    let page = visitor.get(address).await;
    let form = page.expect(200).form(address);
    (page, form)
}

#[test]
fn a_question_is_made_changed_and_put_away_on_pages() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let list = format!("{HOME}/settings/questions");
        let new = format!("{list}/new");
        assert!(
            owner
                .get(&list)
                .await
                .text()
                .contains("A song that gets you dancing?")
        );
        let (page, mut filled) = form(&mut owner, &new).await;
        let chosen = r#"name="asked_of" value="guest" checked"#;
        let shown: Vec<&str> = page.body.split_whitespace().collect();
        let shown = shown.join(" ");
        assert!(shown.contains(chosen), "{shown}");
        assert!(shown.contains(r#"id="choices">"#), "shut: {shown}");
        filled
            .fill("title.en", "Which bus?")
            .fill("kind", "one_choice")
            .fill("key", "bus")
            .fill("choices.2.label.en", "At nine");
        let refused = owner.submit(&page, &filled).await;
        assert!(
            refused
                .expect(422)
                .text()
                .contains(&stage.fill("field-too-few", [("min", 2.into())]))
        );
        assert!(refused.body.contains(r#"id="choices" open>"#));
        let mut again = refused.form(&new);
        assert_eq!(
            again.value("choices.0.label.en"),
            Some("At nine"),
            "moved up"
        );
        again
            .fill("choices.1.label.en", "At noon")
            .tick("events", "reception")
            .tick("required", "1");
        let made = owner.submit(&refused, &again).await;
        assert!(
            owner
                .follow(made)
                .await
                .text()
                .contains(&stage.say("host-done-created"))
        );
        let stored = stage
            .done(|tx, host| resource::find::<Question>(tx, host, "bus"))
            .await;
        assert_eq!(
            (stored.events.as_slice(), stored.required),
            (&["reception".to_owned()][..], true)
        );
        assert!(stored.active && !stored.hosts_only);
        // This question has choices. A yes/no question cannot have choices, so changing the kind is
        // refused.
        let one = format!("{list}/bus");
        let (page, mut filled) = form(&mut owner, &one).await;
        filled.fill("kind", "yes_no");
        owner.submit(&page, &filled).await.expect(422);

        // Two hosts change the question at the same time. The second host sees both versions.
        let (page, mut mine) = form(&mut owner, &one).await;
        let mut other = stage.visitor(&stage.coordinator);
        let (their_page, mut theirs) = form(&mut other, &one).await;
        assert_eq!(
            theirs.value("kind"),
            None,
            "coordinators have the words alone"
        );
        theirs.fill("title.en", "Which coach?");
        other.submit(&their_page, &theirs).await.expect(303);
        mine.fill("title.en", "Which bus or coach?");
        let clash = owner.submit(&page, &mine).await;
        assert!(
            clash
                .expect(409)
                .text()
                .contains(&stage.fill("form-clash-stored", [("value", "Which coach?".into())]))
        );
        let resolved = clash.form(&one);
        owner.submit(&clash, &resolved).await.expect(303);
        answer(stage, &[("Rahman", Yes, json!("choice-1"))], json!(null)).await;
        let page = owner.get(&one).await;
        let remove = page.form(&format!("{one}/remove"));
        let away = owner.submit(&page, &remove).await;
        assert!(
            owner
                .follow(away)
                .await
                .text()
                .contains(&stage.say("host-question-away"))
        );
        // Observers may not open the page. People who are not hosts of the occasion get "not
        // found", which does not tell them that the page exists.
        stage.visitor(&stage.observer).get(&list).await.expect(403);
        stage.visitor(&stage.stranger).get(&list).await.expect(404);
    });
}

#[test]
fn answers_stand_on_the_household_page_and_are_changed_there() {
    on_default(async |stage| {
        let plates = json!({
            "key": "plates",
            "kind": "several_choices",
            "hosts_only": true,
            "required": true,
        });
        create(stage, bus_but(&json!({"required": true}))).await;
        create(stage, bus_but(&plates)).await;
        answer(stage, &[("Rahman", Yes, json!("late"))], json!("ABBA")).await;
        let id = stage.invitation("RAHMA").await;
        let address = format!("{HOME}/invites/{id}");
        let post = format!("{address}/answers");
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&address).await;
        let mut filled = page.expect(200).form(&post);
        assert!(page.text().contains(&stage.say("host-field-hosts-only")));
        let old_page = owner.get(&address).await;
        let snapshot = {
            let id = id.clone();
            stage
                .done(move |tx, host| portals::load(tx, host, &id))
                .await
        };
        let rahman = snapshot.household.guests[0].id.clone();
        let bus = format!("answer.{rahman}.bus");
        let plates = format!("answer.{rahman}.plates");
        assert_eq!(filled.value(&bus), Some("late"));
        assert_eq!(filled.value("household.song"), Some("ABBA"));
        // When hosts record answers from the telephone, they may leave required questions empty.
        // Questions for hosts are shown only to hosts.
        filled
            .fill(&bus, "")
            .fill("household.song", "Waterloo")
            .tick(&plates, "early")
            .tick(&plates, "late");
        owner.submit(&page, &filled).await.expect(303);
        let stored = {
            let id = id.clone();
            stage
                .done(move |tx, host| portals::load(tx, host, &id))
                .await
        };
        assert_eq!(stored.household.guests[0].answers.len(), 1);
        assert_eq!(stored.household.answers.len(), 1);
        assert!(
            stage
                .actions()
                .await
                .contains(&"rsvp.saved_by_host".to_owned())
        );
        // An observer sees the answers but cannot change them.
        let seen = stage.visitor(&stage.observer).get(&address).await;
        assert!(seen.text().contains("Waterloo"), "{}", seen.text());
        assert!(
            seen.forms()
                .iter()
                .all(|form| form.value("household.song").is_none())
        );
        // When an outdated page is submitted, the response shows the value that is stored now.
        let mut late = old_page.form(&post);
        late.fill("household.song", "Dancing Queen");
        let clash = owner.submit(&old_page, &late).await;
        let text = clash.expect(409).text();
        assert!(
            text.contains(&stage.fill("form-clash-stored", [("value", "Waterloo".into())])),
            "{text}"
        );
        assert!(
            text.contains(&stage.fill("form-clash-stored", [("value", "At nine, At noon".into())])),
            "{text}"
        );

        let reports = owner.get(&format!("{HOME}/reports")).await.text();
        assert!(
            reports.contains("Which bus?") && reports.contains("At noon"),
            "{reports}"
        );
    });
}

#[test]
fn food_needs_are_named_marked_and_put_away_on_pages() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let list = format!("{HOME}/settings/diets");
        assert!(
            owner
                .get(&list)
                .await
                .text()
                .contains(&stage.say("diet-vegetarian"))
        );
        let new = format!("{list}/new");
        let (page, filled) = form(&mut owner, &new).await;
        let refused = owner.submit(&page, &filled).await;
        let mut filled = refused.expect(422).form(&new);
        filled
            .fill("label.en", "No durian")
            .fill("label.ms", "Tanpa durian")
            .tick("allergy", "1");
        owner.submit(&refused, &filled).await.expect(303);
        let stored = stage
            .done(|tx, host| resource::find::<DietaryOption>(tx, host, "food-1"))
            .await;
        assert!(stored.allergy && stored.active);
        assert_eq!(stored.label.find("ms"), Some("Tanpa durian"));
        // A host renames a built-in dietary option, and then gives it back its built-in name.
        let halal = format!("{list}/halal");
        for words in ["Halal (JAKIM)", ""] {
            let (page, mut filled) = form(&mut owner, &halal).await;
            filled.fill("label.en", words);
            owner.submit(&page, &filled).await.expect(303);
            let stored = stage
                .done(|tx, host| resource::find::<DietaryOption>(tx, host, "halal"))
                .await;
            assert_eq!(stored.label.find("en").unwrap_or_default(), words);
        }
        let page = owner.get(&halal).await;
        let remove = page.form(&format!("{halal}/remove"));
        let away = owner.submit(&page, &remove).await;
        assert!(
            owner
                .follow(away)
                .await
                .text()
                .contains(&stage.say("host-done-away"))
        );
        let page = owner.get(&format!("{list}/food-1")).await;
        let remove = page.form(&format!("{list}/food-1/remove"));
        let gone = owner.submit(&page, &remove).await;
        assert!(!owner.follow(gone).await.text().contains("No durian"));
        stage
            .visitor(&stage.coordinator)
            .get(&list)
            .await
            .expect(403);
    });
}

#[test]
fn a_question_about_an_event_that_is_gone_is_never_about_all_of_them() {
    on_default(async |stage| {
        create(stage, bus_but(&json!({"events": ["brunch"]}))).await;
        let all = stage.done(resource::list::<PlannedEvent>).await;
        let brunch = all.into_iter().find(|event| event.key == "brunch").unwrap();
        stage
            .done(move |tx, host| {
                let confirmed = Some((brunch.version, "brunch"));
                resource::remove::<PlannedEvent>(tx, host, brunch.id.as_str(), confirmed).map(drop)
            })
            .await;
        // The question refers to an event that was deleted. Saving the question again keeps the
        // reference.
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("{HOME}/settings/questions/bus");
        let (page, mut filled) = form(&mut owner, &address).await;
        filled.fill("title.en", "Which coach?");
        owner.submit(&page, &filled).await.expect(303);
        let stored = stage
            .done(|tx, host| resource::find::<Question>(tx, host, "bus"))
            .await;
        assert_eq!(stored.events, ["brunch"]);
        let id = stage.invitation("RAHMA").await;
        let snapshot = stage
            .done(move |tx, host| portals::load(tx, host, &id))
            .await;
        assert!(
            snapshot
                .asked_questions()
                .all(|question| question.key != "bus")
        );
    });
}

#[test]
fn what_hosts_write_down_is_no_answer_of_the_household() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let address = format!("{HOME}/invites/{id}");
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&address).await;
        let mut filled = page.form(&format!("{address}/answers"));
        filled.fill("household.song", "Waterloo");
        owner.submit(&page, &filled).await.expect(303);
        let snapshot = stage
            .done(move |tx, host| portals::load(tx, host, &id))
            .await;
        assert_eq!(snapshot.household.answers.len(), 1);
        assert_eq!(snapshot.household.invitation.replied_at, None);
    });
}

async fn reception(stage: &Stage<'_>) -> occasions::event::PlannedEvent {
    let all = stage.done(resource::list::<PlannedEvent>).await;
    all.into_iter()
        .find(|event| event.key == "reception")
        .unwrap()
}

#[test]
fn a_schedule_is_written_line_by_line_and_stands_by_the_clock() {
    on_default(async |stage| {
        let event = reception(stage).await;
        assert_eq!(event.schedule.len(), 3);
        let address = format!("{HOME}/settings/events/{}/schedule", event.id);
        // A coordinator may change an event's texts and schedule.
        let mut visitor = stage.visitor(&stage.coordinator);
        let event_page = visitor
            .get(&format!("{HOME}/settings/events/{}", event.id))
            .await;
        event_page.link("Schedule: 3 lines");
        // The event's settings page does not contain the schedule. Saving that page leaves the
        // schedule unchanged.
        let (event_page, mut event_form) = form(
            &mut visitor,
            &format!("{HOME}/settings/events/{}", event.id),
        )
        .await;
        event_form.fill("dress_code.en", "Batik");
        visitor.submit(&event_page, &event_form).await.expect(303);
        assert_eq!(reception(stage).await.schedule, event.schedule);
        let (page, mut filled) = form(&mut visitor, &address).await;
        assert_eq!(filled.value("schedule.0.time"), Some("12:00"));
        filled
            .fill("schedule.0.time", "")
            .fill("schedule.0.title.ms", "")
            .fill("schedule.0.title.en", "")
            .fill("schedule.4.time", "12:15")
            .fill("schedule.4.detail.en", "At the gate");
        let refused = visitor.submit(&page, &filled).await;
        let mut again = refused.expect(422).form(&address);
        assert_eq!(
            again.value("schedule.0.time"),
            Some("12:15"),
            "by the clock"
        );
        again.fill("schedule.0.title.en", "Welcome drink");
        let done = visitor.submit(&refused, &again).await;
        let shown = visitor.follow(done).await;
        assert!(shown.text().contains(&stage.say("host-done-saved")));
        let stored = reception(stage).await.schedule;
        let times: Vec<&str> = stored.iter().map(|line| line.time.as_str()).collect();
        assert_eq!(times, ["12:15", "12:45", "13:15"]);
        assert_eq!(stored[0].detail.find("en"), Some("At the gate"));
        let stale = visitor.submit(&page, &filled).await;
        stale.expect(409);
        assert_eq!(reception(stage).await.schedule, stored);
    });
}
