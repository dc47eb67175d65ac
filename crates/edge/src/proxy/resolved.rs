//! The addresses of a server's host name. They are kept for a moment, so that not every connection
//! waits for the resolver, which blocks a thread each time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::Instant;

use crate::lock::lock;

/// After this time, the next connection starts to resolve the name again, and does not wait.
const RENEWED: Duration = Duration::from_secs(10);
/// After this time, a connection waits until the name is resolved again.
const OUTDATED: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub(super) struct ResolvedName {
    known: Mutex<Option<Known>>,
    /// Held while the name is resolved, so that connections wait for one answer together.
    resolving: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Known {
    addresses: Arc<[SocketAddr]>,
    at: Instant,
}

impl ResolvedName {
    /// Connects to the host. If none of the kept addresses answers, resolves the name again.
    pub(super) async fn connect(self: &Arc<Self>, host: &str, port: u16) -> io::Result<TcpStream> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return TcpStream::connect((address, port)).await;
        }
        let addresses = self.addresses(host, port).await?;
        let connected = TcpStream::connect(&*addresses).await;
        if connected.is_ok() {
            return connected;
        }
        let fresh = self.resolve(host, port, Instant::now()).await?;
        if fresh == addresses {
            return connected;
        }
        TcpStream::connect(&*fresh).await
    }

    async fn addresses(self: &Arc<Self>, host: &str, port: u16) -> io::Result<Arc<[SocketAddr]>> {
        let known = lock(&self.known).clone();
        let known = known.filter(|known| known.at.elapsed() < OUTDATED);
        let Some(known) = known else {
            return self.resolve(host, port, Instant::now()).await;
        };
        if known.at.elapsed() >= RENEWED && self.resolving.try_lock().is_ok() {
            let (this, host) = (Arc::clone(self), host.to_owned());
            tokio::spawn(async move {
                if let Err(error) = this.resolve(&host, port, Instant::now()).await {
                    tracing::warn!(%error, host, "cannot resolve a server's name; its last known addresses are used; check the name, and the name servers of this machine");
                }
            });
        }
        Ok(known.addresses)
    }

    /// Resolves the name, unless somebody has done so since `since`.
    async fn resolve(
        &self,
        host: &str,
        port: u16,
        since: Instant,
    ) -> io::Result<Arc<[SocketAddr]>> {
        let _one = self.resolving.lock().await;
        let known = lock(&self.known).clone();
        if let Some(known) = known.filter(|known| known.at > since) {
            return Ok(known.addresses);
        }
        let addresses: Arc<[SocketAddr]> = lookup_host((host, port)).await?.collect();
        *lock(&self.known) = Some(Known {
            addresses: Arc::clone(&addresses),
            at: Instant::now(),
        });
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A name that no resolver knows (RFC 6761, section 6.4).
    const NOWHERE: &str = "nowhere.invalid";

    fn known(addresses: &[SocketAddr], age: Duration) -> Arc<ResolvedName> {
        Arc::new(ResolvedName {
            known: Mutex::new(Some(Known {
                addresses: addresses.into(),
                at: Instant::now() - age,
            })),
            ..ResolvedName::default()
        })
    }

    #[tokio::test]
    async fn kept_addresses_serve_for_a_moment_without_the_resolver() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for (age, is_kept) in [
            (Duration::ZERO, true),
            (RENEWED * 2, true),
            (OUTDATED, false),
        ] {
            let name = known(&[address], age);
            let connected = name.connect(NOWHERE, address.port()).await;
            assert_eq!(connected.is_ok(), is_kept, "{age:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_moved_is_resolved_again_when_nobody_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let former = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gone = former.local_addr().unwrap();
        drop(former);
        let name = known(&[gone], Duration::ZERO);
        assert!(name.connect("localhost", port).await.is_ok());
        assert!(
            lock(&name.known)
                .as_ref()
                .is_some_and(|known| known.addresses.iter().all(|it| it.port() == port))
        );
    }
}
