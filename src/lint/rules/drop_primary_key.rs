use super::prelude::*;
use crate::lint::Severity;
use crate::sql::ddl::{ActionKind, ConstraintKind};

rule! {
    /// Without a primary key, upserts by it break and replicas can no longer tell rows apart.
    ///
    /// Publications refuse updates and deletes of a table without an identity, and online schema tools refuse the table. Build
    /// the new unique index concurrently first, then drop the old key and add the new one with it in one statement.
    ///
    /// ```sql fires postgres
    /// create table users (id int primary key);
    /// -- next migration
    /// alter table users drop constraint users_pkey;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// alter table users drop primary key;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// alter table users drop constraint users_pkey;
    /// ```
    "drop-primary-key", Error [BreaksOldCode, BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropConstraint { constraint, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let is_key = constraint.as_ref().is_some_and(|constraint| constraint.kind == ConstraintKind::PrimaryKey);
    let says_key = context.reading(change).actions().iter().any(|action| {
        let drops_key =
            matches!(action.kind, ActionKind::DropConstraint { kind: Some(ConstraintKind::PrimaryKey), .. });
        drops_key && action.span == change.span
    });
    if !is_key && !says_key || table_goes(change, context) {
        return;
    }
    let adds = |other: &Change| match &other.kind {
        ChangeKind::AddConstraint { constraint, .. } => {
            let same = other.table.as_ref().is_some_and(|other| other.name == table.name);
            same && constraint.kind == ConstraintKind::PrimaryKey
        }
        _ => false,
    };
    let replaced = context.beside(change).any(adds) || (context.one_transaction() && context.after(change).any(adds));
    let message = if replaced {
        format!("the primary key of `{}` becomes another, and upserts by the old one fail", table.name)
    } else {
        format!("`{}` loses its primary key: upserts and replication need it", table.name)
    };
    let built = context
        .beside(change)
        .any(|other| matches!(&other.kind, ChangeKind::AddConstraint { using_index: Some(_), .. }));
    let finding = findings.report(change, message);
    finding.help(match built || context.grammar() == Grammar::Sqlite {
        true => "keep a unique index on the old columns until no code upserts by them",
        false => "build the new unique index first, then drop the old key and add the new one in one ALTER TABLE",
    });
    if replaced {
        finding.severity(Severity::Warning);
    }
}
