//! Which policies there are when deployed code meets row security.

use super::rule::Context;
use crate::schema::{Change, ChangeKind};

/// Whether the table of a change has a policy, or gets one before the transaction ends.
pub fn has_policy(change: &Change, context: &Context<'_>) -> bool {
    let Some(table) = &change.table else { return false };
    let added = |later: &Change| {
        let same = later.table.as_ref().is_some_and(|later| later.name == table.name);
        same && matches!(later.kind, ChangeKind::AddPolicy { .. })
    };
    let has = table.before.as_ref().is_some_and(|table| !table.more.policies.is_empty());
    has || (context.one_transaction() && context.after(change).any(added))
}
