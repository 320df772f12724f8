use super::prelude::*;
use crate::schema::mentions;
use crate::sql::ddl::ObjectKind;

rule! {
    /// The options of a view decide as whom it reads, and which rows it lets be written.
    ///
    /// With `security_invoker` the reader's own rights count; with `check_option` writes fail that went through. Make a new view
    /// beside the old one, and try it as the role of the deployed code.
    ///
    /// ```sql fires postgres
    /// alter view people set (security_invoker = true);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create view people as select 1 as id;
    /// alter view people set (security_invoker = true);
    /// ```
    "change-view-options", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let is_view = |kind: ObjectKind| matches!(kind, ObjectKind::View | ObjectKind::MaterializedView);
    let what = match &change.kind {
        ChangeKind::AlterObject { kind, before, .. } if is_view(*kind) && deployed(before.as_ref()) => {
            let words = change.span.of(context.text());
            let options = ["security_invoker", "security_barrier", "check_option"];
            options.into_iter().find(|option| mentions(words, option))
        }
        ChangeKind::CreateObject { kind, replace: true, before: Some(before), after, .. } if is_view(*kind) => {
            let checks = |view: &Option<std::sync::Arc<crate::schema::View>>| {
                view.as_ref().is_some_and(|view| view.check_option)
            };
            let lost = before.origin == Origin::Deployed && checks(&before.view) && !checks(&after.view);
            lost.then_some("WITH CHECK OPTION")
        }
        _ => None,
    };
    if let Some(what) = what {
        findings
            .report(change, format!("`{what}` of a view that deployed code uses changes"))
            .help("make a new view beside the old one");
    }
}
