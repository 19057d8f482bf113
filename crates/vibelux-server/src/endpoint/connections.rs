//! [`Connections`]: how many connections there are, and whose.
//!
//! The computer's own clients wait for a permit; they have their own. Of others, each address gets a few and all
//! together a number; more are turned away at once, so that nobody outside can keep anybody else out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Who comes to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peers {
    /// The computer's own clients, and perhaps others beside them.
    OwnAndOthers,
    /// Others: what comes from this computer is counted as one of them.
    Others,
}

/// The connections of one endpoint.
#[derive(Debug)]
pub struct Connections {
    /// For own clients, and again for all others.
    most: usize,
    most_of_address: usize,
    peers: Peers,
    taken: Mutex<Taken>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    own: usize,
    others: usize,
    of_address: HashMap<IpAddr, usize>,
}

/// Whose permit it is.
#[derive(Debug, Clone, Copy)]
enum Source {
    Own,
    Address(IpAddr),
}

/// A permit that is taken until it is dropped.
#[derive(Debug)]
pub struct Permit {
    connections: Arc<Connections>,
    source: Source,
}

impl Connections {
    pub fn new(most: usize, most_of_address: usize, peers: Peers) -> Self {
        Self {
            most,
            most_of_address,
            peers,
            taken: Mutex::default(),
            left: Notify::new(),
        }
    }

    /// A permit for a client at `peer`; `None` if it is to be turned away.
    pub async fn take(connections: &Arc<Self>, peer: IpAddr) -> Option<Permit> {
        let source = connections.source(peer);
        loop {
            // Before the look, so that no permit that is left meanwhile is missed.
            let left = connections.left.notified();
            if connections.try_take(source) {
                let connections = Arc::clone(connections);
                return Some(Permit {
                    connections,
                    source,
                });
            }
            if matches!(source, Source::Address(_)) {
                return None;
            }
            left.await;
        }
    }

    /// Waits until nobody is in.
    pub async fn emptied(&self) {
        loop {
            let left = self.left.notified();
            let is_empty = {
                let taken = self.lock();
                taken.own + taken.others == 0
            };
            if is_empty {
                return;
            }
            left.await;
        }
    }

    fn source(&self, peer: IpAddr) -> Source {
        let peer = peer.to_canonical();
        if self.peers == Peers::OwnAndOthers && peer.is_loopback() {
            return Source::Own;
        }
        Source::Address(match peer {
            IpAddr::V4(_) => peer,
            // Whoever has one address of IPv6 has the other 2^64 of its network.
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        })
    }

    fn try_take(&self, source: Source) -> bool {
        let mut taken = self.lock();
        match source {
            Source::Own if taken.own < self.most => taken.own += 1,
            Source::Address(address) if taken.others < self.most => {
                let of_address = taken.of_address.entry(address).or_default();
                if *of_address >= self.most_of_address {
                    return false;
                }
                *of_address += 1;
                taken.others += 1;
            }
            _ => return false,
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.connections.lock();
        match self.source {
            Source::Own => taken.own -= 1,
            Source::Address(address) => {
                taken.others -= 1;
                if let Some(count) = taken.of_address.get_mut(&address) {
                    *count -= 1;
                    if *count == 0 {
                        taken.of_address.remove(&address);
                    }
                }
            }
        }
        drop(taken);
        self.connections.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn nobody_outside_keeps_others_out() {
        let connections = Arc::new(Connections::new(10, 4, Peers::OwnAndOthers));
        let mut flood = Vec::new();
        for _ in 0..300 {
            flood.extend(Connections::take(&connections, ip("192.168.0.9")).await);
        }
        assert_eq!(flood.len(), 4);
        // Others of the network and the computer itself get in.
        let other = Connections::take(&connections, ip("192.168.0.10")).await;
        assert!(other.is_some());
        for i in 0..300 {
            flood.extend(
                Connections::take(&connections, ip(&format!("10.0.{}.{}", i / 250, i % 250))).await,
            );
        }
        assert_eq!(flood.len(), 9);
        let own = Connections::take(&connections, ip("127.0.0.1")).await;
        assert!(own.is_some());
        drop(flood);
        assert!(
            Connections::take(&connections, ip("192.168.0.9"))
                .await
                .is_some()
        );
    }

    #[tokio::test]
    async fn own_clients_wait_for_each_other() {
        let connections = Arc::new(Connections::new(1, 1, Peers::OwnAndOthers));
        let first = Connections::take(&connections, ip("127.0.0.1")).await;
        let waiting = tokio::spawn({
            let connections = Arc::clone(&connections);
            async move { Connections::take(&connections, ip("::ffff:127.0.0.1")).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        drop(waiting.await.unwrap().unwrap());
        connections.emptied().await;
    }

    #[tokio::test]
    async fn a_network_of_ipv6_is_one_address() {
        let connections = Arc::new(Connections::new(10, 1, Peers::Others));
        let first = Connections::take(&connections, ip("fd00::1")).await;
        assert!(first.is_some());
        assert!(
            Connections::take(&connections, ip("fd00::2"))
                .await
                .is_none()
        );
        assert!(
            Connections::take(&connections, ip("fd00:0:0:1::1"))
                .await
                .is_some()
        );
    }
}
