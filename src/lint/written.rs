//! What a change writes anew, part by part, for rules about style: each part as it stands in the text, and what it means.
//!
//! What belongs to a temporary table is no matter of style, and neither is what a rebuild on SQLite only repeats.

use super::rule::Context;
use crate::schema::Shared;
use crate::schema::{Change, ChangeKind, Column, Constraint, DataType, Index, ObjectName, Table};
use crate::sql::ddl::{
    ActionKind, ColumnDefinition, ColumnRule, ConstraintKind, Detail, IndexDefinition, Name, ObjectKind,
};
use crate::sql::{Grammar, Span};

/// A column that is defined.
pub struct NewColumn<'c> {
    /// As it stands.
    pub definition: &'c ColumnDefinition,
    /// What it means.
    pub column: &'c Column,
}

/// A type that a column gets.
pub struct NewType<'c> {
    /// The column.
    pub column: &'c str,
    /// The type.
    pub data_type: &'c DataType,
    /// Where it stands.
    pub span: Span,
}

/// A constraint that is defined.
pub struct NewConstraint<'c> {
    /// What it means.
    pub constraint: &'c Constraint,
    /// The name that its author gave it.
    pub name: Option<&'c Name>,
    /// Where it stands.
    pub span: Span,
}

/// An index that is defined, and belongs to no constraint.
pub struct NewIndex<'c> {
    /// As it stands.
    pub definition: &'c IndexDefinition,
    /// What it means.
    pub index: &'c Index,
    /// Where it stands.
    pub span: Span,
}

/// The columns that a change defines.
pub fn columns<'c>(change: &'c Change, context: &Context<'c>) -> Vec<NewColumn<'c>> {
    if is_temporary(change) {
        return Vec::new();
    }
    match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => {
            let Detail::Table(written) = &context.reading(change).detail else { return Vec::new() };
            let (grammar, old) = (context.grammar(), replaced(change, context));
            let repeated = |name: &str| old.is_some_and(|old| old.column(name, grammar).is_some());
            let new = written.columns.iter().filter(|column| !repeated(&column.name.value));
            let pair = |definition: &'c ColumnDefinition| {
                Some(NewColumn { definition, column: table.column(&definition.name.value, grammar)? })
            };
            new.filter_map(pair).collect()
        }
        ChangeKind::AddColumn { column, .. } | ChangeKind::ModifyColumn { new: column, .. } => {
            let definition = definition(change, context);
            definition.map(|definition| NewColumn { definition, column }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The types that a change gives to columns.
pub fn types<'c>(change: &'c Change, context: &Context<'c>) -> Vec<NewType<'c>> {
    let place = |definition: &ColumnDefinition| definition.data_type.as_ref().map(|written| written.span);
    match &change.kind {
        // What is different about it is a change of its own.
        ChangeKind::ModifyColumn { .. } => Vec::new(),
        ChangeKind::ChangeType { column, to, .. } if !is_temporary(change) => {
            let span = match action(change, context) {
                Some(ActionKind::SetType { data_type, .. }) => Some(data_type.span),
                _ => definition(change, context).and_then(place),
            };
            vec![NewType { column, data_type: to, span: span.unwrap_or(change.span) }]
        }
        _ => {
            let typed = |NewColumn { definition, column }: NewColumn<'c>| {
                let (data_type, span) = (column.data_type.as_ref()?, place(definition)?);
                Some(NewType { column: &column.name, data_type, span })
            };
            columns(change, context).into_iter().filter_map(typed).collect()
        }
    }
}

/// The constraints that a change defines. Before version 9 MySQL reads REFERENCES beside a column, and makes no constraint.
pub fn constraints<'c>(change: &'c Change, context: &Context<'c>) -> Vec<NewConstraint<'c>> {
    let deaf = context.grammar() == Grammar::MySql && !context.server.since(9, 0, 0);
    let is_made = |new: &NewConstraint<'_>| {
        !(deaf && new.constraint.with_column && new.constraint.kind == ConstraintKind::ForeignKey)
    };
    written_constraints(change, context).into_iter().filter(is_made).collect()
}

