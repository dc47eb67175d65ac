//! Tests of the language of guests' pages.

use platform::sql;
use testkit::Page;
use web::I18n;

use crate::stage::on_sqlite;

#[track_caller]
fn assert_spoken(page: &Page, tag: &str) {
    page.expect(200);
    assert_eq!(page.header("content-language"), tag);
    let direction = if tag == "ar" { "rtl" } else { "ltr" };
    let start = format!("<html lang=\"{tag}\" dir=\"{direction}\"");
    assert!(page.body.contains(&start), "{}", &page.body[..120]);
    assert_eq!(page.header("vary"), "Accept-Language, Cookie");
}

#[test]
fn what_was_asked_for_comes_before_what_the_hosts_know() {
    on_sqlite(async |stage| {
        let mut guest = stage.visitor();
        guest.header("accept-language", "zh-Hans");
        assert_spoken(&guest.get("/invite/RAHMA").await, "ms");
        for unknown in ["fr", "", "xx-yy-zz", "%FF", "en;q=1"] {
            let page = guest.get(&format!("/invite/RAHMA?lang={unknown}")).await;
            assert_spoken(&page, "ms");
            assert!(guest.cookie("kd_lang").is_none(), "{unknown}");
        }
        assert_spoken(&guest.get("/invite/RAHMA?lang=IT").await, "it");
        // The guest's choice is remembered for all later pages, and overrides the household's
        // language.
        for page in ["", "/rsvp", "/dietary", "/notes", "/confirmation"] {
            assert_spoken(&guest.get(&format!("/invite/RAHMA{page}")).await, "it");
        }
        assert_spoken(&guest.get("/").await, "it");
        assert_spoken(&guest.get("/invite/RAHMA?lang=fr").await, "it");
        assert_spoken(&guest.get("/invite/RAHMA?lang=ar").await, "ar");
        assert_spoken(&guest.get("/invite/TANWE").await, "ar");
    });
}

#[test]
fn the_browser_speaks_where_nobody_else_does() {
    on_sqlite(async |stage| {
        stage
            .run(
                sql!("UPDATE invitation SET language = NULL WHERE code = $1"),
                "RAHMA",
            )
            .await;
        for (accepted, spoken) in [
            ("it", "it"),
            ("it-CH,en;q=0.5", "it"),
            ("fr, en;q=0.3, ar;q=0.7", "ar"),
            ("zh-TW, it;q=0.5", "it"),
            ("zh-CN", "zh-Hans"),
            ("zh", "zh-Hans"),
            ("fr", "ms"),
            ("it;q=0", "ms"),
            ("*", "ms"),
            ("", "ms"),
        ] {
            let mut guest = stage.visitor();
            guest.header("accept-language", accepted);
            let page = guest.get("/invite/RAHMA").await;
            page.expect(200);
            assert_eq!(page.header("content-language"), spoken, "{accepted}");
        }
    });
}

#[test]
fn the_switcher_is_a_list_of_plain_links() {
    on_sqlite(async |stage| {
        let page = stage.visitor().get("/invite/RAHMA").await;
        let offered: Vec<String> = page
            .links()
            .into_iter()
            .filter(|link| link.href.contains("lang="))
            .map(|link| link.href)
            .collect();
        for tag in ["en", "it", "zh-Hans", "ar"] {
            assert!(
                offered
                    .iter()
                    .any(|href| href.ends_with(&format!("lang={tag}"))),
                "{tag}: {offered:?}"
            );
        }
    });
}

#[test]
fn a_text_that_is_missing_falls_back_singly_and_says_in_which_language() {
    on_sqlite(async |stage| {
        stage
            .details(|details| {
                details.welcome = I18n::one("ms", "Selamat datang semua");
                details.hosts = I18n::one("en", "Only English");
            })
            .await;
        let page = stage.visitor().get("/invite/RAHMA?lang=it").await;
        assert_spoken(&page, "it");
        assert!(
            page.body
                .contains("lang=\"ms\" dir=\"ltr\">Selamat datang semua<"),
            "{}",
            page.body
        );
        assert!(
            page.text().contains("Only English"),
            "any text is better than none"
        );
        assert!(page.text().contains("Ricevimento"));
    });
}

#[test]
fn a_refusal_is_said_in_the_readers_language_too() {
    on_sqlite(async |stage| {
        let mut guest = stage.visitor();
        guest.header("accept-language", "it");
        let page = guest.get("/invite/WRONG?lang=ar").await;
        page.expect(404);
        assert!(page.body.contains("<html lang=\"ar\" dir=\"rtl\""));
        // The guest has chosen no language, so the pages behind a code use the household's
        // language.
        stage.switch(|switches| switches.notes = false).await;
        for page in [
            guest.get("/invite/TANWE/notes").await,
            guest.post("/invite/TANWE/notes", &[("note", "x")]).await,
        ] {
            page.expect(404);
            assert!(
                page.body.contains("<html lang=\"ar\""),
                "remembered: {}",
                page.body
            );
        }
        let mut other = stage.visitor();
        for page in [
            other.get("/invite/TANWE/notes").await,
            other
                .post("/invite/TANWE/rsvp", &[("reply.0197.nikah", "yes")])
                .await,
        ] {
            page.expect(404);
            assert!(
                page.body.contains("<html lang=\"zh-Hans\""),
                "{}",
                page.body
            );
        }
        let page = guest.get("/api/v1/invitations/WRONG").await;
        let detail = page.expect(404).json()["detail"].to_string();
        let english = stage.say("problem-invitation-not-found");
        assert!(!detail.contains(&english), "{detail}");
    });
}
