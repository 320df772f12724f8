//! Whether a script has undone what another did: what stays, and what is not back.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::catalog::Catalog;
use super::kept::Ordered;
use super::name::ObjectName;
use super::shared::Shared;
use super::table::{Column, Constraint, Index, Object, Table};
use crate::sql::Grammar;
use crate::sql::ddl::{ConstraintKind, ObjectKind};

/// What the objects that a script touched were before it.
#[derive(Clone, Debug, Default)]
pub struct Before {
    pub(super) tables: Ordered<ObjectName, Option<Arc<Table>>>,
    pub(super) objects: Ordered<(ObjectKind, ObjectName), Option<Shared<Object>>>,
    pub(super) indexes: Ordered<ObjectName, Option<ObjectName>>,
    pub(super) views: Ordered<ObjectName, Option<Vec<(ObjectKind, ObjectName)>>>,
    pub(super) gone: Ordered<ObjectName, Option<()>>,
}

/// One thing that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What it is, as in "column `users.phone`".
    pub what: String,
    /// How it is not as it was.
    pub how: Departure,
}

/// How something is not as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Departure {
    /// It is there and was not.
    Stays,
    /// It was there and is not.
    Missing,
    /// It is there, but another one.
    Differs,
}

impl Catalog {
    /// Begins to note what objects are before they are touched.
    pub fn watch(&mut self) {
        self.tables.watch();
        self.objects.watch();
        self.indexes.watch();
        self.views.watch();
        self.gone.watch();
    }

    /// What the objects that were touched since were before.
    pub fn noted(&mut self) -> Before {
        Before {
            tables: self.tables.noted(),
            objects: self.objects.noted(),
            indexes: self.indexes.noted(),
            views: self.views.noted(),
            gone: self.gone.noted(),
        }
    }

    /// Puts the objects back as they were.
    pub fn restore(&mut self, before: Before) {
        self.tables.restore(before.tables);
        self.objects.restore(before.objects);
        self.indexes.restore(before.indexes);
        self.views.restore(before.views);
        self.gone.restore(before.gone);
    }

    /// From now on all that was touched counts as deployed.
    pub fn settle(&mut self, touched: &Before) {
        for name in touched.tables.keys() {
            if let Some(table) = self.tables.get_mut(name) {
                Arc::make_mut(table).settle();
            }
        }
        for key in touched.objects.keys() {
            if let Some(object) = self.objects.get_mut(key) {
                object.origin = super::table::Origin::Deployed;
            }
        }
    }

    /// What is not as it was before two scripts, each with what it touched, of which the second is to undo the first.
    pub fn not_undone(&self, up: &Before, down: &Before) -> Vec<Difference> {
        let mut found = BTreeSet::new();
        let names: BTreeSet<&ObjectName> = up.tables.keys().chain(down.tables.keys()).collect();
        for name in names {
            let now = self.tables.get(name);
            let between = down.tables.get(name).map_or(now, Option::as_ref);
            let before = up.tables.get(name).map_or(between, Option::as_ref);
            compare_tables(before, between, now, self.grammar, &mut found);
        }
        let keys: HashMap<&(ObjectKind, ObjectName), ()> =
            up.objects.keys().chain(down.objects.keys()).map(|key| (key, ())).collect();
        for key in keys.into_keys().filter(|(kind, _)| is_compared(*kind)) {
            let now = self.objects.get(key);
            let between = down.objects.get(key).map_or(now, Option::as_ref);
            let before = up.objects.get(key).map_or(between, Option::as_ref);
            let how = match (before.is_some(), between.is_some(), now.is_some()) {
                (false, true, true) => Departure::Stays,
                (true, _, false) => Departure::Missing,
                _ => continue,
            };
            found.insert(Difference { what: format!("{} `{}`", key.0, key.1), how });
        }
        found.into_iter().collect()
    }
}

/// Whether an object of this kind is all that its name says: views are compared as tables, and what an extension or a
/// schema brings with it is not known.
fn is_compared(kind: ObjectKind) -> bool {
    use ObjectKind::{Domain, Function, Procedure, Sequence, Type};
    matches!(kind, Type | Domain | Function | Procedure | Sequence)
}

