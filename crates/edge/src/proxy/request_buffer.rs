//! Buffers a request body before it is sent to a server. A server may accept only a few
//! connections, and this keeps slow clients from occupying them.
//!
//! Buffers are in memory, never on disk.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;

use super::buffer_memory::{BufferMemory, NoRoom, Reservation};
use super::error::ProxyError;
use crate::body::Body;

/// In bytes; less only for a shorter body.
const MIN_CAPACITY: usize = 4 * 1_024;

/// Reads up to `most` bytes of a request body. The rest is streamed to the server. A body that is in
/// memory already waits for nothing.
pub(crate) async fn fill(
    request: &mut Request<Body>,
    most: usize,
    memory: &Arc<BufferMemory>,
    client: IpAddr,
) -> Result<(), ProxyError> {
    // The bytes after a `CONNECT` are not a body.
    if most == 0 || *request.method() == Method::CONNECT || request.body().is_here() {
        return Ok(());
    }
    let most = most.min(memory.size());
    let expected = request.body().size_hint().exact();
    let expected = expected.map_or(most, |length| {
        usize::try_from(length).unwrap_or(usize::MAX).min(most)
    });
    let mut room = memory.for_request(client);
    // The body is not read before there is memory for its beginning.
    room.grow_for_request(expected.min(MIN_CAPACITY)).await?;
    let body = std::mem::take(request.body_mut());
    *request.body_mut() = read(body, expected, room).await?;
    Ok(())
}

async fn read(mut body: Body, most: usize, mut room: Reservation) -> Result<Body, ProxyError> {
    let mut held: Vec<u8> = Vec::new();
    let mut is_whole = false;
    let next = loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = room.given_up() => return Err(ProxyError::BodyGivenUp),
        };
        let Some(frame) = frame.transpose().map_err(ProxyError::Body)? else {
            is_whole = true;
            break None;
        };
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(trailers) => break Some(trailers),
        };
        is_whole = body.is_end_stream();
        if data.len() > most - held.len() {
            break Some(Frame::data(data));
        }
        if held.is_empty() && is_whole {
            reserve(&mut room, data.len()).await?;
            room.shrink(data.len());
            room.arrived();
            return Ok(Body::full(Bytes::from_owner(BufferedBytes {
                bytes: data,
                room,
            })));
        }
        make_room(&mut held, data.len(), most, &mut room).await?;
        held.extend_from_slice(&data);
        if is_whole || held.len() >= most {
            break None;
        }
    };
    held.shrink_to_fit();
    room.shrink(held.capacity());
    room.arrived();
    let held = (!held.is_empty()).then(|| Bytes::from_owner(BufferedBytes { bytes: held, room }));
    if next.is_none() && is_whole {
        return Ok(held.map_or(Body::Empty, Body::full));
    }
    let ahead = held.map(Frame::data).into_iter().chain(next);
    Ok(Body::begun(ahead.map(Ok).collect(), body))
}

async fn make_room(
    held: &mut Vec<u8>,
    more: usize,
    most: usize,
    room: &mut Reservation,
) -> Result<(), ProxyError> {
    let wanted = held.len() + more;
    if wanted > held.capacity() {
        let capacity = wanted.max(2 * held.capacity()).max(MIN_CAPACITY).min(most);
        reserve(room, capacity).await?;
        held.reserve_exact(capacity - held.len());
    }
    Ok(())
}

async fn reserve(room: &mut Reservation, size: usize) -> Result<(), ProxyError> {
    let more = size.saturating_sub(room.size());
    Ok(room.grow_for_request(more).await?)
}

impl From<NoRoom> for ProxyError {
    fn from(no_room: NoRoom) -> Self {
        match no_room {
            NoRoom::TooLong => Self::BufferFull,
            NoRoom::GivenUp => Self::BodyGivenUp,
        }
    }
}

