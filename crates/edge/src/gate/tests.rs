//! What passes the gate is read by the engine as it was judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use super::{Bounds, ConnectionState, Framing, Gate};

const LIMIT: usize = 2_048;

/// Pieces of requests, good and bad, in any order.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"GET / HTTP/1.1\r\n"[..]),
        Just(&b"POST /x HTTP/1.1\r\nHost: a\r\n"[..]),
        Just(&b"Host: a\r\n"[..]),
        Just(&b"Content-Length: 5\r\n"[..]),
        Just(&b"Transfer-Encoding: chunked\r\n"[..]),
        Just(&b"Transfer-Encoding : chunked\r\n"[..]),
        Just(&b"Connection: upgrade\r\nUpgrade: x\r\n"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"\n"[..]),
        Just(&b"5\r\nhello\r\n"[..]),
        Just(&b"5;x=y\r\nhello\r\n0\r\n\r\n"[..]),
        Just(&b"0\r\n\r\n"[..]),
        Just(&b"hello"[..]),
        Just(&b" "[..]),
        Just(&b"\0"[..]),
        Just(&b"\r"[..]),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What the engine itself answers to bytes that passed the gate: marked answers are
/// the service's, others are the engine's own refusals.
fn answered(bytes: &[u8]) -> (String, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (mut client, server) = tokio::io::duplex(1 << 16);
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let minute = Duration::from_mins(1);
        let bounds = Bounds {
            header_size: LIMIT,
            header_time: minute,
            idle_time: minute,
            body_time: minute,
        };
        let ledger = Arc::new(ConnectionState::default());
        let gate = Gate::new(
            server,
            bounds,
            Arc::clone(&ledger),
            CancellationToken::new(),
        );
        let served = AtomicU64::new(0);
        let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
            let (ledger, served) = (&ledger, &served);
            async move {
                if ledger.begin().is_none() {
                    served.fetch_add(1, Ordering::Relaxed);
                }
                let _ = request.into_body().collect().await;
                ledger.decide(false);
                let answer = http::Response::builder().header("marked", "x");
                answer.body(http_body_util::Empty::<bytes::Bytes>::new())
            }
        });
        let _ = http1::Builder::new()
            .header_read_timeout(None)
            .half_close(true)
            .serve_connection(TokioIo::new(gate), service)
            .await;
        let mut answers = String::new();
        let _ = client.read_to_string(&mut answers).await;
        (answers, served.load(Ordering::Relaxed))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_engine_sees_the_messages_that_were_judged(bytes in pieces()) {
        let (answers, served) = answered(&bytes);
        let lines = answers.matches("HTTP/1.").count();
        prop_assert_eq!(answers.matches("marked: x").count(), lines, "{}", answers);
        // The wish for another protocol was passed over, so all goes on as HTTP.
        let mut framing = Framing::new(LIMIT);
        let (mut place, mut heads) = (0, 0);
        loop {
            let followed = framing.follow(&bytes[place..]);
            place += followed.cleared;
            heads += followed.heads;
            if !framing.is_undecided() {
                break;
            }
            framing.decide(false);
        }
        prop_assert!(served <= heads, "{served} of {heads}: {}", answers);
    }
}
