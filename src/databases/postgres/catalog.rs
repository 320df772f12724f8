//! What the catalog tells of statements that run outside our transaction: whether they took effect, and what they
//! leave behind when they are broken off.

use super::super::Probe;
use super::dialect::literal;
use crate::sql::{Lexis, Token, TokenKind, Tokens};

/// What tells whether the statement took effect.
pub(super) fn probe(statement: &str) -> Probe {
    match read(statement) {
        Work::BuildIndex { name, table } => Probe::Fingerprint(format!(
            "(SELECT coalesce(pg_catalog.string_agg(i.indexrelid::text, ',' ORDER BY i.indexrelid), 'none') \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             WHERE i.indrelid = {} AND i.indisvalid AND i.indisready{})",
            class(&table),
            name.map(|name| format!(" AND c.relname = {}", literal(&name))).unwrap_or_default()
        )),
        Work::DropIndex { names } => {
            let oids: Vec<String> =
                names.iter().map(|name| format!("coalesce({}::text, 'none')", class(name))).collect();
            Probe::Fingerprint(format!("pg_catalog.concat_ws(',', {})", oids.join(", ")))
        }
        Work::Detach { parent, child } => Probe::Fingerprint(format!(
            "(SELECT pg_catalog.count(*)::text FROM pg_catalog.pg_inherits WHERE inhparent = {} AND inhrelid = {})",
            class(&parent),
            class(&child)
        )),
        Work::Database(name) => by_name("pg_database", "datname", &name),
        Work::Tablespace(name) => by_name("pg_tablespace", "spcname", &name),
        Work::Reindex { .. } | Work::Again => Probe::Rerun,
        Work::Unknown(why) => Probe::Unknown(why.to_owned()),
    }
}

/// A query for what the statement leaves behind when it is broken off.
pub(super) fn leftovers(statement: &str) -> Option<String> {
    // An invalid index may also be somebody's build that is going on at this moment. Of such a build every login may
    // see the process and the lock on the table, but not which index it is.
    let dead = |condition: &str| {
        format!(
            "SELECT 'DROP INDEX CONCURRENTLY IF EXISTS ' || pg_catalog.quote_ident(n.nspname) || '.' \
             || pg_catalog.quote_ident(c.relname) FROM pg_catalog.pg_index i \
             JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE NOT i.indisvalid AND c.relkind = 'i' AND {condition} AND NOT EXISTS (SELECT 1 FROM \
             pg_catalog.pg_stat_progress_create_index p JOIN pg_catalog.pg_locks l ON l.pid = p.pid \
             WHERE l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted) ORDER BY c.relname"
        )
    };
    match read(statement) {
        Work::BuildIndex { name, table } => {
            let table_is = format!("i.indrelid = {}", class(&table));
            let name_is = match name {
                Some(name) => format!("c.relname = {}", literal(&name)),
                // The names that the server gives: `table_column_idx`, with a number if that is taken.
                None => "c.relname ~ '_idx[0-9]*$'".to_owned(),
            };
            Some(dead(&format!("{table_is} AND {name_is}")))
        }
        Work::Reindex { index, table } => {
            let copies = "c.relname ~ '_cc(new|old)[0-9]*$'";
            Some(dead(&match (index, table) {
                (Some(index), _) => format!(
                    "i.indrelid = (SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid = {}) AND {copies}",
                    class(&index)
                ),
                (None, Some(table)) => format!("i.indrelid = {} AND {copies}", class(&table)),
                (None, None) => copies.to_owned(),
            }))
        }
        // Broken off, it is neither attached nor detached, and can only be finished.
        Work::Detach { parent, child } => Some(format!(
            "SELECT 'ALTER TABLE ' || h.inhparent::pg_catalog.regclass || ' DETACH PARTITION ' \
             || h.inhrelid::pg_catalog.regclass || ' FINALIZE' FROM pg_catalog.pg_inherits h \
             WHERE h.inhparent = {} AND h.inhrelid = {} AND pg_catalog.to_jsonb(h) ->> 'inhdetachpending' = 'true'",
            class(&parent),
            class(&child)
        )),
        _ => None,
    }
}

