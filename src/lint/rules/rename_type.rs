use super::prelude::*;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Renaming a type breaks code that names it.
    ///
    /// Casts such as `x::mood` and typed drivers look it up by name.
    ///
    /// ```sql fires postgres
    /// alter type mood rename to feeling;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('ok');
    /// alter type mood rename to feeling;
    /// ```
    ///
    /// Where another type takes the name in the same transaction, only the labels count that it lacks:
    ///
    /// ```sql fires postgres
    /// create type mood as enum ('ok', 'sad');
    /// -- next migration
    /// create type mood_new as enum ('ok');
    /// alter type mood rename to mood_old;
    /// alter type mood_new rename to mood;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('ok');
    /// -- next migration
    /// create type mood_new as enum ('ok', 'sad');
    /// alter type mood rename to mood_old;
    /// alter type mood_new rename to mood;
    /// ```
    "rename-type", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::RenameObject { kind, name, to, before } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Type | ObjectKind::Domain) || !deployed(before.as_ref()) {
        return;
    }
    let successor = context.all_after(change).iter().find_map(|later| match &later.kind {
        ChangeKind::RenameObject { kind: of, to, before, .. } if of == kind && *to == name.name => before.as_ref(),
        ChangeKind::CreateObject { kind: of, name: again, after, .. } if of == kind && *again == **name => Some(after),
        _ => None,
    });
    if let Some(successor) = successor.filter(|_| context.one_transaction()) {
        let kept = labels(&successor.text);
        let old = before.as_ref().map(|before| labels(&before.text)).unwrap_or_default();
        let gone: Vec<&str> = old.into_iter().filter(|label| !kept.contains(label)).collect();
        if !gone.is_empty() {
            findings
                .report(change, format!("`{name}` loses '{}', and code that still uses it fails", gone.join("', '")))
                .help("let no code and no row use these labels, deploy that, then replace the type");
        }
        return;
    }
    findings
        .report(change, format!("type `{name}` becomes `{to}`, and code that uses the old name fails"))
        .help("create the new type beside the old one and move columns and code to it");
}

/// The labels of an enum, from its statement.
fn labels(statement: &str) -> Vec<&str> {
    statement.split('\'').skip(1).step_by(2).collect()
}
