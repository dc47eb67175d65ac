//! Tests of the background jobs for bulk actions and exports. Some tests kill the worker in the
//! middle of a job.

use jiff::SignedDuration;
use occasions::hosting::bulk::{self, Action, Request, Target};
use occasions::hosting::listing::{self, InvitationFilter, people};
use occasions::hosting::{HostOf, invitations};
use occasions::words::{Access, ExportKind, FileFormat, Progress};
use occasions_lists::export::{self, ExportId};
use platform::Tx;
use serde_json::json;
use web::Language;

use crate::parts::sent;
use crate::stage::{Host, Stage, call, code, fields, on_default};

fn all(action: Action) -> Request {
    Request {
        target: Target::Matching(InvitationFilter::default()),
        action,
    }
}

async fn run(stage: &Stage<'_>, request: Request) -> bulk::Bulk {
    let id = stage
        .done(move |tx, host| bulk::start(tx, host, &request))
        .await
        .id;
    stage.worker().run_due().await.unwrap();
    stage.done(move |tx, host| bulk::load(tx, host, &id)).await
}

#[test]
fn an_action_goes_through_all_that_match() {
    on_default(async |stage| {
        let tag = all(Action::Tag {
            tag: "Everyone".to_owned(),
        });
        let done = run(stage, tag).await;
        assert_eq!(
            (done.state, done.total, done.done, done.failed),
            (Progress::Ready, 40, 40, 0)
        );
        let find = |filter: InvitationFilter| async move {
            stage
                .done(move |tx, host| listing::all_invitations(tx, host, &filter))
                .await
        };
        let tagged = find(InvitationFilter {
            tag: Some("Everyone".to_owned()),
            ..InvitationFilter::default()
        });
        assert_eq!(tagged.await.len(), 40);
        run(
            stage,
            all(Action::Untag {
                tag: "Everyone".to_owned(),
            }),
        )
        .await;
        run(
            stage,
            all(Action::Allowance {
                plus_ones: Some(3),
                children: None,
            }),
        )
        .await;
        run(
            stage,
            all(Action::Language {
                language: Some("it".to_owned()),
            }),
        )
        .await;
        run(
            stage,
            all(Action::Deadline {
                deadline: Some(occasions::hosting::When("2026-11-01".to_owned())),
            }),
        )
        .await;
        let lines = find(InvitationFilter::default()).await;
        assert!(
            lines
                .iter()
                .all(|line| !line.tags.contains(&"Everyone".to_owned()))
        );
        assert!(
            lines
                .iter()
                .all(|line| line.language.as_deref() == Some("it"))
        );
        assert!(
            lines
                .iter()
                .all(|line| line.deadline_override.is_some() && line.access != Access::Open)
        );
        run(stage, all(Action::Deadline { deadline: None })).await;
        run(stage, all(Action::Unlock {})).await;
        assert!(
            find(InvitationFilter::default())
                .await
                .iter()
                .all(|line| line.access == Access::Open)
        );
        run(
            stage,
            all(Action::Lock {
                reason: String::new(),
            }),
        )
        .await;
        assert!(
            find(InvitationFilter::default())
                .await
                .iter()
                .all(|line| line.access == Access::Locked)
        );
        run(stage, all(Action::Archive {})).await;
        assert!(find(InvitationFilter::default()).await.is_empty());
        assert_eq!(
            find(InvitationFilter {
                archived: true,
                ..InvitationFilter::default()
            })
            .await
            .len(),
            40
        );
    });
}