/// The number of the table or index that a script calls so.
fn class(name: &str) -> String {
    format!("pg_catalog.to_regclass({})::oid", literal(name))
}

fn by_name(catalog: &str, column: &str, name: &str) -> Probe {
    Probe::Fingerprint(format!(
        "coalesce((SELECT oid::text FROM pg_catalog.{catalog} WHERE {column} = {}), 'none')",
        literal(name)
    ))
}

/// What a statement that cannot be in a transaction does; names of tables and indexes as the script writes them.
#[derive(Debug, PartialEq, Eq)]
enum Work {
    BuildIndex {
        name: Option<String>,
        table: String,
    },
    DropIndex {
        names: Vec<String>,
    },
    Reindex {
        index: Option<String>,
        table: Option<String>,
    },
    Detach {
        parent: String,
        child: String,
    },
    Database(String),
    Tablespace(String),
    /// May simply run again.
    Again,
    /// Nobody can tell.
    Unknown(&'static str),
}

fn read(statement: &str) -> Work {
    let tokens = Tokens::new(statement, &Lexis::POSTGRES).code().collect();
    let mut words = Words { text: statement, tokens, at: 0 };
    words.work().unwrap_or(Work::Unknown("the catalog does not tell whether it took effect"))
}

struct Words<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'t> Words<'t> {
    fn work(&mut self) -> Option<Work> {
        if self.any(&["VACUUM", "ANALYZE", "CLUSTER", "CHECKPOINT", "REFRESH", "DISCARD", "SET", "RESET", "LOAD"]) {
            return Some(Work::Again);
        }
        if self.any(&["CALL", "DO"]) {
            return Some(Work::Unknown("a procedure may commit by itself, and nobody can tell how far it came"));
        }
        if self.word("REINDEX") {
            return self.reindex();
        }
        if self.word("CREATE") {
            self.word("UNIQUE");
            return match () {
                () if self.word("INDEX") => self.build_index(),
                () if self.word("DATABASE") => self.name().map(Work::Database),
                () if self.word("TABLESPACE") => self.name().map(Work::Tablespace),
                () => None,
            };
        }
        if self.word("DROP") {
            return match () {
                () if self.word("INDEX") => self.drop_index(),
                () if self.word("DATABASE") => self.if_exists().name().map(Work::Database),
                () if self.word("TABLESPACE") => self.if_exists().name().map(Work::Tablespace),
                () => None,
            };
        }
        if self.word("ALTER") {
            return match () {
                () if self.any(&["SYSTEM", "DATABASE"]) => Some(Work::Again),
                () if self.word("TABLE") => self.detach(),
                () => None,
            };
        }
        None
    }

    fn build_index(&mut self) -> Option<Work> {
        self.word("CONCURRENTLY");
        if self.word("IF") {
            self.any(&["NOT"]);
            self.any(&["EXISTS"]);
        }
        let name = if self.peek_word("ON") { None } else { Some(self.name()?) };
        if !self.word("ON") {
            return None;
        }
        self.word("ONLY");
        Some(Work::BuildIndex { name, table: self.qualified()? })
    }

    fn drop_index(&mut self) -> Option<Work> {
        self.word("CONCURRENTLY");
        self.if_exists();
        let mut names = vec![self.qualified()?];
        while self.symbol(",") {
            names.push(self.qualified()?);
        }
        Some(Work::DropIndex { names })
    }

