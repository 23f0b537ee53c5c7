//! Sets of addresses and of ports, as ranges of numbers: only so does `0.0.0.0/1` beside `128.0.0.0/1` show as everybody.
//!
//! The module must not know who writes policies, nor what they allow.

use core::net::Ipv6Addr;

use sdk::prelude::*;

/// Numbers, as ranges of which both ends are part of.
#[derive(Clone, Default)]
pub struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    /// Adds what lies between two numbers.
    pub fn add(&mut self, first: u128, last: u128) {
        if first <= last {
            self.0.push((first, last));
        }
    }

    /// Adds what is in the others.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// Takes out what lies between two numbers.
    fn remove(&mut self, first: u128, last: u128) {
        let left: Vec<(u128, u128)> = self
            .0
            .iter()
            .flat_map(|(start, end)| {
                let before = first.checked_sub(1).map(|before| (*start, before.min(*end)));
                let behind = last.checked_add(1).map(|behind| (behind.max(*start), *end));
                [before, behind].into_iter().flatten().filter(|(start, end)| start <= end).collect::<Vec<_>>()
            })
            .collect();
        self.0 = left;
    }

    /// Whether everything between two numbers is in it.
    pub fn hold(&self, first: u128, last: u128) -> bool {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let mut next = first;
        for (start, end) in sorted {
            if start > next {
                return false;
            }
            if end >= last {
                return true;
            }
            next = next.max(end + 1);
        }
        false
    }
}

/// Addresses of both families.
#[derive(Clone, Default)]
pub struct Addresses {
    v4: Ranges,
    v6: Ranges,
}

impl Addresses {
    /// Those of a block but for some others; what is no block has no addresses.
    pub fn of<'a>(block: &str, except: impl Iterator<Item = &'a str>) -> Self {
        let mut addresses = Self::default();
        let Some((is_v6, first, last)) = range(block) else { return addresses };
        let family = if is_v6 { &mut addresses.v6 } else { &mut addresses.v4 };
        family.add(first, last);
        for (other, first, last) in except.filter_map(range) {
            if other == is_v6 {
                family.remove(first, last);
            }
        }
        addresses
    }

    /// Adds the others.
    pub fn extend(&mut self, others: &Self) {
        self.v4.extend(&others.v4);
        self.v6.extend(&others.v6);
    }

    /// Whether all addresses of a family are among them.
    pub fn are_everybody(&self) -> bool {
        self.v4.hold(0, u128::from(u32::MAX)) || self.v6.hold(0, u128::MAX)
    }
}

/// The first and the last address of a block, and whether they are of version 6. Read as widely as an API server reads
/// it: leading zeros and bits behind the prefix are taken, and an IPv4 address written as IPv6 is one.
fn range(block: &str) -> Option<(bool, u128, u128)> {
    let (address, prefix) = block.trim_ascii().split_once('/')?;
    let prefix: u32 = prefix.parse().ok()?;
    let (is_v6, bits, number, prefix) = match address.parse::<Ipv6Addr>() {
        Ok(address) => match address.to_ipv4_mapped() {
            Some(mapped) if prefix >= 96 => (false, 32, u128::from(mapped.to_bits()), prefix - 96),
            _ => (true, 128, address.to_bits(), prefix),
        },
        Err(_) => (false, 32, u128::from(v4(address)?), prefix),
    };
    let free = u32::checked_sub(bits, prefix)?;
    let hosts = u128::MAX.checked_shr(128 - free).unwrap_or(0);
    Some((is_v6, number & !hosts, number | hosts))
}

fn v4(address: &str) -> Option<u32> {
    let mut number = 0_u32;
    let mut parts = 0;
    for part in address.split('.') {
        number = (number << 8) | part.parse::<u32>().ok().filter(|part| *part < 256)?;
        parts += 1;
    }
    (parts == 4).then_some(number)
}

