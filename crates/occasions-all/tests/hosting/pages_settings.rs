//! Tests of the settings pages, on which owners change the occasion, its events, members and files.

use occasions::hosting::occasions as nouns;
use occasions::occasion::Occasion;
use occasions::words::OccasionStatus;
use testkit::{Page, Visitor};

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

async fn occasion(stage: &Stage<'_>) -> Occasion {
    stage.done(nouns::load).await
}

async fn open(visitor: &mut Visitor, part: &str) -> Page {
    visitor.get(&format!("{HOME}/settings/{part}")).await
}

async fn send(visitor: &mut Visitor, page: &Page, part: &str, fields: &[(&str, &str)]) -> Page {
    let mut form = page.form(&format!("{HOME}/settings/{part}"));
    for (name, value) in fields {
        form.fill(name, value);
    }
    visitor.submit(page, &form).await
}

#[test]
fn every_section_is_saved_on_a_page_of_its_own_and_opens_where_it_changed() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        for (part, fields, changed) in [
            (
                "basics",
                &[("default_plus_ones", "2"), ("tone", "fun")][..],
                "#tone",
            ),
            ("contact", &[("contact.name", "Farid")], "#contact.name"),
            ("languages", &[("default_language", "en")], "#languages"),
        ] {
            let page = open(&mut owner, part).await;
            let forms = page.forms();
            let theirs = forms
                .iter()
                .filter(|form| form.action.contains("/settings/"));
            assert_eq!(theirs.count(), 1, "{part}: a save can discard nothing");
            let done = send(&mut owner, &page, part, fields).await;
            let to = format!("{HOME}/settings/{part}?done=saved{changed}");
            assert_eq!(done.location(), Some(to.as_str()));
            assert!(
                owner
                    .follow(done)
                    .await
                    .text()
                    .contains(&stage.say("host-done-saved")),
                "{part}"
            );
        }
        let page = open(&mut owner, "switches").await;
        let mut form = page.form(&format!("{HOME}/settings/switches"));
        form.untick("switches.undecided", "1");
        let done = owner.submit(&page, &form).await;
        let to = format!("{HOME}/settings/switches?done=saved#switches.undecided");
        assert_eq!(done.location(), Some(to.as_str()));
        let saved = occasion(stage).await;
        assert_eq!(
            (saved.default_plus_ones, saved.contact.name.as_str()),
            (2, "Farid")
        );
        assert!(!saved.switches.undecided && saved.switches.dietary);
    });
}

#[test]
fn the_settings_open_with_the_texts_and_tabs_lead_to_every_section_of_a_role() {
    on_default(async |stage| {
        for (host, entries, sections) in [
            (
                &stage.owner,
                &["texts", "look", "deadline", "switches", "basics", "state"][..],
                10,
            ),
            (&stage.coordinator, &["texts"], 1),
        ] {
            let mut visitor = stage.visitor(host);
            let page = visitor.get(&format!("{HOME}/settings")).await;
            page.form(&format!("{HOME}/settings/texts"));
            let start = format!("{HOME}/settings/");
            let mut links = std::collections::BTreeSet::new();
            for entry in entries {
                let page = open(&mut visitor, entry).await;
                let found = page.links().into_iter().filter(|link| {
                    let part = link.href.strip_prefix(&start);
                    part.is_some_and(|part| {
                        let lists = ["events", "questions", "news", "diets", "pages", "looks"];
                        !part.contains(['/', '?']) && !lists.contains(&part)
                    })
                });
                links.extend(found.map(|link| link.href));
            }
            assert_eq!(links.len(), sections, "{links:?}");
            for link in links {
                visitor.get(&link).await.expect(200);
            }
            open(&mut visitor, "nothing").await.expect(404);
        }
        open(&mut stage.visitor(&stage.coordinator), "state")
            .await
            .expect(403);
    });
}

#[test]
fn a_draft_is_published_where_the_page_says_that_it_is_one() {
    on_default(async |stage| {
        let draft = async || {
            let back = |tx: &mut platform::Tx<'_>, host: &occasions::hosting::HostOf| {
                nouns::set_status(tx, host, None, OccasionStatus::Draft).map(drop)
            };
            stage.done(back).await;
        };
        draft().await;
        let action = format!("{HOME}/settings/state");
        let mut coordinator = stage.visitor(&stage.coordinator);
        let page = coordinator.get(HOME).await;
        assert!(page.text().contains(&stage.say("host-strip-draft")));
        assert!(page.forms().iter().all(|form| form.action != action));
        let mut owner = stage.visitor(&stage.owner);
        // Each button stands after what it does, and at which address.
        let paths = ["/guests", "/settings/state", "/send", "/ready"];
        for path in paths {
            let page = owner.get(&format!("{HOME}{path}")).await.with(200);
            for words in ["/o/aisyah-daniel can then see", "No invitation is sent."] {
                assert!(
                    page.text().contains(words),
                    "{path} {words}: {}",
                    page.text()
                );
            }
        }
        let page = owner.get(&format!("{HOME}/guests")).await;
        let done = owner.submit(&page, &page.form(&action)).await;
        done.expect(303);
        let shown = owner.follow(done).await.text();
        assert!(shown.contains(&stage.say("host-done-published")), "{shown}");
        assert!(!shown.contains(&stage.say("host-strip-draft")), "{shown}");
        assert_eq!(occasion(stage).await.status, OccasionStatus::Published);
    });
}

