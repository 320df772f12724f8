//! What goes in the same script and demanded as much as what comes: then nothing new is refused.

use ecow::EcoString;

use super::rule::Context;
use crate::schema::{Change, ChangeKind, Constraint, Table, mentions};
use crate::sql::ddl::ConstraintKind;

/// Whether a unique key of these columns, or of some of them, goes earlier in the script; one with a condition counts
/// for a new one with that condition, or with more.
pub fn had_key(columns: &[EcoString], condition: Option<&str>, change: &Change, context: &Context<'_>) -> bool {
    let is_key = |kind| matches!(kind, ConstraintKind::Unique | ConstraintKind::PrimaryKey);
    let within = |column: &EcoString| columns.contains(column);
    context.before(change).any(|earlier| match &earlier.kind {
        ChangeKind::DropIndex { index: Some(index), .. } => {
            let covers = index.predicate.as_ref().is_none_or(|old| condition.is_some_and(|new| has_terms(new, old)));
            let named = index.columns.iter().all(Option::is_some);
            index.is_unique() && covers && named && index.columns.iter().flatten().all(within)
        }
        ChangeKind::DropConstraint { constraint: Some(constraint), .. } => {
            is_key(constraint.kind) && constraint.columns.iter().all(within)
        }
        _ => false,
    })
}

/// Whether a check or a foreign key that goes earlier in the script made sure that every row obeys the new one.
pub fn held_until_now(new: &Constraint, change: &Change, context: &Context<'_>) -> bool {
    let mut held = false;
    for earlier in context.before(change).filter(|earlier| same_table(earlier, change)) {
        match &earlier.kind {
            ChangeKind::DropConstraint { constraint: Some(old), .. } if old.kind == new.kind => {
                held |= old.valid && old.enforced && demands_as_much(old, new);
            }
            // Rows that are written meanwhile are looked at by nobody.
            ChangeKind::Insert { .. } | ChangeKind::Update { .. } => held = false,
            _ => {}
        }
    }
    held
}

fn same_table(one: &Change, other: &Change) -> bool {
    one.table.as_ref().map(|table| &table.name) == other.table.as_ref().map(|table| &table.name)
}

/// Whether the old constraint refuses all that the new one does.
fn demands_as_much(old: &Constraint, new: &Constraint) -> bool {
    match old.kind {
        ConstraintKind::Check => allows_more(old, new),
        ConstraintKind::ForeignKey => old.columns == new.columns && same_parent(old, new),
        _ => old.columns.iter().all(|column| new.columns.contains(column)),
    }
}

/// Whether something that goes in the same script, or stays, refuses all that a new constraint does.
pub fn is_weaker(new: &Constraint, known: &Table, change: &Change, context: &Context<'_>) -> bool {
    let same_table = |other: &&Change| other.table.as_ref().is_some_and(|table| table.name == known.name);
    context.about(&known.name).filter(same_table).any(|other| match &other.kind {
        ChangeKind::DropConstraint { constraint: Some(old), .. } if old.kind == new.kind => demands_as_much(old, new),
        ChangeKind::DropIndex { index: Some(old), .. } => {
            let within = |column: &EcoString| new.columns.contains(column);
            new.kind == ConstraintKind::Unique && old.is_unique() && old.columns.iter().flatten().all(within)
        }
        _ => false,
    }) || (new.kind == ConstraintKind::Unique && known.has_key_within(&new.columns, context.grammar()))
        || (new.kind == ConstraintKind::Check && known.constraints.iter().any(|old| old.valid && allows_more(old, new)))
        || (matches!(change.kind, ChangeKind::AddConstraint { .. }) && attaches(known, context))
}

fn same_parent(old: &Constraint, new: &Constraint) -> bool {
    let (Some(old), Some(new)) = (&old.references, &new.references) else { return false };
    // Without columns it leads to the primary key.
    old.table == new.table && (old.columns == new.columns || old.columns.is_empty() || new.columns.is_empty())
}

/// Whether the check only helps to attach the table as a partition later.
fn attaches(known: &Table, context: &Context<'_>) -> bool {
    context.about(&known.name).any(|other| match &other.kind {
        ChangeKind::AttachPartition { partition } => partition.name == known.name,
        _ => false,
    })
}

/// Whether the new check is the old one with more values in its lists, or with fewer terms.
fn allows_more(old: &Constraint, new: &Constraint) -> bool {
    let (Some(old), Some(new)) = (&old.expression, &new.expression) else { return false };
    let denies =
        |expression: &str| mentions(expression, "not") || ["<>", "!="].iter().any(|sign| expression.contains(sign));
    if denies(old) || denies(new) {
        // More of what is forbidden allows less.
        return old == new;
    }
    let (old_frame, old_values) = without_strings(old);
    let (new_frame, new_values) = without_strings(new);
    let longer_list = old_frame == new_frame && old_values.iter().all(|value| new_values.contains(value));
    longer_list || has_terms(old, new)
}

/// Whether an expression has all the terms of another, which `AND` joins. Where they may be joined otherwise, or denied
/// together, it is taken to have not.
fn has_terms(all: &str, some: &str) -> bool {
    let terms = |of: &str| -> Vec<String> {
        let one = of.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        one.split(" and ").map(|term| term.trim_matches(['(', ')', ' ']).to_owned()).collect()
    };
    let denied = |of: &str| of.to_ascii_lowercase().split("not").skip(1).any(|rest| rest.trim_start().starts_with('('));
    let otherwise = |of: &str| mentions(of, "or") || denied(of);
    all == some || (!otherwise(all) && !otherwise(some) && terms(some).iter().all(|term| terms(all).contains(term)))
}

/// An expression without its strings and the commas and blanks between them, and the strings.
fn without_strings(expression: &str) -> (String, Vec<&str>) {
    let (mut frame, mut strings) = (String::new(), Vec::new());
    for (number, part) in expression.split('\'').enumerate() {
        if number % 2 == 1 {
            strings.push(part);
        } else {
            let between = part.trim() == ",";
            let kept = part.chars().filter(|c| !between && !c.is_whitespace());
            frame.extend(kept.map(|c| c.to_ascii_lowercase()));
        }
    }
    (frame, strings)
}
