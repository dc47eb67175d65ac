//! Tests which settings are rejected, and how accepted settings are displayed.

mod certificates;

use std::path::Path;

use super::testing::{check, check_in, check_running, plan_of};
use super::*;
use crate::description::Challenge;
use crate::route::NormalPath;

fn met<'a>(plan: &'a Plan, host: &str, path: &str) -> &'a str {
    let path = NormalPath::parse(path).unwrap();
    plan.find(host, &path).map_or("none", |route| &route.to)
}

#[test]
fn without_routes_everything_goes_to_the_app() {
    let plan = plan_of("");
    assert!(plan.needs_app());
    assert_eq!(met(&plan, "any.example", "/x"), "app");
    assert_eq!(met(&plan, "", "/"), "app");
    assert_eq!(plan.listen().header_size, 16 << 10);
    assert!(plan.warnings().is_empty());
}

#[test]
fn the_most_exact_host_and_the_longest_path_win() {
    let plan = plan_of(
        r#"
        [[route]]
        to = "status:404"
        [[route]]
        host = "*.kad.example"
        path = "/api/"
        to = "status:410"
        [[route]]
        host = "Www.Kad.Example"
        path = "/api"
        to = "http://127.0.0.1:3000"
        [[route]]
        host = "www.kad.example"
        path = "/api/deep/"
        to = "unix:run/deep.sock"
        "#,
    );
    assert!(!plan.needs_app());
    for (host, path, to) in [
        ("www.kad.example", "/api", "http://127.0.0.1:3000"),
        ("www.kad.example:8443", "/api/x", "http://127.0.0.1:3000"),
        ("www.kad.example.", "/%61pi//x", "http://127.0.0.1:3000"),
        ("www.kad.example", "/apix", "status:404"),
        ("www.kad.example", "/api/deep/", "unix:run/deep.sock"),
        ("www.kad.example", "/api/deep", "unix:run/deep.sock"),
        ("www.kad.example", "/api/deeper", "http://127.0.0.1:3000"),
        ("www.kad.example", "/api%2Fdeep/", "status:404"),
        ("a.kad.example", "/api/x", "status:410"),
        ("a.kad.example", "/api", "status:410"),
        ("a.b.kad.example", "/api/x", "status:404"),
        ("kad.example", "/api/x", "status:404"),
        ("[::1]:80", "/api/x", "status:404"),
    ] {
        assert_eq!(met(&plan, host, path), to, "{host}{path}");
    }
    assert_eq!(
        plan.table(),
        "host             path        to\n\
         www.kad.example  /api/deep/  unix:run/deep.sock\n\
         www.kad.example  /api        http://127.0.0.1:3000\n\
         *.kad.example    /api/       status:410\n\
         *                /           status:404\n"
    );
    assert_eq!(plan.upstreams().len(), 2);
}

#[test]
fn what_no_route_takes_may_be_answered_without_the_app() {
    let with = |routes: &str| {
        let mut plan = plan_of(routes);
        plan.answer_also(&["/metrics", "/readyz"]);
        plan
    };
    let plan = with(
        "[[route]]\nhost = \"a.test\"\nto = \"status:410\"\n\
         [[route]]\nhost = \"b.test\"\npath = \"/b\"\nto = \"status:410\"\n\
         [[route]]\npath = \"/readyz/\"\nto = \"status:404\"\n",
    );
    assert!(!plan.needs_app());
    for (host, path, to) in [
        ("a.test", "/metrics", "status:410"),
        ("b.test", "/metrics", "Kenduri itself"),
        ("127.0.0.1:8080", "/metrics", "Kenduri itself"),
        ("127.0.0.1", "/readyz", "status:404"),
        ("127.0.0.1", "/readyz/", "status:404"),
        ("127.0.0.1", "/healthz", "none"),
    ] {
        assert_eq!(met(&plan, host, path), to, "{host}{path}");
    }
    assert_eq!(
        plan.table(),
        "host    path      to\n\
         a.test  /         status:410\n\
         b.test  /b        status:410\n\
         *       /readyz/  status:404\n\
         *       /metrics  Kenduri itself\n"
    );
    let told = plan.explain("http://127.0.0.1/metrics").unwrap();
    assert!(told.ends_with("Kenduri itself gets /metrics\n"), "{told}");
    let taken = with("[[route]]\nto = \"status:404\"\n");
    assert_eq!(taken.table(), "host  path  to\n*     /     status:404\n");
}

