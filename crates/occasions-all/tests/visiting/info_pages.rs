//! Tests of the guests' side of the pages that hosts write.

use occasions::occasion_page::OccasionPage;
use occasions::words::{OccasionStatus, PageAudience, PageKind};
use platform::sql;
use web::I18n;

use crate::stage::{Stage, assert_private, on_default, on_sqlite};

const PUBLIC: &str = "/o/aisyah-daniel/pages/travel";

async fn add(stage: &Stage<'_>, key: &'static str, audience: PageAudience, body: &'static str) {
    let occasion = stage.occasion.clone();
    let insert = move |tx: &mut platform::Tx<'_>| {
        let page = OccasionPage {
            id: tx.id(),
            key: key.to_owned(),
            kind: PageKind::Other,
            title: I18n::one("en", key.to_uppercase()),
            body: I18n::one("en", body),
            audience,
            position: 1,
            version: 1,
        };
        occasions::occasion::lock(tx, &occasion)?;
        page.insert(tx, &occasion)
    };
    stage.change(insert).await;
}

#[test]
fn everybody_reads_a_public_page_in_the_theme_and_the_language_of_the_reader() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        let card = guest.get("/o/aisyah-daniel").await;
        assert_eq!(card.link(&stage.say("page-travel")).href, PUBLIC);
        let page = guest.get(PUBLIC).await;
        page.expect(200);
        assert_eq!(page.header("x-robots-tag"), "noindex");
        assert!(page.body.contains("data-theme=\"songket\"") || page.body.contains("songket"));
        assert!(
            page.body.contains("<strong>ten-minute walk</strong>"),
            "{}",
            page.body
        );
        assert!(page.body.contains("<h2>By car</h2>"));
        assert!(page.text().contains("Farah"), "whom to ask");
        let page = guest.get(&format!("{PUBLIC}?lang=it")).await;
        assert!(page.text().contains("Come arrivare") && page.text().contains("In auto"));
        // The page has no Arabic text. It shows the text in the default language, and marks that
        // text's language.
        let page = guest.get(&format!("{PUBLIC}?lang=ar")).await;
        assert!(page.text().contains("كيفية الوصول"));
        assert!(
            page.body
                .contains("<article class=\"prose\" lang=\"ms\" dir=\"ltr\">")
        );
    });
}

#[test]
fn what_hosts_write_never_runs() {
    on_sqlite(async |stage| {
        let body =
            "<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![cat](https://a.my/c.jpg)";
        add(stage, "trick", PageAudience::Everybody, body).await;
        let page = stage.guest().get("/o/aisyah-daniel/pages/trick").await;
        page.expect(200);
        assert!(page.body.contains("&lt;script&gt;alert(1)"));
        for bad in ["<script>alert", "href=\"javascript", "a.my/c.jpg", "<img"] {
            assert!(!page.body.contains(bad), "{bad}");
        }
    });
}

#[test]
fn each_page_has_its_audience() {
    on_default(async |stage| {
        add(stage, "hotel", PageAudience::Invited, "Ask for our rate.").await;
        add(stage, "draft", PageAudience::Nobody, "Later.").await;
        let mut guest = stage.guest();
        let card = guest.get("/o/aisyah-daniel").await.text();
        assert!(!card.contains("HOTEL") && !card.contains("DRAFT"));
        for key in ["hotel", "draft", "none"] {
            let page = guest.get(&format!("/o/aisyah-daniel/pages/{key}")).await;
            page.expect(404);
        }
        let portal = guest.get("/invite/RAHMA").await;
        assert!(!portal.text().contains("DRAFT"));
        let href = portal.link("HOTEL").href;
        assert_eq!(href, stage.links.below("RAHMA", "/pages/hotel"));
        let page = guest.get(&href).await;
        page.expect(200);
        assert_private(&page);
        assert!(page.text().contains("Ask for our rate."));
        assert_eq!(
            page.link(&stage.say("page-travel")).href,
            stage.links.below("RAHMA", "/pages/travel")
        );
        guest.get("/invite/RAHMA/pages/draft").await.expect(404);
        // The browser has no working code, so the response is the same as for any unknown code.
        let unknown = stage.guest().get("/invite/QQQQQ/pages/hotel").await;
        assert_eq!(unknown.status, 404);
        assert!(!unknown.text().contains("rate"));
        // A code in another spelling redirects to the spelling that is printed on the card.
        let moved = guest.get("/invite/rahma/pages/hotel").await;
        assert_eq!(moved.location(), Some("/invite/RAHMA/pages/hotel"));
    });
}

#[test]
fn a_portal_that_was_kept_knows_a_new_page() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        assert!(!guest.get("/invite/RAHMA").await.text().contains("SEATS"));
        add(stage, "seats", PageAudience::Everybody, "Row by row.").await;
        assert!(guest.get("/invite/RAHMA").await.text().contains("SEATS"));
    });
}

#[test]
fn a_draft_has_no_pages_and_an_old_address_leads_to_the_new_one() {
    on_sqlite(async |stage| {
        stage
            .run(
                sql!("INSERT INTO occasion_alias (slug, occasion) SELECT $1, id FROM occasion"),
                "our-day",
            )
            .await;
        let moved = stage.guest().get("/o/our-day/pages/travel?lang=it").await;
        let to = format!("{PUBLIC}?lang=it");
        assert_eq!(moved.location(), Some(to.as_str()));
        stage.status(OccasionStatus::Draft).await;
        stage.guest().get(PUBLIC).await.expect(404);
        stage.status(OccasionStatus::Closed).await;
        stage.guest().get(PUBLIC).await.expect(200);
        stage.status(OccasionStatus::Archived).await;
        stage.guest().get(PUBLIC).await.expect(410);
    });
}
