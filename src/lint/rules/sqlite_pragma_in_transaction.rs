use super::prelude::*;
use crate::sql::Effect;

rule! {
    /// A PRAGMA that has no effect inside a transaction does nothing in a migration, and says so nowhere.
    ///
    /// A file is one transaction. Say `-- migrate:foreign-keys off`, or `-- migrate:no-transaction` with a transaction of your
    /// own inside.
    ///
    /// ```sql fires sqlite
    /// pragma foreign_keys = off;
    /// drop table users;
    /// ```
    ///
    /// ```sql quiet sqlite
    /// -- migrate:no-transaction
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
    let idle = |effect: &Effect| matches!(effect, Effect::IdleInside { .. });
    let mut statements = context.statements().zip(context.effects());
    if let Some(((number, statement, _), _)) = statements.find(|(_, effect)| idle(effect)) {
        findings
            .report_at(Some(number), statement.span, "inside the migration's transaction this does nothing")
            .help("say `-- migrate:foreign-keys off` instead");
    }
}
