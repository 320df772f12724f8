//! What is known of tables and of what has a name beside them, and who made each.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::data_type::DataType;
use super::name::ObjectName;
use super::routines::Signature;
use super::seldom::{Seldom, Usual};
use super::shared::Shared;
use super::views::View;
use crate::sql::ddl::{ConstraintKind, IndexKind, ObjectKind, ReferentialAction};
use crate::sql::{Grammar, mentions};

/// Who made an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A migration before those under judgement: code may use it.
    Deployed,
    /// One of the migrations under judgement, by its number: nobody has it yet.
    Judged(u32),
}

impl Origin {
    /// The migration of this number among those under judgement.
    pub fn judged(number: usize) -> Self {
        Origin::Judged(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

/// A table, or what is used like one.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What it is called.
    pub name: ObjectName,
    /// What it is: a table, a foreign table, a view or a materialized view.
    pub kind: ObjectKind,
    /// Who made it.
    pub origin: Origin,
    /// Whether all its columns and constraints are known; otherwise a migration used it that none created.
    pub complete: bool,
    /// Whether it ends with the session.
    pub temporary: bool,
    /// Its columns in order.
    pub columns: EcoVec<Shared<Column>>,
    /// Its constraints, those written with a column included, but for `NOT NULL`.
    pub constraints: EcoVec<Shared<Constraint>>,
    /// Its indexes, those of constraints included.
    pub indexes: EcoVec<Shared<Index>>,
    /// Whether it is partitioned.
    pub partitioned: bool,
    /// PostgreSQL: whether it is kept out of the log, so that a crash empties it.
    pub unlogged: bool,
    /// MySQL: how many statements since it was last written anew only added or dropped columns.
    pub instant_changes: u32,
    /// What few tables have.
    pub more: Seldom<MoreOfTable>,
}

/// What few tables have.
#[derive(Clone, Debug, PartialEq)]
pub struct MoreOfTable {
    /// How it is partitioned, from the word after `PARTITION BY` on, in small letters.
    pub partition_method: Option<Box<str>>,
    /// PostgreSQL: the index that tells its rows apart for those who receive changes.
    pub replica_index: Option<Box<str>>,
    /// The tables that its rows were copied from, while it is new.
    pub copied_from: EcoVec<ObjectName>,
    /// The table of which it is a partition.
    pub partition_of: Option<Box<ObjectName>>,
    /// Whether it is the partition for what fits no other.
    pub default_partition: bool,
    /// Its triggers.
    pub triggers: EcoVec<Part>,
    /// Its policies.
    pub policies: EcoVec<Part>,
}

impl Usual for MoreOfTable {
    const USUAL: &'static Self = &MoreOfTable {
        partition_method: None,
        replica_index: None,
        copied_from: EcoVec::new(),
        partition_of: None,
        default_partition: false,
        triggers: EcoVec::new(),
        policies: EcoVec::new(),
    };
}

/// A trigger or a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: EcoString,
    /// Who made it.
    pub origin: Origin,
    /// Its statement.
    pub text: Arc<str>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: EcoString,
    /// Who made it.
    pub origin: Origin,
    /// Its type, if one is known.
    pub data_type: Option<DataType>,
    /// Whether it refuses nulls.
    pub not_null: bool,
    /// Its default as written.
    pub default: Option<Box<str>>,
    /// How it is numbered, if it is.
    pub numbering: Option<Numbering>,
    /// MySQL: not part of `SELECT *`.
    pub invisible: bool,
    /// What few columns have.
    pub more: Seldom<MoreOfColumn>,
}

/// What few columns have.
#[derive(Clone, Debug, PartialEq)]
pub struct MoreOfColumn {
    /// MySQL: its character set, if one is written.
    pub charset: Option<Box<str>>,
    /// Its collation, if one is written.
    pub collation: Option<Box<str>>,
    /// How it is computed, if it is.
    pub generated: Option<Generated>,
    /// MySQL: what an update sets it to.
    pub on_update: Option<Box<str>>,
    /// MySQL: its comment.
    pub comment: Option<Box<str>>,
    /// The columns that updates have filled it from, while it is new.
    pub copied_from: EcoVec<EcoString>,
}

impl Usual for MoreOfColumn {
    const USUAL: &'static Self = &MoreOfColumn {
        charset: None,
        collation: None,
        generated: None,
        on_update: None,
        comment: None,
        copied_from: EcoVec::new(),
    };
}

