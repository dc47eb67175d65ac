//! Tests of `[[webhook]]`.

use super::{load, problems, written};

const WEBHOOK: &str = "[service.web]\nrun = \"true\"\nlisten = \"unix\"\n[[webhook]]\nurl = \"service:web/hooks?a=1\"\nevents = [\"reply.saved\", \"post.published\"]\n\
                       secret = \"whsec_a2VuZHVyaS1rZW5kdXJpLWtlbmR1cmkta2Vu\"\n";

#[test]
fn webhooks_are_read_and_their_secrets_never_printed() {
    let (_folder, asked) = written(WEBHOOK);
    let found = load(&asked).expect("good");
    let everything = format!("{}{:?}", found.report(), found.settings);
    assert!(!everything.contains("whsec_"), "{everything}");
    let [webhook] = &found.settings.webhooks[..] else {
        panic!("one");
    };
    assert_eq!(webhook.events, ["reply.saved", "post.published"]);
    let (socket, path) = webhook.service.as_ref().expect("a service");
    assert!(socket.ends_with("run/inner/web.sock"), "{socket:?}");
    assert_eq!(path, "/hooks?a=1");
    let text = WEBHOOK.replace("service:web/hooks", "https://hooks.example/x");
    let (_folder, asked) = written(&text);
    assert!(
        load(&asked).expect("good").settings.webhooks[0]
            .service
            .is_none()
    );
}

#[test]
fn what_is_wrong_with_a_webhook_is_told_by_its_line() {
    let twice = &WEBHOOK[WEBHOOK.find("[[").expect("one")..];
    for (old, new, expected) in [
        (
            "service:web/",
            "service:wep/",
            "kenduri.toml:5: webhook[0].url: there is no service \"wep\"\n  did you mean service:web?",
        ),
        (
            "\"unix\"",
            "\"none\"",
            "webhook[0].url: the service \"web\" does not listen",
        ),
        (
            "web/hooks?a=1",
            "web",
            "webhook[0].url: no path follows the service",
        ),
        (
            "service:web/",
            "https://10.0.0.1/",
            "webhook[0].url: \"https://10.0.0.1/hooks?a=1\" is not an https address on public",
        ),
        (
            "service:web/",
            "http://hooks.example/",
            "is not an https address on public networks",
        ),
        (
            "post.published",
            "post.publish",
            "kenduri.toml:6: webhook[0].events: there is no event \"post.publish\"\n  did you mean post.published?",
        ),
        (
            "\"reply.saved\", \"post.published\"",
            "",
            "webhook[0].events: it names no event\n  name at least one of ",
        ),
        (
            "whsec_",
            "",
            "kenduri.toml:7: webhook[0].secret: it is not whsec_",
        ),
        (
            "secret = \"whsec_a2VuZHVyaS1rZW5kdXJpLWtlbmR1cmkta2Vu\"\n",
            "",
            "webhook[0].secret: it is not whsec_",
        ),
        (
            "events",
            "event",
            "kenduri.toml:6: unknown key webhook[0].event\n",
        ),
        (
            "[[webhook]]\n",
            twice,
            "webhook[1].url: another webhook has \"service:web/hooks?a=1\" too",
        ),
    ] {
        let new = if old == "[[webhook]]\n" {
            format!("{new}{old}")
        } else {
            new.to_owned()
        };
        let (folder, asked) = written(&WEBHOOK.replace(old, &new));
        let told = problems(&folder, &asked);
        assert!(told.contains(expected), "{old} -> {new}: {told}");
    }
}

#[test]
fn a_service_may_go_before_its_webhook_does() {
    let (folder, mut asked) = written(WEBHOOK);
    asked.lasting = Some(load(&asked).expect("good").lasting());
    let without = "data = \"data\"\n";
    std::fs::write(folder.path().join("kenduri.toml"), without).expect("written");
    let now = load(&asked).expect("good");
    assert_eq!(now.waiting, ["webhook[0]"]);
}