/// Ports, by protocol.
#[derive(Clone, Default)]
pub struct Ports([Ranges; 3]);

impl Ports {
    /// Adds those from one to another, of a protocol; of all protocols if this one has no ports.
    pub fn add(&mut self, protocol: &str, first: i64, last: i64) {
        let of = match protocol {
            "TCP" | "6" => 0..1,
            "UDP" | "17" => 1..2,
            "SCTP" | "132" => 2..3,
            _ => 0..3,
        };
        let (Ok(first), Ok(last)) = (u128::try_from(first), u128::try_from(last)) else { return };
        self.0.iter_mut().skip(of.start).take(of.len()).for_each(|ports| ports.add(first, last));
    }

    /// Adds the others.
    pub fn extend(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(own, other)| own.extend(other));
    }

    /// Whether all ports of a protocol are among them.
    pub fn are_all(&self) -> bool {
        self.0.iter().any(|ports| ports.hold(1, 65_535))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everybody(blocks: &[(&str, &[&str])]) -> bool {
        let mut all = Addresses::default();
        for (block, except) in blocks {
            all.extend(&Addresses::of(block, except.iter().copied()));
        }
        all.are_everybody()
    }

    #[test]
    fn everybody_is_everybody_however_it_is_cut() {
        for blocks in [
            &[("0.0.0.0/0", &[][..])][..],
            &[("::/0", &[])],
            &[("10.1.2.3/0", &[])],
            &[("000.0.0.00/00", &[])],
            &[("::ffff:0.0.0.0/96", &[])],
            &[("0.0.0.0/1", &[]), ("128.0.0.0/1", &[])],
            &[("128.0.0.0/1", &[]), ("64.0.0.0/2", &[]), ("0.0.0.0/2", &[])],
            &[("::/1", &[]), ("8000::/1", &[])],
            &[("0.0.0.0/0", &["10.0.0.0/8"]), ("10.0.0.0/8", &[])],
            &[("0.0.0.0/0", &["10.0.0.0/8"]), ("0.0.0.0/0", &["192.168.0.0/16"])],
            &[("0.0.0.0/0", &["::/0"])],
            &[("0.0.0.0/0", &["nonsense"])],
        ] {
            assert!(everybody(blocks), "{blocks:?}");
        }
        for blocks in [
            &[("0.0.0.0/1", &[][..])][..],
            &[("0.0.0.0/1", &[]), ("128.0.0.0/2", &[])],
            &[("0.0.0.0/0", &["169.254.169.254/32"])],
            &[("::/0", &["fd00::/8"])],
            &[("0.0.0.0/0", &["10.0.0.0/8"]), ("0.0.0.0/0", &["10.1.0.0/16"])],
            &[("::/1", &[]), ("128.0.0.0/1", &[])],
            &[("::ffff:10.0.0.0/104", &[])],
            &[("0.0.0.0", &[])],
            &[("0.0.0.0/33", &[])],
            &[("0.0.0/0", &[])],
            &[("256.0.0.0/0", &[])],
            &[],
        ] {
            assert!(!everybody(blocks), "{blocks:?}");
        }
    }

    #[test]
    fn all_ports_are_all_of_one_protocol() {
        let all = |ranges: &[(&str, i64, i64)]| {
            let mut ports = Ports::default();
            ranges.iter().for_each(|(protocol, first, last)| ports.add(protocol, *first, *last));
            ports.are_all()
        };
        assert!(all(&[("TCP", 1, 65_535)]));
        assert!(all(&[("TCP", 30_000, 65_535), ("TCP", 1, 30_000)]));
        assert!(all(&[("UDP", 0, 70_000)]));
        assert!(!all(&[("TCP", 1, 30_000), ("UDP", 30_001, 65_535)]));
        assert!(!all(&[("TCP", 2, 65_535)]));
        assert!(!all(&[("TCP", 65_535, 1), ("TCP", -1, 5)]));
    }
}
