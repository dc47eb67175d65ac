//! Tests of printed QR codes. A decoder library reads every code from a picture file and from a
//! printed sheet.

use std::io::{Cursor, Read as _};

use occasions::hosting::listing::people::{self, GuestFilter, Status};
use occasions::hosting::listing::{self, InvitationFilter};
use occasions::hosting::portals;
use occasions::words::ReplyStatus;
use platform::{Rows, StoreError, Tx, sql};
use testkit::{Page, Visitor};

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

/// Pixels per QR module.
const SCALE: usize = 4;

/// Decodes a QR code that is `width` modules wide. `is_dark` returns whether the module at a
/// position is dark.
fn scan(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let side = (width + 8) * SCALE;
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        let inside = |at: usize| (at / SCALE).checked_sub(4).filter(|at| *at < width);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) if is_dark(x, y) => 0,
            _ => 255,
        }
    });
    let found = picture.detect_grids();
    assert_eq!(found.len(), 1);
    found[0].decode().unwrap().1
}

/// Decodes a QR code drawn as an SVG path such as `M3 4h1v1h-1z`.
fn scan_path(width: usize, path: &str) -> String {
    let dark: std::collections::BTreeSet<(usize, usize)> = path
        .split('M')
        .filter_map(|square| {
            let (x, y) = square.strip_suffix("h1v1h-1z")?.split_once(' ')?;
            Some((x.parse().unwrap(), y.parse().unwrap()))
        })
        .collect();
    scan(width, |x, y| dark.contains(&(x, y)))
}

fn scan_page(page: &Page) -> Vec<String> {
    let codes = page.body.split("<svg class=\"qr\"").skip(1);
    codes
        .map(|code| {
            let width = code.split("viewBox=\"0 0 ").nth(1).unwrap();
            let width = width.split(' ').next().unwrap().parse().unwrap();
            let path = code.split("<path d=\"").nth(1).unwrap();
            scan_path(width, path.split('"').next().unwrap())
        })
        .collect()
}

/// Decodes a QR code from a PNG with one bit per pixel. Returns the code's width in modules, and
/// its text.
fn scan_png(png: &[u8]) -> (usize, String) {
    assert!(png.starts_with(b"\x89PNG"));
    let side = u32::from_be_bytes(png[16..20].try_into().unwrap()) as usize;
    let length = u32::from_be_bytes(png[33..37].try_into().unwrap()) as usize;
    assert_eq!(&png[37..41], b"IDAT");
    let mut rows = Vec::new();
    flate2::read::ZlibDecoder::new(&png[41..41 + length])
        .read_to_end(&mut rows)
        .unwrap();
    let row = side.div_ceil(8) + 1;
    assert_eq!(rows.len(), row * side);
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
        255 * (rows[y * row + 1 + x / 8] >> (7 - x % 8) & 1)
    });
    let found = picture.detect_grids();
    assert_eq!(found.len(), 1);
    (side, found[0].decode().unwrap().1)
}

/// Returns the full links of all invitations, sorted by household name.
async fn links(stage: &Stage<'_>) -> Vec<String> {
    let url = stage.site.url().clone();
    stage
        .done(move |tx, host| {
            let rows = listing::all_invitations(tx, host, &InvitationFilter::default())?;
            let mut links = Vec::new();
            for row in rows {
                let snapshot = occasions::hosting::portals::load(tx, host, &row.id)?;
                links.push(url.join(&snapshot.link("")));
            }
            Ok(links)
        })
        .await
}

async fn get(visitor: &mut Visitor, rest: &str) -> Page {
    let page = visitor.get(&format!("{HOME}{rest}")).await;
    page.expect(200);
    page
}

