//! Connections that switch from HTTP to another protocol (RFC 9110, section 7.8; RFC 8441).
//!
//! A request that may switch has an [`OnUpgrade`] in its extensions. If the service returns `101
//! Switching Protocols`, or a 2xx status for an extended `CONNECT`, the `OnUpgrade` yields the
//! connection once the response has been sent.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection that has switched to another protocol.
pub type Upgraded = Box<dyn Stream>;

type Switching = Pin<Box<dyn Future<Output = Option<Upgraded>> + Send>>;

/// Resolves to the connection after the client has switched, or to `None` if the client never
/// switches.
#[derive(Clone)]
pub struct OnUpgrade(Arc<Mutex<Switching>>);

impl OnUpgrade {
    /// Wraps a future that resolves to the connection. Only one clone may be awaited, and only
    /// once.
    pub fn new(switching: impl Future<Output = Option<Upgraded>> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::pin(switching))))
    }
}

impl Future for OnUpgrade {
    type Output = Option<Upgraded>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut switching = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        switching.as_mut().poll(context)
    }
}

impl fmt::Debug for OnUpgrade {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OnUpgrade").finish_non_exhaustive()
    }
}
