use super::prelude::*;
use crate::lint::written::types;

rule! {
    /// A TIMESTAMP without a time zone does not say which moment it means.
    ///
    /// Every client reads it in its own zone, and twice a year an hour is missing or there twice. TIMESTAMPTZ takes the same
    /// eight bytes and is a moment. A precision of 0 rounds, so that what happens now may lie in the future.
    ///
    /// ```sql fires postgres
    /// create table visits (id bigint primary key, seen_at timestamp);
    /// ```
    ///
    /// ```sql fires postgres
    /// alter table visits add column left_at timestamptz(0);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table visits (id bigint primary key, seen_at timestamptz);
    /// ```
    "prefer-timestamptz", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    for new in types(change, context) {
        let message = match (new.data_type.name.as_str(), new.data_type.length()) {
            ("timestamp", _) => format!("`{}` does not say which moment it means", new.column),
            ("timestamptz", Some(0)) => format!("`{}` is rounded to seconds, up as well as down", new.column),
            _ => continue,
        };
        findings.report_at(Some(change.statement), new.span, message).help("write TIMESTAMPTZ");
    }
}
