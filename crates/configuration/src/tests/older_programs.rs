//! Tests of `[compat]`.

use super::{load, problems, written};
use crate::OlderSite;

#[test]
fn the_older_sites_are_there_where_they_are_switched_on() {
    let (_folder, asked) = written("");
    let settings = load(&asked).expect("built-in").settings;
    assert!(settings.personal_site.is_none() && settings.booking_site.is_none());
    let (_folder, asked) = written("[compat]\nbackend = true\nauth = \"backend\"\n");
    let settings = load(&asked).expect("settings").settings;
    let policy = settings.personal_site.expect("switched on");
    assert!(policy.has_auth && !policy.register_tokens);
    assert!(settings.booking_site.is_none());
    let both = "[bookings]\nenabled = true\n\
                [compat]\nbackend = true\nbookings = true\nauth = \"bookings\"\n";
    let (_folder, asked) = written(both);
    let settings = load(&asked).expect("settings").settings;
    let expected = OlderSite {
        has_auth: true,
        register_tokens: false,
    };
    assert_eq!(settings.booking_site, Some(expected));
    let personal = settings.personal_site.expect("both are on");
    assert!(!personal.has_auth, "one of them has /api/auth");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    const ON: &str = "[bookings]\nenabled = true\n";
    for (text, expected) in [
        (
            "[compat]\nbackend = true\nauth = \"bookings\"\n".to_owned(),
            "kenduri.toml:3: compat.auth is for the addresses of the older booking site",
        ),
        (
            "[compat]\nbackend = true\nauth = \"nuxt\"\n".to_owned(),
            "kenduri.toml:3: compat.auth is \"nuxt\"",
        ),
        (
            "[compat]\nauth = \"backend\"\n".to_owned(),
            "kenduri.toml:2: compat.auth is for the addresses of the older personal site",
        ),
        (
            format!("{ON}[compat]\nbookings = true\nauth = \"backend\"\n"),
            "kenduri.toml:5: compat.auth is for the addresses of the older personal site",
        ),
        (
            format!("{ON}[compat]\nbackend = true\nbookings = true\n"),
            "compat.auth does not say which of them /api/auth is like",
        ),
        (
            "[compat]\nbookings = true\nauth = \"bookings\"\n".to_owned(),
            "kenduri.toml:2: compat.bookings is on, but bookings are off",
        ),
        (
            "[compat]\nregister_tokens = true\n".to_owned(),
            "kenduri.toml:2: compat.register_tokens is for the addresses",
        ),
    ] {
        let (folder, asked) = written(&text);
        let found = problems(&folder, &asked);
        assert!(found.contains(expected), "{text}\n{found}");
    }
}
