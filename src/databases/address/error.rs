//! What can be wrong with an address, in words that never repeat it.

use std::path::PathBuf;

/// An address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither a URL nor a product.
    #[error("no database is named")]
    NoDatabase,
    /// A URL without a character.
    #[error("the address is empty")]
    Empty,
    /// The URL's scheme, or `--dialect`, is none we know.
    #[error("the address does not begin with a database that `migrate` knows: {known}")]
    UnknownDatabase {
        /// The ways an address may begin.
        known: String,
        /// The file that it looks like.
        file: Option<String>,
    },
    /// The URL can be read in more than one way, mostly because a password is not percent-encoded.
    #[error("the address is ambiguous: {what}")]
    Ambiguous {
        /// Which character stands where it should not.
        what: &'static str,
    },
    /// A control character or NUL.
    #[error("the address contains a control character")]
    ControlCharacter,
    /// `%` without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("the address contains a `%` that is not followed by the two hexadecimal digits of a character")]
    PercentEncoding,
    /// A host that cannot be one.
    #[error("the address names no usable host")]
    Host,
    /// A port that cannot be one.
    #[error("the port in the address is not a number from 1 to 65535")]
    Port,
    /// Several hosts, and neither one port nor one for each.
    #[error("the address needs one port for all hosts, or one for each")]
    Ports,
    /// `--host` and `--socket`.
    #[error("`--host` and `--socket` exclude each other")]
    HostAndSocket,
    /// A flag about servers with a database in a file.
    #[error("`{flag}` means nothing for a database in a file")]
    NotForFiles {
        /// The flag.
        flag: &'static str,
    },
    /// No file is named.
    #[error("the address names no file")]
    NoFile,
    /// A parameter that we do not know.
    #[error("unknown parameter {name} in the address")]
    UnknownParameter {
        /// Its name in backquotes, if it can be shown.
        name: String,
        /// The nearest name that we know.
        nearest: Option<&'static str>,
    },
    /// A parameter that stands twice.
    #[error("the parameter `{name}` stands twice in the address")]
    Repeated {
        /// Its name.
        name: &'static str,
    },
    /// A value that a parameter cannot have.
    #[error("the parameter `{name}` of the address must be {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// A parameter that we know and cannot do.
    #[error("the parameter `{name}` of the address is not supported: {instead}")]
    Unsupported {
        /// The parameter.
        name: &'static str,
        /// The way out.
        instead: &'static str,
    },
    /// A variable with a value it cannot have.
    #[error("the variable `{name}` must be {expected}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// A variable that we know and cannot do.
    #[error("the variable `{name}` is set but not supported: {instead}")]
    UnsupportedVariable {
        /// The variable.
        name: &'static str,
        /// The way out.
        instead: &'static str,
    },
    /// A file that should hold a secret.
    #[error("cannot read the secret in `{}`: {reason}", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("a client certificate and its key must be given together")]
    HalfClientCertificate,
}

impl AddressError {
    /// The next step, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            AddressError::NoDatabase | AddressError::Empty => Some(
                "give `--database-url URL`, set MIGRATE_DATABASE_URL or DATABASE_URL, or give `--dialect` with `--host` and its kin".to_owned(),
            ),
            AddressError::Ambiguous { .. } | AddressError::PercentEncoding => Some(
                "percent-encode `/ ? # @ : %` in user names and passwords (`@` is `%40`), or give the password with `--password-file`"
                    .to_owned(),
            ),
            AddressError::UnknownDatabase { file: Some(file), .. } => Some(format!("for an SQLite file write `sqlite:{file}`")),
            AddressError::UnknownParameter { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            _ => None,
        }
    }
}
