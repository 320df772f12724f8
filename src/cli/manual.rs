//! `man`: the manual's pages, one a command.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueHint};
use clap_mangen::Man;
use coexist::report::Report;

use super::exit::{Exit, Failure};
use super::terminal::Terminal;

/// What every page says that it belongs to.
const SOURCE: &str = concat!("migrate ", env!("CARGO_PKG_VERSION"));

/// Print a page of the manual, or write all of them
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command whose page is wanted, such as `up` or `plan down` [default: the page that lists them]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write every page into this folder: migrate.1, migrate-up.1 and so on
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    output: Option<PathBuf>,
}

/// `migrate man`.
pub fn run(args: &ManArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    // `migrate help` is for terminals: what it says of a command is that command's page.
    let mut whole = super::command().disable_help_subcommand(true);
    whole.build();
    if let Some(folder) = &args.output {
        let mut written = Vec::new();
        let made = std::fs::create_dir_all(folder).and_then(|()| write_all(&whole, None, folder, &mut written));
        made.map_err(|error| Failure::unwritten(folder, &error))?;
        terminal.report(&Report::Created(&written));
        return Ok(Exit::Done);
    }
    let (mut command, mut parent) = (&whole, None);
    for word in &args.command {
        let Some(found) = command.find_subcommand(word) else {
            let names: Vec<&str> = visible(command).map(Command::get_name).collect();
            let hint = (!names.is_empty()).then(|| format!("`{}` has {}", title(command), names.join(", ")));
            return Err(Failure::usage(format!("there is no command `{}`", args.command.join(" ")), hint));
        };
        parent = Some(command);
        command = found;
    }
    terminal.show(|out| out.write_all(&page(command, parent)?));
    Ok(Exit::Done)
}

/// Writes the page of a command and those of all below it.
fn write_all(command: &Command, parent: Option<&Command>, folder: &Path, written: &mut Vec<PathBuf>) -> io::Result<()> {
    let path = folder.join(format!("{}.1", name(command)));
    std::fs::write(&path, page(command, parent)?)?;
    written.push(path);
    visible(command).try_for_each(|below| write_all(below, Some(command), folder, written))
}

fn page(command: &Command, parent: Option<&Command>) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).source(SOURCE).render(&mut page)?;
    // A page lists the commands below it; the way back up it does not have by itself.
    if let Some(parent) = parent {
        let parent = name(parent).replace('-', "\\-");
        writeln!(page, ".SH \"SEE ALSO\"\n\\fB{parent}\\fR(1)")?;
    }
    Ok(page)
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|below| !below.is_hide_set())
}

/// As the manual calls it: `migrate-up`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// As it is typed: `migrate up`.
fn title(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}
