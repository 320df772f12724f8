use super::prelude::*;
use crate::schema::ObjectName;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Dropping a type breaks code that still names it.
    ///
    /// Casts and typed parameters name the type, and drivers keep its number. Move columns and code to another type first.
    ///
    /// ```sql fires postgres
    /// drop type mood;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('ok');
    /// drop type mood;
    /// ```
    ///
    /// What got another name above is not what code names:
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('ok');
    /// -- next migration
    /// alter type mood rename to mood_old;
    /// create type mood as enum ('ok', 'sad');
    /// drop type mood_old;
    /// ```
    "drop-type", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::DropObject { kind, name, before, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Type | ObjectKind::Domain)
        || !deployed(before.as_ref())
        || comes_back(change, context)
        || had_another_name(name, change, context)
    {
        return;
    }
    let finding = findings.report(change, format!("type `{name}` is dropped while deployed code may still name it"));
    finding.help("move columns and code to another type first, then drop it in a later migration");
    doubt(finding, change, context);
}

/// Whether the script gave the type this name, of which the other rule speaks.
fn had_another_name(name: &ObjectName, change: &Change, context: &Context<'_>) -> bool {
    context.all_before(change).iter().any(|earlier| match &earlier.kind {
        ChangeKind::RenameObject { kind: ObjectKind::Type | ObjectKind::Domain, to, .. } => *to == name.name,
        _ => false,
    })
}
