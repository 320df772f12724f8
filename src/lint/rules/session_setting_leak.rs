use super::prelude::*;
use crate::schema::mentions;
use crate::sql::Span;
use crate::sql::ddl::Verb;

rule! {
    /// A setting of the session outlives the statement that made it.
    ///
    /// Whatever runs on the connection afterwards finds another search path, role or mode. Use `SET LOCAL`, which ends with the
    /// transaction, or put the setting back. Here the session is reset after each script, and sqitch gives each script a
    /// session of its own, of which nothing is said; most other tools, and whoever runs two files in one shell, keep theirs.
    ///
    /// ```sql fires postgres
    /// set search_path = app, public;
    /// create table t (id int);
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// use other;
    /// ```
    ///
    /// ```sql quiet postgres
    /// set local search_path = app, public;
    /// create table t (id int);
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// set foreign_key_checks = 0;
    /// alter table orders add column user_id int;
    /// set foreign_key_checks = 1;
    /// ```
    "session-setting-leak", Warning [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let alone = context.judged_script().own_session;
    let mut set: Vec<(usize, Span, String)> = Vec::new();
    for (number, statement, heading) in context.statements() {
        let text = statement.of(context.text());
        let words = text.to_ascii_lowercase().replace('=', " = ");
        let mut words = words.split_whitespace();
        let name = match (heading.verb, words.next()) {
            (Verb::Use, _) => "the database".to_owned(),
            (Verb::Pragma, _) => {
                let persists = ["journal_mode", "user_version"].into_iter().find(|name| mentions(text, name));
                match persists.filter(|_| text.contains('=')) {
                    Some(name) => name.to_owned(),
                    None => continue,
                }
            }
            (Verb::Set, Some(first)) => {
                let mut name = words.next().unwrap_or_default();
                if matches!(name, "session" | "@@session") {
                    name = words.next().unwrap_or_default();
                }
                let name = name.trim_start_matches("@@session.").trim_start_matches("@@").to_owned();
                // Setting it again, or resetting it, is taken for putting it back.
                let again =
                    set.iter().position(|(_, _, earlier)| *earlier == name || first == "reset" && name == "all");
                if let Some(again) = again {
                    set.remove(again);
                    continue;
                }
                if first != "set" || !LEAKING.contains(&name.as_str()) {
                    continue;
                }
                name
            }
            _ => continue,
        };
        // What a PRAGMA keeps, it keeps in the database.
        if alone && heading.verb != Verb::Pragma {
            continue;
        }
        set.push((number, statement.span, name));
    }
    for (number, span, name) in set {
        findings
            .report_at(
                Some(number),
                span,
                format!("{name} stays as it is set here for what a tool runs next in the session"),
            )
            .help("use SET LOCAL, or put it back at the end");
    }
}

/// The settings that change what later statements mean.
const LEAKING: &[&str] =
    &["search_path", "role", "sql_mode", "foreign_key_checks", "time_zone", "timezone", "session_replication_role"];