fn written_constraints<'c>(change: &'c Change, context: &Context<'c>) -> Vec<NewConstraint<'c>> {
    if is_temporary(change) {
        return Vec::new();
    }
    let pair = |constraint: &'c Constraint, (name, span)| NewConstraint { constraint, name, span };
    match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => {
            let Detail::Table(written) = &context.reading(change).detail else { return Vec::new() };
            let old = replaced(change, context);
            let repeated = |one: &Constraint| {
                let same = |old: &Constraint| {
                    (old.kind, &old.columns, &old.expression) == (one.kind, &one.columns, &one.expression)
                };
                old.is_some_and(|old| old.constraints.iter().any(|old| same(old)))
            };
            let of_columns = written.columns.iter().flat_map(with_column);
            let of_table = written.constraints.iter().map(|one| (one.name.as_ref(), one.span));
            let pairs = table.constraints.iter().zip(of_columns.chain(of_table));
            pairs.filter(|(one, _)| !repeated(one)).map(|(one, place)| pair(one, place)).collect()
        }
        ChangeKind::AddColumn { constraints, .. } => {
            let written = definition(change, context).into_iter().flat_map(with_column);
            constraints.iter().zip(written).map(|(one, place)| pair(one, place)).collect()
        }
        ChangeKind::AddConstraint { constraint, .. } => match action(change, context) {
            Some(ActionKind::AddConstraint { constraint: written, .. }) => {
                vec![pair(constraint, (written.name.as_ref(), written.span))]
            }
            Some(_) => {
                let mut written = definition(change, context).into_iter().flat_map(with_column);
                written.next().map(|place| pair(constraint, place)).into_iter().collect()
            }
            // A rebuild on SQLite: the new table's definition has said it.
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The indexes that a change defines.
pub fn indexes<'c>(change: &'c Change, context: &Context<'c>) -> Vec<NewIndex<'c>> {
    if is_temporary(change) {
        return Vec::new();
    }
    match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => {
            let Detail::Table(written) = &context.reading(change).detail else { return Vec::new() };
            let means = |definition: &'c IndexDefinition| {
                let same = |index: &&Shared<Index>| {
                    let columns = index.columns.iter().map(Option::as_deref);
                    let parts = definition.parts.iter().map(|part| part.column.as_ref().map(|name| &*name.value));
                    !index.of_constraint && index.kind == definition.kind && columns.eq(parts)
                };
                let index = table.indexes.iter().find(same)?;
                Some(NewIndex { definition, index, span: definition.span })
            };
            written.indexes.iter().filter_map(means).collect()
        }
        ChangeKind::CreateIndex { index, .. } => {
            let definition = match (&context.reading(change).detail, action(change, context)) {
                (Detail::Index(definition), _) => &**definition,
                (_, Some(ActionKind::AddIndex { index, .. })) => index,
                _ => return Vec::new(),
            };
            vec![NewIndex { definition, index, span: change.span }]
        }
        _ => Vec::new(),
    }
}

/// The names that a change gives, each with the kind of what gets it.
pub fn names<'c>(change: &'c Change, context: &Context<'c>) -> Vec<(ObjectKind, &'c Name)> {
    if is_temporary(change) {
        return Vec::new();
    }
    let reading = context.reading(change);
    let own = reading.names.first().map(|written| &written.name);
    let acted = action(change, context);
    let mut names: Vec<(ObjectKind, &Name)> = Vec::new();
    match &change.kind {
        ChangeKind::CreateTable { exists: false, .. } if replaced(change, context).is_none() => {
            names.extend(own.map(|name| (ObjectKind::Table, name)));
        }
        ChangeKind::RenameTable { to } => {
            names.extend(new_name(to, change, context).map(|name| (ObjectKind::Table, name)))
        }
        ChangeKind::CreateObject { kind, replace, before, .. } if !(*replace && before.is_some()) => {
            names.extend(own.map(|name| (kind_of_name(*kind), name)));
        }
        ChangeKind::RenameObject { kind, .. } => {
            if let Some(ActionKind::RenameTo(to)) = acted {
                names.push((kind_of_name(*kind), &to.name));
            }
        }
        ChangeKind::AddTrigger { .. } => names.extend(own.map(|name| (ObjectKind::Trigger, name))),
        ChangeKind::AddPolicy { .. } => names.extend(own.map(|name| (ObjectKind::Policy, name))),
        ChangeKind::RenameColumn { .. } => match acted {
            Some(ActionKind::RenameColumn { to, .. }) => names.push((ObjectKind::Column, to)),
            Some(ActionKind::ChangeColumn { column, .. }) => names.push((ObjectKind::Column, &column.name)),
            _ => {}
        },
        ChangeKind::RenameConstraint { .. } => {
            if let Some(ActionKind::RenameConstraint { to, .. }) = acted {
                names.push((ObjectKind::Constraint, to));
            }
        }
        ChangeKind::RenameIndex { .. } => match acted {
            Some(ActionKind::RenameIndex { to, .. }) => names.push((ObjectKind::Index, to)),
            Some(ActionKind::RenameTo(to)) => names.push((ObjectKind::Index, &to.name)),
            _ => {}
        },
        _ => {}
    }
    if !matches!(change.kind, ChangeKind::ModifyColumn { .. }) {
        names.extend(columns(change, context).into_iter().map(|new| (ObjectKind::Column, &new.definition.name)));
    }
    names.extend(constraints(change, context).into_iter().filter_map(|new| Some((ObjectKind::Constraint, new.name?))));
    let indexes = indexes(change, context).into_iter();
    names.extend(indexes.filter_map(|new| Some((ObjectKind::Index, new.definition.name.as_ref()?))));
    names
}

