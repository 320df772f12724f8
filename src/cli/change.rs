//! `up`, `down`, `redo`, `goto` and `plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use coexist::history::Detail;
use coexist::migrator::{Migrator, Proposal, Request, SavedPlan};
use coexist::plan::{Direction, Prefer, Target};
use coexist::report::Report;
use coexist::run::event::Event;
use coexist::run::{Ahead, Interrupt};

use super::exit::{Exit, Failure};
use super::open::Wishes;
use super::settings::Surroundings;
use super::shared::Shared;
use super::terminal::Terminal;

/// Apply pending migrations
///
/// Each file is one transaction together with its record, under a lock. Whatever an earlier run left half-done is
/// finished first.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Apply so many
    #[arg(value_name = "N", conflicts_with = "to", value_parser = so_many)]
    count: Option<usize>,
    /// Apply up to this version or name
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Show what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// The release that is being deployed, to go back to later
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    /// Run what `migrate plan -o` wrote down, or nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["count", "to"])]
    plan: Option<PathBuf>,
    /// Run the plan here although it was made on another database, such as a copy of this one
    #[arg(long, requires = "plan")]
    any_database: bool,
    /// Do not ask, where the plan undoes migrations
    #[arg(short = 'y', long)]
    yes: bool,
    /// Run it whatever the linter finds
    #[arg(long)]
    no_lint: bool,
    /// Begin a history where another tool has applied migrations, instead of taking that over
    #[arg(long)]
    beside: bool,
    /// What is one transaction: file, or all pending migrations together
    #[arg(long, value_name = "file|all")]
    transaction: Option<String>,
}

/// Undo migrations, the last one unless told otherwise
///
/// `--to` takes a version or a migration's name, and undoes everything applied after it; or a tag or a release, and undoes
/// everything that was not applied then. Down scripts come from the folder, or from the history when the folder has none;
/// where both have one and they differ, `--use` says which is run.
#[derive(Debug, Args)]
pub struct DownArgs {
    /// Undo so many [default: 1]
    #[arg(value_name = "N", conflicts_with_all = ["to", "all"], value_parser = so_many)]
    count: Option<usize>,
    /// Go back to this version, name, tag or release
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    to: Option<String>,
    /// Undo everything
    #[arg(long)]
    all: bool,
    /// Show what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short = 'y', long)]
    yes: bool,
    #[command(flatten)]
    way_back: WayBack,
}

/// Which down scripts are run.
#[derive(Clone, Copy, Debug, Args)]
struct WayBack {
    /// Where the folder's down script is not the stored one, which to run; without it, nothing is undone then
    #[arg(long = "use", value_name = "WHICH")]
    which: Option<Which>,
}

/// Where a down script comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// The folder's
    File,
    /// What was stored when the migration was applied
    Stored,
}

impl WayBack {
    fn prefer(self) -> Prefer {
        match self.which {
            None => Prefer::Either,
            Some(Which::File) => Prefer::File,
            Some(Which::Stored) => Prefer::Stored,
        }
    }
}

/// Undo the last migration and apply it again
#[derive(Debug, Args)]
pub struct RedoArgs {
    /// So many
    #[arg(value_name = "N", default_value_t = 1, value_parser = so_many)]
    count: usize,
    /// Show what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short = 'y', long)]
    yes: bool,
    #[command(flatten)]
    way_back: WayBack,
    /// Run it whatever the linter finds
    #[arg(long)]
    no_lint: bool,
}

/// Go to a version or name, whichever direction leads there
#[derive(Debug, Args)]
pub struct GotoArgs {
    /// The version, name, tag or release
    name: String,
    /// Show what would be run, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short = 'y', long)]
    yes: bool,
    #[command(flatten)]
    way_back: WayBack,
    /// Run it whatever the linter finds
    #[arg(long)]
    no_lint: bool,
    /// Begin a history where another tool has applied migrations, instead of taking that over
    #[arg(long)]
    beside: bool,
}