/// The memory is released when the last byte has been sent.
struct BufferedBytes<B> {
    bytes: B,
    #[expect(dead_code, reason = "it is held as long as the bytes")]
    room: Reservation,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for BufferedBytes<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http::header::{CONTENT_TYPE, HeaderValue};
    use http_body_util::{Collected, StreamBody};

    use super::*;
    use crate::body::BodyError;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const MOST: usize = 1_000;

    fn trailers() -> Frame<Bytes> {
        Frame::trailers(
            [(CONTENT_TYPE, HeaderValue::from_static("none"))]
                .into_iter()
                .collect(),
        )
    }

    /// A request with a body of unknown length. The body arrives in pieces of these lengths.
    fn request(lengths: &[usize], last: Option<Frame<Bytes>>) -> Request<Body> {
        let pieces = lengths
            .iter()
            .map(|length| Frame::data(vec![b'x'; *length].into()));
        let pieces: Vec<_> = pieces.chain(last).map(Ok::<_, BodyError>).collect();
        Request::new(Body::stream(StreamBody::new(stream::iter(pieces))))
    }

    async fn collected(request: Request<Body>) -> Collected<Bytes> {
        request.into_body().collect().await.unwrap()
    }

    #[tokio::test]
    async fn what_fits_is_whole_and_has_a_length() {
        let memory = BufferMemory::new(MOST);
        for lengths in [&[][..], &[10], &[1, 2, 3], &[600, 300]] {
            let mut request = request(lengths, None);
            fill(&mut request, MOST, &memory, CLIENT).await.unwrap();
            let length = lengths.iter().sum::<usize>();
            assert!(request.body().is_here());
            assert_eq!(request.body().size_hint().exact(), Some(length as u64));
            assert_eq!(memory.used(), length);
            assert_eq!(collected(request).await.to_bytes().len(), length);
            assert_eq!(memory.used(), 0);
        }
    }

    #[tokio::test]
    async fn what_is_larger_goes_on_behind_what_was_read() {
        let memory = BufferMemory::new(MOST);
        for lengths in [&[5_000][..], &[10, 5_000], &[500, 500, 500], &[999, 1, 1]] {
            let mut request = request(lengths, None);
            fill(&mut request, MOST, &memory, CLIENT).await.unwrap();
            assert!(!request.body().is_here());
            assert!(memory.used() <= MOST);
            let length = lengths.iter().sum::<usize>();
            assert_eq!(collected(request).await.to_bytes().len(), length);
            assert_eq!(memory.used(), 0);
        }
    }

    #[tokio::test]
    async fn trailers_come_last_and_keep_the_length_unsaid() {
        let memory = BufferMemory::new(MOST);
        let mut request = request(&[1, 2], Some(trailers()));
        fill(&mut request, MOST, &memory, CLIENT).await.unwrap();
        assert_eq!(request.body().size_hint().exact(), None);
        let collected = collected(request).await;
        assert_eq!(collected.trailers().unwrap()[CONTENT_TYPE], "none");
        assert_eq!(collected.to_bytes().len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_hears_when_to_come_back() {
        let memory = BufferMemory::new(MOST);
        let mut first = request(&[MOST], None);
        fill(&mut first, MOST, &memory, CLIENT).await.unwrap();
        let mut second = request(&[1], None);
        let error = fill(&mut second, MOST, &memory, CLIENT).await.unwrap_err();
        assert_eq!((error.status().as_u16(), error.why()), (503, "buffer_full"));
        assert!(error.retry_after().is_some());
        assert!(!second.body().is_here());
    }

    #[tokio::test]
    async fn tunnels_are_left_alone() {
        let memory = BufferMemory::new(MOST);
        let mut tunnel = request(&[1], None);
        *tunnel.method_mut() = Method::CONNECT;
        fill(&mut tunnel, MOST, &memory, CLIENT).await.unwrap();
        assert!(!tunnel.body().is_here());
    }
}
