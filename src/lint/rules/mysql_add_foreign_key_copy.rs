use super::prelude::*;
use crate::lint::Severity;
use crate::lint::algorithm::checks_are_off;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Adding a foreign key copies the whole table while nobody can write to it.
    ///
    /// With `foreign_key_checks` off it takes a moment, and the rows that are there are not checked: look for those that point
    /// nowhere yourself.
    ///
    /// ```sql fires mysql mariadb
    /// alter table posts add constraint posts_user foreign key (user_id) references users (id);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// set foreign_key_checks = 0;
    /// alter table posts add constraint posts_user foreign key (user_id) references users (id);
    /// set foreign_key_checks = 1;
    /// ```
    "mysql-add-foreign-key-copy", Error [BlocksReadsOrWrites, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if !context.grammar().is_mysql() {
        return;
    }
    let adds = match &change.kind {
        ChangeKind::AddConstraint { constraint, .. } => constraint.kind == ConstraintKind::ForeignKey,
        ChangeKind::AddColumn { constraints, .. } => {
            // MySQL ignores it before 9.0.
            let read = context.grammar() == Grammar::MariaDb || context.server.since(9, 0, 0);
            read && constraints.iter().any(|one| one.kind == ConstraintKind::ForeignKey)
        }
        _ => false,
    };
    let Some(table) = used(change) else { return };
    if !adds || checks_are_off(change, context) {
        return;
    }
    let finding =
        findings.report(change, format!("`{}` is copied to check its rows, while nobody can write to it", table.name));
    finding.help("SET foreign_key_checks = 0 for this statement, and look for rows that point nowhere yourself");
    if context.grammar() == Grammar::MariaDb && context.server.since(11, 2, 0) {
        finding.severity(Severity::Warning);
    }
}
