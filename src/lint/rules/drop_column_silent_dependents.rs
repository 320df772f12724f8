use super::prelude::*;
use crate::lint::Severity;
use crate::schema::Constraint;
use crate::schema::Shared;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Dropping a column takes along the keys, checks and indexes that it is a part of.
    ///
    /// PostgreSQL says nothing about it; MySQL shortens keys to the columns that are left, and MariaDB those that are not
    /// unique; for the rest it refuses. What they kept apart is no longer kept apart. Build what takes their place first.
    ///
    /// ```sql fires postgres mysql mariadb
    /// create table orders (account_id int, state varchar(10), unique (account_id, state));
    /// -- next migration
    /// alter table orders drop column state;
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// create table bookings (starts int, ends int, check (starts < ends));
    /// -- next migration
    /// alter table bookings drop column ends;
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table orders (account_id int, state varchar(10));
    /// create index orders_state on orders (state);
    /// -- next migration
    /// alter table orders drop column state;
    /// ```
    "drop-column-silent-dependents", Warning [DataDependentFailure, BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropColumn { name, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let Some(known) = &table.before else { return };
    let grammar = context.grammar();
    if grammar == Grammar::Sqlite {
        return;
    }
    // What the script drops by its name is meant.
    let named = |gone: Option<&str>| {
        context.all_after(change).iter().any(|later| match &later.kind {
            ChangeKind::DropIndex { name, .. } => Some(name.as_str()) == gone,
            ChangeKind::DropConstraint { name, .. } => name.as_deref() == gone && gone.is_some(),
            _ => false,
        })
    };
    let index = known.indexes.iter().find(|index| {
        index.columns.len() + index.include.len() > 1 && index.uses(name, grammar) && !named(index.name.as_deref())
    });
    let others = || known.columns.iter().filter(|column| !grammar.same_name(&column.name, name));
    let shared = |one: &&Shared<Constraint>| {
        let several = one.columns.len() > 1 || others().any(|other| one.uses(&other.name, grammar));
        several && one.uses(name, grammar) && !named(one.name.as_deref())
    };
    let constraint = known.constraints.iter().find(shared);
    let lost = constraint.and_then(|one| one.name.as_deref()).or(index.and_then(|index| index.name.as_deref()));
    if index.is_some() || constraint.is_some() {
        let lost = lost.map_or_else(|| "a key".to_owned(), |lost| format!("`{lost}`"));
        // A key that would refuse fewer rows, MySQL makes without a word and MariaDB does not make.
        let is_check = constraint.is_some_and(|one| one.kind == ConstraintKind::Check);
        let refused = constraint.is_some() && (grammar == Grammar::MariaDb || (grammar == Grammar::MySql && is_check));
        let (what, severity) = match refused {
            true => (", so the server refuses", Severity::Error),
            false => (" and goes, or shrinks, without a word", Severity::Warning),
        };
        findings
            .report(change, format!("{lost} needs `{}.{name}`{what}", table.name))
            .severity(severity)
            .help("build what takes its place first, and drop it by its name");
    }
}
