//! The schema as the migrations so far have built it: what is known of each object, and who made it.
//!
//! Tables are shared and copied on change, so that every change keeps the table as it was before, at the price of that
//! one table.

use std::sync::Arc;

use super::kept::Kept;
use super::name::{ObjectName, SearchPath};
use super::shared::Shared;
use super::table::{Object, Table};
use super::views::View;
use crate::sql::Grammar;
use crate::sql::ddl::{ObjectKind, QualifiedName};

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
