//! What statements say about tables, columns, constraints and indexes.

use super::name::{Name, QualifiedName};
use crate::sql::place::Span;

/// A table as `CREATE TABLE` describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableDefinition {
    /// Its columns.
    pub columns: Vec<ColumnDefinition>,
    /// Its constraints, but for those written with a column.
    pub constraints: Vec<TableConstraint>,
    /// Its indexes, where a table's definition may have them.
    pub indexes: Vec<IndexDefinition>,
    /// The tables whose definition it copies: `LIKE`.
    pub like: Vec<QualifiedName>,
    /// The tables it inherits from.
    pub inherits: Vec<QualifiedName>,
    /// The table of which it is a partition.
    pub partition_of: Option<QualifiedName>,
    /// The type it is made of: `OF`.
    pub of_type: Option<QualifiedName>,
    /// How it is partitioned.
    pub partition_by: Option<Span>,
    /// The query that fills it.
    pub query: Option<Span>,
    /// What follows the columns: engine, storage parameters, `STRICT`.
    pub options: Vec<Span>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Name,
    /// Its type; SQLite needs none.
    pub data_type: Option<DataType>,
    /// Its collation.
    pub collation: Option<QualifiedName>,
    /// Everything else that is said about it.
    pub constraints: Vec<ColumnConstraint>,
    /// Where the definition stands.
    pub span: Span,
}

impl ColumnDefinition {
    /// Whether it says `NOT NULL`, or `PRIMARY KEY`, which implies it.
    pub fn is_not_null(&self) -> bool {
        let refuses = |kind: &ColumnRule| {
            matches!(kind, ColumnRule::NotNull | ColumnRule::PrimaryKey | ColumnRule::Identity { .. })
        };
        self.constraints.iter().any(|constraint| refuses(&constraint.rule))
    }

    /// Its default.
    pub fn default(&self) -> Option<Span> {
        self.constraints.iter().find_map(|constraint| match constraint.rule {
            ColumnRule::Default(value) => Some(value),
            _ => None,
        })
    }

    /// The table it refers to.
    pub fn references(&self) -> Option<&References> {
        self.constraints.iter().find_map(|constraint| match &constraint.rule {
            ColumnRule::References(references) => Some(references),
            _ => None,
        })
    }

    /// Whether one of its constraints is this one.
    pub fn has(&self, is: impl Fn(&ColumnRule) -> bool) -> bool {
        self.constraints.iter().any(|constraint| is(&constraint.rule))
    }
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataType {
    /// Its words in small letters, without what is in parentheses: `character varying`, `public.citext`.
    pub name: String,
    /// What is in the parentheses, such as a length.
    pub arguments: Option<Span>,
    /// Whether it is an array of that.
    pub array: bool,
    /// Where it stands.
    pub span: Span,
}

/// Something said about one column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnConstraint {
    /// The name that `CONSTRAINT` gives it.
    pub name: Option<Name>,
    /// What it says.
    pub rule: ColumnRule,
    /// `DEFERRABLE`.
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    pub deferred: bool,
    /// Where it stands.
    pub span: Span,
}

/// What a column constraint says.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnRule {
    /// `NOT NULL`.
    NotNull,
    /// `NULL`.
    Null,
    /// `DEFAULT value`.
    Default(Span),
    /// `GENERATED ALWAYS AS (expression)`.
    Generated {
        /// The expression.
        expression: Span,
        /// Whether it is stored and not computed at each read.
        stored: bool,
    },
    /// `GENERATED … AS IDENTITY`.
    Identity {
        /// Whether the application may not choose values.
        always: bool,
    },
    /// `AUTO_INCREMENT`, `AUTOINCREMENT`.
    AutoIncrement,
    /// `PRIMARY KEY`.
    PrimaryKey,
    /// `UNIQUE`.
    Unique,
    /// `CHECK (expression)`.
    Check(Span),
    /// `REFERENCES`.
    References(References),
    /// `ON UPDATE value`.
    OnUpdate(Span),
    /// `COMMENT 'text'`.
    Comment(Span),
    /// `VISIBLE`, `INVISIBLE`.
    Visible(bool),
}

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableConstraint {
    /// Its name.
    pub name: Option<Name>,
    /// What kind it is.
    pub kind: ConstraintKind,
    /// Its columns; for an exclusion constraint the elements.
    pub columns: Vec<KeyPart>,
    /// What a check demands.
    pub expression: Option<Span>,
    /// Where a foreign key leads.
    pub references: Option<References>,
    /// The existing index that it takes over.
    pub using_index: Option<Name>,
    /// `NOT VALID`: what is there already is not checked.
    pub not_valid: bool,
    /// `NOT ENFORCED`.
    pub not_enforced: bool,
    /// `DEFERRABLE`.
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    pub deferred: bool,
    /// `NO INHERIT`.
    pub no_inherit: bool,
    /// Where it stands.
    pub span: Span,
}

/// The kind of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstraintKind {
    /// `PRIMARY KEY`.
    PrimaryKey,
    /// `UNIQUE`.
    Unique,
    /// `FOREIGN KEY`.
    ForeignKey,
    /// `CHECK`.
    Check,
    /// `EXCLUDE`.
    Exclusion,
    /// `NOT NULL`.
    NotNull,
}

/// Where a foreign key leads.
#[derive(Clone, Debug, PartialEq)]
pub struct References {
    /// The table.
    pub table: QualifiedName,
    /// Its columns, if they are written.
    pub columns: Vec<Name>,
    /// What happens when the row is deleted.
    pub on_delete: Option<ReferentialAction>,
    /// What happens when the key changes.
    pub on_update: Option<ReferentialAction>,
}

/// What a foreign key does to its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReferentialAction {
    /// `NO ACTION`.
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexDefinition {
    /// Its name; some databases choose one.
    pub name: Option<Name>,
    /// Its table, unless it is a part of that table's own definition.
    pub table: Option<QualifiedName>,
    /// What kind it is.
    pub kind: IndexKind,
    /// The access method: `USING`.
    pub method: Option<Name>,
    /// What it indexes.
    pub parts: Vec<KeyPart>,
    /// `INCLUDE`.
    pub include: Vec<Name>,
    /// `WHERE`.
    pub predicate: Option<Span>,
    /// `ON ONLY`: not on the partitions.
    pub only: bool,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// Where it stands.
    pub span: Span,
}

/// The kind of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IndexKind {
    /// An ordinary one.
    Plain,
    /// `UNIQUE`.
    Unique,
    /// `FULLTEXT`.
    Fulltext,
    /// `SPATIAL`.
    Spatial,
    /// `VECTOR`.
    Vector,
}

/// One column or expression of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPart {
    /// The column; none for an expression.
    pub column: Option<Name>,
    /// Where it stands, with its order and operator class.
    pub span: Span,
}
