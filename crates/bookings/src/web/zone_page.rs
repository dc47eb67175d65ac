//! The page on which a visitor chooses the place whose clock the pages of sessions show. It needs no
//! script and keeps nothing: its links lead back with the zone in the address, and so do theirs.

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use web::region::Region;
use web::{Form, Problem, Site, Text, Wishes, ZoneWishes, dates, zone};

use super::slot_page::plain;
use super::words::percent;

/// The most places that are listed of those that a search finds.
const MOST: usize = 40;

web::words! {
    /// A part of the world.
    Area {
        Africa = "africa" => "zone-area-africa",
        America = "america" => "zone-area-america",
        Asia = "asia" => "zone-area-asia",
        Europe = "europe" => "zone-area-europe",
        Pacific = "pacific" => "zone-area-pacific",
        /// The islands of other oceans, and Antarctica.
        Oceans = "oceans" => "zone-area-oceans",
    }
}

impl Area {
    fn of(zone: &str) -> Self {
        match zone.split('/').next() {
            Some("Africa") => Self::Africa,
            Some("America") => Self::America,
            Some("Asia") => Self::Asia,
            Some("Europe") => Self::Europe,
            Some("Australia" | "Pacific") => Self::Pacific,
            _ => Self::Oceans,
        }
    }
}

#[derive(Template)]
#[template(path = "zone.html")]
struct ZonePage<'a> {
    text: &'a Text,
    /// The page that the choice leads back to.
    target: &'a str,
    query: &'a str,
    yours: Vec<Row>,
    /// `None` if nothing is searched for.
    found: Option<Vec<Row>>,
    areas: Vec<AreaLink>,
    /// The places of the area that was chosen.
    places: Vec<Row>,
}

struct Row {
    href: String,
    place: String,
    country: String,
    time: String,
    /// The message id of why it is proposed; empty if it is not.
    why: &'static str,
    is_chosen: bool,
}

struct AreaLink {
    href: String,
    label: &'static str,
    is_chosen: bool,
}

/// `GET /book/zone`.
pub(super) async fn choose(
    State(site): State<Site>,
    wishes: Wishes,
    zones: ZoneWishes,
    uri: Uri,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let form = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let target = target(form.text("for"));
    let rows = Rows {
        text: &text,
        target,
        now: site.clock.now(),
        chosen: zones.asked.clone(),
    };
    let query = form.text("q").trim();
    let area = Area::find(form.text("area"));
    let mut yours: Vec<Row> = Vec::new();
    let device = zones.device.map(|zone| (zone, "zone-of-device"));
    let of_site = (site.settings.time_zone.clone(), "zone-of-site");
    let asked = zones.asked.map(|zone| (zone, "zone-chosen"));
    for (zone, why) in asked.into_iter().chain(device).chain([of_site]) {
        let row = rows.row(&zone, Region::of_zone(zone::name(&zone)), why);
        if yours.iter().all(|other| other.href != row.href) {
            yours.push(row);
        }
    }
    let found = zone::search(query, rows.now);
    let found = found.into_iter().take(MOST);
    let found =
        found.filter_map(|one| Some(rows.row(&zone::find(one.zone)?, Some(one.country), "")));
    let found: Vec<Row> = found.collect();
    let all = Region::all().flat_map(|country| country.zones().map(move |zone| (zone, country)));
    let mut places: Vec<(&str, Region)> = all
        .filter(|(zone, _)| Some(Area::of(zone)) == area)
        .collect();
    places.sort_by_key(|(zone, _)| zone.rsplit('/').next());
    places.dedup_by_key(|(zone, _)| *zone);
    let places = places.into_iter();
    let for_target = percent(target);
    let body = ZonePage {
        text: &text,
        target,
        query,
        yours,
        found: (!query.is_empty()).then_some(found),
        areas: Area::ALL
            .iter()
            .map(|one| AreaLink {
                href: format!("/book/zone?for={for_target}&area={}", one.word()),
                label: one.label(),
                is_chosen: Some(*one) == area,
            })
            .collect(),
        places: places
            .filter_map(|(zone, country)| Some(rows.row(&zone::find(zone)?, Some(country), "")))
            .collect(),
    };
    Ok(plain(&site, &text, &text.say("zone-title"), body))
}

struct Rows<'a> {
    text: &'a Text,
    target: &'a str,
    now: Timestamp,
    chosen: Option<TimeZone>,
}

impl Rows<'_> {
    fn row(&self, zone: &TimeZone, country: Option<Region>, why: &'static str) -> Row {
        let country = country.map(|country| country.name(&self.text.language().tag));
        Row {
            href: with_zone(self.target, zone::name(zone)),
            place: dates::zone_name(zone, self.now),
            country: country.unwrap_or_default().to_owned(),
            time: self.text.time_in(zone, self.now),
            why,
            is_chosen: self.chosen.as_ref() == Some(zone),
        }
    }
}

/// The page of sessions that the choice leads back to: no other address is followed.
fn target(asked: &str) -> &str {
    let is_page = asked
        .strip_prefix("/book")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_plain = asked.bytes().all(|byte| byte.is_ascii_graphic()) && !asked.contains('\\');
    if is_page && is_plain && asked.len() <= 2_000 {
        asked
    } else {
        "/book"
    }
}

/// The address with the zone in place of the one that it names.
fn with_zone(target: &str, zone: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let others = query.split('&').filter(|pair| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        !name.is_empty() && name != zone::PARAMETER
    });
    let own = format!("{}={}", zone::PARAMETER, percent(zone));
    let pairs: Vec<&str> = others.chain([own.as_str()]).collect();
    format!("{path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_leads_to_pages_of_sessions_alone_and_names_one_zone() {
        for (asked, expected) in [
            ("/book", "/book"),
            ("/book/ben?from=2027-01-01", "/book/ben?from=2027-01-01"),
            ("/booking", "/book"),
            ("//evil.example", "/book"),
            ("/book\\..\\x", "/book"),
            ("/book/\n", "/book"),
            ("https://evil.example/book", "/book"),
            ("", "/book"),
        ] {
            assert_eq!(target(asked), expected, "{asked}");
        }
        for (target, expected) in [
            ("/book", "/book?tz=Asia%2FTokyo"),
            (
                "/book?tz=UTC&from=2027-01-01",
                "/book?from=2027-01-01&tz=Asia%2FTokyo",
            ),
            ("/book/x?tz=A&tz=B", "/book/x?tz=Asia%2FTokyo"),
        ] {
            assert_eq!(with_zone(target, "Asia/Tokyo"), expected);
        }
    }
}
