//! `103 Early Hints` (RFC 8297): what a server knows its page will need, said before the
//! answer is made. Only HTTP/3 hands them on; the engines of HTTP/1.1 and HTTP/2 cannot
//! say them.

use http::header::LINK;
use http::{HeaderMap, Response, StatusCode};
use tokio::sync::mpsc;

/// So many hints of one request are handed on.
const MOST: usize = 8;
/// Bytes of links in the largest one.
const LARGEST: usize = 8 << 10;

/// Who takes hints, in the extensions of a request whose client can be told.
#[derive(Debug, Clone)]
pub(crate) struct HintSender(mpsc::Sender<Box<Response<()>>>);

/// What comes for a client.
#[derive(Debug)]
pub(crate) struct HintReceiver {
    /// In boxes: the channel, which every request has, makes room for 32 at its beginning.
    hints: mpsc::Receiver<Box<Response<()>>>,
    left: usize,
}

/// Both ends, for one request.
pub(crate) fn channel() -> (HintSender, HintReceiver) {
    let (sender, hints) = mpsc::channel(MOST);
    (HintSender(sender), HintReceiver { hints, left: MOST })
}

impl HintSender {
    /// Hands the links on, which are what a client acts upon before it has the answer:
    /// all else that may stand beside them is for the answer itself to say.
    pub(crate) fn hand_on(&self, said: &HeaderMap) {
        let links = said.get_all(LINK);
        let size: usize = links.iter().map(http::HeaderValue::len).sum();
        if size == 0 || size > LARGEST {
            return;
        }
        let mut hint = Response::new(());
        *hint.status_mut() = StatusCode::EARLY_HINTS;
        for link in links {
            hint.headers_mut().append(LINK, link.clone());
        }
        // Too many are no loss: the answer says it all again.
        let _ = self.0.try_send(Box::new(hint));
    }
}

impl HintReceiver {
    /// The next one; nothing once there are no more, or there were too many.
    pub(crate) async fn next(&mut self) -> Option<Response<()>> {
        if self.left == 0 {
            return None;
        }
        let hint = self.hints.recv().await?;
        self.left -= 1;
        Some(*hint)
    }
}
