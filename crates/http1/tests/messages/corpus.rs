//! A corpus of messages that must be refused, however they are split.

use proptest::prelude::*;

use super::reader::{Followed, Reader};
use http1::Refusal;

const LIMIT: usize = 2_048;

/// Passes bytes to a reader in pieces of these sizes. Returns the accepted bytes and the result,
/// which contains the refusal of the remaining bytes.
fn let_through(bytes: &[u8], sizes: impl IntoIterator<Item = usize>) -> (Vec<u8>, Followed) {
    let mut reader = Reader::new(LIMIT);
    let mut left = bytes;
    let mut sizes = sizes.into_iter();
    while !left.is_empty() {
        let size = sizes.next().unwrap_or(left.len()).clamp(1, left.len());
        let (piece, rest) = left.split_at(size);
        left = rest;
        reader.follow(piece);
    }
    let followed = reader.followed;
    (bytes[..followed.cleared].to_vec(), followed)
}

fn verdict(bytes: &[u8]) -> Followed {
    let (_, whole) = let_through(bytes, []);
    for place in 1..bytes.len() {
        let (_, split) = let_through(bytes, [place]);
        assert_eq!(split, whole, "split at {place}: {:?}", text(bytes));
    }
    let (_, drip) = let_through(bytes, std::iter::repeat(1));
    assert_eq!(drip, whole, "byte by byte: {:?}", text(bytes));
    whole
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn refused(bytes: impl AsRef<[u8]>) -> Option<Refusal> {
    let bytes = bytes.as_ref();
    let verdict = verdict(bytes);
    assert_eq!(verdict.heads, 0, "{:?}", text(bytes));
    verdict.refusal
}

fn with(lines: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a.example\r\n{lines}\r\n\r\n")
}

#[test]
fn ambiguous_framing_is_refused() {
    use Refusal::{Encoding, EncodingUnknown, Length, LengthAndEncoding};
    for (lines, why) in [
        (
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            LengthAndEncoding,
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 3",
            LengthAndEncoding,
        ),
        (
            "content-length: 0\r\ntransfer-encoding: identity",
            LengthAndEncoding,
        ),
        ("Content-Length: 3\r\nContent-Length: 4", Length),
        ("Content-Length: 3\r\nContent-Length: 3", Length),
        ("Content-Length: 3, 3", Length),
        ("Content-Length: +3", Length),
        ("Content-Length: -1", Length),
        ("Content-Length: 0x3", Length),
        ("Content-Length: 03", Length),
        ("Content-Length: 00", Length),
        ("Content-Length: 1_0", Length),
        ("Content-Length: 3f", Length),
        ("Content-Length:\r\nContent-Length: 3", Length),
        ("Content-Length: 3 ", Length),
        ("Content-Length:", Length),
        ("Content-Length: 18446744073709551616", Length),
        ("Transfer-Encoding: chunked, identity", Encoding),
        ("Transfer-Encoding: identity", Encoding),
        ("Transfer-Encoding: xchunked", Encoding),
        ("Transfer-Encoding: \"chunked\"", Encoding),
        ("Transfer-Encoding: chunked, chunked", Encoding),
        ("Transfer-Encoding: chunked;q=1", Encoding),
        ("Transfer-Encoding:", Encoding),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            Encoding,
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            Encoding,
        ),
        ("Transfer-Encoding: ,chunked", Encoding),
        ("Transfer-Encoding: \u{a0}chunked\u{a0}", Encoding),
        ("Transfer-Encoding: gzip, chunked", EncodingUnknown),
    ] {
        // Trailing blanks are not part of a header's value (RFC 9112, section 5.1).
        let expected = (lines != "Content-Length: 3 ").then_some(why);
        let verdict = verdict(with(lines).as_bytes());
        assert_eq!(verdict.refusal, expected, "{lines}");
    }
    let old = "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refused(old), Some(Encoding));
}