#[test]
fn every_mistake_is_told_with_its_key() {
    for (text, keys) in [
        (
            "[listen]\nhttp = [\"80\", \":80\", \"[::]:80\"]",
            vec!["listen.http[0]", "listen.http[2]"],
        ),
        (
            "[listen]\nhttp = [\":443\"]\nhttps = [\":443\"]",
            vec!["listen.https[0]"],
        ),
        ("[listen]\nhttp = []", vec!["listen.http"]),
        (
            "[listen]\nheader_size = \"1\"\nidle_time = \"0s\"\nbody_time = \"x\"\nconnections = 0",
            vec![
                "listen.header_size",
                "listen.idle_time",
                "listen.body_time",
                "listen.connections",
            ],
        ),
        (
            "[listen]\ntrusted_proxies = [\"10.0.0.0/8\", \"x\"]",
            vec!["listen.trusted_proxies[1]"],
        ),
        (
            "[listen]\nforwarded_header = \"forwarded\"",
            vec!["listen.forwarded_header"],
        ),
        (
            "[[tls.certificate]]\nhosts = [\"\", \"a*.b\"]\nchain = \"no.pem\"\nkey = \"no.key\"",
            vec![
                "tls.certificate[0].chain",
                "tls.certificate[0].key",
                "tls.certificate[0].hosts[0]",
                "tls.certificate[0].hosts[1]",
            ],
        ),
        (
            "[[tls.certificate]]\nchain = \"no.pem\"\nkey = \"no.key\"\ndefault = true\n\
             [[tls.certificate]]\nchain = \"no.pem\"\nkey = \"no.key\"\ndefault = true",
            vec![
                "tls.certificate[0].chain",
                "tls.certificate[0].key",
                "tls.certificate[1].chain",
                "tls.certificate[1].key",
                "tls.certificate[1].default",
            ],
        ),
        (
            "[tls]\nhsts = \"year\"\nacme = { email = \"nobody\", directory = \"http://x\", ca = \"no.pem\" }",
            vec![
                "tls.hsts",
                "tls.acme.directory",
                "tls.acme.email",
                "tls.acme.ca",
            ],
        ),
        (
            "[[route]]\nto = \"app\"\n[[route]]\nhost = \"\"\npath = \"/%2e\"\nto = \"app\"",
            vec!["route[1].path"],
        ),
        ("[[route]]\npath = \"/a\"", vec!["route[0].to"]),
        (
            "[[route]]\npath = \"a\"\nhost = \"a/b\"\nto = \"nowhere\"",
            vec!["route[0].host", "route[0].path", "route[0].to"],
        ),
        ("[[route]]\nto = \"upstream:flask\"", vec!["route[0].to"]),
        (
            "[[route]]\nto = \"files:no/such\"\ntry = [\"x\", \"/../y\"]\ncache = { \"*\" = \"\\n\" }",
            vec![
                "route[0].to",
                "route[0].try[0]",
                "route[0].try[1]",
                "route[0].cache.*",
            ],
        ),
        (
            "[[route]]\nto = \"app\"\ntry = [\"/x\"]\nlisting = true\ncache = { \"*\" = \"no-cache\" }\nfallback = \"app\"",
            vec![
                "route[0].try",
                "route[0].listing",
                "route[0].cache",
                "route[0].fallback",
            ],
        ),
        (
            "[[route]]\nto = \"files:/\"\nfallback = \"service:node\"",
            vec!["route[0].fallback"],
        ),
        (
            "[[route]]\npath = \"/api\"\nstrip = \"/ap\"\nto = \"app\"",
            vec!["route[0].strip"],
        ),
        (
            "[[route]]\npath = \"/api\"\nstrip = \"/api/x\"\nto = \"app\"",
            vec!["route[0].strip"],
        ),
        ("[[route]]\nto = \"status:301\"", vec!["route[0].to"]),
        (
            "[[route]]\nto = \"status:410\"\nadd = \"/x\"",
            vec!["route[0].strip"],
        ),
        (
            "[[route]]\nto = \"https://127.0.0.1:1\"",
            vec!["route[0].to"],
        ),
        ("[[route]]\nto = \"http://127.0.0.1\"", vec!["route[0].to"]),
        (
            "[[route]]\nto = \"redirect:elsewhere\"",
            vec!["route[0].to"],
        ),
        (
            "[[route]]\nto = \"redirect://evil.example\"",
            vec!["route[0].to"],
        ),
        ("[[route]]\nto = \"redirect:/home\"", vec!["route[0].to"]),
        (
            "[[route]]\nhost = \"a.example\"\nto = \"redirect:https://a.example{path}\"",
            vec!["route[0].to"],
        ),
        (
            "[[route]]\nto = \"app\"\nshared_cache = {}\naccess = { sign_in = \"owner\" }",
            vec!["route[0].shared_cache"],
        ),
        (
            "[[route]]\nto = \"app\"\nlimit = { rate = \"often\", by = \"me\", on = \"\\n\" }",
            vec![
                "route[0].limit.rate",
                "route[0].limit.by",
                "route[0].limit.on",
            ],
        ),
        (
            "[[route]]\nto = \"app\"\nbody_size = \"big\"\nheaders = { set = { \"a b\" = \"c\" }, remove = [\"Connection\"] }",
            vec![
                "route[0].body_size",
                "route[0].headers.set.a b",
                "route[0].headers.remove[0]",
            ],
        ),
        (
            "[[route]]\nto = \"http://a:1\"\nrequest_headers = { remove = [\"a b\", \"X-A\", \"Upgrade\", \"Host\", \"X-Forwarded-For\"] }\n\
             [[route]]\npath = \"/old\"\nto = \"status:410\"\nrequest_headers = { remove = [\"X-A\"] }\n\
             [[route]]\npath = \"/in\"\nto = \"http://a:1\"\nrequest_headers = { remove = [\"X-User\"] }\n\
             access = { ask = { to = \"http://a:2\", path = \"/\", copy = [\"x-user\"] } }",
            vec![
                "route[0].request_headers.remove[0]",
                "route[0].request_headers.remove[2]",
                "route[0].request_headers.remove[3]",
                "route[0].request_headers.remove[4]",
                "route[1].request_headers",
                "route[2].request_headers",
            ],
        ),
        ("[upstream.x]\nto = []", vec!["upstream.x.to"]),
        (
            "[upstream.x]\nto = [\"http://a:1\", \"http://a:1/\"]\nbalance = \"best\"\nconnect_time = \"0s\"\nhealth = { path = \"x\", rise = 0 }",
            vec![
                "upstream.x.to[1]",
                "upstream.x.balance",
                "upstream.x.connect_time",
                "upstream.x.health.path",
                "upstream.x.health.rise",
            ],
        ),
        (
            "[[route]]\nto = \"app\"\nshared_cache = { lifetime = \"1h\", stale_if_error = \"soon\" }\n\
             [[route]]\npath = \"/old\"\nto = \"status:410\"\nshared_cache = {}\n\
             [[route]]\npath = \"/who\"\nto = \"http://a:1\"\nshared_cache = { with_cookies = true }\n\
             [[route]]\npath = \"/in\"\nto = \"http://a:1\"\nshared_cache = {}\naccess = { ask = { to = \"http://a:2\", path = \"/\" } }\n\
             [[route]]\npath = \"/here\"\nto = \"http://a:1\"\nshared_cache = {}\naccess = { allow = [\"10.0.0.0/8\"] }\n\
             [cache]\nmemory = \"1M\"\nlargest = \"2M\"\nentries = 0\nwait = \"0s\"",
            vec![
                "route[0].shared_cache.lifetime",
                "route[0].shared_cache.stale_if_error",
                "route[1].shared_cache",
                "route[2].shared_cache.with_cookies",
                "route[3].shared_cache",
                "cache.entries",
                "cache.wait",
                "cache.largest",
            ],
        ),
    ] {
        let flaws = check(text).expect_err(text);
        let told: Vec<&str> = flaws.iter().map(|flaw| flaw.key.as_str()).collect();
        assert_eq!(told, keys, "{text}\n{flaws:#?}");
        assert!(
            flaws
                .iter()
                .all(|flaw| !flaw.what.is_empty() && !flaw.mend.is_empty())
        );
    }
}