/// Of a table that no migration created, only what the first script added is known.
fn compare_tables(
    before: Option<&Arc<Table>>,
    between: Option<&Arc<Table>>,
    now: Option<&Arc<Table>>,
    grammar: Grammar,
    found: &mut BTreeSet<Difference>,
) {
    let mut differs = |what: String, how| found.insert(Difference { what, how });
    let (before, now) = match (before, now) {
        (Some(before), Some(now)) => (before, now),
        (None, Some(now)) if !now.complete => {
            let Some(between) = between else { return };
            for column in between.columns.iter().filter(|column| now.column(&column.name, grammar).is_some()) {
                differs(format!("column `{}.{}`", now.name, column.name), Departure::Stays);
            }
            return;
        }
        (None, Some(now)) if between.is_some() && !now.temporary => {
            differs(format!("{} `{}`", now.kind, now.name), Departure::Stays);
            return;
        }
        (Some(before), None) if !before.temporary && before.complete => {
            differs(format!("{} `{}`", before.kind, before.name), Departure::Missing);
            return;
        }
        _ => return,
    };
    for column in &now.columns {
        let stays = before.column(&column.name, grammar).is_none()
            && (before.complete || between.is_some_and(|table| table.column(&column.name, grammar).is_some()));
        if stays {
            differs(format!("column `{}.{}`", now.name, column.name), Departure::Stays);
        }
    }
    for column in &before.columns {
        let what = || format!("column `{}.{}`", before.name, column.name);
        match now.column(&column.name, grammar) {
            None => drop(differs(what(), Departure::Missing)),
            Some(other) if !same_column(column, other) => drop(differs(what(), Departure::Differs)),
            Some(_) => {}
        }
    }
    if !before.complete || !now.complete {
        return;
    }
    let in_both = |one: &Constraint, all: &[Shared<Constraint>]| all.iter().any(|other| same_constraint(one, other));
    for (ones, others, how) in [
        (&now.constraints, &before.constraints, Departure::Stays),
        (&before.constraints, &now.constraints, Departure::Missing),
    ] {
        let compared = ones.iter().filter(|one| one.kind != ConstraintKind::NotNull);
        for one in compared.filter(|one| !in_both(one, others)) {
            let name = one.name.clone().unwrap_or_else(|| one.columns.join(", ").into());
            differs(format!("constraint `{name}` of `{}`", now.name), how);
        }
    }
    let in_both = |one: &Index, all: &[Shared<Index>]| all.iter().any(|other| same_index(one, other));
    for (ones, others, how) in
        [(&now.indexes, &before.indexes, Departure::Stays), (&before.indexes, &now.indexes, Departure::Missing)]
    {
        // One that became a key's goes with the key: there is no way back to the index alone.
        let became_key = |one: &Index| {
            let name = one.name.as_deref().unwrap_or_default();
            between.and_then(|table| table.index(name, grammar)).is_some_and(|index| index.of_constraint)
        };
        let compared = ones.iter().filter(|one| !one.of_constraint && !became_key(one));
        for one in compared.filter(|one| !in_both(one, others)) {
            if let Some(name) = &one.name {
                differs(format!("index `{name}` of `{}`", now.name), how);
            }
        }
    }
}

fn same_column(one: &Column, other: &Column) -> bool {
    // Where one of two types is not known, nothing is known to be different.
    let types = one.data_type.is_none() || other.data_type.is_none() || one.data_type == other.data_type;
    types
        && one.not_null == other.not_null
        && one.default.is_some() == other.default.is_some()
        && one.more.generated.is_some() == other.more.generated.is_some()
}

fn same_constraint(one: &Constraint, other: &Constraint) -> bool {
    let words = |text: &Option<Box<str>>| text.as_deref().map(|text| text.split_whitespace().collect::<String>());
    let target = |one: &Constraint| one.references.as_ref().map(|to| to.table.clone());
    one.kind == other.kind
        && one.columns == other.columns
        && words(&one.expression) == words(&other.expression)
        && target(one) == target(other)
}

fn same_index(one: &Index, other: &Index) -> bool {
    one.kind == other.kind && one.columns == other.columns && one.predicate.is_some() == other.predicate.is_some()
}
