//! Tests of the data, with an example of each page.

use askama::Template;
use web::{Catalogue, Language};

use super::*;

mod sample;
mod sample_forms;

fn lines(hosts: &str) -> Vec<String> {
    let hosts = Hosts(Spoken::plain(hosts));
    let lines = hosts.lines().into_iter();
    lines.map(|(line, _)| line.to_owned()).collect()
}

#[test]
fn names_break_between_persons_and_never_inside_one() {
    for (hosts, broken) in [
        ("Aisyah & Daniel", vec!["Aisyah", "&", "Daniel"]),
        ("Nur Aisyah dan Daniel", vec!["Nur Aisyah", "dan", "Daniel"]),
        ("陈美玲与李文杰", vec!["陈美玲", "与", "李文杰"]),
        ("عائشة و دانيال", vec!["عائشة", "و", "دانيال"]),
        ("Dandan Anderson", vec!["Dandan Anderson"]),
    ] {
        assert_eq!(lines(hosts), broken);
    }
}

#[test]
fn only_a_long_name_is_set_smaller() {
    assert!(!Hosts(Spoken::plain("Aisyah & Daniel")).long());
    assert!(Hosts(Spoken::plain("Nur Aisyah Humaira & Daniel")).long());
}

#[test]
fn every_page_can_be_made_in_every_language() {
    let catalogue = Catalogue::build(&[web::LOCALES, crate::LOCALES]);
    for tag in catalogue.languages() {
        let text = catalogue.speak(&Language::of(tag));
        let pages = pages(&text);
        for page in &pages {
            assert!(!page.contains(OBJECT), "{tag}: {page}");
            assert!(!page.contains("style=\""), "{tag}: {page}");
            assert_eq!(page.matches("<h1").count(), 1, "{tag}: {page}");
        }
        // Every page except the page that asks for a code has its own `main` element.
        let own_main = |page: &&String| page.contains(r#"<main id="main">"#);
        assert_eq!(
            pages.iter().filter(own_main).count(),
            pages.len() - 1,
            "{tag}"
        );
        let mail = sample::mail(&text);
        assert!(mail.render().unwrap().len() < 30 * 1024);
        assert!(ConfirmationText(&mail).render().unwrap().contains("RAHMA"));
        assert!(!mail.subject().is_empty());
    }
    assert_eq!(catalogue.missing(), [""; 0]);
}

fn pages(text: &Text) -> Vec<String> {
    let rendered = [
        sample::portal(text).render(),
        sample::portal_partly(text).render(),
        sample::portal_closed(text).render(),
        sample::confirmation(text).render(),
        sample::code(text).render(),
        sample::card(text).render(),
        sample::thanks(text).render(),
        sample::info_page(text).render(),
        sample_forms::answer(text).render(),
        sample_forms::answer_wrong(text).render(),
        sample_forms::dietary(text).render(),
        sample_forms::note(text).render(),
        sample_forms::conflict(text).render(),
    ];
    rendered.into_iter().map(Result::unwrap).collect()
}

#[test]
fn what_people_typed_stays_text() {
    let catalogue = Catalogue::build(&[web::LOCALES, crate::LOCALES]);
    let page = sample_forms::note(&catalogue.speak(&Language::ENGLISH)).render();
    assert!(page.unwrap().contains("&#60;b&#62;Selamat"));
}
