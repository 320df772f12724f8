//! What statements do to a schema, in words no database owns, each with the facts a judgement needs.

use std::sync::Arc;

use ecow::EcoString;

use super::data_type::DataType;
use super::name::ObjectName;
use super::seldom::{Seldom, Usual};
use super::shared::Shared;
use super::table::{Column, Constraint, Index, Object, Table};
use crate::sql::ddl::{Name, ObjectKind, PartitionAction, RowSecurity, Switch};
use crate::sql::{Grammar, Span};

/// One thing done to a schema or to its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// The number of the statement in its script.
    pub statement: usize,
    /// Where it stands: the action of an `ALTER`, otherwise the statement.
    pub span: Span,
    /// The table it is done to; none when it is done to anything else.
    pub table: Option<TableRef>,
    /// The views that need the column which is dropped or gets another type.
    pub views: Seldom<Vec<ObjectName>>,
}

/// A table as a statement names it and as it was before.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRef {
    /// What it means.
    pub name: ObjectName,
    /// What it was before the change; none if it is created, or named by mistake.
    pub before: Option<Arc<Table>>,
}

impl Usual for Vec<ObjectName> {
    const USUAL: &'static Self = &Vec::new();
}

impl TableRef {
    /// Whether code that is deployed may use the table: nobody under judgement created it, it is not temporary, and it is
    /// not the database's own.
    pub fn in_use(&self) -> bool {
        self.before.as_ref().is_some_and(|table| table.in_use()) && !self.name.is_system()
    }
}

impl Change {
    /// Whether it adds a column of this name.
    pub fn adds_column(&self, name: &str, grammar: Grammar) -> bool {
        matches!(&self.kind, ChangeKind::AddColumn { column, .. } if grammar.same_name(&column.name, name))
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are the parts of the SQL that the variants are named after")]
#[allow(
    clippy::large_enum_variant,
    reason = "rules match on columns and constraints, which a box would hide from patterns"
)]
pub enum ChangeKind {
    // Tables.
    CreateTable {
        table: Arc<Table>,
        /// `CREATE OR REPLACE`.
        replace: bool,
        /// `IF NOT EXISTS`, of a table that exists: nothing is done.
        exists: bool,
    },
    DropTable {
        cascade: bool,
    },
    RenameTable {
        to: ObjectName,
    },
    SetSchema {
        to: EcoString,
    },
    Truncate {
        cascade: bool,
    },
    RowSecurity(RowSecurity),
    SwitchTrigger(Switch),
    AttachPartition {
        partition: TableRef,
    },
    DetachPartition {
        partition: TableRef,
        /// `CONCURRENTLY`, or `FINALIZE`, which ends what that began.
        concurrently: bool,
    },
    Partition(PartitionAction),
    /// MySQL: `CONVERT TO CHARACTER SET`.
    ConvertCharset {
        charset: Option<EcoString>,
    },
    /// Something that changes how the table is kept: its tablespace, its access method.
    Storage,
    /// `SET LOGGED`, `SET UNLOGGED`.
    SetLogged {
        logged: bool,
    },
    ReplicaIdentity(ReplicaIdentity),
    /// `INHERIT`, `NO INHERIT`, `OF`, `NOT OF`.
    Inheritance,
    /// `OWNER TO`.
    Owner,

    /// SQLite: a copy with another definition has taken the table's place. The changes that follow say what is different.
    Rebuild {
        after: Arc<Table>,
        /// Whether the old table was renamed first, and with it everything that refers to it.
        old_first: bool,
    },

    // Columns.
    AddColumn {
        column: Shared<Column>,
        /// Constraints written with it.
        constraints: Vec<Shared<Constraint>>,
        /// `FIRST` or `AFTER`.
        position: Option<Span>,
    },
    DropColumn {
        name: EcoString,
        /// What it was, if it is known.
        column: Option<Shared<Column>>,
        cascade: bool,
    },
    RenameColumn {
        from: EcoString,
        to: EcoString,
    },
    /// MySQL's `MODIFY` and `CHANGE`. The changes that follow say what is different.
    ModifyColumn {
        old: Option<Shared<Column>>,
        new: Shared<Column>,
        position: Option<Span>,
    },
    ChangeType {
        column: EcoString,
        /// None when it is not known.
        from: Option<Box<DataType>>,
        to: Box<DataType>,
        using: Option<Span>,
    },
    ChangeCollation {
        column: EcoString,
        to: Box<str>,
    },
    SetNotNull {
        column: EcoString,
        /// What it was, if it is known.
        old: Option<Shared<Column>>,
    },
    DropNotNull {
        column: EcoString,
        old: Option<Shared<Column>>,
    },
    SetDefault {
        column: EcoString,
        old: Option<Shared<Column>>,
        value: Box<str>,
    },
    DropDefault {
        column: EcoString,
        old: Option<Shared<Column>>,
    },
    /// `ADD GENERATED AS IDENTITY`, `SET GENERATED`.
    SetIdentity {
        column: EcoString,
        old: Option<Shared<Column>>,
        always: bool,
    },
    DropIdentity {
        column: EcoString,
    },
    DropExpression {
        column: EcoString,
    },
    /// `SET EXPRESSION`.
    SetExpression {
        column: EcoString,
        old: Option<Shared<Column>>,
    },

