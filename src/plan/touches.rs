//! What a script touches, as far as the order of two scripts may matter. Errs on the safe side.

use std::collections::{BTreeSet, HashSet};

use crate::migration::Script;
use crate::sql::ddl::{self, Detail, Verb};
use crate::sql::{Lexis, Statement};

/// What a script touches.
pub(super) struct Touches {
    /// The objects that it makes, changes, drops, writes or reads, without their schemas.
    names: BTreeSet<String>,
    /// Every word in it, those in strings and bodies, too.
    words: HashSet<String>,
    /// Whether something in it cannot be read, or does what only running it would tell.
    opaque: bool,
}

impl Touches {
    /// What this script touches.
    pub fn of(script: &Script, lexis: &Lexis) -> Self {
        let text = &script.text;
        let mut touches = Touches { names: BTreeSet::new(), words: words(text), opaque: false };
        match script.statements(lexis) {
            Ok(statements) => statements.iter().for_each(|statement| touches.add(statement, text, lexis)),
            Err(_) => touches.opaque = true,
        }
        touches
    }

    fn add(&mut self, statement: &Statement, text: &str, lexis: &Lexis) {
        let reading = ddl::read(statement, text, lexis);
        self.opaque |= reading.unknown().is_some() || matches!(reading.verb, Verb::Do | Verb::Call | Verb::Dynamic);
        let mut named: Vec<&ddl::QualifiedName> = reading.names.iter().chain(reading.table()).collect();
        if let Detail::Renames(to) = &reading.detail {
            named.extend(to);
        }
        self.names.extend(named.into_iter().map(|name| name.name.value.to_lowercase().into()));
        if reading.object.is_none() {
            self.names.extend(tables_of_query(statement, text, lexis));
        }
    }

    /// Something that both touch, if the order of the two may matter.
    pub fn shared_with(&self, other: &Touches) -> Option<String> {
        if self.opaque || other.opaque {
            return Some("something that only running it would tell".to_owned());
        }
        let in_other = self.names.iter().find(|name| other.words.contains(*name));
        in_other.or_else(|| other.names.iter().find(|name| self.words.contains(*name))).map(|name| format!("`{name}`"))
    }
}

fn words(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The tables of a statement that reads or writes rows: what follows the words that tables follow.
fn tables_of_query(statement: &Statement, text: &str, lexis: &Lexis) -> BTreeSet<String> {
    const BEFORE: [&str; 8] = ["INTO", "UPDATE", "FROM", "JOIN", "TABLE", "ONLY", "USING", "COPY"];
    let mut tables = BTreeSet::new();
    let mut follows = false;
    for token in statement.tokens(text, lexis).code() {
        let word = token.of(text);
        if follows {
            tables.insert(word.trim_matches(['"', '`', '[', ']']).to_lowercase());
        }
        // The last part of a qualified name is the table's.
        follows = BEFORE.iter().any(|before| token.is_word(text, before)) || (follows && word == ".");
        if word == "." {
            follows = true;
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(one: &str, other: &str) -> Option<String> {
        let touches = |text: &str| Touches::of(&Script::new("m.sql", text), &Lexis::POSTGRES);
        touches(one).shared_with(&touches(other))
    }

    #[test]
    fn different_tables_are_independent() {
        assert_eq!(shared("create table a (id int); create index on a (id)", "alter table b add column c int"), None);
        assert_eq!(shared("insert into a values (1)", "update b set c = 1"), None);
    }

    #[test]
    fn the_same_table_is_shared_however_it_is_touched() {
        assert_eq!(
            shared("alter table app.a add column x int", "create view v as select * from a"),
            Some("`a`".to_owned())
        );
        assert_eq!(shared("update \"A\" set x = 1", "insert into app.a values (1)"), Some("`a`".to_owned()));
        assert_eq!(
            shared(
                "alter table a add column x int",
                "create function f() returns int language sql as 'select 1 from a'"
            ),
            Some("`a`".to_owned())
        );
    }

    #[test]
    fn what_cannot_be_read_is_shared_with_everything() {
        assert!(shared("do $$ begin perform 1; end $$", "create table b (id int)").is_some());
        assert!(shared("frobnicate the table", "create table b (id int)").is_some());
    }
}