#[test]
fn every_code_on_cards_and_labels_is_read_back() {
    on_default(async |stage| {
        let links = links(stage).await;
        assert!(links.len() > 10 && links.iter().all(|link| link.contains("?k=")));
        let mut host = stage.visitor(&stage.coordinator);
        for (sheet, paper, fits) in [
            ("cards", "a4", 10),
            ("cards", "letter", 10),
            ("a6", "a4", 4),
            ("a6", "letter", 2),
            ("codes", "a4", 24),
            ("codes", "letter", 10),
        ] {
            let at = format!("/print/{sheet}?paper={paper}");
            let page = get(&mut host, &at).await;
            assert_eq!(scan_page(&page), links, "{at}");
            let pages = page
                .body
                .matches(&format!("class=\"sheet {sheet} {paper}\""))
                .count();
            assert_eq!(pages, links.len().div_ceil(fits), "{at}");
            assert_eq!(page.body.contains("/print-letter."), paper == "letter");
            let one = get(&mut host, &format!("{at}&q=fernandez")).await;
            assert_eq!(scan_page(&one).len(), 1);
        }
        // For a print shop, each card has a page of its own with bleed, also on both sides.
        for (sides, sheets) in [("", 1), ("&sides=both", 2)] {
            let at = format!("/print/a6?shop=yes{sides}");
            let page = get(&mut host, &at).await;
            assert_eq!(scan_page(&page), links, "{at}");
            let pages = page.body.matches(" shop\"").count();
            assert_eq!(pages, links.len() * sheets, "{at}");
            assert!(page.body.contains("/print-shop."), "{at}");
        }
        // Each card is printed in its household's language.
        let card = get(&mut host, "/print/cards?q=rahma").await;
        let ms = stage.site.catalogue.speak(&web::Language::of("ms"));
        assert!(
            card.text().contains(&*ms.say("print-scan")),
            "{}",
            card.text()
        );
    });
}

#[test]
fn an_invitation_card_says_where_the_events_are() {
    on_default(async |stage| {
        stage
            .change(|tx| {
                let moved = sql!("UPDATE event SET venue = 'Hall', address = '12 High Street'");
                tx.run(moved, &[], Rows::Any)?;
                let fewer = sql!("UPDATE event SET day_known = 0 WHERE key = 'brunch'");
                tx.run(fewer, &[], Rows::Exactly(1)).map(drop)
            })
            .await;
        let mut host = stage.visitor(&stage.coordinator);
        let card = get(&mut host, "/print/a6?q=rahma").await;
        let place = "Hall, 12 High Street";
        assert!(card.text().contains(place), "{}", card.text());
        // A photo is not on it, and the page says so.
        let drawn = stage.say("host-print-no-photo");
        assert!(!card.text().contains(&drawn));
        let photo = sql!("UPDATE occasion SET cover = $1");
        stage.run(photo, "photo").await;
        for (sheet, expected) in [("a6", true), ("cards", false)] {
            let sheet = get(&mut host, &format!("/print/{sheet}?q=rahma")).await;
            assert_eq!(sheet.text().contains(&drawn), expected);
            assert!(!sheet.body.contains("<img"));
        }
    });
}

#[test]
fn every_code_in_a_file_is_read_back() {
    on_default(async |stage| {
        let (id, links) = (stage.invitation("RAHMA").await, links(stage).await);
        let link = links.iter().find(|link| link.contains("/RAHMA?")).unwrap();
        let mut host = stage.visitor(&stage.coordinator);
        let qr = format!("/api/v1/invitations/id/{id}/qr");
        let svg = host.get(&format!("{qr}.svg")).await;
        svg.expect(200);
        let side = svg.body.split("viewBox=\"-4 -4 ").nth(1).unwrap();
        let side: usize = side.split(' ').next().unwrap().parse().unwrap();
        let path = svg.body.split("<path d=\"").nth(1).unwrap();
        assert_eq!(scan_path(side - 8, path.split('"').next().unwrap()), *link);
        for size in [300, 600, 2_000] {
            let png = host.bytes(&format!("{qr}.png?size={size}")).await;
            let (side, read) = scan_png(&png);
            assert!(read == *link && side >= size && side < size + 60, "{side}");
        }
        for wrong in ["299", "2001", "x", ""] {
            host.get(&format!("{qr}.png?size={wrong}"))
                .await
                .expect(422);
        }
        let zip = host.bytes(&stage.at("/invitations/qr.zip")).await;
        let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut read = Vec::new();
        for place in 0..zip.len() {
            let mut file = zip.by_index(place).unwrap();
            let mut png = Vec::new();
            file.read_to_end(&mut png).unwrap();
            let link = scan_png(&png).1;
            let code = link
                .split("/invite/")
                .nth(1)
                .unwrap()
                .split('?')
                .next()
                .unwrap();
            let name = file.name().unwrap().into_owned();
            assert!(name.ends_with(&format!("-{code}.png")), "{name}");
            read.push(link);
        }
        assert_eq!(read, links);
    });
}

