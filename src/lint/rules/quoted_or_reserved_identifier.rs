use super::prelude::*;
use crate::lint::reserved::is_reserved;
use crate::lint::written::names;
use crate::sql::ddl::{Name, ObjectKind};

rule! {
    /// A name that is only understood in quotes has to be quoted in every query, for ever.
    ///
    /// A reserved word, a blank or, on PostgreSQL, a capital letter makes it so. On MySQL, capital letters in the name of a table
    /// count on Linux and do not on other systems. Choose small letters, digits and underscores, and no reserved word.
    ///
    /// ```sql fires postgres
    /// create table "UserAccounts" (id bigint primary key);
    /// ```
    ///
    /// ```sql fires postgres
    /// alter table users add column "order" int;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table `order` (id bigint primary key);
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table UserAccounts (id bigint primary key);
    /// ```
    ///
    /// ```sql fires sqlite
    /// create table users (id integer primary key, [first name] text);
    /// ```
    ///
    /// ```sql quiet
    /// create table "users" ("id" bigint primary key, nick varchar(20));
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table UserAccounts (id bigint primary key);
    /// ```
    "quoted-or-reserved-identifier", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    for (kind, name) in names(change, context) {
        if let Some(why) = needs_quotes(kind, name, context) {
            findings
                .report_at(Some(change.statement), name.span, format!("`{name}` {why}"))
                .help("choose small letters, digits and underscores, and no reserved word");
        }
    }
}

/// What is wrong with a name.
fn needs_quotes(kind: ObjectKind, name: &Name, context: &Context<'_>) -> Option<&'static str> {
    let grammar = context.grammar();
    let value = name.value.as_str();
    let has_capitals = value.chars().any(char::is_uppercase);
    if grammar.is_mysql() && kind == ObjectKind::Table && has_capitals {
        return Some("is another table on Linux when its case is, and the same one elsewhere");
    }
    let quoted = name.span.of(context.text()).starts_with(['"', '`', '[', '\'']);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let starts = value.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    if !quoted {
        return None;
    }
    if is_reserved(value, grammar) {
        Some("is a reserved word and has to be quoted everywhere")
    } else if !starts || !value.chars().all(plain) || (grammar == Grammar::Postgres && has_capitals) {
        Some("has to be quoted everywhere")
    } else {
        None
    }
}
