//! Tests of a household that names nobody: the first of those it may bring stands for it.

use occasions::id::InvitationId;
use platform::{Tx, sql};
use serde_json::{Value, json};

use crate::imports::{KEPT, bring, empty, records};
use crate::pages::HOME;
use testkit::Visitor;

use crate::stage::{Stage, call, on_both, on_default};

#[test]
fn a_household_without_names_is_asked_and_can_decline() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let at = format!("{HOME}/invites/new");
        let page = owner.get(&at).await;
        let mut form = page.form(&at);
        form.fill("household", "The Garcia Family")
            .fill("code", "GARCIA7")
            .fill("language", "en")
            .fill("plus_ones", "0");
        let refused = owner.submit(&page, &form).await;
        refused.expect(422);
        assert!(
            refused.body.contains("<a href=\"#guests\">"),
            "nobody could answer: {}",
            refused.body
        );
        form.fill("plus_ones", "4");
        let made = owner.submit(&page, &form).await;
        made.expect(303);
        let shown = owner.follow(made).await;
        assert!(shown.text().contains("Person 4"), "{}", shown.text());
        let waiting = owner
            .get(&format!("{HOME}/invites?response=unanswered"))
            .await;
        assert!(
            waiting.text().contains("The Garcia Family"),
            "{}",
            waiting.text()
        );

        let mut guest = stage.nobody();
        let at = "/invite/GARCIA7/rsvp";
        let page = guest.get(at).await.with(200);
        let mut form = page.form(at);
        let replies: Vec<String> = form
            .fields
            .iter()
            .map(|field| field.name.clone())
            .filter(|name| name.starts_with("reply."))
            .collect();
        assert!(!replies.is_empty(), "{}", page.text());
        assert!(page.text().contains("Person 4"), "{}", page.text());
        assert!(!page.body.contains("data-new"), "the places are taken");
        for reply in &replies {
            form.fill(reply, "no");
        }
        guest.submit(&page, &form).await.expect(303);
        let state = guest.get("/api/v1/invitations/GARCIA7").await.with(200);
        let state = state.json();
        let guests = state["guests"].as_array().unwrap();
        assert_eq!(guests.len(), 4);
        for guest in guests {
            assert_eq!(guest["name"], "");
            let mut replies = guest["replies"].as_object().unwrap().values();
            assert!(replies.all(|status| *status == "no"), "{guest}");
        }
        let places = json!({"allowed": 4, "used": 4});
        assert_eq!(state["allowance"]["plus_ones"], places);

        // Nobody would be left to answer.
        let all: Vec<&Value> = guests.iter().map(|guest| &guest["id"]).collect();
        let change = json!({"version": state["version"], "remove": all});
        let at = "/api/v1/invitations/GARCIA7/rsvp";
        let refused = call(&mut guest, "PUT", at, &change).await;
        assert!(refused.body.contains("named_guest"), "{}", refused.body);
    });
}

#[test]
fn programs_choose_whether_somebody_unnamed_stands_for_a_household() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        for (guests, expected) in [(None, 0), (Some(json!([])), 3)] {
            let mut new = json!({"household": "Garcia", "plus_ones": 2, "children": 1});
            if let Some(guests) = guests {
                new["guests"] = guests;
            }
            let made = call(&mut host, "POST", &stage.at("/invitations"), &new).await;
            let made = made.with(201).json();
            assert_eq!(made["guests"].as_array().unwrap().len(), expected, "{made}");
        }
        // Who may bring nobody has nobody to stand for it.
        let new = json!({"household": "Garcia", "plus_ones": 0, "guests": []});
        let made = call(&mut host, "POST", &stage.at("/invitations"), &new).await;
        assert_eq!(made.with(201).json()["guests"], json!([]));
    });
}

