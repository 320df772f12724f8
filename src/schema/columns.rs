//! Columns: added, dropped, renamed, changed. A whole new definition is read as the single changes it makes.

use ecow::{EcoString, EcoVec};

use super::change::{ChangeKind, TableRef};
use super::data_type::DataType;
use super::name::ObjectName;
use super::reader::Reader;
use super::shared::Shared;
use super::table::{Column, Constraint, Numbering};
use crate::sql::ddl::{Action, ActionKind, ColumnDefinition, ConstraintKind, Name, ObjectKind};
use crate::sql::{Grammar, Span};

impl Reader<'_> {
    /// Does the action, if it is one on a column.
    pub fn column_action(&mut self, table: &TableRef, action: &Action) -> bool {
        let span = action.span;
        let kind = match &action.kind {
            ActionKind::AddColumn { column, if_not_exists, position } => {
                return self.add_column(table, column, *if_not_exists, *position, span);
            }
            ActionKind::ModifyColumn { column, position, .. } => {
                let name = column.name.clone();
                return self.modify_column(table, &name, column, *position, span);
            }
            ActionKind::ChangeColumn { from, column, position, .. } => {
                return self.modify_column(table, from, column, *position, span);
            }
            ActionKind::DropColumn { column, cascade, .. } => {
                let old = self.old(table, column);
                if *cascade && self.grammar() == Grammar::Postgres {
                    for view in self.views_with(&table.name, &column.value).iter() {
                        self.catalog.remove(view);
                        self.catalog.remove_object(ObjectKind::View, view);
                        self.catalog.remove_object(ObjectKind::MaterializedView, view);
                    }
                }
                self.drop_column(&table.name, &column.value);
                ChangeKind::DropColumn { name: column.value.clone(), column: old, cascade: *cascade }
            }
            ActionKind::RenameColumn { from, to } => {
                self.rename_column(&table.name, &from.value, &to.value);
                ChangeKind::RenameColumn { from: from.value.clone(), to: to.value.clone() }
            }
            ActionKind::SetType { column, data_type, collation, using } => {
                let to = DataType::read(data_type, self.text, self.grammar());
                let old = self.old(table, column);
                let (from, using) = (old.as_ref().and_then(|old| old.data_type.clone()), *using);
                let collation = collation.as_ref().map(|name| name.to_string().into_boxed_str());
                let old_collation = old.and_then(|old| old.more.collation.clone());
                self.edit_column(table, column, |column| {
                    column.data_type = Some(to.clone());
                    column.more.collation.clone_from(&collation);
                });
                let changed = collation.filter(|collation| Some(collation) != old_collation.as_ref());
                let column = column.value.clone();
                self.push(
                    Some(table.clone()),
                    span,
                    ChangeKind::ChangeType {
                        column: column.clone(),
                        from: from.map(Box::new),
                        to: Box::new(to),
                        using,
                    },
                );
                let Some(to) = changed else { return true };
                ChangeKind::ChangeCollation { column, to }
            }
            ActionKind::SetNotNull { column } => {
                let old = self.old(table, column);
                self.edit_column(table, column, |column| column.not_null = true);
                ChangeKind::SetNotNull { column: column.value.clone(), old }
            }
            ActionKind::DropNotNull { column } => {
                let old = self.old(table, column);
                self.edit_column(table, column, |column| column.not_null = false);
                ChangeKind::DropNotNull { column: column.value.clone(), old }
            }
            ActionKind::SetDefault { column, value } => {
                let (old, value) = (self.old(table, column), self.written(*value));
                let default = Some(value).filter(|value| !super::define::is_null(value)).map(Box::from);
                self.edit_column(table, column, |column| column.default = default);
                ChangeKind::SetDefault { column: column.value.clone(), old, value: value.into() }
            }
            ActionKind::DropDefault { column } => {
                let old = self.old(table, column);
                self.edit_column(table, column, |column| {
                    column.default = None;
                    column.numbering = column.numbering.filter(|numbering| *numbering != Numbering::Serial);
                });
                ChangeKind::DropDefault { column: column.value.clone(), old }
            }
            ActionKind::AddIdentity { column } | ActionKind::SetIdentity { column } => {
                let old = self.old(table, column);
                let always = has_words(span.of(self.text), "generated always");
                let generated = always || has_words(span.of(self.text), "generated by default");
                if !generated {
                    return true;
                }
                self.edit_column(table, column, |column| column.numbering = Some(Numbering::Identity { always }));
                ChangeKind::SetIdentity { column: column.value.clone(), old, always }
            }
            ActionKind::DropIdentity { column, .. } => {
                self.edit_column(table, column, |column| column.numbering = None);
                ChangeKind::DropIdentity { column: column.value.clone() }
            }
            ActionKind::DropExpression { column } => {
                self.edit_column(table, column, |column| column.more.generated = None);
                ChangeKind::DropExpression { column: column.value.clone() }
            }
            ActionKind::SetExpression { column, expression } => {
                let (old, expression) = (self.old(table, column), self.written(*expression));
                self.edit_column(table, column, |column| {
                    if let Some(generated) = &mut column.more.generated {
                        generated.expression = expression.into();
                    }
                });
                ChangeKind::SetExpression { column: column.value.clone(), old }
            }
            _ => return false,
        };
        self.push(Some(table.clone()), span, kind);
        true
    }

    fn old(&self, table: &TableRef, column: &Name) -> Option<Shared<Column>> {
        table.before.as_ref()?.column(&column.value, self.grammar()).cloned()
    }

    /// Changes a column; one that is not known becomes known as far as the statement tells.
    fn edit_column(&mut self, table: &TableRef, column: &Name, change: impl FnOnce(&mut Column)) {
        let grammar = self.grammar();
        self.catalog.edit(&table.name, |table| {
            if let Some(column) = table.column_mut(&column.value, grammar) {
                change(column);
            }
        });
    }

    fn add_column(
        &mut self,
        table: &TableRef,
        definition: &ColumnDefinition,
        if_not_exists: bool,
        position: Option<Span>,
        span: Span,
    ) -> bool {
        if if_not_exists && self.old(table, &definition.name).is_some() {
            return true;
        }
        let column = Shared::from(self.column(definition));
        let constraints: Vec<Shared<Constraint>> =
            self.column_constraints(&table.name.name, definition).into_iter().map(Shared::from).collect();
        self.catalog.edit(&table.name, |table| table.columns.push(column.clone()));
        for constraint in &constraints {
            self.add_constraint(&table.name, constraint.clone(), None);
        }
        self.push(Some(table.clone()), span, ChangeKind::AddColumn { column, constraints, position });
        true
    }

    /// Without a column go the constraints and indexes that need it; MySQL shortens its keys instead.
    fn drop_column(&mut self, table: &ObjectName, name: &str) {
        let grammar = self.grammar();
        self.catalog.edit(table, |table| {
            if let Some(at) = table.columns.iter().position(|column| grammar.same_name(&column.name, name)) {
                table.columns.remove(at);
            }
            if grammar.is_mysql() {
                let named = |own: &Option<EcoString>| own.as_ref().is_some_and(|own| grammar.same_name(own, name));
                for index in table.indexes.make_mut().iter_mut().filter(|index| index.columns.iter().any(named)) {
                    index.columns.retain(|own| !named(own));
                }
                table.indexes.retain(|index| !index.columns.is_empty());
                let is_key = |kind| matches!(kind, ConstraintKind::Unique | ConstraintKind::PrimaryKey);
                let shrinks = |one: &Constraint| is_key(one.kind) && one.uses(name, grammar);
                for constraint in table.constraints.make_mut().iter_mut().filter(|one| shrinks(one)) {
                    constraint.columns.retain(|own| !grammar.same_name(own, name));
                }
                table.constraints.retain(|constraint| !is_key(constraint.kind) || !constraint.columns.is_empty());
            } else {
                table.indexes.retain(|index| !index.uses(name, grammar));
                table.constraints.retain(|constraint| !constraint.uses(name, grammar));
            }
        });
    }

    fn rename_column(&mut self, table: &ObjectName, from: &str, to: &str) {
        let grammar = self.grammar();
        self.catalog.edit(table, |table| {
            // What does not name the column stays shared with what the table was.
            let named = |own: &EcoString| grammar.same_name(own, from);
            let rename = |names: &mut EcoVec<EcoString>| {
                names.make_mut().iter_mut().filter(|own| named(own)).for_each(|own| *own = to.into());
            };
            for column in table.columns.make_mut().iter_mut().filter(|column| named(&column.name)) {
                column.name = to.into();
            }
            for constraint in table.constraints.make_mut().iter_mut().filter(|one| one.columns.iter().any(named)) {
                rename(&mut constraint.columns);
            }
            for index in table.indexes.make_mut().iter_mut() {
                if index.columns.iter().flatten().chain(&index.include).any(named) {
                    rename(&mut index.include);
                    let columns = index.columns.make_mut().iter_mut().flatten();
                    columns.filter(|own| named(own)).for_each(|own| *own = to.into());
                }
            }
        });
        self.catalog.rename_in_views(table, |used| {
            let named: Vec<EcoString> =
                used.columns.iter().filter(|own| grammar.same_name(own, from)).cloned().collect();
            if named.iter().any(|own| used.columns.remove(own)) {
                used.columns.insert(to.into());
            }
        });
    }

    /// MySQL's `MODIFY` and `CHANGE`: a new definition, of which the differences are what matters.
    fn modify_column(
        &mut self,
        table: &TableRef,
        from: &Name,
        definition: &ColumnDefinition,
        position: Option<Span>,
        span: Span,
    ) -> bool {
        let old = self.old(table, from);
        let grammar = self.grammar();
        let mut new = Shared::from(self.column(definition));
        if let Some(old) = &old {
            new.origin = old.origin;
        }
        // Keys are no part of the definition and stay: so does the refusal of nulls that a primary key brings.
        let is_key = table.before.as_ref().is_some_and(|table| {
            let mut keys = table.constraints.iter().filter(|one| one.kind == ConstraintKind::PrimaryKey);
            keys.any(|key| key.uses(&from.value, grammar))
        });
        new.not_null |= is_key;
        let (table_ref, to) = (Some(table.clone()), definition.name.value.clone());
        self.push(table_ref.clone(), span, ChangeKind::ModifyColumn { old: old.clone(), new: new.clone(), position });
        if !grammar.same_name(&from.value, &to) {
            self.push(table_ref.clone(), span, ChangeKind::RenameColumn { from: from.value.clone(), to: to.clone() });
            self.rename_column(&table.name, &from.value, &to);
        }
        for kind in differences(old.as_ref(), &new) {
            self.push(table_ref.clone(), span, kind);
        }
        self.catalog.edit(&table.name, |table| {
            if let Some(column) = table.column_mut(&to, grammar) {
                *column = (*new).clone();
            }
        });
        for constraint in self.column_constraints(&table.name.name, definition) {
            let constraint = Shared::from(constraint);
            self.add_constraint(&table.name, constraint.clone(), None);
            self.push(table_ref.clone(), span, ChangeKind::AddConstraint { constraint, using_index: None });
        }
        true
    }
}

