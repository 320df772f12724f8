//! What the migrations of a branch build on, as git knows it. The only place where another program is run.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use coexist::layouts::Folder;

/// Branches that are commonly the one that is deployed.
const USUAL: &[&str] = &["origin/main", "origin/master", "main", "master"];

/// The commit that a branch has in common with the one that is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The branch or commit that was asked for.
    pub name: String,
    /// The commit.
    pub commit: String,
}

/// Why there is no base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoBase {
    /// This is no git checkout, or it has no other branch.
    Nothing,
    /// Git cannot tell, and what it says.
    Unclear(String),
}

/// The base of what is checked out in a folder: what it has in common with `wanted`, or else with the branch that pull
/// requests go to.
pub fn base(folder: &Path, wanted: Option<&str>, target: Option<&str>) -> Result<Base, NoBase> {
    if let Err(message) = git(folder, &["rev-parse", "--is-inside-work-tree"]) {
        let none = message.contains("not a git repository") || message.contains("cannot run");
        return Err(if none { NoBase::Nothing } else { NoBase::Unclear(message) });
    }
    let name = match wanted {
        Some(name) => name.to_owned(),
        None => usual(folder, target).ok_or(NoBase::Nothing)?,
    };
    // A name that starts with a dash must not be taken for an option.
    let commit = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]);
    let commit = commit.map_err(|_| NoBase::Unclear(format!("git knows no branch or commit `{name}`")))?;
    let common = git(folder, &["merge-base", commit.trim(), "HEAD"]).map_err(|_| {
        NoBase::Unclear(format!("git finds nothing that `{name}` and what is checked out have in common"))
    })?;
    Ok(Base { name, commit: common.trim().to_owned() })
}

fn usual(folder: &Path, target: Option<&str>) -> Option<String> {
    let exists = |name: &str| {
        git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]).is_ok()
    };
    let head = git(folder, &["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
    let target = target.map(|target| format!("origin/{target}"));
    let candidates = target.into_iter().chain(head.ok().map(|head| head.trim().to_owned()));
    candidates.chain(USUAL.iter().map(|name| (*name).to_owned())).find(|name| exists(name))
}

/// The folder as the base has it; none if the base does not have it at all.
pub fn at_base(folder: &Folder, base: &Base) -> Result<Option<Folder>, String> {
    let root = folder.root();
    let files = git(root, &["ls-tree", "-r", "-z", "--name-only", &base.commit, "."])?;
    let files: Vec<&str> = files.split('\0').filter(|file| !file.is_empty()).collect();
    if files.is_empty() {
        return Ok(None);
    }
    let changed = git(
        root,
        &["diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", &base.commit, "--", "."],
    )?;
    let changed: HashSet<&str> = changed.split('\0').collect();
    let mut revised = Vec::with_capacity(files.len());
    for file in files {
        // What git says is the same is not asked for.
        let same = folder.has(file) && !changed.contains(file);
        let text = match same {
            true => None,
            false => Some(git(root, &["cat-file", "blob", &format!("{}:./{file}", base.commit)])?),
        };
        revised.push((file.to_owned(), text));
    }
    Ok(Some(folder.revised(revised)))
}

/// What git answers, or what it complains of.
fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).env("GIT_OPTIONAL_LOCKS", "0");
    command.env("LC_ALL", "C").env("GIT_PAGER", "cat");
    let Output { status, stdout, stderr } = command.output().map_err(|error| format!("cannot run git: {error}"))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&stderr).trim().to_owned())
    }
}
