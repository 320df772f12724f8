use super::prelude::*;
use crate::lint::mending::key_from_index;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// Adding a primary key builds its index while nobody can read or write the table.
    ///
    /// Build a unique index concurrently, make the columns refuse nulls by a validated check, then `ADD CONSTRAINT … PRIMARY
    /// KEY USING INDEX`.
    ///
    /// ```sql fires postgres
    /// alter table codes add primary key (code);
    /// ```
    ///
    /// ```sql fires postgres
    /// create table codes (code int not null, name text);
    /// -- next migration
    /// alter table codes add primary key (code);
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table codes add constraint codes_pkey primary key using index codes_code;
    /// ```
    "add-primary-key-builds-index", Error [BlocksReadsOrWrites, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let Some(table) = used(change) else { return };
    let scans = match &change.kind {
        ChangeKind::AddConstraint { constraint, using_index } => {
            constraint.kind == ConstraintKind::PrimaryKey && using_index.is_none()
        }
        ChangeKind::AddColumn { constraints, .. } => {
            constraints.iter().any(|one| one.kind == ConstraintKind::PrimaryKey)
        }
        _ => false,
    };
    if scans {
        findings
            .report(change, format!("nobody can read or write `{}` while the index of the key is built", table.name))
            .help("CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … PRIMARY KEY USING INDEX")
            .mend(key_from_index(change, context));
    }
}
