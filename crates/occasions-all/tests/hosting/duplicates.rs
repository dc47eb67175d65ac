//! Tests of households that are perhaps one: they are told in the open, and put together with one
//! press.

use occasions_lists::import;

use crate::imports::{KEPT, apply, bring, check, empty, records, upload};
use crate::stage::{Stage, on_both, on_default};

const HOME: &str = "/admin/o/aisyah-daniel";

async fn codes(stage: &Stage<'_>) -> Vec<(String, String)> {
    let all = records(stage).await;
    let text = |one: &serde_json::Value, field: &str| one[field].as_str().unwrap().to_owned();
    all.iter()
        .map(|one| (text(one, "household"), text(one, "code")))
        .collect()
}

#[test]
fn the_same_people_twice_are_told_and_put_together_with_one_press() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Household,Who\nTan family,Mei Tan\nTan family,Wei Tan\n\
                    Mei & Wei,Mei Tan\nMei & Wei,Wei Tan\nLim,Mei Lim\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let told = found.findings.iter().find(|one| one.code == "same_people");
        let told = told.unwrap();
        assert_eq!(
            (told.row, told.value.as_str()),
            (4, "Mei & Wei · Tan family")
        );
        let mut host = stage.visitor(&stage.owner);
        let address = format!("{HOME}/import/{id}");
        let page = host.get(&address).await.text();
        let (_, open) = page.split_once(&stage.say("host-twins")).unwrap();
        assert!(open.contains("Mei & Wei · Tan family"), "{open}");
        assert!(open.contains(&stage.say("host-import-alike")));
        assert_eq!(apply(stage, &id, KEPT).await.made, 3);
        // The page of the result, the list and both households say it, with the press.
        let list = format!("{HOME}/invites");
        let page = host.get(&list).await;
        let mut pages = vec![address, list.clone()];
        pages.extend(["Tan family", "Mei & Wei"].map(|name| page.link(name).href));
        for address in &pages {
            let page = host.get(address).await.with(200);
            assert!(
                page.text().contains("the same people: Mei Tan, Wei Tan"),
                "{address}"
            );
            let forms = page.forms();
            let merges = forms
                .iter()
                .filter(|form| form.value("into").is_some_and(|into| !into.is_empty()));
            assert_eq!(merges.count(), 1, "{address}");
        }
        let lim = host.get(&page.link("Lim").href).await;
        assert!(!lim.text().contains(&stage.say("host-twins")));
        // A search is about what was searched.
        let searched = host.get(&format!("{list}?q=Mei")).await;
        assert!(!searched.text().contains(&stage.say("host-twins")));
        let before = codes(stage).await;
        let forms = page.forms();
        let merge = forms
            .iter()
            .find(|form| form.action.ends_with("/merge"))
            .unwrap();
        let merged = host.submit(&page, merge).await;
        merged.expect(303);
        let shown = host.follow(merged).await.text();
        assert!(shown.contains(&stage.say("host-done-merged")), "{shown}");
        let after = codes(stage).await;
        assert_eq!(after.len(), 2);
        assert!(before.contains(&after[0]));
        assert!(
            !host
                .get(&list)
                .await
                .text()
                .contains(&stage.say("host-twins"))
        );
    });
}

#[test]
fn the_same_number_in_two_rows_is_told_with_both_and_a_pair_is_left_apart_for_good() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Phone\nAnn Lim,012-345 6789\nBo Tan,+60 12 345 6789\n\
                    Cid Ong,\nCid Ong,013-999 9999\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let told = found.findings.iter();
        let told = told.filter(|one| one.code.starts_with("same_"));
        let told: Vec<_> = told
            .map(|one| (one.row, one.other_row, one.code, one.value.as_str()))
            .collect();
        let wanted = [
            (3, Some(2), "same_contact", "Bo Tan · Ann Lim"),
            (5, Some(4), "same_name", "Cid Ong · Cid Ong"),
        ];
        assert_eq!(told, wanted);
        let mut host = stage.visitor(&stage.owner);
        let page = host.get(&format!("{HOME}/import/{id}")).await.text();
        let (_, open) = page.split_once(&stage.say("host-twins")).unwrap();
        assert!(open.contains("Bo Tan · Ann Lim"), "{open}");
        assert_eq!(apply(stage, &id, KEPT).await.made, 4);
        // The pair is left apart on one household's page, and is on neither again.
        let list = host.get(&format!("{HOME}/invites")).await;
        let href = |name: &str| list.link(name).href;
        let page = host.get(&href("Ann Lim")).await;
        let forms = page.forms();
        let apart = forms.iter().find(|form| form.action.ends_with("/apart"));
        let done = host.submit(&page, apart.unwrap()).await;
        done.expect(303);
        let shown = host.follow(done).await.text();
        assert!(shown.contains(&stage.say("host-done-apart")), "{shown}");
        for name in ["Ann Lim", "Bo Tan"] {
            let page = host.get(&href(name)).await.text();
            assert!(!page.contains(&stage.say("host-twins")), "{name}");
        }
        assert!(list.text().contains(&stage.say("host-twins")));
        let forms = list.forms();
        let apart = forms.iter().find(|form| form.action.ends_with("/apart"));
        let done = host.submit(&list, apart.unwrap()).await;
        done.expect(303);
        let list = host.get(&format!("{HOME}/invites")).await;
        assert!(!list.text().contains(&stage.say("host-twins")));
        // An undo takes them back all the same.
        let undone = stage.done(move |tx, host| import::undo(tx, host, &id));
        undone.await;
        stage.worker().run_due().await.unwrap();
        assert_eq!(records(stage).await.len(), 0);
    });
}

