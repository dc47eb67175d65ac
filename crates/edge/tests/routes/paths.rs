//! Paths that can be read in several ways.

use super::*;

/// Programs decode `%2F` before they look whom a path is for (PEP 3333: `PATH_INFO` has no
/// escapes), some a backslash too, and servlets leave out what follows a `;`.
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
    let site = Site::open("[[route]]\nto = \"app\"\n", Means::default());
    for guard in guards {
        let routes = format!(
            "[[route]]\n{to}\n[[route]]\npath = \"/api/admin\"\n{guard}\n\
             [[route]]\npath = \"/api/admin/open\"\n{to}\n"
        );
        site.edge.reload(plan(&routes, folder.path())).unwrap();
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
        // Whoever reads these in another way finds the same route.
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
    site.edge.reload(plan(&inside, folder.path())).unwrap();
    for path in ["/git/group%2Fname", "/git/a;b%2Fc", "/git/%2Fx"] {
        let heard = site.get(path).await;
        assert!(
            heard.body.starts_with(&format!("one GET {path} ")),
            "{path}: {heard:?}"
        );
    }
    site.edge.stop().await;
}