#[test]
fn a_list_may_hold_households_without_names_and_the_same_list_changes_nothing() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = "Household,Pax,Email\nThe Garcia Family,4,garcia@example.com\n";
        assert_eq!(bring(stage, list, KEPT).await, (1, 0, 0));
        let made = records(stage).await;
        assert_eq!(made[0]["plus_ones"], 4);
        let guests = made[0]["guests"].as_array().unwrap();
        assert_eq!(guests.len(), 4, "{made:?}");
        let is_place = |guest: &Value| guest["name"] == "" && guest["kind"] == "plus_one";
        assert!(guests.iter().all(is_place), "{made:?}");
        assert_eq!(bring(stage, list, KEPT).await, (0, 0, 0));
        assert_eq!(records(stage).await, made);

        // A list with another number has as many people as it says, also where names are needed.
        stage
            .switch(|switches| switches.plus_one_name_required = true)
            .await;
        for (number, change) in [("3", (0, 1, 0)), ("5", (0, 1, 0)), ("4", (0, 1, 0))] {
            let other = list.replace(",4,", &format!(",{number},"));
            assert_eq!(bring(stage, &other, KEPT).await, change);
            let there = records(stage).await;
            let guests = there[0]["guests"].as_array().unwrap().len();
            assert_eq!(guests.to_string(), number, "{there:?}");
        }
        assert_eq!(records(stage).await, made);
        stage
            .switch(|switches| switches.plus_one_name_required = false)
            .await;

        // Whoever is named later is one of the four.
        let list = "Household,Email,Guest\n\
                    The Garcia Family,garcia@example.com,Luis Garcia\n\
                    The Garcia Family,garcia@example.com,Ana Garcia\n";
        assert_eq!(bring(stage, list, KEPT).await, (0, 1, 0));
        let garcia = stage
            .site
            .store
            .read(|tx: &mut Tx<'_>| tx.one(sql!("SELECT id FROM invitation"), &[]))
            .await;
        let (id,): (InvitationId,) = garcia.unwrap();
        let mut host = stage.public(&stage.owner);
        let new = json!({"invitation": id, "guests": [{"name": "Eva Garcia"}]});
        let added = call(&mut host, "POST", &stage.at("/guests"), &new).await;
        assert!(added.status.is_success(), "{}", added.body);
        let made = records(stage).await;
        let names: Vec<(&str, &str)> = made[0]["guests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|guest| {
                (
                    guest["name"].as_str().unwrap(),
                    guest["kind"].as_str().unwrap_or("named"),
                )
            })
            .collect();
        let all = ["Luis Garcia", "Ana Garcia", "Eva Garcia", ""].map(|name| (name, "plus_one"));
        assert_eq!(names, all);
        assert_eq!(made[0]["plus_ones"], 4);
        let export = serde_json::to_string(&made).unwrap();
        assert_eq!(bring(stage, &export, KEPT).await, (0, 0, 0));
        assert_eq!(records(stage).await, made);

        // People who are merged into the household take its places too.
        let mut merged = Vec::new();
        for name in ["Tom Garcia", "Sofia Garcia"] {
            let new = json!({"household": name, "guests": [{"name": name}]});
            let made = call(&mut host, "POST", &stage.at("/invitations"), &new).await;
            merged.push(made.with(201).json());
        }
        for one in merged {
            let at = format!(
                "/api/v1/invitations/id/{}/merge",
                one["id"].as_str().unwrap()
            );
            let into = json!({"into": id, "version": one["version"]});
            let done = call(&mut host, "POST", &at, &into).await;
            assert!(done.status.is_success(), "{}", done.body);
        }
        let made = records(stage).await;
        let garcia = made
            .iter()
            .find(|one| one["household"] == "The Garcia Family")
            .unwrap();
        let mut names: Vec<&str> = garcia["guests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|guest| guest["name"].as_str().unwrap())
            .collect();
        names.sort_unstable();
        let all = [
            "Ana Garcia",
            "Eva Garcia",
            "Luis Garcia",
            "Sofia Garcia",
            "Tom Garcia",
        ];
        assert_eq!(names, all);

        // Whoever is named stays, whatever number the next list says.
        let less = "Household,Pax,Email\nThe Garcia Family,2,garcia@example.com\n";
        bring(stage, less, KEPT).await;
        let kept = records(stage).await;
        let kept = kept
            .iter()
            .find(|one| one["household"] == "The Garcia Family");
        assert_eq!(kept.unwrap()["guests"].as_array().unwrap().len(), 5);
    });
}

