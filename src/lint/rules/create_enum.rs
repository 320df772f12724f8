use super::prelude::*;
use crate::lint::written::types;
use crate::sql::ddl::{Detail, ObjectKind};

rule! {
    /// The values of an enum can only become more.
    ///
    /// To take one away or to put them in another order, the type and every column of it have to be made anew. A table of
    /// values with a foreign key, or a text with a check, changes by ordinary statements.
    ///
    /// ```sql fires postgres
    /// create type mood as enum ('sad', 'glad');
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id bigint primary key, mood enum('sad', 'glad'));
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id bigint primary key, mood varchar(10) check (mood in ('sad', 'glad')));
    /// ```
    "create-enum", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    const HELP: &str = "use a table of values with a foreign key, or a text with a check";
    match &change.kind {
        ChangeKind::CreateObject { kind: ObjectKind::Type, name, .. } => {
            if matches!(context.reading(change).detail, Detail::Values(_)) {
                findings.report(change, format!("values of `{name}` can be added later, but not removed")).help(HELP);
            }
        }
        // More labels of an enum are no new enum.
        ChangeKind::ChangeType { from: Some(from), .. } if from.name == "enum" => {}
        _ if context.grammar().is_mysql() => {
            for new in types(change, context).iter().filter(|new| new.data_type.name == "enum") {
                let message = format!("values of `{}` can be added later, but hardly removed", new.column);
                findings.report_at(Some(change.statement), new.span, message).help(HELP);
            }
        }
        _ => {}
    }
}
