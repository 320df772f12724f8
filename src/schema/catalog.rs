//! The schema as the migrations so far have built it: what is known of each object, and who made it.
//!
//! Tables are shared and copied on change, so that every change keeps the table as it was before, at the price of that
//! one table.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::data_type::DataType;
use super::kept::Kept;
use super::name::{ObjectName, SearchPath};
use super::routines::Signature;
use super::seldom::{Seldom, Usual};
use super::shared::Shared;
use super::views::View;
use crate::sql::Grammar;
use crate::sql::ddl::{ConstraintKind, IndexKind, ObjectKind, QualifiedName, ReferentialAction};

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

/// Everything that is known of the schema.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Whose names these are.
    pub grammar: Grammar,
    /// Where unqualified names are looked for.
    pub path: SearchPath,
    /// The version of the server as in a versioned comment, `80036`; none when all of them are read.
    pub version: Option<u32>,
    pub(super) tables: Kept<ObjectName, Arc<Table>>,
    pub(super) objects: Kept<(ObjectKind, ObjectName), Shared<Object>>,
    /// Where names of indexes belong to a schema and not to their table.
    pub(super) indexes: Kept<ObjectName, ObjectName>,
    /// The views that need a table.
    pub(super) views: Kept<ObjectName, Vec<(ObjectKind, ObjectName)>>,
    /// The tables and indexes that were known, and are not there any more.
    pub(super) gone: Kept<ObjectName, ()>,
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

/// Whether a text has this word, whatever its case.
pub fn mentions(text: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    text.split(|c| !is_word(c)).any(|found| found.eq_ignore_ascii_case(word))
}

impl Catalog {
    /// The catalog of an empty database.
    pub fn new(grammar: Grammar) -> Self {
        Catalog {
            grammar,
            path: SearchPath::new(grammar),
            tables: Kept::default(),
            objects: Kept::default(),
            indexes: Kept::default(),
            views: Kept::default(),
            gone: Kept::default(),
            version: None,
        }
    }

    /// The table that this name means here and now.
    pub fn find(&self, written: &QualifiedName) -> Option<&Arc<Table>> {
        let found = self.path.candidates(written).find_map(|name| self.tables.get(&name));
        let nameless = || self.tables.get(&self.in_nameless_schema(written)?).filter(|table| table.complete);
        found.or_else(nameless)
    }

    /// The same name without its schema, if of that nothing is known: where everything is made without one, the
    /// surroundings say in which schema that is.
    fn in_nameless_schema(&self, written: &QualifiedName) -> Option<ObjectName> {
        written.schema().filter(|_| self.grammar != Grammar::Sqlite)?;
        let name = self.path.for_new(written);
        let schema = name.schema.as_ref()?;
        let made = |other: &Table| other.complete && other.name.schema.as_ref() == Some(schema);
        let known = self.has_object(ObjectKind::Schema, &ObjectName { schema: None, name: schema.clone() });
        let known = known || name.is_system() || self.tables.values().any(|other| made(other));
        (!known).then_some(ObjectName { schema: None, name: name.name })
    }