#[test]
fn what_is_refused_stands_at_its_field_and_what_was_typed_stays() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = open(&mut owner, "basics").await;
        let fields = [
            ("slug", "No Way"),
            ("time_zone", "Mars/Olympus"),
            ("default_children", "many"),
        ];
        let refused = send(&mut owner, &page, "basics", &fields).await;
        refused.expect(422);
        let form = refused.form(&format!("{HOME}/settings/basics"));
        assert_eq!(form.value("slug"), Some("No Way"));
        for field in ["slug", "time_zone", "default_children"] {
            let link = format!("<a href=\"#{field}\">");
            assert!(refused.body.contains(&link), "{field}: {}", refused.body);
        }
        let emptied = send(&mut owner, &page, "basics", &[("slug", "")]).await;
        emptied.expect(422);
        // Two hosts change the same section. The second host sees both versions of the changed
        // values.
        let mut other = stage.visitor(&stage.owner);
        let page = open(&mut owner, "contact").await;
        let theirs = open(&mut other, "contact").await;
        send(&mut other, &theirs, "contact", &[("contact.name", "Farid")])
            .await
            .expect(303);
        let clash = send(&mut owner, &page, "contact", &[("contact.name", "Farhana")]).await;
        clash.expect(409);
        assert!(
            clash
                .text()
                .contains(&stage.fill("form-clash-stored", [("value", "Farid".into())])),
            "{}",
            clash.text()
        );
        assert!(
            clash
                .text()
                .contains(&stage.fill("form-clash", [("button", stage.say("host-save").into())]))
        );
        assert_eq!(
            clash.link(&stage.say("form-clash-first")).href,
            "#contact.name"
        );
        send(&mut owner, &clash, "contact", &[]).await.expect(303);
        assert_eq!(occasion(stage).await.contact.name, "Farhana");
    });
}

#[test]
fn an_old_name_leads_to_the_new_one() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = open(&mut owner, "basics").await;
        let done = send(&mut owner, &page, "basics", &[("slug", "daniel-aisyah")]).await;
        assert_eq!(
            done.location(),
            Some("/admin/o/daniel-aisyah/settings/basics?done=saved#slug")
        );
        let old = owner.get(&format!("{HOME}/invites?q=ali&sort=size")).await;
        old.expect(308);
        let to = "/admin/o/daniel-aisyah/invites?q=ali&sort=size";
        assert_eq!(old.location(), Some(to));
        owner.get(to).await.expect(200);
    });
}

#[test]
fn a_deadline_says_first_whom_it_closes_out() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let before = occasion(stage).await.rsvp_deadline;
        let page = open(&mut owner, "deadline").await;
        let step = send(
            &mut owner,
            &page,
            "deadline",
            &[("rsvp_deadline", "2026-11-01")],
        )
        .await;
        step.expect(200);
        assert!(
            step.text()
                .contains(&stage.fill("host-effect-closes", [("n", 38.into())])),
            "{}",
            step.text()
        );
        assert_eq!(occasion(stage).await.rsvp_deadline, before);
        let mut form = step.form(&format!("{HOME}/settings/deadline"));
        form.press("go", "1");
        owner.submit(&step, &form).await.expect(303);
        assert_ne!(occasion(stage).await.rsvp_deadline, before);
        let page = open(&mut owner, "deadline").await;
        let wrong = send(&mut owner, &page, "deadline", &[("rsvp_deadline", "soon")]).await;
        wrong.expect(422);
    });
}

#[test]
fn a_last_day_is_offered_with_its_reason_and_set_by_one_press() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = open(&mut owner, "deadline").await;
        assert!(!page.text().contains("gives your guests"));
        // What closes answers for nobody is saved without a question.
        let none = send(&mut owner, &page, "deadline", &[("rsvp_deadline", "")]).await;
        none.expect(303);
        assert_eq!(occasion(stage).await.rsvp_deadline, None);
        let page = open(&mut owner, "deadline").await;
        assert!(page.text().contains("gives your guests"), "{}", page.text());
        let form = page.form(&format!("{HOME}/settings/deadline"));
        let day = form.value("rsvp_deadline").unwrap_or_default().to_owned();
        owner.submit(&page, &form).await.expect(303);
        let page = open(&mut owner, "deadline").await;
        assert!(page.body.contains(&format!("value=\"{day}\"")), "{day}");
        assert!(!page.text().contains("gives your guests"));
    });
}

