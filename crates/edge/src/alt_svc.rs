//! Decides whether responses advertise HTTP/3 with the header `Alt-Svc` (RFC 7838).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderValue;

use crate::listener::ListenAddress;

/// `ma`, in seconds, before and after a client has connected over HTTP/3.
const TRIAL_MAX_AGE: u32 = 300;
const PROVED_MAX_AGE: u32 = 24 * 60 * 60;

#[derive(Debug, Default)]
pub(crate) struct AltSvc {
    listeners: Mutex<AdvertisedListeners>,
    /// The current advertisement. It is atomic, because responses must read it without a lock.
    advertisement: AtomicU8,
}

#[derive(Debug, Default)]
struct AdvertisedListeners {
    standing: BTreeMap<ListenAddress, UdpStatus>,
    /// Whether HTTP/3 has been advertised. Clients may then have cached the advertisement.
    was_advertised: bool,
}

/// The status of a UDP socket. A higher status replaces a lower one, and `Closed` replaces any
/// status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UdpStatus {
    /// No worker reads the socket.
    Closed,
    /// A worker reads the socket, but no client has connected yet.
    Open,
    /// A client has connected.
    Reached,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Advertisement {
    Nothing,
    Clear,
    Trial,
    Proved,
}

impl AltSvc {
    /// Sets the https addresses. HTTP/3 is advertised only while it works at all of them.
    pub(crate) fn retain(&self, addresses: &[&ListenAddress]) {
        let mut listeners = self.listeners();
        listeners
            .standing
            .retain(|address, _| addresses.contains(&address));
        for address in addresses {
            listeners
                .standing
                .entry((*address).clone())
                .or_insert(UdpStatus::Closed);
        }
        self.advertise(&mut listeners);
    }

    /// Records a socket's status. The new status replaces the old one if it is higher or `Closed`.
    pub(crate) fn saw(&self, address: &ListenAddress, seen: UdpStatus) {
        let mut listeners = self.listeners();
        let Some(standing) = listeners.standing.get_mut(address) else {
            return;
        };
        *standing = match seen {
            UdpStatus::Closed => seen,
            seen => seen.max(*standing),
        };
        self.advertise(&mut listeners);
    }

    /// Stops all advertising. Responses do not ask clients to `clear` the advertisement either,
    /// because the next process may serve HTTP/3.
    pub(crate) fn say_nothing(&self) {
        let mut listeners = self.listeners();
        listeners.standing.clear();
        listeners.was_advertised = false;
        self.advertise(&mut listeners);
    }

    /// The value of `Alt-Svc` for a client that has requested `host`, which may include a port.
    pub(crate) fn header(&self, host: &str) -> Option<HeaderValue> {
        let age = match self.advertisement() {
            Advertisement::Nothing => return None,
            Advertisement::Clear => return Some(HeaderValue::from_static("clear")),
            Advertisement::Trial => TRIAL_MAX_AGE,
            Advertisement::Proved => PROVED_MAX_AGE,
        };
        // The header contains the port from the client's request, because a router may forward that
        // port to a different port of the edge.
        let port = host
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        let port: u16 = port.unwrap_or(443);
        HeaderValue::try_from(format!("h3=\":{port}\"; ma={age}")).ok()
    }

    fn advertise(&self, listeners: &mut AdvertisedListeners) {
        // HTTP/3 must work at all addresses, because a client cannot know to which address it will
        // connect.
        let advertisement = match listeners.standing.values().min() {
            Some(UdpStatus::Reached) => Advertisement::Proved,
            Some(UdpStatus::Open) => Advertisement::Trial,
            Some(UdpStatus::Closed) | None if listeners.was_advertised => Advertisement::Clear,
            Some(UdpStatus::Closed) | None => Advertisement::Nothing,
        };
        listeners.was_advertised |=
            matches!(advertisement, Advertisement::Trial | Advertisement::Proved);
        self.advertisement
            .store(advertisement as u8, Ordering::Relaxed);
    }

    fn advertisement(&self) -> Advertisement {
        let advertisement = self.advertisement.load(Ordering::Relaxed);
        [
            Advertisement::Clear,
            Advertisement::Trial,
            Advertisement::Proved,
        ]
        .into_iter()
        .find(|said| *said as u8 == advertisement)
        .unwrap_or(Advertisement::Nothing)
    }

    fn listeners(&self) -> MutexGuard<'_, AdvertisedListeners> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(alt_svc: &AltSvc, host: &str) -> Option<String> {
        let header = alt_svc.header(host)?;
        Some(header.to_str().unwrap().to_owned())
    }

    #[test]
    fn nobody_is_told_before_every_address_is_read() {
        let (one, two) = (ListenAddress::Everywhere(1), ListenAddress::Everywhere(2));
        let alt_svc = AltSvc::default();
        assert_eq!(said(&alt_svc, "a.example"), None);
        alt_svc.retain(&[&one, &two]);
        alt_svc.saw(&one, UdpStatus::Reached);
        assert_eq!(said(&alt_svc, "a.example"), None);
        alt_svc.saw(&two, UdpStatus::Open);
        let trial = Some("h3=\":443\"; ma=300".to_owned());
        assert_eq!(said(&alt_svc, "a.example"), trial);
        alt_svc.saw(&two, UdpStatus::Reached);
        // `Open` does not replace the higher status `Reached`.
        alt_svc.saw(&two, UdpStatus::Open);
        let proved = Some("h3=\":8443\"; ma=86400".to_owned());
        assert_eq!(said(&alt_svc, "a.example:8443"), proved);
        let six = Some("h3=\":443\"; ma=86400".to_owned());
        assert_eq!(said(&alt_svc, "[::1]"), six);
    }

    #[test]
    fn who_was_told_hears_of_the_end() {
        let address = ListenAddress::Everywhere(1);
        let alt_svc = AltSvc::default();
        alt_svc.retain(&[&address]);
        alt_svc.saw(&address, UdpStatus::Closed);
        assert_eq!(said(&alt_svc, "a.example"), None);
        alt_svc.saw(&address, UdpStatus::Open);
        alt_svc.saw(&address, UdpStatus::Closed);
        assert_eq!(said(&alt_svc, "a.example").as_deref(), Some("clear"));
        alt_svc.saw(&address, UdpStatus::Open);
        alt_svc.retain(&[]);
        assert_eq!(said(&alt_svc, "a.example").as_deref(), Some("clear"));
        alt_svc.say_nothing();
        assert_eq!(said(&alt_svc, "a.example"), None);
    }
}
