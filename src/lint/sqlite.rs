//! What rules about SQLite share.

use super::rule::Context;
use crate::sql::ddl::Verb;

/// Whether the script asks for the old behaviour of `ALTER TABLE … RENAME`, which leaves alone what refers to the table.
pub fn legacy_alter_table(context: &Context<'_>) -> bool {
    context.statements().any(|(_, statement, heading)| {
        let words = statement.of(context.text()).to_ascii_lowercase();
        let on = ["on", "1", "true", "yes"].iter().any(|on| words.ends_with(on));
        heading.verb == Verb::Pragma && words.contains("legacy_alter_table") && on
    })
}
