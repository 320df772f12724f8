//! Which migrations are judged: those that are not deployed, or those that were named.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use coexist::layouts::{self, Folder, LARGEST};
use coexist::lint::{Standing, Subject};
use coexist::migration::{Id, Migration, Script};

use super::LintArgs;
use super::git::{self, NoBase};
use crate::cli::exit::Failure;
use crate::cli::settings::Surroundings;
use crate::cli::terminal::Terminal;

/// The migrations that the arguments pick, with the history that they build on.
pub fn subject(args: &LintArgs, surroundings: &Surroundings, terminal: &mut Terminal) -> Result<Subject, Failure> {
    let mut subject = if args.paths.is_empty() {
        unnamed(args, surroundings, terminal)?
    } else {
        return named(args, surroundings, terminal);
    };
    if let Some(version) = surroundings.start_after(args.after.as_deref())? {
        subject.forgive(&version);
    }
    Ok(subject)
}

/// Without paths: what the base does not have, or all, or the last ones.
fn unnamed(args: &LintArgs, surroundings: &Surroundings, terminal: &mut Terminal) -> Result<Subject, Failure> {
    let folders = surroundings.open()?;
    let source = surroundings.read_to_lint(&folders)?;
    terminal.source(&folders, &source);
    let gaps = source.has_gaps();
    let picked = pick(args, surroundings, terminal, &folders, source.migrations)?;
    Ok(Subject { gaps, ..picked })
}

fn pick(
    args: &LintArgs,
    surroundings: &Surroundings,
    terminal: &mut Terminal,
    folders: &[Folder],
    migrations: Vec<Migration>,
) -> Result<Subject, Failure> {
    if let Some(count) = args.last {
        return Ok(Subject::last(migrations, count));
    }
    if args.all || args.after.is_some() {
        return Ok(Subject::all(migrations));
    }
    let Some(first) = folders.first() else { return Ok(Subject::default()) };
    let wanted = surroundings.since(args.since.as_deref());
    let base = match git::base(first.root(), wanted.as_deref(), surroundings.target_branch().as_deref()) {
        Ok(base) => base,
        Err(NoBase::Nothing) if wanted.is_none() => return Ok(Subject::all(migrations)),
        Err(NoBase::Unclear(message)) if wanted.is_none() => {
            terminal.note(&format!("every migration is judged, because git does not tell which are new: {message}"));
            return Ok(Subject::all(migrations));
        }
        Err(NoBase::Nothing) => return Err(no_base("this is no git checkout".to_owned())),
        Err(NoBase::Unclear(message)) => return Err(no_base(message)),
    };
    let mut before = Vec::new();
    for folder in folders {
        if let Some(was) = git::at_base(folder, &base).map_err(no_base)? {
            before.extend(surroundings.read_as(&was, folder)?.migrations);
        }
    }
    let all = migrations.len();
    let subject = Subject::since(migrations, before);
    let commit = &base.commit[..base.commit.len().min(10)];
    terminal.note(&format!(
        "{} of {all} migrations are judged: those that `{}` does not have (at {commit}); `--all` judges all",
        subject.judged(),
        base.name
    ));
    Ok(subject)
}

fn no_base(message: String) -> Failure {
    let hint =
        "in a pipeline, check out the whole history (`fetch-depth: 0`, `GIT_DEPTH: 0`); `--all` judges every migration";
    Failure::usage(format!("cannot tell which migrations are new: {message}"), Some(hint.to_owned()))
}