#[test]
fn challenges_are_spelled_as_their_standards_spell_them() {
    let acme = |challenge: &str| {
        let text =
            format!("[tls]\nacme = {{ email = \"a@b.example\", challenge = {challenge:?} }}");
        toml::from_str::<Description>(&text).map(|description| description.tls.acme.unwrap())
    };
    for (written, challenge) in [
        ("tls-alpn-01", Challenge::TlsAlpn01),
        ("http-01", Challenge::Http01),
    ] {
        assert_eq!(acme(written).unwrap().challenge, challenge);
    }
    let told = acme("tls-alpn01").unwrap_err().to_string();
    assert!(
        told.contains("expected `tls-alpn-01` or `http-01`"),
        "{told}"
    );
}

#[test]
fn servers_of_http2_are_refused_with_what_to_use_instead() {
    for to in ["h2c://127.0.0.1:1", "h2c+unix:run/app.sock"] {
        for text in [
            format!("[[route]]\nto = \"{to}\""),
            format!("[upstream.x]\nto = [\"{to}\"]\n[[route]]\nto = \"upstream:x\""),
        ] {
            let flaws = check(&text).unwrap_err();
            assert_eq!(flaws.len(), 1, "{text}: {flaws:?}");
            let mend = &flaws[0].mend;
            assert!(
                mend.contains("`http://HOST:PORT` or `unix:PATH`"),
                "{text}: {mend}"
            );
        }
    }
}

