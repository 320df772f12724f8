//! What a finding endangers.

use std::fmt;

/// What a rule's findings endanger. A rule may name several; the first is what it is mostly about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Code that runs while the migration is applied, or after it, fails or reads something else.
    BreaksOldCode,
    /// New code runs into what the old code does, or misses what it had, when the release is taken back.
    BreaksNewCodeOnRollback,
    /// Others wait for a lock, for longer the larger the table is.
    BlocksReadsOrWrites,
    /// Every row is written again.
    TableRewrite,
    /// Data is gone.
    DataLoss,
    /// Whether the statement succeeds, or means the same, depends on the rows or on the server.
    DataDependentFailure,
    /// Statements share a transaction that must not, or do not share one that they need.
    TransactionMode,
    /// Nothing breaks today.
    Style,
    /// It is about the files and what is said in them, not about the schema.
    Meta,
}

impl Category {
    /// All of them, in the order in which they are listed.
    pub const ALL: &[Category] = &[
        Category::BreaksOldCode,
        Category::BreaksNewCodeOnRollback,
        Category::BlocksReadsOrWrites,
        Category::TableRewrite,
        Category::DataLoss,
        Category::DataDependentFailure,
        Category::TransactionMode,
        Category::Style,
        Category::Meta,
    ];

    /// The word for it in reports: `breaks-old-code`.
    pub fn word(self) -> &'static str {
        match self {
            Category::BreaksOldCode => "breaks-old-code",
            Category::BreaksNewCodeOnRollback => "breaks-new-code-on-rollback",
            Category::BlocksReadsOrWrites => "blocks-reads-or-writes",
            Category::TableRewrite => "table-rewrite",
            Category::DataLoss => "data-loss",
            Category::DataDependentFailure => "data-dependent-failure",
            Category::TransactionMode => "transaction-mode",
            Category::Style => "style",
            Category::Meta => "meta",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
