//! Links that open an event in map and calendar apps. They contain the event's details, but no code
//! and no guest's name.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use web::share::encoded;

use super::view::AppLink;
use crate::event::Event;

/// Returns links that open the venue in map apps. If the hosts have set their own map link, it
/// replaces the link to the same app. If their link opens another app, it comes first.
pub(super) fn maps(event: &Event) -> Vec<AppLink> {
    let own = event.map_url.as_str();
    let place = encoded(&place(event));
    let of = app_of(own);
    let search = |label, app: &str, start: &str| {
        let is_own = of == Some(label);
        let address = if is_own {
            own.to_owned()
        } else {
            format!("{start}{place}{app}")
        };
        (is_own || !place.is_empty()).then_some(AppLink { label, address })
    };
    let other = (!own.is_empty() && of.is_none()).then(|| AppLink {
        label: "portal-map",
        address: own.to_owned(),
    });
    let google = "https://www.google.com/maps/search/?api=1&query=";
    let all = [
        other,
        search(GOOGLE_MAPS, "", google),
        search(WAZE, "&navigate=yes", "https://waze.com/ul?q="),
    ];
    all.into_iter().flatten().collect()
}

/// Returns links that add the event to web calendars. The calendar entry is called `title`. If the
/// hour is not known, it stands on the event's days in `zone`.
pub(super) fn calendars(event: &Event, title: &str, zone: &TimeZone) -> Vec<AppLink> {
    let (title, place) = (encoded(title), encoded(&place(event)));
    let ends_at = event.known_end().unwrap_or_else(|| {
        let end = event.starts_at.checked_add(LENGTH);
        end.unwrap_or(event.starts_at)
    });
    let at = |moment: &str, day: &str| {
        let [from, to] = [event.starts_at, ends_at].map(|at| {
            if event.hour_known {
                at.strftime(moment).to_string()
            } else {
                at.to_zoned(zone.clone()).strftime(day).to_string()
            }
        });
        [encoded(&from), encoded(&to)]
    };
    let [from, to] = at("%Y%m%dT%H%M%SZ", "%Y%m%d");
    let google = format!(
        "https://calendar.google.com/calendar/render?action=TEMPLATE&text={title}&dates={from}%2F{to}&location={place}"
    );
    let [from, to] = at("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d");
    let all_day = if event.hour_known { "" } else { "&allday=true" };
    let outlook = format!(
        "https://outlook.live.com/calendar/0/action/compose?rru=addevent&subject={title}&startdt={from}&enddt={to}{all_day}&location={place}"
    );
    vec![
        AppLink {
            label: "portal-google-calendar",
            address: google,
        },
        AppLink {
            label: "portal-outlook",
            address: outlook,
        },
    ]
}

// These links need an end. Where nobody knows it, people see this one in a form before they save.
const LENGTH: SignedDuration = SignedDuration::from_hours(2);

const GOOGLE_MAPS: &str = "portal-google-maps";
const WAZE: &str = "portal-waze";

/// `None` if it is none of the apps to which the page always links.
fn app_of(address: &str) -> Option<&'static str> {
    let rest = address.strip_prefix("https://")?;
    let host = rest.split(['/', '?', '#']).next()?.to_lowercase();
    let is_google = ["maps.app.goo.gl", "goo.gl"].contains(&host.as_str())
        || host.starts_with("maps.google.")
        || host.starts_with("www.google.") && rest[host.len()..].starts_with("/maps");
    match host.as_str() {
        "waze.com" | "www.waze.com" | "ul.waze.com" => Some(WAZE),
        _ if is_google => Some(GOOGLE_MAPS),
        _ => None,
    }
}