/// How a column is computed from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The expression as written.
    pub expression: EcoString,
    /// Whether it is stored and not computed at each read.
    pub stored: bool,
}

/// How the database numbers a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// `serial`: a default that takes the next value of a sequence.
    Serial,
    /// `GENERATED … AS IDENTITY`.
    Identity {
        /// Whether the application may not choose values.
        always: bool,
    },
    /// MySQL's `AUTO_INCREMENT`, SQLite's `AUTOINCREMENT`.
    AutoIncrement,
}

impl Column {
    /// Whether an `INSERT` that does not name it can succeed.
    pub fn may_be_omitted(&self) -> bool {
        let has_default = self.default.as_ref().is_some_and(|default| !default.eq_ignore_ascii_case("null"));
        !self.not_null || has_default || self.more.generated.is_some() || self.numbering.is_some()
    }
}

/// A constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Its name, also where the database chooses it and the choice is known.
    pub name: Option<EcoString>,
    /// Who made it.
    pub origin: Origin,
    /// What kind it is.
    pub kind: ConstraintKind,
    /// The columns it names, for a check those its expression is known to use.
    pub columns: EcoVec<EcoString>,
    /// What a check demands, as written.
    pub expression: Option<Box<str>>,
    /// Where a foreign key leads.
    pub references: Option<Box<Reference>>,
    /// Whether the rows that were there have been checked.
    pub valid: bool,
    /// Whether it is enforced at all.
    pub enforced: bool,
    /// Whether it may be checked as late as at commit.
    pub deferrable: bool,
    /// Whether it is checked that late unless a transaction says otherwise.
    pub deferred: bool,
    /// Whether it is written with its column, and not beside the columns.
    pub with_column: bool,
}

/// Where a foreign key leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The table.
    pub table: ObjectName,
    /// Its columns, if they are written.
    pub columns: EcoVec<EcoString>,
    /// What happens when the row is deleted.
    pub on_delete: Option<ReferentialAction>,
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// Its name, if it is known.
    pub name: Option<EcoString>,
    /// Who made it.
    pub origin: Origin,
    /// What kind it is.
    pub kind: IndexKind,
    /// Its columns; none for an expression.
    pub columns: EcoVec<Option<EcoString>>,
    /// What is written behind each column: its order, its operator class; nothing if nothing is written behind any.
    pub options: EcoVec<EcoString>,
    /// The access method, if one is written that is not the usual one.
    pub method: Option<Box<str>>,
    /// The columns it only carries.
    pub include: EcoVec<EcoString>,
    /// What it indexes and under which condition, as written: the columns in it may be found by their words.
    pub text: EcoString,
    /// The condition of a partial index.
    pub predicate: Option<Box<str>>,
    /// Whether it belongs to a constraint of its name.
    pub of_constraint: bool,
}

/// Anything that is not a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Who made it.
    pub origin: Origin,
    /// What its statement says after the name: the query of a view, the body of a routine, the labels of an enum.
    pub text: Arc<str>,
    /// What a view shows and needs.
    pub view: Option<Arc<View>>,
    /// The routines of this name; only PostgreSQL has more than one.
    pub overloads: EcoVec<Signature>,
}

impl Table {
    /// A table of which nothing is known but that a migration uses it.
    pub fn unknown(name: ObjectName, kind: ObjectKind) -> Self {
        Table {
            name,
            kind,
            origin: Origin::Deployed,
            complete: false,
            temporary: false,
            columns: EcoVec::new(),
            constraints: EcoVec::new(),
            indexes: EcoVec::new(),
            partitioned: false,
            unlogged: false,
            instant_changes: 0,
            more: Seldom::default(),
        }
    }

    /// Whether code that is deployed may use it.
    pub fn in_use(&self) -> bool {
        self.origin == Origin::Deployed && !self.temporary
    }

    /// From now on it counts as deployed, with all its parts.
    pub(super) fn settle(&mut self) {
        self.origin = Origin::Deployed;
        self.columns.make_mut().iter_mut().for_each(|one| one.origin = Origin::Deployed);
        self.constraints.make_mut().iter_mut().for_each(|one| one.origin = Origin::Deployed);
        self.indexes.make_mut().iter_mut().for_each(|one| one.origin = Origin::Deployed);
        if !(self.more.triggers.is_empty() && self.more.policies.is_empty()) {
            let MoreOfTable { triggers, policies, .. } = &mut *self.more;
            let parts = triggers.make_mut().iter_mut().chain(policies.make_mut());
            parts.for_each(|one| one.origin = Origin::Deployed);
        }
    }

