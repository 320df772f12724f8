//! What tables without transactions keep of a migration that was rolled back.

use ecow::EcoString;
use foldhash::HashSet;

use crate::databases::Row;
use crate::sql::{Lexis, TokenKind, Tokens};

use super::locked::Locked;

/// The names that a text has, in small letters; comments and strings have none.
#[derive(Default)]
struct Names {
    all: HashSet<String>,
    /// Those of what it calls.
    called: HashSet<String>,
}

impl Names {
    fn read(&mut self, text: &str, lexis: &Lexis) {
        let (mut calling, mut last) = (false, None);
        for token in Tokens::new(text, lexis).code() {
            let written = token.of(text);
            // Under `ANSI_QUOTES` what looks like a string is a name.
            let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) || written.starts_with('"');
            if token.is_symbol(text, "(") {
                self.called.extend(last.take());
                calling = false;
            } else if is_name {
                let name = written.trim_matches(['`', '"']).to_lowercase();
                if calling {
                    self.called.insert(name.clone());
                }
                calling |= token.is_word(text, "CALL");
                last = Some(name.clone());
                self.all.insert(name);
            } else {
                // `CALL s.p`
                calling &= token.is_symbol(text, ".");
                last = None;
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.all.contains(&name.to_lowercase())
    }

    fn calls(&self, name: &str) -> bool {
        self.called.contains(&name.to_lowercase())
    }
}

impl Locked {
    /// A table that the SQL names and that knows no transactions, with its engine: what was done to it is not undone. It may
    /// be named by a trigger, a view or a routine that the SQL has run.
    pub(super) async fn stays(&mut self, script: &str) -> Option<(String, String)> {
        let dialect = self.dialect();
        let home = self.session.about().database.clone();
        let all = self.session.query(dialect.databases()?).await.ok()?;
        let mut named = Names::default();
        named.read(script, dialect.lexis());
        // The one in use may be one that the script has chosen.
        let concerned = |names: &Names| -> Vec<EcoString> {
            let meant = |row: &Row| match &row[..] {
                [Some(name), in_use] => {
                    (in_use.as_deref() == Some("1") || *name == home || names.has(name)).then(|| name.clone())
                }
                _ => None,
            };
            all.iter().filter_map(meant).collect()
        };
        let databases = concerned(&named);
        if databases.is_empty() {
            return None;
        }
        let mut run = Names::default();
        run.read(script, dialect.lexis());
        for row in self.session.query(&dialect.bodies(&databases)).await.unwrap_or_default() {
            if let [Some(name), Some(body), Some(is_routine)] = &row[..]
                && if is_routine == "1" { named.calls(name) } else { named.has(name) }
            {
                run.read(body, dialect.lexis());
            }
        }
        let tables = self.session.query(&dialect.untransactional(&concerned(&run))).await.ok()?;
        tables.into_iter().find_map(|row| match &row[..] {
            [Some(table), Some(engine)] if run.has(table) => Some((table.to_string(), engine.to_string())),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_code() {
        let mut names = Names::default();
        names.read("-- the log\ninsert into `a-b` select 'old', f(x) from d.T; call s.p; call q(1)", &Lexis::MARIADB);
        for name in ["a-b", "t", "d", "x"] {
            assert!(names.has(name), "{name}");
        }
        for name in ["log", "old", "the"] {
            assert!(!names.has(name), "{name}");
        }
        for name in ["f", "p", "q"] {
            assert!(names.calls(name), "{name}");
        }
        assert!(!names.calls("t") && !names.calls("x"));
    }
}