#[test]
fn who_sees_no_codes_prints_none() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut observer = stage.visitor(&stage.observer);
        let choice = get(&mut observer, "/print").await;
        assert!(!choice.body.contains("/print/a6"));
        assert!(!choice.body.contains("/print/cards") && !choice.body.contains("qr.zip"));
        for hidden in [
            format!("{HOME}/print/cards"),
            format!("{HOME}/print/labels"),
            format!("{HOME}/print/codes"),
            format!("{HOME}/print/a6"),
            format!("/api/v1/invitations/id/{id}/qr.svg"),
            format!("/api/v1/invitations/id/{id}/qr.png"),
            stage.at("/invitations/qr.zip"),
        ] {
            observer.get(&hidden).await.expect(403);
        }
        let places = get(&mut observer, "/print/places?paper=a4&event=reception").await;
        let guests = get(
            &mut observer,
            "/guests?event=reception&status=yes&limit=100",
        )
        .await;
        let cards = places.body.matches("class=\"piece\"").count();
        assert!(cards > 0 && places.body.contains("sheet places"));
        let range = [
            ("from", 1.into()),
            ("to", cards.into()),
            ("total", cards.into()),
        ];
        assert!(
            guests.text().contains(&stage.fill("host-range", range)),
            "{cards}: {}",
            guests.text()
        );
    });
}

#[test]
fn an_envelope_shows_an_address_and_no_code() {
    on_default(async |stage| {
        let address = "1 First Road\n\nFlat 2\n50480 Kuala Lumpur\nWilayah\nMalaysia\nAsia";
        let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            tx.run(sql!("UPDATE invitation SET address = NULL"), &[], Rows::Any)?;
            sql!(
                "UPDATE invitation SET address = :address WHERE code = 'RAHMA'",
                address
            )
            .run(tx, Rows::Exactly(1))
            .map(drop)
        };
        stage.site.store.write(change).await.unwrap();
        let mut host = stage.visitor(&stage.coordinator);
        let labels = get(&mut host, "/print/labels?paper=a4").await;
        assert_eq!(labels.body.matches("class=\"piece\"").count(), 1);
        let said = labels.text();
        assert!(
            !said.contains("RAHMA") && !labels.body.contains("class=\"qr\""),
            "{said}"
        );
        assert!(said.contains("Malaysia, Asia"), "{said}");
        // Whoever gets none is named.
        let others = labels.body.matches("households have no address").count();
        assert!(others == 1 && said.contains("Famiglia Bianchi"), "{said}");
        let codes = get(&mut host, "/print/codes?paper=a4").await;
        assert!(codes.text().contains("RAHMA") && !codes.text().contains("First Road"));
        assert!(codes.body.matches("class=\"qr\"").count() > 10);
    });
}

#[test]
fn whom_nobody_names_is_one_line_at_the_door() {
    on_default(async |stage| {
        let change = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let unnamed = sql!(
                "UPDATE guest SET name = '', sort_name = '' WHERE invitation =
                     (SELECT id FROM invitation WHERE code = 'RAHMA')"
            );
            tx.run(unnamed, &[], Rows::Any)?;
            let coming = sql!(
                "UPDATE reply SET status = 'yes' WHERE guest IN
                     (SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                      WHERE code = 'RAHMA')"
            );
            tx.run(coming, &[], Rows::Any).map(drop)
        };
        let before = get(&mut stage.visitor(&stage.observer), "/print/door").await;
        stage.site.store.write(change).await.unwrap();
        let people = stage
            .done(|tx, host| {
                let all = people::all_people(tx, host, &GuestFilter::default())?;
                let unnamed = all.iter().filter(|one| one.name.is_empty());
                Ok(unnamed
                    .filter(|one| one.household.contains("Rahman"))
                    .count())
            })
            .await;
        let page = get(&mut stage.visitor(&stage.observer), "/print/door").await;
        let rows: Vec<&str> = page.body.split("<th scope=\"row\">").skip(1).collect();
        let theirs: Vec<&&str> = rows.iter().filter(|row| row.contains("Rahman")).collect();
        assert!(people > 1 && !before.body.contains(&format!("× {people}")));
        let counted = theirs
            .iter()
            .filter(|row| row.contains(&format!("× {people}")));
        assert_eq!(counted.count(), 1, "{theirs:?}");
        assert!(rows.last().unwrap().contains("Rahman"), "{rows:?}");
    });
}