#[test]
fn malformed_lines_are_refused() {
    use Refusal::{Control, EmptyLines, Folded, Header, LineEnd, RequestLine, Version};
    for (head, why) in [
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", LineEnd),
        ("GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", LineEnd),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n", LineEnd),
        ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", LineEnd),
        ("GET / HTTP/1.1\r\nHost: a\rX: 1\r\n\r\n", LineEnd),
        ("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", LineEnd),
        ("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", Control),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", Control),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", Folded),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\tContent-Length: 2\r\n\r\n",
            Folded,
        ),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Folded),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", Header),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n",
            Header,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length\r\n\r\n",
            Header,
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\n: 2\r\n\r\n", Header),
        ("GET / HTTP/1.1\r\nHost: a\r\nX(): 2\r\n\r\n", Header),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length\u{85}: 2\r\n\r\n",
            Header,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-\r\nEncoding: chunked\r\n\r\n",
            Header,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-\nEncoding: chunked\r\n\r\n",
            LineEnd,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            LineEnd,
        ),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", EmptyLines),
        ("GET /\r\n\r\n", RequestLine),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", RequestLine),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", RequestLine),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", RequestLine),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", Version),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", Version),
        ("GET / HTTP/1.11\r\nHost: a\r\n\r\n", LineEnd),
        ("GET / HTTP/4294967297.1\r\nHost: a\r\n\r\n", Version),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Version),
    ] {
        let found = refused(head);
        if why == RequestLine || why == Version {
            // Either refusal is correct.
            let is_either = matches!(found, Some(RequestLine | Version));
            assert!(is_either, "{head:?}: {found:?}");
        } else {
            assert_eq!(found, Some(why), "{head:?}");
        }
    }
}

