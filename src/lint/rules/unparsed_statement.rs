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
    /// Statements inside blocks are read, too:
    ///
    /// ```sql fires postgres
    /// do $$ begin alter table users frobnicate name; end $$;
    /// ```
    ///
    /// ```sql quiet
    /// alter table users add column nick varchar(20);
    /// ```
    "unparsed-statement", Error [Meta] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let unknown = context
        .statements()
        .filter(|(_, statement, heading)| heading.unknown && statement.kind != StatementKind::ClientCommand);
    let whole = unknown.filter_map(|(number, ..)| Some((number, context.read(number).unknown()?)));
    for (number, span) in whole.chain(context.script.unread.iter().copied()) {
        findings
            .report_at(Some(number), span, "this cannot be read, so nothing is known about what it does")
            .help("check the spelling; if the database accepts it, judge it by hand and allow it with the reason");
    }
}