    fn reindex(&mut self) -> Option<Work> {
        if self.symbol("(") {
            while self.tokens.get(self.at).is_some() && !self.symbol(")") {
                self.at += 1;
            }
        }
        let (index, table) = (self.word("INDEX"), self.word("TABLE"));
        if !index && !table {
            return Some(Work::Reindex { index: None, table: None });
        }
        self.word("CONCURRENTLY");
        let name = self.qualified()?;
        Some(match index {
            true => Work::Reindex { index: Some(name), table: None },
            false => Work::Reindex { index: None, table: Some(name) },
        })
    }

    fn detach(&mut self) -> Option<Work> {
        self.if_exists();
        self.word("ONLY");
        let parent = self.qualified()?;
        if !(self.word("DETACH") && self.word("PARTITION")) {
            return None;
        }
        Some(Work::Detach { parent, child: self.qualified()? })
    }

    fn if_exists(&mut self) -> &mut Self {
        if self.word("IF") {
            self.word("EXISTS");
        }
        self
    }

    fn peek_word(&self, word: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.is_word(self.text, word))
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.peek_word(word);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.word(word))
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.is_symbol(self.text, symbol));
        self.at += usize::from(found);
        found
    }

    /// One identifier, as the catalog has it.
    fn name(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        let text = token.of(self.text);
        match token.kind {
            TokenKind::Word => Some(text.to_lowercase()),
            TokenKind::QuotedName => Some(text.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\"")),
            _ => None,
        }
    }

    /// A name with its schema, as the script writes it.
    fn qualified(&mut self) -> Option<String> {
        let start = self.tokens.get(self.at)?.start();
        self.name()?;
        while self.symbol(".") {
            self.name()?;
        }
        let end = self.tokens.get(self.at - 1)?.end();
        Some(self.text.get(start..end)?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_in_a_transaction_is_read() {
        let index =
            |name: Option<&str>, table: &str| Work::BuildIndex { name: name.map(str::to_owned), table: table.into() };
        assert_eq!(
            read("CREATE INDEX CONCURRENTLY Users_Email ON app.users (email)"),
            index(Some("users_email"), "app.users")
        );
        assert_eq!(
            read("create unique index concurrently if not exists \"A\"\"b\" on only \"T\" using gin (x)"),
            index(Some("A\"b"), "\"T\"")
        );
        assert_eq!(read("/* c */ create index concurrently on t (x)"), index(None, "t"));
        assert_eq!(
            read("drop index concurrently if exists a, s.b cascade"),
            Work::DropIndex { names: vec!["a".into(), "s.b".into()] }
        );
        assert_eq!(
            read("alter table if exists m detach partition m1 concurrently"),
            Work::Detach { parent: "m".into(), child: "m1".into() }
        );
        assert_eq!(
            read("reindex (verbose) table concurrently t"),
            Work::Reindex { index: None, table: Some("t".into()) }
        );
        assert_eq!(read("REINDEX INDEX CONCURRENTLY i"), Work::Reindex { index: Some("i".into()), table: None });
        assert_eq!(read("create database Shop"), Work::Database("shop".into()));
        assert_eq!(read("drop tablespace if exists fast"), Work::Tablespace("fast".into()));
        assert_eq!(read("vacuum full t"), Work::Again);
        assert!(matches!(read("call tidy()"), Work::Unknown(_)));
        assert!(matches!(read("alter subscription s refresh publication"), Work::Unknown(_)));
        assert!(matches!(read("alter table t add column a int"), Work::Unknown(_)));
        assert!(matches!(read(""), Work::Unknown(_)));
    }

    #[test]
    fn index_builds_and_detaching_leave_something() {
        assert!(leftovers("create index concurrently i on t (x)").is_some_and(|sql| sql.contains("'i'")));
        assert!(leftovers("reindex table concurrently t").is_some_and(|sql| sql.contains("_cc(new|old)")));
        assert!(leftovers("alter table t detach partition p concurrently").is_some_and(|sql| sql.contains("FINALIZE")));
        assert_eq!(leftovers("vacuum t"), None);
        assert_eq!(leftovers("drop index concurrently i"), None);
    }
}
