use super::prelude::*;
use crate::schema::View;
use crate::sql::ddl::ObjectKind;

rule! {
    /// A view that loses or renames columns breaks its readers, and PostgreSQL refuses to replace it.
    ///
    /// `CREATE OR REPLACE VIEW` may only append columns there; elsewhere, and by dropping and creating it anew, whoever names the
    /// old column fails. Append the new columns, or make a new view beside the old one.
    ///
    /// ```sql fires
    /// create table users (id int, email varchar(50));
    /// create view people as select id, email from users;
    /// -- next migration
    /// drop view people;
    /// create view people as select id, email as mail from users;
    /// ```
    ///
    /// ```sql fires postgres
    /// create table users (id int, email varchar(50));
    /// create view people as select id, email from users;
    /// -- next migration
    /// create or replace view people as select email, id from users;
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table users (id int, email varchar(50));
    /// create view people as select id, email from users;
    /// -- next migration
    /// create or replace view people as select id, email, 1 as version from users;
    /// ```
    "replace-view-incompatible", Error [BreaksOldCode, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateObject { kind, name, replace, if_not_exists: false, before, after } = &change.kind else {
        return;
    };
    if !matches!(kind, ObjectKind::View | ObjectKind::MaterializedView) {
        return;
    }
    let dropped = context.before(change).find_map(|earlier| match &earlier.kind {
        ChangeKind::DropObject { kind: of, name: gone, before: Some(before), .. } => {
            (of == kind && gone == name && before.origin == Origin::Deployed).then_some(before)
        }
        _ => None,
    });
    let Some(before) = before.as_ref().filter(|_| *replace).or(dropped) else { return };
    let columns = |view: &Option<std::sync::Arc<View>>| view.as_ref().and_then(|view| view.columns.clone());
    let (Some(old), Some(new)) = (columns(&before.view), columns(&after.view)) else { return };
    let grammar = context.grammar();
    // A name that cannot be told may be any.
    let same = |one: &Option<EcoString>, other: &Option<EcoString>| match (one, other) {
        (Some(one), Some(other)) => grammar.same_name(one, other),
        _ => true,
    };
    let missing = old.iter().flatten().find(|column| !new.iter().any(|other| same(&Some((*column).clone()), other)));
    let moved = old.iter().zip(&new).find(|(old, new)| !same(old, new)).and_then(|(old, _)| old.as_ref());
    let refuses = grammar == Grammar::Postgres && dropped.is_none();
    let message = match (missing, moved) {
        (Some(column), _) if refuses => format!("PostgreSQL refuses to take `{column}` from the view `{name}`"),
        (Some(column), _) => format!("readers of `{name}` that name `{column}` fail from now on"),
        (None, Some(column)) if refuses => format!("PostgreSQL refuses to move `{column}` of the view `{name}`"),
        (None, None) if new.len() < old.len() => format!("the view `{name}` has fewer columns than before"),
        _ => return,
    };
    findings.report(change, message).help("keep the columns in their order and append new ones, or make a new view");
}