#[test]
fn what_works_and_should_be_known_is_a_warning() {
    for (text, key) in [
        ("[listen]\nhttps = [\":443\"]", "listen.https"),
        ("[tls]\nhsts = \"365d\"", "tls.hsts"),
        ("[upstream.x]\nto = [\"http://a:1\"]", "upstream.x"),
        (
            "[listen]\nhttps = [\":443\"]\n[tls]\nacme = { email = \"a@b.example\" }\n[[route]]\nhost = \"*.a.example\"\nto = \"app\"",
            "tls.acme",
        ),
    ] {
        let plan = plan_of(text);
        let warned: Vec<&str> = plan
            .warnings()
            .iter()
            .map(|flaw| flaw.key.as_str())
            .collect();
        assert_eq!(warned, [key], "{text}");
    }
}

#[test]
fn a_plan_tells_which_hosts_it_names_and_whether_others_reach_the_app() {
    let plan = plan_of(
        "[[route]]\nhost = \"A.example\"\nto = \"app\"\n\
         [[route]]\nhost = \"*.b.example\"\nto = \"status:404\"\n",
    );
    let named = ["a.example", "*.b.example"].map(ToOwned::to_owned);
    assert_eq!(plan.named_hosts(), named.into());
    assert!(!plan.any_host_reaches_app());
    assert!(plan_of("[[route]]\nto = \"app\"\n").any_host_reaches_app());
    assert!(!plan_of("[[route]]\nto = \"status:404\"\n").any_host_reaches_app());
}

#[test]
fn paths_are_rewritten_and_redirected() {
    let plan = plan_of(
        "[upstream.u]\nto = [\"http://a:1/base/\", \"unix:x\"]\n\
         [[route]]\npath = \"/api/\"\nstrip = \"/api\"\nto = \"upstream:u\"\n\
         [[route]]\npath = \"/old\"\nstrip = \"/old/\"\nto = \"redirect:/new{path}\"\n",
    );
    let path = NormalPath::parse("/%61pi/a%20b").unwrap();
    let route = plan.find("", &path).unwrap();
    let uri = "/%61pi/a%20b?q=1".parse().unwrap();
    assert_eq!(route.forwarded(&path, &uri).unwrap(), "/a%20b?q=1");
    let path = NormalPath::parse("/old//evil.example/").unwrap();
    let route = plan.find("", &path).unwrap();
    let Target::Redirect(redirect) = &route.target else {
        panic!("{route:?}");
    };
    let location = redirect.location(&route.rewrite(&path), Some("q"));
    assert_eq!(location, "/new/evil.example/?q");
    let upstream = &plan.upstreams()["u"];
    assert_eq!(upstream.members[0].to_string(), "http://a:1/base");
    assert_eq!(upstream.members[1].to_string(), "unix:/data/x");
}

