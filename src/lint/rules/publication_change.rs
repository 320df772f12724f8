use super::prelude::*;
use crate::schema::mentions;
use crate::sql::ddl::ObjectKind;

rule! {
    /// A publication or subscription that changes leaves gaps in what its consumers receive.
    ///
    /// Consumers of changes do not notice that a table is no longer among them, or that all of them are. Tell whoever runs them.
    ///
    /// ```sql fires postgres
    /// alter publication feed drop table orders;
    /// ```
    ///
    /// ```sql fires postgres
    /// create publication feed for all tables;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create publication feed for table orders;
    /// ```
    "publication-change", Info [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let is_stream = |kind: ObjectKind| matches!(kind, ObjectKind::Publication | ObjectKind::Subscription);
    let fires = match &change.kind {
        ChangeKind::AlterObject { kind, before, .. } | ChangeKind::DropObject { kind, before, .. } => {
            is_stream(*kind) && deployed(before.as_ref())
        }
        ChangeKind::CreateObject { kind, .. } => {
            let words = change.span.of(context.text());
            *kind == ObjectKind::Publication && mentions(words, "all") && mentions(words, "tables")
        }
        _ => false,
    };
    if fires {
        findings
            .report(change, "consumers receive other changes than before")
            .help("agree on it with whoever runs the consumers");
    }
}
