//! Two certificates: an authority that can sign for private networks alone, and what it signs for this
//! computer.
//!
//! What a phone installs is the authority. By its name constraints (RFC 5280, section 4.2.1.10) it vouches for
//! no name of the internet, so that its key, if somebody stole it, would be of use in home networks only.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType,
};

use super::error::LanError;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Apple's devices take at most 825 days from authorities that their users have added ("Requirements for trusted
/// certificates in iOS 13 and macOS 10.15").
pub const SERVER_DAYS: u32 = 396;
const AUTHORITY_DAYS: u32 = 3650;

/// The networks that the authority may vouch for.
const NETWORKS: [(IpAddr, u8); 9] = [
    (IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(std::net::Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(std::net::Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 0)), 8),
    (
        IpAddr::V6(std::net::Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)),
        7,
    ),
    (
        IpAddr::V6(std::net::Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)),
        10,
    ),
];

/// A certificate and its key, in PEM.
pub struct Certified {
    pub certificate: String,
    pub key: String,
}

/// A new authority.
pub fn authority(name: &str, now: SystemTime) -> Result<Certified, LanError> {
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = authority_params(name, now)
        .self_signed(&key)
        .map_err(failed)?;
    Ok(Certified {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

/// A certificate for these addresses, signed by the authority of this name and key.
pub fn server(
    authority_name: &str,
    authority_key: &str,
    addresses: &[IpAddr],
    now: SystemTime,
) -> Result<Certified, LanError> {
    let authority_key = KeyPair::from_pem(authority_key).map_err(failed)?;
    // Only the name and the key of the signer get into what it signs.
    let issuer = Issuer::new(authority_params(authority_name, now), authority_key);
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = named("VibeluX on this computer");
    params.subject_alt_names = addresses.iter().map(|&ip| SanType::IpAddress(ip)).collect();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = ((now - DAY).into(), (now + DAY * SERVER_DAYS).into());
    let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
    Ok(Certified {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

fn authority_params(name: &str, now: SystemTime) -> CertificateParams {
    let networks = NETWORKS
        .iter()
        .map(|&(ip, prefix)| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(ip, prefix)));
    // Without a subtree of names, all names would be allowed.
    let names = std::iter::once(GeneralSubtree::DnsName("local".to_owned()));
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: networks.chain(names).collect(),
        excluded_subtrees: Vec::new(),
    });
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) =
        ((now - DAY).into(), (now + DAY * AUTHORITY_DAYS).into());
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn failed(error: rcgen::Error) -> LanError {
    LanError::Certificate {
        detail: error.to_string(),
    }
}
