use super::prelude::*;
use crate::lint::Severity;
use crate::schema::{Table, TableRef};
use crate::sql::ddl::{ConstraintKind, ObjectKind};

rule! {
    /// A column that starts to refuse nulls breaks code that leaves it empty.
    ///
    /// Also a check that is `NOT VALID` holds for every new row, and for every update of an old one. Let all code write the
    /// column first, or give it a default; then fill it and tighten it.
    ///
    /// ```sql fires postgres
    /// alter table users alter column email set not null;
    /// ```
    ///
    /// ```sql fires postgres
    /// alter table users add constraint email_given check (email is not null) not valid;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int, hits int);
    /// -- next migration
    /// alter table users modify hits int not null;
    /// ```
    ///
    /// Only the first tightening counts:
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text);
    /// alter table users add constraint email_given check (email is not null);
    /// -- next migration
    /// alter table users alter column email set not null;
    /// ```
    ///
    /// Code that leaves it out gets the default:
    ///
    /// ```sql quiet postgres
    /// create table users (id int, email text default '');
    /// -- next migration
    /// alter table users alter column email set not null;
    /// ```
    ///
    /// No code writes what the database computes:
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key, number int generated always as (id + 1) stored);
    /// -- next migration
    /// alter table users alter column number set not null;
    /// ```
    ///
    /// A new definition of a column that no migration made says no more than it must:
    ///
    /// ```sql quiet mysql mariadb
    /// alter table users modify name varchar(50) character set utf8mb4 not null;
    /// ```
    ///
    /// Nor does code need to write what a trigger does:
    ///
    /// ```sql quiet postgres
    /// create table users (id int, name text, short text);
    /// create function shorten() returns trigger language plpgsql as $$ begin new.short := left(new.name, 3); return new; end $$;
    /// create trigger shorten before insert on users for each row execute function shorten();
    /// -- next migration
    /// alter table users alter column short set not null;
    /// ```
    "column-becomes-required", Warning [BreaksOldCode, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let Some(known) = &table.before else { return };
    let required = match &change.kind {
        ChangeKind::SetNotNull { column, .. } => EcoVec::from([column.clone()]),
        // A primary key is chosen for what is in it, and says so loudly.
        ChangeKind::AddConstraint { constraint, .. } if constraint.kind == ConstraintKind::PrimaryKey => return,
        ChangeKind::AddConstraint { constraint, .. } if constraint.enforced => constraint.required_columns(),
        _ => return,
    };
    for column in &required {
        if !is_set_by_trigger(column, known, context) {
            column_required(column, table, known, change, context.grammar(), findings);
        }
    }
}

fn column_required(
    column: &str,
    table: &TableRef,
    known: &Table,
    change: &Change,
    grammar: Grammar,
    findings: &mut Findings<'_>,
) {
    let refuses_already = known.constraints.iter().any(|one| one.enforced && one.requires(column, grammar));
    let old = known.column(column, grammar);
    let filled = old.is_some_and(|old| old.default.as_ref().is_some_and(|value| !value.eq_ignore_ascii_case("null")));
    // A whole new definition says it again, too, where it was so before.
    if old.is_none() && matches!(change.kind, ChangeKind::SetNotNull { .. }) && grammar.is_mysql() {
        return;
    }
    // No code writes what the database computes.
    let computed = old.is_some_and(|old| old.more.generated.is_some());
    if refuses_already || filled || computed || old.is_some_and(|old| old.not_null) {
        return;
    }
    let message = format!("code that leaves `{}.{column}` empty fails from now on", table.name);
    let finding = findings.report(change, message);
    finding.help("let all code write the column first, or give it a default; then fill the old rows");
    if old.is_some_and(|old| old.origin != Origin::Deployed) {
        // Old code cannot know the column at all.
        finding.severity(Severity::Error);
    }
}

/// Whether the table has triggers, and a routine that gives the column of a new row its value.
fn is_set_by_trigger(column: &str, table: &Table, context: &Context<'_>) -> bool {
    let assigned = format!("new.{}", column.to_ascii_lowercase());
    let sets = |body: &str| {
        let body = body.to_ascii_lowercase();
        body.match_indices(&assigned).any(|(at, _)| {
            let rest = body[at + assigned.len()..].trim_start();
            rest.starts_with(":=") || rest.starts_with('=')
        })
    };
    !table.more.triggers.is_empty() && context.catalog.objects(ObjectKind::Function).any(|(_, one)| sets(&one.text))
}
