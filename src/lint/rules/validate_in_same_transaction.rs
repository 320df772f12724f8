use super::prelude::*;
use crate::lint::locks::locks_writes;
use crate::lint::mending::later;

rule! {
    /// Validating a constraint in the transaction that added it makes `NOT VALID` worth nothing.
    ///
    /// The lock of the `ALTER TABLE` that added it is held until the end, so all rows are checked while it blocks. Validate in
    /// a migration of its own.
    ///
    /// ```sql fires postgres
    /// alter table orders add constraint orders_total check (total >= 0) not valid;
    /// alter table orders validate constraint orders_total;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table orders add constraint orders_total check (total >= 0) not valid;
    /// -- next migration
    /// alter table orders validate constraint orders_total;
    /// ```
    "validate-in-same-transaction", Error [BlocksReadsOrWrites] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::ValidateConstraint { name, .. } = &change.kind else { return };
    let Some(table) = used(change) else { return };
    let locked = |earlier: &Change| locks_writes(earlier).is_some_and(|locked| locked.name == table.name);
    if context.one_transaction() && context.before(change).any(locked) {
        findings
            .report(change, format!("`{name}` is checked while `{}` is still locked by a statement above", table.name))
            .help("put VALIDATE CONSTRAINT into a migration of its own")
            .mend(later(change.statement, context));
    }
}
