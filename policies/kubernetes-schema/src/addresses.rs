//! IP addresses and ranges of them, as the API server reads them: strictly from 1.36 on, and before as Go once did, with
//! leading zeros and with bits behind the prefix.

use core::net::{IpAddr, Ipv4Addr};

/// The minor version from which addresses are read strictly.
const STRICT: u8 = 36;

/// The address, as this minor version reads it.
pub fn parse(text: &str, minor: u8) -> Option<IpAddr> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) if minor >= STRICT && address.to_ipv4_mapped().is_some() => None,
        Ok(address) => Some(address),
        Err(_) if minor >= STRICT => None,
        Err(_) => padded(text),
    }
}

/// An address with zeros in front of its numbers.
fn padded(text: &str) -> Option<IpAddr> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next().filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| IpAddr::V4(Ipv4Addr::from(octets)))
}

/// Whether it is an address.
pub fn is_ip(text: &str, minor: u8) -> bool {
    parse(text, minor).is_some()
}

/// The range: its address, and how many bits of it count.
pub fn range(text: &str, minor: u8) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/')?;
    let address = parse(address, minor)?;
    let is_number = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = bits.len() > 1 && bits.starts_with('0') && minor >= STRICT;
    let bits: u8 = bits.parse().ok().filter(|_| is_number && !is_padded)?;
    let rest = match address {
        IpAddr::V4(address) if bits <= 32 => u128::from(u32::from(address).checked_shl(bits.into()).unwrap_or(0)),
        IpAddr::V6(address) if bits <= 128 => u128::from(address).checked_shl(bits.into()).unwrap_or(0),
        _ => return None,
    };
    (rest == 0 || minor < STRICT).then_some((address, bits))
}

/// Whether it is a range.
pub fn is_cidr(text: &str, minor: u8) -> bool {
    range(text, minor).is_some()
}

/// Whether others can reach the address.
pub fn is_endpoint(text: &str, minor: u8) -> bool {
    match parse(text, minor) {
        Some(IpAddr::V4(address)) => {
            !address.is_unspecified()
                && !address.is_loopback()
                && !address.is_link_local()
                && address.octets().get(..3) != Some(&[224, 0, 0])
        }
        Some(IpAddr::V6(address)) => {
            let first = address.segments().first().copied().unwrap_or_default();
            !address.is_unspecified() && !address.is_loopback() && first & 0xffc0 != 0xfe80 && first != 0xff02
        }
        None => false,
    }
}
