//! What the session of an interrupted migration held, and what of that the rest of its script needs.

use crate::sql::{Holds, Leaves, Statement, StatementKind, holds};

use super::prepare::{Piece, Prepared};

/// Something that ended with the session and cannot be made again.
#[derive(Debug)]
struct Lost {
    /// The statement that made it, from 0.
    by: usize,
    what: &'static str,
    /// Its name, by which the rest would use it; without one, anything may.
    name: Option<String>,
}

const VARIABLE: &str = "a variable with a value that was computed then";
const SETTING: &str = "a setting with a value that was computed then";

/// What a session of MySQL or MariaDB held after some statements.
#[derive(Debug, Default)]
struct Session {
    lost: Vec<Lost>,
    /// The statements that set what can be set again.
    again: Vec<usize>,
    /// The prepared statements that are there, and the pieces that prepared them.
    prepared: Vec<(String, usize)>,
    /// The variables that have certainly got a value.
    known: Vec<String>,
    /// The last statement that may have set what it does not name.
    opaque: Option<usize>,
    /// The last statement that may have given a row its number.
    inserted: Option<usize>,
}

impl Session {
    fn lose(&mut self, by: usize, what: &'static str, name: Option<&String>) {
        self.forget(name);
        self.lost.push(Lost { by, what, name: name.cloned() });
    }

    fn forget(&mut self, name: Option<&String>) {
        self.lost.retain(|lost| lost.name.is_none() || lost.name.as_ref() != name);
    }

    fn is_lost(&self, name: &String) -> bool {
        self.lost.iter().any(|lost| lost.name.as_ref() == Some(name))
    }

    /// What may have another name now is missed under any.
    fn rename(&mut self, sql: &str) {
        let text = plain(sql);
        if (text.starts_with("alter") || text.starts_with("rename")) && text.contains("rename") {
            let renamed = |lost: &&mut Lost| lost.name.as_ref().is_some_and(|name| has_name(&text, name));
            self.lost.iter_mut().filter(renamed).for_each(|lost| lost.name = None);
        }
    }

    /// Goes on over one more statement.
    fn go_on(&mut self, index: usize, held: &Holds) {
        let repeats = held.repeatable && !held.reads.iter().any(|name| self.is_lost(name));
        if let Some((name, _)) = &held.prepares {
            self.prepared.retain(|(other, _)| other != name);
            self.prepared.push((name.clone(), index));
            match repeats {
                true => self.forget(Some(name)),
                false => self.lose(index, "a prepared statement", Some(name)),
            }
        } else if repeats {
            self.again.push(index);
        } else if held.configures {
            self.lose(index, SETTING, None);
        }
        for name in &held.sets {
            match repeats {
                true => self.forget(Some(name)),
                false => self.lose(index, VARIABLE, Some(name)),
            }
            self.known.push(name.clone());
        }
        if let Some(name) = &held.creates {
            self.lose(index, "a temporary table", Some(name));
        }
        if let Some(name) = &held.releases {
            self.prepared.retain(|(other, _)| other != name);
            self.forget(Some(name));
        }
        self.opaque = if held.is_opaque { Some(index) } else { self.opaque };
        self.inserted = if held.inserts || held.is_opaque { Some(index) } else { self.inserted };
    }
}

/// How the rest of a script first touches something with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touch {
    Never,
    /// It makes or sets it anew.
    Renews,
    /// It takes it away.
    Releases,
    Uses,
}

impl Prepared {
    /// The statements that set again, in a new session, what the first so many set in the one that is gone and what can be
    /// set again; a later statement may depend on it.
    pub fn repeated(&self, before: usize) -> Vec<String> {
        if !self.lexis.grammar.is_mysql() {
            return self.settings(before).map(|piece| piece.sql(self).to_owned()).collect();
        }
        let session = self.session(before);
        let rest = self.rest(before);
        let mut parts: Vec<(usize, String)> = Vec::new();
        parts.extend(session.again.iter().map(|index| (*index, self.pieces[*index].sql(self).to_owned())));
        for (name, index) in &session.prepared {
            match first_touch(name, &rest) {
                // Whatever it was: only its end is still to come, and must find something.
                Touch::Releases => parts.push((*index, format!("PREPARE `{name}` FROM 'DO 0'"))),
                Touch::Uses if !session.is_lost(name) => parts.push((*index, self.pieces[*index].sql(self).to_owned())),
                _ => {}
            }
        }
        parts.sort_by_key(|(index, _)| *index);
        parts.into_iter().map(|(_, sql)| sql).collect()
    }

