//! Tests of lists: searches, filters and paging. While other hosts write, paging must neither
//! repeat nor skip entries.

use std::collections::BTreeSet;

use occasions::hosting::invitations;
use occasions::hosting::listing::filter::Answered;
use occasions::hosting::listing::people;
use occasions::hosting::listing::{self, InvitationFilter, Sort};
use occasions::hosting::occasions as occasion_settings;
use occasions::phone;
use occasions::words::{Access, ReplyStatus};
use platform::{Rows, sql};
use serde_json::json;
use web::{List, PageQuery};

use crate::parts::sent;
use crate::stage::{Host, Stage, on_default};

async fn find(
    stage: &Stage<'_>,
    host: &Host,
    filter: InvitationFilter,
) -> Vec<listing::InvitationRow> {
    stage
        .act(host, move |tx, host| {
            listing::all_invitations(tx, host, &filter)
        })
        .await
        .unwrap()
}

async fn search(stage: &Stage<'_>, host: &Host, typed: &str) -> Vec<String> {
    let filter = InvitationFilter {
        q: typed.to_owned(),
        ..InvitationFilter::default()
    };
    let found = find(stage, host, filter).await;
    found.into_iter().map(|line| line.household).collect()
}

async fn paging(stage: &Stage<'_>, sort: Sort, query: String) -> List<listing::InvitationRow> {
    let paging = PageQuery::read(&query).unwrap();
    stage
        .done(move |tx, host| {
            listing::invitations(tx, host, &InvitationFilter::default(), sort, &paging)
        })
        .await
}

#[test]
fn a_search_ignores_case_accents_and_order_and_finds_parts_of_words() {
    on_default(async |stage| {
        stage
            .done(|tx, host| {
                let new = sent(json!({
                    "household": "Famiglia D’Àngelo",
                    "email": "Nonna@Example.org",
                    "phone": "+39 02 123-456",
                    "tags": ["Sposa"],
                    "guests": [{ "name": "Zoë D’Àngelo" }],
                }));
                invitations::create(tx, host, &new, None).map(drop)
            })
            .await;
        for typed in [
            "d'angelo",
            "ANGELO",
            "zoe",
            "angelo famiglia",
            "sposa",
            "nonna@example",
            "02123456",
            "02 123-456",
        ] {
            assert_eq!(
                search(stage, &stage.owner, typed).await,
                ["Famiglia D’Àngelo"],
                "{typed}"
            );
        }
        assert_eq!(search(stage, &stage.owner, "angelo rossi").await.len(), 0);
        // A search finds a part of a Chinese name. It also finds codes typed with hyphens or
        // look-alike characters.
        assert_eq!(search(stage, &stage.owner, "TANWE").await.len(), 1);
        assert_eq!(search(stage, &stage.owner, "r-ahma").await.len(), 1);
        let chinese = search(stage, &stage.owner, "陈").await;
        assert!(!chinese.is_empty(), "by one character");
    });
}

#[test]
fn a_number_is_found_however_it_is_typed() {
    on_default(async |stage| {
        let new = sent(json!({
            "household": "Keluarga Aminah",
            "phone": "012-345 6780",
            "guests": [{ "name": "Aminah", "phone": "03 8888 1234" }, { "name": "Bakar" }],
        }));
        let stated = stage
            .done(move |tx, host| invitations::create(tx, host, &new, None))
            .await;
        assert_eq!(
            stated.household.invitation.details.phone.as_deref(),
            Some("012-345 6780")
        );
        let ways = [
            "+60 12 345 6780",
            "0060123456780",
            "(012) 345 6780",
            "+603-8888 1234",
        ];
        for typed in ways {
            let found = search(stage, &stage.owner, typed).await;
            assert_eq!(found, ["Keluarga Aminah"], "{typed}");
            assert!(search(stage, &stage.observer, typed).await.is_empty());
        }
        assert!(
            search(stage, &stage.owner, "+60 12 345 6781")
                .await
                .is_empty()
        );
        // What an older program wrote is read by the job.
        let forget = |tx: &mut platform::Tx<'_>| {
            tx.run(sql!("UPDATE guest SET phone_e164 = NULL"), &[], Rows::Any)?;
            tx.run(
                sql!("UPDATE invitation SET phone_e164 = '+1'"),
                &[],
                Rows::Any,
            )
        };
        stage.site.store.write(forget).await.unwrap();
        assert!(search(stage, &stage.owner, ways[0]).await.is_empty());
        phone::read_stored(&stage.site.platform).await.unwrap();
        for typed in ways {
            let found = search(stage, &stage.owner, typed).await;
            assert_eq!(found, ["Keluarga Aminah"], "{typed}");
        }
        // In another home country, the same digits are another number.
        stage
            .done(|tx, host| {
                let old = occasion_settings::load(tx, host)?;
                let change = json!({ "country": "IT" }).into();
                occasion_settings::change(tx, host, old.version, &change).map(drop)
            })
            .await;
        assert!(
            search(stage, &stage.owner, "+60 12 345 6780")
                .await
                .is_empty()
        );
    });
}

