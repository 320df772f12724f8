use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Creating or updating an extension needs rights that a migration's login may not have.
    ///
    /// It may also be there already. Write `IF NOT EXISTS`, and see that whoever runs migrations may create it.
    ///
    /// ```sql fires postgres
    /// create extension hstore;
    /// ```
    ///
    /// ```sql fires postgres
    /// alter extension hstore update;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create extension if not exists hstore;
    /// ```
    "extension-change", Warning [BreaksOldCode, TransactionMode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let changes = matches!(
        change.kind,
        ChangeKind::CreateObject { kind: ObjectKind::Extension, if_not_exists: false, .. }
            | ChangeKind::AlterObject { kind: ObjectKind::Extension, .. }
    );
    if changes {
        findings
            .report(change, "the login that runs migrations may not be allowed to do this, and it may be there already")
            .help("write CREATE EXTENSION IF NOT EXISTS");
    }
}
