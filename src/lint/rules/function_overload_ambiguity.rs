use super::prelude::*;
use crate::schema::Signature;
use crate::sql::ddl::ObjectKind;

rule! {
    /// Two functions of one name that fit the same call make the call fail.
    ///
    /// `CREATE OR REPLACE FUNCTION` with a further parameter makes a second function. If that parameter has a default, a call
    /// without it fits both, and PostgreSQL says that it is not unique. Drop the shorter one in the same transaction.
    ///
    /// ```sql fires postgres
    /// create function fee(x int) returns int language sql as $$ select x $$;
    /// -- next migration
    /// create or replace function fee(x int, y int default 1) returns int language sql as $$ select x * y $$;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function fee(x int) returns int language sql as $$ select x $$;
    /// -- next migration
    /// create or replace function fee(x int, y int default 1) returns int language sql as $$ select x * y $$;
    /// drop function fee(int);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function fee(x int) returns int language sql as $$ select x $$;
    /// -- next migration
    /// create function fee(x int, y int) returns int language sql as $$ select x * y $$;
    /// ```
    "function-overload-ambiguity", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::CreateObject { kind, name, after, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Function | ObjectKind::Procedure) {
        return;
    }
    let Some((new, others)) = after.overloads.split_last() else { return };
    let stays = |old: &&Signature| {
        let object = context.catalog.object_named(*kind, name);
        object.is_some_and(|object| object.overloads.iter().any(|one| one.same_inputs(old)))
    };
    let rival = others.iter().filter(|old| old.origin == Origin::Deployed).filter(stays).find(|old| is_rival(old, new));
    if let Some(old) = rival {
        findings
            .report(change, format!("a call of `{name}` with {} values fits two functions and fails", old.inputs.len()))
            .help(format!("drop the other `{name}` in the same transaction"));
    }
}

/// Whether a call that fits the old one also fits the new one, and equally well.
fn is_rival(old: &Signature, new: &Signature) -> bool {
    let values = old.inputs.len();
    let same = old.inputs.iter().zip(&new.inputs).all(|(old, new)| old.data_type == new.data_type);
    let fewer = old.inputs.iter().filter(|input| !input.has_default).count();
    let also = |values: usize| same && new.takes(values) && new.inputs.len() != old.inputs.len();
    (fewer..=values).any(also)
}
