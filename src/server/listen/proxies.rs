//! Proxies in front that may say whom they speak for.

use std::net::IpAddr;
use std::str::FromStr;

use axum::http::HeaderMap;

/// Where proxies say whom they speak for, the nearest one last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Not an address or a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be an address like 10.0.0.7 or a network like 10.0.0.0/24")]
pub struct NetworkError;

/// An address, or a network in the form `10.0.0.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u32,
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| NetworkError)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let whole = width(address);
        let bits = bits.unwrap_or(whole);
        let base = address.to_canonical();
        // An address of IPv4 written as one of IPv6 stands for itself.
        let bits = bits.checked_sub(whole - width(base)).ok_or(NetworkError)?;
        if bits > width(base) { Err(NetworkError) } else { Ok(Self { base, bits }) }
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        let differ = match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => u128::from(base.to_bits() ^ address.to_bits()),
            (IpAddr::V6(base), IpAddr::V6(address)) => base.to_bits() ^ address.to_bits(),
            _ => return false,
        };
        differ.checked_shr(width(address) - self.bits).unwrap_or(0) == 0
    }
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

impl FromIterator<Network> for Proxies {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl Proxies {
    /// Whether this address is one of theirs.
    pub fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.holds(address))
    }

    /// Who calls: the peer, or the last one of those it speaks for that is no proxy of ours. What stands
    /// before that one was written by strangers.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut hops = values.flat_map(|value| value.as_bytes().rsplit(|b| *b == b','));
        while self.hold(client) {
            let Some(hop) = hops.next().and_then(address) else { break };
            client = hop;
        }
        client
    }
}

/// An address as proxies write it: alone, or with a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let address = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse().ok()?,
        None => {
            text.parse().or_else(|_| text.rsplit_once(':').map_or(text, |(host, _)| host).parse()).ok()?
        }
    };
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{Network, NetworkError, Proxies};

    fn proxies(networks: &[&str]) -> Proxies {
        networks.iter().map(|text| text.parse::<Network>().unwrap()).collect()
    }

    #[test]
    fn a_header_is_believed_only_as_far_as_our_own_proxies_wrote_it() {
        let ours = ["10.0.0.0/24", "2001:db8:1::/48"];
        for (peer, lines, client, what) in [
            ("192.0.2.9", &["203.0.113.5"][..], "192.0.2.9", "a stranger says who they are"),
            ("10.0.1.7", &["203.0.113.5"], "10.0.1.7", "near one of our proxies, but none"),
            ("127.0.0.1", &["203.0.113.5"], "127.0.0.1", "this machine, when it is not named"),
            ("10.0.0.7", &[], "10.0.0.7", "a proxy that says nothing"),
            ("10.0.0.7", &["203.0.113.5"], "203.0.113.5", "a proxy that says for whom"),
            ("10.0.0.7", &["198.51.100.1, 203.0.113.5"], "203.0.113.5", "a client that wrote one before"),
            ("10.0.0.7", &["10.0.0.9, 203.0.113.5"], "203.0.113.5", "a client that wrote our proxy before"),
            ("10.0.0.7", &["203.0.113.5, 10.0.0.8"], "203.0.113.5", "two proxies in a row"),
            ("10.0.0.7", &["198.51.100.1", "203.0.113.5"], "203.0.113.5", "the header twice"),
            ("10.0.0.7", &["203.0.113.5", "10.0.0.8,10.0.0.9"], "203.0.113.5", "twice, proxies in the last"),
            ("10.0.0.7", &["10.0.0.9, 10.0.0.8"], "10.0.0.9", "nobody but proxies"),
            ("10.0.0.7", &["203.0.113.5, junk"], "10.0.0.7", "what is no address hides what stands before"),
            ("10.0.0.7", &["203.0.113.5,"], "10.0.0.7", "an empty place"),
            ("10.0.0.7", &["203.0.113.5, junk, 10.0.0.8"], "10.0.0.8", "junk behind a proxy"),
            ("10.0.0.7", &["203.0.113.5:4711"], "203.0.113.5", "with a port"),
            ("10.0.0.7", &["[2001:db8::5]:4711"], "2001:db8::5", "with brackets and a port"),
            ("10.0.0.7", &["2001:db8::5"], "2001:db8::5", "the other family"),
            ("10.0.0.7", &["::ffff:203.0.113.5"], "203.0.113.5", "one family written as the other"),
            ("::ffff:10.0.0.7", &["203.0.113.5"], "203.0.113.5", "a proxy on a socket of both families"),
            ("::ffff:192.0.2.9", &["203.0.113.5"], "192.0.2.9", "a stranger on such a socket"),
            ("2001:db8:1:2::3", &["203.0.113.5"], "203.0.113.5", "a proxy of IPv6"),
            ("2001:db8:2::3", &["203.0.113.5"], "2001:db8:2::3", "a stranger of IPv6"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            // The other headers that proxies know are nobody's word.
            headers.append("forwarded", HeaderValue::from_static("for=198.51.100.77"));
            headers.append("x-real-ip", HeaderValue::from_static("198.51.100.77"));
            let found = proxies(&ours).client(peer.parse().unwrap(), &headers);
            assert_eq!(found.to_string(), client, "{what}");
            let nobody = Proxies::default().client(peer.parse().unwrap(), &headers);
            assert_eq!(
                nobody,
                peer.parse::<std::net::IpAddr>().unwrap().to_canonical(),
                "{what}, unbelieved"
            );
        }
    }

    #[test]
    fn networks_hold_what_they_say() {
        for (network, inside, outside) in [
            ("10.1.2.3", "10.1.2.3", "10.1.2.2"),
            ("10.1.2.3/24", "10.1.2.255", "10.1.3.0"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
            ("::1", "::1", "::2"),
            ("2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"),
            ("::ffff:10.1.2.0/120", "10.1.2.9", "10.1.3.9"),
        ] {
            let proxies = proxies(&[network]);
            assert!(proxies.hold(inside.parse().unwrap()), "{network} holds {inside}");
            assert!(!proxies.hold(outside.parse().unwrap()), "{network} does not hold {outside}");
        }
        for bad in
            ["", "x", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "::ffff:10.0.0.0/90"]
        {
            assert_eq!(bad.parse::<Network>(), Err(NetworkError), "{bad}");
        }
    }
}