#[test]
fn the_choice_of_paper_goes_along_to_every_sheet() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.coordinator);
        for (wanted, paper) in [("", "a4"), ("?paper=letter", "letter"), ("?paper=x", "a4")] {
            let page = get(&mut host, &format!("/print{wanted}")).await;
            let links = page.links();
            let sheets = links.iter().filter(|link| link.href.contains("/print/"));
            let sheets: Vec<_> = sheets.map(|link| link.href.clone()).collect();
            assert!(sheets.len() > 6, "{sheets:?}");
            for sheet in sheets {
                assert!(sheet.contains(&format!("paper={paper}")), "{sheet}");
                host.get(&sheet).await.expect(200);
            }
        }
    });
}

#[test]
fn the_list_for_the_door_has_everybody_who_comes_by_name() {
    on_default(async |stage| {
        let mut observer = stage.visitor(&stage.observer);
        let list = |event: &'static str| GuestFilter {
            status: Some(Status::Yes),
            event: (!event.is_empty()).then(|| event.to_owned()),
            ..GuestFilter::default()
        };
        for event in ["", "reception", "nikah"] {
            let people = stage
                .done(move |tx, host| people::all_people(tx, host, &list(event)))
                .await;
            let page = get(&mut observer, &format!("/print/door?event={event}")).await;
            let rows: Vec<&str> = page.body.split("<th scope=\"row\">").skip(1).collect();
            assert_eq!(rows.len(), people.len(), "{event}");
            assert!(rows.len() > 5);
            let english = stage.site.catalogue.speak(&web::Language::ENGLISH);
            for (row, person) in rows.iter().zip(&people) {
                let name = person.shown_name(&english);
                assert!(
                    row.starts_with(&format!("<bdi>{}</bdi>", escaped(&name))),
                    "{row}"
                );
                let others = people.iter();
                let heads = others.filter(|other| other.invitation == person.invitation);
                let household = format!(
                    "<bdi>{}</bdi> ({})",
                    escaped(&person.household),
                    heads.count()
                );
                assert!(row.contains(&household), "{household}: {row}");
                let id = person.id.clone();
                let replies = stage.done(move |tx, _| Ok(people::replies(tx, &id)?)).await;
                let comes = replies.iter().filter(|(key, _, status)| {
                    (event.is_empty() || key == event) && *status == ReplyStatus::Yes
                });
                assert_eq!(row.matches("role=\"img\"").count(), comes.count(), "{row}");
            }
        }
    });
}

/// Returns the row of this person on the list for the door.
async fn row(host: &mut Visitor, name: &str) -> String {
    let page = get(host, "/print/door").await;
    let rows = page.body.split("<th scope=\"row\">").skip(1);
    let mut rows = rows.map(|row| row.split("</tr>").next().unwrap().to_owned());
    rows.find(|row| row.contains(name)).unwrap()
}