#[test]
fn each_row_has_its_own_end() {
    on_default(async |stage| {
        let rahman = stage.invitation("RAHMA").await;
        let rossi = stage.invitation("ROSSI").await;
        let gone = rossi.clone();
        let chosen = Request {
            target: Target::Chosen(vec![rahman.clone(), rossi.clone()]),
            action: Action::Lock {
                reason: "Printed".to_owned(),
            },
        };
        let id = stage
            .done(move |tx, host| {
                let bulk = bulk::start(tx, host, &chosen)?;
                // A host archives this invitation between the request for the bulk action and its
                // execution.
                invitations::archive(tx, host, &gone, None)?;
                Ok(bulk.id)
            })
            .await;
        stage.worker().run_due().await.unwrap();
        let (other, failed) = (id.clone(), id.clone());
        let done = stage
            .done(move |tx, host| bulk::load(tx, host, &other))
            .await;
        assert_eq!(
            (done.state, done.done, done.failed),
            (Progress::Ready, 2, 1)
        );
        let failed = stage
            .done(move |tx, host| bulk::failures(tx, host, &failed))
            .await;
        assert_eq!(failed.len(), 1);
        assert_eq!(
            (&failed[0].invitation, failed[0].problem.as_deref()),
            (&rossi, Some("wrong_state"))
        );
        let job_news: Vec<_> = stage
            .news()
            .await
            .into_iter()
            .filter(|(name, _)| name == "job")
            .collect();
        assert_eq!(job_news.first().unwrap().1["state"], "queued");
        assert_eq!(job_news.last().unwrap().1["state"], "ready");
    });
}

#[test]
fn a_job_that_begins_again_does_nothing_twice() {
    on_default(async |stage| {
        let request = all(Action::Lock {
            reason: String::new(),
        });
        let done = run(stage, request).await;
        let before = stage.actions().await.len();
        // The job runs a second time, as it does when a worker loses its lease.
        stage
            .site
            .store
            .write(move |tx| {
                let payload = json!({"bulk": done.id});
                tx.enqueue(platform::jobs::NewJob::new(bulk::KIND, payload))
            })
            .await
            .unwrap();
        stage.worker().run_due().await.unwrap();
        assert_eq!(stage.actions().await.len(), before);
    });
}

#[test]
fn whoever_lost_the_role_meanwhile_changes_nothing() {
    on_default(async |stage| {
        stage.give_password(&stage.owner).await;
        let request = all(Action::Archive {});
        let id = stage
            .act(&stage.coordinator, move |tx, host| {
                bulk::start(tx, host, &request)
            })
            .await
            .unwrap()
            .id;
        let coordinator = stage.coordinator.account.clone();
        stage
            .act(&stage.coordinator, move |tx, host| {
                occasions::hosting::members::remove(tx, host, &coordinator)
            })
            .await
            .unwrap();
        stage.worker().run_due().await.unwrap();
        let done = stage.done(move |tx, host| bulk::load(tx, host, &id)).await;
        assert_eq!((done.done, done.failed), (40, 40));
        let left = stage
            .done(|tx, host| listing::all_invitations(tx, host, &InvitationFilter::default()))
            .await;
        assert_eq!(left.len(), 40);
    });
}

#[test]
fn an_action_that_nothing_could_take_is_refused_at_once() {
    on_default(async |stage| {
        for (action, pointer) in [
            (Action::Tag { tag: String::new() }, "/args/tag/0"),
            (
                Action::Language {
                    language: Some("sw".to_owned()),
                },
                "/args/language",
            ),
            (
                Action::Allowance {
                    plus_ones: Some(21),
                    children: None,
                },
                "/args/plus_ones",
            ),
            (
                Action::Allowance {
                    plus_ones: None,
                    children: None,
                },
                "/args/plus_ones",
            ),
            (
                Action::Deadline {
                    deadline: Some(occasions::hosting::When("soon".to_owned())),
                },
                "/args/deadline",
            ),
        ] {
            let refused = stage
                .act(&stage.owner, move |tx, host| {
                    bulk::start(tx, host, &all(action.clone())).map(drop)
                })
                .await;
            assert_eq!(fields(refused)[0].0, pointer);
        }
        let mut owner = stage.visitor(&stage.owner);
        for (body, pointer) in [
            (json!({"ids": [], "action": "explode"}), "/action"),
            (json!({"ids": [], "action": "tag"}), "/args/tag"),
            (json!({"action": "archive"}), "/ids"),
            (
                json!({"ids": [], "filter": {}, "action": "archive"}),
                "/ids",
            ),
        ] {
            let page = call(&mut owner, "POST", &stage.at("/bulk"), &body).await;
            let problem = page.expect(422).json();
            assert_eq!(
                problem["errors"][0]["pointer"], pointer,
                "{body}: {problem}"
            );
        }
    });
}

