use super::prelude::*;

rule! {
    /// A directive that means nothing, or an allowance without a rule or a reason, is a mistake.
    ///
    /// An allowance is a decision that reviewers see: which danger is accepted, and why. One with a misspelled name
    /// allows nothing although it seems to. A directive that cannot be read is refused when the migration runs.
    ///
    /// ```sql fires
    /// -- migrate:allow drop-colum: unused since release 4.2
    /// alter table users drop column name;
    /// ```
    ///
    /// ```sql fires
    /// -- migrate:allow drop-column
    /// alter table users drop column name;
    /// ```
    ///
    /// ```sql quiet
    /// -- migrate:allow drop-column: unused since release 4.2
    /// alter table users drop column name;
    /// ```
    "bad-suppression", Error [Meta] => Check::Migration(check)
}

/// Directives that cannot be read. What is wrong with allowances is known only after all rules have spoken.
fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for error in &context.directives.errors {
        findings.report_at(None, error.span, error.message.clone());
    }
}