#[test]
fn observers_search_names_and_nothing_that_is_hidden_from_them() {
    on_default(async |stage| {
        let all = find(stage, &stage.observer, InvitationFilter::default()).await;
        assert_eq!(all.len(), 40);
        assert!(
            all.iter()
                .all(|line| line.code.is_none() && line.email.is_none())
        );
        let email = find(stage, &stage.owner, InvitationFilter::default()).await;
        let email = email.iter().find_map(|line| line.email.clone()).unwrap();
        for hidden in ["SHUT1", "late1", email.as_str()] {
            assert_eq!(
                search(stage, &stage.owner, hidden).await.len(),
                1,
                "{hidden}"
            );
            assert_eq!(
                search(stage, &stage.observer, hidden).await.len(),
                0,
                "{hidden}"
            );
        }
    });
}

type Set = fn(&mut InvitationFilter, bool);

#[test]
fn every_filter_and_its_opposite_share_out_the_list() {
    on_default(async |stage| {
        let all = find(stage, &stage.owner, InvitationFilter::default())
            .await
            .len();
        let flags: [Set; 7] = [
            |filter, on| filter.email = Some(on),
            |filter, on| filter.opened = Some(on),
            |filter, on| filter.sent = Some(on),
            |filter, on| filter.r#override = Some(on),
            |filter, on| filter.over = Some(on),
            |filter, on| filter.note = Some(on),
            |filter, on| filter.answered = Some(on),
        ];
        for (index, set) in flags.into_iter().enumerate() {
            let mut halves = 0;
            for on in [true, false] {
                let mut filter = InvitationFilter::default();
                set(&mut filter, on);
                halves += find(stage, &stage.owner, filter).await.len();
            }
            assert_eq!(halves, all, "flag {index}");
        }
        let mut by_access = 0;
        for access in Access::ALL {
            let filter = InvitationFilter {
                access: Some(*access),
                ..InvitationFilter::default()
            };
            by_access += find(stage, &stage.owner, filter).await.len();
        }
        assert_eq!(by_access, all);
        let mut by_response = 0;
        for response in [Answered::Unanswered, Answered::Partial, Answered::Complete] {
            let filter = InvitationFilter {
                response: Some(response),
                ..InvitationFilter::default()
            };
            by_response += find(stage, &stage.owner, filter).await.len();
        }
        assert_eq!(by_response, all);
    });
}

#[test]
fn pages_neither_repeat_nor_hide_what_was_there() {
    on_default(async |stage| {
        for &sort in Sort::ALL {
            let before = find(stage, &stage.owner, InvitationFilter::default()).await;
            let wanted: BTreeSet<_> = before.iter().map(|line| line.id.clone()).collect();
            let mut seen = Vec::new();
            let mut query = "limit=7".to_owned();
            loop {
                let list = paging(stage, sort, query).await;
                seen.extend(list.items.iter().map(|line| line.id.clone()));
                // After the first page is read, invitations are added at the front and at the end
                // of the list.
                stage
                    .done(|tx, host| {
                        for household in ["Aaa", "Zzz"] {
                            let new = sent(json!({ "household": household }));
                            invitations::create(tx, host, &new, None)?;
                        }
                        Ok(())
                    })
                    .await;
                match list.next_cursor {
                    Some(cursor) => query = format!("limit=7&cursor={cursor}"),
                    None => break,
                }
            }
            let once: BTreeSet<_> = seen.iter().cloned().collect();
            assert_eq!(once.len(), seen.len(), "{sort:?}: nothing twice");
            assert!(wanted.is_subset(&once), "{sort:?}: nothing hidden");
        }
    });
}

