use super::prelude::*;
use crate::lint::written::columns;
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{Name, ObjectKind, QualifiedName, Verb};

rule! {
    /// Every table and column says in a comment what it holds.
    ///
    /// For projects that document their schema in the database. SQLite keeps no comments.
    ///
    /// ```sql fires postgres
    /// create table users (id bigint primary key);
    /// comment on table users is 'People who can log in';
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id bigint primary key comment 'Their number');
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id bigint primary key);
    /// comment on table users is 'People who can log in';
    /// comment on column users.id is 'Their number';
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id bigint primary key comment 'Their number') comment 'People who can log in';
    /// ```
    "require-comment", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let grammar = context.grammar();
    let Some(table) = change.table.as_ref().filter(|_| grammar != Grammar::Sqlite) else { return };
    let creates = match &change.kind {
        ChangeKind::CreateTable { table, exists: false, .. } => !table.temporary,
        ChangeKind::AddColumn { .. } => false,
        _ => return,
    };
    let said = |kind: ObjectKind, is: &dyn Fn(&QualifiedName) -> bool| {
        context.statements().skip(change.statement).any(|(number, _, heading)| {
            (heading.verb, heading.object) == (Verb::Comment, Some(kind)) && context.read(number).names.iter().any(is)
        })
    };
    let is_table = |name: &Name| grammar.same_name(&name.value, &table.name.name);
    if creates && !says_comment(change, context) && !said(ObjectKind::Table, &|name| is_table(&name.name)) {
        let place = context.reading(change).names.first().map_or(change.span, QualifiedName::span);
        findings
            .report_at(Some(change.statement), place, format!("nothing says what `{}` holds", table.name))
            .help(if grammar == Grammar::Postgres { "add COMMENT ON TABLE" } else { "add COMMENT to the table" });
    }
    for new in columns(change, context).iter().filter(|new| new.column.more.comment.is_none()) {
        let is_column = |name: &QualifiedName| {
            name.schema().is_some_and(is_table) && grammar.same_name(&name.name.value, &new.column.name)
        };
        if !said(ObjectKind::Column, &is_column) {
            findings
                .report_at(
                    Some(change.statement),
                    new.definition.name.span,
                    format!("nothing says what `{}.{}` holds", table.name, new.column.name),
                )
                .help(if grammar == Grammar::Postgres { "add COMMENT ON COLUMN" } else { "add COMMENT to the column" });
        }
    }
}

/// Whether the definition of a table ends with a comment, as it does on MySQL.
fn says_comment(change: &Change, context: &Context<'_>) -> bool {
    let tokens = code(context.text(), context.reading(change).span, context.lexis);
    context.grammar().is_mysql() && Cursor::new(context.text(), &tokens).has("COMMENT")
}
