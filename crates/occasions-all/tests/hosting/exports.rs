//! Tests of the limit on the number of exports, and of filtered exports.

use occasions::hosting::listing::{InvitationFilter, people};
use occasions::words::{ExportKind, FileFormat};
use occasions_lists::export;
use serde_json::json;
use web::Language;

use crate::background::{ask, fetch, wanted as wanted_as};
use crate::numbers::decline_one_event;
use crate::stage::{call, code, fields, on_both, on_default};

fn wanted() -> export::Request {
    export::Request {
        kind: ExportKind::Guests,
        format: FileFormat::Csv,
        invitations: InvitationFilter::default(),
        guests: people::GuestFilter::default(),
    }
}

#[test]
fn ten_files_of_an_occasion_wait_at_most() {
    on_both(async |stage| {
        stage.expect_work();
        let start = || {
            stage.act(&stage.owner, |tx, host| {
                export::start(tx, host, &wanted(), &Language::of("en"))
            })
        };
        let (mut made, mut refused) = (0, 0);
        for (first, second) in (0..6).map(|_| (start(), start())) {
            let (first, second) = tokio::join!(first, second);
            for outcome in [first, second] {
                if outcome.is_ok() {
                    made += 1;
                } else {
                    assert_eq!(code(outcome), "exports_waiting");
                    refused += 1;
                }
            }
        }
        assert_eq!((made, refused), (10, 2));
        let mut owner = stage.visitor(&stage.owner);
        let body = json!({"kind": "guests", "format": "csv"});
        let page = call(&mut owner, "POST", &stage.at("/exports"), &body).await;
        assert_eq!(page.expect(409).json()["code"], "exports_waiting");
        assert_eq!(page.json()["limit"], 10);
        stage.worker().run_due().await.unwrap();
        assert!(start().await.is_ok(), "those that are made wait no more");
    });
}

#[test]
fn files_say_who_has_partly_answered() {
    on_default(async |stage| {
        decline_one_event(stage).await;
        for (kind, column, name, words) in [
            (
                ExportKind::Households,
                &stage.say("host-export-response"),
                "Keluarga Encik Rahman",
                "host-response-partial",
            ),
            (
                ExportKind::Guests,
                &stage.say("host-export-answer"),
                "Rahman bin Ali",
                "host-person-partial",
            ),
        ] {
            let id = ask(stage, &stage.owner, wanted_as(kind, FileFormat::Csv), "en").await;
            stage.worker().run_due().await.unwrap();
            let file = fetch(stage, &stage.owner, &id).await;
            let mut reader =
                csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes());
            let headings = reader.headers().unwrap().clone();
            let at = headings.iter().position(|one| one == column).unwrap();
            let row = reader
                .records()
                .map(Result::unwrap)
                .find(|row| row.iter().any(|cell| cell == name));
            assert_eq!(row.unwrap()[at], stage.say(words), "{kind:?}");
        }
    });
}

#[test]
fn a_filter_that_cannot_be_used_is_refused_when_it_is_sent() {
    on_default(async |stage| {
        for of_guests in [false, true] {
            let mut request = wanted();
            if of_guests {
                request.guests.event = Some("nothing".to_owned());
            } else {
                request.invitations.event = Some("nothing".to_owned());
            }
            let refused = stage
                .act(&stage.owner, move |tx, host| {
                    export::start(tx, host, &request, &Language::of("en"))
                })
                .await;
            assert_eq!(fields(refused), [("/event".to_owned(), "unknown_option")]);
        }
    });
}
