//! Reading a URL, in exactly one way or not at all.

use std::path::PathBuf;

use super::parameters::{Reading, nearest};
use super::{Address, AddressError};
use crate::databases::{self, Secret};

/// Reads a URL of any product.
pub(super) fn read(url: &str) -> Result<Address, AddressError> {
    let url = url.trim();
    if url.chars().any(char::is_control) {
        return Err(AddressError::ControlCharacter);
    }
    if url.is_empty() {
        return Err(AddressError::Empty);
    }
    let url = url.strip_prefix("jdbc:").unwrap_or(url);
    let unknown = || AddressError::UnknownDatabase { known: product_names(), file: looks_like_a_file(url) };
    let (scheme, rest) = url.split_once(':').ok_or_else(unknown)?;
    let scheme = scheme.to_ascii_lowercase();
    // `postgresql+psycopg2` names a Python driver behind the plus.
    let product = scheme.split('+').next().unwrap_or_default();
    let by_scheme = databases::ALL.iter().find(|database| database.schemes().contains(&product));
    let database = *by_scheme.ok_or_else(unknown)?;
    let mut address = Address::empty(database);
    (database.addressing().read)(&mut address, rest)?;
    Ok(address)
}

/// The path of a database in a file, where nothing else can be meant: what might hold a password is not repeated.
fn looks_like_a_file(url: &str) -> Option<String> {
    let ends = [".db", ".db3", ".sqlite", ".sqlite3"].iter().any(|end| url.ends_with(end));
    (ends && !url.contains([':', '@', '?', '#'])).then(|| url.to_owned())
}

/// How addresses begin, for messages.
pub(super) fn product_names() -> String {
    let schemes = databases::ALL.iter().filter_map(|database| database.schemes().first());
    schemes.map(|scheme| format!("`{scheme}:`")).collect::<Vec<_>>().join(", ")
}

/// Reads what follows the scheme of a server's URL: `//user:password@host:port/database?parameters`.
pub(super) fn read_server(address: &mut Address, rest: &str) -> Result<(), AddressError> {
    let ambiguous = |what| AddressError::Ambiguous { what };
    let rest = rest.strip_prefix("//").ok_or(ambiguous("`//` is missing after the scheme"))?;
    if rest.contains('#') {
        return Err(ambiguous("it contains a `#`"));
    }
    let (before, query) = rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
    let (authority, path) = before.split_once('/').map_or((before, None), |(before, path)| (before, Some(path)));
    if path.is_some_and(|path| path.contains('@')) || query.is_some_and(|query| query.contains('@')) {
        return Err(ambiguous("an `@` stands after the host's end"));
    }
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, _)) if login.contains('@') => return Err(ambiguous("it contains more than one `@`")),
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    if let Some(login) = login {
        let (user, password) = login.split_once(':').map_or((login, None), |(user, word)| (user, Some(word)));
        address.user = Some(decode(user)?).filter(|user| !user.is_empty());
        if let Some(password) = password {
            address.raw_secrets.push(Secret::new(password));
            address.password = Some(Secret::new(decode(password)?)).filter(|password| !password.is_empty());
        }
    }
    read_hosts(address, hosts)?;
    if let Some(name) = path.filter(|path| !path.is_empty()) {
        if name.contains('/') {
            return Err(ambiguous("more than one `/` stands after the host"));
        }
        address.database_name = Some(decode(name)?);
    }
    read_parameters(address, query.unwrap_or_default())
}

/// Reads `host`, `host:port`, `[::1]:port`, or several of them between commas.
pub(super) fn read_hosts(address: &mut Address, hosts: &str) -> Result<(), AddressError> {
    if hosts.is_empty() {
        return Ok(());
    }
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(inner) => {
                let (name, after) = inner.split_once(']').ok_or(AddressError::Host)?;
                match after.strip_prefix(':') {
                    None if !after.is_empty() => return Err(AddressError::Host),
                    port => (name, port.unwrap_or("")),
                }
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(decode(name)?);
        ports.push(port);
    }
    if let [only] = names.as_slice()
        && only.is_empty()
    {
        // `//:5433/db`: the port of the host that the environment or the default will name.
        return Err(AddressError::Host);
    }
    address.set_hosts(&names.join(","), &ports.join(","))
}

/// Reads what follows the `?`.
pub(super) fn read_parameters(address: &mut Address, query: &str) -> Result<(), AddressError> {
    let known = address.database.addressing().parameters;
    let mut seen = vec![false; known.len()];
    let mut reading = Reading::new(address);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        let Some(index) = known.iter().position(|parameter| parameter.is_called(&name)) else {
            return Err(unknown_parameter(&name, known.iter().flat_map(|parameter| parameter.names)));
        };
        let parameter = &known[index];
        if std::mem::replace(&mut seen[index], true) && !parameter.is_ignored() {
            return Err(AddressError::Repeated { name: parameter.names[0] });
        }
        parameter.apply(&mut reading, &decode(value)?)?;
    }
    reading.finish()
}

fn unknown_parameter<'n>(name: &str, known: impl Iterator<Item = &'n &'static str>) -> AddressError {
    // A name that does not look like one may be the rest of a password with a `?` in it.
    let plain = name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    match plain {
        true => AddressError::UnknownParameter { name: format!("`{name}`"), nearest: nearest(name, known) },
        false => {
            AddressError::UnknownParameter { name: "(not shown: it may be part of a password)".into(), nearest: None }
        }
    }
}

/// Reads a port; none is the default.
pub(super) fn port(text: &str, default: u16) -> Result<u16, AddressError> {
    match text {
        "" => Ok(default),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or(AddressError::Port)
        }
        _ => Err(AddressError::Port),
    }
}

/// Resolves `%41`.
pub(super) fn decode(text: &str) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            let digits = digits.filter(|two| two.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let value = digits.and_then(|two| u8::from_str_radix(two, 16).ok()).ok_or(AddressError::PercentEncoding)?;
            bytes.push(value);
            rest = &after[2..];
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| AddressError::PercentEncoding)?;
    match text.chars().any(|c| c == '\0') {
        true => Err(AddressError::ControlCharacter),
        false => Ok(text),
    }
}

/// A path in a URL.
pub(super) fn path(text: &str) -> Result<PathBuf, AddressError> {
    decode(text).map(PathBuf::from)
}