/// Show the exact statements that a command would run, and run nothing
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PlanArgs {
    #[command(subcommand)]
    command: Option<PlanCommand>,
    /// Write the plan to this file, for `migrate up --plan`
    #[arg(short, long, value_name = "FILE", global = true)]
    output: Option<PathBuf>,
    /// Up to this version or name
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// What `migrate up` would run
    Up {
        /// So many
        #[arg(value_name = "N", value_parser = so_many)]
        count: Option<usize>,
        /// Up to this version or name
        #[arg(long, value_name = "NAME", conflicts_with = "count")]
        to: Option<String>,
    },
    /// What `migrate down` would run
    Down {
        /// So many [default: 1]
        #[arg(value_name = "N", value_parser = so_many)]
        count: Option<usize>,
        /// Back to this version, name, tag or release
        #[arg(long, value_name = "NAME", conflicts_with = "count")]
        to: Option<String>,
        /// Everything
        #[arg(long, conflicts_with_all = ["count", "to"])]
        all: bool,
        #[command(flatten)]
        way_back: WayBack,
    },
}

/// `migrate up`.
pub async fn up(args: &UpArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut saved = args.plan.as_deref().map(read_plan).transpose()?;
    match &mut saved {
        Some(plan) if args.any_database => plan.database = None,
        Some(SavedPlan { database: None, .. }) => {
            let message = "the plan does not say which database it was made on, so that it is run on any";
            terminal.event(&Event::Warning { message });
        }
        _ => {}
    }
    let undoes = saved.as_ref().is_some_and(SavedPlan::undoes);
    let wishes = Wishes {
        writes: !args.dry_run,
        creates: true,
        runs: !args.dry_run,
        needs_files: true,
        ahead: if args.dry_run || undoes { Ahead::History(Detail::Deciding) } else { Ahead::Lock },
        release: args.release.clone(),
        transaction: args.transaction.clone(),
        no_lint: args.no_lint,
        beside: args.beside,
    };
    let (migrator, interrupt) = Surroundings::read(shared)?.migrator(terminal, &wishes).await?;
    let request = match saved {
        Some(plan) => Request::Plan(plan),
        None => Request::Up(target(args.count, args.to.as_ref(), Target::All)),
    };
    if args.dry_run {
        return proposed(&migrator, &request, terminal).await;
    }
    if undoes {
        return agreed(&migrator, &request, args.yes, interrupt, terminal).await;
    }
    carry_out(&migrator, &request, None, interrupt, terminal).await
}

/// `migrate down`.
pub async fn down(args: &DownArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let target = if args.all { Target::All } else { target(args.count, args.to.as_ref(), Target::Count(1)) };
    let request = Request::Down(target, args.way_back.prefer());
    let wishes = Wishes { writes: !args.dry_run, ..files() };
    let (migrator, interrupt) = Surroundings::read(shared)?.migrator(terminal, &wishes).await?;
    if args.dry_run {
        return proposed(&migrator, &request, terminal).await;
    }
    agreed(&migrator, &request, args.yes, interrupt, terminal).await
}

/// `migrate redo`.
pub async fn redo(args: &RedoArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let request = Request::Redo(args.count, args.way_back.prefer());
    let wishes = Wishes { writes: !args.dry_run, no_lint: args.no_lint, ..files() };
    let (migrator, interrupt) = Surroundings::read(shared)?.migrator(terminal, &wishes).await?;
    if args.dry_run {
        return proposed(&migrator, &request, terminal).await;
    }
    agreed(&migrator, &request, args.yes, interrupt, terminal).await
}

/// `migrate goto`.
pub async fn goto(args: &GotoArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let request = Request::Goto(args.name.clone(), args.way_back.prefer());
    let wishes = Wishes { writes: !args.dry_run, creates: true, no_lint: args.no_lint, beside: args.beside, ..files() };
    let (migrator, interrupt) = Surroundings::read(shared)?.migrator(terminal, &wishes).await?;
    if args.dry_run {
        return proposed(&migrator, &request, terminal).await;
    }
    agreed(&migrator, &request, args.yes, interrupt, terminal).await
}