    /// The table of this resolved name.
    pub fn table(&self, name: &ObjectName) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// All tables, in an order that their history decides.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// The tables with a foreign key to this one by their names, itself left out.
    pub fn referencing<'c>(&'c self, name: &ObjectName) -> impl Iterator<Item = &'c Arc<Table>> + use<'c> {
        let refers = |table: &&Arc<Table>| table.name != *name && table.referenced().any(|to| to == name);
        let mut found: Vec<&Arc<Table>> = self.tables.values().filter(refers).collect();
        found.sort_unstable_by_key(|table| &table.name);
        found.into_iter()
    }

    /// The object of this kind that a name means here and now.
    pub fn object(&self, kind: ObjectKind, written: &QualifiedName) -> Option<&Shared<Object>> {
        let found = self.path.candidates(written).find_map(|name| self.objects.get(&(kind, name)));
        found.or_else(|| self.objects.get(&(kind, self.in_nameless_schema(written)?)))
    }

    pub(super) fn has_object(&self, kind: ObjectKind, name: &ObjectName) -> bool {
        self.objects.contains_key(&(kind, name.clone()))
    }

    /// All objects of a kind by their names.
    pub fn objects(&self, kind: ObjectKind) -> impl Iterator<Item = (&ObjectName, &Shared<Object>)> {
        let of_kind = self.objects.iter().filter(|((of, _), _)| *of == kind);
        let mut found: Vec<(&ObjectName, &Shared<Object>)> =
            of_kind.map(|((_, name), object)| (name, object)).collect();
        found.sort_unstable_by_key(|(name, _)| *name);
        found.into_iter()
    }

    /// Whether a table, or an index where indexes belong to a schema, had this name, and nothing has it now.
    pub fn is_gone(&self, written: &QualifiedName) -> bool {
        let there = |name: &ObjectName| self.tables.contains_key(name) || self.indexes.contains_key(name);
        let mut names: Vec<ObjectName> = self.path.candidates(written).collect();
        names.extend(self.in_nameless_schema(written));
        !names.iter().any(there) && names.iter().any(|name| self.gone.contains_key(name))
    }

    /// The table of the index that a name means here and now, where names of indexes belong to a schema.
    pub fn table_of_index(&self, written: &QualifiedName) -> Option<&Arc<Table>> {
        let found = self.path.candidates(written).find_map(|name| self.indexes.get(&name));
        let nameless = || self.indexes.get(&self.in_nameless_schema(written)?);
        self.tables.get(found.or_else(nameless)?)
    }

    pub(super) fn insert(&mut self, table: impl Into<Arc<Table>>) {
        let table = table.into();
        let schema = &table.name.schema;
        for name in table.indexes.iter().filter_map(|index| index.name.as_ref()) {
            let index = ObjectName { schema: schema.clone(), name: super::name::fold(name, self.grammar) };
            self.indexes.insert(index, table.name.clone());
        }
        self.gone.remove(&table.name);
        self.tables.insert(table.name.clone(), table);
    }

    pub(super) fn remove(&mut self, name: &ObjectName) -> Option<Table> {
        let table = self.tables.remove(name)?;
        for index in table.indexes.iter().filter_map(|index| index.name.as_ref()) {
            let index = ObjectName { schema: name.schema.clone(), name: super::name::fold(index, self.grammar) };
            if self.indexes.get(&index) == Some(name) {
                self.indexes.remove(&index);
                self.gone.insert(index, ());
            }
        }
        self.gone.insert(name.clone(), ());
        Some(Arc::unwrap_or_clone(table))
    }

    /// Changes a table, if it is known at all.
    pub(super) fn edit(&mut self, name: &ObjectName, change: impl FnOnce(&mut Table)) {
        let Some(table) = self.tables.get_mut(name) else { return };
        let table = Arc::make_mut(table);
        let indexes = table.indexes.len();
        change(table);
        for index in table.indexes.iter().skip(indexes.min(table.indexes.len())) {
            if let Some(own) = &index.name {
                let own = ObjectName { schema: name.schema.clone(), name: super::name::fold(own, self.grammar) };
                self.indexes.insert(own, name.clone());
            }
        }
    }

    pub(super) fn insert_object(&mut self, kind: ObjectKind, name: ObjectName, object: Shared<Object>) {
        self.remove_object(kind, &name);
        for used in object.view.iter().flat_map(|view| &view.uses) {
            let mut views = self.views.remove(&used.table).unwrap_or_default();
            views.push((kind, name.clone()));
            self.views.insert(used.table.clone(), views);
        }
        self.objects.insert((kind, name), object);
    }

    pub(super) fn remove_object(&mut self, kind: ObjectKind, name: &ObjectName) -> Option<Shared<Object>> {
        let object = self.objects.remove(&(kind, name.clone()))?;
        for used in object.view.iter().flat_map(|view| &view.uses) {
            if let Some(views) = self.views.get_mut(&used.table) {
                views.retain(|(of, view)| (of, view) != (&kind, name));
            }
        }
        Some(object)
    }

    /// The object of this kind and resolved name.
    pub fn object_named(&self, kind: ObjectKind, name: &ObjectName) -> Option<&Shared<Object>> {
        self.objects.get(&(kind, name.clone()))
    }

    /// The views that need a table.
    pub fn views_of(&self, table: &ObjectName) -> impl Iterator<Item = (&ObjectName, &View)> {
        let views = self.views.get(table).into_iter().flatten();
        views.filter_map(|key| Some((&key.1, self.objects.get(key)?.view.as_deref()?)))
    }

    /// Views follow a table or a column that gets another name, where the database keeps them by more than their text.
    pub(super) fn rename_in_views(&mut self, table: &ObjectName, rename: impl Fn(&mut super::views::Use)) {
        if self.grammar.is_mysql() {
            return;
        }
        for (kind, name) in self.views.get(table).cloned().unwrap_or_default() {
            let Some(mut object) = self.remove_object(kind, &name) else { continue };
            if let Some(view) = &mut object.view {
                Arc::make_mut(view).uses.iter_mut().filter(|used| used.table == *table).for_each(&rename);
            }
            self.insert_object(kind, name, object);
        }
    }

    pub(super) fn forget_index(&mut self, name: &ObjectName) {
        self.indexes.remove(name);
    }

    pub(super) fn rename_index(&mut self, from: &ObjectName, to: ObjectName) {
        if let Some(table) = self.indexes.remove(from) {
            self.indexes.insert(to, table);
        }
    }

    /// Everything in a schema is gone.
    pub(super) fn remove_schema(&mut self, schema: &str) {
        let inside = |name: &ObjectName| name.schema.as_deref() == Some(schema);
        self.tables.retain(|name, _| !inside(name));
        self.objects.retain(|(_, name), _| !inside(name));
        self.indexes.retain(|name, _| !inside(name));
    }
}
