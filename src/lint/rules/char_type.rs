use super::prelude::*;
use crate::lint::written::types;

rule! {
    /// CHAR(n) is filled up with blanks, and comparisons, lengths and patterns disagree about them.
    ///
    /// It is neither smaller nor faster than TEXT. Take TEXT, with a check where the length matters.
    ///
    /// ```sql fires postgres
    /// create table countries (id bigint primary key, code char(2));
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table countries (id bigint primary key, code text check (length(code) = 2));
    /// ```
    ///
    /// The type of one byte is another one:
    ///
    /// ```sql quiet postgres
    /// create table flags (id bigint primary key, flag "char");
    /// ```
    "char-type", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    for new in types(change, context) {
        if new.data_type.name == "char" && !new.span.of(context.text()).starts_with('"') {
            findings
                .report_at(Some(change.statement), new.span, format!("`{}` is filled up with blanks", new.column))
                .help("take TEXT, with a check where the length matters");
        }
    }
}
