//! Tests of the kitchen's list of dietary requirements, and of lists and exports with unnamed
//! guests.

use occasions::hosting::guests;
use occasions::hosting::portals;
use occasions::words::{ExportKind, FileFormat};
use platform::{Rows, sql};
use serde_json::json;

use crate::background::{ask, fetch, wanted};
use crate::pages::HOME;
use crate::parts::{brought, named};
use crate::stage::{Stage, on_default};

/// Returns the name under which the unnamed guest of [`invite`] is shown.
fn unnamed(stage: &Stage<'_>) -> String {
    let values = [("name", "Rahman bin Ali".into())];
    stage.fill("guest-of", values)
}

/// Adds three guests: Lin, Mei and an unnamed plus-one. Mei comes only to the first event, and the
/// other two to every event. Lin needs halal food, and the other two have allergies.
async fn invite(stage: &Stage<'_>) {
    let rahman = stage.invitation("RAHMA").await;
    stage
        .done(move |tx, host| {
            let new = [named("Lin"), brought("Mei", false), brought("", false)];
            guests::add(tx, host, &rahman, None, &new)?;
            let snapshot = portals::load(tx, host, &rahman)?;
            let mut version = snapshot.household.invitation.version;
            let added = snapshot.household.guests.iter().rev().take(3);
            for guest in added {
                let diets: &[&str] = match guest.name.as_str() {
                    "Lin" => &["halal"],
                    "Mei" => &["halal", "nut-allergy"],
                    _ => &["nut-allergy"],
                };
                let note = format!("Note of {}.", guest.name);
                let change = json!({ "diets": diets, "diet_note": note }).into();
                let changed = guests::change(tx, host, &guest.id, version, &change)?;
                version = changed.household.invitation.version;
                for (place, event) in (0_i64..).zip(snapshot.invited_events()) {
                    let comes = guest.name != "Mei" || place == 0;
                    tx.run(
                        sql!("UPDATE reply SET status = $3 WHERE guest = $1 AND event = $2"),
                        &[&guest.id, &event.id, &if comes { "yes" } else { "no" }],
                        Rows::Exactly(1),
                    )?;
                }
            }
            Ok(())
        })
        .await;
}