/// `migrate plan`.
pub async fn plan(args: &PlanArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let request = match &args.command {
        None => Request::Up(target(None, args.to.as_ref(), Target::All)),
        Some(PlanCommand::Up { count, to }) => Request::Up(target(*count, to.as_ref(), Target::All)),
        Some(PlanCommand::Down { all: true, way_back, .. }) => Request::Down(Target::All, way_back.prefer()),
        Some(PlanCommand::Down { count, to, way_back, .. }) => {
            Request::Down(target(*count, to.as_ref(), Target::Count(1)), way_back.prefer())
        }
    };
    let wishes = Wishes { writes: false, runs: false, ..files() };
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &wishes).await?;
    let proposal = migrator.propose(&request, &mut |event| terminal.event(event)).await?;
    if let Some(path) = &args.output {
        let saved = serde_json::to_string_pretty(&SavedPlan::of(&proposal));
        let written = saved.map_err(std::io::Error::from).and_then(|text| std::fs::write(path, text + "\n"));
        written.map_err(|error| Failure::unwritten(path, &error))?;
    }
    terminal.report(&Report::Proposal(&proposal));
    Ok(Exit::Done)
}

/// Of those that first look at what there is to do.
fn files() -> Wishes {
    let ahead = Ahead::History(Detail::Deciding);
    Wishes { writes: true, runs: true, needs_files: true, ahead, ..Wishes::default() }
}

/// How many a word means. A version would be a great many, and nearly always all there are.
fn so_many(word: &str) -> Result<usize, String> {
    let is_version = word.len() > 6 || (word.len() > 1 && word.starts_with('0'));
    match word.parse() {
        Ok(count) if !is_version => Ok(count),
        Ok(_) => Err(format!("it is how many; a version is given with `--to {word}`")),
        Err(_) if word.starts_with('-') => Err("it is no number".to_owned()),
        Err(_) => Err(format!("it is no number; a name is given with `--to {word}`")),
    }
}

fn target(count: Option<usize>, to: Option<&String>, otherwise: Target) -> Target {
    match (count, to) {
        (Some(count), _) => Target::Count(count),
        (None, Some(name)) => Target::To(name.clone()),
        (None, None) => otherwise,
    }
}

fn read_plan(path: &std::path::Path) -> Result<SavedPlan, Failure> {
    let wrong = |error: String| {
        let hint = "write one with `migrate plan -o FILE`".to_owned();
        Failure::usage(format!("cannot read the plan `{}`: {error}", path.display()), Some(hint))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// Shows what would be run.
async fn proposed(migrator: &Migrator, request: &Request, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let proposal = migrator.propose(request, &mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Proposal(&proposal));
    Ok(Exit::Done)
}

/// Shows what would be lost, asks, and carries out exactly what was shown.
async fn agreed(
    migrator: &Migrator,
    request: &Request,
    yes: bool,
    interrupt: Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let proposal = migrator.propose(request, &mut |event| terminal.event(event)).await?;
    if proposal.direction == Direction::Up {
        return carry_out(migrator, request, None, interrupt, terminal).await;
    }
    let seen = SavedPlan::of(&proposal);
    if proposal.approved.steps().is_empty() {
        return carry_out(migrator, request, Some(&seen), interrupt, terminal).await;
    }
    if !(yes && terminal.is_quiet()) {
        terminal.preview(&Report::Proposal(&proposal));
    }
    if !yes {
        let question = question(&proposal);
        if !terminal.can_ask() {
            return Err(Failure::usage(
                "this undoes migrations, and there is nobody to ask",
                Some("say `--yes` if that is meant".to_owned()),
            ));
        }
        if !terminal.ask(&question) {
            return Err(Failure::usage("nothing was run", None));
        }
    }
    carry_out(migrator, request, Some(&seen), interrupt, terminal).await
}

fn question(proposal: &Proposal) -> String {
    let steps = proposal.approved.steps();
    let losses: usize = steps.iter().map(|prepared| prepared.losses().len()).sum();
    let undone = steps.iter().filter(|prepared| prepared.step.direction == Direction::Down).count();
    let migrations = if undone == 1 { "1 migration".to_owned() } else { format!("{undone} migrations") };
    match losses {
        0 => format!("undo {migrations}?"),
        1 => format!("undo {migrations}, losing data in one statement?"),
        _ => format!("undo {migrations}, losing data in {losses} statements?"),
    }
}

async fn carry_out(
    migrator: &Migrator,
    request: &Request,
    seen: Option<&SavedPlan>,
    interrupt: Interrupt,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let stopped = super::aside::stop_signal();
    tokio::spawn(async move {
        stopped.await;
        interrupt.request();
    });
    let outcome = migrator.carry_out(request, seen, &mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Outcome(&outcome));
    Ok(Exit::Done)
}
