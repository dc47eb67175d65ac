//! What a list says of people whom an earlier list, its hosts or its guests have spoken of, and of
//! those whom it only counts.

use occasions_lists::import::{self, ChoiceKind};
use serde_json::{Value, json};

use crate::import_answers::{AT, asked, codes};
use crate::import_choices::choose;
use crate::imports::{KEPT, apply, bring, check, empty, records, upload};
use crate::stage::{call, on_default};

#[test]
fn food_that_only_lists_have_said_is_as_the_last_list_says() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = |food: &str| {
            format!("Name,Email,Phone,Diet\nJohn Smith,john@example.com,0123456789,{food}\n")
        };
        assert_eq!(bring(stage, &list("Halal"), KEPT).await, (1, 0, 0));
        let food = async || {
            let made = records(stage).await;
            let guest = &made[0]["guests"][0];
            let note = guest["diet_note"].as_str().unwrap_or_default().to_owned();
            (guest["diets"].clone(), note)
        };
        assert_eq!(food().await, (json!(["halal"]), String::new()));
        let more = list("no nuts at all");
        assert_eq!(bring(stage, &more, KEPT).await, (0, 1, 0));
        let now = (Value::Null, "no nuts at all".to_owned());
        assert_eq!(food().await, now);
        assert_eq!(bring(stage, &more, KEPT).await, (0, 0, 0));

        // What somebody has answered since stays, and the host is told.
        stage.world.expect_jobs(occasions::rsvp::CONFIRM);
        let made = records(stage).await;
        let code = made[0]["code"].as_str().unwrap().to_owned();
        let mut guest = stage.nobody();
        let at = format!("/api/v1/invitations/{code}");
        let state = guest.get(&at).await.with(200).json();
        let id = &state["guests"][0]["id"];
        let answer = json!({"version": state["version"], "guests": [
            {"id": id, "diets": ["vegetarian"], "diet_note": "",
             "replies": {}},
        ]});
        call(&mut guest, "PUT", &format!("{at}/rsvp"), &answer)
            .await
            .expect(200);
        let id = upload(stage, &stage.owner, list("Halal").as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!(codes(&found, "food_stays"), 1, "{found:?}");
        apply(stage, &id, KEPT).await;
        assert_eq!(food().await, (json!(["vegetarian"]), String::new()));
    });
}

#[test]
fn food_of_people_whom_a_list_only_counts_is_the_kitchens_too() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = "Household,Pax,Email,Allergies\nFam. De Luca,5,luca@example.com,lactose x2\n";
        assert_eq!(bring(stage, list, KEPT).await, (1, 0, 0));
        let made = records(stage).await;
        let guests = made[0]["guests"].as_array().unwrap();
        assert_eq!(guests.len(), 5);
        let is_told = |guest: &Value| guest["diet_note"] == "one of: lactose x2";
        assert!(guests.iter().all(is_told), "{made:?}");
        assert_eq!(bring(stage, list, KEPT).await, (0, 0, 0));
        let less = list.replace(",5,", ",4,");
        assert_eq!(bring(stage, &less, KEPT).await, (0, 1, 0));
        let made = records(stage).await;
        assert_eq!(made[0]["guests"].as_array().unwrap().len(), 4);
    });
}

#[test]
fn a_later_list_shows_what_it_changes_and_whom_it_lacks() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let first = "Name,Email,Phone,Diet,RSVP Reception\n\
                     John Smith,john@example.com,0123456789,Halal,\n\
                     Ann Lee,ann@example.com,0133333333,,\n";
        assert_eq!(bring(stage, first, KEPT).await, (2, 0, 0));
        let later = "Name,Email,Phone,Diet,RSVP Reception\n\
                     John Smith,john@example.com,0199999999,no nuts,yes\n";
        let id = upload(stage, &stage.owner, later.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!((found.changed, found.unlisted), (1, 1));
        assert_eq!(found.unlisted_names, ["Ann Lee"]);
        let mut host = stage.visitor(&stage.owner);
        let page = host.get(&format!("{AT}/{id}")).await.with(200).text();
        for words in [
            "What changes",
            "0123456789 → 0199999999",
            "nothing → no nuts",
            "No answer yet → Coming",
            "1 household already here is not in this list",
            "Ann Lee",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        // It is invited already.
        assert!(!page.contains(&stage.say("host-import-no-event")), "{page}");
    });
}

