//! Validates the `cors` settings of routes.

use units::Check;

use crate::description;
use crate::filters::cors::{self, Cors};
use crate::values;

pub(super) fn cors(
    written: &description::Cors,
    headers: &description::Headers,
    check: &mut Check,
) -> Cors {
    if written.origins.is_empty() {
        check.refuse(
            "cors.origins",
            "it names no origin",
            "name an origin, such as https://app.example, or remove cors",
        );
    }
    let origins = written.origins.iter().enumerate();
    let origins = origins.filter_map(|(number, text)| {
        check.accept(&format!("cors.origins[{number}]"), values::origin(text))
    });
    let origins = origins.collect();
    let mut changed = headers.set.keys().chain(&headers.remove);
    if changed.any(|name| cors::is_own(&name.to_ascii_lowercase())) {
        check.refuse(
            "cors",
            "headers sets an Access-Control header, and only cors may set these",
            "remove it from headers",
        );
    }
    Cors::new(origins)
}

#[cfg(test)]
mod tests {
    use crate::config::testing::check;

    #[test]
    fn mistakes_are_found_before_a_browser_does() {
        let routes = "[[route]]\nto = \"app\"\ncors = { origins = [] }\n\
             [[route]]\npath = \"/api\"\nto = \"app\"\n\
             cors = { origins = [\"*\", \"https://a.example\", \"https://a.example/\"] }\n\
             headers = { set = { \"Access-Control-Allow-Credentials\" = \"true\" } }";
        let flaws = check(routes).unwrap_err();
        let told: Vec<_> = flaws.iter().map(|flaw| flaw.key.as_str()).collect();
        assert_eq!(
            told,
            [
                "route[0].cors.origins",
                "route[1].cors.origins[0]",
                "route[1].cors.origins[2]",
                "route[1].cors",
            ]
        );
        assert!(flaws.iter().all(|flaw| !flaw.mend.is_empty()));
        assert!(
            check("[[route]]\nto = \"app\"\ncors = { origins = [\"http://localhost:5173\"] }")
                .is_ok()
        );
    }
}
