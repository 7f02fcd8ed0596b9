//! Places for connections: so many in all, so many from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::proxies::Proxies;

/// What counts as one address: one of IPv4, a network of 64 bits of IPv6, which is what one customer gets.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

/// Whose connections are counted by themselves. A proxy is one address for many people, and so is this
/// computer.
pub(super) fn counted(peer: IpAddr, proxies: &Proxies) -> Option<IpAddr> {
    let is_shared = peer.to_canonical().is_loopback() || proxies.hold(peer);
    (!is_shared).then_some(peer)
}

/// Counts connections.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    most_of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

/// A place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    of: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, taken: Mutex::default() })
    }

    /// Takes a place. Of nobody: one that counts in all only.
    pub(super) fn take(self: &Arc<Self>, of: Option<IpAddr>) -> Option<Place> {
        let of = of.map(network);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return None;
        }
        if let Some(of) = of {
            let count = taken.by.entry(of).or_insert(0);
            if *count >= self.most_of_one {
                return None;
            }
            *count += 1;
        }
        taken.all += 1;
        Some(Place { places: self.clone(), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(of) = self.of
            && let Some(count) = taken.by.get_mut(&of)
        {
            *count -= 1;
            if *count == 0 {
                taken.by.remove(&of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::proxies::{Network, Proxies};
    use super::{Place, Places, counted};

    fn take(places: &std::sync::Arc<Places>, of: &str) -> Option<Place> {
        places.take(Some(of.parse::<IpAddr>().unwrap()))
    }

    #[test]
    fn one_address_takes_so_many_and_no_more() {
        let places = Places::new(10, 2);
        let first = take(&places, "192.0.2.7");
        let second = take(&places, "::ffff:192.0.2.7");
        assert!(first.is_some() && second.is_some());
        assert!(take(&places, "192.0.2.7").is_none());
        assert!(take(&places, "192.0.2.8").is_some(), "another address has places of its own");
        drop(first);
        assert!(take(&places, "192.0.2.7").is_some());
        let of_one_network = [take(&places, "2001:db8::1"), take(&places, "2001:db8::ffff:0:0:1")];
        assert!(of_one_network.iter().all(Option::is_some));
        assert!(take(&places, "2001:db8::9").is_none(), "the lower 64 bits are the customer's own");
        assert!(take(&places, "2001:db8:0:1::9").is_some());
        drop((second, of_one_network));
        assert_eq!(places.taken.lock().unwrap().by.len(), 0, "nothing is kept of who has left");
    }

    #[test]
    fn shared_addresses_are_not_counted_by_themselves() {
        let proxies: Proxies = ["10.0.0.0/24"].iter().map(|text| text.parse::<Network>().unwrap()).collect();
        let is_counted = |peer: &str| counted(peer.parse().unwrap(), &proxies).is_some();
        for shared in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "10.0.0.7", "::ffff:10.0.0.7"] {
            assert!(!is_counted(shared), "{shared}");
        }
        for own in ["10.0.1.7", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "::"] {
            assert!(is_counted(own), "{own}");
        }
    }

    #[test]
    fn all_together_take_so_many_and_no_more() {
        let places = Places::new(3, 2);
        let taken: Vec<_> = (0..3).map(|_| places.take(None)).collect();
        assert!(taken.iter().all(Option::is_some));
        assert!(places.take(None).is_none() && take(&places, "192.0.2.7").is_none());
        drop(taken);
        assert!(take(&places, "192.0.2.7").is_some());
    }
}
