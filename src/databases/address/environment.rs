//! Variables that the databases' own tools use.

use super::{Address, AddressError, Lookup, read_secret};
use crate::databases::Secret;

/// The variable, unless it is empty.
pub(super) fn variable(lookup: Lookup<'_>, name: &str) -> Option<String> {
    lookup(name).filter(|value| !value.is_empty())
}

/// The secret in the variable, or in the file that the variable with `_FILE` behind its name names.
pub(super) fn secret(lookup: Lookup<'_>, name: &str) -> Result<Option<Secret>, AddressError> {
    if let Some(value) = variable(lookup, name) {
        return Ok(Some(Secret::new(value)));
    }
    match variable(lookup, &format!("{name}_FILE")) {
        Some(path) => read_secret(path.as_ref()).map(Some),
        None => Ok(None),
    }
}

/// Fills in the password from the first of these variables that is set.
pub(super) fn fill_password(address: &mut Address, lookup: Lookup<'_>, names: &[&str]) -> Result<(), AddressError> {
    for name in names {
        if address.password.is_none() {
            address.password = secret(lookup, name)?;
        }
    }
    Ok(())
}

/// The login at the machine, which is the login at the database unless something else is said.
pub(super) fn system_user(lookup: Lookup<'_>) -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| variable(lookup, name))
}

/// The login of this process as the operating system knows it, whatever the variables say.
pub(super) fn process_user() -> Option<String> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        let id = std::fs::metadata("/proc/self").ok()?.uid().to_string();
        let users = std::fs::read_to_string("/etc/passwd").ok()?;
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == id).then(|| name.to_owned())
        })
    }
    #[cfg(not(target_os = "linux"))]
    None
}
