//! What several machines with the same names share: the account, certificates, orders and challenge
//! responses. Each machine also has all of it in its folder, so it starts and serves without the
//! others.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;

pub type BookFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Why a file could not be shared.
pub type BookError = Box<dyn std::error::Error + Send + Sync>;

/// Files that all machines share. A folder belongs to an authority; files have the names and
/// contents that they have in that authority's folder on disk, private keys included.
pub trait CertificateBook: Send + Sync {
    /// A file as this machine knows it. Must return at once.
    fn get(&self, folder: &str, file: &str) -> Option<Arc<str>>;

    fn put(&self, folder: &str, file: &str, text: &str) -> BookFuture<Result<(), BookError>>;

    /// Like [`CertificateBook::put`], but also waits, for a bounded time, until the other machines
    /// have the file.
    fn announce(&self, folder: &str, file: &str, text: &str) -> BookFuture<Result<(), BookError>>;

    /// A watch that changes whenever [`CertificateBook::get`] may return something else.
    fn changed(&self) -> watch::Receiver<u64>;

    /// Requests permission to work with this authority, which only one machine at a time has. With
    /// it, [`CertificateBook::get`] returns what the machine that had it before has put. `None` if
    /// this machine may not now.
    fn may_order(&self, folder: &str) -> BookFuture<Option<OrderPermit>>;
}

/// Permission to order certificates.
pub struct OrderPermit {
    is_held: Box<dyn Fn() -> bool + Send + Sync>,
}

impl OrderPermit {
    /// Creates a permit that lasts while `is_held` returns `true`. It is called often, and must
    /// return at once. What is done with the permit ends with it, because another machine may have
    /// it then.
    pub fn new(is_held: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            is_held: Box::new(is_held),
        }
    }

    pub fn is_held(&self) -> bool {
        (self.is_held)()
    }
}

impl fmt::Debug for OrderPermit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OrderPermit")
    }
}