#[test]
fn targets_and_hosts_that_can_be_read_in_two_ways_are_refused() {
    use Refusal::{Host, HostDiffers, Method, Target};
    for (head, why) in [
        ("GET / HTTP/1.1\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Host),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", Host),
        ("GET / HTTP/1.1\r\nHost: [a.example]\r\n\r\n", Host),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", HostDiffers),
        ("GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", HostDiffers),
        ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET /\\x HTTP/1.1\r\nHost: a\r\n\r\n", Target),
        ("GET / HTTP/1.1\r\nHost: :\r\n\r\n", Host),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", Method),
    ] {
        assert_eq!(refused(head), Some(why), "{head:?}");
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_has_come_whole() {
    let target = "a".repeat(LIMIT);
    let long = format!("GET /{target} HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(refused(&long), Some(Refusal::TargetTooLong));
    assert_eq!(refused(&long[..=LIMIT]), Some(Refusal::TargetTooLong));
    assert_eq!(verdict(&long.as_bytes()[..LIMIT]), Followed::default());
    let large = with(&format!("X: {target}"));
    assert_eq!(refused(&large), Some(Refusal::HeadTooLarge));
    let many = with(&"X: 1\r\n".repeat(129));
    assert_eq!(refused(many), Some(Refusal::HeadTooLarge));
    let expects = with("Expect: 200-maybe");
    assert_eq!(refused(expects), Some(Refusal::Expectation));
}

#[test]
fn sound_messages_go_through_whole() {
    for (bytes, heads) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
        ("GET / HTTP/1.0\r\n\r\n", 1),
        (
            "GET http://A.example:80/x?y HTTP/1.1\r\nHost: a.example:80\r\n\r\n",
            1,
        ),
        ("GET http://a?y HTTP/1.1\r\nHost: a\r\n\r\n", 1),
        ("GET /\u{e4}?\u{2713} HTTP/1.1\r\nHost: a:\r\n\r\n", 1),
        ("OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 1),
        (
            "GET /a%2Fb?c=\\^{|} HTTP/1.1\r\nHost: a_b.example.\r\nX: \t\u{e4}\r\n\r\n",
            1,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            2,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            2,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\n\r\n",
            1,
        ),
    ] {
        let (passed, _) = let_through(bytes.as_bytes(), [7, 3, 11]);
        assert_eq!(text(&passed), bytes);
        let verdict = verdict(bytes.as_bytes());
        assert_eq!((verdict.heads, verdict.refusal), (heads, None), "{bytes:?}");
    }
}

#[test]
fn chunks_are_framed_strictly() {
    use Refusal::{Chunk, Trailers};
    let extension = "x".repeat(1_025);
    let long = format!("1;{extension}\r\na\r\n0\r\n\r\n");
    let many = "1;xxxxxxxxx\r\na\r\n".repeat(103) + "0\r\n\r\n";
    let large = format!("0\r\nX: {}\r\n\r\n", "x".repeat(4_096));
    for (body, why) in [
        ("\r\n", Chunk),
        ("g\r\n", Chunk),
        ("-1\r\n", Chunk),
        ("0x1\r\na\r\n", Chunk),
        ("1 \r\na\r\n", Chunk),
        ("1 ;x\r\na\r\n", Chunk),
        (" 1\r\na\r\n", Chunk),
        ("+1\r\na\r\n", Chunk),
        ("0_1\r\na\r\n", Chunk),
        ("1z\r\na\r\n", Chunk),
        ("-0x0\r\n\r\n", Chunk),
        ("1\r\r;a\r\na\r\n", Chunk),
        ("1;a=b\r\ra\r\n", Chunk),
        ("1\na\r\n", Chunk),
        ("1\ra\r\n", Chunk),
        ("1;a\nb\r\na\r\n", Chunk),
        ("1;a\rb\r\na\r\n", Chunk),
        ("1;\0\r\na\r\n", Chunk),
        ("1\r\nab\r\n", Chunk),
        ("1\r\na\n0\r\n\r\n", Chunk),
        ("1\r\na0\r\n\r\n", Chunk),
        ("1234567890123456\r\n", Chunk),
        ("FFFFFFFFFFFFFFFF\r\n", Chunk),
        (long.as_str(), Chunk),
        (many.as_str(), Chunk),
        ("0\r\nContent-Length: 3\r\n\r\n", Trailers),
        ("0\r\nTransfer-Encoding: chunked\r\n\r\n", Trailers),
        ("0\r\nhost: b\r\n\r\n", Trailers),
        ("0\r\nX : b\r\n\r\n", Trailers),
        ("0\r\nX: b\n\r\n", Trailers),
        ("0\r\nX: b\r\n c\r\n\r\n", Trailers),
        ("0\r\nGET / HTTP/1.1\r\n\r\n", Trailers),
        (large.as_str(), Trailers),
    ] {
        let whole = with("Transfer-Encoding: chunked") + body;
        let verdict = verdict(whole.as_bytes());
        assert_eq!((verdict.heads, verdict.refusal), (1, Some(why)), "{body:?}");
    }
}

#[test]
fn a_second_request_is_judged_like_the_first() {
    let good = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    let bad = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
    let both = format!("{good}{bad}{good}");
    let verdict = verdict(both.as_bytes());
    assert_eq!((verdict.cleared, verdict.heads), (good.len(), 1));
    assert_eq!(verdict.refusal, Some(Refusal::Host));
}

#[test]
fn nothing_follows_a_wish_for_another_protocol_before_its_answer() {
    let wish = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let bytes = format!("{wish}\u{1}\u{2}\n\n");
    let verdict = verdict(bytes.as_bytes());
    assert_eq!((verdict.cleared, verdict.heads), (wish.len(), 1));
    // The response does not switch protocols, so the reader must validate the next bytes.
    let mut reader = Reader::new(LIMIT);
    reader.follow(bytes.as_bytes());
    assert_eq!(reader.followed, verdict);
    reader.goes_on();
    assert!(reader.followed.refusal.is_some());
}

/// Pieces of valid and invalid requests, in any order.
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn however_it_is_split_the_verdict_is_the_same(
        bytes in pieces(),
        sizes in prop::collection::vec(1usize..40, 0..60),
    ) {
        let whole = let_through(&bytes, []);
        prop_assert_eq!(let_through(&bytes, sizes), whole);
    }

    #[test]
    fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let whole = let_through(&bytes, []);
        prop_assert_eq!(let_through(&bytes, std::iter::repeat(1)), whole);
    }

    #[test]
    fn a_judged_head_says_the_same_to_a_plain_reader(bytes in pieces()) {
        let (passed, followed) = let_through(&bytes, []);
        if followed.heads > 0 {
            let text = text(&passed).to_ascii_lowercase();
            let text = text.trim_start_matches("\r\n");
            let head = &text[..text.find("\r\n\r\n").unwrap()];
            let count = |name: &str| head.matches(name).count();
            prop_assert!(count("\r\ncontent-length:") + count("\r\ntransfer-encoding:") <= 1);
            prop_assert_eq!(count("\r\nhost:"), 1);
            prop_assert_eq!(head.replace("\r\n", "").find(['\n', '\r', '\0']), None);
        }
    }
}
