//! Tests of the looks: how they are chosen, and how much they weigh.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use occasions::hosting::occasions as nouns;
use occasions::occasion;
use serde_json::{Value, json};
use testkit::Page;
use web::{Preset, assets};

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

async fn change(stage: &Stage<'_>, change: Value) {
    let changed = stage.act(&stage.owner, move |tx, host| {
        let seen = nouns::load(tx, host)?.version;
        nouns::change(tx, host, seen, &change.clone().into())
    });
    changed.await.unwrap();
}

fn packed(text: &str) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().len()
}

/// The display fonts that a browser loads for these names.
fn fonts(preset: Preset, names: &str) -> Vec<String> {
    if names
        .chars()
        .any(|char| ('\u{600}'..='\u{6ff}').contains(&char))
    {
        return vec!["fonts/naskh.woff2".to_owned()];
    }
    let Some(face) = preset.face() else {
        return Vec::new();
    };
    let face = format!("{face:?}").to_lowercase();
    let is_rare = |char: char| ('\u{100}'..='\u{17f}').contains(&char);
    let mut parts = vec!["core"];
    if names.chars().any(|char| !char.is_ascii() && !is_rare(char)) {
        parts.push("accents");
    }
    if names.chars().any(is_rare) {
        parts.push("rare");
    }
    let file = |part: &str| format!("fonts/{face}-{part}.woff2");
    parts.into_iter().map(file).collect()
}

#[test]
fn the_first_view_weighs_at_most_40_kib_in_every_look() {
    on_default(async |stage| {
        let mut heaviest = (0, String::new());
        for preset in Preset::ALL {
            for (language, names) in [
                ("en", "Emily & James"),
                ("en", "Zoë & René"),
                ("en", "Çağla & Łukasz"),
                ("ar", "عائشة و دانيال"),
            ] {
                let theme = json!({"preset": preset.word()});
                change(stage, json!({"theme": theme, "hosts": {language: names}})).await;
                let address = format!("/invite/RAHMA?lang={language}");
                let page = stage.nobody().get(&address).await;
                page.expect(200);
                assert_eq!(page.body.matches("rel=\"stylesheet\"").count(), 2);
                let style = format!("look-{}.css", preset.word());
                let files = ["guest.css", "guest.js", &style];
                let files = files
                    .into_iter()
                    .map(str::to_owned)
                    .chain(fonts(*preset, names));
                let weights = files.map(|name| assets::weight(&name).unwrap());
                let weight = packed(&page.body) + weights.sum::<usize>();
                let view = (weight, format!("{} {names}", preset.word()));
                heaviest = heaviest.max(view);
            }
        }
        assert!(heaviest.0 <= 40 * 1024, "{heaviest:?}");
    });
}

#[test]
fn a_look_is_a_small_file() {
    for preset in Preset::ALL {
        let name = format!("look-{}.css", preset.word());
        let weight = assets::weight(&name).unwrap();
        assert!(weight <= 1_843, "{name} weighs {weight} bytes");
    }
}

#[test]
fn a_look_is_chosen_from_the_wall() {
    on_default(async |stage| {
        let address = format!("{HOME}/settings/look");
        let mut owner = stage.visitor(&stage.owner);
        let wall = owner.get(&address).await;
        wall.expect(200);
        let looks = |page: &Page| -> Vec<String> {
            let links = page.links().into_iter().map(|link| link.href);
            let below = format!("{address}/");
            links
                .filter_map(|href| href.strip_prefix(&below).map(str::to_owned))
                .collect()
        };
        let all = looks(&wall);
        assert_eq!(all.len(), 16, "{all:?}");
        assert_eq!((all[0].as_str(), all[15].as_str()), ("songket", "still"));
        // Each copy of a cover has the occasion's own names, and ids of its own.
        assert_eq!(wall.body.matches("<bdi>Aisyah</bdi>").count(), 16);
        let mut ids: Vec<&str> = wall.body.split(" id=\"").skip(1).collect();
        for id in &mut ids {
            *id = id.split('"').next().unwrap_or_default();
        }
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "every id is there once");
        assert_eq!(wall.body.matches("<h1").count(), 1);
        let evening = owner.get(&format!("{address}?mood=evening")).await;
        assert_eq!(looks(&evening), ["lamplight", "deco"]);
        owner
            .get(&format!("{address}?mood=gloomy"))
            .await
            .expect(404);
        owner.get(&format!("{address}/veil")).await.expect(404);

        let page = owner.get(&format!("{address}/garden")).await;
        let mut form = page.form(&address);
        assert_eq!(form.value("theme.ground"), Some("sage"));
        form.fill("theme.ground", "rose");
        let saved = owner.submit(&page, &form).await;
        let to = format!("{address}/garden?done=saved");
        assert_eq!(saved.location(), Some(to.as_str()));
        let page = owner.follow(saved).await;
        assert!(page.text().contains(&stage.say("host-done-saved")));
        assert_eq!(page.form(&address).value("theme.ground"), Some("rose"));
        let guest = stage.nobody().get("/invite/RAHMA").await;
        assert!(guest.body.contains("class=\"guest theme-garden way-rose\""));
        assert!(
            guest.body.contains("/assets/look-garden."),
            "only its own look"
        );
        assert!(!guest.body.contains("/assets/look-songket."));
    });
}