#[test]
fn a_column_that_is_something_else_now_is_read_anew() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = "Name,Email,Menu wishes\nJohn Smith,john@example.com,no nuts\n";
        let as_columns = async |third: &'static str| {
            let id = upload(stage, &stage.owner, list.as_bytes()).await;
            let (wanted, catalogue) = (id.clone(), stage.site.catalogue.clone());
            let columns = ["names", "email", third].map(str::to_owned).to_vec();
            stage
                .done(move |tx, host| {
                    let change = import::Change {
                        columns: Some(columns.clone()),
                        ..import::Change::default()
                    };
                    import::change(tx, host, &catalogue, &wanted, &change)
                })
                .await;
            let import = apply(stage, &id, KEPT).await;
            (import.made, import.changed)
        };
        assert_eq!(as_columns("skip").await, (1, 0));
        assert_eq!(as_columns("skip").await, (0, 0));
        assert_eq!(as_columns("diet_note").await, (0, 1));
        let made = records(stage).await;
        assert_eq!(made[0]["guests"][0]["diet_note"], "no nuts");
    });
}

#[test]
fn what_was_answered_about_a_row_is_not_asked_again_in_a_longer_list() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = "Name,Email\nJohn Smith,john.example.com\n";
        let id = upload(stage, &stage.owner, list.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!(asked(&found), [(2, ChoiceKind::Email, "")]);
        let key = found.choices[0].key.clone();
        choose(stage, &id, &key, Some("john@example.com")).await;
        apply(stage, &id, KEPT).await;
        let longer = format!("{list}Ann Lee,ann.example.com\n");
        let id = upload(stage, &stage.owner, longer.as_bytes()).await;
        let found = check(stage, &id).await;
        let answered = found.choices.iter().map(|one| one.is_answered);
        assert_eq!(answered.collect::<Vec<_>>(), [true, false], "{found:?}");
        assert_eq!(found.choices[0].chosen, "john@example.com");
    });
}

#[test]
fn a_reply_of_a_later_list_counts_or_is_told() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = |reply: &str| {
            format!("Name,Email,RSVP Reception\nJohn Smith,john@example.com,{reply}\n")
        };
        let reply = async || {
            let made = records(stage).await;
            made[0]["guests"][0]["replies"]["reception"].clone()
        };
        assert_eq!(bring(stage, &list("yes"), KEPT).await, (1, 0, 0));
        // Nobody but lists has spoken.
        assert_eq!(bring(stage, &list("no"), KEPT).await, (0, 1, 0));
        assert_eq!(reply().await, "no");

        stage.world.expect_jobs(occasions::rsvp::CONFIRM);
        let made = records(stage).await;
        let code = made[0]["code"].as_str().unwrap().to_owned();
        let mut guest = stage.nobody();
        let at = format!("/api/v1/invitations/{code}");
        let state = guest.get(&at).await.with(200).json();
        let id = &state["guests"][0]["id"];
        let answer = json!({"version": state["version"], "guests": [
            {"id": id, "diets": [], "diet_note": "", "replies": {"reception": "yes"}},
        ]});
        call(&mut guest, "PUT", &format!("{at}/rsvp"), &answer)
            .await
            .expect(200);
        let again = list("NO");
        let id = upload(stage, &stage.owner, again.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!(codes(&found, "reply_stays"), 1, "{found:?}");
        apply(stage, &id, KEPT).await;
        assert_eq!(reply().await, "yes");
        // The same list again shows what is here.
        let id = upload(stage, &stage.owner, again.as_bytes()).await;
        let mut host = stage.visitor(&stage.owner);
        let page = host.get(&format!("{AT}/{id}")).await.with(200);
        let card = page.body.split("class=\"house\"").nth(1).unwrap();
        assert!(card.contains("Reception: Coming"), "{card}");
    });
}

#[test]
fn a_yes_for_more_people_than_are_named_is_told() {
    on_default(async |stage| {
        empty(stage).await;
        let list = "Name,Pax,RSVP Reception\nJonas Berg,3,yes\nKim Lee,1,yes\nAda Wong,2,no\n";
        let id = upload(stage, &stage.owner, list.as_bytes()).await;
        let found = check(stage, &id).await;
        let told = found.findings.iter().filter(|one| one.code == "only_named");
        let rows: Vec<usize> = told.map(|one| one.row).collect();
        assert_eq!(rows, [2], "{found:?}");
    });
}

#[test]
fn namesakes_without_contacts_are_never_changed_unasked() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let first = "Name,Tags\nGrandma,Bride\nGrandma,Groom\n";
        assert_eq!(bring(stage, first, KEPT).await, (2, 0, 0));
        let before = records(stage).await;
        assert_eq!(bring(stage, first, KEPT).await, (0, 0, 0));
        let later = "Name,Tags,Phone\nGrandma,Bride,012-3456789\nGrandma,Groom,\n";
        let id = upload(stage, &stage.owner, later.as_bytes()).await;
        let found = check(stage, &id).await;
        let kinds: Vec<ChoiceKind> = found.choices.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [ChoiceKind::Here, ChoiceKind::Here], "{found:?}");
        apply(stage, &id, KEPT).await;
        assert_eq!(records(stage).await, before);
    });
}
