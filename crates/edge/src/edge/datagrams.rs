//! The UDP sockets for HTTP/3, which open and close together with the https listeners.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::listener::{ListenAddress, ListenerKind};
use crate::quic::UdpListener;

use super::{Edge, Listeners, lock};

/// The open UDP sockets by address. Cancelling a token closes the socket.
pub(super) type Datagrams = BTreeMap<ListenAddress, CancellationToken>;

impl Edge {
    /// Opens the plan's missing UDP sockets, and closes sockets that are not in the plan. A socket
    /// that cannot be opened causes no error.
    pub(super) fn listen_for_datagrams(&self, listeners: &Listeners) {
        let running = self.shared.running();
        let settings = running.plan.listen();
        let all: BTreeMap<&ListenAddress, SocketAddr> = listeners
            .iter()
            .filter(|((kind, _), _)| settings.http3 && *kind == ListenerKind::Https)
            .filter_map(|((_, address), listening)| Some((address, listening.address?)))
            .collect();
        let wanted: BTreeMap<&ListenAddress, SocketAddr> = settings
            .datagrams()
            .filter_map(|address| all.get_key_value(address).map(|(at, bound)| (*at, *bound)))
            .collect();
        let mut open = lock(&self.datagrams);
        open.retain(|address, close| {
            let stays = wanted.contains_key(address);
            if !stays {
                close.cancel();
            }
            stays
        });
        // HTTP/3 must not be advertised for a socket that is no longer read.
        let addresses: Vec<_> = all.keys().copied().collect();
        self.shared.alt_svc.retain(&addresses);
        for (address, bound) in wanted {
            let number = open.len();
            let (Some(worker), false) = (
                self.workers.iter().cycle().nth(number),
                open.contains_key(address),
            ) else {
                continue;
            };
            let close = CancellationToken::new();
            let udp_listener = UdpListener {
                address: address.clone(),
                bound,
                inherited: Arc::clone(&self.inherited),
                close: close.clone(),
            };
            let workers = self.workers.iter().map(super::Worker::line).collect();
            worker.listen_for_datagrams(udp_listener, workers);
            open.insert(address.clone(), close);
        }
    }

    /// Stops accepting HTTP/3 connections. Does not send `Alt-Svc: clear`, because another process
    /// may take over.
    pub(super) fn close_datagrams(&self) {
        for close in lock(&self.datagrams).values() {
            close.cancel();
        }
        self.shared.alt_svc.say_nothing();
    }
}
