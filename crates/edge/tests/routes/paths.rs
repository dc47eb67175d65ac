//! Tests paths that different servers interpret differently.

use super::http2::HTTPS;
use super::passes::over_http2;
use super::*;

/// Many upstreams decode `%2F` before they route a path (PEP 3333: `PATH_INFO` has no escapes).
/// Some also decode a backslash, and servlets ignore the text after a `;`.
#[tokio::test]
async fn no_guard_is_walked_past_by_another_way_to_write_its_path() {
    let (server, _running) = server("one").await;
    let to = format!("to = \"http://{server}\"");
    let folder = tempfile::tempdir().unwrap();
    let guards = [
        format!("{to}\naccess = {{ deny = [\"127.0.0.0/8\"] }}"),
        format!("{to}\naccess = {{ ask = {{ to = \"http://127.0.0.1:1\", path = \"/\" }} }}"),
        format!("{to}\nlimit = {{ rate = \"1/h\", burst = 1 }}"),
        format!("{to}\nbody_size = \"1K\""),
        format!("{to}\nrequest_headers = {{ remove = [\"X-Remote-User\"] }}"),
        "to = \"status:403\"".to_owned(),
    ];
    let site = Site::open("[[route]]\nto = \"app\"\n", Options::default());
    for guard in guards {
        let routes = format!(
            "[[route]]\n{to}\n[[route]]\npath = \"/api/admin\"\n{guard}\n\
             [[route]]\npath = \"/api/admin/open\"\n{to}\n"
        );
        site.edge.apply(plan(&routes, folder.path())).unwrap();
        for path in [
            "/api/admin%2Fusers",
            "/api/admin%2fusers",
            "/api%2Fadmin",
            "/%61pi%2F%61dmin/users",
            "/api%2F%2Fadmin",
            "/%2Fapi%2Fadmin%2F",
            "/api%5Cadmin",
            "/api%5cadmin/users",
            "/api/admin;x=1",
            "/api/admin;x%2Fy",
            "/api;x/admin/users",
            "/api;x%2Fy/admin%3Bx",
            "/api%2Fadmin/open;x",
        ] {
            let heard = site.get(path).await;
            assert_eq!(heard.status, 400, "{path} with {guard}: {heard:?}");
            assert_eq!(heard.header("connection"), Some("close"));
        }
        // Every interpretation of these paths matches the same route.
        for path in [
            "/a%2Fb",
            "/x/api%2Fadmin",
            "/a;b",
            "/a%5Cb;c",
            "/api/administer%2Fx",
            "/api/admin%252Fx",
        ] {
            let heard = site.get(path).await;
            let told = format!("one GET {path} ");
            assert!(
                heard.body.starts_with(&told),
                "{path} with {guard}: {heard:?}"
            );
        }
    }
    let inside = format!("[[route]]\nto = \"status:404\"\n[[route]]\npath = \"/git/\"\n{to}\n");
    site.edge.apply(plan(&inside, folder.path())).unwrap();
    for path in ["/git/group%2Fname", "/git/a;b%2Fc", "/git/%2Fx"] {
        let heard = site.get(path).await;
        assert!(
            heard.body.starts_with(&format!("one GET {path} ")),
            "{path}: {heard:?}"
        );
    }
    site.edge.stop().await;
}

/// Express also matches `/Admin` and `/admin/` with a route for `/admin`.
#[tokio::test]
async fn no_guard_is_walked_past_by_letter_case_or_a_closing_slash() {
    let (server, _running) = server("one").await;
    let to = format!("to = \"http://{server}\"");
    let folder = tempfile::tempdir().unwrap();
    let site = Site::open(HTTPS, Options::default());
    for guard in [
        format!("{to}\naccess = {{ deny = [\"127.0.0.0/8\"] }}"),
        format!("{to}\nlimit = {{ rate = \"1/h\", burst = 1 }}"),
        "to = \"status:403\"".to_owned(),
    ] {
        let routes = format!(
            "{HTTPS}[[route]]\n{to}\n[[route]]\npath = \"/api/admin\"\n{guard}\n\
             [[route]]\npath = \"/api/admin/open\"\n{to}\n\
             [[route]]\npath = \"/API/admin\"\n{to}\n\
             [[route]]\npath = \"/caf\u{e9}/\"\n{guard}\n\
             [[route]]\npath = \"/caf\u{e9}\"\n{to}\n\
             [[route]]\npath = \"/free\"\n{to}\n"
        );
        site.edge.apply(plan(&routes, folder.path())).unwrap();
        for path in [
            "/api/Admin",
            "/api/ADMIN/users",
            "/api/%41dmin/",
            "/Api//aDmin",
            "/Api%2FAdmin",
            "/API/Admin",
            "/api/Admin;x",
            "/CAF%C3%89",
            "/Caf%c3%a9/x",
        ] {
            let statuses = [site.get(path).await.status, over_http2(&site, path).await.0];
            assert_eq!(statuses, [400, 400], "{path} with {guard}");
        }
        // These paths match a route of their own, or no restricted route in any interpretation.
        for path in [
            "/API/admin/x",
            "/caf%C3%A9",
            "/Free",
            "/api/ADMINISTER",
            "/api/admin/open",
        ] {
            let heard = site.get(path).await.body;
            assert!(
                heard.starts_with(&format!("one GET {path} ")),
                "{path} with {guard}: {heard}"
            );
            assert_eq!(over_http2(&site, path).await.0, 200, "{path} with {guard}");
        }
        let sensitive = format!(
            "{HTTPS}[[route]]\n{to}\n[[route]]\npath = \"/api/admin\"\ncase_sensitive = true\n{guard}\n"
        );
        site.edge.apply(plan(&sensitive, folder.path())).unwrap();
        assert_eq!(site.get("/api/Admin").await.status, 200, "{guard}");
        assert_eq!(site.get("/api%2Fadmin").await.status, 400, "{guard}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn what_lacks_the_closing_slash_of_its_route_is_sent_there() {
    let (server, _running) = server("one").await;
    let to = format!("to = \"http://{server}\"");
    let site = Site::open(
        &format!(
            "{HTTPS}[[route]]\n{to}\n[[route]]\npath = \"/admin/\"\n{to}\n\
             [[route]]\npath = \"/closed/\"\n{to}\naccess = {{ deny = [\"127.0.0.0/8\"] }}\n\
             [[route]]\npath = \"/both/\"\nto = \"status:403\"\n\
             [[route]]\npath = \"/both\"\n{to}\n"
        ),
        Options::default(),
    );
    for (target, location) in [
        ("/admin", "/admin/"),
        ("/admin?a=b/c", "/admin/?a=b/c"),
        ("//x/..//%61dmin", "/%61dmin/"),
    ] {
        let heard = site.ask("POST", target, "", "").await;
        let told = (heard.status, heard.header("location"));
        assert_eq!(told, (308, Some(location)), "{target}");
    }
    assert_eq!(over_http2(&site, "/admin?x").await.0, 308);
    for (target, status) in [
        ("/admin/", 200),
        ("/admin/x", 200),
        ("/administer", 200),
        ("/closed", 403),
        ("/both", 200),
        ("/both/", 403),
        ("/Both", 400),
    ] {
        assert_eq!(site.get(target).await.status, status, "{target}");
    }
    site.edge.stop().await;
}