#[test]
fn a_look_is_tried_on_without_a_question_and_a_colour_is_shown_where_it_is_wanted() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/settings/look/garden")).await;
        // Who leaves the page is not asked about looks.
        let script = include_str!("../../../web/assets/host.js");
        let form = format!("action=\"{HOME}/settings/look\" data-choices>");
        assert!(page.body.contains(&form), "{}", page.body);
        assert!(script.contains(":not([data-bulk], [data-choices]:not([data-unsaved]))"));
        // The style hides the colour beside a tick that is not set, by these names.
        let styles = include_str!("../../../web/assets/host.css");
        for name in ["accent_own", "theme.accent"] {
            assert!(page.body.contains(&format!("name=\"{name}\"")), "{name}");
        }
        assert!(styles.contains("#accent_own:not(:checked)"));
        assert!(styles.contains(":has(> [name=\"theme.accent\"]) { display: none }"));
    });
}

#[test]
fn a_memorial_has_only_quiet_looks() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        change(stage, json!({"kind": "memorial"})).await;
        let wall = owner.get(&format!("{HOME}/settings/look")).await;
        let links = wall.links().into_iter();
        let looks: Vec<String> = links
            .map(|link| link.href)
            .filter(|href| href.contains("/settings/look/"))
            .collect();
        let quiet = ["still", "letterpress", "garden", "margin", "plain"];
        assert_eq!(
            looks,
            quiet.map(|look| format!("{HOME}/settings/look/{look}"))
        );
    });
}

#[test]
fn an_invitation_card_has_the_look_in_light_colours() {
    on_default(async |stage| {
        change(
            stage,
            json!({"theme": {"preset": "tiles", "ground": "cobalt"}}),
        )
        .await;
        let mut host = stage.visitor(&stage.coordinator);
        let sheet = host.get(&format!("{HOME}/print/a6")).await;
        sheet.expect(200);
        let cards = sheet
            .body
            .matches("<article class=\"piece theme-tiles way-cobalt light\"");
        let covers = sheet.body.matches("<header class=\"cover look-tiles\">");
        let count = cards.count();
        assert!(count > 10 && covers.count() == count);
        let mut ids: Vec<&str> = sheet.body.split(" id=\"").skip(1).collect();
        for id in &mut ids {
            *id = id.split('"').next().unwrap_or_default();
        }
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "every id is there once");
        let ms = stage.site.catalogue.speak(&web::Language::of("ms"));
        assert!(sheet.text().contains(&*ms.say("print-request")));
        // On both sides of the paper, each sheet of covers is followed by what belongs behind it.
        let both = host.get(&format!("{HOME}/print/a6?sides=both")).await;
        let sheets = |side: &str| {
            both.body
                .matches(&format!("class=\"sheet a6 a4 {side}\""))
                .count()
        };
        assert_eq!(sheets("front"), count.div_ceil(4));
        assert_eq!(sheets("back"), count.div_ceil(4));
        let (front, back) = both.body.split_once("class=\"sheet a6 a4 back\"").unwrap();
        assert!(front.contains("class=\"cover") && !front.contains("class=\"qr\""));
        let back = back.split("class=\"sheet").next().unwrap();
        assert!(back.contains("class=\"qr\"") && !back.contains("class=\"cover"));
        // Other sheets have no cover.
        let labels = host.get(&format!("{HOME}/print/labels")).await;
        assert!(!labels.body.contains("class=\"cover"));
    });
}

#[test]
fn the_look_of_a_new_occasion_follows_its_kind_and_language() {
    on_default(async |stage| {
        for (kind, language, expected) in [
            ("wedding", "ms", "songket"),
            ("wedding", "en", "garden"),
            ("memorial", "en", "still"),
        ] {
            let (site, who) = (stage.site.clone(), stage.stranger.who.clone());
            let made = stage.site.store.write(move |tx| {
                let new = json!({
                    "slug": format!("{kind}-{language}"),
                    "kind": kind,
                    "title": {language: "Another"},
                    "hosts": {language: "Others"},
                    "time_zone": "Asia/Singapore",
                    "languages": [language],
                });
                let id = nouns::create(tx, &site, &who, &new.into(), None)?;
                Ok::<_, occasions::hosting::Refusal>(occasion::load(tx, &id)?)
            });
            assert_eq!(made.await.unwrap().theme.preset.word(), expected);
        }
    });
}
