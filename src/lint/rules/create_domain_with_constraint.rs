use super::prelude::*;
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::ObjectKind;

rule! {
    /// Every new column of a domain with a constraint makes PostgreSQL write its table anew.
    ///
    /// Also without a default, since the server cannot know that null is allowed; and a change of the domain's constraint reads
    /// every table that uses it. Put the constraint on the tables.
    ///
    /// ```sql fires postgres
    /// create domain positive as int check (value > 0);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create domain positive as int;
    /// ```
    "create-domain-with-constraint", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateObject { kind: ObjectKind::Domain, name, .. } = &change.kind else { return };
    let tokens = code(context.text(), context.reading(change).span, context.lexis);
    let cursor = Cursor::new(context.text(), &tokens);
    if cursor.has("CHECK") || cursor.has("NOT NULL") {
        findings
            .report(change, format!("whoever adds a column of `{name}` to a table writes that table anew"))
            .help("leave the domain without a constraint, and put it on the tables");
    }
}
