//! What `ALTER` does, action by action.

use super::definition::{ColumnDefinition, ConstraintKind, DataType, IndexDefinition, TableConstraint};
use super::name::{Name, QualifiedName};
use crate::sql::place::Span;

/// One action of an `ALTER` statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// What it does.
    pub kind: ActionKind,
    /// Where it stands.
    pub span: Span,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the variants are named as the SQL that they stand for, and so are their fields")]
pub enum ActionKind {
    // Columns, and the attributes of a composite type.
    AddColumn {
        column: ColumnDefinition,
        if_not_exists: bool,
        position: Option<Span>,
    },
    DropColumn {
        column: Name,
        if_exists: bool,
        cascade: bool,
    },
    RenameColumn {
        from: Name,
        to: Name,
    },
    SetType {
        column: Name,
        data_type: DataType,
        collation: Option<QualifiedName>,
        using: Option<Span>,
    },
    SetDefault {
        column: Name,
        value: Span,
    },
    DropDefault {
        column: Name,
    },
    SetNotNull {
        column: Name,
    },
    DropNotNull {
        column: Name,
    },
    SetExpression {
        column: Name,
        expression: Span,
    },
    DropExpression {
        column: Name,
    },
    AddIdentity {
        column: Name,
    },
    SetIdentity {
        column: Name,
    },
    DropIdentity {
        column: Name,
        if_exists: bool,
    },
    SetStatistics {
        column: Option<Name>,
    },
    SetStorage {
        column: Name,
    },
    SetCompression {
        column: Name,
    },
    SetColumnOptions {
        column: Name,
    },
    ResetColumnOptions {
        column: Name,
    },
    SetForeignOptions {
        column: Name,
    },
    SetVisible {
        column: Name,
        visible: bool,
    },
    /// MySQL: the whole definition is replaced.
    ModifyColumn {
        column: ColumnDefinition,
        if_exists: bool,
        position: Option<Span>,
    },
    /// MySQL: renamed and replaced.
    ChangeColumn {
        from: Name,
        column: ColumnDefinition,
        if_exists: bool,
        position: Option<Span>,
    },

    // Constraints.
    AddConstraint {
        constraint: TableConstraint,
        if_not_exists: bool,
    },
    DropConstraint {
        name: Option<Name>,
        kind: Option<ConstraintKind>,
        if_exists: bool,
        cascade: bool,
    },
    RenameConstraint {
        from: Name,
        to: Name,
    },
    ValidateConstraint {
        name: Name,
    },
    AlterConstraint {
        name: Name,
    },

    // Indexes, where `ALTER TABLE` changes them.
    AddIndex {
        index: IndexDefinition,
        if_not_exists: bool,
    },
    DropIndex {
        name: Name,
        if_exists: bool,
    },
    RenameIndex {
        from: Name,
        to: Name,
    },
    AlterIndex {
        name: Name,
        visible: Option<bool>,
    },

    // The object as a whole.
    RenameTo(QualifiedName),
    SetSchema(Name),
    OwnerTo,
    DependsOnExtension,

    // Tables.
    Trigger(Switch),
    Rule(Switch),
    RowSecurity(RowSecurity),
    ClusterOn {
        index: Option<Name>,
    },
    SetLogged(bool),
    SetAccessMethod,
    SetTablespace,
    SetOptions(Span),
    ResetOptions,
    DropOids,
    Inherit(QualifiedName),
    NoInherit(QualifiedName),
    OfType(QualifiedName),
    NotOfType,
    ReplicaIdentity,
    ForeignOptions,
    AttachPartition(QualifiedName),
    DetachPartition {
        partition: QualifiedName,
        concurrently: bool,
        finalize: bool,
    },

    // MySQL and MariaDB.
    ConvertTo {
        charset: Option<Name>,
        collation: Option<Name>,
    },
    TableOption {
        name: String,
    },
    Algorithm(Name),
    Lock(Name),
    Force,
    OrderBy,
    Keys {
        enable: bool,
    },
    Partition(PartitionAction),
    Tablespace,
    Validation {
        with: bool,
    },
    SystemVersioning {
        add: bool,
    },
    Period {
        add: bool,
    },

    // Types and domains.
    AddValue {
        value: Span,
        if_not_exists: bool,
        position: Option<Span>,
    },
    RenameValue {
        from: Span,
        to: Span,
    },
    DomainDefault {
        value: Option<Span>,
    },
    DomainNotNull(bool),

    /// Recognised, and of no meaning for a schema: a role's password, a function's cost, a sequence's cache.
    Settings,
    /// Not recognised; nothing else may be concluded about the statement.
    Unknown,
}

/// Something that an action turns on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are the words of the SQL")]
pub enum Switch {
    Enable,
    EnableAlways,
    EnableReplica,
    Disable,
}

/// What an action does to row security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are the words of the SQL")]
pub enum RowSecurity {
    Enable,
    Disable,
    Force,
    NoForce,
}

/// What an action does to partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are the words of the SQL")]
pub enum PartitionAction {
    By,
    Add,
    Drop,
    Truncate,
    Coalesce,
    Reorganize,
    Exchange,
    Remove,
    Analyze,
    Check,
    Optimize,
    Rebuild,
    Repair,
    Convert,
    Discard,
    Import,
}
