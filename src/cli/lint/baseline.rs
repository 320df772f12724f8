//! `--baseline` and `--write-baseline`: findings that are known.

use std::path::{Path, PathBuf};

use coexist::lint::{Baseline, Judgement};
use coexist::migration::Migration;

use super::LintArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::settings::Surroundings;
use crate::cli::terminal::Terminal;

/// What a baseline is called where nothing else is said.
const USUAL: &str = "lint-baseline.json";

/// Writes the baseline, and then gives the exit; or takes out of what was found what it knows.
pub fn apply(
    args: &LintArgs,
    surroundings: &Surroundings,
    migrations: &[Migration],
    judgement: &mut Judgement,
    terminal: &mut Terminal,
) -> Result<Option<Exit>, Failure> {
    let said = args.baseline.clone().or_else(|| surroundings.lint().baseline.as_ref().map(PathBuf::from));
    if let Some(path) = &args.write_baseline {
        let path = path.clone().or(said).unwrap_or_else(|| USUAL.into());
        let baseline = Baseline::of(migrations, judgement);
        let text = serde_json::to_string_pretty(&baseline).map_err(std::io::Error::from);
        let written = text.and_then(|text| std::fs::write(&path, text + "\n"));
        written.map_err(|error| Failure::unwritten(&path, &error))?;
        terminal.note(&format!("{} findings are known from now on, in `{}`", baseline.findings.len(), path.display()));
        return Ok(Some(Exit::Done));
    }
    let Some(path) = said else { return Ok(None) };
    let (known, gone) = read(&path)?.subtract(migrations, judgement);
    if known > 0 {
        terminal.note(&format!("{known} findings are known in `{}`", path.display()));
    }
    if gone > 0 && args.all {
        terminal.note(&format!(
            "{gone} findings of `{}` are gone: write it anew with `--all --write-baseline`",
            path.display()
        ));
    }
    Ok(None)
}

fn read(path: &Path) -> Result<Baseline, Failure> {
    let wrong = |error: String| {
        let hint = Some("write one with `migrate lint --all --write-baseline`".to_owned());
        Failure::usage(format!("cannot read the baseline `{}`: {error}", path.display()), hint)
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if baseline.version == Baseline::VERSION {
        Ok(baseline)
    } else {
        Err(wrong(format!("it has format {}, this program writes {}", baseline.version, Baseline::VERSION)))
    }
}
