use super::prelude::*;
use crate::sql::ddl::{ActionKind, ObjectKind};

rule! {
    /// A constraint that is added to a domain checks every row of every table that uses it.
    ///
    /// Writes to all of them are blocked meanwhile. Add it `NOT VALID`, and validate it in a later migration.
    ///
    /// ```sql fires postgres
    /// alter domain amount add constraint small check (value < 1000);
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter domain amount add constraint small check (value < 1000) not valid;
    /// ```
    "domain-constraint-validates", Error [BlocksReadsOrWrites, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AlterObject { kind: ObjectKind::Domain, before, name } = &change.kind else { return };
    let checks = context.reading(change).actions().iter().any(|action| match &action.kind {
        ActionKind::AddConstraint { constraint, .. } => !constraint.not_valid,
        ActionKind::DomainNotNull(required) => *required,
        _ => false,
    });
    if let Some(name) = name.as_ref().filter(|_| checks && deployed(before.as_ref())) {
        findings
            .report(change, format!("every table with a column of `{name}` is checked while writes to it are blocked"))
            .help("add the constraint NOT VALID, and VALIDATE CONSTRAINT in a later migration");
    }
}
