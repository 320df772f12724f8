//! SQLite's way of changing a table: a new one is filled from the old one and takes its place. It is read as the
//! `ALTER` that it stands for.

use super::catalog::{Origin, Table};
use super::change::{Change, ChangeKind};
use super::columns::differences;
use crate::sql::Grammar;

/// Finds the rebuilds among the changes of one script and puts in their place what they change.
pub(super) fn recognise(changes: Vec<Change>) -> Vec<Change> {
    let mut out = changes;
    while let Some((dropped, renamed)) = find(&out) {
        let Some(before) = out[dropped].table.as_ref().and_then(|table| table.before.clone()) else { break };
        let Some(copy) = out[renamed].table.as_ref().and_then(|table| table.before.clone()) else { break };
        let (statement, span) = (out[dropped].statement, out[dropped].span);
        let table = out[dropped].table.clone();
        let mut after = (*copy).clone();
        after.name = before.name.clone();
        let changed = alteration(&before, &after);
        let rebuild = ChangeKind::Rebuild { after: after.into() };
        let kinds = std::iter::once(rebuild).chain(changed);
        let new: Vec<Change> = kinds.map(|kind| Change { kind, statement, span, table: table.clone(), views: Vec::new() }).collect();
        let (first, second) = (dropped.min(renamed), dropped.max(renamed));
        out.remove(second);
        out.splice(first..=first, new);
    }
    out
}

/// A table that code uses is dropped, and before or after it a new table gets its name.
fn find(changes: &[Change]) -> Option<(usize, usize)> {
    changes.iter().enumerate().find_map(|(dropped, change)| {
        let table = change.table.as_ref()?;
        let is_drop = matches!(change.kind, ChangeKind::DropTable { .. });
        if !is_drop || !table.before.as_ref()?.complete {
            return None;
        }
        let renamed = changes.iter().enumerate().skip(dropped).find_map(|(at, later)| {
            let new = later.table.as_ref()?.before.as_ref()?;
            let takes = matches!(&later.kind, ChangeKind::RenameTable { to } if *to == table.name);
            (takes && new.origin != Origin::Deployed && new.complete).then_some(at)
        })?;
        let copy = changes[renamed].table.as_ref()?;
        let fills = |change: &Change| {
            let is_insert = matches!(change.kind, ChangeKind::Insert { .. });
            is_insert && change.table.as_ref().is_some_and(|table| table.name == copy.name)
        };
        changes.iter().take(renamed).any(fills).then_some((dropped, renamed))
    })
}

/// What has to be done to one table to make it the other.
fn alteration(before: &Table, after: &Table) -> Vec<ChangeKind> {
    let grammar = Grammar::Sqlite;
    let mut changes = Vec::new();
    for old in &before.columns {
        match after.column(&old.name, grammar) {
            Some(new) => changes.extend(differences(Some(old), new)),
            None => {
                let column = Some(old.clone());
                changes.push(ChangeKind::DropColumn { name: old.name.clone(), column, cascade: false });
            }
        }
    }
    for new in after.columns.iter().filter(|new| before.column(&new.name, grammar).is_none()) {
        let column = new.clone();
        changes.push(ChangeKind::AddColumn { column, constraints: Vec::new(), position: None });
    }
    let same = |one: &super::catalog::Constraint, other: &super::catalog::Constraint| {
        one.kind == other.kind && one.columns == other.columns && one.expression == other.expression
    };
    for old in before.constraints.iter().filter(|old| !after.constraints.iter().any(|new| same(old, new))) {
        let (name, constraint) = (old.name.clone(), Some(old.clone()));
        changes.push(ChangeKind::DropConstraint { name, constraint, if_exists: false, cascade: false });
    }
    for new in after.constraints.iter().filter(|new| !before.constraints.iter().any(|old| same(old, new))) {
        changes.push(ChangeKind::AddConstraint { constraint: new.clone(), using_index: None });
    }
    changes
}