#[test]
fn what_a_list_says_of_all_of_them_is_the_answer_of_each() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = "Household,Pax,Email,Nikah\nThe Garcia Family,3,garcia@example.com,yes\n\
                    The Silva Family,2,silva@example.com,\n";
        assert_eq!(bring(stage, list, KEPT).await, (2, 0, 0));
        let replies = |all: &[Value], at: usize| -> Vec<Value> {
            let guests = all[at]["guests"].as_array().unwrap().iter();
            guests
                .map(|guest| guest["replies"]["nikah"].clone())
                .collect()
        };
        let made = records(stage).await;
        assert_eq!(replies(&made, 0), ["yes"; 3], "{made:?}");
        assert_eq!(made[0].get("note"), None);
        assert_eq!(replies(&made, 1), ["pending"; 2]);
        // As long as only lists have spoken, the last one counts.
        let list = list
            .replace(".com,\n", ".com,no\n")
            .replace("com,yes", "com,no");
        assert_eq!(bring(stage, &list, KEPT).await, (0, 2, 0));
        let made = records(stage).await;
        assert_eq!(replies(&made, 0), ["no"; 3]);
        assert_eq!(replies(&made, 1), ["no"; 2]);
        let list = "Household,Pax,Email,Nikah\nThe Silva Family,4,silva@example.com,\n";
        assert_eq!(bring(stage, list, KEPT).await, (0, 1, 0));
        let made = records(stage).await;
        assert_eq!(replies(&made, 1), ["no", "no", "pending", "pending"]);
    });
}

#[test]
fn an_answer_that_may_be_of_some_of_them_is_kept_in_the_note() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = "Household,Email,Guest\nThe Rossi Family,rossi@example.com,Marco Rossi\n\
                    The Rossi Family,rossi@example.com,Anna Rossi\n";
        assert_eq!(bring(stage, list, KEPT).await, (1, 0, 0));
        let list = "Household,Pax,Email,Nikah\nThe Rossi Family,2,rossi@example.com,yes\n\
                    The Lopez Family,2,lopez@example.com,yes\nThe Lopez Family,3,lopez@example.com,no\n\
                    The Ong Family,4,ong@example.com,1\nThe Lim Family,0,lim@example.com,yes\n";
        assert_eq!(bring(stage, list, KEPT).await, (3, 1, 0));
        let made = records(stage).await;
        for (household, notes) in [
            ("The Rossi Family", &["nikah: yes"][..]),
            ("The Lopez Family", &["Nikah: yes", "Nikah: no"]),
            ("The Ong Family", &["Nikah: 1"]),
            ("The Lim Family", &["Nikah: yes"]),
        ] {
            let one = made.iter().find(|one| one["household"] == household);
            let one = one.unwrap();
            for guest in one["guests"].as_array().unwrap() {
                assert_eq!(guest["replies"]["nikah"], "pending", "{one}");
            }
            let note = one["note"].as_str().unwrap_or_default();
            assert!(notes.iter().all(|part| note.contains(part)), "{one}");
        }
    });
}

/// Cancels all events.
async fn cancel_all(stage: &Stage<'_>, host: &mut Visitor) {
    let at = stage.at("/events");
    let all = host.get(&at).await.with(200).json();
    for event in all["items"].as_array().unwrap() {
        let one = format!("{at}/{}", event["id"].as_str().unwrap());
        let cancel = json!({"version": event["version"], "cancelled": true});
        call(host, "PATCH", &one, &cancel).await.expect(200);
    }
}

#[test]
fn another_number_is_another_number_of_people() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        let new = json!({"household": "Garcia", "plus_ones": 2, "children": 1, "guests": []});
        let made = call(&mut host, "POST", &stage.at("/invitations"), &new).await;
        let mut made = made.with(201).json();
        let at = format!("/api/v1/invitations/id/{}", made["id"].as_str().unwrap());
        let extra = host.get(&stage.at("/summary")).await.json()["summary"]["plus_ones"].clone();
        for (plus_ones, children, people) in [(4, 0, "aaaa"), (3, 2, "aaacc"), (1, 1, "ac")] {
            // Nobody has answered for an event that is then cancelled.
            if people == "ac" {
                cancel_all(stage, &mut host).await;
            }
            let change = json!({
                "version": made["version"], "plus_ones": plus_ones, "children": children,
            });
            let changed = call(&mut host, "PATCH", &at, &change).await;
            made = changed.with(200).json();
            let guests = made["guests"].as_array().unwrap().iter();
            let mut kinds: Vec<char> = guests
                .map(|guest| if guest["is_child"] == true { 'c' } else { 'a' })
                .collect();
            kinds.sort_unstable();
            assert_eq!(kinds.into_iter().collect::<String>(), people);
        }
        // They are who is invited, not whom others may bring.
        let now = host.get(&stage.at("/summary")).await.json()["summary"]["plus_ones"].clone();
        assert_eq!(now, extra);
        // An allowance for all households is not theirs.
        let all = json!({
            "ids": [made["id"]], "action": "allowance", "args": {"plus_ones": 1, "children": 0},
        });
        let bulk = call(&mut host, "POST", &stage.at("/bulk"), &all).await;
        assert!(bulk.status.is_success(), "{}", bulk.body);
        stage.worker().run_due().await.unwrap();
        let same = host.get(&at).await.json();
        assert_eq!(same["guests"].as_array().unwrap().len(), 2, "{same}");
        // Who is named stays.
        let id = made["guests"][0]["id"].as_str().unwrap();
        let named = json!({"version": made["version"], "name": "Ana Garcia"});
        let named = call(
            &mut host,
            "PATCH",
            &stage.at(&format!("/guests/{id}")),
            &named,
        )
        .await;
        let version = named.with(200).json()["version"].clone();
        let change = json!({"version": version, "plus_ones": 0, "children": 1});
        let left = call(&mut host, "PATCH", &at, &change)
            .await
            .with(200)
            .json();
        let names: Vec<&Value> = left["guests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|guest| &guest["name"])
            .collect();
        assert!(names.contains(&&json!("Ana Garcia")), "{left}");
    });
}

