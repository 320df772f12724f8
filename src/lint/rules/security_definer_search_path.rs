use super::prelude::*;
use crate::sql::Statement;
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// A function that runs with its owner's rights and its caller's search path can be made to run the caller's code.
    ///
    /// The caller puts a function or an operator of the same name in front of the one that is meant. Fix the path with the
    /// function: `SET search_path = ''`, and qualify every name in its body.
    ///
    /// ```sql fires postgres
    /// create function total() returns bigint language sql security definer as 'select count(*) from orders';
    /// ```
    ///
    /// ```sql fires postgres
    /// alter function total() security definer;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function total() returns bigint language sql security definer set search_path = ''
    ///     as 'select pg_catalog.count(*) from public.orders';
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function total() returns bigint language sql security definer as 'select count(*) from public.orders';
    /// alter function total() set search_path = '';
    /// ```
    "security-definer-search-path", optional Warning [Style] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    for (number, statement, heading) in context.statements() {
        let routine =
            matches!(heading.object, Some(ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine));
        if !routine
            || !matches!(heading.verb, Verb::Create | Verb::Alter)
            || !has(statement, context, "SECURITY DEFINER")
        {
            continue;
        }
        let name = |number: usize| context.read(number).names.into_iter().next().map(|name| name.name.value);
        let own = name(number);
        let fixed = context
            .statements()
            .skip(number)
            .any(|(number, later, _)| has(later, context, "SET SEARCH_PATH") && name(number) == own);
        // Names in a body that is no text are resolved once, by who creates it.
        if !fixed && !has(statement, context, "BEGIN ATOMIC") {
            findings
                .report_at(Some(number), statement.span, "the caller's search path decides what its owner's rights run")
                .help("add SET search_path = '' and qualify every name in the body");
        }
    }
}

/// Whether a statement has these words outside parentheses.
fn has(statement: &Statement, context: &Context<'_>, words: &str) -> bool {
    let tokens = code(context.text(), statement.span, context.lexis);
    Cursor::new(context.text(), &tokens).has(words)
}
