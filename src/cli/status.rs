//! `status`, `verify`, `log` and golang-migrate's `version`.

use clap::Args;
use coexist::history::Detail;
use coexist::plan::Drift;
use coexist::report::Report;
use coexist::run::Ahead;

use super::exit::{Exit, Failure};
use super::open::Wishes;
use super::settings::Surroundings;
use super::shared::Shared;
use super::terminal::Terminal;

/// Show what is applied, pending, changed, missing, out of order or half-done
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Exit with 4 when migrations are pending, with 5 when files and history disagree, with 6 when one is half-done
    #[arg(long)]
    exit_code: bool,
}

/// Compare the history with the files, and show what was edited
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A head that `up` printed once: the history must still contain it
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
}

/// Show everything that ever happened
#[derive(Debug, Args)]
pub struct LogArgs {}

/// Show the newest applied version
#[derive(Debug, Args)]
pub struct VersionArgs {}

fn reading(detail: Detail) -> Wishes {
    Wishes { needs_files: true, ahead: Ahead::History(detail), ..Wishes::default() }
}

/// `migrate status`.
pub async fn status(args: &StatusArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &reading(Detail::Dated)).await?;
    let status = migrator.status(&mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Status(&status));
    let half_done = || status.drift.iter().any(|drift| matches!(drift, Drift::Unfinished { .. }));
    let disagrees = || status.drift.iter().any(|drift| !migrator.merely_waits(drift));
    Ok(match args.exit_code {
        false => Exit::Done,
        true if half_done() => Exit::HalfDone,
        true if disagrees() => Exit::Disagreement,
        true if status.pending().next().is_some() => Exit::Pending,
        true => Exit::Done,
    })
}

/// `migrate verify`.
pub async fn verify(args: &VerifyArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &reading(Detail::Deciding)).await?;
    let verification = migrator.verify(args.head.as_deref(), &mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Verification(&verification));
    let half_done = verification.drift.iter().any(|drift| matches!(drift, Drift::Unfinished { .. }));
    Ok(match verification.is_clean() {
        true => Exit::Done,
        false if half_done => Exit::HalfDone,
        false => Exit::Disagreement,
    })
}

/// `migrate log`.
pub async fn log(_: &LogArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &Wishes::default()).await?;
    let entries = migrator.log(&mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Log(&entries));
    Ok(Exit::Done)
}

/// `migrate version`.
pub async fn version(_: &VersionArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &Wishes::default()).await?;
    let newest = migrator.newest(&mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Version(newest.as_ref()));
    Ok(Exit::Done)
}
