use super::prelude::*;
use crate::lint::Severity;
use crate::lint::types::keeps_storage;
use crate::sql::ddl::Verb;

rule! {
    /// Most changes of a type write the whole table anew while nobody can read or write it.
    ///
    /// PostgreSQL keeps the rows as they are only where every old value is stored like a new one: a longer `varchar`, `text`
    /// instead of it, more digits before the point. Everything else, and any `USING` that computes, copies the table and builds
    /// all its indexes again. Add a column of the new type, keep both in step by a trigger, fill it in batches, then swap.
    ///
    /// ```sql fires postgres
    /// create table users (id int);
    /// -- next migration
    /// alter table users alter column id type bigint;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (nick varchar(20));
    /// -- next migration
    /// alter table users alter column nick type varchar(50);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (created_at timestamp);
    /// -- next migration
    /// set local timezone = 'UTC';
    /// alter table users alter column created_at type timestamptz;
    /// ```
    "change-column-type-rewrite", Error [TableRewrite] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::ChangeType { column, from, to, using } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let computes = using.is_some_and(|using| !is_cast(using.of(context.text()), column));
    let name = &table.name;
    let Some(from) = from else {
        let message = format!("the old type of `{name}.{column}` is not known; `{name}` may be written anew as {to}");
        let help = "lint it together with the migrations that created the table";
        findings.report(change, message).severity(Severity::Warning).help(help);
        return;
    };
    if computes || !keeps_storage(from, to, in_utc(change, context)) {
        let message = format!("nobody can read or write `{name}` while it is written anew, {from} as {to}");
        findings
            .report(change, message)
            .help("add a column of the new type, keep both in step by a trigger, fill it in batches, then swap");
    }
}

/// Whether `USING` says no more than the change itself.
fn is_cast(using: &str, column: &str) -> bool {
    let plain = using.trim().trim_matches(['(', ')']).replace('"', "").to_ascii_lowercase();
    let named = plain.split_once("::").map_or(plain.as_str(), |(named, _)| named.trim());
    named == column.to_ascii_lowercase()
}

/// Whether a statement above says that the session's time zone is UTC.
fn in_utc(change: &Change, context: &Context<'_>) -> bool {
    let before = context.settings_above(change.statement).filter(|(_, heading)| heading.verb == Verb::Set);
    let mut zones = before.rev().filter_map(|(statement, _)| {
        let words = statement.of(context.text()).to_ascii_lowercase();
        (words.contains("timezone") || words.contains("time zone")).then_some(words)
    });
    zones.next().is_some_and(|words| words.trim_end_matches('\'').ends_with("utc"))
}
