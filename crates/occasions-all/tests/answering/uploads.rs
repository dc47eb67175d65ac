//! Tests of concurrent uploads when only one more upload fits, either into an invitation's limit or
//! into the quota.

use occasions::occasion::{self, Switches};
use occasions::refusal::Refusal;
use occasions::upload::{self, MOST, NewUpload, Upload, UploadKind};
use platform::Store;
use testkit::{World, rounds, together};

use crate::stage::{MIGRATIONS, Stage, key};

/// A quota in bytes, larger than any test needs.
const ENOUGH: i64 = 1 << 40;

async fn switch_on(stage: &Stage) {
    let id = stage.occasion.clone();
    let on = Switches {
        uploads: true,
        ..Switches::default()
    };
    stage
        .change(move |tx| {
            let mut stored = occasion::load(tx, &id)?;
            stored.switches = on;
            occasion::update(tx, &stored)?;
            Ok(1)
        })
        .await;
}

async fn add(store: &Store, code: &str, file: &str, quota: i64) -> Result<Upload, Refusal> {
    let new = NewUpload {
        key: key(code),
        name: "a.pdf".to_owned(),
        caption: String::new(),
        kind: UploadKind::Document,
        file: format!("{code}-{file}.pdf").to_lowercase(),
        bytes: 1_000,
        thumbnail: String::new(),
        thumbnail_bytes: 0,
        digest: file.to_owned(),
        quota,
        request: None,
    };
    store.write(move |tx| upload::add(tx, &new)).await
}

async fn count(stage: &Stage, code: &str) -> usize {
    let id = stage.portal(code).await.household.invitation.id;
    let own = stage.store.read(move |tx| upload::of_invitation(tx, &id));
    own.await.unwrap().len()
}

fn code(letter: char, round: usize) -> String {
    format!("{letter}{round:05}")
}

#[test]
fn the_last_upload_of_an_invitation_is_one() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch_on(&stage).await;
        for round in 0..rounds() {
            let code = code('A', round);
            stage.household(&code, 1, 0).await;
            for n in 1..MOST {
                let file = n.to_string();
                add(&stage.store, &code, &file, ENOUGH).await.unwrap();
            }
            let send = |file: &'static str| {
                let (store, code) = (stage.store.clone(), code.clone());
                async move { add(&store, &code, file, ENOUGH).await }
            };
            let (one, other) = together(send("x"), send("y")).await;
            let both = [one, other];
            let won = both.iter().filter(|done| done.is_ok()).count();
            let late = |done: &&Result<_, _>| matches!(done, Err(Refusal::UploadLimit(MOST)));
            assert_eq!((won, both.iter().filter(late).count()), (1, 1), "{both:?}");
            assert_eq!(count(&stage, &code).await, MOST, "round {round}");
        }
    });
}

#[test]
fn the_last_bytes_of_the_quota_go_to_one_household() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch_on(&stage).await;
        for round in 0..rounds() {
            let codes = [code('B', round), code('C', round)];
            for code in &codes {
                stage.household(code, 1, 0).await;
            }
            let used = i64::try_from(round).unwrap() * 1_000;
            let send = |code: &str| {
                let (store, code) = (stage.store.clone(), code.to_owned());
                async move { add(&store, &code, "x", used + 1_999).await }
            };
            let (one, other) = together(send(&codes[0]), send(&codes[1])).await;
            let both = [one, other];
            let won = both.iter().filter(|done| done.is_ok()).count();
            let late = |done: &&Result<_, _>| matches!(done, Err(Refusal::UploadQuota));
            assert_eq!((won, both.iter().filter(late).count()), (1, 1), "{both:?}");
            let there = count(&stage, &codes[0]).await + count(&stage, &codes[1]).await;
            assert_eq!(there, 1, "round {round}");
        }
    });
}

#[test]
fn the_same_file_twice_at_once_is_one_upload() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        switch_on(&stage).await;
        for round in 0..rounds() {
            let code = code('D', round);
            stage.household(&code, 1, 0).await;
            let send = |file: &'static str| {
                let (store, code) = (stage.store.clone(), code.clone());
                async move {
                    let new = NewUpload {
                        key: key(&code),
                        name: String::new(),
                        caption: String::new(),
                        kind: UploadKind::Document,
                        file: format!("{file}-{code}.pdf"),
                        bytes: 1,
                        thumbnail: String::new(),
                        thumbnail_bytes: 0,
                        digest: "same".to_owned(),
                        quota: ENOUGH,
                        request: None,
                    };
                    store.write(move |tx| upload::add(tx, &new)).await.unwrap()
                }
            };
            let (one, other) = together(send("x"), send("y")).await;
            assert_eq!(one, other, "round {round}");
            assert_eq!(count(&stage, &code).await, 1);
        }
    });
}
