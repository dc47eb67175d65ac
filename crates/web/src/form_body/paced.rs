//! Limits how much of a multipart body the parser can buffer.
//!
//! While the parser finds neither the headers of a part nor content, it buffers everything that
//! arrives, and searches its buffer again after each arrival. This body gives the parser one frame
//! at a time, and fails when the parser has received too much without a result.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, Bytes};
use http_body::Frame;

/// How many bytes the parser may receive without a result.
const MOST: usize = 64 * 1024;

/// The number of bytes that the parser has received since its last result.
#[derive(Clone, Debug, Default)]
pub(super) struct Unread(Arc<AtomicUsize>);

impl Unread {
    /// Records that the parser returned a part or some of its content.
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Paced {
    body: Body,
    unread: Unread,
    /// Whether the parser has received a frame since it last had to wait.
    has_given: bool,
}

impl Paced {
    pub(super) fn new(body: Body, unread: Unread) -> Self {
        Self {
            body,
            unread,
            has_given: false,
        }
    }
}

impl http_body::Body for Paced {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if std::mem::take(&mut self.has_given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.unread.0.load(Ordering::Relaxed) > MOST {
            return Poll::Ready(Some(Err("a part does not begin".into())));
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            self.unread.0.fetch_add(bytes, Ordering::Relaxed);
            self.has_given = true;
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;

    use axum::http::{Request, StatusCode};

    use super::*;
    use crate::form_body::{Part, PartReader};

    /// A body whose frames are all available at once.
    struct Frames(VecDeque<Bytes>);

    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|bytes| Ok(Frame::data(bytes))))
        }
    }

    /// Returns the number of bytes in all fields and files of a body that arrives in frames of
    /// `frame` bytes.
    async fn read(body: Vec<u8>, frame: usize) -> Result<usize, StatusCode> {
        let body = Frames(body.chunks(frame).map(Bytes::copy_from_slice).collect());
        let request = Request::builder()
            .header("content-type", "multipart/form-data; boundary=x")
            .body(Body::new(body))
            .unwrap();
        let mut parts = PartReader::with_files(request, 1, 1 << 20).await.unwrap();
        let mut bytes = 0;
        loop {
            match parts.next().await.map_err(|problem| problem.status)? {
                None => return Ok(bytes),
                Some(Part::Field(_, value)) => bytes += value.len(),
                Some(Part::File(mut file)) => {
                    while let Some(chunk) = file.chunk().await.unwrap() {
                        bytes += chunk.len();
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn a_body_without_a_part_is_refused_before_all_of_it_is_read() {
        let before = vec![b'-'; 500_000];
        assert_eq!(read(before, 16_000).await, Err(StatusCode::BAD_REQUEST));
        let mut headers = b"--x\r\ncontent-disposition: form-data; name=\"".to_vec();
        headers.resize(500_000, b'a');
        assert_eq!(read(headers, 16_000).await, Err(StatusCode::BAD_REQUEST));
    }

    #[tokio::test]
    async fn files_and_fields_of_any_length_are_read_in_frames_of_any_size() {
        let mut body =
            b"--x\r\ncontent-disposition: form-data; name=a; filename=b\r\n\r\n".to_vec();
        body.resize(body.len() + 900_000, b'f');
        body.extend_from_slice(b"\r\n--x\r\ncontent-disposition: form-data; name=c\r\n\r\n");
        body.resize(body.len() + 200_000, b'v');
        body.extend_from_slice(b"\r\n--x--\r\n");
        for frame in [1000, 16_000, 300_000, 2_000_000] {
            assert_eq!(read(body.clone(), frame).await, Ok(1_100_000), "{frame}");
        }
    }
}
