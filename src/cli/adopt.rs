//! `adopt`.

use clap::Args as Arguments;
use coexist::migrator::{Verdict, Wish};
use coexist::report::Report;

use super::exit::{Exit, Failure};
use super::open::Wishes;
use super::settings::Surroundings;
use super::shared::Shared;
use super::terminal::Terminal;

/// Take over a database whose history another tool wrote
///
/// The tool's tables are read, under its own lock, and never written. Each file is compared with what was applied by the
/// tool's own checksum. It may be run again: what was taken over already stays as it is.
#[derive(Debug, Arguments)]
pub struct Args {
    /// The tool [default: the one whose tables are there]
    #[arg(long, value_name = "TOOL")]
    from: Option<String>,
    /// Show what would be taken over, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep the tool's records current from now on, so that one can go back to it
    #[arg(long, conflicts_with = "no_mirror")]
    mirror: bool,
    /// Keep them current no longer
    #[arg(long)]
    no_mirror: bool,
    /// Take edited files for those that were applied
    #[arg(long)]
    accept_edited: bool,
}

/// `migrate adopt`.
pub async fn run(args: &Args, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let wishes = Wishes { writes: !args.dry_run, needs_files: true, ..Wishes::default() };
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &wishes).await?;
    let wish = Wish {
        from: args.from.clone(),
        dry_run: args.dry_run,
        mirror: (args.mirror || args.no_mirror).then_some(args.mirror),
        accept_edited: args.accept_edited,
    };
    let adoption = migrator.adopt(&wish, &mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Adoption(&adoption));
    let half_done = adoption.records.iter().any(|(_, verdict)| matches!(verdict, Verdict::HalfDone(_)));
    Ok(match () {
        () if adoption.refused => Exit::Disagreement,
        () if half_done => Exit::HalfDone,
        () => Exit::Done,
    })
}
