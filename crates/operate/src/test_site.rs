//! The site of this crate's tests.

use jiff::tz::TimeZone;
use site::{Domain, domains};
use testkit::World;
use web::client_info::Proxies;
use web::{Settings, Site, SiteUrl};

use crate::locales::LOCALES;

pub(crate) fn site(world: &World, domains: &[Domain], languages: &[&str]) -> Site {
    let settings = Settings {
        url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
        name: "Kenduri Kami".to_owned(),
        languages: languages.iter().map(|&tag| tag.to_owned()).collect(),
        time_zone: TimeZone::UTC,
        has_mail: true,
        proxies: Proxies::default(),
        cdn: false,
    };
    domains::site(domains, LOCALES, world.platform.clone(), settings)
}
