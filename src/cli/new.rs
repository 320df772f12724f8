//! `new`.

use std::io::Write;

use coexist::layouts::{self, Folder, NewFile, Options, Write as How};
use coexist::migration::{Id, Version};
use coexist::report::Report;

use super::exit::{Exit, Failure};
use super::settings::Surroundings;
use super::shared::Shared;
use super::terminal::Terminal;

/// Write the files of a new migration, in the folder's style
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What it does, in a few words
    #[arg(required = true)]
    name: Vec<String>,
    /// Its version [default: the next number, or the time where versions are times]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// One that runs again whenever its text changes
    #[arg(long, conflicts_with = "version")]
    repeatable: bool,
    /// golang-migrate's word for what files are written in
    #[arg(long, hide = true, value_parser = ["sql", ".sql"])]
    ext: Option<String>,
    /// golang-migrate's word for numbers where there are none yet to go on from
    #[arg(long, hide = true)]
    seq: bool,
    /// golang-migrate's word for how many digits a number has
    #[arg(long, hide = true, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=18), requires = "seq")]
    digits: Option<u8>,
}

/// `migrate new`.
pub fn run(args: &Args, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read(shared)?;
    let Some(root) = surroundings.folders().into_iter().next() else {
        return Err(Failure::usage("there is no folder to write to", Some("name one with `--dir`".to_owned())));
    };
    let cannot = |error: std::io::Error, path: &std::path::Path| Failure::unwritten(path, &error);
    std::fs::create_dir_all(&root).map_err(|error| cannot(error, &root))?;
    let wrong = |error: layouts::Error| Failure::usage(error.to_string(), None);
    // Only versions and names matter here, whatever placeholders stand for.
    let options = Options { placeholders: Some(false), ..surroundings.options()? };
    let folder = Folder::open(&root, options.recursive).map_err(wrong)?;
    let layout = match surroundings.layout()? {
        Some(layout) => layout,
        None => layouts::detect(&folder).map_err(wrong)?,
    };
    let existing = layout.read(&folder, &options).map_err(wrong)?.migrations;
    let name = layouts::slug(&args.name.join(" "));
    if name.is_empty() {
        return Err(Failure::usage(
            "the name has no letters or digits",
            Some("say what it does, as in `migrate new add phone`".to_owned()),
        ));
    }
    let mut known = existing;
    for other in surroundings.folders().iter().skip(1).filter(|other| other.is_dir()) {
        let folder = Folder::open(other, options.recursive).map_err(wrong)?;
        known.extend(layouts::read_folders(&[folder], surroundings.layout()?, &options).map_err(wrong)?.migrations);
    }
    let id = match (&args.version, args.repeatable) {
        (_, true) => Id::Repeatable(name.clone()),
        (Some(version), _) => {
            let version = version.parse::<Version>();
            Id::Version(version.map_err(|error| Failure::usage(error.to_string(), None))?)
        }
        (None, _) => {
            let first = if args.seq { "000001".parse().expect("a number") } else { now() };
            match (layout.next_id(&known, &first, &name), args.digits) {
                (Id::Version(next), Some(digits)) => Id::Version(padded(&next, usize::from(digits))),
                (next, _) => next,
            }
        }
    };
    if let Some(taken) = known.iter().find(|migration| migration.id == id) {
        let message = format!("`{}` is taken already, by `{}`", taken.id, taken.up.path.display());
        let hint = match id {
            Id::Version(_) if args.version.is_none() => "choose one that is free, with `--version`",
            Id::Version(_) => "leave `--version` away to have the next one, or choose one that is free",
            Id::Named(_) | Id::Repeatable(_) => "choose another name, or edit that file",
        };
        return Err(Failure::usage(message, Some(hint.to_owned())));
    }
    let Some(files) = layout.new_files(&folder, &id, &name) else {
        return Err(Failure::usage(format!("the layout `{}` has no such migrations", layout.name()), None));
    };
    let mut written = Vec::new();
    for file in &files {
        write(file).map_err(|error| cannot(error, &file.path))?;
        written.push(file.path.clone());
    }
    terminal.report(&Report::Created(&written));
    Ok(Exit::Done)
}

/// The version with so many digits, where it is one number and has no more.
fn padded(version: &Version, digits: usize) -> Version {
    let number = version.as_str().trim_start_matches('0');
    format!("{number:0>digits$}").parse().unwrap_or_else(|_| version.clone())
}

/// Writes a new file, and the folder that it is in.
pub(super) fn write(file: &NewFile) -> std::io::Result<()> {
    if let Some(parent) = file.path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut options = std::fs::OpenOptions::new();
    match file.write {
        How::Create => options.write(true).create_new(true),
        How::Append => options.append(true).create(true),
        How::Replace => options.write(true).create(true).truncate(true),
    };
    let text = file.text.replace(layouts::NOW, &format!("{:.0}", jiff::Timestamp::now()));
    options.open(&file.path)?.write_all(text.as_bytes())
}

/// The present moment in UTC, as a version: `20261121093000`.
pub(super) fn now() -> Version {
    let now = jiff::Timestamp::now().to_string();
    let digits: String = now.chars().filter(char::is_ascii_digit).take(14).collect();
    digits.parse().expect("a timestamp has digits")
}
