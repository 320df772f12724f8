//! What a statement says, as far as schemas go.

use super::action::{Action, ActionKind};
use super::definition::{IndexDefinition, TableDefinition};
use super::name::{Name, QualifiedName};
use super::routine::RoutineDefinition;
use crate::sql::place::Span;

/// One statement, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What it does.
    pub verb: Verb,
    /// What kind of object it does that to.
    pub object: Option<ObjectKind>,
    /// The objects, in the order written; for a trigger, policy or rule without its table.
    pub names: Vec<QualifiedName>,
    /// The words that modify it.
    pub flags: Flags,
    /// What else it says.
    pub detail: Detail,
    /// Where it stands.
    pub span: Span,
}

/// The least that a statement says: what is kept of each statement of a script. The rest is read again where it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What it does.
    pub verb: Verb,
    /// What kind of object it does that to.
    pub object: Option<ObjectKind>,
    /// The words that modify it.
    pub flags: Flags,
    /// Whether it says something that could not be read.
    pub unknown: bool,
}

impl Reading {
    /// The least of it.
    pub fn heading(&self) -> Heading {
        Heading { verb: self.verb, object: self.object, flags: self.flags, unknown: self.unknown().is_some() }
    }

    /// Where something stands that could not be read; nothing may then be concluded from the rest.
    pub fn unknown(&self) -> Option<Span> {
        if self.verb == Verb::Unknown {
            return Some(self.span);
        }
        self.actions().iter().find(|action| action.kind == ActionKind::Unknown).map(|action| action.span)
    }

    /// The actions of an `ALTER`; none for other statements.
    pub fn actions(&self) -> &[Action] {
        match &self.detail {
            Detail::Alter(actions) => actions,
            _ => &[],
        }
    }

    /// The body of a routine or of a `DO` block, with its quotes.
    pub fn body(&self) -> Option<Span> {
        match &self.detail {
            Detail::Routine(routine) => routine.body,
            Detail::Body(body) => Some(*body),
            _ => None,
        }
    }

    /// The table that the statement is about although it names another object: of an index, a trigger, a policy.
    pub fn table(&self) -> Option<&QualifiedName> {
        match &self.detail {
            Detail::Index(index) => index.table.as_ref(),
            Detail::On(table) => Some(table),
            _ => None,
        }
    }
}

/// What a statement says beyond verb, object, names and flags.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// Nothing that matters to a schema.
    None,
    /// `CREATE TABLE`.
    Table(Box<TableDefinition>),
    /// `CREATE INDEX`.
    Index(Box<IndexDefinition>),
    /// `ALTER`.
    Alter(Vec<Action>),
    /// The table of a trigger, a policy, a rule or, on MySQL, of an index that is dropped.
    On(QualifiedName),
    /// `RENAME TABLE`: to what each name changes, in the order of the names.
    Renames(Vec<QualifiedName>),
    /// `CREATE TYPE … AS ENUM`: where each value stands.
    Values(Vec<Span>),
    /// A view: its columns if they are written, and its query.
    View {
        /// The names of its columns.
        columns: Vec<Name>,
        /// Its query.
        query: Option<Span>,
    },
    /// A function or a procedure.
    Routine(Box<RoutineDefinition>),
    /// The body of an event, a package or a `DO` block, with its quotes.
    Body(Span),
}

/// The words that modify a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the words of the SQL")]
pub struct Flags {
    pub if_exists: bool,
    pub if_not_exists: bool,
    pub or_replace: bool,
    pub cascade: bool,
    pub concurrently: bool,
    pub temporary: bool,
    pub unlogged: bool,
    pub unique: bool,
    pub only: bool,
    /// SQLite's `CREATE VIRTUAL TABLE`.
    pub virtual_table: bool,
    /// `CREATE CONSTRAINT TRIGGER`.
    pub constraint: bool,
    /// `VACUUM FULL`.
    pub full: bool,
    /// `WITH NO DATA`.
    pub no_data: bool,
    pub restart_identity: bool,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are the words of the SQL")]
pub enum Verb {
    Create,
    Alter,
    Drop,
    Truncate,
    Rename,
    Comment,
    Grant,
    Revoke,
    SecurityLabel,
    Reindex,
    Cluster,
    Refresh,
    Vacuum,
    Analyze,
    Reassign,
    ImportSchema,
    Do,
    Call,
    Lock,
    Set,
    Copy,
    Insert,
    Update,
    Delete,
    Merge,
    /// Anything that only reads.
    Query,
    Explain,
    Transaction,
    /// `PREPARE`, `EXECUTE`, `DEALLOCATE`: SQL that is made at run time.
    Dynamic,
    Pragma,
    Attach,
    Detach,
    Use,
    /// `OPTIMIZE`, `REPAIR` and `CHECK TABLE`.
    Maintain,
    /// Known, and of no meaning for a schema: `LISTEN`, `FLUSH`, `CHECKPOINT`.
    Administer,
    /// Not known: nothing may be concluded.
    Unknown,
}

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are the words of the SQL")]
pub enum ObjectKind {
    AccessMethod,
    Aggregate,
    Cast,
    Collation,
    Column,
    Constraint,
    Conversion,
    Database,
    DefaultPrivileges,
    Domain,
    Event,
    EventTrigger,
    Extension,
    ForeignDataWrapper,
    ForeignTable,
    Function,
    Index,
    Instance,
    Language,
    LargeObject,
    LogfileGroup,
    MaterializedView,
    Operator,
    OperatorClass,
    OperatorFamily,
    Owned,
    Package,
    Policy,
    Procedure,
    Publication,
    ResourceGroup,
    Role,
    Routine,
    Rule,
    Schema,
    Sequence,
    Server,
    SpatialReferenceSystem,
    Statistics,
    Subscription,
    System,
    Table,
    Tablespace,
    TextSearchConfiguration,
    TextSearchDictionary,
    TextSearchParser,
    TextSearchTemplate,
    Transform,
    Trigger,
    Type,
    UserMapping,
    View,
}