/// Exports a list of this kind as CSV, and returns its rows without the headings.
async fn rows(stage: &Stage<'_>, kind: ExportKind) -> Vec<Vec<String>> {
    let id = ask(stage, &stage.owner, wanted(kind, FileFormat::Csv), "en").await;
    stage.worker().run_due().await.unwrap();
    let file = fetch(stage, &stage.owner, &id).await;
    // The CSV reader refuses rows of different lengths. Reading succeeds, so the file contains a
    // single table.
    let mut reader = csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn people_without_a_name_are_called_alike_on_pages_and_in_files() {
    on_default(async |stage| {
        invite(stage).await;
        for (kind, column) in [
            (ExportKind::Guests, 1),
            (ExportKind::Replies, 2),
            (ExportKind::Diets, 2),
        ] {
            let rows = rows(stage, kind).await;
            assert!(rows.iter().all(|row| !row[column].is_empty()), "{kind:?}");
            assert!(
                rows.iter().any(|row| row[column] == unnamed(stage)),
                "{kind:?}"
            );
        }
        let mut owner = stage.visitor(&stage.owner);
        let id = stage.invitation("RAHMA").await;
        for page in ["/guests?q=rahman", "/reports", &format!("/invites/{id}")] {
            let page = owner.get(&format!("{HOME}{page}")).await;
            assert!(page.text().contains(&unnamed(stage)), "{}", page.text());
        }
    });
}

#[test]
fn the_kitchen_reads_allergies_first_and_at_which_events() {
    on_default(async |stage| {
        invite(stage).await;
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/reports")).await;
        let text = page.text();
        let (_, list) = text.split_once(&stage.say("host-kitchen-people")).unwrap();
        // Guests who come only to the first event are listed before guests who come to all events.
        let notes = ["Note of Mei.", "Note of .", "Note of Lin."];
        let places = notes.map(|note| list.find(note).unwrap_or_else(|| panic!("{note}: {list}")));
        assert!(places.is_sorted(), "{list}");
        let cells = places.map(|at| list[..at].rsplit("Keluarga Encik Rahman").next().unwrap());
        let [mei, unnamed, lin] = cells;
        let [allergy, nuts, halal] =
            ["host-allergy", "diet-nut-allergy", "diet-halal"].map(|id| stage.say(id));
        assert!(
            mei.contains(&format!("Akad nikah {allergy} {nuts} {halal}")),
            "{mei}"
        );
        assert!(unnamed.contains("Akad nikah, Reception"), "{unnamed}");
        assert!(unnamed.contains(&format!("{allergy} {nuts}")), "{unnamed}");
        assert!(lin.contains(&halal) && !lin.contains(&allergy), "{lin}");
        let rows = rows(stage, ExportKind::Diets).await;
        for event in ["Akad nikah", "Reception"] {
            let here: Vec<_> = rows.iter().filter(|row| row[0] == event).collect();
            assert!(here.is_sorted_by_key(|row| row[3].is_empty()), "{here:?}");
            let is_there = |name: &str| here.iter().any(|row| row[2] == name);
            assert_eq!(is_there("Mei"), event == "Akad nikah");
            assert!(is_there("Lin"));
        }
    });
}

#[test]
fn on_a_phone_each_number_of_the_kitchen_names_what_it_counts() {
    on_default(async |stage| {
        invite(stage).await;
        let page = stage
            .visitor(&stage.owner)
            .get(&format!("{HOME}/reports"))
            .await
            .with(200);
        let (_, table) = page.body.split_once("<table class=\"cards\">").unwrap();
        let (table, _) = table.split_once("</table>").unwrap();
        let people = format!("data-label=\"{}\"", stage.say("host-people"));
        assert!(table.contains("data-label=\"Reception\"") && table.contains(&people));
        assert_eq!(
            table.matches("<td").count(),
            table.matches("data-label").count()
        );
    });
}

#[test]
fn a_print_of_the_kitchen_leaves_the_files_out() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/reports")).await;
        let exports = page.body.find("id=\"exports\"").unwrap();
        let section = page.body[..exports].rfind("<section").unwrap();
        assert!(page.body[section..exports].contains("unprinted"));
    });
}

#[test]
fn needs_in_people_s_own_words_are_found_counted_and_named() {
    on_default(async |stage| {
        let words = sql!(
            "UPDATE guest SET diets = '[]', diet_note = CASE WHEN id =
                 (SELECT MIN(guest.id) FROM guest JOIN invitation ON invitation.id = guest.invitation
                  WHERE code = $1) THEN 'Peanuts (EpiPen)' ELSE '' END"
        );
        stage.run(words, "RAHMA").await;
        let coming = sql!(
            "UPDATE reply SET status = 'yes' WHERE guest IN
                 (SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                  WHERE code = $1)"
        );
        stage.run(coming, "RAHMA").await;
        let mut host = stage.visitor(&stage.owner);
        let found = host.get(&format!("{HOME}/guests?q=epipen")).await;
        assert!(found.expect(200).text().contains("Peanuts (EpiPen)"));
        // Who asks for those for whom a need is ticked is led to those who wrote it.
        let ticked = host.get(&format!("{HOME}/guests?diet=nuts&q=peanut")).await;
        assert!(!ticked.expect(200).text().contains("Peanuts (EpiPen)"));
        let see = ticked.links().into_iter();
        let mut see = see.filter(|link| link.href.contains("diet_note=yes"));
        let see = host.get(&see.next().unwrap().href).await;
        assert!(see.expect(200).text().contains("Peanuts (EpiPen)"));
        let overview = host.get(&format!("{HOME}/answers")).await.with(200);
        let text = overview.text();
        assert!(
            text.contains(&stage.say("host-filter-diet-note-yes")),
            "{text}"
        );
        assert!(!text.contains(&stage.say("host-food-none")), "{text}");
    });
}
