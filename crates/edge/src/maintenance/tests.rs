use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use http::header::COOKIE;
use http_body_util::BodyExt as _;

use super::stored_state::MAX_PASSES;
use super::*;
use crate::request_id::RequestId;

const OWN: &str = "07070707070707070707070707070707";

fn ask(maintenance: &Maintenance, host: &str, target: &str, cookie: &str) -> Option<Answer> {
    let info = ClientInfo {
        client: [192, 0, 2, 1].into(),
        is_direct: true,
        peer_is_trusted: false,
        scheme: Scheme::Https,
        host: host.into(),
        id: RequestId::parse("id-1").unwrap(),
    };
    let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie).unwrap())]);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = NormalPath::parse(path).unwrap();
    maintenance.answer(&info, &headers, &path, Some(query))
}

#[tokio::test]
async fn the_doors_close_for_everybody_but_the_owner() {
    let data = tempfile::tempdir().unwrap();
    let open = || Maintenance::open(data.path(), vec!["/healthz".to_owned()]);
    let maintenance = open();
    assert!(ask(&maintenance, "a.example", "/", "").is_none());
    maintenance.on(Some("A.example"), OWN).unwrap();
    let kept = std::fs::read_to_string(data.path().join("maintenance.json")).unwrap();
    assert!(!kept.contains(OWN));
    let maintenance = open();
    let answer = ask(&maintenance, "a.example:8443", "/", "kenduri-pass=wrong").unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()[RETRY_AFTER], "300");
    for (host, target) in [
        ("b.example", "/"),
        ("a.example", "/healthz"),
        ("a.example", "/.well-known/acme-challenge/x"),
    ] {
        assert!(
            ask(&maintenance, host, target, "").is_none(),
            "{host}{target}"
        );
    }
    let link = format!("/x?kenduri-pass={OWN}");
    let answer = ask(&maintenance, "a.example", &link, "").unwrap();
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.headers()[LOCATION], "/x");
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    assert!(ask(&maintenance, "a.example", "/x", cookie).is_none());

    std::fs::write(data.path().join("maintenance.html"), "<p>Soon").unwrap();
    maintenance.on(None, "another").unwrap();
    let answer = ask(&maintenance, "b.example", "/", "").unwrap();
    let page = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(page, "<p>Soon");
    maintenance.off().unwrap();
    assert!(ask(&maintenance, "a.example", "/", "").is_none());
    assert!(ask(&open(), "a.example", "/", "").is_none());
}

#[test]
fn a_host_that_is_added_leaves_earlier_links_as_they_are() {
    let data = tempfile::tempdir().unwrap();
    let open = || Maintenance::open(data.path(), Vec::new());
    let maintenance = open();
    let lets_in = |maintenance: &Maintenance, pass: &str| {
        let cookie = format!("kenduri-pass={pass}");
        let link = ask(maintenance, "a.example", &format!("/?{cookie}"), "").unwrap();
        let is_open = ask(maintenance, "a.example", "/", &cookie).is_none();
        assert_eq!(link.status() == 303, is_open, "{pass}");
        is_open
    };
    maintenance.on(Some("a.example"), OWN).unwrap();
    maintenance.on(Some("b.example"), "second").unwrap();
    maintenance.on(None, "third").unwrap();
    for maintenance in [&maintenance, &open()] {
        for pass in [OWN, "second", "third"] {
            assert!(lets_in(maintenance, pass), "{pass}");
        }
    }
    for number in 3..=MAX_PASSES {
        maintenance.on(None, &format!("pass-{number}")).unwrap();
    }
    assert!(!lets_in(&maintenance, OWN), "nobody keeps so many");
    assert!(lets_in(&maintenance, "second"));
    // The end of maintenance makes all passes invalid.
    maintenance.off().unwrap();
    maintenance.on(None, "again").unwrap();
    assert!(!lets_in(&maintenance, "second"));
}

