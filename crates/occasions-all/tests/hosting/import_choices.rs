//! What hosts answer about a list before it is imported, and what happens where they do not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::http::Method;
use occasions_lists::import::{self, Change, ChoiceKind, ImportId, Options};
use platform::{Rows, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor};

use crate::imports::{KEPT, apply, bring, check, empty, records, upload};
use crate::stage::{Stage, call, on_both};

pub(crate) async fn choose(stage: &Stage<'_>, id: &ImportId, key: &str, value: Option<&str>) {
    let id = id.clone();
    let choices = BTreeMap::from([(key.to_owned(), value.map(str::to_owned))]);
    let change = Change {
        choices,
        ..Change::default()
    };
    let catalogue = stage.site.catalogue.clone();
    stage
        .done(move |tx, host| import::change(tx, host, &catalogue, &id, &change))
        .await;
}

#[test]
fn the_same_list_changes_nothing_whatever_was_mended_since() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Pax,Phone,Email\nJhon Lim,2,012-345 6789,jhon@example.com\n\
                    Mei Tan,1,,\nMei Tan,1,,\n";
        assert_eq!(bring(stage, file, KEPT).await, (3, 0, 0));
        let mend = [
            sql!("UPDATE guest SET name = 'John Lim' WHERE name = 'Jhon Lim'"),
            sql!(
                "UPDATE invitation SET household = 'The Lims', sort_name = 'the lims' WHERE household = 'Jhon Lim'"
            ),
        ];
        stage
            .change(move |tx| {
                for one in mend {
                    tx.run(one, &[], Rows::Exactly(1))?;
                }
                Ok(())
            })
            .await;
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!(
            (found.made, found.changed, found.same),
            (0, 0, 3),
            "{found:?}"
        );
        let before = records(stage).await;
        assert_eq!(bring(stage, file, KEPT).await, (0, 0, 0));
        assert_eq!(records(stage).await, before);
        // Another number of people comes; the mended names stay.
        let more = file.replace("Jhon Lim,2", "Jhon Lim,4");
        assert_eq!(bring(stage, &more, KEPT).await, (0, 1, 0));
        let all = records(stage).await;
        let lims = all
            .iter()
            .find(|one| one["household"] == "The Lims")
            .unwrap();
        assert_eq!(lims["plus_ones"], 3);
        assert_eq!(lims["guests"].as_array().unwrap().len(), 1);
        assert_eq!(lims["guests"][0]["name"], "John Lim");
        assert!(lims.get("reference").is_none(), "{lims}");
    });
}

#[test]
fn nobody_is_invited_to_what_nobody_ticked() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Side\nAnn Lim,Bride\nBo Tan,Groom\nCid Ong,\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        choose(stage, &id, "events", None).await;
        let found = check(stage, &id).await;
        let told = found.findings.iter().find(|one| one.code == "invited_to");
        assert_eq!(told.unwrap().value, "", "{found:?}");
        choose(stage, &id, "events", Some("reception")).await;
        choose(stage, &id, "events:bride", Some("nikah,reception")).await;
        apply(stage, &id, Options::default()).await;
        let all = records(stage).await;
        let events = |name: &str| {
            let one = all.iter().find(|one| one["household"] == name);
            one.unwrap()["events"].clone()
        };
        assert_eq!(events("Ann Lim"), json!(["nikah", "reception"]));
        assert_eq!(events("Bo Tan"), json!(["reception"]));
        assert_eq!(events("Cid Ong"), json!(["reception"]));
    });
}

#[test]
fn a_column_of_the_list_says_who_is_invited_to_an_event() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Invited to Reception\nAnn Lim,yes\nBo Tan,no\nCid Ong,\n";
        assert_eq!(bring(stage, file, KEPT).await, (3, 0, 0));
        let events = async |name: &str| {
            let all = records(stage).await;
            let one = all.iter().find(|one| one["household"] == name);
            one.unwrap()["events"].clone()
        };
        assert_eq!(events("Ann Lim").await, json!(["nikah", "reception"]));
        assert_eq!(events("Bo Tan").await, json!(["nikah"]));
        assert_eq!(events("Cid Ong").await, json!(["nikah", "reception"]));
        // In another language too.
        let fewer = file.replace("yes", "no");
        let fewer = fewer.replace("Invited to Reception", "Zum Empfang eingeladen");
        assert_eq!(bring(stage, &fewer, KEPT).await, (0, 1, 0));
        assert_eq!(events("Ann Lim").await, json!(["nikah"]));
    });
}

