use super::prelude::*;
use crate::schema::mentions;
use crate::sql::ddl::ObjectKind;

rule! {
    /// The options of a function change what its callers get.
    ///
    /// `STRICT` answers null without running, `SECURITY DEFINER` runs as another role, and `IMMUTABLE` on a function that is not
    /// spoils the indexes that use it. Make a new function instead.
    ///
    /// ```sql fires postgres
    /// alter function fee(int) strict;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter function fee(int) cost 100;
    /// ```
    "change-function-options", Info [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AlterObject { kind, name, before } = &change.kind else { return };
    if !matches!(kind, ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine) || !deployed(before.as_ref())
    {
        return;
    }
    let words = change.span.of(context.text());
    let options = ["strict", "called", "security", "set", "reset", "immutable", "stable", "volatile"];
    if let Some(option) = options.into_iter().find(|option| mentions(words, option)) {
        let name = name.as_ref().map_or("it", |name| name.value.as_str());
        findings
            .report(change, format!("`{}` changes what callers of `{name}` get", option.to_ascii_uppercase()))
            .help("make a new function beside the old one");
    }
}
