//! The addresses of this computer that a phone of the same network can name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use super::error::LanError;

/// The address to listen at, or all private ones where that is "everywhere": home networks first.
pub fn of_this_computer(listen: IpAddr) -> Result<Vec<IpAddr>, LanError> {
    if !listen.is_unspecified() {
        return if is_private(listen) {
            Ok(vec![listen])
        } else {
            Err(LanError::Public { address: listen })
        };
    }
    let found = if_addrs::get_if_addrs().map_err(|source| LanError::Addresses { source })?;
    let found = found.into_iter().map(|interface| interface.ip());
    let mut found: Vec<IpAddr> = found
        .filter(|ip| ip.is_ipv4() == listen.is_ipv4() && !ip.is_loopback() && is_private(*ip))
        .filter(|ip| !needs_zone(*ip))
        .collect();
    let usual = outward(listen);
    found.sort_by_key(|&ip| (Some(ip) != usual, rank(ip), ip));
    found.dedup();
    if found.is_empty() {
        return Err(LanError::NoNetwork);
    }
    Ok(found)
}

/// Whether packets to it do not leave the network: the blocks of RFC 1918, 3927, 4193, 4291 and 6598, and
/// this computer itself.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_link_local() || v4.is_loopback() || is_shared(v4)
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}

/// RFC 6598, which virtual private networks use too.
fn is_shared(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    a == 100 && b & 0xc0 == 64
}

/// The address that packets to the internet have: that of the network to which the phones belong, too. Nothing
/// is sent to learn it.
fn outward(listen: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((listen, 0)).ok()?;
    // For documentation only (RFC 5737, RFC 3849), so routed like any other.
    let far: IpAddr = match listen {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    socket.connect((far, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// Whether the address means something only together with an interface, which no other computer can name.
fn needs_zone(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// Where the way out does not tell: virtual machines and containers are mostly in 172.16 and up, and addresses that
/// nobody gave out work last.
fn rank(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) if v4.octets()[0] == 192 => 0,
        IpAddr::V4(v4) if v4.octets()[0] == 10 => 1,
        IpAddr::V4(v4) if v4.is_link_local() => 4,
        IpAddr::V4(v4) if is_shared(v4) => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_told_from_public_ones() {
        for private in [
            "192.168.0.5",
            "10.1.2.3",
            "172.31.0.1",
            "169.254.9.9",
            "100.64.0.1",
            "127.0.0.2",
            "fd00::1",
            "fe80::1",
            "::1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2001:db8::1",
            "0.0.0.0",
        ] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_address_that_is_named_is_the_only_one() {
        let own: IpAddr = "127.0.0.2".parse().unwrap();
        assert_eq!(of_this_computer(own).unwrap(), [own]);
        let public = of_this_computer("8.8.8.8".parse().unwrap());
        assert!(matches!(public, Err(LanError::Public { .. })));
    }
}