#[test]
fn an_occasion_is_closed_only_by_who_types_its_name() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = open(&mut owner, "state").await;
        let asked = stage.fill("host-type-name", [("name", "Aisyah & Daniel".into())]);
        assert!(page.text().contains(&asked), "{}", page.text());
        let version = occasion(stage).await.version.to_string();
        let state = |confirm: &'static str, status: &'static str| {
            vec![
                ("version", version.clone()),
                ("status", status.to_owned()),
                ("confirm", confirm.to_owned()),
            ]
        };
        for (fields, status, now) in [
            (state("aisyah", "closed"), 422, OccasionStatus::Published),
            (
                state("aisyah & daniel", "closed"),
                303,
                OccasionStatus::Closed,
            ),
            (state("", "archived"), 422, OccasionStatus::Closed),
        ] {
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            owner
                .post(&format!("{HOME}/settings/state"), &fields)
                .await
                .expect(status);
            assert_eq!(occasion(stage).await.status, now);
        }
        let page = owner.get(HOME).await;
        assert!(
            page.text().contains(&stage.say("host-strip-closed")),
            "{}",
            page.text()
        );
    });
}

#[test]
fn events_are_added_changed_and_removed_but_for_the_last() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("{HOME}/settings/events/new");
        let page = owner.get(&address).await;
        let mut form = page.form(&address);
        form.fill("name.en", "Tea")
            .fill("starts_at", "2027-01-17T15:00")
            .fill("capacity", "0");
        let refused = owner.submit(&page, &form).await;
        refused.expect(422);
        assert!(
            refused.text().contains(&stage.fill(
                "field-out-of-range",
                [("min", 1.into()), ("max", 100_000.into())]
            )),
            "{}",
            refused.text()
        );
        form.fill("capacity", "12");
        owner.submit(&page, &form).await.expect(303);
        let list = owner.get(&format!("{HOME}/settings/events")).await;
        assert!(
            list.text().contains("Sun 17 Jan 2027 · 3 pm"),
            "{}",
            list.text()
        );

        // A coordinator can change an event's texts, but no other settings.
        let mut coordinator = stage.visitor(&stage.coordinator);
        let address = list.link("Tea").href;
        let page = coordinator.get(&address).await;
        assert!(!page.body.contains("name=\"capacity\""));
        let mut form = page.form(&address);
        form.fill("dress_code.en", "Batik");
        coordinator.submit(&page, &form).await.expect(303);

        let page = owner.get(&address).await;
        let remove = format!("{address}/remove");
        let mut form = page.form(&remove);
        form.fill("confirm", "coffee");
        owner.submit(&page, &form).await.expect(422);
        // People are asked for the name that they see; in any case, and the key is good too.
        let asked = stage.fill("host-type-name", [("name", "Tea".into())]);
        assert!(page.text().contains(&asked), "{}", page.text());
        form.fill("confirm", "tea");
        owner.submit(&page, &form).await.expect(303);
        for key in ["brunch", "nikah"] {
            let list = owner.get(&format!("{HOME}/settings/events")).await;
            let name = if key == "brunch" {
                "Brunch"
            } else {
                "Akad nikah"
            };
            let address = list.link(name).href;
            // What people come to is cancelled first.
            for _ in 0..2 {
                let page = owner.get(&address).await;
                if page.status == 404 {
                    break;
                }
                let mut form = page.form(&format!("{address}/remove"));
                form.fill("confirm", key);
                owner.submit(&page, &form).await.expect(303);
            }
        }
        let last = owner
            .get(&format!("{HOME}/settings/events"))
            .await
            .link("Reception")
            .href;
        assert!(!owner.get(&last).await.body.contains("/remove\""));
        owner
            .post(
                &format!("{last}/remove"),
                &[("confirm", "reception"), ("version", "1")],
            )
            .await
            .expect(409);
    });
}

