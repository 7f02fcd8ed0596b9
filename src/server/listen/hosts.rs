//! The names under which the server may be called. A page elsewhere that has its own name lead here must
//! not be able to call it through somebody's browser.

use std::net::IpAddr;

/// The host of a `Host` header or an address, without its port; none when it is no host.
pub(super) fn host_of(text: &str) -> Option<&str> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port_fits = rest.is_empty() || rest.strip_prefix(':')?.parse::<u16>().is_ok();
    let is_host = !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/\\?#@[]".contains(&b));
    (is_host && port_fits).then_some(host)
}

/// Whether a host is one of ours: this computer, the address that the connection came in on, the host of the
/// public address, or one that was named.
pub(super) fn is_ours(host: &str, came_in_on: IpAddr, public: &str, named: &[String]) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        let address = address.to_canonical();
        if address.is_loopback() || address == came_in_on.to_canonical() {
            return true;
        }
    }
    let same = |name: &str| plain(host).eq_ignore_ascii_case(plain(name));
    same("localhost") || same(public) || named.iter().any(|name| same(name))
}

/// A name with the dot of the root is the same one.
fn plain(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{host_of, is_ours};

    #[test]
    fn only_our_own_names_are_answered() {
        let named = ["backend.internal".to_owned()];
        let ours = |value: &str| {
            host_of(value)
                .is_some_and(|host| is_ours(host, "10.0.0.5".parse().unwrap(), "CARD.EXAMPLE.COM", &named))
        };
        for good in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:8080",
            "[::ffff:127.0.0.1]:80",
            "localhost",
            "LocalHost:8080",
            "localhost.",
            "card.example.com",
            "Card.Example.COM:443",
            "card.example.com.",
            "backend.internal:8080",
            "10.0.0.5:8080",
        ] {
            assert!(ours(good), "{good:?}");
        }
        for bad in [
            "",
            ":80",
            "evil.example",
            "card.example.com.evil.example",
            "evil.card.example.com",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "10.0.0.6",
            "[::]",
            "::1",
            "[::1",
            "[::1]x",
            "[::1]:",
            "card.example.com:x",
            "card.example.com:99999",
            "card.example.com:443:443",
            "card.example.com/",
            "a@card.example.com",
            "card.example.com b",
            "card.example.com..",
            "2130706433",
            "0x7f.1",
        ] {
            assert!(!ours(bad), "{bad:?}");
        }
    }
}
