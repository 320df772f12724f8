//! What the catalog tells of statements that run outside our transaction: whether they took effect, and what they
//! leave behind when they are broken off.

use super::super::Probe;
use super::dialect::literal;
use crate::sql::{Lexis, Token, TokenKind, Tokens};

/// What tells whether the statement took effect.
pub(super) fn probe(statement: &str) -> Probe {
    match read(statement) {
        Work::BuildIndex { index, table } => Probe::Fingerprint(format!(
            "(SELECT coalesce(pg_catalog.string_agg(i.indexrelid::text, ',' ORDER BY i.indexrelid), 'none') \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
             WHERE i.indrelid = {} AND i.indisvalid AND i.indisready{})",
            class(&table),
            match index {
                Index::Named(name) => format!(" AND c.relname = {}", literal(&name)),
                Index::Unnamed { columns } => format!(" AND {}", unnamed(&columns)),
            }
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

/// Whether the statement runs a procedure's body, which may commit by itself.
pub(super) fn calls(statement: &str) -> bool {
    let first = Tokens::new(statement, &Lexis::POSTGRES).code().next();
    first.is_some_and(|token| ["CALL", "DO"].iter().any(|word| token.is_word(statement, word)))
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
        Work::BuildIndex { index, table } => {
            let table_is = format!("i.indrelid = {}", class(&table));
            let index_is = match index {
                Index::Named(name) => format!("c.relname = {}", literal(&name)),
                Index::Unnamed { columns } => unnamed(&columns),
            };
            Some(dead(&format!("{table_is} AND {index_is}")))
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

/// Whether an index has a name that the server gave, which is `table_column_idx` with a number if that is taken, and is
/// over these columns.
fn unnamed(columns: &[Option<String>]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| literal(column.as_deref().unwrap_or_default())).collect();
    format!(
        "c.relname ~ '_idx[0-9]*$' AND ARRAY[{}]::text[] = ARRAY(SELECT coalesce(a.attname::text, '') \
         FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place) \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0 \
         ORDER BY k.place)",
        columns.join(", ")
    )
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
        index: Index,
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

/// How an index that is built can be told from others.
#[derive(Debug, PartialEq, Eq)]
enum Index {
    /// By its name.
    Named(String),
    /// The server names it; by its columns, those that it includes among them. Expressions have no name.
    Unnamed { columns: Vec<Option<String>> },
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
        let table = self.qualified()?;
        let index = match name {
            Some(name) => Index::Named(name),
            None => Index::Unnamed { columns: self.columns()? },
        };
        Some(Work::BuildIndex { index, table })
    }

    /// The columns of an index, up to the end of their list and of that of the included ones.
    fn columns(&mut self) -> Option<Vec<Option<String>>> {
        if self.word("USING") {
            self.name()?;
        }
        let mut columns = Vec::new();
        while self.symbol("(") {
            let mut ends = false;
            while !ends {
                let column = self.name_ahead();
                let begins = self.at;
                ends = self.skip_item()?;
                // What is followed by a parenthesis or a dot is no column's name.
                let calls = self
                    .tokens
                    .get(begins + 1)
                    .is_some_and(|token| ["(", "."].iter().any(|symbol| token.is_symbol(self.text, symbol)));
                columns.push(column.filter(|_| !calls));
            }
            if !self.word("INCLUDE") {
                break;
            }
        }
        (!columns.is_empty()).then_some(columns)
    }

    /// Passes over one item of a list and the symbol after it; whether that ended the list.
    fn skip_item(&mut self) -> Option<bool> {
        let mut depth = 0_usize;
        loop {
            self.tokens.get(self.at)?;
            match () {
                () if depth == 0 && self.symbol(",") => return Some(false),
                () if depth == 0 && self.symbol(")") => return Some(true),
                () if self.symbol("(") => depth += 1,
                () if self.symbol(")") => depth -= 1,
                () => self.at += 1,
            }
        }
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
        let name = self.name_ahead();
        self.at += 1;
        name
    }

    fn name_ahead(&self) -> Option<String> {
        let token = self.tokens.get(self.at)?;
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
            |name: &str, table: &str| Work::BuildIndex { index: Index::Named(name.into()), table: table.into() };
        assert_eq!(
            read("CREATE INDEX CONCURRENTLY Users_Email ON app.users (email)"),
            index("users_email", "app.users")
        );
        assert_eq!(
            read("create unique index concurrently if not exists \"A\"\"b\" on only \"T\" using gin (x)"),
            index("A\"b", "\"T\"")
        );
        let unnamed = |columns: &[&str]| {
            let columns = columns.iter().map(|name| (!name.is_empty()).then(|| (*name).to_owned())).collect();
            Work::BuildIndex { index: Index::Unnamed { columns }, table: "t".into() }
        };
        assert_eq!(read("/* c */ create index concurrently on t (x)"), unnamed(&["x"]));
        assert_eq!(
            read(
                "create index concurrently on t using gist (X desc nulls last, \"Y\" s.op(a = 1, b), lower(z), (a || b), s.f(x)) include (w, v) where x > 0"
            ),
            unnamed(&["x", "Y", "", "", "", "w", "v"])
        );
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