#[test]
fn a_person_on_both_is_one_whichever_name_stands_first() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Household,Who,Phone\nMüller,Klaus Müller,012-345 6789\n\
                    Schmidt,Müller Klaus,012-345 6789\nSchmidt,Eva Schmidt,\n";
        assert_eq!(bring(stage, file, KEPT).await.0, 2);
        let mut host = stage.visitor(&stage.owner);
        let list = host.get(&format!("{HOME}/invites")).await;
        let page = host.get(&list.link("Schmidt").href).await;
        let forms = page.forms();
        let merge = forms
            .iter()
            .find(|form| form.value("into").is_some_and(|into| !into.is_empty()));
        host.submit(&page, merge.unwrap()).await.expect(303);
        let all = records(stage).await;
        let guests = all[0]["guests"].as_array().unwrap();
        assert_eq!((all.len(), guests.len()), (1, 2), "{all:?}");
    });
}

#[test]
fn first_names_and_namesakes_in_other_households_are_not_told() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        // "Anna" is a first name; "Ann Lim" is one of two people here and one of two there.
        let file = "Household,Who\nRossi,Anna\nBianchi,Anna\n\
                    Lim,Ann Lim\nLim,Bo Lim\nOng,Ann Lim\nOng,Cid Ong\n";
        assert_eq!(bring(stage, file, KEPT).await.0, 4);
        let list = stage
            .visitor(&stage.owner)
            .get(&format!("{HOME}/invites"))
            .await;
        assert!(!list.text().contains(&stage.say("host-twins")));
    });
}

#[test]
fn the_same_phone_number_is_told_in_the_preview_and_at_both_households() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let first = "Name,Phone\nAnn Lim,012-345 6789\n";
        assert_eq!(bring(stage, first, KEPT).await.0, 1);
        let second = "Name,Phone\nBo Tan,+60 12 345 6789\nCid Ong,013-999 9999\n";
        let id = upload(stage, &stage.owner, second.as_bytes()).await;
        let found = check(stage, &id).await;
        let told: Vec<_> = found
            .findings
            .iter()
            .filter(|one| one.code == "contact_here")
            .map(|one| (one.row, one.value.as_str()))
            .collect();
        assert_eq!(told, [(2, "+60 12 345 6789 · Ann Lim")]);
        let mut host = stage.visitor(&stage.owner);
        let page = host.get(&format!("{HOME}/import/{id}")).await.text();
        let (_, open) = page.split_once(&stage.say("host-twins")).unwrap();
        assert!(open.contains("+60 12 345 6789 · Ann Lim"), "{open}");
        assert_eq!(apply(stage, &id, KEPT).await.made, 2);
        let list = host.get(&format!("{HOME}/invites")).await;
        let names = [("one", "Ann Lim".into()), ("other", "Bo Tan".into())];
        let words = stage.fill("host-twins-phone", names);
        for (name, is_told) in [("Ann Lim", true), ("Bo Tan", true), ("Cid Ong", false)] {
            let page = host.get(&list.link(name).href).await;
            assert_eq!(page.text().contains(&words), is_told, "{name}");
        }
        // An observer sees no number, and learns nothing of it.
        let mut observer = stage.visitor(&stage.observer);
        let page = observer.get(&list.link("Ann Lim").href).await;
        assert!(!page.text().contains(&stage.say("host-twins")));
    });
}
