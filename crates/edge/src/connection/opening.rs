//! What a connection in the clear begins with: HTTP/2, whose preface nothing else
//! begins with (RFC 9113, section 3.4), or an elder one.

use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, sleep_until};

use crate::edge::Shared;
use crate::listen::{Activity, Handle};

/// How a client begins that knows we speak HTTP/2.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Read at once.
const PIECE: usize = 8 * 1_024;

/// The first bytes of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) came: Bytes,
    pub(super) is_http2: bool,
}

/// Reads until it is clear what is spoken. Nothing: nobody says anything, or not in
/// time. What was begun and not gone on with is left to the elder one, which says so.
pub(super) async fn read<S>(
    stream: &mut S,
    shared: &Shared,
    handle: &Handle,
    header_time: Duration,
    lame_duck_time: Duration,
) -> Option<Opening>
where
    S: AsyncRead + Unpin,
{
    let mut deadline = Instant::now() + header_time;
    let mut is_drained = false;
    let mut came = BytesMut::new();
    loop {
        let reading = std::future::poll_fn(|context| {
            let mut piece = [const { std::mem::MaybeUninit::uninit() }; PIECE];
            let mut piece = ReadBuf::uninit(&mut piece);
            ready!(Pin::new(&mut *stream).poll_read(context, &mut piece))?;
            came.extend_from_slice(piece.filled());
            Poll::Ready(Ok::<_, std::io::Error>(piece.filled().len()))
        });
        let goes_on = tokio::select! {
            read = reading => matches!(read, Ok(1..)),
            () = sleep_until(deadline) => false,
            () = shared.drain.cancelled(), if !is_drained => {
                // A request that is on its way already is still answered.
                is_drained = true;
                deadline = deadline.min(Instant::now() + lame_duck_time);
                true
            }
            () = shared.end.cancelled() => return None,
        };
        let seen = came.len().min(PREFACE.len());
        let may_be_http2 = came[..seen] == PREFACE[..seen];
        if may_be_http2 && seen < PREFACE.len() && goes_on {
            if seen > 0 {
                handle.set(Activity::Opening);
            }
            continue;
        }
        let is_http2 = may_be_http2 && seen == PREFACE.len();
        return (!came.is_empty()).then(|| Opening {
            came: came.freeze(),
            is_http2,
        });
    }
}
