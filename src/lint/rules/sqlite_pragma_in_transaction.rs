use super::prelude::*;
use crate::sql::{Control, Effect};

rule! {
    /// A PRAGMA that has no effect inside a transaction does nothing in a migration, and says so nowhere.
    ///
    /// A file is one transaction. Say `-- migrate:foreign-keys off`, or `-- migrate:no-transaction`.
    ///
    /// ```sql fires sqlite
    /// pragma foreign_keys = off;
    /// drop table users;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// -- migrate:no-transaction
    /// pragma foreign_keys = off;
    /// drop table users;
    /// pragma foreign_keys = on;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// pragma foreign_keys = off;
    /// begin;
    /// drop table users;
    /// commit;
    /// pragma foreign_keys = on;
    /// ```
    "sqlite-pragma-in-transaction", Error [TransactionMode] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Sqlite {
        return;
    }
    if !context.one_transaction() || context.settings.suspends_foreign_keys {
        return;
    }
    let mut open = !context.opens_transactions();
    for ((number, statement, _), effect) in context.statements().zip(context.effects()) {
        match effect {
            Effect::Control(Control::Begin) => open = true,
            Effect::Control(Control::Commit | Control::Rollback) => open = false,
            Effect::IdleInside { .. } if open => {
                findings
                    .report_at(Some(number), statement.span, "inside the migration's transaction this does nothing")
                    .help("say `-- migrate:foreign-keys off` instead");
                return;
            }
            _ => {}
        }
    }
}
