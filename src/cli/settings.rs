//! What was typed, together with environment and configuration: what it means.

use std::path::{Path, PathBuf};
use std::time::Duration;

use coexist::adopt;
use coexist::config::{Config, Folders, LintConfig};
use coexist::databases::Limits;
use coexist::layouts::{self, Folder, Layout, Options, Source};
use coexist::plan::{Policy, Tolerance};
use coexist::run::{Scope, Settings};

use super::duration;
use super::environment::Environment;
use super::exit::Failure;
use super::shared::Shared;

/// Everything a command needs to know of its surroundings.
pub struct Surroundings {
    pub(super) environment: Environment,
    pub(super) config: Config,
    pub(super) shared: Shared,
}

impl Surroundings {
    /// Reads environment and configuration.
    pub fn read(shared: &Shared) -> Result<Self, Failure> {
        let environment = Environment::read();
        let given = shared.config.clone().or_else(|| environment.get("MIGRATE_CONFIG").map(PathBuf::from));
        let path = given.clone().unwrap_or_else(|| PathBuf::from("migrate.toml"));
        let config = match std::fs::read_to_string(&path) {
            Ok(text) => Config::read(&text, &path).map_err(|error| Failure::usage(error.to_string(), error.hint))?,
            Err(error) if given.is_none() && error.kind() == std::io::ErrorKind::NotFound => Config::default(),
            Err(error) => return Err(Failure::usage(format!("cannot read `{}`: {error}", path.display()), None)),
        };
        Ok(Surroundings { environment, config, shared: shared.clone() })
    }

    /// The configuration's `[lint]`.
    pub(super) fn lint(&self) -> &LintConfig {
        &self.config.lint
    }

    /// The file and the line where the configuration says what these keys name, as an error begins; nothing when it does
    /// not.
    pub(super) fn place_of<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> String {
        self.config.place_of(keys).map(|place| format!("{place}: ")).unwrap_or_default()
    }

