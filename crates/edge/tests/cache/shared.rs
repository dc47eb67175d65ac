//! Tests that the app gets a single request when many clients request the same page at once.

use tokio::net::TcpListener;

use super::*;

const CLIENTS: usize = 40;

fn many(site: &Site, path: &'static str) -> Vec<tokio::task::JoinHandle<Heard>> {
    let address = site.address;
    (0..CLIENTS)
        .map(|_| tokio::spawn(async move { ask(address, "GET", path, &[]).await }))
        .collect()
}

async fn all(clients: Vec<tokio::task::JoinHandle<Heard>>) -> Vec<Heard> {
    let mut heard = Vec::new();
    for client in clients {
        let answer = tokio::time::timeout(LONG, client).await;
        heard.push(answer.expect("an answer in time").unwrap());
    }
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_one_request() {
    let site = Site::open(ROUTE);
    let paths = (0..25).map(|number| &*format!("/{number}").leak());
    for path in paths {
        site.script.says(path, minute("answer {n}"));
        let heard = all(many(&site, path)).await;
        assert_eq!(site.script.asked(path), 1, "{path}");
        assert!(
            heard
                .iter()
                .all(|answer| answer.body == "answer 1" && answer.status == 200)
        );
    }
}

#[tokio::test]
async fn who_comes_while_the_server_thinks_waits_for_its_answer() {
    let site = Site::open(ROUTE);
    site.script.says("/", minute("answer {n}"));
    let gate = site.script.close("/");
    let clients = many(&site, "/");
    until(|| site.script.asked("/") == 1).await;
    gate.add_permits(1_000);
    let heard = all(clients).await;
    assert_eq!(site.script.asked("/"), 1);
    assert!(heard.iter().all(|answer| answer.body == "answer 1"));
    let stored = heard
        .iter()
        .filter(|answer| answer.cache().ends_with("; stored"));
    assert_eq!(stored.count(), 1);
}

#[tokio::test]
async fn who_has_a_cookie_waits_for_nobody_whose_answer_is_not_for_them() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    tokio::spawn(async move {
        // The app responds after both requests have arrived.
        let (mut first, mut second) = (
            listener.accept().await.unwrap().0,
            listener.accept().await.unwrap().0,
        );
        for stream in [&mut first, &mut second] {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer";
            stream.write_all(answer).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    let site = Site::open(&format!(
        "[[route]]\nto = \"http://{upstream}\"\nshared_cache = {{ lifetime = \"1h\" }}\n"
    ));
    let cookie = [("Cookie", "a=b")];
    let (first, second) =
        tokio::join!(site.ask("GET", "/", &cookie), site.ask("GET", "/", &cookie));
    assert_eq!((&*first.body, &*second.body), ("answer", "answer"));
}

#[tokio::test]
async fn the_others_need_not_fear_that_the_first_one_leaves() {
    let site = Site::open(ROUTE);
    let pieces = ["one ", "two ", "three"];
    let control = [("cache-control", "max-age=60")];
    site.script
        .says("/known", Said::of(&control, "").streamed(&pieces));
    site.script.says(
        "/unknown",
        Said::of(&control, "").streamed(&pieces).without_length(),
    );
    for (path, before) in [
        ("/known", 0),
        ("/known", 2),
        ("/unknown", 0),
        ("/unknown", 2),
    ] {
        site.edge.purge("*");
        site.edge.apply(plan(ROUTE, site.folder.path())).unwrap();
        site.later(100);
        let asked = site.script.asked(path);
        let gate = site.script.close(path);
        let first = begin(site.address, "GET", path, &[]).await;
        until(|| site.script.asked(path) == asked + 1).await;
        let others = many(&site, path);
        // In some cases, the head and one piece of the response arrive. In others, nothing does.
        gate.add_permits(before);
        until(|| gate.available_permits() == 0).await;
        drop(first);
        gate.add_permits(1_000);
        let heard = all(others).await;
        assert!(
            heard
                .iter()
                .all(|answer| answer.is_whole && answer.body == "one two three")
        );
        assert_eq!(site.script.asked(path), asked + 1, "{path} {before}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_up_nobody() {
    let site = Site::open(ROUTE);
    let piece = "x".repeat(100_000);
    let pieces = vec![piece.as_str(); 30];
    let control = [("cache-control", "max-age=60")];
    site.script
        .says("/known", Said::of(&control, "").streamed(&pieces));
    site.script.says(
        "/unknown",
        Said::of(&control, "").streamed(&pieces).without_length(),
    );
    for path in ["/known", "/unknown"] {
        let lazy = begin(site.address, "GET", path, &[]).await;
        until(|| site.script.asked(path) == 1).await;
        assert_eq!(site.get(path).await.body.len(), 3_000_000);
        assert_eq!(site.script.asked(path), 1);
        drop(lazy);
    }
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let site = Site::open(&format!("[cache]\nwait = \"50ms\"\n{ROUTE}"));
    site.script.says("/", minute("answer {n}"));
    let gate = site.script.close("/");
    let first = tokio::spawn(ask(site.address, "GET", "/", &[]));
    until(|| site.script.asked("/") == 1).await;
    let second = tokio::spawn(ask(site.address, "GET", "/", &[]));
    until(|| site.script.asked("/") == 2).await;
    gate.add_permits(10);
    assert_eq!(first.await.unwrap().body, "answer 1");
    assert_eq!(second.await.unwrap().body, "answer 2");
}

#[tokio::test]
async fn what_cannot_be_shared_is_asked_for_by_each() {
    let site = Site::open(ROUTE);
    let own = [("cache-control", "max-age=60"), ("set-cookie", "a=1")];
    site.script.says("/", Said::of(&own, "for {n}"));
    let gate = site.script.close("/");
    let clients = many(&site, "/");
    until(|| site.script.asked("/") == 1).await;
    gate.add_permits(1_000);
    let mut heard: Vec<String> = all(clients)
        .await
        .into_iter()
        .map(|heard| heard.body)
        .collect();
    heard.sort();
    heard.dedup();
    assert_eq!(heard.len(), CLIENTS);
    // For ten seconds after a response that could not be stored, each concurrent request for the
    // page goes to the app.
    let gate = site.script.close("/");
    let clients = many(&site, "/");
    until(|| site.script.waiting.load(Ordering::SeqCst) == CLIENTS).await;
    gate.add_permits(1_000);
    all(clients).await;
    // After ten seconds, concurrent requests wait for a single response again.
    site.later(11);
    site.script.says("/", minute("for all"));
    assert_eq!(site.get("/").await.body, "for all");
    assert!(site.get("/").await.is_hit());
}

#[tokio::test]
async fn what_turns_out_too_large_keeps_nobody_waiting_again() {
    let site = Site::open(&format!(
        "[cache]\nlargest = \"1K\"\nwait = \"1h\"\n{ROUTE}"
    ));
    let piece = "x".repeat(1_000);
    let control = [("cache-control", "max-age=60")];
    let large = Said::of(&control, "").streamed(&[&piece, &piece, "{n}"]);
    site.script.says("/", large.without_length());
    // The edge does not know whether it can store the whole response until all of it has arrived.
    let first = site.get("/").await;
    assert!(first.is_whole && first.body.ends_with("x1"));
    assert_eq!(first.cache(), "kenduri; fwd=miss");
    assert_eq!(first.header("age"), None);
    let gate = site.script.close("/");
    let clients = many(&site, "/");
    until(|| site.script.waiting.load(Ordering::SeqCst) == CLIENTS).await;
    gate.add_permits(1_000);
    assert!(all(clients).await.iter().all(|heard| heard.is_whole));
    // After ten seconds, concurrent requests wait for a single response again.
    site.later(11);
    site.script.says(
        "/",
        Said::of(&control, "")
            .streamed(&["small", "er"])
            .without_length(),
    );
    assert_eq!(site.get("/").await.body, "smaller");
    assert!(site.get("/").await.is_hit());
}

#[tokio::test]
async fn who_asks_for_another_variation_gets_it() {
    let site = Site::open(ROUTE);
    let said = Said::of(
        &[
            ("cache-control", "max-age=60"),
            ("vary", "accept-language"),
            ("x-language", "echo:accept-language"),
        ],
        "answer {n}",
    );
    site.script.says("/", said);
    for _ in 0..10 {
        let gate = site.script.close("/");
        let address = site.address;
        let clients: Vec<_> = ["en", "ms", "it", "ar"]
            .repeat(8)
            .into_iter()
            .map(|language| {
                let asks = async move {
                    let headers = [("Accept-Language", language)];
                    (language, ask(address, "GET", "/", &headers).await)
                };
                tokio::spawn(asks)
            })
            .collect();
        gate.add_permits(1_000);
        for client in clients {
            let (language, heard) = client.await.unwrap();
            assert_eq!(heard.header("x-language"), Some(language));
        }
        site.later(61);
    }
}
