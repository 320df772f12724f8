use super::prelude::*;
use crate::lint::types::decoded_as;
use crate::schema::DataType;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Code that knows the old type of a column cannot decode the new one.
    ///
    /// Statically typed clients ask for an `INT4` and get an `INT8`, and fail. Add a column of the new type and move the code
    /// to it, or ship code that reads both.
    ///
    /// ```sql fires postgres
    /// create table users (id int);
    /// -- next migration
    /// alter table users alter column id type bigint;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int);
    /// -- next migration
    /// alter table users modify id bigint;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (nick varchar(20));
    /// -- next migration
    /// alter table users alter column nick type text;
    /// ```
    ///
    /// Two types that change names are one to who decodes them:
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('ok');
    /// create table users (mood mood);
    /// -- next migration
    /// alter type mood rename to mood_old;
    /// create type mood as enum ('ok', 'sad');
    /// alter table users alter column mood type mood using mood::text::mood;
    /// drop type mood_old;
    /// ```
    "change-column-wire-type", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::ChangeType { column, from: Some(from), to, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let known = table.before.as_ref().and_then(|table| table.column(column, context.grammar()));
    if known.is_some_and(|known| known.origin != Origin::Deployed) {
        return;
    }
    // SQLite's types belong to values, not to columns.
    if decoded_as(from) != decoded_as(to) && context.grammar() != Grammar::Sqlite && !change_names(from, to, context) {
        findings
            .report(change, format!("old code decodes `{}.{column}` as {from}, and gets {to}", table.name))
            .help("add a column of the new type and move the code to it");
    }
}

/// Whether one of the types gets the other's name, or gave its own away, in the same script.
fn change_names(from: &DataType, to: &DataType, context: &Context<'_>) -> bool {
    context.script.changes.iter().any(|change| match &change.kind {
        ChangeKind::RenameObject { kind: ObjectKind::Type | ObjectKind::Domain, name, to: new, .. } => {
            let (old, new) = (name.name.to_ascii_lowercase(), new.to_ascii_lowercase());
            old == to.name && new == from.name
        }
        _ => false,
    })
}