    /// What a variable of the environment says.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name)
    }

    pub(super) fn get(&self, flag: Option<&String>, variable: &str, config: Option<&String>) -> Option<String> {
        flag.cloned().or_else(|| self.environment.get(variable)).or_else(|| config.cloned())
    }

    /// What was said about one of the settings, and where, as an error begins: on the command line, by the environment, or in
    /// the configuration. The flag is called as the last of the configuration's keys is.
    fn said(
        &self,
        flag: Option<&String>,
        variable: &str,
        config: Option<&String>,
        keys: &[&str],
    ) -> Option<(String, String)> {
        let name = keys.last().copied().unwrap_or_default();
        if let Some(word) = flag {
            return Some((word.clone(), format!("--{}", name.replace('_', "-"))));
        }
        if let Some(word) = self.environment.get(variable) {
            return Some((word, variable.to_owned()));
        }
        config.map(|word| (word.clone(), format!("{}{name}", self.place_of(keys.iter().copied()))))
    }

    fn time(
        &self,
        flag: Option<&String>,
        variable: &str,
        config: Option<&String>,
        name: &str,
    ) -> Result<Option<Option<Duration>>, Failure> {
        let Some((word, place)) = self.said(flag, variable, config, &["run", name]) else { return Ok(None) };
        duration::parse(&word).map(Some).map_err(|message| Failure::usage(format!("{place}: {message}"), None))
    }

    /// Lets a command wait for the server for so long where nobody has said for how long.
    pub fn wait_unless_told(&mut self, time: &str) {
        if self.get(self.shared.wait.as_ref(), "MIGRATE_WAIT", None).is_none() {
            self.shared.wait = Some(time.to_owned());
        }
    }

    /// The folders of migrations.
    pub fn folders(&self) -> Vec<PathBuf> {
        if !self.shared.dir.is_empty() {
            return self.shared.dir.clone();
        }
        if let Some(dir) = self.environment.get("MIGRATE_DIR") {
            return vec![dir.into()];
        }
        match &self.config.dir {
            Some(Folders::One(dir)) => vec![dir.into()],
            Some(Folders::Many(dirs)) => dirs.iter().map(PathBuf::from).collect(),
            None => vec!["migrations".into()],
        }
    }

    /// The layout that was asked for, if one was.
    pub fn layout(&self) -> Result<Option<&'static dyn Layout>, Failure> {
        let said = self.said(self.shared.layout.as_ref(), "MIGRATE_LAYOUT", self.config.layout.as_ref(), &["layout"]);
        let Some((name, place)) = said else { return Ok(None) };
        match layouts::find(&name) {
            Some(layout) => Ok(Some(layout)),
            None => {
                let known: Vec<&str> = layouts::ALL.iter().map(|layout| layout.name()).collect();
                Err(Failure::usage(
                    format!("{place}: `{name}` is no layout"),
                    Some(format!("known are {}", known.join(", "))),
                ))
            }
        }
    }

    /// The placeholders' values and how folders are read.
    pub fn options(&self) -> Result<Options, Failure> {
        let mut options = Options {
            recursive: self.shared.recursive || self.config.recursive.unwrap_or(false),
            placeholders: self.config.placeholders,
            variables: self.config.variables.clone(),
            environment: self.environment.all(),
            now: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string(),
            database: self.database_name(),
            shared_versions: false,
        };
        for (name, value) in &mut options.variables {
            if let Some(nearer) = self.environment.get(name) {
                *value = nearer;
            }
        }
        for pair in &self.shared.var {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(Failure::usage(
                    format!("`--var {pair}` has no value"),
                    Some("write `--var NAME=VALUE`".to_owned()),
                ));
            };
            options.variables.insert(name.to_owned(), value.to_owned());
        }
        Ok(options)
    }

    /// The folders of migrations, listed.
    pub fn open(&self) -> Result<Vec<Folder>, Failure> {
        if self.folders().is_empty() {
            let hint = "name one, or leave the line away: then it is `migrations`".to_owned();
            return Err(Failure::usage("`dir` in migrate.toml names no folder", Some(hint)));
        }
        self.folders().iter().map(|root| self.open_one(root)).collect()
    }

    /// A folder, listed.
    pub fn open_one(&self, root: &Path) -> Result<Folder, Failure> {
        Folder::open(root, self.options()?.recursive).map_err(|error| {
            let hint = "name the folder with `--dir`, or write the first migration with `migrate new NAME`".to_owned();
            Failure::usage(error.to_string(), (!root.exists()).then_some(hint))
        })
    }

    /// The migrations of these folders.
    pub fn read_folders(&self, folders: &[Folder]) -> Result<Source, Failure> {
        let read = layouts::read_folders(folders, self.layout()?, &self.options()?);
        read.map_err(|error| Failure::usage(error.to_string(), None))
    }

    /// The same for the linter, which has a finding for versions that are used twice.
    pub fn read_to_lint(&self, folders: &[Folder]) -> Result<Source, Failure> {
        let options = Options { shared_versions: true, ..self.options()? };
        let read = layouts::read_folders(folders, self.layout()?, &options);
        read.map_err(|error| Failure::usage(error.to_string(), None))
    }

    /// The migrations of a folder as it was, in the layout that it has now.
    pub fn read_as(&self, was: &Folder, now: &Folder) -> Result<Source, Failure> {
        let wrong = |error: layouts::Error| Failure::usage(error.to_string(), None);
        let layout = match self.layout()? {
            Some(layout) => layout,
            None => layouts::detect(now).map_err(wrong)?,
        };
        let options = Options { shared_versions: true, ..self.options()? };
        layouts::read_folders(std::slice::from_ref(was), Some(layout), &options).map_err(wrong)
    }

    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        let (shared, run) = (&self.shared, &self.config.run);
        let usual = Settings::default();
        let wait = |limit: Option<Option<Duration>>, usual: Duration| match limit {
            Some(Some(limit)) => limit,
            Some(None) => Duration::from_secs(u64::from(u32::MAX)),
            None => usual,
        };
        let lock_timeout =
            self.time(shared.lock_timeout.as_ref(), "MIGRATE_LOCK_TIMEOUT", run.lock_timeout.as_ref(), "lock_timeout")?;
        let statement_timeout = self.time(
            shared.statement_timeout.as_ref(),
            "MIGRATE_STATEMENT_TIMEOUT",
            run.statement_timeout.as_ref(),
            "statement_timeout",
        )?;
        let lock_wait =
            self.time(shared.lock_wait.as_ref(), "MIGRATE_LOCK_WAIT", run.lock_wait.as_ref(), "lock_wait")?;
        let retry_for =
            self.time(shared.retry_for.as_ref(), "MIGRATE_RETRY_FOR", run.retry_for.as_ref(), "retry_for")?;
        let start = self.time(shared.wait.as_ref(), "MIGRATE_WAIT", None, "wait")?;
        let mirror = self.said(None, "MIGRATE_MIRROR", self.config.history.mirror.as_ref(), &["history", "mirror"]);
        let unknown = |name: &str| name != "off" && adopt::find(name).is_none();
        if let Some((name, place)) = mirror.as_ref().filter(|(name, _)| unknown(name)) {
            let known: Vec<&str> = adopt::ALL.iter().map(|tool| tool.name()).collect();
            let hint = format!("known are off, {}", known.join(", "));
            let message = format!("{place}: `{name}` is no tool whose records can be kept");
            return Err(Failure::usage(message, Some(hint)));
        }
        Ok(Settings {
            mirror: mirror.map(|(name, _)| name),
            lock_wait: wait(lock_wait, usual.lock_wait),
            limits: Limits {
                lock: lock_timeout.unwrap_or(usual.limits.lock),
                statement: statement_timeout.unwrap_or(usual.limits.statement),
            },
            retry_for: wait(retry_for, usual.retry_for),
            wait: wait(start, usual.wait),
            create_schema: self.shared.create_schema || self.config.history.create_schema.unwrap_or(false),
            ..usual
        })
    }

    pub(super) fn policy(&self) -> Result<Policy, Failure> {
        let run = &self.config.run;
        let choose = |said: Option<(String, String)>, words: [&str; 3]| {
            let Some((word, place)) = said else { return Ok(None) };
            let tolerances = [Tolerance::Refuse, Tolerance::WhenHarmless, Tolerance::Allow];
            match words.iter().position(|known| *known == word) {
                Some(at) => Ok(Some(tolerances[at])),
                None => Err(Failure::usage(format!("{place}: `{word}` is none of {}", words.join(", ")), None)),
            }
        };
        let usual = Policy::default();
        let out_of_order = self.said(None, "MIGRATE_OUT_OF_ORDER", run.out_of_order.as_ref(), &["run", "out_of_order"]);
        let ahead = self.said(None, "MIGRATE_AHEAD", run.ahead.as_ref(), &["run", "ahead"]);
        Ok(Policy {
            out_of_order: choose(out_of_order, ["error", "independent", "allow"])?.unwrap_or(usual.out_of_order),
            ahead: choose(ahead, ["refuse", "compatible", "allow"])?.unwrap_or(usual.ahead),
            ..usual
        })
    }

    pub(super) fn scope(&self, flag: Option<&String>) -> Result<Scope, Failure> {
        let config = self.config.run.transaction.as_ref();
        match self.said(flag, "MIGRATE_TRANSACTION", config, &["run", "transaction"]) {
            None => Ok(Scope::File),
            Some((word, _)) if word == "file" => Ok(Scope::File),
            Some((word, _)) if word == "all" => Ok(Scope::All),
            Some((word, place)) => Err(Failure::usage(format!("{place}: `{word}` is neither file nor all"), None)),
        }
    }
}