#[test]
fn hosts_name_and_remove_places_on_the_page_of_the_household() {
    on_default(async |stage| {
        let mut api = stage.public(&stage.owner);
        let new = json!({"household": "Garcia", "plus_ones": 3, "guests": []});
        let made = call(&mut api, "POST", &stage.at("/invitations"), &new).await;
        let made = made.with(201).json();
        let id = made["id"].as_str().unwrap();
        let guest = |at: usize| made["guests"][at]["id"].as_str().unwrap();
        let mut host = stage.visitor(&stage.owner);
        let at = format!("{HOME}/invites/{id}");
        let page = host.get(&at).await.with(200);
        let mut form = page.form(&format!("{at}/answers"));
        let is_name = |name: &str| name.starts_with("name.");
        let names = form.entries().into_iter().filter(|(name, _)| is_name(name));
        assert_eq!(names.count(), 3);
        let (first, second, third) = (guest(0), guest(1), guest(2));
        let replies = form.fields.iter().map(|field| field.name.clone());
        let mut replies = replies.filter(|name| name.starts_with(&format!("reply.{first}.")));
        let reply = replies.next().unwrap();
        form.fill(&format!("name.{first}"), &"x".repeat(101));
        let refused = host.submit(&page, &form).await.with(422);
        assert!(refused.body.contains(&format!("href=\"#name.{first}\"")));
        form.fill(&format!("name.{first}"), "Ana Garcia")
            .fill(&reply, "yes")
            .tick(&format!("remove.{second}"), "1");
        host.submit(&page, &form).await.expect(303);
        let at_api = format!("/api/v1/invitations/id/{id}");
        let saved = api.get(&at_api).await.with(200).json();
        let guests = saved["guests"].as_array().unwrap().iter();
        let found: Vec<(&str, &str)> = guests
            .map(|one| (one["id"].as_str().unwrap(), one["name"].as_str().unwrap()))
            .collect();
        assert_eq!(found, [(first, "Ana Garcia"), (third, "")]);
        // Whoever has a name changes it on the page of the person.
        let page = host.get(&at).await.with(200);
        let form = page.form(&format!("{at}/answers"));
        assert!(form.value(&format!("name.{first}")).is_none());
        assert!(form.value(&format!("name.{third}")).is_some());
    });
}

#[test]
fn who_sends_reads_the_names_of_a_small_household() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        let walk = format!("{HOME}/send/walk?kind=invitation&by=whatsapp&q=margaret");
        let guest = sql!("UPDATE guest SET name = $1 WHERE name = 'Margaret Chong'");
        let household =
            sql!("UPDATE invitation SET household = $1 WHERE sort_name LIKE '%margaret%'");
        for (change, name, expected) in [
            (None, "", "012-345 6789 · Margaret Chong · English"),
            // The heading says it already.
            (Some(household), "Margaret Chong", "012-345 6789 · English"),
            (Some(guest), "", "012-345 6789 · 1 person · English"),
        ] {
            if let Some(change) = change {
                stage.run(change, name).await;
            }
            let turn = host.get(&walk).await.with(200).text();
            assert!(turn.contains(expected), "{turn}");
        }
    });
}
