//! Tests of the setting that lets occasions have their own domains.

use super::{load, written};

#[test]
fn domains_of_occasions_need_a_route_for_every_host() {
    for (route, is_reached) in [
        ("", true),
        ("[[route]]\nto = \"app\"\n", true),
        ("[[route]]\nhost = \"a.example\"\nto = \"app\"\n", false),
    ] {
        let text = format!(
            "[listen]\nhttp = [\"127.0.0.1:8080\"]\n[occasions]\nown_domains = true\n{route}"
        );
        let (_folder, asked) = written(&text);
        let warnings = load(&asked).expect("good").warnings;
        let is_warned = warnings
            .iter()
            .any(|one| one.starts_with("occasions.own_domains"));
        assert_eq!(is_warned, !is_reached, "{warnings:?}");
    }
}