    /// The column of this name.
    pub fn column(&self, name: &str, grammar: Grammar) -> Option<&Shared<Column>> {
        self.columns.iter().find(|column| grammar.same_name(&column.name, name))
    }

    /// The column of this name, to change it.
    pub fn column_mut(&mut self, name: &str, grammar: Grammar) -> Option<&mut Column> {
        let at = self.columns.iter().position(|column| grammar.same_name(&column.name, name))?;
        self.columns.make_mut().get_mut(at).map(|column| &mut **column)
    }

    /// The constraint of this name.
    pub fn constraint(&self, name: &str, grammar: Grammar) -> Option<&Shared<Constraint>> {
        self.constraints.iter().find(|one| one.name.as_ref().is_some_and(|own| grammar.same_name(own, name)))
    }

    /// The index of this name.
    pub fn index(&self, name: &str, grammar: Grammar) -> Option<&Shared<Index>> {
        self.indexes.iter().find(|one| one.name.as_ref().is_some_and(|own| grammar.same_name(own, name)))
    }

    /// Whether at most one row has the same values in these columns.
    pub fn has_key_within(&self, columns: &[EcoString], grammar: Grammar) -> bool {
        let within = |own: &Option<EcoString>| {
            own.as_ref().is_some_and(|own| columns.iter().any(|column| grammar.same_name(own, column)))
        };
        let keys = self.indexes.iter().filter(|index| index.is_unique() && index.predicate.is_none());
        keys.into_iter().any(|key| !key.columns.is_empty() && key.columns.iter().all(within))
    }

    /// The tables that its foreign keys lead to.
    pub fn referenced(&self) -> impl Iterator<Item = &ObjectName> {
        self.constraints.iter().filter_map(|one| one.references.as_deref()).map(|to| &to.table)
    }
}

impl Index {
    /// What is written behind a column.
    pub fn options(&self, at: usize) -> &str {
        self.options.get(at).map_or("", |own| own)
    }

    /// Whether it refuses equal rows.
    pub fn is_unique(&self) -> bool {
        self.kind == IndexKind::Unique
    }

    /// Whether it needs this column.
    pub fn uses(&self, column: &str, grammar: Grammar) -> bool {
        let named = self.columns.iter().flatten().chain(&self.include).any(|name| grammar.same_name(name, column));
        named || mentions(&self.text, column)
    }
}

impl Constraint {
    /// The columns into which it lets no null.
    pub fn required_columns(&self) -> EcoVec<EcoString> {
        match (self.kind, &self.expression) {
            (ConstraintKind::NotNull | ConstraintKind::PrimaryKey, _) => self.columns.clone(),
            (ConstraintKind::Check, Some(demand)) => not_null_terms(demand),
            _ => EcoVec::new(),
        }
    }

    /// Whether it lets no null into this column.
    pub fn requires(&self, column: &str, grammar: Grammar) -> bool {
        self.required_columns().iter().any(|own| grammar.same_name(own, column))
    }

    /// Whether it needs this column.
    pub fn uses(&self, column: &str, grammar: Grammar) -> bool {
        let named = self.columns.iter().any(|name| grammar.same_name(name, column));
        named || self.expression.as_ref().is_some_and(|expression| mentions(expression, column))
    }
}

/// The columns that a check's expression demands not to be null, each in one of the terms that `AND` joins.
fn not_null_terms(expression: &str) -> EcoVec<EcoString> {
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut terms: Vec<Vec<&str>> = vec![Vec::new()];
    for word in words {
        match terms.last_mut() {
            _ if word.eq_ignore_ascii_case("or") => return EcoVec::new(),
            Some(term) if !word.eq_ignore_ascii_case("and") => term.push(word),
            _ => terms.push(Vec::new()),
        }
    }
    let column = |term: &Vec<&str>| {
        let [column, is, not, null] = term[..] else { return None };
        let said = [is, not, null.trim_end_matches(')')].join(" ").eq_ignore_ascii_case("is not null");
        let column = column.trim_start_matches('(');
        let plain = column.trim_matches(['"', '`', '[', ']']);
        let folded = EcoString::from(plain);
        let folded = if plain.len() == column.len() { folded.to_ascii_lowercase() } else { folded };
        said.then_some(folded)
    };
    terms.iter().filter_map(column).collect()
}