/// The single changes between two definitions of one column. Of an unknown old one, what the new one demands.
pub fn differences(old: Option<&Shared<Column>>, new: &Column) -> Vec<ChangeKind> {
    let mut changes = Vec::new();
    let column = new.name.clone();
    let from = old.and_then(|old| old.data_type.clone());
    if let Some(to) = &new.data_type
        && from.as_ref() != Some(to)
    {
        let (from, to) = (from.map(Box::new), Box::new(to.clone()));
        changes.push(ChangeKind::ChangeType { column: column.clone(), from, to, using: None });
    }
    let old_collation = old.and_then(|old| old.more.collation.as_ref());
    if let Some(to) = new.more.collation.as_ref().filter(|to| Some(*to) != old_collation) {
        changes.push(ChangeKind::ChangeCollation { column: column.clone(), to: to.clone() });
    }
    if new.not_null && old.is_none_or(|old| !old.not_null) {
        changes.push(ChangeKind::SetNotNull { column: column.clone(), old: old.cloned() });
    }
    let Some(old) = old else { return changes };
    if old.not_null && !new.not_null {
        changes.push(ChangeKind::DropNotNull { column: column.clone(), old: Some(old.clone()) });
    }
    match (&old.default, &new.default) {
        (Some(_), None) => changes.push(ChangeKind::DropDefault { column: column.clone(), old: Some(old.clone()) }),
        (was, Some(value)) if was.as_ref() != Some(value) => {
            let kind = ChangeKind::SetDefault { column: column.clone(), old: Some(old.clone()), value: value.clone() };
            changes.push(kind);
        }
        _ => {}
    }
    if old.more.generated.is_some() && new.more.generated.is_none() {
        changes.push(ChangeKind::DropExpression { column });
    }
    changes
}

/// Whether a text has these words in this order with only blanks between.
fn has_words(text: &str, phrase: &str) -> bool {
    let words = text.split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>();
    let phrase: Vec<&str> = phrase.split(' ').collect();
    words.windows(phrase.len()).any(|window| window == phrase)
}
