//! A map that can say what it was before, for scripts whose effects are looked at and taken back.

use std::hash::Hash;

use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexMap};

/// A map that is walked in an order which its history alone decides, so that the same scripts give the same findings.
pub(super) type Ordered<K, V> = IndexMap<K, V, RandomState>;

/// A map; while it is watched, it notes what each key had when it was first touched.
#[derive(Clone, Debug)]
pub(super) struct Kept<K, V> {
    map: Ordered<K, V>,
    before: Option<Ordered<K, Option<V>>>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Kept { map: Ordered::default(), before: None }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Kept<K, V> {
    pub fn get(&self, key: &(impl Equivalent<K> + Hash)) -> Option<&V> {
        self.map.get(key)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.note(key);
        self.map.get_mut(key)
    }

    pub fn contains_key(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.note(&key);
        self.map.insert(key, value)
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.note(key);
        self.map.swap_remove(key)
    }

    pub fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let gone: Vec<K> =
            self.map.iter().filter(|(key, value)| !keep(key, value)).map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| drop(self.remove(key)));
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.map.values()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.map.iter()
    }

    /// Begins to note, and forgets what was noted so far.
    pub fn watch(&mut self) {
        self.before = Some(Ordered::default());
    }

    /// Ends noting and gives what each touched key had.
    pub fn noted(&mut self) -> Ordered<K, Option<V>> {
        self.before.take().unwrap_or_default()
    }

    /// Puts back what was noted.
    pub fn restore(&mut self, noted: Ordered<K, Option<V>>) {
        for (key, value) in noted {
            match value {
                Some(value) => self.map.insert(key, value),
                None => self.map.swap_remove(&key),
            };
        }
    }

    fn note(&mut self, key: &K) {
        let Some(before) = &mut self.before else { return };
        if !before.contains_key(key) {
            before.insert(key.clone(), self.map.get(key).cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_can_be_taken_back() {
        let mut map = Kept::default();
        map.insert("kept", 1);
        map.insert("changed", 2);
        map.insert("removed", 3);
        map.watch();
        map.insert("changed", 4);
        map.insert("changed", 5);
        map.retain(|key, _| *key != "removed");
        *map.get_mut(&"new").map_or(&mut 0, |value| value) += 1;
        map.insert("new", 6);
        let noted = map.noted();
        assert_eq!(noted.len(), 3);
        assert_eq!((noted["changed"], noted["removed"], noted["new"]), (Some(2), Some(3), None));
        map.restore(noted);
        let mut all: Vec<_> = map.iter().map(|(key, value)| (*key, *value)).collect();
        all.sort_unstable();
        assert_eq!(all, [("changed", 2), ("kept", 1), ("removed", 3)]);
    }
}
