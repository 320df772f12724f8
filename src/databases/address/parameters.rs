//! What may stand after the `?` of an address.

use std::path::PathBuf;
use std::time::Duration;

use super::{Address, AddressError, Target, TlsMode};
use crate::databases::Secret;

/// One parameter of an address.
pub(super) struct Parameter {
    /// Its names, the usual one first; capitals, `-` and `_` make no difference.
    pub names: &'static [&'static str],
    /// What it does.
    pub meaning: Meaning,
}

/// What a parameter does.
pub(super) enum Meaning {
    /// Sets something; fails with what the value must be.
    Set(fn(&mut Reading<'_>, &str) -> Result<(), &'static str>),
    /// Means nothing here and harms nothing: a setting of another program's pool or driver.
    Ignored,
    /// May only have one of these values, which all mean what we do anyway.
    Only(&'static [&'static str], &'static str),
    /// Would change what the program promises; says the way out.
    Refused(&'static str),
}

/// An address whose parameters are being read.
pub(super) struct Reading<'a> {
    pub address: &'a mut Address,
    host: Option<String>,
    port: Option<String>,
}

impl Parameter {
    pub(super) fn is_called(&self, name: &str) -> bool {
        let same = |known: &&&str| {
            let (a, b) = (known.bytes(), name.bytes());
            a.map(canonical).eq(b.map(canonical))
        };
        self.names.iter().any(|known| same(&known))
    }

    pub(super) fn is_ignored(&self) -> bool {
        matches!(self.meaning, Meaning::Ignored)
    }

    pub(super) fn apply(&self, reading: &mut Reading<'_>, value: &str) -> Result<(), AddressError> {
        let name = self.names[0];
        match &self.meaning {
            Meaning::Set(set) => set(reading, value).map_err(|expected| AddressError::Value { name, expected }),
            Meaning::Ignored => Ok(()),
            Meaning::Only(values, instead) => match values.iter().any(|known| known.eq_ignore_ascii_case(value)) {
                true => Ok(()),
                false => Err(AddressError::Unsupported { name, instead }),
            },
            Meaning::Refused(instead) => Err(AddressError::Unsupported { name, instead }),
        }
    }
}

fn canonical(byte: u8) -> u8 {
    if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() }
}

impl<'a> Reading<'a> {
    pub(super) fn new(address: &'a mut Address) -> Self {
        Reading { address, host: None, port: None }
    }

    /// Host and port may stand in any order, and apart from each other.
    pub(super) fn finish(self) -> Result<(), AddressError> {
        let Reading { address, host, port } = self;
        match (host, port) {
            (None, None) => Ok(()),
            (Some(host), port) => address.set_hosts(&host, port.as_deref().unwrap_or("")),
            (None, Some(port)) => {
                let hosts = match &address.target {
                    Target::Hosts(hosts) if !hosts.is_empty() => {
                        hosts.iter().map(|host| host.name.clone()).collect::<Vec<_>>().join(",")
                    }
                    Target::Socket { path, .. } => path.to_string_lossy().into_owned(),
                    _ => return Err(AddressError::Host),
                };
                address.set_hosts(&hosts, &port)
            }
        }
    }
}

/// The known name nearest to this one, if one is near.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n &'static str>) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let scored = known.map(|known| (strsim::damerau_levenshtein(&name, &known.to_ascii_lowercase()), *known));
    scored.min().filter(|(distance, known)| *distance <= 1 + known.len() / 4).map(|(_, known)| known)
}

/// A sentence for settings that belong to scripts or flags.
pub(super) const SET_IN_SCRIPT: &str = "set it in the script that needs it";

pub(super) fn host(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.host = Some(value.to_owned());
    Ok(())
}

pub(super) fn port(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.port = Some(value.to_owned());
    Ok(())
}

pub(super) fn user(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.user = Some(value.to_owned());
    Ok(())
}

pub(super) fn password(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.password = Some(Secret::new(value));
    Ok(())
}

pub(super) fn database_name(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.database_name = Some(value.to_owned());
    Ok(())
}

pub(super) fn application(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.application = Some(value.to_owned());
    Ok(())
}

/// `connect_timeout` in seconds; 0 has no end.
pub(super) fn connect_timeout(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.connect_timeout = seconds(value)?;
    Ok(())
}

/// Seconds as libpq writes them; 0, and negative numbers, have no end.
pub(super) fn seconds(value: &str) -> Result<Option<Duration>, &'static str> {
    let seconds: i64 = value.trim().parse().map_err(|_| "a number of seconds")?;
    Ok(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs))
}

pub(super) const TLS_MODES: &str = "`disable`, `prefer`, `require`, `verify-ca` or `verify-full`";

pub(super) fn tls_mode(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    if value.eq_ignore_ascii_case("allow") {
        return Err("`prefer` or stricter: `allow` would never encrypt");
    }
    reading.address.tls.mode = Some(TlsMode::find(value).ok_or(TLS_MODES)?);
    Ok(())
}

/// `ssl=true` and its kin, as programs other than the database's own write it.
pub(super) fn tls_switch(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    let asked = match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "skip-verify" | "" => TlsMode::Require,
        "false" | "0" => TlsMode::Disable,
        "preferred" => TlsMode::Prefer,
        _ => return Err("`true`, `false`, `preferred` or `skip-verify`"),
    };
    // Beside `sslmode`, which says it better, only the stricter of the two counts.
    let mode = &mut reading.address.tls.mode;
    *mode = (*mode).max(Some(asked));
    Ok(())
}

pub(super) fn root_cert(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    let tls = &mut reading.address.tls;
    if value == "system" {
        // libpq's word for the machine's own list; it then insists on the strictest check.
        tls.mode = Some(TlsMode::VerifyFull);
    } else {
        tls.root_cert = Some(PathBuf::from(value));
    }
    Ok(())
}

pub(super) fn client_cert(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.tls.client_cert = Some(PathBuf::from(value));
    Ok(())
}

pub(super) fn client_key(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    reading.address.tls.client_key = Some(PathBuf::from(value));
    Ok(())
}
