//! Heads of requests, as they are written to servers.

use http::Request;

use crate::client_info::ClientInfo;
use crate::filters::forwarding;

/// A head toward a server is seldom larger.
const USUAL: usize = 1_024;

/// The head of a request. With facts it is the client's own, and written as
/// [`toward`](forwarding::toward) would have it, if that takes no map.
pub(super) fn of<B>(
    request: &Request<B>,
    raw: Option<&ClientInfo>,
    has_body: bool,
) -> Option<Vec<u8>> {
    let mut head = Vec::with_capacity(USUAL);
    let target = request.uri().path_and_query();
    head.extend_from_slice(request.method().as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(target.map_or("/", |target| target.as_str()).as_bytes());
    head.extend_from_slice(b" HTTP/1.1\r\n");
    match raw {
        Some(facts) if forwarding::write(request.headers(), facts, has_body, &mut head) => {}
        Some(_) => return None,
        None => http1::write_lines(request.headers(), &mut head),
    }
    head.extend_from_slice(b"\r\n");
    Some(head)
}
