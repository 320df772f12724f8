use super::prelude::*;
use crate::sql::ddl::{Detail, ObjectKind};
use crate::sql::{Token, Tokens};

rule! {
    /// The star in a view means the columns of the day it was created.
    ///
    /// Columns that are added later are not in it, and replacing the view then fails or shifts them. Name the columns.
    ///
    /// ```sql fires
    /// create view everybody as select * from users;
    /// ```
    ///
    /// ```sql quiet
    /// create view everybody as select id, name from users;
    /// ```
    ///
    /// ```sql quiet
    /// create view total as select count(*) as n from users;
    /// ```
    ///
    /// A view that stands in for a renamed table is meant to be the table:
    ///
    /// ```sql quiet postgres sqlite
    /// alter table users rename to customers;
    /// create view users as select * from customers;
    /// ```
    "view-select-star", Warning [BreaksNewCodeOnRollback] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateObject { kind: ObjectKind::View | ObjectKind::MaterializedView, name, .. } = &change.kind
    else {
        return;
    };
    let Detail::View { query: Some(query), .. } = &context.reading(change).detail else { return };
    let stands_in = context.before(change).any(|earlier| {
        let renamed = earlier.table.as_ref().is_some_and(|table| table.name == *name);
        renamed && matches!(earlier.kind, ChangeKind::RenameTable { .. })
    });
    let text = query.of(context.text());
    let tokens: Vec<Token> = Tokens::new(text, context.lexis).code().collect();
    let star = tokens.windows(2).any(|pair| {
        let begins = ["SELECT", "DISTINCT", "ALL"].iter().any(|word| pair[0].is_word(text, word));
        let follows = begins || pair[0].is_symbol(text, ",") || pair[0].is_symbol(text, ".");
        follows && pair[1].is_symbol(text, "*")
    });
    if star && !stands_in {
        findings
            .report(change, format!("`{name}` keeps the columns of today, whatever its tables get later"))
            .help("name the columns");
    }
}
