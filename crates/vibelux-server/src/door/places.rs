//! [`Places`]: how many connections there are, and whose.
//!
//! The computer's own clients wait for a place; they have their own. Of others, each address gets a few and all
//! together a number; more are turned away at once, so that nobody outside can keep anybody else out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Who comes through a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbours {
    /// The computer's own clients, and perhaps others beside them.
    BesideOwn,
    /// Others: what comes from this computer is counted as one of them.
    Only,
}

/// The places behind one door.
#[derive(Debug)]
pub struct Places {
    /// For own clients, and again for all others.
    most: usize,
    most_of_address: usize,
    neighbours: Neighbours,
    taken: Mutex<Taken>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    own: usize,
    others: usize,
    of_address: HashMap<IpAddr, usize>,
}

/// Whose place it is.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Own,
    Address(IpAddr),
}

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    whose: Whose,
}

impl Places {
    pub fn new(most: usize, most_of_address: usize, neighbours: Neighbours) -> Self {
        Self {
            most,
            most_of_address,
            neighbours,
            taken: Mutex::default(),
            left: Notify::new(),
        }
    }

    /// A place for a client at `peer`; `None` if it is to be turned away.
    pub async fn take(places: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let whose = places.whose(peer);
        loop {
            // Before the look, so that no place that is left meanwhile is missed.
            let left = places.left.notified();
            if places.try_take(whose) {
                let places = Arc::clone(places);
                return Some(Place { places, whose });
            }
            if matches!(whose, Whose::Address(_)) {
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

    fn whose(&self, peer: IpAddr) -> Whose {
        let peer = peer.to_canonical();
        if self.neighbours == Neighbours::BesideOwn && peer.is_loopback() {
            return Whose::Own;
        }
        Whose::Address(match peer {
            IpAddr::V4(_) => peer,
            // Whoever has one address of IPv6 has the other 2^64 of its network.
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        })
    }

    fn try_take(&self, whose: Whose) -> bool {
        let mut taken = self.lock();
        match whose {
            Whose::Own if taken.own < self.most => taken.own += 1,
            Whose::Address(address) if taken.others < self.most => {
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

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        match self.whose {
            Whose::Own => taken.own -= 1,
            Whose::Address(address) => {
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
        self.places.left.notify_waiters();
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
        let places = Arc::new(Places::new(10, 4, Neighbours::BesideOwn));
        let mut flood = Vec::new();
        for _ in 0..300 {
            flood.extend(Places::take(&places, ip("192.168.0.9")).await);
        }
        assert_eq!(flood.len(), 4);
        // Others of the network and the computer itself get in.
        let other = Places::take(&places, ip("192.168.0.10")).await;
        assert!(other.is_some());
        for i in 0..300 {
            flood.extend(Places::take(&places, ip(&format!("10.0.{}.{}", i / 250, i % 250))).await);
        }
        assert_eq!(flood.len(), 9);
        let own = Places::take(&places, ip("127.0.0.1")).await;
        assert!(own.is_some());
        drop(flood);
        assert!(Places::take(&places, ip("192.168.0.9")).await.is_some());
    }

    #[tokio::test]
    async fn own_clients_wait_for_each_other() {
        let places = Arc::new(Places::new(1, 1, Neighbours::BesideOwn));
        let first = Places::take(&places, ip("127.0.0.1")).await;
        let waiting = tokio::spawn({
            let places = Arc::clone(&places);
            async move { Places::take(&places, ip("::ffff:127.0.0.1")).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        drop(waiting.await.unwrap().unwrap());
        places.emptied().await;
    }

    #[tokio::test]
    async fn a_network_of_ipv6_is_one_address() {
        let places = Arc::new(Places::new(10, 1, Neighbours::Only));
        let first = Places::take(&places, ip("fd00::1")).await;
        assert!(first.is_some());
        assert!(Places::take(&places, ip("fd00::2")).await.is_none());
        assert!(Places::take(&places, ip("fd00:0:0:1::1")).await.is_some());
    }
}
