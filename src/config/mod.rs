//! `migrate.toml`: what a project always wants. Unknown keys are errors, with the nearest key that is known.

mod lint;
mod place;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

pub use lint::{LintConfig, LintConfigError, ServerConfig, TablesConfig, threshold, word};
pub use place::Source;

/// A configuration file.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder, or folders, of migrations.
    pub dir: Option<Folders>,
    /// How the folders are laid out.
    pub layout: Option<String>,
    /// The database whose SQL this is, for commands that do not connect.
    pub dialect: Option<String>,
    /// Whether layouts that keep all files in one folder look into its subfolders, too.
    pub recursive: Option<bool>,
    /// Whether `${name}` in scripts is a placeholder; without it, what the layout's tool does.
    pub placeholders: Option<bool>,
    /// The values of placeholders.
    pub variables: BTreeMap<String, String>,
    /// Where the history is kept.
    pub history: HistoryConfig,
    /// How migrations are run.
    pub run: RunConfig,
    /// What the linter is told.
    pub lint: LintConfig,
    /// The databases, by the name that `--env` takes.
    pub env: BTreeMap<String, EnvironmentConfig>,
    /// What it was read from.
    #[serde(skip)]
    pub source: Source,
}

/// One folder, or several.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Folders {
    /// One.
    One(String),
    /// Several, read as one set of migrations.
    Many(Vec<String>),
}

/// `[history]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryConfig {
    /// The table's name.
    pub table: Option<String>,
    /// The schema it is in.
    pub schema: Option<String>,
    /// Whether that schema may be created.
    pub create_schema: Option<bool>,
    /// The tool whose records are kept current beside ours, or `off`; otherwise what `adopt` said last.
    pub mirror: Option<String>,
}

/// `[run]`; times are written `300ms`, `10m` or `none`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct RunConfig {
    /// `file` or `all`.
    pub transaction: Option<String>,
    /// For migrate's own lock.
    pub lock_wait: Option<String>,
    /// For each attempt of a statement.
    pub lock_timeout: Option<String>,
    /// How long to go on trying for locks.
    pub retry_for: Option<String>,
    /// For each statement.
    pub statement_timeout: Option<String>,
    /// `error`, `independent` or `allow`.
    pub out_of_order: Option<String>,
    /// `refuse`, `compatible` or `allow`.
    pub ahead: Option<String>,
}

/// `[env.NAME]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentConfig {
    /// The database's URL; `${NAME}` stands for an environment variable.
    pub url: Option<String>,
}

/// The configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// What is wrong and where.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

impl Config {
    /// The configuration that a text holds; `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// When it is no TOML, or has a key that means nothing.
    pub fn read(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let source = Source::new(file, text);
        let read: Result<Config, toml::de::Error> = toml::from_str(text);
        read.map(|config| Config { source: source.clone(), ..config }).map_err(|error| {
            let message = error.message().to_owned();
            let file = error.span().map_or_else(|| file.display().to_string(), |span| source.line(span.start));
            ConfigError {
                hint: nearest(&message),
                file,
                message: message.lines().next().unwrap_or_default().to_owned(),
            }
        })
    }
}

impl Config {
    /// The file and the line where it says what these keys name, each inside the one before it.
    pub fn place_of<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> Option<String> {
        self.source.place_of(keys)
    }
}

/// The known key that is nearest to the unknown one which a message of serde's names.
fn nearest(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (unknown, rest) = rest.split_once('`')?;
    let known = rest.split('`').skip(1).step_by(2);
    let score = |key: &&str| similar::TextDiff::from_chars(unknown, *key).ratio();
    let best = known.max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(&best) > 0.5).then(|| format!("did you mean `{best}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_errors_with_the_nearest_known_one() {
        let error = Config::read("dir = \"m\"\n[run]\nlock_timout = \"1s\"\n", Path::new("migrate.toml")).unwrap_err();
        assert_eq!(error.file, "migrate.toml:3");
        assert_eq!(error.hint.as_deref(), Some("did you mean `lock_timeout`?"));
    }

    #[test]
    fn a_tool_may_be_named_whose_records_are_kept_current() {
        let config = Config::read("[history]\nmirror = \"sqlx\"", Path::new("m")).unwrap();
        assert_eq!(config.history.mirror.as_deref(), Some("sqlx"));
    }

    #[test]
    fn folders_may_be_one_or_many() {
        let config = Config::read("dir = [\"core\", \"billing\"]", Path::new("m")).unwrap();
        assert_eq!(config.dir, Some(Folders::Many(vec!["core".to_owned(), "billing".to_owned()])));
    }
}
