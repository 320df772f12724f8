use super::prelude::*;

rule! {
    /// An allowance that allows nothing hides the next danger.
    ///
    /// It was needed once, and the statement has changed since; or it stands before the wrong statement. Remove it, so that
    /// what it names is seen again when it comes back.
    ///
    /// ```sql fires
    /// -- migrate:allow drop-column: unused since release 4.2
    /// create table tags (id int);
    /// ```
    ///
    /// ```sql quiet
    /// -- migrate:allow drop-column: unused since release 4.2
    /// alter table users drop column name;
    /// ```
    "unused-suppression", Warning [Meta] => Check::Migration(check)
}

/// Known only after all other rules have spoken, where allowances are applied.
fn check(_: &Context<'_>, _: &mut Findings<'_>) {}
