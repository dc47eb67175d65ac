//! The time zone in which a visitor reads times before an account says one: that of the address
//! (`?tz=`), or that of the visitor's device, which a script keeps in a cookie.

mod search;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::LazyLock;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, Uri, request};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{Findings, cookie};

pub use search::{FoundZone, NoZone, read, search};

/// The cookie with the IANA name of the device's zone. Scripts set it (`zone.js`).
pub const COOKIE: &str = "kd_zone";
/// The query parameter with the IANA name of a zone. It counts for its request alone.
pub const PARAMETER: &str = "tz";

/// The most zones of one name from which a message lets choose.
const NAMED: usize = 8;

/// Former and other names of zones, each with the present one: a line is `former present`.
const LINKS: &str = include_str!("zone/links.txt");

/// The present names by the former ones.
static PRESENT: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let lines = LINKS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// The zone of an IANA name in any letter case, under its present name.
pub fn find(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok()?;
    let known = zone.iana_name()?;
    let present = PRESENT.get(known);
    let renamed = present.and_then(|present| TimeZone::get(present).ok());
    Some(renamed.unwrap_or(zone))
}

/// Reads the zone of a form's field as [`read`] does, and reports one that is not known or not the only
/// one of its name.
pub fn read_field(
    pointer: &str,
    typed: &str,
    now: Timestamp,
    findings: &mut Findings,
) -> Option<TimeZone> {
    match read(typed, now) {
        Ok(zone) => return Some(zone),
        Err(NoZone::Unknown) => findings.add(pointer, "time_zone_unknown", []),
        Err(NoZone::Several(zones)) => {
            let names = zones.iter().take(NAMED).copied().collect::<Vec<_>>();
            let names = [("names", names.join(", ").into())];
            findings.add(pointer, "time_zone_several", names);
        }
    }
    None
}

/// The IANA name of a zone.
pub fn name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// What a request says about the visitor's zone. A name that is no zone counts as none.
#[derive(Clone, Debug, Default)]
pub struct ZoneWishes {
    /// The zone in the address.
    pub asked: Option<TimeZone>,
    /// The zone of the visitor's device.
    pub device: Option<TimeZone>,
    /// Whether the request has the cookie, with whatever value.
    pub has_cookie: bool,
}

impl ZoneWishes {
    pub fn read(uri: &Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().unwrap_or_default().as_bytes();
        let asked = form_urlencoded::parse(query).find(|(key, _)| key == PARAMETER);
        let kept = cookie::find(headers, COOKIE);
        Self {
            asked: asked.and_then(|(_, name)| find(&name)),
            device: kept.and_then(find),
            has_cookie: kept.is_some(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ZoneWishes {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.uri, &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str, cookie: &str) -> (Option<String>, Option<String>, bool) {
        let mut headers = HeaderMap::new();
        if !cookie.is_empty() {
            headers.insert("cookie", cookie.parse().unwrap());
        }
        let wishes = ZoneWishes::read(&address.parse().unwrap(), &headers);
        let said = |zone: Option<TimeZone>| zone.map(|zone| name(&zone).to_owned());
        (said(wishes.asked), said(wishes.device), wishes.has_cookie)
    }

    #[test]
    fn a_request_names_the_zone_of_its_address_and_that_of_its_device() {
        let tokyo = || Some("Asia/Tokyo".to_owned());
        assert_eq!(read("/book", ""), (None, None, false));
        assert_eq!(
            read("/book?tz=asia%2Ftokyo&from=2027-01-01", "a=1"),
            (tokyo(), None, false)
        );
        assert_eq!(read("/book", "kd_zone=Asia/Tokyo"), (None, tokyo(), true));
        for bad in ["Mars/Olympus", "../../etc/passwd", "", "%00"] {
            let found = read(&format!("/book?tz={bad}"), &format!("kd_zone={bad}"));
            assert_eq!(found, (None, None, true), "{bad}");
        }
    }

    #[test]
    fn a_former_name_is_read_as_the_present_one() {
        assert!(PRESENT.len() > 100);
        for (former, present) in PRESENT.iter() {
            let found = find(former).unwrap();
            assert_eq!(found.iana_name(), Some(*present));
        }
    }
}
