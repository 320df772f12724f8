//! SQLite's addresses: `sqlite://path?mode=rwc`, `sqlite:path`, `sqlite3://path`, `file:path`, `sqlite::memory:`.

use super::parameters::*;
use super::url::{decode, path, read_parameters};
use super::{Address, AddressError, Addressing, File, Lookup, Target};

pub(super) const ADDRESSING: Addressing = Addressing { default_port: 0, parameters: PARAMETERS, read, complete };

use Meaning::{Ignored, Only, Refused, Set};

const LOCKING: &str = "other programs could write at the same time unseen; leave it out";

const PARAMETERS: &[Parameter] = &[
    Parameter { names: &["mode"], meaning: Set(mode) },
    Parameter { names: &["vfs"], meaning: Set(vfs) },
    Parameter { names: &["immutable"], meaning: Only(&["0", "false"], LOCKING) },
    Parameter { names: &["nolock"], meaning: Only(&["0", "false"], LOCKING) },
    Parameter {
        names: &["_foreign_keys", "_fk", "foreign_keys"],
        meaning: Only(&["1", "on", "true", "yes"], "foreign keys are switched off only around the scripts that say so"),
    },
    Parameter {
        names: &["x-migrations-table"],
        meaning: Refused("it names golang-migrate's own table; `migrate` keeps another, named by `--table`"),
    },
    Parameter {
        names: &["x-no-tx-wrap"],
        meaning: Refused("write `-- migrate:no-transaction` into the scripts that need it"),
    },
    Parameter {
        names: &["_journal_mode", "_journal", "journal_mode"],
        meaning: Refused("the journal mode is the file's own; set it once with `PRAGMA journal_mode`"),
    },
    Parameter { names: &["_synchronous", "_sync", "synchronous"], meaning: Refused("leave it out") },
    // How other programs wait for locks; `migrate` waits by itself.
    Parameter { names: &["_busy_timeout", "_timeout", "busy_timeout", "timeout"], meaning: Ignored },
    Parameter { names: &["_txlock", "_loc", "cache", "psow", "pool", "connection_limit"], meaning: Ignored },
];

fn read(address: &mut Address, rest: &str) -> Result<(), AddressError> {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    if place.contains('#') {
        return Err(AddressError::Ambiguous { what: "it contains a `#`" });
    }
    let bare = place.strip_prefix("//").unwrap_or(place);
    // `file://localhost/path` is how RFC 8089 writes this machine.
    let bare = bare.strip_prefix("localhost/").map_or(bare.to_owned(), |path| format!("/{path}"));
    address.target = match decode(&bare)?.as_str() {
        ":memory:" | "file::memory:" => Target::Memory,
        "" => return Err(AddressError::NoFile),
        _ => {
            let path = path(without_slash_before_drive(&bare))?;
            Target::File(File { path, create: false, read_only: false, must_exist: false, vfs: None })
        }
    };
    read_parameters(address, query)
}

/// `sqlite:///C:/shop.db` means `C:/shop.db`.
fn without_slash_before_drive(path: &str) -> &str {
    match path.as_bytes() {
        [b'/', drive, b':', ..] if cfg!(windows) && drive.is_ascii_alphabetic() => &path[1..],
        _ => path,
    }
}

fn mode(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    if value == "memory" {
        reading.address.target = Target::Memory;
        return Ok(());
    }
    let Target::File(file) = &mut reading.address.target else {
        return Ok(());
    };
    match value {
        "rwc" => file.create = true,
        "rw" => file.must_exist = true,
        "ro" => (file.must_exist, file.read_only) = (true, true),
        _ => return Err("`rwc`, `rw`, `ro` or `memory`"),
    }
    Ok(())
}

fn vfs(reading: &mut Reading<'_>, value: &str) -> Result<(), &'static str> {
    if let Target::File(file) = &mut reading.address.target {
        file.vfs = Some(value.to_owned());
    }
    Ok(())
}

fn complete(address: &mut Address, _lookup: Lookup<'_>) -> Result<(), AddressError> {
    match &address.target {
        Target::Hosts(_) => match address.database_name.take() {
            // From parts: the name of the database is its file.
            Some(name) => read(address, &name.replace('%', "%25").replace('?', "%3F").replace('#', "%23")),
            None => Err(AddressError::NoFile),
        },
        _ => Ok(()),
    }
}
