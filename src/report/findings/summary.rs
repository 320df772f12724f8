//! What was judged and how it stands, in a line or two.

use super::located::Counts;
use crate::lint::Linted;

/// What was judged, what was found, and what to do about it.
pub(super) fn summary(linted: &Linted) -> String {
    let judgement = &linted.judgement;
    let judged =
        format!("{} with {}", counted(judgement.scripts, "script"), counted(judgement.statements, "statement"));
    let mut summary = format!("{judged}: {}", found(linted));
    let fixes = judgement.findings.iter().filter(|finding| finding.fix.is_some()).count();
    if fixes > 0 {
        summary += &format!("\n`migrate lint --fix` mends {fixes} of them, `--diff` shows how");
    }
    if !judgement.findings.is_empty() {
        summary += "\n`migrate explain RULE` says more about a rule";
    }
    summary
}

/// How many findings of which weight there are.
pub(super) fn found(linted: &Linted) -> String {
    let counts = Counts::of(linted);
    let found = [(counts.errors, "error"), (counts.warnings, "warning"), (counts.infos, "info")];
    let mut told: Vec<String> =
        found.iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(*count, what)).collect();
    if told.is_empty() {
        told.push("nothing found".to_owned());
    }
    if linted.judgement.unreadable > 0 {
        told.push(format!("{} unreadable", linted.judgement.unreadable));
    }
    if linted.judgement.allowed > 0 {
        told.push(format!("{} allowed", linted.judgement.allowed));
    }
    told.join(", ")
}

/// A count with its noun.
pub(super) fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 || what == "info" { "" } else { "s" };
    format!("{count} {what}{s}")
}
