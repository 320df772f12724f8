use super::prelude::*;

rule! {
    /// A statement that cannot be read cannot be judged.
    ///
    /// Whatever it does to code, traffic and data is not known, so nothing else is said about it. It may be a
    /// misspelling that the server would refuse, or something so new that this program does not know it.
    ///
    /// ```sql fires
    /// alter table users frobnicate name;
    /// ```
    ///
    /// ```sql quiet
    /// alter table users add column nick varchar(20);
    /// ```
    "unparsed-statement", Error [Meta] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, reading) in context.statements() {
        let span = reading.unknown().filter(|_| statement.kind != StatementKind::ClientCommand);
        if let Some(span) = span {
            findings
                .report_at(Some(number), span, "this cannot be read, so nothing is known about what it does")
                .help("check the spelling; if the database accepts it, judge it by hand and allow it with the reason");
        }
    }
}
