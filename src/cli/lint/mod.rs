//! `lint`.

mod baseline;
mod fix;
mod git;
mod select;
mod surroundings;

use std::path::PathBuf;

use coexist::config;
use coexist::lint::{self, Linted, Settings, Standing};
use coexist::migration::Migration;
use coexist::report::findings::{self, Findings};

use super::exit::{Exit, Failure};
use super::settings::Surroundings;
use super::shared::Shared;
use super::terminal::Terminal;

/// Say what migrations do to old code, new code, traffic and data
///
/// Reads files only. In a git checkout those migrations are judged that the branch for which they are meant does not have
/// yet; all others are the history that they build on.
#[derive(Debug, clap::Args)]
pub struct LintArgs {
    /// The files and folders to judge, or `-` for standard input
    #[arg(value_name = "PATH", conflicts_with_all = ["all", "since", "last", "after"])]
    pub paths: Vec<PathBuf>,
    /// Judge every migration
    #[arg(long, conflicts_with_all = ["since", "last", "after"])]
    pub all: bool,
    /// Judge those that this branch or commit does not have [default: the branch that pull requests go to]
    #[arg(long, value_name = "REF", conflicts_with_all = ["last", "after"])]
    pub since: Option<String>,
    /// Judge the last ones
    #[arg(long, value_name = "N", conflicts_with = "after")]
    pub last: Option<usize>,
    /// Judge those after this version
    #[arg(long, value_name = "VERSION")]
    pub after: Option<String>,
    /// What to call standard input, and where its history is
    #[arg(long, value_name = "FILE")]
    pub stdin_name: Option<PathBuf>,
    /// The lightest finding that fails the check: error, warning, info or none [default: error]
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<String>,
    /// A file of findings that are known and not told again
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub baseline: Option<PathBuf>,
    /// Write what is found into that file, to be known from now on [default: lint-baseline.json]
    #[arg(long, value_name = "FILE", num_args = 0..=1, value_hint = clap::ValueHint::FilePath)]
    pub write_baseline: Option<Option<PathBuf>>,
    /// The oldest version of the database in production
    #[arg(long, value_name = "VERSION")]
    pub server_version: Option<String>,
    /// error, warning, info, on or off for a rule, a category or all
    #[arg(long, value_name = "NAME=LEVEL")]
    pub rule: Vec<String>,
    /// Only these rules or categories
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Not these rules or categories
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Mend what can be mended without a decision, and say what is left
    #[arg(long, conflicts_with = "diff")]
    pub fix: bool,
    /// Show what `--fix` would write, and write nothing
    #[arg(long)]
    pub diff: bool,
}

/// `migrate lint`.
pub fn run(args: &LintArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read(shared)?;
    let database = surroundings.dialect()?;
    let mut settings = surroundings.lint_settings(database.name())?;
    if let Some(version) = surroundings.server_version(args.server_version.as_deref()) {
        let version = version.parse();
        settings.server = Some(version.map_err(|error: lint::VersionError| Failure::usage(error.to_string(), None))?);
    }
    choose(args, &mut settings)?;
    let threshold = surroundings.fail_on(args.fail_on.as_deref())?;
    let subject = select::subject(args, &surroundings, terminal)?;
    settings.gaps = subject.gaps;
    let judge = |migrations: &[Migration]| {
        let mut standings = subject.standings.clone();
        // What fixes add is as new as what they mend.
        standings.resize(migrations.len(), Standing::Judged);
        lint::judge(migrations, &standings, database.dialect(), &settings)
    };
    let (migrations, mut judgement) = if args.fix || args.diff {
        if args.paths.iter().any(|path| path.as_os_str() == "-") {
            let hint = "save it as a file, and name that";
            return Err(Failure::usage("standard input cannot be mended in place", Some(hint.to_owned())));
        }
        let (mended, changes) = fix::mend(&subject, &judge, &surroundings)?;
        if args.diff {
            terminal.write_out(&changes.patch());
            let judgement = judge(&subject.migrations);
            let linted = Linted { migrations: subject.migrations.clone(), judgement, threshold };
            return Ok(if linted.fails() { Exit::Findings } else { Exit::Done });
        }
        changes.write()?;
        let (changed, new) = changes.counts();
        if changed + new > 0 {
            terminal.note(&format!("{} mended: {changed} files changed, {new} new", mended.mended));
        }
        (mended.migrations, mended.judgement)
    } else {
        let judgement = judge(&subject.migrations);
        (subject.migrations.clone(), judgement)
    };
    if let Some(exit) = baseline::apply(args, &surroundings, &migrations, &mut judgement, terminal)? {
        return Ok(exit);
    }
    let linted = Linted { migrations, judgement, threshold };
    terminal.findings(format(shared, &surroundings), &linted);
    Ok(if linted.fails() { Exit::Findings } else { Exit::Done })
}

/// What `--rule`, `--select` and `--ignore` say.
fn choose(args: &LintArgs, settings: &mut Settings) -> Result<(), Failure> {
    let wrong = |error: config::LintConfigError| Failure::usage(error.to_string(), error.hint);
    let word = |key: &str, name: &str, level: &str| config::word(key, name, level).map_err(wrong);
    let mut words = Vec::new();
    if !args.select.is_empty() {
        words.push(word("--select", "all", "off")?);
    }
    for name in &args.select {
        words.push(word("--select", name, "on")?);
    }
    for name in &args.ignore {
        words.push(word("--ignore", name, "off")?);
    }
    for pair in &args.rule {
        let Some((name, level)) = pair.split_once('=') else {
            let hint = "write `--rule drop-column=warning`";
            return Err(Failure::usage(format!("`--rule {pair}` has no level"), Some(hint.to_owned())));
        };
        words.push(word("--rule", name, level)?);
    }
    settings.insist(words);
    Ok(())
}

/// The format that was asked for; in a workflow of GitHub its annotations, and text for people otherwise.
fn format(shared: &Shared, surroundings: &Surroundings) -> &'static dyn Findings {
    let usual = if surroundings.variable("GITHUB_ACTIONS").as_deref() == Some("true") { "github" } else { "human" };
    let name = shared.format.as_deref().map_or(usual, |name| if name == "text" { "human" } else { name });
    findings::find(name).unwrap_or(findings::ALL[0])
}