#[test]
fn one_host_opens_again_while_the_others_stay_closed() {
    let data = tempfile::tempdir().unwrap();
    let open = || Maintenance::open(data.path(), Vec::new());
    let maintenance = open();
    let is_closed =
        |maintenance: &Maintenance, host: &str| ask(maintenance, host, "/", "").is_some();
    let refused = maintenance.off_for("a.example");
    assert!(matches!(refused, Err(ChangeError::NotClosed(_))));
    maintenance.on(Some("a.example"), OWN).unwrap();
    maintenance.on(Some("b.example"), OWN).unwrap();
    let refused = maintenance.off_for("c.example");
    assert!(matches!(refused, Err(ChangeError::NotClosed(_))));
    maintenance.off_for("A.example").unwrap();
    for maintenance in [&maintenance, &open()] {
        assert!(!is_closed(maintenance, "a.example"));
        assert!(is_closed(maintenance, "b.example"));
        let cookie = format!("kenduri-pass={OWN}");
        assert!(ask(maintenance, "b.example", "/", &cookie).is_none());
    }
    maintenance.off_for("b.example").unwrap();
    for maintenance in [&maintenance, &open()] {
        assert!(!is_closed(maintenance, "b.example"));
        assert!(!is_closed(maintenance, "c.example"));
    }
    maintenance.on(None, OWN).unwrap();
    let refused = maintenance.off_for("a.example");
    assert!(matches!(refused, Err(ChangeError::AllClosed)));
    assert!(is_closed(&maintenance, "a.example"));
}

#[test]
fn what_machines_share_is_added_to_what_one_was_told() {
    let data = tempfile::tempdir().unwrap();
    let open = || Maintenance::open(data.path(), Vec::new());
    let maintenance = open();
    let is_closed =
        |maintenance: &Maintenance, host: &str| ask(maintenance, host, "/", "").is_some();
    maintenance.follow("", 1, false).unwrap();
    assert!(!is_closed(&maintenance, "a.example"));
    let shared = Maintenance::closed(None, Some("A.example"), OWN).unwrap();
    maintenance.follow(&shared, 2, false).unwrap();
    for maintenance in [&maintenance, &open()] {
        assert!(is_closed(maintenance, "a.example"));
        assert!(!is_closed(maintenance, "b.example"));
        let cookie = format!("kenduri-pass={OWN}");
        assert!(ask(maintenance, "a.example", "/", &cookie).is_none());
    }
    // The other machines cannot be told of this.
    maintenance.on(Some("b.example"), OWN).unwrap();
    let shared = Maintenance::closed(Some(&shared), Some("c.example"), OWN).unwrap();
    maintenance.follow(&shared, 3, false).unwrap();
    for host in ["a.example", "b.example", "c.example"] {
        assert!(is_closed(&maintenance, host), "{host}");
    }
    let refused = Maintenance::opened(Some(&shared), Some("b.example"));
    assert!(matches!(refused, Err(ChangeError::NotClosed(_))));
    let shared = Maintenance::opened(Some(&shared), Some("a.example"));
    let shared = shared.unwrap().unwrap();
    assert!(shared.contains("c.example") && !shared.contains("a.example"));
    let shared = Maintenance::opened(Some(&shared), Some("c.example"));
    assert_eq!(shared.unwrap().as_deref(), Some(""));
    maintenance.follow("", 5, false).unwrap();
    for maintenance in [&maintenance, &open()] {
        assert!(!is_closed(maintenance, "b.example"));
    }
    // What was read before another change, and comes after it.
    let shared = Maintenance::closed(None, None, OWN).unwrap();
    maintenance.follow(&shared, 4, false).unwrap();
    assert!(!is_closed(&maintenance, "b.example"));
    assert_eq!(Maintenance::opened(None, None).unwrap(), None);
    assert_eq!(Maintenance::opened(Some(""), None).unwrap(), None);
}

