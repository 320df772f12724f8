use super::prelude::*;
use crate::lint::Severity;
use crate::lint::replaced::had_key;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A new unique key fails when there are duplicates, which development data seldom has.
    ///
    /// It fails after the whole index was built. Look for duplicates in production first, and let code stop writing them.
    ///
    /// ```sql fires
    /// create unique index users_email on users (email);
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// alter table users add constraint users_email unique (email);
    /// ```
    ///
    /// ```sql quiet
    /// create table users (id int, email varchar(50));
    /// create unique index users_email on users (email);
    /// ```
    ///
    /// More columns than an existing key has cannot be equal:
    ///
    /// ```sql quiet
    /// create table users (id int primary key, email varchar(50));
    /// -- next migration
    /// create unique index users_id_email on users (id, email);
    /// ```
    "unique-may-fail-on-duplicates", Warning [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let Some(known) = &table.before else { return };
    // MariaDB's `ALTER IGNORE TABLE` throws the duplicates away instead, of which another rule speaks.
    let second = context.reading(change).span.of(context.text()).split_whitespace().nth(1);
    if context.grammar() == Grammar::MariaDb && second.is_some_and(|word| word.eq_ignore_ascii_case("ignore")) {
        return;
    }
    let is_key = |kind| matches!(kind, ConstraintKind::Unique | ConstraintKind::PrimaryKey);
    let (columns, condition, concurrently): (EcoVec<EcoString>, _, _) = match &change.kind {
        ChangeKind::CreateIndex { index, concurrently, .. } if index.is_unique() => {
            (index.columns.iter().flatten().cloned().collect(), index.predicate.as_deref(), *concurrently)
        }
        ChangeKind::AddConstraint { constraint, using_index: None } if is_key(constraint.kind) => {
            (constraint.columns.clone(), None, false)
        }
        ChangeKind::AddColumn { column, constraints, .. } => {
            let same_for_all = column.default.is_some() && constraints.iter().any(|one| is_key(one.kind));
            if !same_for_all {
                return;
            }
            (EcoVec::from([column.name.clone()]), None, false)
        }
        _ => return,
    };
    let grammar = context.grammar();
    let all_different = |name: &EcoString| {
        let new = known.column(name, grammar).filter(|column| column.origin != Origin::Deployed);
        new.is_some_and(|column| column.numbering.is_some() || (column.default.is_none() && !column.not_null))
    };
    let had_key = || had_key(&columns, condition, change, context);
    if columns.iter().any(all_different) || known.has_key_within(&columns, grammar) || had_key() {
        return;
    }
    let listed = columns.join(", ");
    let finding = findings.report(change, format!("fails if two rows of `{}` have the same ({listed})", table.name));
    finding.help("look for duplicates in production first, and let code stop writing them");
    if concurrently {
        // It blocks nobody and can be tried again: it leaves an invalid index behind, which the runner clears away.
        finding.severity(Severity::Info);
    }
}
