//! Where the database is, by what was typed, by the environment and by the configuration.

use std::path::PathBuf;

use coexist::databases::{self, Address, Database, Parts, Secret, TlsMode};

use super::exit::Failure;
use super::settings::Surroundings;
use super::terminal::Terminal;

impl Surroundings {
    /// Where the database is.
    pub fn address(&self, terminal: &mut Terminal) -> Result<Address, Failure> {
        let url = match &self.shared.env {
            Some(name) if self.shared.database_url.is_none() => Some(self.url_of(name)?),
            _ => self.given_url()?,
        };
        let parts = self.parts()?;
        if url.is_none() && parts.database.is_none() {
            let message = match &self.environment.unreadable {
                None => "no database was given".to_owned(),
                Some(why) => format!("no database was given, and `.env` cannot be read: {why}"),
            };
            return Err(Failure::usage(
                message,
                Some("set MIGRATE_DATABASE_URL or DATABASE_URL, or write `--database-url sqlite://shop.db`, `postgres://user@host/name` or `mysql://user@host/name`".to_owned()),
            ));
        }
        let lookup = |name: &str| self.environment.get(name);
        let address = Address::new(url.as_deref(), &parts, &lookup).map_err(|error| {
            let hint = error.hint();
            Failure::usage(error.to_string(), hint)
        })?;
        terminal.keep_secret(address.secrets());
        Ok(address)
    }

    /// The database's name here, as far as flags, configuration or the beginning of its URL tell.
    pub(super) fn database_name(&self) -> Option<&'static str> {
        let dialect = self.get(self.shared.dialect.as_ref(), "MIGRATE_DIALECT", self.config.dialect.as_ref());
        let url = || {
            let of_env = || self.shared.env.as_deref().and_then(|name| self.url_of(name).ok());
            let given = self.shared.database_url.clone().or_else(of_env);
            given.or_else(|| self.url_of_surroundings().ok().flatten())
        };
        let name = url().and_then(|url| scheme(&url)).or(dialect)?;
        databases::find(&name).map(|database| database.name())
    }

    /// The database whose SQL the files hold: as a flag says, or else the environment and the configuration, or the beginning
    /// of a URL. Nothing is connected to.
    pub fn dialect(&self) -> Result<&'static dyn Database, Failure> {
        let shared = &self.shared;
        let said = shared.dialect.clone().or_else(|| scheme(shared.database_url.as_ref()?));
        let said = said.or_else(|| self.get(None, "MIGRATE_DIALECT", self.config.dialect.as_ref()));
        let hint = || {
            let known: Vec<&str> = databases::ALL.iter().map(|database| database.name()).collect();
            Some(format!(
                "say `--dialect NAME`, or `dialect = \"NAME\"` in migrate.toml; known are {}",
                known.join(", ")
            ))
        };
        let name = match said {
            Some(name) => Some(name),
            None => {
                let of_env = shared.env.as_deref().and_then(|name| self.url_of(name).ok());
                let url = if of_env.is_some() { of_env } else { self.url_of_surroundings()? };
                url.and_then(|url| scheme(&url))
            }
        };
        let Some(name) = name else {
            return Err(Failure::usage("nothing says which database the SQL is for", hint()));
        };
        databases::find(&name).ok_or_else(|| Failure::usage(format!("`{name}` is no database"), hint()))
    }

    /// The database's URL: as a flag says, or else the environment.
    fn given_url(&self) -> Result<Option<String>, Failure> {
        match &self.shared.database_url {
            Some(url) => Ok(Some(url.clone())),
            None => self.url_of_surroundings(),
        }
    }

    /// The database's URL where no flag gives one. A file that is named and cannot be read is no reason to take the next
    /// source: that would be another database.
    fn url_of_surroundings(&self) -> Result<Option<String>, Failure> {
        for variable in ["MIGRATE_DATABASE_URL", "DATABASE_URL"] {
            if let Some(url) = self.environment.get(variable) {
                return Ok(Some(url));
            }
            let variable = format!("{variable}_FILE");
            if let Some(path) = self.environment.get(&variable) {
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    let hint = "correct the variable, or unset it so that the address is taken from elsewhere";
                    Failure::usage(format!("cannot read `{path}` ({variable}): {error}"), Some(hint.to_owned()))
                })?;
                return Ok(Some(text.trim().to_owned()));
            }
        }
        Ok(None)
    }

    /// The URL of `[env.NAME]`, with the environment's variables in it.
    fn url_of(&self, name: &str) -> Result<String, Failure> {
        let environment = self.config.env.get(name);
        let Some(url) = environment.and_then(|environment| environment.url.as_deref()) else {
            if environment.is_some() {
                let hint = "write the database's address there, or give it with `--database-url`".to_owned();
                return Err(Failure::usage(format!("`[env.{name}]` in migrate.toml has no `url`"), Some(hint)));
            }
            let known: Vec<&str> = self.config.env.keys().map(String::as_str).collect();
            let hint = if known.is_empty() {
                "write `[env.NAME]` with `url = …` into migrate.toml".to_owned()
            } else {
                format!("known are {}", known.join(", "))
            };
            return Err(Failure::usage(format!("`{name}` is no environment of the configuration"), Some(hint)));
        };
        let mut expanded = String::new();
        let mut rest = url;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((variable, after)) = after.split_once('}') else {
                let message = format!("the `url` of `[env.{name}]` has a `${{` without its `}}`");
                let hint = "write `${NAME}` for the value of an environment variable".to_owned();
                return Err(Failure::usage(message, Some(hint)));
            };
            let Some(value) = self.environment.get(variable) else {
                return Err(Failure::usage(
                    format!("`[env.{name}]` needs the environment variable `{variable}`, which is not set"),
                    None,
                ));
            };
            expanded.push_str(before);
            expanded.push_str(&value);
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    fn parts(&self) -> Result<Parts, Failure> {
        let shared = &self.shared;
        let tls = match &shared.tls {
            Some(word) => Some(TlsMode::find(word).ok_or_else(|| {
                let hint = "write disable, prefer, require, verify-ca or verify-full";
                Failure::usage(format!("`{word}` is no TLS mode"), Some(hint.to_owned()))
            })?),
            None => None,
        };
        let password_file =
            shared.password_file.clone().or_else(|| self.environment.get("MIGRATE_PASSWORD_FILE").map(PathBuf::from));
        let file_names_a_database = shared.host.is_some() || shared.database_name.is_some() || shared.socket.is_some();
        let dialect = self.get(shared.dialect.as_ref(), "MIGRATE_DIALECT", self.config.dialect.as_ref());
        Ok(Parts {
            database: dialect.filter(|_| file_names_a_database),
            host: shared.host.clone(),
            port: shared.port,
            socket: shared.socket.clone(),
            user: shared.user.clone(),
            password: self.environment.get("MIGRATE_PASSWORD").filter(|_| password_file.is_none()).map(Secret::new),
            password_file,
            database_name: shared.database_name.clone(),
            tls,
            root_cert: shared.tls_root_cert.clone(),
            client_cert: shared.tls_cert.clone(),
            client_key: shared.tls_key.clone(),
            connect_timeout: None,
        })
    }
}

/// What a URL begins with.
fn scheme(url: &str) -> Option<String> {
    url.split_once(':').map(|(scheme, _)| scheme.to_owned())
}