#[test]
fn a_machine_that_starts_ends_what_ended_elsewhere_but_not_what_it_was_told_alone() {
    let data = tempfile::tempdir().unwrap();
    let open = || Maintenance::open(data.path(), Vec::new());
    let is_closed = |maintenance: &Maintenance| ask(maintenance, "a.example", "/", "").is_some();
    let shared = Maintenance::closed(None, None, OWN).unwrap();
    open().follow(&shared, 2, false).unwrap();
    let maintenance = open();
    assert!(is_closed(&maintenance));
    maintenance.follow("", 3, true).unwrap();
    assert!(!is_closed(&maintenance) && !is_closed(&open()));
    maintenance.on(None, OWN).unwrap();
    let maintenance = open();
    maintenance.follow("", 3, true).unwrap();
    assert!(is_closed(&maintenance));
    maintenance.follow("", 4, false).unwrap();
    assert!(!is_closed(&maintenance), "ended on all machines");
    assert!(maintenance.follow("{", 5, false).is_err());
}

#[test]
fn nobody_else_closes_the_doors() {
    let data = tempfile::tempdir().unwrap();
    let maintenance = Maintenance::open(data.path(), Vec::new());
    maintenance.on(None, OWN).unwrap();
    let file = std::fs::metadata(data.path().join("maintenance.json")).unwrap();
    assert_eq!(file.permissions().mode() & 0o022, 0);
}

#[test]
fn what_cannot_be_read_closes_the_doors_and_keeps_nobody_from_starting() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("maintenance.json");
    let open = || Maintenance::open(data.path(), vec!["/healthz".to_owned()]);
    for broken in ["", "{", "[1]"] {
        std::fs::write(&file, broken).unwrap();
        let maintenance = open();
        let answer = ask(&maintenance, "a.example", "/", "kenduri-pass=").unwrap();
        assert_eq!(answer.status(), 503, "{broken}");
        let answer = ask(&maintenance, "a.example", "/?kenduri-pass=", "").unwrap();
        assert_eq!(answer.status(), 503, "{broken}");
        assert!(ask(&maintenance, "a.example", "/healthz", "").is_none());
    }
    open().on(Some("a.example"), OWN).unwrap();
    let cookie = format!("kenduri-pass={OWN}");
    assert!(ask(&open(), "a.example", "/", &cookie).is_none());
    std::fs::write(&file, "").unwrap();
    open().off().unwrap();
    assert!(ask(&open(), "a.example", "/", "").is_none());
    std::fs::create_dir(&file).unwrap();
    assert!(ask(&open(), "a.example", "/", "").is_some());
}

#[test]
fn doors_that_could_not_be_closed_are_open_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let open = || Maintenance::open(data.path(), Vec::new());
    let page = data.path().join("maintenance.html");
    std::fs::write(&page, vec![b'x'; (1 << 20) + 1]).unwrap();
    let maintenance = open();
    let refused = maintenance.on(None, OWN);
    assert!(matches!(refused, Err(ChangeError::Unchanged(_))));
    assert!(ask(&maintenance, "a.example", "/", "").is_none());
    assert!(
        ask(&open(), "a.example", "/", "").is_none(),
        "after a restart"
    );
}

#[test]
fn what_the_disk_was_not_told_of_holds_as_it_will_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let open = || Maintenance::open(data.path(), Vec::new());
    let maintenance = open();
    // A sync must open the folder, and with these permissions only root can do that. The owner
    // of the folder can still create and remove files in it.
    let only_changed = Permissions::from_mode(0o300);
    std::fs::set_permissions(data.path(), only_changed).unwrap();
    let is_root = std::fs::read_dir(data.path()).is_ok();
    let told = |change| match change {
        Ok(()) => is_root,
        Err(ChangeError::Unsynced(_)) => !is_root,
        Err(_) => false,
    };
    assert!(told(maintenance.on(None, OWN)));
    let cookie = format!("kenduri-pass={OWN}");
    for maintenance in [&maintenance, &open()] {
        assert!(ask(maintenance, "a.example", "/", "").is_some());
        assert!(ask(maintenance, "a.example", "/", &cookie).is_none());
    }
    assert!(told(maintenance.off()));
    for maintenance in [&maintenance, &open()] {
        assert!(ask(maintenance, "a.example", "/", "").is_none());
    }
    std::fs::set_permissions(data.path(), Permissions::from_mode(0o700)).unwrap();
}
