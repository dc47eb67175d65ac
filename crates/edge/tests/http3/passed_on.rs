//! Tests HTTP/3 connections when their UDP socket is passed to another process.

use axum::http::Method;

use super::client::{Stream, answer, piece};
use super::handed::{Keeper, is_in_peace, next};
use super::*;

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

    /// Lets the server send one more chunk, and waits for it.
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

    async fn finish(mut self) {
        while self.pieces < PIECES {
            self.go_on().await;
        }
        self.scene.go.add_permits(1);
        let end = tokio::time::timeout(SOON, piece(&mut self.stream)).await;
        assert_eq!(end.unwrap().unwrap(), None);
    }
}

/// Waits until GOAWAY tells the client that the edge accepts no more requests.
async fn told(talk: &mut Talk) {
    let told = async {
        while let Ok(mut more) = talk.ask(Method::GET, "/", &[]).await {
            let _ = more.finish().await;
            let _ = answer(&mut more).await;
        }
    };
    tokio::time::timeout(SOON, told).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_finished_before_the_next_process_reads() {
    let keeper = Keeper::open();
    let first = keeper.site();
    let mut talk = next(&first).await;
    let download = Download::begin(&mut talk, &first).await;
    let second = keeper.site();
    let stopping = tokio::spawn(first.edge.stop());
    told(&mut talk).await;
    // The edge drops the first packets of a new client without refusing it, so the client sends
    // them again.
    let newcomer = Client::trusting(&second.chain);
    let connecting = newcomer.begin(second.address, "a.example");
    download.finish().await;
    let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
    assert!(is_in_peace(&ended.unwrap()));
    let connection = tokio::time::timeout(SOON, connecting).await.unwrap();
    let mut other = Talk::begin(connection.unwrap()).await;
    assert_eq!(other.get("/").await.text(), "hello");
    assert_eq!(second.scene.seen.load(Ordering::Relaxed), 1);
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
    told(&mut talk).await;
    download.finish().await;
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    // A third process can also get the socket.
    let late = keeper.site();
    assert_eq!(next(&late).await.get("/").await.text(), "hello");
    late.stop().await;
}

#[tokio::test]
async fn what_does_not_end_soon_is_ended_for_each_that_follows() {
    let keeper = Keeper::open();
    // Requests over TCP may continue for much longer than the test takes.
    let site = || keeper.site_with(|listen| listen.drain_time = 10 * SOON);
    let mut first = site();
    for _ in 0..2 {
        let idle = next(&first).await;
        let mut talk = next(&first).await;
        let mut held = talk.ask(Method::GET, "/held", &[]).await.unwrap();
        held.finish().await.unwrap();
        first.scene.reached.notified().await;
        let second = site();
        let stopping = tokio::spawn(first.edge.stop());
        let ended = tokio::time::timeout(SOON, idle.connection.closed()).await;
        assert!(is_in_peace(&ended.unwrap()));
        told(&mut talk).await;
        assert!(answer(&mut held).await.is_err());
        assert!(is_in_peace(&talk.connection.closed().await));
        assert_eq!(next(&second).await.get("/").await.text(), "hello");
        // The second process must not get a request that the first process received while it was
        // stopping.
        assert_eq!(second.scene.seen.load(Ordering::Relaxed), 1);
        tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
        first = second;
    }
    first.stop().await;
}
