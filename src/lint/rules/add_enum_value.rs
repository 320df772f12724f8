use super::prelude::*;
use crate::lint::algorithm::{appends_labels, is_enum, labels};

rule! {
    /// A new label of an enum reaches readers that do not know it.
    ///
    /// Code that decodes the type into a closed set fails at the first row with it; PostgreSQL cannot take a label away again.
    /// Ship readers that bear it first, then add it, then write it.
    ///
    /// ```sql fires postgres
    /// create type mood as enum ('sad', 'ok');
    /// -- next migration
    /// alter type mood add value 'happy';
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int, mood enum('sad', 'ok'));
    /// -- next migration
    /// alter table users modify mood enum('sad', 'ok', 'happy');
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type mood as enum ('sad', 'ok');
    /// alter type mood add value 'happy';
    /// ```
    "add-enum-value", Info [BreaksOldCode, BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let what = match &change.kind {
        ChangeKind::AddValue { kind, value, before } if deployed(before.as_ref()) => format!("{value} of `{kind}`"),
        ChangeKind::ModifyColumn { old: Some(old), new, .. } if used(change).is_some() && is_enum(old) => {
            let more = labels(new).len() > labels(old).len() && appends_labels(old, new);
            let Some(last) = labels(new).last().filter(|_| more) else { return };
            format!("{last} of `{}`", new.name)
        }
        _ => return,
    };
    findings
        .report(change, format!("readers that do not know {what} fail when the first row has it"))
        .help("ship readers that bear an unknown label before anything writes it");
}