#[test]
fn services_have_fronts_beside_the_routes() {
    let plan = check_running(
        "[listen]\nhttp = []\n[[route]]\nto = \"service:node\"\n",
        &[
            ("node", "sticky", &["127.0.0.1:5000", "unix:run/node.sock"]),
            ("flask", "least", &[":5001"]),
        ],
    )
    .unwrap();
    assert_eq!(
        plan.table(),
        "host  path  to\n\
         *     /     service:node\n\
         \n\
         front                     to\n\
         127.0.0.1:5000            service:node\n\
         :5001                     service:flask\n\
         unix:/data/run/node.sock  service:node\n"
    );
    assert!(!plan.needs_app());
    let names: Vec<_> = plan.upstreams().keys().map(|name| &**name).collect();
    assert_eq!(names, ["service:flask", "service:node"]);
    let cookie = crate::proxy::Balance::Sticky("kenduri-server-node".to_owned());
    assert_eq!(plan.upstreams()["service:node"].balance, cookie);
    let warned: Vec<_> = plan.warnings().iter().map(|flaw| &*flaw.key).collect();
    assert_eq!(warned, ["service.flask.front"], "everybody could come");
}

#[test]
fn a_service_that_nobody_runs_is_told_with_the_nearest() {
    let running: &[(&str, &str, &[&str])] = &[("flask", "least", &[]), ("node", "least", &[])];
    let route = |name: &str| format!("[[route]]\nto = \"service:{name}\"\n");
    for (name, mend) in [
        ("flsk", "did you mean service:flask?"),
        ("nodes", "did you mean service:node?"),
        ("redis-x", "add [service.redis-x]"),
    ] {
        let flaws = check_running(&route(name), running).unwrap_err();
        assert_eq!(flaws[0].key, "route[0].to");
        assert_eq!(flaws[0].what, format!("there is no service {name:?}"));
        assert_eq!(flaws[0].mend, mend);
        assert_eq!(flaws.len(), 1);
    }
    assert_eq!(check(&route("node")).unwrap_err()[0].key, "route[0].to");
    let asks = "[[route]]\nto = \"app\"\naccess = { ask = { to = \"service:x\", path = \"/\" } }\n";
    assert_eq!(check(asks).unwrap_err()[0].key, "route[0].access.ask.to");
}

#[test]
fn no_route_leads_to_a_service_that_listens_nowhere() {
    let silent = Service {
        name: "beat".to_owned(),
        listens: false,
        ..Service::default()
    };
    let description = toml::from_str("[[route]]\nto = \"service:beat\"\n").unwrap();
    let ground = PlanContext {
        folder: Path::new("/"),
        data: Path::new("/data"),
        services: &[silent],
    };
    let flaws = Plan::check(&description, &ground).unwrap_err();
    let told: Vec<_> = flaws.iter().map(Problem::to_string).collect();
    assert_eq!(
        told,
        ["route[0].to: the service \"beat\" does not listen\n  \
          set listen = \"unix\" or \"tcp\" in [service.beat]; the default is \"none\""]
    );
}

#[test]
fn a_front_is_known_by_its_address() {
    let fronts: &[&str] = &["127.0.0.1:5000"];
    let plan = check_running("", &[("node", "least", fronts)]).unwrap();
    assert_eq!(plan.service_at("127.0.0.1:5000"), Some("node"));
    assert_eq!(plan.service_at("127.0.0.1:8080"), None);
}

#[test]
fn what_is_wrong_with_a_service_is_told() {
    let long = format!("unix:/{}", "x".repeat(107));
    for (balance, fronts, key) in [
        ("fair", vec![], "balance"),
        ("least", vec!["5000"], "front"),
        ("least", vec!["127.0.0.1:8080"], "front"),
        ("least", vec!["127.0.0.1:5000", "127.0.0.1:5000"], "front"),
        ("least", vec![&*long], "front"),
    ] {
        let flaws = check_running("", &[("a", balance, &fronts)]).unwrap_err();
        let keys: Vec<_> = flaws.iter().map(|flaw| &*flaw.key).collect();
        assert_eq!(keys, [format!("service.a.{key}")], "{balance} {fronts:?}");
    }
}
