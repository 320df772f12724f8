use super::prelude::*;
use crate::lint::Severity;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping a view breaks code that still reads it.
    ///
    /// The old version of the application reads it until the rollout ends. A materialized view also loses what it computed.
    /// Dropping and creating it again in one transaction leaves no gap; MySQL has no such transaction.
    ///
    /// ```sql fires
    /// drop view active_users;
    /// ```
    ///
    /// ```sql quiet
    /// create view active_users as select id from users;
    /// drop view active_users;
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// drop view active_users;
    /// create view active_users as select id, name from users;
    /// ```
    ///
    /// A table may take its place:
    ///
    /// ```sql quiet postgres
    /// create view active_users as select id from users;
    /// -- next migration
    /// drop view if exists active_users;
    /// create table active_users (id int primary key);
    /// ```
    ///
    /// A block may put together the statement that makes it again:
    ///
    /// ```sql quiet postgres
    /// do $$ begin
    ///   drop view active_users;
    ///   execute format('create view active_users as %s', 'select 1');
    /// end $$;
    /// ```
    "drop-view", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::View | ObjectKind::MaterializedView)
        || !deployed(before.as_ref())
        || comes_back(change, context)
    {
        return;
    }
    if made_again(change, context) {
        let missing = format!("view `{name}` is missing until it is made again below");
        findings.report(change, missing).help("use CREATE OR REPLACE VIEW").severity(Severity::Warning);
        return;
    }
    let finding = findings.report(change, format!("view `{name}` is dropped while deployed code may still read it"));
    finding
        .help("stop reading the view, deploy that everywhere, then drop it; use CREATE OR REPLACE to append columns");
    doubt(finding, change, context);
}
