//! Which addresses may be connected to: a pure function over the registries of special-purpose addresses.
//!
//! Sources: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates), RFC 1918 (private),
//! RFC 6598 (carriers' shared space), RFC 4193 (unique local), RFC 6052 and 8215 (NAT64), RFC 3056 (6to4),
//! RFC 4380 (Teredo), and the addresses at which clouds answer with credentials. Invariant 12: what is not known to
//! be public is not public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a fetch may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Public addresses only.
    Public,
    /// The machine itself and its networks too: for a host that the user's configuration names.
    Private,
}

/// What an address is that is not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    /// This machine.
    Loopback,
    /// A private network.
    Private,
    /// A carrier's shared space.
    Shared,
    /// The local link.
    LinkLocal,
    /// Where a cloud hands out credentials.
    Metadata,
    /// Many receivers, or all.
    Multicast,
    /// Another address in disguise: mapped, translated or tunnelled.
    Translated,
    /// Not assigned to hosts: unspecified, documentation, benchmarks, the future.
    Reserved,
}

impl Special {
    /// As a person calls it, behind "is".
    fn words(self) -> &'static str {
        match self {
            Self::Loopback => "this machine",
            Self::Private => "a private address",
            Self::Shared => "an address of a carrier's own network",
            Self::LinkLocal => "an address of the local link",
            Self::Metadata => "a cloud's metadata service",
            Self::Multicast => "a multicast or broadcast address",
            Self::Translated => "another address in disguise",
            Self::Reserved => "a reserved address",
        }
    }

    /// Whether a user may name a host that leads there. Metadata and the local link stay closed to everybody.
    fn may_be_named(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::Shared)
    }
}

/// An address that is not connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("networkBlocked: {host} leads to {address}, which is {}{}", special.words(), cure(*special))]
pub(super) struct Blocked {
    /// The host as the URL names it.
    pub(super) host: String,
    /// Where it leads.
    pub(super) address: IpAddr,
    /// What that is.
    pub(super) special: Special,
}

fn cure(special: Special) -> &'static str {
    if special.may_be_named() {
        ". The user can name the host in `webfetch.allow` of their own configuration"
    } else {
        ""
    }
}

/// Fails when `address` may not be connected to.
pub(super) fn check(host: &str, address: IpAddr, reach: Reach) -> Result<(), Blocked> {
    match special(address) {
        Some(special) if reach == Reach::Public || !special.may_be_named() => {
            Err(Blocked { host: host.to_owned(), address, special })
        }
        _ => Ok(()),
    }
}

