//! `convert`.

use std::path::PathBuf;

use clap::ValueHint;
use coexist::layouts::{self, Conversion, ConvertError, Layout};
use coexist::report::Report;
use coexist::run::event::Event;

use super::exit::{Exit, Failure};
use super::settings::Surroundings;
use super::shared::Shared;
use super::terminal::Terminal;

/// Write the folder in another layout, and prove that the statements are the same
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The layout of the new folder
    #[arg(long, value_name = "LAYOUT")]
    to: String,
    /// The new folder; it must not be there, or be empty [default: the folder's name with the layout's behind it]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    target: Option<PathBuf>,
    /// List the files, and write none
    #[arg(long)]
    dry_run: bool,
    /// Number migrations that are known by their names, in their order
    #[arg(long)]
    number: bool,
}

/// `migrate convert`.
pub fn run(args: &Args, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let surroundings = Surroundings::read(shared)?;
    let to = target_layout(&args.to)?;
    let folders = surroundings.folders();
    let [root] = &folders[..] else {
        return Err(Failure::usage(
            "several folders cannot become one",
            Some("name one of them with `--dir`, and convert one after the other".to_owned()),
        ));
    };
    let folder = surroundings.open_one(root)?;
    let from = match surroundings.layout()? {
        Some(layout) => layout,
        None => layouts::detect(&folder).map_err(|error| Failure::usage(error.to_string(), None))?,
    };
    let target = args.target.clone().unwrap_or_else(|| {
        let mut name = folder.root().file_name().unwrap_or_default().to_owned();
        name.push(format!("-{}", to.name()));
        folder.root().with_file_name(name)
    });
    let options = surroundings.options()?;
    let dialect = surroundings.dialect()?.dialect();
    let conversion = Conversion { folder: &folder, from, to, options: &options, dialect, number: args.number };
    let converted = conversion.convert().map_err(failure)?;
    let files = match args.dry_run {
        true => converted.files.keys().map(|path| target.join(path)).collect(),
        false => conversion.write(&converted, &target).map_err(failure)?,
    };
    for remark in &converted.remarks {
        let message = format!("{}:{}: {}", remark.path.display(), remark.line, remark.message);
        terminal.event(&Event::Warning { message: &message });
    }
    terminal.report(&Report::Converted(&converted, &files));
    if !converted.recognised {
        let name = to.name();
        let message =
            format!("the new folder is not recognised as `{name}`; say `layout = \"{name}\"` in migrate.toml");
        terminal.event(&Event::Warning { message: &message });
    }
    Ok(Exit::Done)
}

fn target_layout(name: &str) -> Result<&'static dyn Layout, Failure> {
    layouts::find(name).ok_or_else(|| {
        let hint = format!("folders can be converted to {}", layouts::targets().join(", "));
        Failure::usage(format!("`{name}` is no layout"), Some(hint))
    })
}

fn failure(error: ConvertError) -> Failure {
    let hint = match &error {
        ConvertError::Refused { .. } | ConvertError::Differs { .. } => Some("nothing was written".to_owned()),
        _ => None,
    };
    Failure::usage(error.to_string(), hint)
}
