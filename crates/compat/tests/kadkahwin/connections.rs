//! Tests of how long live connections of older wedding cards keep their slots, however they end.

use std::time::Duration;

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::Value;
use testkit::{Page, Visitor, rounds};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use crate::stage::{Stage, on_default, on_one_thread};

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";
/// The maximum number of open connections from one network.
const PLACES: usize = 200;

/// The session id in the response to a new polling connection.
#[track_caller]
fn session(opened: &Page) -> String {
    let told = opened.expect(200).body.trim_start_matches('0');
    let told: Value = serde_json::from_str(told).unwrap();
    told["sid"].as_str().unwrap().to_owned()
}

async fn say(program: &mut Visitor, id: &str, packets: &str) {
    let address = format!("{OPEN}&sid={id}");
    let kind = Some("text/plain;charset=UTF-8");
    let sent = program.send(Method::POST, &address, kind, packets.to_owned().into());
    sent.await.expect(200);
}

/// Performs the Socket.IO handshake: connects, waits for the confirmation, and answers a ping.
async fn greet(program: &mut Visitor, id: &str) {
    say(program, id, "40").await;
    let (mut heard, mut asked) = (false, false);
    while !(heard && asked) {
        let page = program.get(&format!("{OPEN}&sid={id}")).await;
        for packet in page.expect(200).body.split('\u{1e}') {
            heard |= packet.starts_with("40{");
            asked |= packet == "2";
        }
    }
    say(program, id, "3").await;
}

#[test]
fn a_message_that_comes_at_once_is_answered() {
    on_default(async |stage| {
        let soon = Duration::from_secs(20);
        for _ in 0..rounds() {
            let mut program = stage.visitor();
            let id = session(&program.get(OPEN).await);
            say(&mut program, &id, "40").await;
            let mut packets = Vec::new();
            while !packets.iter().any(|one: &String| one.starts_with("40{")) {
                let page = program.get(&format!("{OPEN}&sid={id}")).await;
                packets.extend(page.expect(200).body.split('\u{1e}').map(str::to_owned));
            }
            say(
                &mut program,
                &id,
                "420[\"rsvp\",{\"code\":\"SHUT1\",\"attending\":true}]",
            )
            .await;
            while !packets.iter().any(|one| one.starts_with("430[")) {
                let address = format!("{OPEN}&sid={id}");
                let page = tokio::time::timeout(soon, program.get(&address)).await;
                let page = page.unwrap();
                packets.extend(page.expect(200).body.split('\u{1e}').map(str::to_owned));
            }
            say(&mut program, &id, "1").await;
        }
    });
}

/// Opens connections until no slot is free, and returns their number.
async fn fill(program: &mut Visitor) -> usize {
    for opened in 0.. {
        let page = program.get(OPEN).await;
        if page.status != 200 {
            assert_eq!(page.expect(429).header("retry-after"), "60");
            return opened;
        }
    }
    unreachable!("it ends")
}

/// Lets all pending tasks run. With paused time, a sleep ends only when no other task can run.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[test]
fn a_network_opens_so_many_and_no_more() {
    on_one_thread(async |stage| {
        tokio::time::pause();
        let mut other = stage.visitor_at("192.0.2.78");
        let id = session(&other.get(OPEN).await);
        greet(&mut other, &id).await;
        assert_eq!(fill(&mut other).await, PLACES - 1);
        say(&mut other, &id, "1").await;
        settle().await;
        assert_eq!(fill(&mut other).await, 1);
        let mut program = stage.visitor();
        for _ in 0..300 {
            let id = session(&program.get(OPEN).await);
            greet(&mut program, &id).await;
            say(&mut program, &id, "1").await;
        }
        program.get(OPEN).await.expect(429);
        stage.visitor_at("192.0.2.77").get(OPEN).await.expect(200);
        // All slots are taken, but connections that are already open still get responses.
        let poll = format!("{OPEN}&sid=AAAAAAAAAAAAAAHs");
        program.get(&poll).await.expect(400);
        stage.world.clock.advance(SignedDuration::from_mins(2));
        program.get(OPEN).await.expect(200);
        tokio::time::resume();
    });
}

#[test]
fn who_closes_before_it_was_greeted_is_not_kept_longer_than_who_is_silent() {
    on_one_thread(async |stage| {
        let mut program = stage.visitor();
        tokio::time::pause();
        for packets in ["1", "40\u{1e}1"].repeat(5) {
            let id = session(&program.get(OPEN).await);
            say(&mut program, &id, packets).await;
        }
        tokio::time::advance(Duration::from_secs(21)).await;
        settle().await;
        assert_eq!(fill(&mut program).await, PLACES);
        tokio::time::resume();
    });
}

/// Upgrades a polling connection to a websocket, up to the server's switch of protocols.
async fn websocket(stage: &Stage<'_>, address: &str, id: &str) -> DuplexStream {
    let mut stream = stage.connection(address);
    let head = format!(
        "GET /socket.io/?EIO=4&transport=websocket&sid={id} HTTP/1.1\r\n\
         Host: 127.0.0.1:8080\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    stream
}

/// Sends a message with an all-zero mask, which changes nothing (RFC 6455, section 5.3).
async fn send(stream: &mut DuplexStream, message: &str) {
    let length = u8::try_from(message.len()).unwrap();
    assert!(length < 126);
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(message.as_bytes());
    stream.write_all(&frame).await.unwrap();
}

/// Reads the next message, which must be short.
async fn hear(stream: &mut DuplexStream) -> String {
    assert_eq!(stream.read_u8().await.unwrap(), 0x81);
    let mut length = usize::from(stream.read_u8().await.unwrap());
    if length == 126 {
        length = usize::from(stream.read_u16().await.unwrap());
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.unwrap();
    String::from_utf8(message).unwrap()
}

#[test]
fn who_breaks_off_while_changing_to_a_websocket_makes_room() {
    on_one_thread(async |stage| {
        tokio::time::pause();
        for (number, said) in [
            vec![],
            vec!["2probe"],
            vec!["2probe", "2"],
            vec!["nonsense"],
        ]
        .into_iter()
        .enumerate()
        {
            let address = format!("192.0.2.{number}");
            let mut program = stage.visitor_at(&address);
            let id = session(&program.get(OPEN).await);
            greet(&mut program, &id).await;
            let mut stream = websocket(stage, &address, &id).await;
            for message in said {
                send(&mut stream, message).await;
            }
            drop(stream);
            settle().await;
            assert_eq!(fill(&mut program).await, PLACES, "{number}");
        }
        tokio::time::resume();
    });
}

#[test]
fn who_has_changed_to_a_websocket_stays_until_it_goes() {
    on_one_thread(async |stage| {
        let address = "192.0.2.78";
        let mut program = stage.visitor_at(address);
        let id = session(&program.get(OPEN).await);
        greet(&mut program, &id).await;
        let mut stream = websocket(stage, address, &id).await;
        send(&mut stream, "2probe").await;
        assert_eq!(hear(&mut stream).await, "3probe");
        send(&mut stream, "5").await;
        // Opening and closing a second websocket does not affect the first.
        drop(websocket(stage, address, &id).await);
        send(
            &mut stream,
            r#"42["rsvp",{"code":"RAHMA","attending":true}]"#,
        )
        .await;
        let heard = hear(&mut stream).await;
        assert!(heard.starts_with(r#"42["rsvp-status",{"#), "{heard}");
        tokio::time::pause();
        settle().await;
        assert_eq!(fill(&mut program).await, PLACES - 1);
        drop(stream);
        settle().await;
        assert_eq!(fill(&mut program).await, 1);
        tokio::time::resume();
    });
}
