//! `sqitch.plan`: the changes in the order in which they are deployed, and the names of states between them.

use sha1::{Digest, Sha1};

/// A plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub project: String,
    pub uri: Option<String>,
    pub changes: Vec<Change>,
}

/// A change of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    /// Its line in the plan.
    pub line: usize,
    pub name: String,
    pub requires: Vec<String>,
    pub conflicts: Vec<String>,
    pub date: String,
    /// Name and address, as the plan has them.
    pub planner: String,
    pub note: String,
    /// The tags of the state after it, without the `@`.
    pub tags: Vec<String>,
    /// What sqitch knows it by: a hash that each change takes on from the one before it.
    pub id: String,
}

/// Where and why a text is no plan.
pub(crate) struct Wrong {
    pub line: usize,
    pub message: String,
}

impl Plan {
    /// The plan that a text is.
    pub fn read(text: &str) -> Result<Self, Wrong> {
        let mut plan = Plan::default();
        for (at, line) in text.lines().enumerate() {
            let wrong = |message: &str| Wrong { line: at + 1, message: message.to_owned() };
            let (words, note) = line.split_once('#').unwrap_or((line, ""));
            let words = words.trim();
            if words.is_empty() {
                continue;
            }
            if let Some(pragma) = words.strip_prefix('%') {
                let (name, value) = pragma.split_once('=').unwrap_or((pragma, ""));
                match name.trim() {
                    "project" => plan.project = value.trim().to_owned(),
                    "uri" => plan.uri = Some(value.trim().to_owned()),
                    _ => {}
                }
                continue;
            }
            let entry = Entry::read(words).ok_or_else(|| {
                wrong("a line of a plan is `name [dependencies] 2026-11-21T09:30:00Z Name <address> # note`")
            })?;
            if let Some(tag) = entry.name.strip_prefix('@') {
                let Some(change) = plan.changes.last_mut() else {
                    return Err(wrong("a tag stands after the change that it names"));
                };
                change.tags.push(tag.to_owned());
                continue;
            }
            if entry.name.starts_with('-') {
                return Err(wrong("changes that a plan reverts are not known here"));
            }
            let (conflicts, requires) = entry.dependencies.into_iter().partition(|name| name.starts_with('!'));
            let mut change = Change {
                line: at + 1,
                name: entry.name.trim_start_matches('+').to_owned(),
                requires,
                conflicts,
                date: entry.date,
                planner: entry.planner,
                note: unescaped(note.trim()),
                ..Change::default()
            };
            for conflict in &mut change.conflicts {
                conflict.remove(0);
            }
            change.id = plan.id_of(&change);
            plan.changes.push(change);
        }
        if plan.project.is_empty() {
            return Err(Wrong { line: 1, message: "has no `%project=`".to_owned() });
        }
        Ok(plan)
    }

    fn id_of(&self, change: &Change) -> String {
        let mut lines = vec![format!("project {}", self.project)];
        lines.extend(self.uri.iter().map(|uri| format!("uri {uri}")));
        lines.push(format!("change {}", change.name));
        lines.extend(self.changes.last().map(|parent| format!("parent {}", parent.id)));
        lines.push(format!("planner {}", change.planner));
        lines.push(format!("date {}", change.date));
        if !change.requires.is_empty() {
            lines.push(format!("requires\n  + {}", change.requires.join("\n  + ")));
        }
        if !change.conflicts.is_empty() {
            lines.push(format!("conflicts\n  - {}", change.conflicts.join("\n  - ")));
        }
        if !change.note.is_empty() {
            lines.push(format!("\n{}", change.note));
        }
        let content = lines.join("\n");
        sha1(format!("change {}\0{content}", content.len()).as_bytes())
    }
}

/// One line of a plan.
struct Entry {
    name: String,
    dependencies: Vec<String>,
    date: String,
    planner: String,
}

impl Entry {
    fn read(words: &str) -> Option<Self> {
        let (name, rest) = words.split_once(char::is_whitespace)?;
        let rest = rest.trim_start();
        let (dependencies, rest) = match rest.strip_prefix('[') {
            Some(inside) => inside.split_once(']')?,
            None => ("", rest),
        };
        let (date, planner) = rest.trim_start().split_once(char::is_whitespace)?;
        let is_date = date.len() == 20 && date.ends_with('Z') && date.as_bytes()[10] == b'T';
        let (who, address) = planner.trim().strip_suffix('>')?.split_once('<')?;
        is_date.then(|| Entry {
            name: name.to_owned(),
            dependencies: dependencies.split_whitespace().map(str::to_owned).collect(),
            date: date.to_owned(),
            planner: format!("{} <{address}>", who.trim()),
        })
    }
}

/// A note as it was meant: the plan has it on one line.
fn unescaped(note: &str) -> String {
    let mut out = String::with_capacity(note.len());
    let mut characters = note.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('\\') | None => out.push('\\'),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}

/// The SHA-1 of bytes in hexadecimal digits.
pub(super) fn sha1(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
