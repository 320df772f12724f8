//! What a statement that cannot be in a transaction does, as its text says.

use crate::sql::{Lexis, Token, TokenKind, Tokens};

/// What a statement that cannot be in a transaction does. Names are left as the server's own functions read them, which
/// fold capitals and cut what is too long as its grammar does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Work {
    BuildIndex {
        index: Index,
        table: String,
    },
    DropIndex {
        names: Vec<String>,
    },
    /// Makes copies of indexes beside them, and puts those in their place.
    ReindexConcurrently(Reindexed),
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

/// Whose indexes are built anew.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reindexed {
    Index(String),
    Table(String),
    Schema(String),
    Everything,
}

/// How an index that is built can be told from others.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// By its name.
    Named(String),
    /// The server names it; by its columns, those that it includes among them. Expressions have no name.
    Unnamed { columns: Vec<Option<String>> },
}

pub(super) fn read(statement: &str) -> Work {
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
        let mut concurrently = false;
        if self.symbol("(") {
            while self.tokens.get(self.at).is_some() && !self.symbol(")") {
                let named = self.word("CONCURRENTLY");
                concurrently |= named && !self.any(&["FALSE", "OFF"]);
                self.at += usize::from(!named);
            }
        }
        let (index, table, schema) = (self.word("INDEX"), self.word("TABLE"), self.word("SCHEMA"));
        if !index && !table && !schema {
            self.any(&["DATABASE", "SYSTEM"]);
        }
        concurrently |= self.word("CONCURRENTLY");
        if !concurrently {
            return Some(Work::Again);
        }
        Some(Work::ReindexConcurrently(match () {
            () if index => Reindexed::Index(self.qualified()?),
            () if table => Reindexed::Table(self.qualified()?),
            () if schema => Reindexed::Schema(self.name()?),
            () => Reindexed::Everything,
        }))
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

    /// One identifier, as the server's functions read it.
    fn name(&mut self) -> Option<String> {
        let name = self.name_ahead();
        let escaped = self.tokens.get(self.at).is_some_and(|token| is_unicode(token.of(self.text)));
        self.at += 1;
        self.at += if escaped && self.peek_word("UESCAPE") { 2 } else { 0 };
        name
    }

    fn name_ahead(&self) -> Option<String> {
        let token = self.tokens.get(self.at)?;
        let text = token.of(self.text);
        match token.kind {
            TokenKind::Word => Some(text.to_owned()),
            TokenKind::QuotedName if is_unicode(text) => {
                let chosen = self.tokens.get(self.at + 1).is_some_and(|next| next.is_word(self.text, "UESCAPE"));
                let escape = match chosen {
                    true => self.tokens.get(self.at + 2)?.of(self.text).trim_matches('\'').chars().next()?,
                    false => '\\',
                };
                unicode_name(text, escape)
            }
            TokenKind::QuotedName => Some(text.to_owned()),
            _ => None,
        }
    }

    /// A name with its schema.
    fn qualified(&mut self) -> Option<String> {
        let mut name = self.name()?;
        while self.symbol(".") {
            name.push('.');
            name.push_str(&self.name()?);
        }
        Some(name)
    }
}

/// Whether a quoted name has escapes: `U&"…"`.
fn is_unicode(written: &str) -> bool {
    !written.starts_with('"') && written.ends_with('"')
}

/// What `U&"d\0061t"` means, in ordinary quotes.
fn unicode_name(written: &str, escape: char) -> Option<String> {
    let inner = written.get(2..)?.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\"");
    let mut units: Vec<u16> = Vec::with_capacity(inner.len());
    let mut rest = inner.as_str();
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        let mut meant = letter;
        if letter == escape {
            if let Some(after) = rest.strip_prefix(escape) {
                rest = after;
            } else {
                let (digits, after) = match rest.strip_prefix('+') {
                    Some(long) => (long.get(..6)?, long.get(6..)?),
                    None => (rest.get(..4)?, rest.get(4..)?),
                };
                rest = after;
                let number = u32::from_str_radix(digits, 16).ok()?;
                // Half of a letter; the other half follows.
                if let (0xd800..0xe000, Ok(half)) = (number, u16::try_from(number)) {
                    units.push(half);
                    continue;
                }
                meant = char::from_u32(number)?;
            }
        }
        units.extend_from_slice(meant.encode_utf16(&mut [0; 2]));
    }
    let name = String::from_utf16(&units).ok()?;
    Some(format!("\"{}\"", name.replace('"', "\"\"")))
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
            index("Users_Email", "app.users")
        );
        assert_eq!(
            read("create unique index concurrently if not exists \"A\"\"b\" on only \"T\" using gin (x)"),
            index("\"A\"\"b\"", "\"T\"")
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
            unnamed(&["X", "\"Y\"", "", "", "", "w", "v"])
        );
        assert_eq!(
            read("drop index concurrently if exists a, s.b cascade"),
            Work::DropIndex { names: vec!["a".into(), "s.b".into()] }
        );
        assert_eq!(
            read("alter table if exists m detach partition m1 concurrently"),
            Work::Detach { parent: "m".into(), child: "m1".into() }
        );
        for (text, reindexed) in [
            ("reindex (verbose) table concurrently t", Reindexed::Table("t".into())),
            ("reindex (concurrently, verbose) table s . t", Reindexed::Table("s.t".into())),
            ("REINDEX INDEX CONCURRENTLY i", Reindexed::Index("i".into())),
            ("reindex schema concurrently S", Reindexed::Schema("S".into())),
            ("reindex database concurrently d", Reindexed::Everything),
        ] {
            assert_eq!(read(text), Work::ReindexConcurrently(reindexed), "{text}");
        }
        assert_eq!(read("reindex (concurrently off) table t"), Work::Again);
        assert_eq!(read("reindex schema s"), Work::Again);
        assert_eq!(read("create database Shop"), Work::Database("Shop".into()));
        assert_eq!(read("drop tablespace if exists fast"), Work::Tablespace("fast".into()));
        assert_eq!(read("vacuum full t"), Work::Again);
        assert!(matches!(read("call tidy()"), Work::Unknown(_)));
        assert!(matches!(read("alter subscription s refresh publication"), Work::Unknown(_)));
        assert!(matches!(read("alter table t add column a int"), Work::Unknown(_)));
        assert!(matches!(read(""), Work::Unknown(_)));
    }

    #[test]
    fn names_are_left_as_the_server_reads_them() {
        let table = |statement: &str| match read(statement) {
            Work::DropIndex { names } => names.concat(),
            other => panic!("{statement}: {other:?}"),
        };
        assert_eq!(table("drop index concurrently /* its */ S . \u{dc}nik"), "S.\u{dc}nik");
        assert_eq!(table(r#"drop index concurrently U&"d\0061t\+000061""#), "\"data\"");
        assert_eq!(table(r#"drop index concurrently u&"d!0061!!""\" uescape '!'"#), "\"da!\"\"\\\"");
        assert_eq!(table(r#"drop index concurrently U&"\d83d\de00".i"#), "\"\u{1f600}\".i");
        assert!(matches!(read(r#"drop index concurrently U&"\00""#), Work::Unknown(_)));
    }
}
