use super::prelude::*;
use crate::lint::Standing;
use crate::sql::Span;

rule! {
    /// A migration without a statement does nothing, and is recorded as if it did.
    ///
    /// Mostly the statements were forgotten, or stand in a comment.
    ///
    /// ```sql fires
    /// -- alter table users add column age int;
    /// ```
    ///
    /// ```sql quiet
    /// alter table users add column age int;
    /// ```
    "empty-migration", Info [Meta] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    // Of what was edited after it was deployed no statement is judged; what cannot even be cut into statements is not empty.
    let judged = matches!(context.standing, Standing::Judged);
    if judged && context.statements().next().is_none() && crate::sql::split(context.text(), context.lexis).is_ok() {
        findings
            .report_at(None, Span::default(), "there is no statement in this file")
            .help("write it, or remove the file");
    }
}