    /// The statements among the first so many that set something in the session, in order: what they set ends with the
    /// session, and a later statement may depend on it.
    pub fn settings(&self, before: usize) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().take(before).filter(|piece| matches!(piece.leaves, Leaves::Setting { .. }))
    }

    /// What the first so many statements left in their session that nothing can bring back and a later one may need: the
    /// statement, from 1, and what it left.
    pub fn irretrievable(&self, before: usize) -> Option<(usize, &'static str)> {
        let text = &self.step.script.text;
        let rest = text.get(self.pieces.get(before)?.span.start..)?;
        if self.lexis.grammar.is_mysql() {
            return self.lost(before);
        }
        let rest = rest.to_lowercase();
        self.pieces.iter().take(before).enumerate().find_map(|(index, piece)| match piece.leaves {
            Leaves::Thing { what, name } => {
                let name = name.map(|name| name.of(text).trim_matches(['`', '"', '[', ']']).to_lowercase());
                name.is_none_or(|name| rest.contains(&name)).then_some((index + 1, what))
            }
            _ => None,
        })
    }

    /// As [`irretrievable`](Prepared::irretrievable), for MySQL and MariaDB.
    fn lost(&self, before: usize) -> Option<(usize, &'static str)> {
        let session = self.session(before);
        let rest = self.rest(before);
        let needed = |lost: &&Lost| lost.name.as_ref().is_none_or(|name| first_touch(name, &rest) == Touch::Uses);
        if let Some(lost) = session.lost.iter().find(needed) {
            return Some((lost.by + 1, lost.what));
        }
        let mut known = session.known;
        let mut unset = false;
        for (held, _) in &rest {
            unset |= held.reads.iter().any(|name| !known.contains(name));
            known.extend(held.sets.iter().cloned());
        }
        let opaque = session.opaque.filter(|_| unset).map(|by| (by + 1, "something that it does not name"));
        // Until a row of the rest gets a number of its own.
        let asked = || rest.iter().find(|(held, _)| held.inserts).is_some_and(|(held, _)| held.asks_last_number);
        let number = || session.inserted.filter(|_| asked()).map(|by| (by + 1, "the last inserted number"));
        opaque.or_else(number)
    }

    /// What the session held after the first so many statements.
    fn session(&self, before: usize) -> Session {
        let mut session = Session::default();
        for (index, piece) in self.pieces.iter().enumerate().take(before) {
            session.go_on(index, &self.holds(piece));
            session.rename(piece.sql(self));
        }
        session
    }

    /// The statements from this one on, with their texts as names are looked for in them.
    fn rest(&self, from: usize) -> Vec<(Holds, String)> {
        self.pieces.iter().skip(from).map(|piece| (self.holds(piece), plain(piece.sql(self)))).collect()
    }

    fn holds(&self, piece: &Piece) -> Holds {
        let statement = Statement { span: piece.span, kind: StatementKind::Sql };
        holds(&statement, &self.step.script.text, self.lexis)
    }
}

/// A statement as names are looked for in it.
fn plain(sql: &str) -> String {
    sql.to_lowercase().replace(['`', '\'', '"'], "")
}

/// How these statements first touch what has this name.
fn first_touch(name: &str, rest: &[(Holds, String)]) -> Touch {
    for (held, text) in rest {
        if !has_name(text, name) {
            continue;
        }
        let is = |other: &String| other == name;
        let prepares = held.prepares.as_ref().is_some_and(|(prepared, _)| is(prepared));
        if held.releases.as_ref().is_some_and(is) {
            return Touch::Releases;
        }
        // A routine that is given a variable may read it as well.
        let sets = held.sets.iter().any(is) && !held.reads.iter().any(is) && !held.is_opaque;
        return if prepares || sets { Touch::Renews } else { Touch::Uses };
    }
    Touch::Never
}

