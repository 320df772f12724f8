use super::prelude::*;
use crate::schema::Signature;
use crate::sql::ddl::ObjectKind;

rule! {
    /// A function that takes or returns something else breaks its callers, or cannot be replaced at all.
    ///
    /// PostgreSQL refuses to replace a function by one with another return type, other names of parameters, or fewer defaults.
    /// Dropped and created with other parameters, it is missing for whoever calls it the old way. Make a new function, and keep
    /// the old one for a release.
    ///
    /// ```sql fires postgres
    /// create function fee(x int) returns int language sql as $$ select x $$;
    /// -- next migration
    /// create or replace function fee(x int) returns bigint language sql as $$ select x::bigint $$;
    /// ```
    ///
    /// ```sql fires postgres
    /// create function fee(x int) returns int language sql as $$ select x $$;
    /// -- next migration
    /// drop function fee(int);
    /// create function fee(x int, y int) returns int language sql as $$ select x * y $$;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function fee(x int) returns int language sql as $$ select x $$;
    /// -- next migration
    /// create or replace function fee(x integer) returns integer language sql as $$ select x * 2 $$;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create function fee(x int) returns int language sql as $$ select x $$;
    /// -- next migration
    /// drop function fee(int);
    /// create function fee(x int, y int default 1) returns int language sql as $$ select x * y $$;
    /// ```
    "change-function-signature", Error [BreaksOldCode, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let ChangeKind::CreateObject { kind, name, replace, before, after, .. } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Function | ObjectKind::Procedure) {
        return;
    }
    let Some(new) = after.overloads.last() else { return };
    let replaced = before.iter().filter(|_| *replace).flat_map(|before| &before.overloads);
    if let Some(why) = replaced.filter(|old| old.same_inputs(new)).find_map(|old| refusal(old, new)) {
        findings
            .report(change, format!("PostgreSQL refuses to replace `{name}`: {why}"))
            .help("make a new function with another name, and keep the old one for a release");
        return;
    }
    let dropped = context.before(change).find_map(|earlier| match &earlier.kind {
        ChangeKind::DropObject { kind: of, name: gone, before: Some(before), .. } => {
            (of == kind && gone == name && before.origin == Origin::Deployed).then_some(before)
        }
        _ => None,
    });
    let broken =
        dropped.and_then(|before| before.overloads.iter().find(|old| !serves(old, after.overloads.as_slice())));
    if let Some(old) = broken {
        findings
            .report(change, format!("callers that give `{name}` {} cannot call it any more", arguments(old)))
            .help("give new parameters a default, or make a new function and keep the old one for a release");
    }
}

/// Why the database does not put the new one in the old one's place.
fn refusal(old: &Signature, new: &Signature) -> Option<String> {
    if old.returns != new.returns {
        return Some(format!("it would return `{}` and not `{}`", new.returns, old.returns));
    }
    old.inputs.iter().zip(&new.inputs).find_map(|(old, new)| match &old.name {
        Some(name) if new.name.as_ref() != Some(name) => Some(format!("the parameter `{name}` has another name")),
        _ if old.has_default && !new.has_default => Some("a parameter has no default any more".to_owned()),
        _ => None,
    })
}

/// Whether a call that fits the old one fits one of these.
fn serves(old: &Signature, all: &[Signature]) -> bool {
    let types = |of: &Signature| of.inputs.iter().map(|input| input.data_type.clone()).collect::<Vec<_>>();
    let least = old.inputs.iter().filter(|input| !input.has_default).count();
    let fits = |new: &Signature| {
        (least..=old.inputs.len()).all(|values| new.takes(values)) && types(new).starts_with(&types(old))
    };
    all.iter().any(fits)
}

fn arguments(of: &Signature) -> String {
    let types: Vec<String> = of.inputs.iter().map(|input| format!("`{}`", input.data_type)).collect();
    if types.is_empty() { "nothing".to_owned() } else { types.join(", ") }
}
