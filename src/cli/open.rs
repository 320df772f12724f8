//! How a command comes to its migrator: folders are read while the database is reached.

use std::mem::ManuallyDrop;
use std::path::Path;

use coexist::databases::HistoryTable;
use coexist::layouts::{Source, Weight};
use coexist::migrator::{Checks, Migrator};
use coexist::plan::Policy;
use coexist::run::{Ahead, Begun, Connector, Interrupt, Scope};

use super::exit::Failure;
use super::settings::Surroundings;
use super::terminal::Terminal;

/// What a command wants of its migrator.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Whether it writes to the database.
    pub writes: bool,
    /// Whether it may create a SQLite file: where it could only find nothing there, a missing one is a mistyped one.
    pub creates: bool,
    /// Whether it runs migrations.
    pub runs: bool,
    /// Whether it reads the folder.
    pub needs_files: bool,
    /// What is done meanwhile.
    pub ahead: Ahead,
    /// Whether a history may begin where another tool has one.
    pub beside: bool,
    /// The release that is being deployed.
    pub release: Option<String>,
    /// Whether nothing that the linter finds stops a run.
    pub no_lint: bool,
    /// `--transaction`.
    pub transaction: Option<String>,
}

impl Surroundings {
    /// A migrator over these surroundings, and what stops it cleanly. It connects while the folders are read. The process ends
    /// with its command, so that taking thousands of migrations apart first would be work for nobody.
    pub async fn migrator(
        self,
        terminal: &mut Terminal,
        wishes: &Wishes,
    ) -> Result<(ManuallyDrop<Migrator>, Interrupt), Failure> {
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
        let address = match (wishes.writes, wishes.creates) {
            (true, true) => address.for_writing(),
            (true, false) => address.for_writing().existing(),
            (false, _) => address.for_reading(),
        };
        let table = self.get(self.shared.table.as_ref(), "MIGRATE_TABLE", self.config.history.table.as_ref());
        let schema = self.get(self.shared.schema.as_ref(), "MIGRATE_SCHEMA", self.config.history.schema.as_ref());
        if table.as_deref().is_some_and(|table| table.trim().is_empty()) {
            return Err(Failure::usage(
                "the history's table has no name",
                Some("leave `--table` away, or give it one".to_owned()),
            ));
        }
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

    fn over(
        &self,
        connector: Connector,
        source: Source,
        wishes: &Wishes,
    ) -> Result<(ManuallyDrop<Migrator>, Interrupt), Failure> {
        let interrupt = connector.interrupt.clone();
        let mut settings = self.settings()?;
        settings.release.clone_from(&wishes.release);
        settings.beside = wishes.beside;
        settings.scope = self.scope(wishes.transaction.as_ref())?;
        let policy = Policy { one_transaction: settings.scope == Scope::All, ..self.policy()? };
        let no_lint =
            || self.environment.get("MIGRATE_NO_LINT").is_some_and(|word| !["0", "false"].contains(&word.as_str()));
        let threshold = if wishes.no_lint || no_lint() { None } else { self.fail_on(None)? };
        let checks = Checks { settings: self.lint_settings(connector.database.name())?, threshold };
        let migrator = Migrator::new(connector, source.migrations, policy, settings).with_checks(checks);
        Ok((ManuallyDrop::new(migrator), interrupt))
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

/// What a layout could not read as SQL must not be passed over by those who run the rest.
fn refuse_gaps(source: &Source) -> Result<(), Failure> {
    let Some(remark) = source.remarks.iter().find(|remark| remark.weight == Weight::Incomplete) else { return Ok(()) };
    let message = format!("{}:{}: {}", remark.path.display(), remark.line, remark.message);
    let hint = "what is missing would leave a gap; write it as SQL, or apply it with the tool that knows it and take it over with `migrate baseline VERSION`";
    Err(Failure::usage(message, Some(hint.to_owned())))
}

/// A few letters that tell this run from others.
fn run_id() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    let digest = coexist::migration::Checksum::of_bytes(format!("{now}:{}", std::process::id()).as_bytes());
    format!("{digest:.12}")
}