#[test]
fn a_household_with_the_same_name_and_phone_is_asked_about_and_never_overwritten() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let there = "Name,Phone,Email\nAnn Lim,012-345 6789,ann@example.com\n";
        assert_eq!(bring(stage, there, KEPT).await, (1, 0, 0));
        let file = "Name,Phone,Email,Notes\nAnn Lim,+60 12 345 6789,lim@example.com,Table 1\n";
        let before = records(stage).await;
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!(found.same, 1);
        let asked = &found.choices[0];
        assert_eq!(
            (asked.kind, asked.chosen.as_str()),
            (ChoiceKind::Here, "leave")
        );
        let key = asked.key.clone();
        assert_eq!(bring(stage, file, KEPT).await, (0, 0, 0));
        assert_eq!(records(stage).await, before);
        // The row has the same key again.
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        choose(stage, &id, &key, Some("change")).await;
        assert!(check(stage, &id).await.choices[0].is_answered);
        assert_eq!(apply(stage, &id, KEPT).await.changed, 1);
        let all = records(stage).await;
        assert_eq!(
            (all.len(), &all[0]["email"]),
            (1, &json!("lim@example.com"))
        );
        // By the name alone it is another household, unless the host says otherwise.
        let file = "Name,Phone,Email\nAnn Lim,03-9999 9999,other@example.com\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!((found.made, found.choices[0].chosen.as_str()), (1, "add"));
        let key = found.choices[0].key.clone();
        choose(stage, &id, &key, Some("leave")).await;
        assert_eq!(apply(stage, &id, KEPT).await.made, 0);
    });
}

#[test]
fn a_number_that_is_not_clear_is_mended_on_the_page() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Pax,Seats\nAnn Lim,some,\nBo Tan,4,2\nCid Ong,many,\n\
                    Dee Ng,1,\nEve Ho,1,\nFay Chan,1,\nGus Yeo,1,\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let asked: Vec<(usize, ChoiceKind, &str)> = found
            .choices
            .iter()
            .map(|one| (one.row, one.kind, one.chosen.as_str()))
            .collect();
        let number = ChoiceKind::Number;
        assert_eq!(asked, [(2, number, ""), (3, number, "4"), (4, number, "")]);
        let address = format!("/admin/o/aisyah-daniel/import/{id}");
        let mut host = stage.visitor(&stage.owner);
        let page = host.get(&address).await;
        let action = format!("{address}/apply");
        let field = |at: usize| format!("choice.{}", found.choices[at].key);
        let mut form = page.form(&action);
        form.fill(&field(0), "many").press("look", "1");
        host.submit(&page, &form).await.expect(422);
        form.fill(&field(0), "3").fill(&field(1), "2");
        let looked = host.submit(&page, &form).await;
        host.follow(looked).await.expect(200);
        let left = check(stage, &id).await;
        let doubtful = left.findings.iter();
        let doubtful = doubtful.filter(|one| one.code == "number_doubtful");
        assert_eq!(doubtful.map(|one| one.row).collect::<Vec<_>>(), [4]);
        assert_eq!(apply(stage, &id, KEPT).await.made, 7);
        let all = records(stage).await;
        let places = |name: &str| {
            let one = all.iter().find(|one| one["household"] == name);
            one.unwrap()["plus_ones"].clone()
        };
        assert_eq!((places("Ann Lim"), places("Bo Tan")), (json!(2), json!(1)));
    });
}