/// Whether a text has this name, as a whole word.
fn has_name(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let starts = |at: usize| name.starts_with('@') || !text[..at].chars().next_back().is_some_and(is_word);
    let ends = |at: usize| !text[at + name.len()..].chars().next().is_some_and(is_word);
    text.match_indices(name).any(|(at, _)| starts(at) && ends(at))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::databases::Database as _;
    use crate::databases::mariadb::MariaDb;
    use crate::migration::{Id, Script};
    use crate::plan::{Direction, Step};

    fn script(text: &str) -> Prepared {
        let step = Step {
            id: Id::Named("m".to_owned()),
            name: "m".to_owned(),
            direction: Direction::Up,
            script: Arc::new(Script::new("m.sql", text)),
            up: None,
            down: None,
            stored: false,
            compatible: None,
        };
        Prepared::stepwise(step, MariaDb.dialect()).unwrap()
    }

    #[test]
    fn what_the_rest_needs_is_missed() {
        for (text, before, lost) in [
            ("call p(@x); do 1; select @x", 1, Some(1)),
            ("call p(@x); do 1; select @xy", 1, Some(1)),
            ("call p(@x); do 1; select 1", 1, None),
            ("set @a = 1; do 1; select @a", 1, None),
            ("set @a = concat('a', 'b'); do 1; select @a", 1, None),
            ("set @a = (select 1); do 1; select @`A`", 1, Some(1)),
            ("set @a = (select 1); set @a = 2; select @a", 1, None),
            ("set @a = (select 1); set @b = @a; select @b", 2, Some(2)),
            ("set @a = next value for s; select @a", 1, Some(1)),
            ("set @n = 0; update t set i = (@n := @n + 1); select @n", 2, Some(2)),
            ("insert into t values (1); create table u (i int); insert into v values (last_insert_id())", 2, Some(1)),
            ("insert into t values (1); create table u (i int); insert into v values (1)", 2, None),
            ("execute immediate 'set @x = 1'; select @x", 1, Some(1)),
            (
                "insert into t values (1); create procedure p() begin set @y = last_insert_id(); select @y; end; select 1",
                1,
                None,
            ),
            ("set local transaction isolation level serializable; call q(); select 1", 2, None),
            (
                "create temporary table x (i int); drop temporary table if exists x; create temporary table x (i int)",
                1,
                None,
            ),
            ("create temporary table a.x (i int); select * from x", 1, Some(1)),
            ("create temporary table x as select 1 as event; do 1; select * from x", 1, Some(1)),
            ("create temporary table x (i int); alter table x rename to y; select * from y", 2, Some(1)),
            ("set @n = 1; execute s using @n; execute s using @n", 2, None),
            (
                "insert into t values (1); do 1; insert into t values (2); insert into u values (last_insert_id())",
                1,
                None,
            ),
            ("set @s = (select 'a'); prepare s from @s; execute s; deallocate prepare s; select 1", 2, Some(2)),
            ("set @s = (select 'a'); prepare s from @s; execute s; deallocate prepare s; select 1", 3, None),
            ("set @s = (select 'a'); prepare s from @s; execute s; deallocate prepare s; select 1", 4, None),
            ("set @o = (select @@sql_mode); set sql_mode = @o; select 1", 2, Some(2)),
        ] {
            assert_eq!(script(text).irretrievable(before).map(|(by, _)| by), lost, "{text} after {before}");
        }
    }

    #[test]
    fn what_can_be_set_again_is() {
        for (text, before, again) in [
            ("use d; set @a = 1; set @b = now(); select @a", 3, vec!["use d", "set @a = 1"]),
            ("set statement lock_wait_timeout = 5 for update t set i = i + 1; select 1", 1, vec![]),
            ("set global sort_buffer_size = 1; set @@persist.sort_buffer_size = 1; select 1", 2, vec![]),
            (
                "set sql_mode = concat(@@sql_mode, ',ANSI'); select 1",
                1,
                vec!["set sql_mode = concat(@@sql_mode, ',ANSI')"],
            ),
            ("prepare s from 'select 1'; select 1; execute s", 1, vec!["prepare s from 'select 1'"]),
            ("prepare s from 'select 1'; execute s; deallocate prepare s", 2, vec!["PREPARE `s` FROM 'DO 0'"]),
            ("prepare s from 'select 1'; deallocate prepare s; select 1", 2, vec![]),
            ("reset master; select 1", 1, vec![]),
        ] {
            assert_eq!(script(text).repeated(before), again, "{text} after {before}");
        }
    }
}
