use bytes::Bytes;
use http_body_util::Full;

use crate::request_id::RequestId;

/// Bytes in memory, with the head of an HTTP/1.1 response that sends them whole. The map of the
/// response's headers is empty then.
#[derive(Debug)]
pub struct HeadedBody {
    /// The status line and all headers but the ID, the date and those of the connection.
    pub(crate) head: Bytes,
    pub(crate) id: Option<RequestId>,
    pub(crate) bytes: Full<Bytes>,
}
