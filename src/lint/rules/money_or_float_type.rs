use super::prelude::*;
use crate::lint::written::types;

rule! {
    /// Amounts of money in binary fractions are not exact, and MONEY depends on the server's locale.
    ///
    /// Sums drift by cents. Take NUMERIC, or whole cents in BIGINT.
    ///
    /// ```sql fires
    /// create table orders (id bigint primary key, total_price double precision);
    /// ```
    ///
    /// ```sql fires postgres
    /// alter table orders add column paid money;
    /// ```
    ///
    /// ```sql quiet
    /// create table orders (id bigint primary key, total_price numeric(12, 2), weight double precision);
    /// ```
    "money-or-float-type", optional Info [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    for new in types(change, context) {
        let message = match new.data_type.name.as_str() {
            "money" if context.grammar() == Grammar::Postgres => {
                format!("what `{}` means depends on the server's locale", new.column)
            }
            "real" | "double" | "float" | "double precision" if is_amount(new.column) => {
                format!("`{}` is {} and does not hold cents exactly", new.column, new.data_type)
            }
            _ => continue,
        };
        findings.report_at(Some(change.statement), new.span, message).help("take NUMERIC, or whole cents in BIGINT");
    }
}

/// Whether the name of the column says that it is an amount of money.
fn is_amount(column: &str) -> bool {
    const WORDS: &[&str] = &[
        "amount", "balance", "budget", "charge", "cost", "credit", "debit", "discount", "fee", "fine", "money", "paid",
        "payment", "price", "profit", "refund", "revenue", "salary", "subtotal", "tax", "total", "turnover", "wage",
    ];
    let words = column.split(|c: char| !c.is_alphabetic()).map(|word| word.trim_end_matches(['s', 'S']));
    words.into_iter().any(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}
