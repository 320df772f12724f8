use super::prelude::*;
use crate::lint::Side;
use crate::sql::Span;

rule! {
    /// Two migrations with one version have no order.
    ///
    /// Which of them runs first, or at all, is left to chance. Two branches often choose the same number: rename the younger.
    ///
    /// ```sql fires
    /// select 1;
    /// -- next migration, same version
    /// select 2;
    /// ```
    ///
    /// ```sql quiet
    /// select 1;
    /// -- next migration
    /// select 2;
    /// ```
    "duplicate-version", Error [Meta] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.side == Side::Down {
        return;
    }
    let migration = context.migration();
    // What a repeatable migration was before its text changed stands before it under the same name.
    let twin = context.twin().filter(|twin| twin.up.path != migration.up.path || !migration.id.is_repeatable());
    if let Some(other) = twin {
        let file = other.up.path.display();
        findings
            .report_at(None, Span::default(), format!("`{file}` has the same version, {}", migration.id))
            .help("give the younger migration a version of its own");
    }
}
