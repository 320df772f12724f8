//! `tag`, `baseline`, `repair` and `resolve`.

use clap::{ArgGroup, Args};
use coexist::migrator::Resolution;
use coexist::report::Report;

use super::exit::{Exit, Failure};
use super::open::Wishes;
use super::settings::Surroundings;
use super::shared::Shared;
use super::terminal::Terminal;

/// Give the present state a name to go back to
#[derive(Debug, Args)]
pub struct TagArgs {
    /// The name
    name: String,
}

/// Declare every migration up to a version applied, without running any
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// The version, or the migration's name, that the database is at
    version: String,
    /// The release that the database is at
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
}

/// Accept edited files as they are now
///
/// Without versions, every edited file. `migrate verify` shows what was edited.
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// The versions whose files are accepted
    versions: Vec<String>,
    /// Forget an applied migration whose file is gone for good
    #[arg(long, value_name = "VERSION")]
    forget: Vec<String>,
}

/// Record what a half-done migration did, where only a human can tell
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("decision").required(true))]
pub struct ResolveArgs {
    /// The migration's version
    version: String,
    /// All of it took effect
    #[arg(long, group = "decision", conflicts_with = "statement")]
    applied: bool,
    /// None of it remains
    #[arg(long, group = "decision", conflicts_with = "statement")]
    reverted: bool,
    /// The statement in doubt took effect
    #[arg(long, group = "decision", requires = "statement")]
    done: bool,
    /// The statement in doubt did not take effect and is to run again
    #[arg(long, group = "decision", requires = "statement")]
    again: bool,
    /// The number of the statement in doubt
    #[arg(long, value_name = "N")]
    statement: Option<usize>,
}

/// What golang-migrate does to a dirty version
#[derive(Debug, Args)]
pub struct ForceArgs {
    /// The version
    version: String,
}

fn writing(needs_files: bool) -> Wishes {
    Wishes { writes: true, needs_files, ..Wishes::default() }
}

/// `migrate tag`.
pub async fn tag(args: &TagArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read(shared)?;
    // A tag needs no files; but where they are, their names are taken.
    let has_files = surroundings.folders().iter().all(|folder| folder.is_dir());
    let (migrator, _) = surroundings.migrator(terminal, &writing(has_files)).await?;
    let head = migrator.tag(&args.name, &mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Tagged { tag: &args.name, head: &head });
    Ok(Exit::Done)
}

/// `migrate baseline`.
pub async fn baseline(args: &BaselineArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let wishes = Wishes { creates: true, release: args.release.clone(), ..writing(true) };
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &wishes).await?;
    let ids = migrator.baseline(&args.version, &mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Marked { done: "baselined", ids: &ids });
    Ok(Exit::Done)
}

/// `migrate repair`.
pub async fn repair(args: &RepairArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &writing(true)).await?;
    let ids = migrator.repair(&args.versions, &args.forget, &mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Marked { done: "repaired", ids: &ids });
    Ok(Exit::Done)
}

/// `migrate resolve`.
pub async fn resolve(args: &ResolveArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let statement = args.statement.unwrap_or(0);
    let resolution = match (args.applied, args.reverted, args.done) {
        (true, ..) => Resolution::Applied,
        (_, true, _) => Resolution::Reverted,
        (_, _, true) => Resolution::Done(statement),
        _ => Resolution::Again(statement),
    };
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &writing(false)).await?;
    let id = migrator.resolve(&args.version, resolution, &mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Marked { done: "resolved", ids: &[id] });
    Ok(Exit::Done)
}

/// `migrate force`: there is no such thing here, and here is what is instead.
pub fn force(args: &ForceArgs) -> Result<Exit, Failure> {
    let version = &args.version;
    Err(Failure::usage(
        "`force` would write a version without knowing what is true",
        Some(format!(
            "nothing is ever dirty here: `migrate up` resumes by itself; say what a half-done migration did with `migrate resolve {version} --applied` or `--reverted`, and take over an existing database with `migrate baseline {version}`"
        )),
    ))
}

/// `migrate drop`: nothing here empties a database.
pub fn drop() -> Result<Exit, Failure> {
    Err(Failure::usage(
        "`drop` would take everything in the database with it, whoever it belongs to",
        Some("`migrate down --all` undoes what migrations did; the server's own tools drop a database".to_owned()),
    ))
}
