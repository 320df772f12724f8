//! Which limits of time a script puts on its statements.

use super::locks::locks_writes;
use super::rule::{Context, used};
use crate::schema::{Change, ChangeKind, ObjectName};
use crate::sql::ddl::Verb;

/// Whether the change waits for those who use a table, and makes others wait behind it.
pub fn asks_for_lock(change: &Change, context: &Context<'_>) -> bool {
    if !context.grammar().is_mysql() {
        return locks_writes(change).is_some();
    }
    let rows = matches!(change.kind, ChangeKind::Insert { .. } | ChangeKind::Update { .. } | ChangeKind::Delete { .. });
    let renames = |to: &ObjectName| used(change).is_some_and(|table| table.name != *to);
    match &change.kind {
        ChangeKind::RenameTable { to } => renames(to),
        _ => used(change).is_some() && !rows,
    }
}

/// Whether a statement above this one sets the limit to something, and the last one that sets it not to nothing.
pub fn is_set(setting: &str, statement: usize, context: &Context<'_>) -> bool {
    let text = context.text();
    let set = |words: &str| {
        let words = words.to_ascii_lowercase();
        let (_, value) = words.split_once(setting)?;
        let value = value.trim_start_matches(['\'', ',', ' ']).trim_start();
        let value = value.strip_prefix('=').or_else(|| value.strip_prefix("to ")).unwrap_or(value);
        let value = value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\'' | '"'));
        let nothing = ["0", "default", "-1"].iter().any(|none| value.split(['\'', ',', ' ']).next() == Some(none));
        Some(!nothing)
    };
    let above = context.settings_above(statement).filter(|(_, heading)| heading.verb != Verb::Pragma);
    above.rev().find_map(|(statement, _)| set(statement.of(text))).unwrap_or(false)
}
