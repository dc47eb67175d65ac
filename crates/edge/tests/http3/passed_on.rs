//! Connections of those who read the socket before: they live on until they have ended.

use axum::http::Method;

use super::client::{Stream, answer, piece};
use super::handed::{Keeper, is_in_peace, next};
use super::*;

/// An answer that was begun, and of which a piece is there.
struct Download {
    stream: Stream,
    scene: Scene,
    pieces: usize,
}

impl Download {
    async fn begin(talk: &mut Talk, site: &Site) -> Self {
        let mut stream = talk.ask(Method::GET, "/long", &[]).await.unwrap();
        stream.finish().await.unwrap();
        stream.recv_response().await.unwrap();
        let mut download = Self {
            stream,
            scene: site.scene.clone(),
            pieces: 0,
        };
        download.go_on().await;
        download
    }

    /// Lets a piece be sent, and waits until it is here.
    async fn go_on(&mut self) {
        self.scene.go.add_permits(1);
        let mut came = 0;
        let whole = async {
            while came < PIECE {
                let more = piece(&mut self.stream).await.unwrap();
                came += more.expect("all of it").len();
            }
        };
        tokio::time::timeout(SOON, whole).await.unwrap();
        assert_eq!(came, PIECE);
        self.pieces += 1;
    }

    /// Waits for the rest.
    async fn finish(mut self) {
        while self.pieces < PIECES {
            self.go_on().await;
        }
        self.scene.go.add_permits(1);
        let end = tokio::time::timeout(SOON, piece(&mut self.stream)).await;
        assert_eq!(end.unwrap().unwrap(), None);
    }
}

#[tokio::test]
async fn an_answer_goes_on_while_the_next_process_serves() {
    let keeper = Keeper::open();
    let first = keeper.site();
    let mut talk = next(&first).await;
    let mut download = Download::begin(&mut talk, &first).await;
    let second = keeper.site();
    let stopping = tokio::spawn(first.edge.stop());
    let mut other = next(&second).await;
    for _ in 0..3 {
        for _ in 0..50 {
            assert_eq!(other.get("/").await.text(), "hello");
        }
        download.go_on().await;
    }
    assert_eq!(second.scene.seen.load(Ordering::Relaxed), 150);
    assert!(!stopping.is_finished());
    download.finish().await;
    let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
    assert!(is_in_peace(&ended.unwrap()));
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    assert_eq!(other.get("/").await.text(), "hello");
    second.stop().await;
}

#[tokio::test]
async fn an_answer_goes_on_when_nobody_follows() {
    let keeper = Keeper::open();
    let site = keeper.site();
    let mut talk = next(&site).await;
    let download = Download::begin(&mut talk, &site).await;
    let stopping = tokio::spawn(site.edge.stop());
    // It is told that nothing more is taken.
    while let Ok(mut more) = talk.ask(Method::GET, "/", &[]).await {
        let _ = more.finish().await;
        let _ = answer(&mut more).await;
    }
    download.finish().await;
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    // Somebody may follow later.
    let late = keeper.site();
    assert_eq!(next(&late).await.get("/").await.text(), "hello");
    late.stop().await;
}

#[tokio::test]
async fn an_answer_goes_on_when_the_next_process_dies() {
    let keeper = Keeper::open();
    let first = keeper.site();
    let mut talk = next(&first).await;
    let mut download = Download::begin(&mut talk, &first).await;
    let second = keeper.site();
    let stopping = tokio::spawn(first.edge.stop());
    assert_eq!(next(&second).await.get("/").await.text(), "hello");
    download.go_on().await;
    drop(second);
    let third = keeper.site();
    assert_eq!(next(&third).await.get("/").await.text(), "hello");
    download.finish().await;
    let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
    assert!(is_in_peace(&ended.unwrap()));
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    third.stop().await;
}