#[test]
fn members_are_invited_changed_and_the_last_owner_stays() {
    on_default(async |stage| {
        stage.give_password(&stage.owner).await;
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("{HOME}/members");
        let page = owner.get(&address).await;
        let mut form = page.form(&format!("{address}/invite"));
        form.fill("role", "observer");
        let made = owner.submit(&page, &form).await;
        made.expect(200);
        assert!(made.text().contains("/admin/join/"), "{}", made.text());
        let again = owner.get(&address).await;
        assert!(
            !again.text().contains("/admin/join/")
                && again.text().contains(&stage.say("host-withdraw"))
        );
        let invite = again.form(&format!("{address}/withdraw"));
        let id = invite
            .fields
            .iter()
            .find(|field| field.name == "invite")
            .unwrap()
            .value
            .clone();
        let mut form = invite.clone();
        form.press("invite", &id);
        owner.submit(&again, &form).await.expect(303);

        let (mine, theirs) = (
            stage.owner.account.to_string(),
            stage.observer.account.to_string(),
        );
        let changed = owner
            .post(
                &format!("{address}/change"),
                &[("account", &theirs), ("role", "coordinator")],
            )
            .await;
        changed.expect(303);
        let refused = owner
            .post(&format!("{address}/remove"), &[("account", &mine)])
            .await;
        refused.expect(409);
        assert!(
            refused.text().contains(&stage.say("problem-last-owner")),
            "{}",
            refused.text()
        );
        owner
            .post(&format!("{address}/remove"), &[("account", &theirs)])
            .await
            .expect(303);
        stage
            .visitor(&stage.observer)
            .get(&address)
            .await
            .expect(404);
        let mut coordinator = stage.visitor(&stage.coordinator);
        let left = coordinator
            .post(
                &format!("{address}/remove"),
                &[("account", stage.coordinator.account.as_str())],
            )
            .await;
        assert_eq!(left.location(), Some("/admin?done=left"));
    });
}

#[test]
fn a_file_is_asked_for_made_and_fetched() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("{HOME}/reports");
        let page = owner.get(&address).await;
        let mut form = page.form(&address);
        form.fill("kind", "diets").fill("format", "csv");
        owner.submit(&page, &form).await.expect(303);
        let waiting = owner.get(&address).await;
        assert!(
            waiting.text().contains(&stage.say("host-job-waiting")),
            "{}",
            waiting.text()
        );
        stage.worker().run_due().await.unwrap();
        let ready = owner.get(&address).await;
        let file = owner
            .get(&ready.link(&stage.say("host-download")).href)
            .await;
        file.expect(200);
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        assert!(
            file.header("content-disposition")
                .contains("aisyah-daniel-diets.csv")
        );
        // An export started from a filtered list has the same filter.
        let list = owner
            .get(&format!("{HOME}/guests?status=no&event=reception"))
            .await;
        let mut form = list.form(&address);
        form.press("format", "xlsx");
        owner.submit(&list, &form).await.expect(303);
        stage.worker().run_due().await.unwrap();
        let shown = list.text();
        let (_, rest) = shown.split_once("1–").unwrap();
        let lines = rest.split_whitespace().nth(2).unwrap();
        let line = format!(
            "{} · XLSX {} {}",
            stage.say("host-export-guests"),
            stage.say("host-just-now"),
            stage.fill(
                "host-export-rows",
                [("count", 2.into()), ("n", lines.into())]
            )
        );
        let page = owner.get(&address).await;
        assert!(page.text().contains(&line), "{line}: {}", page.text());
        // Observers cannot download exports that contain codes.
        let mut observer = stage.visitor(&stage.observer);
        assert!(
            !observer
                .get(&address)
                .await
                .text()
                .contains(&stage.say("host-download"))
        );
        observer
            .get(&ready.link(&stage.say("host-download")).href)
            .await
            .expect(404);
        let log = owner.get(&format!("{HOME}/audit?action=export")).await;
        let [action, kind, nothing, diets] = [
            "host-log-export-fetched",
            "host-export-kind",
            "value-nothing",
            "host-export-diets",
        ]
        .map(|id| stage.say(id));
        let fetched = format!("The owner {action} {kind} : {nothing} → {diets}");
        assert!(log.text().contains(&fetched), "{}", log.text());
    });
}

#[test]
fn a_look_is_seen_before_it_is_chosen() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("{HOME}/settings/look");
        let stored = occasion(stage).await;
        for (preset, ground, classes) in [
            ("songket", "nila", "theme-songket way-nila"),
            ("garden", "sage", "theme-garden"),
            ("letterpress", "", "theme-letterpress"),
            ("plain", "nila", "theme-plain"),
        ] {
            let page = owner.get(&format!("{address}/{preset}")).await;
            let mut form = page.form(&address);
            form.fill("theme.ground", ground).press("see", "1");
            let seen = owner.submit(&page, &form).await;
            seen.expect(303);
            let seen = owner.follow(seen).await;
            seen.expect(200);
            assert!(
                seen.body.contains(&format!("class=\"guest {classes}\"")),
                "{}",
                seen.body
            );
            assert!(
                seen.text().contains("Aisyah") && !seen.body.contains("/admin/"),
                "{}",
                seen.body
            );
        }
        let again = occasion(stage).await;
        assert_eq!((again.theme, again.version), (stored.theme, stored.version));
    });
}
