//! What of a script concerns what, so that a rule that looks around a change looks at a few others and not at all: a script
//! of a hundred thousand statements is judged in time that grows with its length.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::locks::locks_writes;
use crate::schema::{Change, ChangeKind, ObjectName, ScriptReading};
use crate::sql::ddl::Verb;

/// The number of a change; what is read as a script has no room for more.
type Number = u32;

/// Where the parts of a script are.
#[derive(Debug)]
pub(super) struct Near<'a> {
    /// Where in `named` the changes stand that concern a table or an object.
    by_name: HashMap<&'a ObjectName, Range<Number>, RandomState>,
    /// The changes, in order for each name.
    named: Vec<Number>,
    /// The statements that may set something for the session, in order.
    pub settings: Vec<usize>,
    /// The first change that locks a table in use against writes.
    pub first_lock: Option<usize>,
}

impl<'a> Near<'a> {
    pub fn of(script: &'a ScriptReading) -> Self {
        let mut by_name: HashMap<&ObjectName, Range<Number>, RandomState> = HashMap::default();
        for name in script.changes.iter().flat_map(names) {
            by_name.entry(name).or_default().end += 1;
        }
        let mut end = 0;
        for place in by_name.values_mut() {
            let start = end;
            end += place.end;
            *place = start..start;
        }
        let mut named = vec![0; end as usize];
        for (number, change) in (0..).zip(&script.changes) {
            for name in names(change) {
                let Some(place) = by_name.get_mut(name) else { continue };
                if place.start == place.end || named[place.end as usize - 1] != number {
                    named[place.end as usize] = number;
                    place.end += 1;
                }
            }
        }
        let sets = |number: &usize| {
            let heading = &script.headings[*number];
            matches!(heading.verb, Verb::Set | Verb::Query | Verb::Pragma)
        };
        Near {
            by_name,
            named,
            settings: (0..script.statements.len()).filter(sets).collect(),
            first_lock: script.changes.iter().position(|change| locks_writes(change).is_some()),
        }
    }

    /// The changes that concern a table or an object, in order.
    pub fn about(&self, name: &ObjectName) -> impl Iterator<Item = usize> + use<'_> {
        self.named(name).iter().map(|number| *number as usize)
    }

    fn named(&self, name: &ObjectName) -> &[Number] {
        self.by_name.get(name).map_or(&[], |place| &self.named[place.start as usize..place.end as usize])
    }

    /// Those of the changes `among` that share a name with this one, in order; all of them if it names nothing.
    pub fn around<'n>(
        &'n self,
        change: &Change,
        among: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = usize> + use<'n> {
        let named: Vec<&[Number]> = names(change).map(|name| within(self.named(name), &among)).collect();
        let (one, several, all) = match named[..] {
            [] => (&[][..], Vec::new(), among),
            [one] => (one, Vec::new(), 0..0),
            _ => {
                let mut several = named.concat();
                several.sort_unstable();
                several.dedup();
                (&[][..], several, 0..0)
            }
        };
        one.iter().copied().chain(several).map(|number| number as usize).chain(all)
    }
}

/// Those of some numbers in order that lie in a range.
fn within<'n>(numbers: &'n [Number], range: &Range<usize>) -> &'n [Number] {
    let first = numbers.partition_point(|number| (*number as usize) < range.start);
    let end = numbers.partition_point(|number| (*number as usize) < range.end);
    &numbers[first..end]
}

/// What a change concerns: its table or object, and what takes its name or its place.
fn names(change: &Change) -> impl Iterator<Item = &ObjectName> {
    let other = match &change.kind {
        ChangeKind::RenameTable { to } => Some(to),
        ChangeKind::AttachPartition { partition } | ChangeKind::DetachPartition { partition, .. } => {
            Some(&partition.name)
        }
        ChangeKind::CreateObject { name, .. } | ChangeKind::DropObject { name, .. } => Some(name),
        ChangeKind::RenameObject { name, .. } | ChangeKind::MoveObject { name, .. } => Some(&**name),
        ChangeKind::AddValue { kind, .. } | ChangeKind::ChangeAttribute { kind, .. } => Some(kind),
        ChangeKind::RenameValue { kind, .. } => Some(&**kind),
        _ => None,
    };
    change.table.iter().map(|table| &table.name).chain(other)
}
