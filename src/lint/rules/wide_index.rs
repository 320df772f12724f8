use super::prelude::*;
use crate::lint::written::indexes;
use crate::sql::ddl::IndexKind;

rule! {
    /// An index of more than three columns is seldom used beyond the first ones, and costs every write.
    ///
    /// Index the columns that select, the most selective first.
    ///
    /// ```sql fires
    /// create index orders_all on orders (shop_id, user_id, state, created_at);
    /// ```
    ///
    /// ```sql quiet
    /// create index orders_recent on orders (shop_id, created_at);
    /// ```
    ///
    /// A unique one is a rule and not a guess:
    ///
    /// ```sql quiet
    /// create unique index seats_once on seats (house, hall, row_number_of_seat, seat);
    /// ```
    "wide-index", optional Info [Style] => Check::Change(check)
}

/// Columns that an index may have.
const WIDE: usize = 3;

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    for new in indexes(change, context) {
        // Other methods look up each column by itself.
        let ordered = new.definition.method.as_ref().is_none_or(|method| method.value.eq_ignore_ascii_case("btree"));
        let count = new.definition.parts.len();
        if new.index.kind == IndexKind::Plain && ordered && count > WIDE {
            findings
                .report_at(
                    Some(change.statement),
                    new.span,
                    format!("an index of {count} columns is written at every change"),
                )
                .help("keep the columns that select, the most selective first");
        }
    }
}