#[test]
fn what_an_action_would_do_is_known_beforehand() {
    on_default(async |stage| {
        let open = stage
            .done(|tx, host| {
                let filter = InvitationFilter {
                    access: Some(Access::Open),
                    ..InvitationFilter::default()
                };
                listing::all_invitations(tx, host, &filter)
            })
            .await;
        let effect = stage
            .done(|tx, host| {
                bulk::effect(
                    tx,
                    host,
                    &all(Action::Lock {
                        reason: String::new(),
                    }),
                )
            })
            .await;
        assert_eq!(effect.closes, i64::try_from(open.len()).unwrap());
        let effect = stage
            .done(|tx, host| bulk::effect(tx, host, &all(Action::Unlock {})))
            .await;
        assert_eq!((effect.closes, effect.reopens), (0, 1), "SHUT1");
    });
}

pub(crate) fn wanted(kind: ExportKind, format: FileFormat) -> export::Request {
    export::Request {
        kind,
        format,
        invitations: InvitationFilter::default(),
        guests: people::GuestFilter::default(),
    }
}

pub(crate) async fn ask(
    stage: &Stage<'_>,
    host: &Host,
    request: export::Request,
    language: &str,
) -> ExportId {
    let language = Language::of(language);
    stage
        .act(host, move |tx: &mut Tx<'_>, host: &HostOf| {
            export::start(tx, host, &request, &language)
        })
        .await
        .unwrap()
        .id
}

pub(crate) async fn fetch(stage: &Stage<'_>, host: &Host, id: &ExportId) -> String {
    let mut visitor = stage.visitor(host);
    let page = visitor.get(&stage.at(&format!("/exports/{id}/file"))).await;
    page.expect(200);
    assert!(
        page.header("content-disposition")
            .contains("aisyah-daniel-")
    );
    page.body
}

#[test]
fn a_file_says_what_the_list_says() {
    on_default(async |stage| {
        let mut files = Vec::new();
        for kind in [
            ExportKind::Guests,
            ExportKind::Households,
            ExportKind::Replies,
            ExportKind::Diets,
        ] {
            let id = ask(stage, &stage.owner, wanted(kind, FileFormat::Csv), "en").await;
            assert_eq!(
                code(
                    stage
                        .act(&stage.owner, {
                            let id = id.clone();
                            move |tx, host| export::fetch(tx, host, &id)
                        })
                        .await
                ),
                "wrong_state",
                "not before it is ready"
            );
            files.push(id);
        }
        stage.worker().run_due().await.unwrap();
        let guests = fetch(stage, &stage.owner, &files[0]).await;
        let households = fetch(stage, &stage.owner, &files[1]).await;
        let replies = fetch(stage, &stage.owner, &files[2]).await;
        let diets = fetch(stage, &stage.owner, &files[3]).await;
        for file in [&guests, &households, &replies, &diets] {
            assert!(file.starts_with('\u{feff}') && file.contains("\r\n"));
        }
        let headings = ["household", "code", "email", "phone", "address", "language"]
            .map(|column| stage.say(&format!("host-export-{column}")))
            .join(",");
        assert!(households.starts_with(&format!("\u{feff}{headings}")));
        assert!(households.contains(",RAHMA,"));
        let lines = |file: &str| file.trim_end().matches("\r\n").count();
        let everybody = stage
            .done(|tx, host| people::all_people(tx, host, &people::GuestFilter::default()))
            .await;
        assert_eq!(lines(&households), 40);
        assert_eq!(lines(&guests), everybody.len());
        let counted = stage.done(occasions::hosting::summary::load).await;
        let asked: i64 = counted.events.iter().map(|event| event.guests.total).sum();
        assert_eq!(i64::try_from(lines(&replies)).unwrap(), asked);
        let halal = counted.events.iter().find_map(|event| {
            let halal = event.diets.iter().find(|diet| diet.key == "halal")?;
            Some((event.key.clone(), halal.people))
        });
        let (event, people) = halal.unwrap();
        let event = if event == "reception" {
            "Reception"
        } else {
            "Akad nikah"
        };
        let who = diets
            .lines()
            .filter(|line| line.starts_with(event) && line.contains(&stage.say("diet-halal")));
        assert_eq!(i64::try_from(who.count()).unwrap(), people, "{diets}");
    });
}