#[test]
fn a_household_with_the_same_people_is_asked_about_by_its_own_name() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let there = "Household,Guest,Email\nThe Tan family,Mei Tan,tan@example.com\n\
                     The Tan family,Wei Tan,\nLim,Ana,\n";
        assert_eq!(bring(stage, there, KEPT).await, (2, 0, 0));
        // One of two people is not here, and a first name alone says little.
        let file =
            "Name,Email\nmei tan & Wei Tan,mei@example.com\nWei Tan,\nAna,\nMei Tan & Bo Ng,\n";
        let same = file.replace("mei@", "tan@");
        for (file, usual) in [(same.as_str(), "leave"), (file, "add")] {
            let id = upload(stage, &stage.owner, file.as_bytes()).await;
            let found = check(stage, &id).await;
            let asked = found.choices.iter();
            let asked: Vec<_> = asked.map(|one| (one.row, one.kind, &*one.chosen)).collect();
            let mut wanted = vec![(2, ChoiceKind::Here, usual)];
            // A household is one row's only.
            wanted.extend((usual == "add").then_some((3, ChoiceKind::Here, "add")));
            assert_eq!(asked, wanted, "{found:?}");
        }
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let mut host = stage.visitor(&stage.owner);
        let page = host
            .get(&format!("/admin/o/aisyah-daniel/import/{id}"))
            .await;
        let words = "“The Tan family” is here already, with the same people. The list says: mei tan, Wei Tan, mei@example.com";
        assert!(page.text().contains(words), "{}", page.text());
        let key = check(stage, &id).await.choices[0].key.clone();
        choose(stage, &id, &key, Some("change")).await;
        let done = apply(stage, &id, KEPT).await;
        assert_eq!((done.made, done.changed), (3, 1));
        let all = records(stage).await;
        let mut tans = all.iter();
        let tans = tans.find(|one| one["household"] == "The Tan family");
        let tans = tans.unwrap();
        assert_eq!(tans["email"], "mei@example.com");
        assert_eq!(tans["guests"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn addresses_are_mended_and_nameless_lines_left_out_on_the_page() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Pax,Email\nAnn Lim,1,\"ann@example,com\"\nBo Tan,1,nobody\n\
                    Colleague table 1,10,\nCid Ong,1,cid@example.com\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let asked: Vec<(usize, ChoiceKind, &str)> = found
            .choices
            .iter()
            .map(|one| (one.row, one.kind, one.chosen.as_str()))
            .collect();
        let wanted = [
            (2, ChoiceKind::Email, "ann@example.com"),
            (3, ChoiceKind::Email, ""),
            (4, ChoiceKind::Group, "keep"),
        ];
        assert_eq!(asked, wanted);
        assert_eq!((found.people, found.names_to_come), (13, 10));
        let keys: Vec<String> = found.choices.iter().map(|one| one.key.clone()).collect();
        choose(stage, &id, &keys[0], Some("")).await;
        choose(stage, &id, &keys[1], Some("bo@example.com")).await;
        choose(stage, &id, &keys[2], Some("leave_out")).await;
        let told = check(stage, &id).await.findings;
        let is_of_email = |code: &str| code.starts_with("email_");
        assert!(told.iter().all(|one| !is_of_email(one.code)), "{told:?}");
        assert_eq!(apply(stage, &id, KEPT).await.made, 3);
        let all = records(stage).await;
        let one = |name: &str| all.iter().find(|one| one["household"] == name).unwrap();
        assert_eq!(one("Ann Lim").get("email"), None);
        assert_eq!(one("Bo Tan")["email"], "bo@example.com");
        assert_eq!(one("Bo Tan").get("note"), None);
    });
}

/// Counts what a host presses between pages, keys included.
struct Presses {
    host: Visitor,
    count: usize,
}

impl Presses {
    async fn open(&mut self, page: &Page, href: &str) -> Page {
        self.count += 1;
        assert!(page.body.contains(href), "{href}");
        self.host.get(href).await
    }

    async fn submit(&mut self, page: &Page, action: &str, button: Option<&str>) -> Page {
        self.count += 1;
        let mut form = page.form(action);
        if let Some(button) = button {
            form.press(button, "1");
        }
        let sent = self.host.submit(page, &form).await;
        self.host.follow(sent).await
    }
}