#[test]
fn the_way_back_shows_what_the_way_there_showed() {
    on_default(async |stage| {
        for &sort in Sort::ALL {
            let mut pages = Vec::new();
            let mut query = "limit=7".to_owned();
            loop {
                let list = paging(stage, sort, query).await;
                let next = list.next_cursor.clone();
                pages.push(list);
                match next {
                    Some(cursor) => query = format!("limit=7&cursor={cursor}"),
                    None => break,
                }
            }
            let mut shown = pages.pop().unwrap();
            while let Some(before) = shown.previous_cursor {
                let there = pages.pop().unwrap();
                shown = paging(stage, sort, format!("limit=7&before={before}")).await;
                assert_eq!(shown.items, there.items, "{sort:?}");
                assert_eq!(shown.next_cursor, there.next_cursor, "{sort:?}");
                assert_eq!(shown.total, there.total, "{sort:?}");
            }
            assert!(pages.is_empty(), "{sort:?}: up to the first one");
        }
    });
}

#[test]
fn every_order_is_the_order_it_says() {
    on_default(async |stage| {
        let lines = |sort| async move { paging(stage, sort, "limit=200".to_owned()).await.items };
        let names: Vec<String> = lines(Sort::Household)
            .await
            .into_iter()
            .map(|line| platform::text_cleaning::fold(&line.household))
            .collect();
        assert!(names.is_sorted());
        let size: Vec<i64> = lines(Sort::Size)
            .await
            .iter()
            .map(|line| -line.people.total)
            .collect();
        assert!(size.is_sorted() && size[0] < size[39]);
        let replied: Vec<_> = lines(Sort::Replied).await;
        let times: Vec<_> = replied.iter().map(|line| line.replied_at).collect();
        assert!(
            times.is_sorted_by(|one, next| one >= next),
            "who never answered comes last"
        );
    });
}

#[test]
fn the_list_of_guests_searches_and_filters_people() {
    on_default(async |stage| {
        let people = |filter: people::GuestFilter| async move {
            stage
                .done(move |tx, host| people::all_people(tx, host, &filter))
                .await
        };
        let all = people(people::GuestFilter::default()).await.len();
        let mut by_status = 0;
        for &status in people::Status::ALL {
            let found = people(people::GuestFilter {
                status: Some(status),
                ..Default::default()
            })
            .await;
            // A guest can have these statuses in addition to another one. Counting only the other
            // one counts each guest once.
            if !matches!(
                status,
                people::Status::Eating | people::Status::Partial | people::Status::Unanswered
            ) {
                by_status += found.len();
            }
        }
        assert_eq!(by_status, all, "each guest has one status");
        let rahman = people(people::GuestFilter {
            q: "RAHMÁN bin".to_owned(),
            ..Default::default()
        })
        .await;
        assert!(!rahman.is_empty());
        assert!(
            rahman
                .iter()
                .all(|one| one.name.contains("Rahman") || one.household.contains("Rahman"))
        );
        let nikah = people(people::GuestFilter {
            event: Some("nikah".to_owned()),
            status: Some(people::Status::Yes),
            ..Default::default()
        })
        .await;
        assert!(nikah.iter().all(|one| one.status == ReplyStatus::Yes));
        let children = people(people::GuestFilter {
            child: Some(true),
            ..Default::default()
        })
        .await;
        let mut by_band = 0;
        for &band in people::Band::ALL {
            by_band += people(people::GuestFilter {
                band: Some(band),
                ..Default::default()
            })
            .await
            .len();
        }
        assert_eq!(by_band, children.len());
        assert!(by_band > 0);
    });
}
