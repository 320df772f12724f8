//! The command line: only here arguments, terminals, exit codes and the environment are known.

mod address;
mod adopt;
mod alias;
mod aside;
mod change;
mod convert;
mod duration;
mod environment;
mod exit;
mod lint;
mod manual;
mod mend;
mod new;
mod open;
mod progress;
mod rules;
mod settings;
mod shared;
mod status;
mod terminal;
mod unparsed;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use exit::{Exit, Failure};
use shared::Shared;
use terminal::Terminal;

/// Database migrations that old and new application code survive together
#[derive(Debug, Parser)]
#[command(name = "migrate", version, max_term_width = 120, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  migrate new add_phone
  migrate up --database-url postgres://deploy@db.internal/shop
  migrate status
  migrate down --to v2.3

Exit codes:
    0  done, or nothing to do
    1  a migration failed
    2  usage or configuration
    3  the linter's findings
    4  migrations are pending (status --exit-code)
    5  history and files disagree
    6  half-done: a human must decide
    7  the lock was not obtained in time
    8  the database cannot be reached
  130  interrupted";

#[derive(Debug, Subcommand)]
enum Command {
    #[command(alias = "create")]
    New(new::Args),
    Up(change::UpArgs),
    Down(change::DownArgs),
    Redo(change::RedoArgs),
    Goto(change::GotoArgs),
    Status(status::StatusArgs),
    Plan(change::PlanArgs),
    Lint(lint::LintArgs),
    Rules(rules::RulesArgs),
    Explain(rules::ExplainArgs),
    Verify(status::VerifyArgs),
    Log(status::LogArgs),
    Tag(mend::TagArgs),
    Baseline(mend::BaselineArgs),
    Adopt(adopt::Args),
    Convert(convert::Args),
    Repair(mend::RepairArgs),
    Resolve(mend::ResolveArgs),
    Wait(aside::WaitArgs),
    Lock(aside::LockArgs),
    Completions(aside::CompletionsArgs),
    Man(manual::ManArgs),
    #[command(hide = true)]
    Version(status::VersionArgs),
    #[command(hide = true)]
    Force(mend::ForceArgs),
    /// What golang-migrate does to a whole database
    #[command(hide = true)]
    Drop {
        /// Do not ask
        #[arg(short)]
        force: bool,
    },
}

/// Runs the command line and returns its exit code.
pub fn main() -> ExitCode {
    let words = alias::modern(std::env::args_os());
    let cli = match Cli::command().try_get_matches_from(&words).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            unparsed::tell(&words, &error);
            return Exit::Usage.into();
        }
        Err(wanted) => {
            return match wanted.print() {
                Err(lost) if lost.kind() != std::io::ErrorKind::BrokenPipe => {
                    let failure = Failure::lost(&lost);
                    let _ = clap::Error::raw(clap::error::ErrorKind::Io, failure.message + "\n").print();
                    failure.exit.into()
                }
                _ => Exit::Done.into(),
            };
        }
    };
    let mut terminal = Terminal::new(&cli.shared);
    let ended = run(cli, &mut terminal).and_then(|exit| terminal.lost().map(|()| exit));
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.failure(&failure);
            failure.exit.into()
        }
    }
}

fn run(cli: Cli, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let shared = cli.shared;
    if let Some(format) = shared.format.as_deref()
        && format != "human"
        && coexist::report::find(format).is_none()
        && !matches!(cli.command, Command::Lint(_))
    {
        let hint = Some("its formats are text and json".to_owned());
        return Err(Failure::usage(format!("only `migrate lint` has the format `{format}`"), hint));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::usage(format!("cannot start: {error}"), None))?;
    runtime.block_on(async {
        match cli.command {
            Command::New(args) => new::run(&args, &shared, terminal),
            Command::Up(args) => change::up(&args, &shared, terminal).await,
            Command::Down(args) => change::down(&args, &shared, terminal).await,
            Command::Redo(args) => change::redo(&args, &shared, terminal).await,
            Command::Goto(args) => change::goto(&args, &shared, terminal).await,
            Command::Plan(args) => change::plan(&args, &shared, terminal).await,
            Command::Rules(args) => rules::rules(&args, &shared, terminal),
            Command::Explain(args) => rules::explain(&args, &shared, terminal),
            Command::Lint(args) => lint::run(&args, &shared, terminal),
            Command::Status(args) => status::status(&args, &shared, terminal).await,
            Command::Verify(args) => status::verify(&args, &shared, terminal).await,
            Command::Log(args) => status::log(&args, &shared, terminal).await,
            Command::Version(args) => status::version(&args, &shared, terminal).await,
            Command::Tag(args) => mend::tag(&args, &shared, terminal).await,
            Command::Baseline(args) => mend::baseline(&args, &shared, terminal).await,
            Command::Adopt(args) => adopt::run(&args, &shared, terminal).await,
            Command::Convert(args) => convert::run(&args, &shared, terminal),
            Command::Repair(args) => mend::repair(&args, &shared, terminal).await,
            Command::Resolve(args) => mend::resolve(&args, &shared, terminal).await,
            Command::Force(args) => mend::force(&args),
            Command::Drop { .. } => mend::drop(),
            Command::Wait(args) => aside::wait(&args, &shared, terminal).await,
            Command::Lock(args) => aside::lock(&args, &shared, terminal).await,
            Command::Completions(args) => aside::completions(&args, terminal),
            Command::Man(args) => manual::run(&args, terminal),
        }
    })
}

/// The whole command line, for completions and the manual.
fn command() -> clap::Command {
    Cli::command()
}