#[test]
fn a_list_of_120_households_is_here_after_few_presses() {
    on_both(async |stage| {
        stage.world.expect_jobs(import::KIND);
        empty(stage).await;
        let mut file = "Our wedding,,\nNama,Pax,HP\n".to_owned();
        for row in 0..120 {
            let _ = writeln!(file, "Guest {row} Lim,2,012-345 {:04}", 6000 + row);
        }
        let mut presses = Presses {
            host: stage.visitor(&stage.owner),
            count: 0,
        };
        let home = presses.host.get("/admin/o/aisyah-daniel").await;
        let guests = presses.open(&home, "/admin/o/aisyah-daniel/invites").await;
        let begin = presses.open(&guests, "/admin/o/aisyah-daniel/import").await;
        // The file is chosen by two presses: the field, and the file in the browser's window.
        presses.count += 2;
        let mut body = Vec::new();
        for (name, value) in begin.form("/admin/o/aisyah-daniel/import").entries() {
            if name != "file" {
                let part = format!(
                    "--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                );
                body.extend_from_slice(part.as_bytes());
            }
        }
        body.extend_from_slice(
            b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"guests.csv\"\r\n\r\n",
        );
        body.extend_from_slice(file.as_bytes());
        body.extend_from_slice(b"\r\n--b--\r\n");
        let kind = Some("multipart/form-data; boundary=b");
        presses.count += 1;
        let address = "/admin/o/aisyah-daniel/import";
        let sent = presses
            .host
            .send(Method::POST, address, kind, body.into())
            .await;
        let columns = presses.host.follow(sent).await;
        assert!(columns.text().contains("guests.csv"), "{}", columns.text());
        // Whom nobody invites to anything could not answer.
        let again = presses
            .submit(&columns, &columns.address.clone(), None)
            .await;
        let words = stage.say("host-import-choose-events");
        assert!(again.text().contains(&words), "{}", again.text());
        let at = columns.address.clone();
        let mut form = again.form(&at);
        form.tick("event", "reception");
        presses.count += 2;
        let sent = presses.host.submit(&again, &form).await;
        let check = presses.host.follow(sent).await;
        let at = check.address.clone();
        assert!(
            check.text().contains("120 households, 240 people"),
            "{}",
            check.text()
        );
        presses
            .submit(&check, &format!("{at}/apply"), Some("go"))
            .await;
        stage.worker().run_due().await.unwrap();
        let done = presses.host.get(&at).await;
        assert!(
            done.text().contains("120 households, 240 people"),
            "{}",
            done.text()
        );
        assert!(done.text().contains("Our wedding"), "{}", done.text());
        let file = presses.host.get(&format!("{at}/left-out")).await;
        assert!(file.body.contains("Our wedding"), "{}", file.body);
        assert_eq!(presses.count, 9, "one of them too early");
    });
}

#[test]
fn cells_are_pasted_and_a_wrong_address_is_shown_where_it_was_typed() {
    on_both(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let address = "/admin/o/aisyah-daniel/import";
        let begin = host.get(address).await;
        let mut form = begin.form(address);
        form.fill("paste", "Name\tEmail\nAnn Lim\tann@example,com\n");
        let sent = host.submit(&begin, &form).await;
        let columns = host.follow(sent).await;
        let mut form = columns.form(&columns.address.clone());
        form.tick("later", "1");
        let saved = host.submit(&columns, &form).await;
        let check = host.follow(saved).await;
        let apply = format!("{}/apply", check.address);
        let mut form = check.form(&apply);
        let field = form
            .entries()
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .find(|name| name.starts_with("choice.email:"))
            .unwrap();
        form.fill(&field, "ann at example");
        form.press("go", "1");
        let refused = host.submit(&check, &form).await;
        refused.expect(422);
        assert!(refused.body.contains("ann at example"));
        let mut form = refused.form(&apply);
        form.fill(&field, "ann.lim@example.com");
        let saved = host.submit(&refused, &form).await;
        let check = host.follow(saved).await;
        assert!(
            check.text().contains("ann.lim@example.com"),
            "{}",
            check.text()
        );
        let id = apply.rsplit('/').nth(1).unwrap();
        let address = format!("{}/{id}/check", stage.at("/imports"));
        let found = call(&mut host, "POST", &address, &json!(null)).await;
        let found = found.with(200).json();
        assert_eq!(found["choices"][0]["is_answered"], true);
    });
}

#[test]
fn food_needs_are_ticked_in_whatever_language_they_are_written() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Food\nAnna Abel,vegetarisch\nBen Bach,Nussallergie!\nCid Cole,laktosefrei\n\
                    Dee Dorn,\"glutenfrei, kommt später\"\nEve Ernst,keine Pilze\n";
        assert_eq!(bring(stage, file, KEPT).await, (5, 0, 0));
        let all = records(stage).await;
        for (name, diets, note) in [
            ("Anna Abel", json!(["vegetarian"]), Value::Null),
            ("Ben Bach", json!(["nut-allergy"]), Value::Null),
            ("Cid Cole", json!(["dairy-free"]), Value::Null),
            ("Dee Dorn", json!(["gluten-free"]), json!("kommt später")),
            ("Eve Ernst", Value::Null, json!("keine Pilze")),
        ] {
            let one = all.iter().find(|one| one["household"] == name).unwrap();
            let guest = &one["guests"][0];
            assert_eq!(
                (&guest["diets"], &guest["diet_note"]),
                (&diets, &note),
                "{name}"
            );
        }
    });
}
