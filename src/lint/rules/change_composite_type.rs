use super::prelude::*;

rule! {
    /// Another set of attributes breaks code that builds or decodes the type.
    ///
    /// Row constructors and decoders count on the number and order of attributes. Create a new type and move columns to it.
    ///
    /// ```sql fires postgres
    /// alter type address drop attribute zip;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create type address as (street text, zip text);
    /// alter type address drop attribute zip;
    /// ```
    "change-composite-type", Error [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::ChangeAttribute { kind, before } = &change.kind else { return };
    let first = context.beside(change).next().is_some_and(|first| std::ptr::eq(first, change));
    if deployed(before.as_ref()) && first {
        findings
            .report(change, format!("code that builds or decodes `{kind}` counts on its attributes"))
            .help("create a new type, and move columns and code to it");
    }
}
