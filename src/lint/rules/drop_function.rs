use super::prelude::*;
use crate::lint::Severity;
use crate::schema::Signature;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping a routine breaks what still calls it.
    ///
    /// Code, triggers, defaults and policies call it by its name and arguments. Keep the old signature for one release.
    ///
    /// ```sql fires postgres mysql mariadb
    /// drop function fee;
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create function fee() returns int return 1;
    /// drop function fee;
    /// ```
    ///
    /// Of a routine that has other arguments nothing is dropped:
    ///
    /// ```sql quiet postgres
    /// create function fee(amount int) returns int language sql as 'select 1';
    /// -- next migration
    /// drop function if exists fee();
    /// ```
    ///
    /// Nor does code call what only triggers call:
    ///
    /// ```sql quiet postgres
    /// create table orders (id int);
    /// create function stamp() returns trigger language plpgsql as $$ begin return new; end $$;
    /// create trigger stamp before update on orders for each row execute function stamp();
    /// -- next migration
    /// drop trigger stamp on orders;
    /// drop function stamp();
    /// ```
    "drop-function", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate)
        || !deployed(before.as_ref())
        || comes_back(change, context)
    {
        return;
    }
    // One that was not there before is not missed.
    let is_new = before.is_none() && tolerates(change, context);
    if made_again(change, context) && is_new {
        return;
    }
    if made_again(change, context) {
        let missing = format!("`{name}` is missing until it is made again below");
        findings.report(change, missing).help("deploy it when few call it").severity(Severity::Warning);
        return;
    }
    // Only triggers call one that returns a trigger, and the server does not drop it while one does.
    let for_triggers = |routine: &Signature| routine.returns.to_ascii_lowercase().ends_with("trigger");
    if before.as_ref().is_some_and(|before| !before.overloads.is_empty() && before.overloads.iter().all(for_triggers)) {
        return;
    }
    // Of a name with other arguments nothing is dropped.
    if before.as_ref().is_some_and(|before| before.overloads.is_empty()) && context.grammar() == Grammar::Postgres {
        return;
    }
    let finding = findings.report(change, format!("`{name}` is dropped while deployed code may still call it"));
    finding.help("keep the old signature for one release, then drop it");
    doubt(finding, change, context);
}
