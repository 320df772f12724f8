//! What becomes, before and after a change, of what it drops: whether it comes back, goes anyway, or was never there.

use super::finding::{Finding, Severity};
use super::rule::Context;
use crate::schema::{Change, ChangeKind, ObjectName, TableRef};
use crate::sql::ddl::{ObjectKind, Verb};

/// Whether the table of a change is dropped further below: then nothing that it loses before is missed.
pub fn table_goes(change: &Change, context: &Context<'_>) -> bool {
    let Some(table) = &change.table else { return false };
    let same = |later: &Change| later.table.as_ref().is_some_and(|later| later.name == table.name);
    context.after(change).any(|later| matches!(later.kind, ChangeKind::DropTable { .. }) && same(later))
}

/// Whether the script gave a table its name, and filled a new one of the old name from it.
pub fn has_successor(table: &TableRef, dropped: &Change, context: &Context<'_>) -> bool {
    let above = context.all_before(dropped);
    let renamed = above.iter().filter(|one| matches!(&one.kind, ChangeKind::RenameTable { to } if *to == table.name));
    let mut old = renamed.filter_map(|one| one.table.as_ref()).map(|old| &old.name);
    let fills = |one: &Change, old: &ObjectName| {
        let same = one.table.as_ref().is_some_and(|own| own.name == *old);
        same && matches!(one.kind, ChangeKind::Insert { selects: true, .. })
    };
    old.any(|old| above.iter().any(|one| fills(one, old)))
}

/// Whether a statement puts up with a missing object. A block mostly looks first whether it is there.
pub fn tolerates(change: &Change, context: &Context<'_>) -> bool {
    let heading = context.heading(change);
    heading.flags.if_exists || heading.verb == Verb::Do
}

/// Says of a finding that its statement may do nothing at all: it puts up with a missing object, and the migrations
/// before leave none. Such a finding is no error.
pub fn doubt(finding: &mut Finding, change: &Change, context: &Context<'_>) {
    let unknown = match &change.kind {
        ChangeKind::DropObject { before, .. } | ChangeKind::MoveObject { before, .. } => before.is_none(),
        ChangeKind::DropIndex { index, .. } => index.is_none(),
        _ => change.table.as_ref().is_some_and(|table| table.before.is_none()),
    };
    let flags = context.heading(change).flags;
    // One that is named before may take it along.
    let goes_with_another = || flags.cascade && context.reading(change).names.len() > 1;
    if unknown && tolerates(change, context) && !goes_with_another() {
        finding.message.push_str(", if it is there, which the migrations before do not say");
        finding.severity(Severity::Warning);
    }
}

/// Whether an object that is dropped is made again in the same transaction, so that nobody sees it missing.
pub fn comes_back(change: &Change, context: &Context<'_>) -> bool {
    context.one_transaction() && made_again(change, context)
}

/// Whether an object that is dropped is made again further below.
pub fn made_again(change: &Change, context: &Context<'_>) -> bool {
    let ChangeKind::DropObject { kind, name, .. } = &change.kind else { return false };
    let is_view = matches!(kind, ObjectKind::View | ObjectKind::MaterializedView);
    if is_view && writes_view(name, change, context) {
        return true;
    }
    let again = |later: &Change| match &later.kind {
        ChangeKind::CreateObject { kind: of, name: again, .. } => of == kind && again == name,
        // Whoever reads the view reads the table from then on.
        ChangeKind::CreateTable { .. } => is_view && later.table.as_ref().is_some_and(|table| table.name == *name),
        ChangeKind::RenameTable { to } => is_view && to == name,
        _ => false,
    };
    context.after(change).any(again)
}

/// Whether the block that drops a view puts together a statement that makes it again.
fn writes_view(name: &ObjectName, change: &Change, context: &Context<'_>) -> bool {
    let end = context.script.statements[change.statement].span.end;
    let rest = context.text().get(change.span.end..end).unwrap_or_default().to_ascii_lowercase();
    let mut words = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let name = name.name.to_ascii_lowercase();
    words.by_ref().any(|word| word == "create") && words.skip_while(|word| *word != "view").nth(1) == Some(&name)
}
