//! Which tables a project says are large, small or hot, and what that does to findings.

use super::category::Category;
use super::finding::Severity;
use super::rule::Rule;
use crate::schema::ObjectName;

/// Tables by what a project knows of them and files do not tell. Names may have a schema; without one they mean the
/// table in any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// With so many rows that whatever reads or writes them all takes long.
    pub large: Vec<String>,
    /// With so few rows that it does not matter.
    pub small: Vec<String>,
    /// In use at every moment, so that even a short lock is felt.
    pub hot: Vec<String>,
}

impl Tables {
    /// Whether the table is said to be large.
    pub fn is_large(&self, table: &ObjectName) -> bool {
        has(&self.large, table)
    }

    /// Whether the table is said to be small.
    pub fn is_small(&self, table: &ObjectName) -> bool {
        has(&self.small, table)
    }

    /// Whether the table is said to be hot.
    pub fn is_hot(&self, table: &ObjectName) -> bool {
        has(&self.hot, table)
    }

    /// How much a finding about a table weighs: how long a lock is held depends on the rows, how much it is felt on the
    /// traffic.
    pub(super) fn weigh(&self, rule: &Rule, severity: Severity, table: &ObjectName) -> Severity {
        let locks = rule.endangers(Category::BlocksReadsOrWrites);
        let rewrites = rule.endangers(Category::TableRewrite);
        let lasts = matches!(rule.categories.first(), Some(Category::BlocksReadsOrWrites | Category::TableRewrite));
        let only_lasts = lasts && !rule.endangers(Category::BreaksOldCode) && !rule.endangers(Category::DataLoss);
        if locks && self.is_hot(table) || (locks || rewrites) && self.is_large(table) {
            if severity == Severity::Info { Severity::Warning } else { Severity::Error }
        } else if only_lasts && self.is_small(table) {
            Severity::Info
        } else {
            severity
        }
    }
}

fn has(names: &[String], table: &ObjectName) -> bool {
    let is = |name: &String| match name.rsplit_once('.') {
        Some((schema, name)) => {
            let default = table.schema.is_none() && ["public", "main"].contains(&schema);
            name.eq_ignore_ascii_case(&table.name) && (default || table.schema.as_deref() == Some(schema))
        }
        None => name.eq_ignore_ascii_case(&table.name),
    };
    names.iter().any(is)
}
