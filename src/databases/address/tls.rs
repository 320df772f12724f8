//! Whether and how a connection is encrypted.

use std::net::IpAddr;
use std::path::PathBuf;

use super::{Address, Target};

/// Whether and how a connection is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// What was asked for; none leaves it to [`Address::tls_mode`].
    pub mode: Option<TlsMode>,
    /// The certificate of an authority that is trusted beside those that this machine trusts.
    pub root_cert: Option<PathBuf>,
    /// The client's certificate.
    pub client_cert: Option<PathBuf>,
    /// The client's key.
    pub client_key: Option<PathBuf>,
}

/// How strictly a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// If the server can; whoever is on the way may prevent it.
    Prefer,
    /// Always, with whatever certificate.
    Require,
    /// Always, with a certificate of a known authority.
    VerifyCa,
    /// Always, with a certificate of a known authority for this very host.
    VerifyFull,
}

impl TlsMode {
    /// The words for `--tls` and `sslmode`, weakest first.
    pub const NAMES: [&'static str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

    /// The mode that a word means, in PostgreSQL's or MySQL's spelling.
    pub fn find(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().replace('_', "-").as_str() {
            "disable" | "disabled" => TlsMode::Disable,
            "prefer" | "preferred" => TlsMode::Prefer,
            "require" | "required" => TlsMode::Require,
            "verify-ca" => TlsMode::VerifyCa,
            "verify-full" | "verify-identity" => TlsMode::VerifyFull,
            _ => return None,
        })
    }

    /// The mode's word.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Whether the server's certificate is looked at.
    pub fn verifies(self) -> bool {
        self >= TlsMode::VerifyCa
    }
}

impl Tls {
    /// As libpq does, for MySQL alike: whoever names the authority wants the certificate looked at.
    pub(super) fn settle(&mut self) {
        if self.root_cert.is_some() && matches!(self.mode, None | Some(TlsMode::Require)) {
            self.mode = Some(TlsMode::VerifyCa);
        }
    }
}

impl Address {
    /// The mode to connect with: what was asked for; otherwise, encryption is tried on the way to this machine and
    /// to private networks, and required on the way to anywhere else.
    pub async fn tls_mode(&self) -> TlsMode {
        if let Some(mode) = self.tls.mode {
            return mode;
        }
        let Target::Hosts(hosts) = &self.target else {
            return TlsMode::Disable;
        };
        for host in hosts {
            if !is_private(&host.name, host.port).await {
                return TlsMode::Require;
            }
        }
        TlsMode::Prefer
    }

    /// Whether every byte stays on this machine.
    pub fn is_local(&self) -> bool {
        match &self.target {
            Target::Hosts(hosts) => hosts.iter().all(|host| is_loopback(&host.name)),
            Target::Socket { .. } | Target::File(_) | Target::Memory => true,
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn is_private(host: &str, port: u16) -> bool {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return is_private_ip(ip);
    }
    if !host.trim_end_matches('.').contains('.') {
        return true;
    }
    match tokio::net::lookup_host((host, port)).await {
        Ok(mut found) => found.all(|address| is_private_ip(address.ip())),
        // Connecting will fail in the same way and say why.
        Err(_) => true,
    }
}

fn is_private_ip(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        // 100.64.0.0/10 is what carriers and overlay networks (Tailscale) give to machines of one network.
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unstated_mode_depends_on_the_way() {
        let mode = async |url: &str| Address::parse(url, &|_| None).unwrap().tls_mode().await;
        assert_eq!(mode("postgres://u@localhost/d").await, TlsMode::Prefer);
        assert_eq!(mode("postgres://u@db/d").await, TlsMode::Prefer);
        assert_eq!(mode("postgres://u@10.1.2.3/d").await, TlsMode::Prefer);
        assert_eq!(mode("postgres://u@[fd00::1]/d").await, TlsMode::Prefer);
        assert_eq!(mode("postgres://u@8.8.8.8/d").await, TlsMode::Require);
        assert_eq!(mode("mysql://u@8.8.8.8/d").await, TlsMode::Require);
        assert_eq!(mode("postgres://u@8.8.8.8/d?sslmode=disable").await, TlsMode::Disable);
        assert_eq!(mode("postgres://u@%2Ftmp/d").await, TlsMode::Disable);
    }

    #[test]
    fn a_root_certificate_raises_the_mode() {
        let mode = |url: &str| Address::parse(url, &|_| None).unwrap().tls.mode;
        assert_eq!(mode("postgres://u@h/d?sslrootcert=ca.pem"), Some(TlsMode::VerifyCa));
        assert_eq!(mode("postgres://u@h/d?sslmode=require&sslrootcert=ca.pem"), Some(TlsMode::VerifyCa));
        assert_eq!(mode("postgres://u@h/d?sslmode=verify-full&sslrootcert=ca.pem"), Some(TlsMode::VerifyFull));
        assert_eq!(mode("postgres://u@h/d?sslmode=prefer&sslrootcert=ca.pem"), Some(TlsMode::Prefer));
        assert_eq!(mode("mysql://u@h/d?ssl-ca=ca.pem"), Some(TlsMode::VerifyCa));
        assert_eq!(mode("postgres://u@h/d"), None);
    }

    #[test]
    fn every_name_is_found() {
        for name in TlsMode::NAMES {
            assert_eq!(TlsMode::find(name).map(TlsMode::name), Some(name));
        }
        assert_eq!(TlsMode::find("VERIFY_IDENTITY"), Some(TlsMode::VerifyFull));
        assert_eq!(TlsMode::find("allow"), None);
    }
}