/// Returns the venue and its address in one line.
pub(super) fn place(event: &Event) -> String {
    let lines = [event.venue.as_str()]
        .into_iter()
        .chain(event.address.lines());
    let lines = lines.map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(venue: &str, address: &str, map_url: &str) -> Event {
        Event {
            venue: venue.to_owned(),
            address: address.to_owned(),
            map_url: map_url.to_owned(),
            starts_at: "2027-01-16T04:30:00Z".parse().unwrap(),
            ends_at: "2027-01-16T08:00:00Z".parse().unwrap(),
            ..crate::sample::event("main")
        }
    }

    fn labels(event: &Event) -> Vec<&'static str> {
        maps(event).into_iter().map(|link| link.label).collect()
    }

    #[test]
    fn a_map_of_the_hosts_own_stands_in_for_the_app_it_leads_to() {
        for (map, expected) in [
            ("", vec![GOOGLE_MAPS, WAZE]),
            (
                "https://www.openstreetmap.org/?mlat=3",
                vec!["portal-map", GOOGLE_MAPS, WAZE],
            ),
            ("https://maps.app.goo.gl/AbC", vec![GOOGLE_MAPS, WAZE]),
            (
                "https://www.google.com.my/maps/place/x",
                vec![GOOGLE_MAPS, WAZE],
            ),
            (
                "https://www.google.com/search?q=x",
                vec!["portal-map", GOOGLE_MAPS, WAZE],
            ),
            ("https://ul.waze.com/ul?ll=3,101", vec![GOOGLE_MAPS, WAZE]),
        ] {
            let event = event("Dewan", "Jalan 1\n50480 KL", map);
            assert_eq!(labels(&event), expected, "{map}");
            let own = maps(&event).into_iter().any(|link| link.address == map);
            assert_eq!(own, !map.is_empty(), "{map}");
        }
        assert_eq!(labels(&event("", " \n", "")), [""; 0]);
        assert_eq!(
            labels(&event("", "", "https://goo.gl/maps/x")),
            [GOOGLE_MAPS]
        );
    }

    #[test]
    fn calendars_get_whole_days_if_the_hour_is_not_known() {
        let event = Event {
            hour_known: false,
            starts_at: "2027-01-15T16:00:00Z".parse().unwrap(),
            ends_at: "2027-01-16T16:00:00Z".parse().unwrap(),
            ..crate::sample::event("main")
        };
        let zone = TimeZone::get("Asia/Kuala_Lumpur").unwrap();
        let [google, outlook] = &calendars(&event, "A", &zone)[..] else {
            panic!("two calendars");
        };
        assert!(google.address.contains("&dates=20270116%2F20270117&"));
        let days = "startdt=2027%2D01%2D16&enddt=2027%2D01%2D17&allday=true&";
        assert!(outlook.address.contains(days), "{}", outlook.address);
    }

    #[test]
    fn calendars_never_get_the_hour_at_which_an_event_without_an_end_is_over() {
        let event = Event {
            ends_at: "2027-01-16T20:00:00Z".parse().unwrap(),
            end_known: false,
            ..event("", "", "")
        };
        let [google, outlook] = &calendars(&event, "A", &TimeZone::UTC)[..] else {
            panic!("two calendars");
        };
        let two_hours = "&dates=20270116T043000Z%2F20270116T063000Z&";
        assert!(google.address.contains(two_hours), "{}", google.address);
        let two_hours = "&enddt=2027%2D01%2D16T06%3A30%3A00Z&";
        assert!(outlook.address.contains(two_hours), "{}", outlook.address);
    }

    #[test]
    fn links_say_the_place_and_the_time() {
        let event = event("Dewan A & B", "Jalan 1\r\n50480 KL", "");
        let place = "Dewan%20A%20%26%20B%2C%20Jalan%201%2C%2050480%20KL";
        let maps: Vec<_> = maps(&event).into_iter().map(|link| link.address).collect();
        assert_eq!(
            maps,
            [
                format!("https://www.google.com/maps/search/?api=1&query={place}"),
                format!("https://waze.com/ul?q={place}&navigate=yes"),
            ]
        );
        let [google, outlook] = &calendars(&event, "宴会 – A", &TimeZone::UTC)[..] else {
            panic!("two calendars");
        };
        let title = "%E5%AE%B4%E4%BC%9A%20%E2%80%93%20A";
        for part in [
            format!("text={title}&"),
            "dates=20270116T043000Z%2F20270116T080000Z&".to_owned(),
            format!("location={place}"),
        ] {
            assert!(google.address.contains(&part), "{part}: {}", google.address);
        }
        for part in [
            format!("subject={title}&"),
            "startdt=2027%2D01%2D16T04%3A30%3A00Z&enddt=2027%2D01%2D16T08%3A00%3A00Z&".to_owned(),
            format!("location={place}"),
        ] {
            assert!(
                outlook.address.contains(&part),
                "{part}: {}",
                outlook.address
            );
        }
    }
}