    // Constraints.
    AddConstraint {
        constraint: Shared<Constraint>,
        /// The existing index that it takes over.
        using_index: Option<EcoString>,
    },
    DropConstraint {
        name: Option<EcoString>,
        /// What it was, if it is known.
        constraint: Option<Shared<Constraint>>,
        if_exists: bool,
        cascade: bool,
    },
    ValidateConstraint {
        name: EcoString,
        constraint: Option<Shared<Constraint>>,
    },
    RenameConstraint {
        from: EcoString,
        to: EcoString,
    },
    /// `ALTER CONSTRAINT`, MySQL's `ALTER CHECK`.
    AlterConstraint {
        name: EcoString,
        /// What it was, if it is known.
        constraint: Option<Shared<Constraint>>,
        /// Whether it is enforced from now on, if that is said.
        enforced: Option<bool>,
    },

    // Indexes.
    CreateIndex {
        index: Shared<Index>,
        concurrently: bool,
        /// `IF NOT EXISTS`.
        if_not_exists: bool,
    },
    DropIndex {
        name: EcoString,
        /// What it was, if it is known.
        index: Option<Shared<Index>>,
        concurrently: bool,
    },
    RenameIndex {
        from: EcoString,
        to: EcoString,
    },

    // Rows.
    Insert {
        /// The columns that it says it fills.
        columns: Vec<EcoString>,
        /// Whether it says which columns it fills.
        names_columns: bool,
        /// Whether a query says what is inserted, which may find many rows.
        selects: bool,
        /// The columns that must equal constants in that query.
        keys: Vec<EcoString>,
    },
    Update {
        /// Whether a condition says which rows.
        filtered: bool,
        /// The columns that must equal constants: a key among them means one row, or few.
        keys: Vec<EcoString>,
        /// The columns that it sets, as far as they can be told.
        columns: Vec<EcoString>,
    },
    Delete {
        filtered: bool,
        keys: Vec<EcoString>,
    },

    // Triggers and policies of a table.
    AddTrigger {
        name: EcoString,
    },
    DropTrigger {
        name: EcoString,
    },
    AddPolicy {
        name: EcoString,
        /// `AS RESTRICTIVE`.
        restrictive: bool,
    },
    AlterPolicy {
        name: EcoString,
    },
    DropPolicy {
        name: EcoString,
    },

    // Everything else that has a name.
    CreateObject {
        kind: ObjectKind,
        name: ObjectName,
        replace: bool,
        if_not_exists: bool,
        /// What had the name before.
        before: Option<Shared<Object>>,
        /// What it is from now on.
        after: Shared<Object>,
    },
    DropObject {
        kind: ObjectKind,
        name: ObjectName,
        cascade: bool,
        /// What it was, if it is known.
        before: Option<Shared<Object>>,
    },
    RenameObject {
        kind: ObjectKind,
        name: Box<ObjectName>,
        to: EcoString,
        before: Option<Shared<Object>>,
    },
    MoveObject {
        kind: ObjectKind,
        name: Box<ObjectName>,
        to: EcoString,
        before: Option<Shared<Object>>,
    },
    /// Labels of an enum: `ADD VALUE`.
    AddValue {
        kind: ObjectName,
        value: EcoString,
        before: Option<Shared<Object>>,
    },
    /// `RENAME VALUE`.
    RenameValue {
        kind: Box<ObjectName>,
        from: EcoString,
        to: EcoString,
        before: Option<Shared<Object>>,
    },
    /// A composite type's attributes.
    ChangeAttribute {
        kind: ObjectName,
        before: Option<Shared<Object>>,
    },
    /// What else is done to an object.
    AlterObject {
        kind: ObjectKind,
        name: Option<Name>,
        before: Option<Shared<Object>>,
    },
}

/// What tells rows apart for those who receive changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaIdentity {
    /// The primary key.
    Default,
    /// An index.
    Index,
    /// The whole old row.
    Full,
    /// Nothing: updates and deletes of a published table fail.
    Nothing,
}
