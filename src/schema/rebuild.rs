//! SQLite's way of changing a table: a new one is filled from the old one and takes its place. It is read as the
//! `ALTER` that it stands for.

use std::sync::Arc;

use super::change::{Change, ChangeKind, TableRef};
use super::columns::differences;
use super::name::ObjectName;
use super::seldom::Seldom;
use super::table::{Origin, Table};
use crate::sql::Grammar;

/// A rebuild among changes: where the old table goes, where the new one takes its name, and which changes only serve that.
struct Found {
    before: Arc<Table>,
    copy: Arc<Table>,
    at: usize,
    serve: Vec<usize>,
    old_first: bool,
}

/// Finds the rebuilds among the changes of one script and puts in their place what they change.
pub(super) fn recognise(changes: Vec<Change>) -> Vec<Change> {
    let mut out = changes;
    while let Some(found) = new_first(&out).or_else(|| old_first(&out)) {
        let at = &out[found.at];
        let (statement, span) = (at.statement, at.span);
        let name = found.before.name.clone();
        let table = Some(TableRef { name: name.clone(), before: Some(found.before.clone()) });
        let mut after = (*found.copy).clone();
        after.name = name;
        let changed = alteration(&found.before, &after);
        let rebuild = ChangeKind::Rebuild { after: after.into(), old_first: found.old_first };
        let kinds = std::iter::once(rebuild).chain(changed);
        let new: Vec<Change> = kinds
            .map(|kind| Change { kind, statement, span, table: table.clone(), views: Seldom::default() })
            .collect();
        let serves = |number: &usize| found.serve.contains(number);
        let kept = out.into_iter().enumerate().flat_map(|(number, change)| {
            let new = if number == found.at { new.clone() } else { Vec::new() };
            new.into_iter().chain((!serves(&number)).then_some(change))
        });
        out = kept.collect();
    }
    out
}

/// A table that code uses is dropped, and before or after it a new table gets its name.
fn new_first(changes: &[Change]) -> Option<Found> {
    changes.iter().enumerate().find_map(|(dropped, change)| {
        let table = change.table.as_ref()?;
        let before = table.before.as_ref().filter(|before| before.complete)?;
        if !matches!(change.kind, ChangeKind::DropTable { .. }) {
            return None;
        }
        let renamed = changes.iter().enumerate().skip(dropped).find_map(|(at, later)| {
            let new = later.table.as_ref()?.before.as_ref()?;
            let takes = matches!(&later.kind, ChangeKind::RenameTable { to } if *to == table.name);
            (takes && new.origin != Origin::Deployed && new.complete).then_some(at)
        })?;
        let copy = changes[renamed].table.as_ref()?;
        changes.iter().take(renamed).any(|change| fills(change, &copy.name)).then(|| Found {
            before: before.clone(),
            copy: copy.before.clone().expect("it was looked at above"),
            at: dropped,
            serve: vec![dropped, renamed],
            old_first: false,
        })
    })
}

/// A table that code uses gets another name, a new one is made under the old name, filled from it, and it is dropped.
fn old_first(changes: &[Change]) -> Option<Found> {
    changes.iter().enumerate().find_map(|(renamed, change)| {
        let table = change.table.as_ref()?;
        let before = table.before.as_ref().filter(|before| before.complete && before.origin == Origin::Deployed)?;
        let ChangeKind::RenameTable { to } = &change.kind else { return None };
        let later = || changes.iter().enumerate().skip(renamed + 1);
        let named = |change: &Change, name: &ObjectName| change.table.as_ref().is_some_and(|table| table.name == *name);
        let (created, copy) = later().find_map(|(at, later)| match &later.kind {
            ChangeKind::CreateTable { table: new, .. } if named(later, &table.name) && new.complete => {
                Some((at, new.clone()))
            }
            _ => None,
        })?;
        let filled = later().any(|(_, change)| fills(change, &table.name));
        let (dropped, _) =
            later().find(|(_, later)| matches!(later.kind, ChangeKind::DropTable { .. }) && named(later, to))?;
        filled.then(|| Found {
            before: before.clone(),
            copy,
            at: dropped,
            serve: vec![renamed, created, dropped],
            old_first: true,
        })
    })
}

fn fills(change: &Change, name: &ObjectName) -> bool {
    matches!(change.kind, ChangeKind::Insert { .. }) && change.table.as_ref().is_some_and(|table| table.name == *name)
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
    let same = |one: &super::table::Constraint, other: &super::table::Constraint| {
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
