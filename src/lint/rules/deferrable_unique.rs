use super::prelude::*;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A deferrable key serves neither `ON CONFLICT` nor foreign keys.
    ///
    /// The server refuses both, so code that upserts by this key fails, and no table can refer to it.
    ///
    /// ```sql fires postgres
    /// alter table users add constraint users_email unique (email) deferrable;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table users add constraint users_email unique (email);
    /// ```
    "deferrable-unique", Warning [BreaksOldCode, Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::AddConstraint { constraint, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let is_key = matches!(constraint.kind, ConstraintKind::Unique | ConstraintKind::PrimaryKey);
    if is_key && constraint.deferrable {
        findings
            .report(change, format!("no upsert and no foreign key can use this key of `{}`", table.name))
            .help("leave out DEFERRABLE");
    }
}