#[test]
fn at_the_door_each_reply_has_words_of_its_own() {
    on_default(async |stage| {
        stage.switch(|switches| switches.undecided = true).await;
        let mut observer = stage.visitor(&stage.observer);
        let name = "Lim Wei Jian";
        for (status, label) in [
            ("no", "reply-no"),
            ("undecided", "reply-undecided"),
            ("pending", "reply-pending"),
            ("waitlisted", "reply-waitlisted"),
            ("", "host-print-door-not-invited"),
        ] {
            let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                let changed = if status.is_empty() {
                    sql!(
                        "DELETE FROM reply WHERE event = (SELECT id FROM event WHERE key = 'nikah')
                           AND guest = (SELECT id FROM guest WHERE name = :name)",
                        name
                    )
                    .run(tx, Rows::Exactly(1))
                } else {
                    sql!(
                        "UPDATE reply SET status = :status
                         WHERE event = (SELECT id FROM event WHERE key = 'nikah')
                           AND guest = (SELECT id FROM guest WHERE name = :name)",
                        status,
                        name
                    )
                    .run(tx, Rows::Exactly(1))
                };
                changed.map(drop)
            };
            stage.change(change).await;
            let row = row(&mut observer, name).await;
            let first = row.split("<td class=\"box\"").nth(1).unwrap();
            assert!(first.contains(&*stage.say(label)), "{status}: {row}");
            assert!(!row.contains('–'), "{row}");
        }
    });
}

#[test]
fn a_table_stands_at_the_door_and_orders_the_place_cards() {
    on_default(async |stage| {
        let mut observer = stage.visitor(&stage.observer);
        let heading = format!("<th scope=\"col\">{}</th>", stage.say("host-print-table"));
        let places = "/print/places?event=reception";
        let before = get(&mut observer, "/print/door").await;
        assert!(!before.body.contains(&heading));
        stage
            .change(|tx| {
                for (household, tags) in [
                    ("The Lim family", r#"["Friends","Table 10"]"#),
                    ("Famiglia Conti", r#"["Table 2"]"#),
                ] {
                    sql!(
                        "UPDATE invitation SET tags = :tags WHERE household = :household",
                        tags,
                        household
                    )
                    .run(tx, Rows::Exactly(1))?;
                }
                Ok(())
            })
            .await;
        let door = get(&mut observer, "/print/door").await;
        assert!(door.body.contains(&heading));
        let lim = row(&mut observer, "Lim Wei Jian").await;
        assert!(lim.contains("<bdi>Table 10</bdi>"), "{lim}");
        assert!(!lim.contains("Friends"), "{lim}");
        let cards = get(&mut observer, places).await;
        let cards: Vec<&str> = cards.body.split("<article").skip(1).collect();
        let at = |name: &str| cards.iter().position(|card| card.contains(name)).unwrap();
        let order = [
            "Andrea Conti",
            "Lim Hui Min",
            "Lim Wei Jian",
            "Harpreet Singh",
        ]
        .map(at);
        assert!(order.is_sorted(), "{order:?}");
        assert!(cards[order[1]].contains("<bdi>Table 10</bdi>"));
        assert!(!cards[order[3]].contains("Table"));
    });
}

fn escaped(text: &str) -> String {
    text.replace('&', "&#38;").replace('\'', "&#39;")
}

#[test]
fn many_households_are_read_as_each_alone_and_with_the_statements_of_one() {
    on_default(async |stage| {
        let (alone, together) = stage
            .done(|tx, host| {
                let rows = listing::all_invitations(tx, host, &InvitationFilter::default())?;
                let ids: Vec<_> = rows.into_iter().map(|row| row.id).collect();
                let mut alone = Vec::new();
                for id in &ids {
                    alone.push(portals::load(tx, host, id)?.household);
                }
                let together = portals::load_all(tx, host, &ids)?.into_iter();
                Ok((alone, together.map(|one| one.household).collect::<Vec<_>>()))
            })
            .await;
        assert!(alone.len() > 10);
        assert_eq!(format!("{together:?}"), format!("{alone:?}"));
        let mut host = stage.visitor(&stage.coordinator);
        for path in [
            "/print/cards?paper=a4",
            "/print/labels?paper=a4",
            "/invites?limit=200",
        ] {
            let mut statements = Vec::new();
            for path in [format!("{path}&q=fernandez"), path.to_owned()] {
                get(&mut host, &path).await;
                let before = stage.site.store.counts().statements;
                get(&mut host, &path).await;
                statements.push(stage.site.store.counts().statements - before);
            }
            assert_eq!(statements[0], statements[1], "{path}");
        }
    });
}