/// What paths name: files and folders, and standard input.
fn named(args: &LintArgs, surroundings: &Surroundings, terminal: &mut Terminal) -> Result<Subject, Failure> {
    let mut wanted = Vec::new();
    let mut input = None;
    for path in &args.paths {
        if path.as_os_str() == "-" {
            let name = args.stdin_name.clone().unwrap_or_else(|| PathBuf::from("<stdin>"));
            input = Some((name, standard_input()?));
        } else {
            wanted.push(Wanted::find(path)?);
        }
    }
    let mut folders: Vec<Folder> = Vec::new();
    let configured: Vec<Folder> = surroundings.open().unwrap_or_default();
    let of_input = input.as_ref().map(|(name, _)| name.as_path());
    for folder in configured {
        let real = real(folder.root());
        let concerned = |wanted: &Wanted| wanted.real.starts_with(&real) || real.starts_with(&wanted.real);
        if wanted.iter().any(concerned) || of_input.is_some_and(|name| folder.relative(name).is_some()) {
            folders.push(folder);
        }
    }
    // What lies elsewhere is read with its own folder, if that is one of migrations.
    let roots: Vec<PathBuf> = folders.iter().map(|folder| real(folder.root())).collect();
    for one in &wanted {
        let covered = |root: &PathBuf| one.real.starts_with(root) || root.starts_with(&one.real);
        if roots.iter().any(covered) || folders.iter().any(|folder| covered(&real(folder.root()))) {
            continue;
        }
        if one.is_folder {
            folders.push(surroundings.open_one(&one.given)?);
        } else if let Ok(folder) = surroundings.open_one(one.given.parent().unwrap_or(Path::new(".")))
            && surroundings.read_to_lint(std::slice::from_ref(&folder)).is_ok()
        {
            folders.push(folder);
        }
    }
    if let Some((name, text)) = &input {
        for folder in &mut folders {
            if let Some(path) = folder.relative(name) {
                *folder = folder.with(&path, text.clone());
            }
        }
    }
    let source = surroundings.read_to_lint(&folders)?;
    terminal.remarks(&source.remarks);
    let gaps = source.has_gaps();
    let migrations = source.migrations;
    let input_path = of_input.map(real);
    let picked = |migration: &Migration| {
        let scripts = std::iter::once(&migration.up).chain(&migration.down);
        scripts.map(|script| real(&script.path)).any(|path| {
            input_path.as_ref() == Some(&path) || wanted.iter().any(|wanted| path.starts_with(&wanted.real))
        })
    };
    let read: Vec<PathBuf> = migrations
        .iter()
        .flat_map(|one| std::iter::once(&one.up).chain(&one.down))
        .map(|script| real(&script.path))
        .collect();
    for one in wanted.iter().filter(|one| one.is_folder && !read.iter().any(|path| path.starts_with(&one.real))) {
        terminal.no_migrations(&one.given);
    }
    let mut subject = Subject { gaps, ..Subject::these(migrations, picked) };
    for one in wanted.iter().filter(|one| !one.is_folder && !read.contains(&one.real)) {
        let script = layouts::lone(&one.given).map_err(|error| Failure::usage(error.to_string(), None))?;
        subject.push(lone(script), Standing::Judged);
    }
    if let Some((name, text)) = input
        && !input_path.is_some_and(|path| read.contains(&path))
    {
        subject.push(lone(Script::new(name, &text)), Standing::Judged);
    }
    Ok(subject)
}

/// A path as given, and where it really leads.
struct Wanted {
    given: PathBuf,
    real: PathBuf,
    is_folder: bool,
}

impl Wanted {
    fn find(path: &Path) -> Result<Self, Failure> {
        let found = std::fs::canonicalize(path).and_then(|real| Ok((std::fs::metadata(&real)?.is_dir(), real)));
        let (is_folder, real) =
            found.map_err(|error| Failure::usage(format!("cannot read `{}`: {error}", path.display()), None))?;
        Ok(Wanted { given: path.to_owned(), real, is_folder })
    }
}

/// The path without links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// A script that belongs to no folder of migrations.
fn lone(script: Script) -> Migration {
    let name = script.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Migration::new(Id::Named(script.path.display().to_string()), name, script, None)
}

fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("cannot read standard input: {error}"), None))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::usage("standard input is larger than 64 MiB", None));
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        Ok(_) => Err(Failure::usage("standard input has a NUL byte", None)),
        Err(_) => Err(Failure::usage("standard input is not UTF-8", None)),
    }
}
