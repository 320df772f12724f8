//! `[lint]`: what a project says to the linter.

use std::collections::BTreeMap;

use glob::Pattern;
use serde::Deserialize;

use crate::lint::{Level, Naming, Selector, Settings, Severity, Tables};

/// `[lint]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct LintConfig {
    /// The lightest finding that fails the check: `error`, `warning`, `info` or `none`.
    pub fail_on: Option<String>,
    /// The branch or commit whose migrations are deployed.
    pub since: Option<String>,
    /// The last version about which nothing is said.
    pub start_after: Option<String>,
    /// A file of findings that are known.
    pub baseline: Option<String>,
    /// The oldest version in production, by database.
    pub server: ServerConfig,
    /// `error`, `warning`, `info`, `on` or `off` for rules, categories or `all`.
    pub rules: BTreeMap<String, String>,
    /// The same for the files that a pattern matches.
    pub paths: BTreeMap<String, BTreeMap<String, String>>,
    /// What names must look like: a regular expression for each kind of object.
    pub naming: BTreeMap<String, String>,
    /// The tool that changes tables of MySQL online: `gh-ost`, `pt-osc` or `vitess`.
    pub osc: Option<String>,
    /// What files do not tell about tables.
    pub tables: TablesConfig,
}

/// `[lint] server`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// PostgreSQL's.
    pub postgres: Option<String>,
    /// MySQL's.
    pub mysql: Option<String>,
    /// MariaDB's.
    pub mariadb: Option<String>,
    /// SQLite's.
    pub sqlite: Option<String>,
}

/// `[lint.tables]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct TablesConfig {
    /// With so many rows that whatever reads or writes them all takes long.
    pub large: Vec<String>,
    /// With so few rows that it does not matter.
    pub small: Vec<String>,
    /// In use at every moment.
    pub hot: Vec<String>,
}

/// `[lint]` says something that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct LintConfigError {
    /// Where, in words.
    pub key: String,
    /// The keys that lead there in the configuration, each inside the one before it; none when it was said elsewhere.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

impl LintConfig {
    /// What the linter is told for a database of this name.
    ///
    /// # Errors
    ///
    /// When a rule, a level, a pattern or a version is none.
    pub fn settings(&self, database: &str) -> Result<Settings, LintConfigError> {
        let version = match database {
            "postgres" => &self.server.postgres,
            "mysql" => &self.server.mysql,
            "mariadb" => &self.server.mariadb,
            _ => &self.server.sqlite,
        };
        let server = version.as_deref().map(str::parse).transpose();
        let patterns = self.naming.iter().map(|(kind, pattern)| (kind.as_str(), pattern.as_str()));
        let osc = self.osc.as_deref().map(str::parse).transpose();
        let mut settings = Settings {
            osc: osc.map_err(|error: String| wrong("[lint] osc", error).at(&["osc"]))?,
            naming: Naming::read(patterns).map_err(|error| wrong("[lint.naming]", error).at(&["naming"]))?,
            server: server
                .map_err(|error| wrong(&format!("[lint] server.{database}"), error).at(&["server", database]))?,
            tables: Tables {
                large: self.tables.large.clone(),
                small: self.tables.small.clone(),
                hot: self.tables.hot.clone(),
            },
            ..Settings::default()
        };
        settings.say(&words("[lint.rules]", &["rules"], &self.rules)?);
        for (pattern, rules) in &self.paths {
            let key = format!("[lint.paths.\"{pattern}\"]");
            let words = words(&key, &["paths", pattern], rules)?;
            let no_pattern = |error: glob::PatternError| wrong(&key, error.msg).at(&["paths", pattern]);
            settings.paths.push((Pattern::new(pattern).map_err(no_pattern)?, words));
        }
        Ok(settings)
    }
}

fn words(
    key: &str,
    path: &[&str],
    rules: &BTreeMap<String, String>,
) -> Result<Vec<(Selector, Level)>, LintConfigError> {
    let word = |(name, level): (&String, &String)| {
        word(key, name, level).map_err(|error| error.at(&[path, &[name.as_str()]].concat()))
    };
    rules.iter().map(word).collect()
}

/// What `NAME = "LEVEL"` says; `key` is what errors call the place.
///
/// # Errors
///
/// When there is no such rule or level.
pub fn word(key: &str, name: &str, level: &str) -> Result<(Selector, Level), LintConfigError> {
    let selector = name.parse::<Selector>().map_err(|unknown| LintConfigError {
        key: key.to_owned(),
        path: Vec::new(),
        message: unknown.to_string(),
        hint: Some(match unknown.nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "`migrate rules` lists them".to_owned(),
        }),
    })?;
    let level = level.parse().map_err(|message: String| wrong(&format!("{key} {name}"), message))?;
    Ok((selector, level))
}

/// The lightest finding that fails the check; none for `none`.
///
/// # Errors
///
/// When the word is no threshold.
pub fn threshold(word: &str) -> Result<Option<Severity>, String> {
    match word.parse() {
        Ok(Level::At(severity)) => Ok(Some(severity)),
        _ if word == "none" => Ok(None),
        _ => Err(format!("`{word}` is none of error, warning, info and none")),
    }
}

fn wrong(key: &str, message: impl ToString) -> LintConfigError {
    LintConfigError { key: key.to_owned(), path: Vec::new(), message: message.to_string(), hint: None }
}

impl LintConfigError {
    /// The same error, in `[lint]` at these keys.
    fn at(self, keys: &[&str]) -> Self {
        let path = std::iter::once("lint").chain(keys.iter().copied()).map(str::to_owned);
        LintConfigError { path: path.collect(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    fn settings(text: &str) -> Result<Settings, LintConfigError> {
        Config::read(text, Path::new("migrate.toml")).unwrap().lint.settings("postgres")
    }

    #[test]
    fn everything_is_understood() {
        let settings = settings(
            "[lint]\nserver = { postgres = \"14\" }\n[lint.rules]\ndrop-column = \"warning\"\nstyle = \"off\"\n\
             [lint.paths.\"old/**\"]\nall = \"off\"\n[lint.tables]\nhot = [\"users\"]\n",
        );
        let settings = settings.unwrap();
        assert_eq!(settings.server, Some("14".parse().unwrap()));
        assert_eq!(settings.levels["drop-column"], Level::At(Severity::Warning));
        assert_eq!(settings.paths.len(), 1);
        assert_eq!(settings.tables.hot, ["users"]);
    }

    #[test]
    fn what_means_nothing_is_an_error_with_its_place() {
        let error = settings("[lint.rules]\ndrop-colum = \"off\"").unwrap_err();
        assert_eq!(error.to_string(), "[lint.rules]: there is no rule `drop-colum`");
        assert_eq!(error.hint.as_deref(), Some("did you mean `drop-column`?"));
        assert_eq!(error.path, ["lint", "rules", "drop-colum"]);
        let error = settings("[lint.paths.\"a/**\"]\ndrop-column = \"fatal\"").unwrap_err();
        assert!(error.to_string().starts_with("[lint.paths.\"a/**\"] drop-column: `fatal` is no level"), "{error}");
        assert!(settings("[lint]\nserver = { postgres = \"new\" }").unwrap_err().key.contains("server.postgres"));
        assert!(settings("[lint.paths.\"a***\"]\nall = \"off\"").is_err());
    }
}
