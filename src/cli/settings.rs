//! What was typed, together with environment and configuration: what it means.

use std::path::{Path, PathBuf};
use std::time::Duration;

use coexist::adopt;
use coexist::config::{Config, Folders, LintConfig};
use coexist::databases::{self, Address, Database, HistoryTable, Limits, Parts, Secret, TlsMode};
use coexist::layouts::{self, Folder, Layout, Options, Source, Weight};
use coexist::migrator::{Checks, Migrator};
use coexist::plan::{Policy, Tolerance};
use coexist::run::{Ahead, Begun, Connector, Interrupt, Scope, Settings};

use super::duration;
use super::environment::Environment;
use super::exit::Failure;
use super::shared::Shared;
use super::terminal::Terminal;

/// Everything a command needs to know of its surroundings.
pub struct Surroundings {
    environment: Environment,
    config: Config,
    shared: Shared,
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

    fn get(&self, flag: Option<&String>, variable: &str, config: Option<&String>) -> Option<String> {
        flag.cloned().or_else(|| self.environment.get(variable)).or_else(|| config.cloned())
    }

    fn time(
        &self,
        flag: Option<&String>,
        variable: &str,
        config: Option<&String>,
        name: &str,
    ) -> Result<Option<Option<Duration>>, Failure> {
        let word = self.get(flag, variable, config);
        let parsed = word.map(|word| duration::parse(&word)).transpose();
        parsed.map_err(|message| Failure::usage(format!("{name}: {message}"), None))
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
        let Some(name) = self.get(self.shared.layout.as_ref(), "MIGRATE_LAYOUT", self.config.layout.as_ref()) else {
            return Ok(None);
        };
        match layouts::find(&name) {
            Some(layout) => Ok(Some(layout)),
            None => {
                let known: Vec<&str> = layouts::ALL.iter().map(|layout| layout.name()).collect();
                Err(Failure::usage(format!("`{name}` is no layout"), Some(format!("known are {}", known.join(", ")))))
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

    /// Where the database is.
    pub fn address(&self, terminal: &mut Terminal) -> Result<Address, Failure> {
        let url = match &self.shared.env {
            Some(name) if self.shared.database_url.is_none() => Some(self.url_of(name)?),
            _ => self.shared.database_url.clone().or_else(|| self.url_of_surroundings()),
        };
        let parts = self.parts()?;
        if url.is_none() && parts.database.is_none() {
            return Err(Failure::usage(
                "no database was given",
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
    fn database_name(&self) -> Option<&'static str> {
        let dialect = self.get(self.shared.dialect.as_ref(), "MIGRATE_DIALECT", self.config.dialect.as_ref());
        let url = || {
            let of_env = || self.shared.env.as_deref().and_then(|name| self.url_of(name).ok());
            let given = self.shared.database_url.clone().or_else(of_env);
            given.or_else(|| self.url_of_surroundings())
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
        let url = || {
            let of_env = shared.env.as_deref().and_then(|name| self.url_of(name).ok());
            scheme(&of_env.or_else(|| self.url_of_surroundings())?)
        };
        let hint = || {
            let known: Vec<&str> = databases::ALL.iter().map(|database| database.name()).collect();
            Some(format!(
                "say `--dialect NAME`, or `dialect = \"NAME\"` in migrate.toml; known are {}",
                known.join(", ")
            ))
        };
        let Some(name) = said.or_else(url) else {
            return Err(Failure::usage("nothing says which database the SQL is for", hint()));
        };
        databases::find(&name).ok_or_else(|| Failure::usage(format!("`{name}` is no database"), hint()))
    }

    /// The database's URL where no flag gives one.
    fn url_of_surroundings(&self) -> Option<String> {
        self.environment
            .get("MIGRATE_DATABASE_URL")
            .or_else(|| self.in_file("MIGRATE_DATABASE_URL_FILE"))
            .or_else(|| self.environment.get("DATABASE_URL"))
            .or_else(|| self.in_file("DATABASE_URL_FILE"))
    }

    fn in_file(&self, variable: &str) -> Option<String> {
        let path = self.environment.get(variable)?;
        std::fs::read_to_string(path).ok().map(|text| text.trim_end().to_owned())
    }

    /// The URL of `[env.NAME]`, with the environment's variables in it.
    fn url_of(&self, name: &str) -> Result<String, Failure> {
        let Some(url) = self.config.env.get(name).and_then(|environment| environment.url.as_deref()) else {
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
            let Some((variable, after)) = after.split_once('}') else { break };
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
        let mirror = self.get(None, "MIGRATE_MIRROR", self.config.history.mirror.as_ref());
        if let Some(name) = mirror.as_deref().filter(|name| *name != "off" && adopt::find(name).is_none()) {
            let known: Vec<&str> = adopt::ALL.iter().map(|tool| tool.name()).collect();
            let hint = format!("known are off, {}", known.join(", "));
            return Err(Failure::usage(format!("mirror: `{name}` is no tool whose records can be kept"), Some(hint)));
        }
        Ok(Settings {
            mirror,
            lock_wait: wait(lock_wait, usual.lock_wait),
            limits: Limits {
                lock: lock_timeout.unwrap_or(usual.limits.lock),
                statement: statement_timeout.unwrap_or(usual.limits.statement),
            },
            retry_for: wait(retry_for, usual.retry_for),
            wait: wait(start, usual.wait),
            ..usual
        })
    }

    fn policy(&self) -> Result<Policy, Failure> {
        let run = &self.config.run;
        let choose = |word: Option<String>, name: &str, words: [&str; 3]| match word.as_deref() {
            None => Ok(None),
            Some(word) if word == words[0] => Ok(Some(Tolerance::Refuse)),
            Some(word) if word == words[1] => Ok(Some(Tolerance::WhenHarmless)),
            Some(word) if word == words[2] => Ok(Some(Tolerance::Allow)),
            Some(word) => Err(Failure::usage(format!("{name}: `{word}` is none of {}", words.join(", ")), None)),
        };
        let usual = Policy::default();
        let out_of_order = self.get(None, "MIGRATE_OUT_OF_ORDER", run.out_of_order.as_ref());
        let ahead = self.get(None, "MIGRATE_AHEAD", run.ahead.as_ref());
        Ok(Policy {
            out_of_order: choose(out_of_order, "out_of_order", ["error", "independent", "allow"])?
                .unwrap_or(usual.out_of_order),
            ahead: choose(ahead, "ahead", ["refuse", "compatible", "allow"])?.unwrap_or(usual.ahead),
            ..usual
        })
    }

    fn scope(&self, flag: Option<&String>) -> Result<Scope, Failure> {
        match self.get(flag, "MIGRATE_TRANSACTION", self.config.run.transaction.as_ref()).as_deref() {
            None | Some("file") => Ok(Scope::File),
            Some("all") => Ok(Scope::All),
            Some(word) => Err(Failure::usage(format!("transaction: `{word}` is neither file nor all"), None)),
        }
    }

    /// A migrator over these surroundings, and what stops it cleanly. It connects while the folders are read.
    pub async fn migrator(self, terminal: &mut Terminal, wishes: &Wishes) -> Result<(Migrator, Interrupt), Failure> {
        let connector = self.connector(terminal, wishes)?;
        if !wishes.needs_files {
            return self.over(connector, Source::default(), wishes);
        }
        let runs = wishes.runs;
        let reading = tokio::task::spawn_blocking(move || {
            let folders = self.open()?;
            let source = self.read_folders(&folders)?;
            if runs {
                refuse_gaps(&source)?;
            }
            Ok((self, folders, source))
        });
        let reading = async { reading.await.map_err(|error| Failure::usage(error.to_string(), None))? };
        let beginning = async {
            connector.begin(wishes.ahead).await;
            Ok(())
        };
        let migrator = tokio::try_join!(reading, beginning).and_then(|((surroundings, folders, source), ())| {
            terminal.source(&folders, &source);
            surroundings.over(connector.clone(), source, wishes)
        });
        if migrator.is_err() {
            connector.abandon().await;
        }
        migrator
    }

    fn connector(&self, terminal: &mut Terminal, wishes: &Wishes) -> Result<Connector, Failure> {
        let address = self.address(terminal)?;
        let address = if wishes.writes { address.for_writing() } else { address.for_reading() };
        let table = self.get(self.shared.table.as_ref(), "MIGRATE_TABLE", self.config.history.table.as_ref());
        let schema = self.get(self.shared.schema.as_ref(), "MIGRATE_SCHEMA", self.config.history.schema.as_ref());
        Ok(Connector {
            database: address.database(),
            address,
            table: HistoryTable { schema, name: table.unwrap_or_else(|| "migrate_history".to_owned()) },
            run: run_id(),
            host: self.host(),
            interrupt: Interrupt::default(),
            begun: Begun::default(),
        })
    }

    fn over(&self, connector: Connector, source: Source, wishes: &Wishes) -> Result<(Migrator, Interrupt), Failure> {
        let interrupt = connector.interrupt.clone();
        let mut settings = self.settings()?;
        settings.release.clone_from(&wishes.release);
        settings.scope = self.scope(wishes.transaction.as_ref())?;
        let policy = Policy { one_transaction: settings.scope == Scope::All, ..self.policy()? };
        let no_lint =
            || self.environment.get("MIGRATE_NO_LINT").is_some_and(|word| !["0", "false"].contains(&word.as_str()));
        let threshold = if wishes.no_lint || no_lint() { None } else { self.fail_on(None)? };
        let checks = Checks { settings: self.lint_settings(connector.database.name())?, threshold };
        Ok((Migrator::new(connector, source.migrations, policy, settings).with_checks(checks), interrupt))
    }

    /// Who we are: in a pipeline its job, otherwise user and machine.
    fn host(&self) -> String {
        let get = |name: &str| self.environment.get(name);
        let machine = get("HOSTNAME")
            .or_else(|| std::fs::read_to_string(Path::new("/etc/hostname")).ok().map(|name| name.trim().to_owned()))
            .unwrap_or_else(|| "unknown".to_owned());
        let job = [("GITHUB_RUN_ID", "github"), ("CI_JOB_ID", "gitlab"), ("BUILD_NUMBER", "jenkins")]
            .into_iter()
            .find_map(|(variable, name)| get(variable).map(|id| format!("{name}-{id}")));
        let who = job.or_else(|| get("USER")).or_else(|| get("LOGNAME")).unwrap_or_else(|| "unknown".to_owned());
        format!("{who}@{machine}").chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

/// What a command wants of its migrator.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Whether it may create a SQLite file.
    pub writes: bool,
    /// Whether it runs migrations.
    pub runs: bool,
    /// Whether it reads the folder.
    pub needs_files: bool,
    /// What is done meanwhile.
    pub ahead: Ahead,
    /// The release that is being deployed.
    pub release: Option<String>,
    /// Whether nothing that the linter finds stops a run.
    pub no_lint: bool,
    /// `--transaction`.
    pub transaction: Option<String>,
}

/// What a layout could not read as SQL must not be passed over by those who run the rest.
fn refuse_gaps(source: &Source) -> Result<(), Failure> {
    let Some(remark) = source.remarks.iter().find(|remark| remark.weight == Weight::Incomplete) else { return Ok(()) };
    let message = format!("{}:{}: {}", remark.path.display(), remark.line, remark.message);
    let hint = "what is missing would leave a gap; write it as SQL, or apply it with the tool that knows it and take it over with `migrate baseline VERSION`";
    Err(Failure::usage(message, Some(hint.to_owned())))
}

/// What a URL begins with.
fn scheme(url: &str) -> Option<String> {
    url.split_once(':').map(|(scheme, _)| scheme.to_owned())
}

/// A few letters that tell this run from others.
fn run_id() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    let digest = coexist::migration::Checksum::of_bytes(format!("{now}:{}", std::process::id()).as_bytes());
    format!("{digest:.12}")
}