#[test]
fn observers_get_files_without_codes_and_contact_data() {
    on_default(async |stage| {
        let theirs = ask(
            stage,
            &stage.observer,
            wanted(ExportKind::Households, FileFormat::Csv),
            "ms",
        )
        .await;
        let guests = ask(
            stage,
            &stage.observer,
            wanted(ExportKind::Guests, FileFormat::Csv),
            "ms",
        )
        .await;
        let owners = ask(
            stage,
            &stage.owner,
            wanted(ExportKind::Households, FileFormat::Xlsx),
            "en",
        )
        .await;
        stage.worker().run_due().await.unwrap();
        for id in [&theirs, &guests] {
            let file = fetch(stage, &stage.observer, id).await;
            assert!(
                file.starts_with("\u{feff}Keluarga,"),
                "in their language: {file}"
            );
            assert!(!file.contains("RAHMA") && !file.contains('@'));
        }
        let mut observer = stage.visitor(&stage.observer);
        observer
            .get(&stage.at(&format!("/exports/{owners}/file")))
            .await
            .expect(404);
        let list = observer.get(&stage.at("/exports")).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 2);
        // Exports and their downloads are logged.
        let actions = stage.actions().await;
        assert_eq!(
            actions
                .iter()
                .filter(|action| *action == "export.started")
                .count(),
            3
        );
        assert_eq!(
            actions
                .iter()
                .filter(|action| *action == "export.fetched")
                .count(),
            2
        );
    });
}

#[test]
fn a_file_can_be_fetched_for_seven_days() {
    on_default(async |stage| {
        let id = ask(
            stage,
            &stage.owner,
            wanted(ExportKind::Guests, FileFormat::Xlsx),
            "en",
        )
        .await;
        stage.worker().run_due().await.unwrap();
        let mut owner = stage.visitor(&stage.owner);
        let path = stage.at(&format!("/exports/{id}/file"));
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_millis(1));
        owner.get(&path).await.expect(200);
        stage.world.clock.advance(SignedDuration::from_millis(1));
        assert_eq!(
            owner.get(&path).await.expect(409).json()["code"],
            "wrong_state"
        );
        stage.worker().run_due().await.unwrap();
        let state = owner.get(&stage.at(&format!("/exports/{id}"))).await.json();
        assert_eq!(state["state"], "expired");
        let export = stage
            .done(move |tx, host| export::load(tx, host, &id))
            .await;
        assert!(
            export.open(&stage.site.files).await.unwrap().is_none(),
            "the file is gone"
        );
    });
}

#[test]
fn what_a_guest_typed_becomes_no_formula() {
    on_default(async |stage| {
        stage
            .done(|tx, host| {
                let new = sent(json!({
                    "household": "=HYPERLINK(\"http://evil.example\")",
                    "phone": "+60 12-345",
                }));
                invitations::create(tx, host, &new, None).map(drop)
            })
            .await;
        let id = ask(
            stage,
            &stage.owner,
            wanted(ExportKind::Households, FileFormat::Csv),
            "en",
        )
        .await;
        stage.worker().run_due().await.unwrap();
        let file = fetch(stage, &stage.owner, &id).await;
        assert!(
            file.contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\""),
            "{file}"
        );
        assert!(file.contains(",'+60 12-345,"), "{file}");
    });
}