#[tokio::test]
async fn answers_of_several_that_were_replaced_go_on() {
    let keeper = Keeper::open();
    let first = keeper.site();
    let mut one = next(&first).await;
    let mut from_first = Download::begin(&mut one, &first).await;
    let second = keeper.site();
    let first_stops = tokio::spawn(first.edge.stop());
    let mut two = next(&second).await;
    let mut from_second = Download::begin(&mut two, &second).await;
    // This one has nothing of its own when it is replaced.
    let third = keeper.site();
    let second_stops = tokio::spawn(second.edge.stop());
    drop(next(&third).await);
    let fourth = keeper.site();
    third.stop().await;
    let mut talk = next(&fourth).await;
    from_first.go_on().await;
    from_second.go_on().await;
    assert_eq!(talk.get("/").await.text(), "hello");
    from_second.finish().await;
    tokio::time::timeout(SOON, second_stops)
        .await
        .unwrap()
        .unwrap();
    from_first.finish().await;
    tokio::time::timeout(SOON, first_stops)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(talk.get("/").await.text(), "hello");
    fourth.stop().await;
}

#[tokio::test]
async fn what_is_sent_arrives_where_it_was_begun() {
    let keeper = Keeper::open();
    let first = keeper.site();
    // Both connections come from one socket, so that their datagrams may come together.
    let client = Client::trusting(&first.chain);
    let begun = client.connect(first.address, "a.example");
    let mut old = Talk::begin(begun.await.unwrap()).await;
    let mut sent = old.ask(Method::POST, "/echo", &[]).await.unwrap();
    sent.send_data(Bytes::from_static(b"first")).await.unwrap();
    sent.recv_response().await.unwrap();
    let second = keeper.site();
    let certificate = first.chain.clone();
    std::fs::copy(&certificate, second.folder.path().join("first.pem")).unwrap();
    std::fs::copy(
        certificate.with_extension("key"),
        second.folder.path().join("first.key"),
    )
    .unwrap();
    let stopping = tokio::spawn(first.edge.stop());
    let mut new = next_of(&client, &second).await;
    let body = vec![b'x'; 1 << 20];
    let uploads = async {
        for _ in 0..4 {
            let mut stream = new.ask(Method::POST, "/whole", &[]).await.unwrap();
            stream.send_data(body.clone().into()).await.unwrap();
            stream.finish().await.unwrap();
            assert_eq!(answer(&mut stream).await.unwrap().body.len(), body.len());
        }
    };
    let (mut to, mut back) = sent.split();
    let sending = async {
        for _ in 0..4 {
            to.send_data(body.clone().into()).await.unwrap();
        }
        to.finish().await.unwrap();
    };
    let receiving = async {
        let mut came = 0;
        while let Some(mut data) = back.recv_data().await.unwrap() {
            use bytes::Buf as _;
            came += data.remaining();
            data.advance(data.remaining());
        }
        came
    };
    let all = async { tokio::join!(uploads, sending, receiving).2 };
    let came = tokio::time::timeout(SOON, all).await.unwrap();
    assert_eq!(came, b"first".len() + 4 * body.len());
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    second.stop().await;
}

/// A connection of this client to this one, as soon as it is the one that reads.
async fn next_of(client: &Client, site: &Site) -> Talk {
    let connected = async {
        loop {
            if let Ok(connection) = client.connect(site.address, "a.example").await {
                let mut talk = Talk::begin(connection).await;
                if talk.get("/").await.text() == "hello"
                    && site.scene.seen.load(Ordering::Relaxed) > 0
                {
                    return talk;
                }
            }
        }
    };
    tokio::time::timeout(SOON, connected).await.unwrap()
}

#[tokio::test]
async fn who_asked_for_nothing_is_closed_and_what_does_not_end_is_ended() {
    let keeper = Keeper::open();
    let first = keeper.site_with(|listen| listen.drain_time = Duration::from_secs(2));
    let idle = next(&first).await;
    let mut talk = next(&first).await;
    let mut held = talk.ask(Method::GET, "/held", &[]).await.unwrap();
    held.finish().await.unwrap();
    first.scene.reached.notified().await;
    let second = keeper.site();
    let stopping = tokio::spawn(first.edge.stop());
    let mut other = next(&second).await;
    let ended = tokio::time::timeout(SOON, idle.connection.closed()).await;
    assert!(is_in_peace(&ended.unwrap()));
    // What it asks now is not answered by anybody else.
    while let Ok(mut more) = talk.ask(Method::GET, "/", &[]).await {
        let _ = more.finish().await;
        let _ = answer(&mut more).await;
    }
    assert_eq!(second.scene.seen.load(Ordering::Relaxed), 0);
    assert_eq!(other.get("/").await.text(), "hello");
    assert!(answer(&mut held).await.is_err());
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    assert_eq!(other.get("/").await.text(), "hello");
    second.stop().await;
}
