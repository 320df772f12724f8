use super::prelude::*;
use crate::lint::written::names;

rule! {
    /// Names follow one pattern for each kind of object.
    ///
    /// Small letters, digits and underscores, unless `[lint.naming]` has a regular expression for the kind: `table`,
    /// `column`, `constraint`, `index`, `view`, `type`, `function`, `sequence`, `trigger`, `policy` or `schema`.
    ///
    /// ```sql fires
    /// create table UserAccounts2 (id bigint primary key, "Nick" varchar(20));
    /// ```
    ///
    /// ```sql fires
    /// alter table users rename column nick to "nickName";
    /// ```
    ///
    /// ```sql quiet
    /// create table user_accounts (id bigint primary key, nick varchar(20), constraint nick_given check (nick <> ''));
    /// ```
    "naming-convention", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    for (kind, name) in names(change, context) {
        let Some((word, pattern)) = context.settings.naming.pattern(kind) else { continue };
        if !pattern.is_match(&name.value) {
            findings
                .report_at(
                    Some(change.statement),
                    name.span,
                    format!("`{name}` breaks the pattern for the kind `{word}`"),
                )
                .help(format!("choose one that matches {pattern}"));
        }
    }
}
