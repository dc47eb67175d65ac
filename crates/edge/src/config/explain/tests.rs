use crate::config::testing::{check, check_running, plan_of};

#[test]
fn a_request_is_explained() {
    let plan = check_running(
        "[[route]]\npath = \"/api/node/\"\nstrip = \"/api\"\nadd = \"/v1/\"\nto = \"service:node\"\n\
         [[route]]\nhost = \"kad.example\"\npath = \"/old\"\nto = \"redirect:https://new.example{path}\"\n",
        &[("node", "least", &[])],
    )
    .unwrap();
    let told = plan
        .explain("HTTP://Kad.Example:8443/api/node/x?y#z")
        .unwrap();
    assert_eq!(
        told,
        "kad.example/old  redirect:https://new.example{path}  the path does not match\n\
         */api/node/      service:node                        this one: the most specific host, and of its routes the longest path that matches\n\
         service:node gets /v1/node/x\n"
    );
    let told = plan.explain("http://kad.example/old/x?y=z#w").unwrap();
    assert!(
        told.ends_with("redirected to https://new.example/old/x?y=z\n"),
        "{told}"
    );
    assert!(
        plan.explain("http://kad.example")
            .unwrap()
            .ends_with("answered with 404\n")
    );
    let told = plan.explain("http://kad.example/api/node/x%2Fy;z").unwrap();
    assert!(
        told.ends_with("service:node gets /v1/node/x%2Fy;z\n"),
        "{told}"
    );
    let told =
        check("[[route]]\nto = \"status:404\"\n[[route]]\npath = \"/b\"\nto = \"status:403\"\n")
            .unwrap()
            .explain("http://kad.example/b%2Fx")
            .unwrap();
    assert!(told.ends_with("answered with 400\n"), "{told}");
    let told = check("[[route]]\nto = \"app\"\n[[route]]\npath = \"/b/\"\nto = \"status:403\"\n");
    let told = |url| told.as_ref().unwrap().explain(url).unwrap();
    let bare = told("http://kad.example/b?c=d");
    assert!(bare.ends_with("redirected to /b/?c=d\n"), "{bare}");
    let capital = told("http://kad.example/B/x");
    assert!(capital.ends_with("answered with 400\n"), "{capital}");
    for wrong in [
        "http://kad.example/%zz",
        "ftp://kad.example/a",
        "/a/b",
        "kad.example/a",
        "http:///a",
        "https://*.example/",
    ] {
        assert!(plan.explain(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_happens_before_a_route_is_explained_too() {
    let routes = "[[route]]\nhost = \"tls.test\"\nto = \"app\"\n[[route]]\nto = \"status:410\"\n\
                  access = { allow = [\"10.0.0.0/8\"], sign_in = \"owner\" }\n";
    let acme = "[tls]\nacme = { email = \"owner@tls.test\" }\n";
    let inside = "access by address and sign-in of owner is required; then answered with 410 Gone";
    let refused = "the handshake is refused: there is no certificate for deny.test, \
                   see tls.acme and [[tls.certificate]]";
    let unnamed = "the handshake is refused: there is no certificate for 192.0.2.7, \
                   and none in [[tls.certificate]] has default = true";
    let before = "only through a proxy in front of this server: no address with TLS is set, see \
                  listen.https\napp gets /x";
    let nobody = "no answer: no address without TLS is set, see listen.http";
    let both = "http = [\":80\"]\nhttps = [\":443\"]";
    for (listen, url, end) in [
        (
            both,
            "http://tls.test/x",
            "first redirected to https with 308\napp gets /x",
        ),
        (both, "https://tls.test/x", "app gets /x"),
        (both, "http://deny.test/x", inside),
        (both, "https://deny.test/x", refused),
        (both, "https://192.0.2.7/x", unnamed),
        ("http = [\":80\"]", "http://tls.test/x", "app gets /x"),
        ("http = [\":80\"]", "https://tls.test/x", before),
        ("http = []\nhttps = [\":443\"]", "http://tls.test/x", nobody),
        (
            "http = [\":80\"]\nhttps = [\"unix:tls.sock\"]",
            "http://tls.test/x",
            "app gets /x",
        ),
    ] {
        let plan = plan_of(&format!("[listen]\n{listen}\n{acme}{routes}"));
        let told = plan.explain(url).unwrap();
        let rows = plan
            .routes()
            .candidates(url.split('/').nth(2).unwrap())
            .count();
        let said: Vec<_> = told.lines().skip(rows).collect();
        assert_eq!(said.join("\n"), end, "{listen} {url}");
    }
}

#[test]
fn where_nobody_signs_a_certificate_addresses_are_shown_the_one_there_is() {
    let plan = plan_of("[listen]\nhttps = [\":443\"]\n[[route]]\nto = \"app\"");
    let told = plan.explain("https://192.0.2.7/x").unwrap();
    let shown = "with a certificate for another name: there is none for 192.0.2.7\napp gets /x";
    assert!(told.trim_end().ends_with(shown), "{told}");
}