/// What `address` is; `None` for a public one.
fn special(address: IpAddr) -> Option<Special> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<Special> {
    match address.octets() {
        // Alibaba's, Azure's and Oracle's; the usual one (169.254.169.254) lies in the local link.
        [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] | [169, 254, 169, 254] => {
            Some(Special::Metadata)
        }
        [127, ..] => Some(Special::Loopback),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(Special::Private),
        [100, 64..=127, ..] => Some(Special::Shared),
        [169, 254, ..] => Some(Special::LinkLocal),
        [224..=239, ..] | [255, 255, 255, 255] => Some(Special::Multicast),
        // 6to4's relays.
        [192, 88, 99, _] => Some(Special::Translated),
        [0 | 240..=255, ..]
        | [192, 0, 0 | 2, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Some(Special::Reserved),
        _ => None,
    }
}

fn special_v6(address: Ipv6Addr) -> Option<Special> {
    match address.segments() {
        // Amazon's and Google's.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => {
            Some(Special::Metadata)
        }
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Special::Loopback),
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Special::Reserved),
        // Mapped, compatible and translated IPv4, NAT64 (both prefixes), Teredo, 6to4.
        [0, 0, 0, 0, ..] | [0x64, 0xff9b, ..] | [0x2001, 0, ..] | [0x2002, ..] => Some(Special::Translated),
        [0xfc00..=0xfdff, ..] => Some(Special::Private),
        [0xfe80..=0xfebf, ..] => Some(Special::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Special::Multicast),
        // Protocol assignments and documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Special::Reserved),
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Special::Reserved),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(address: &str) -> Option<Special> {
        special(address.parse().unwrap())
    }

    #[test]
    fn both_ends_of_each_range_are_what_the_registry_says_and_their_neighbours_are_not() {
        for (range, kind) in [
            ("0.0.0.0 0.255.255.255 - 1.0.0.0", Special::Reserved),
            ("10.0.0.0 10.255.255.255 9.255.255.255 11.0.0.0", Special::Private),
            ("100.64.0.0 100.127.255.255 100.63.255.255 100.128.0.0", Special::Shared),
            ("127.0.0.0 127.255.255.255 126.255.255.255 128.0.0.0", Special::Loopback),
            ("169.254.0.0 169.254.255.255 169.253.255.255 169.255.0.0", Special::LinkLocal),
            ("169.254.169.254 169.254.169.254 - -", Special::Metadata),
            ("100.100.100.200 100.100.100.200 - -", Special::Metadata),
            ("168.63.129.16 168.63.129.16 168.63.129.15 168.63.129.17", Special::Metadata),
            ("172.16.0.0 172.31.255.255 172.15.255.255 172.32.0.0", Special::Private),
            ("192.0.2.0 192.0.2.255 192.0.1.255 192.0.3.0", Special::Reserved),
            ("192.88.99.0 192.88.99.255 192.88.98.255 192.88.100.0", Special::Translated),
            ("192.168.0.0 192.168.255.255 192.167.255.255 192.169.0.0", Special::Private),
            ("198.18.0.0 198.19.255.255 198.17.255.255 198.20.0.0", Special::Reserved),
            ("224.0.0.0 239.255.255.255 223.255.255.255 -", Special::Multicast),
            ("240.0.0.0 255.255.255.254 - -", Special::Reserved),
            ("255.255.255.255 255.255.255.255 - -", Special::Multicast),
            ("::1 ::1 - -", Special::Loopback),
            ("::ffff:0:0 ::ffff:ffff:ffff - -", Special::Translated),
            ("::2 ::ffff:ffff - -", Special::Translated),
            ("64:ff9b::808:808 64:ff9b:1:: - -", Special::Translated),
            ("2001:: 2001:0:ffff:ffff:: - 2001:200::", Special::Translated),
            ("2001:1:: 2001:1ff:ffff:: - 2001:200::", Special::Reserved),
            ("2001:db8:: 2001:db8:ffff:: 2001:db7:: 2001:db9::", Special::Reserved),
            ("2002:: 2002:ffff:: - 2003::", Special::Translated),
            ("3fff:: 3fff:fff:: 3ffe:: 3fff:1000::", Special::Reserved),
            ("fc00:: fdff:ffff:: - -", Special::Private),
            ("fd00:ec2::254 fd00:ec2::254 - -", Special::Metadata),
            ("fe80:: febf:ffff:: - -", Special::LinkLocal),
            ("ff00:: ffff:ffff:: - -", Special::Multicast),
            ("4000:: fbff:: - -", Special::Reserved),
        ] {
            let ends: Vec<&str> = range.split(' ').collect();
            assert_eq!([of(ends[0]), of(ends[1])], [Some(kind); 2], "{range}");
            for outside in ends[2..].iter().filter(|end| **end != "-") {
                assert_ne!(of(outside), Some(kind), "{outside}");
            }
        }
    }

    #[test]
    fn a_named_host_may_be_private_but_never_metadata_or_the_local_link() {
        let private = |address: &str| check("h", address.parse().unwrap(), Reach::Private).is_ok();
        assert!(
            ["127.0.0.1", "::1", "10.0.0.1", "100.64.0.1", "fd12::1", "8.8.8.8"]
                .map(private)
                .iter()
                .all(|ok| *ok)
        );
        let closed =
            ["169.254.169.254", "169.254.0.1", "fe80::1", "fd00:ec2::254", "100.100.100.200", "0.0.0.0"];
        assert!(closed.map(private).iter().all(|ok| !ok));
        let told = check("h", "10.0.0.1".parse().unwrap(), Reach::Public).unwrap_err().to_string();
        assert!(
            told.starts_with("networkBlocked: h leads to 10.0.0.1") && told.contains("webfetch.allow"),
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn an_address_in_disguise_is_never_public(inner in any::<u32>()) {
            let [a, b, c, d] = inner.to_be_bytes().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            for disguise in [
                [0, 0, 0, 0, 0, 0xffff, high, low],
                [0, 0, 0, 0, 0, 0, high, low],
                [0, 0, 0, 0, 0xffff, 0, high, low],
                [0x64, 0xff9b, 0, 0, 0, 0, high, low],
                [0x64, 0xff9b, 1, 0, 0, 0, high, low],
                [0x2001, 0, 0, 0, 0, 0, !high, !low],
                [0x2002, high, low, 0, 0, 0, 0, 1],
            ] {
                prop_assert!(special(IpAddr::V6(disguise.into())).is_some());
            }
        }

        #[test]
        fn whatever_the_standard_library_knows_as_special_is_special(address in any::<u32>()) {
            let address = Ipv4Addr::from(address);
            let known = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_documentation()
                || address.is_unspecified();
            prop_assert!(!known || special_v4(address).is_some());
        }
    }
}