/// The kind under which rules about names know an object: what is used alike is named alike.
fn kind_of_name(kind: ObjectKind) -> ObjectKind {
    match kind {
        ObjectKind::MaterializedView => ObjectKind::View,
        ObjectKind::ForeignTable => ObjectKind::Table,
        ObjectKind::Domain => ObjectKind::Type,
        ObjectKind::Procedure | ObjectKind::Aggregate => ObjectKind::Function,
        ObjectKind::Database => ObjectKind::Schema,
        other => other,
    }
}

/// The new name of a table, by `ALTER TABLE` or `RENAME TABLE`.
fn new_name<'c>(to: &ObjectName, change: &'c Change, context: &Context<'c>) -> Option<&'c Name> {
    match (&context.reading(change).detail, action(change, context)) {
        (Detail::Renames(renames), _) => {
            let same = |name: &&Name| context.grammar().same_name(&name.value, &to.name);
            renames.iter().map(|written| &written.name).find(same)
        }
        (_, Some(ActionKind::RenameTo(written))) => Some(&written.name),
        _ => None,
    }
}

fn is_temporary(change: &Change) -> bool {
    let made = matches!(&change.kind, ChangeKind::CreateTable { table, .. } if table.temporary);
    made || change.table.as_ref().and_then(|table| table.before.as_ref()).is_some_and(|table| table.temporary)
}

/// The action of an `ALTER` that a change stands for.
fn action<'c>(change: &Change, context: &Context<'c>) -> Option<&'c ActionKind> {
    let actions = context.reading(change).actions();
    actions.iter().find(|action| action.span == change.span).map(|action| &action.kind)
}

/// The column's definition in the action that a change stands for.
fn definition<'c>(change: &Change, context: &Context<'c>) -> Option<&'c ColumnDefinition> {
    match action(change, context)? {
        ActionKind::AddColumn { column, .. }
        | ActionKind::ModifyColumn { column, .. }
        | ActionKind::ChangeColumn { column, .. } => Some(column),
        _ => None,
    }
}

/// The constraints that are written with a column, as the catalog has them: the name of each, and where it stands.
fn with_column(definition: &ColumnDefinition) -> impl Iterator<Item = (Option<&Name>, Span)> {
    let kept = definition.constraints.iter().filter(|one| {
        matches!(
            one.rule,
            ColumnRule::PrimaryKey | ColumnRule::Unique | ColumnRule::Check(_) | ColumnRule::References(_)
        )
    });
    kept.map(|one| (one.name.as_ref(), one.span))
}

/// The table whose place a new one takes, on SQLite.
fn replaced<'c>(change: &Change, context: &Context<'c>) -> Option<&'c Table> {
    let ChangeKind::CreateTable { table, .. } = &change.kind else { return None };
    context.all_after(change).iter().find_map(|later| match &later.kind {
        ChangeKind::Rebuild { after, .. } if after.columns == table.columns => later.table.as_ref()?.before.as_deref(),
        _ => None,
    })
}
