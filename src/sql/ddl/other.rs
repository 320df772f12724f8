//! Reads `DROP`, and every statement that begins with another word.

use super::name::Names as _;
use super::object::object_kind;
use super::reading::{Detail, ObjectKind, Verb};
use super::{Grammar, Reader};
use crate::sql::cursor::Cursor;

impl Reader<'_, '_> {
    pub(super) fn drop_objects(&mut self) {
        self.reading.flags.temporary = self.cursor.eat("TEMPORARY") || self.cursor.eat("TEMP");
        let Some(object) = object_kind(&mut self.cursor, self.grammar) else {
            // MySQL: DROP PREPARE forgets a statement.
            if self.cursor.sees("PREPARE") {
                self.set(Verb::Dynamic, None);
            }
            return;
        };
        self.set(Verb::Drop, Some(object));
        self.reading.flags.concurrently = self.cursor.eat("CONCURRENTLY");
        self.reading.flags.if_exists = self.cursor.eat("IF EXISTS");
        self.reading.flags.cascade = self.cursor.has("CASCADE");
        match object {
            ObjectKind::Cast | ObjectKind::UserMapping | ObjectKind::Transform | ObjectKind::Owned => {}
            ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
                self.name();
                self.on_table();
            }
            _ => {
                self.names();
                if object == ObjectKind::Index && self.cursor.sees("ON") {
                    self.on_table();
                }
            }
        }
    }

    pub(super) fn other(&mut self) {
        let word = self.cursor.keyword(0);
        if self.data(&word) {
            return;
        }
        self.cursor.step();
        match self.grammar {
            Grammar::Postgres => self.postgres(&word),
            Grammar::MySql | Grammar::MariaDb => self.mysql(&word),
            Grammar::Sqlite => self.sqlite(&word),
        }
    }

    /// Statements about rows, which all databases share.
    fn data(&mut self, word: &str) -> bool {
        let verb = match word {
            "INSERT" | "REPLACE" => Verb::Insert,
            "UPDATE" => Verb::Update,
            "DELETE" => Verb::Delete,
            "SELECT" | "VALUES" | "(" => Verb::Query,
            "TABLE" if self.grammar != Grammar::Sqlite => Verb::Query,
            "MERGE" if self.grammar == Grammar::Postgres => Verb::Merge,
            "WITH" => with(self.cursor),
            "EXPLAIN" => Verb::Explain,
            "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => Verb::Transaction,
            _ => return false,
        };
        self.set(verb, None);
        match verb {
            Verb::Insert | Verb::Merge => {
                if let Some(into) = self.cursor.find("INTO") {
                    self.cursor = into;
                    self.cursor.step();
                    self.name();
                }
            }
            Verb::Update if word == "UPDATE" => {
                self.cursor.step();
                while self.cursor.sees_any(&["ONLY", "LOW_PRIORITY", "IGNORE", "OR"]) {
                    self.cursor.at += if self.cursor.sees("OR") { 2 } else { 1 };
                }
                self.name();
            }
            Verb::Delete => {
                if let Some(from) = self.cursor.find("FROM") {
                    self.cursor = from;
                    self.cursor.step();
                    self.cursor.eat("ONLY");
                    self.name();
                }
            }
            Verb::Query if self.grammar == Grammar::Postgres => self.select_into(),
            _ => {}
        }
        true
    }

    /// `SELECT … INTO table` makes a table.
    fn select_into(&mut self) {
        let Some(mut into) = self.cursor.find("INTO") else { return };
        into.step();
        self.reading.flags.temporary = into.sees_any(&["TEMP", "TEMPORARY"]);
        while into.sees_any(&["TEMP", "TEMPORARY", "UNLOGGED", "LOCAL", "GLOBAL", "TABLE"]) {
            into.step();
        }
        let Some(name) = into.qualified(self.grammar) else { return };
        self.set(Verb::Create, Some(ObjectKind::Table));
        self.reading.names.push(name);
        let table = super::TableDefinition { query: Some(self.reading.span), ..Default::default() };
        self.reading.detail = Detail::Table(Box::new(table));
    }

    fn postgres(&mut self, word: &str) {
        let verb = match word {
            "TRUNCATE" => {
                self.set(Verb::Truncate, Some(ObjectKind::Table));
                self.cursor.eat("TABLE");
                self.names();
                self.reading.flags.cascade = self.cursor.has("CASCADE");
                self.reading.flags.restart_identity = self.cursor.has("RESTART IDENTITY");
                return;
            }
            "COMMENT" | "SECURITY" => return self.comment(word),
            "REFRESH" => {
                self.cursor.eat("MATERIALIZED VIEW");
                self.set(Verb::Refresh, Some(ObjectKind::MaterializedView));
                self.reading.flags.concurrently = self.cursor.eat("CONCURRENTLY");
                self.reading.flags.no_data = self.cursor.has("WITH NO DATA");
                return self.name();
            }
            "REINDEX" => {
                self.reading.flags.concurrently =
                    self.cursor.group().is_some_and(|options| options.has("CONCURRENTLY"));
                let object = object_kind(&mut self.cursor, self.grammar);
                self.set(Verb::Reindex, object);
                self.reading.flags.concurrently |= self.cursor.eat("CONCURRENTLY");
                return self.name();
            }
            "CLUSTER" | "VACUUM" | "ANALYZE" | "ANALYSE" => {
                let verb = match word {
                    "CLUSTER" => Verb::Cluster,
                    "VACUUM" => Verb::Vacuum,
                    _ => Verb::Analyze,
                };
                self.set(verb, Some(ObjectKind::Table));
                let options = self.cursor.group();
                self.reading.flags.full =
                    options.is_some_and(|options| options.has("FULL")) || self.cursor.sees("FULL");
                while self.cursor.sees_any(&["FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE"]) {
                    self.cursor.step();
                }
                return self.names();
            }
            "LOCK" => {
                self.set(Verb::Lock, Some(ObjectKind::Table));
                self.cursor.eat("TABLE");
                return self.names();
            }
            "COPY" => {
                self.set(Verb::Copy, Some(ObjectKind::Table));
                return self.name();
            }
            "DO" => {
                self.set(Verb::Do, None);
                return self.body();
            }
            "CALL" => {
                self.set(Verb::Call, Some(ObjectKind::Procedure));
                return self.name();
            }
            "GRANT" => Verb::Grant,
            "REVOKE" => Verb::Revoke,
            "REASSIGN" => Verb::Reassign,
            "IMPORT" => Verb::ImportSchema,
            "SET" | "RESET" | "SHOW" => Verb::Set,
            "START" | "END" | "ABORT" => Verb::Transaction,
            "PREPARE" if self.cursor.sees("TRANSACTION") => Verb::Transaction,
            "PREPARE" | "EXECUTE" | "DEALLOCATE" => Verb::Dynamic,
            "DECLARE" | "FETCH" | "MOVE" | "CLOSE" | "LISTEN" | "UNLISTEN" | "NOTIFY" | "LOAD" | "CHECKPOINT"
            | "DISCARD" => Verb::Administer,
            _ => Verb::Unknown,
        };
        self.set(verb, None);
    }

    fn comment(&mut self, word: &str) {
        if let Some(on) = self.cursor.find("ON") {
            self.cursor = on;
            self.cursor.step();
        }
        let object = object_kind(&mut self.cursor, self.grammar);
        self.set(if word == "COMMENT" { Verb::Comment } else { Verb::SecurityLabel }, object);
        self.name();
    }

    fn mysql(&mut self, word: &str) {
        let verb = match word {
            "TRUNCATE" => {
                self.set(Verb::Truncate, Some(ObjectKind::Table));
                self.cursor.eat("TABLE");
                return self.name();
            }
            "RENAME" => return self.rename(),
            "OPTIMIZE" | "REPAIR" | "CHECK" | "ANALYZE" => {
                self.set(if word == "ANALYZE" { Verb::Analyze } else { Verb::Maintain }, Some(ObjectKind::Table));
                while self.cursor.sees_any(&["NO_WRITE_TO_BINLOG", "LOCAL", "TABLE", "TABLES"]) {
                    self.cursor.step();
                }
                return self.names();
            }
            "CALL" => {
                self.set(Verb::Call, Some(ObjectKind::Procedure));
                return self.name();
            }
            "LOCK" | "UNLOCK" => Verb::Lock,
            "GRANT" => Verb::Grant,
            "REVOKE" => Verb::Revoke,
            "SET" => Verb::Set,
            "USE" => Verb::Use,
            "START" | "XA" => Verb::Transaction,
            "PREPARE" | "EXECUTE" | "DEALLOCATE" => Verb::Dynamic,
            "SHOW" | "DESC" | "DESCRIBE" | "HELP" | "DO" | "CHECKSUM" => Verb::Query,
            "LOAD" if self.cursor.sees_any(&["DATA", "XML"]) => Verb::Copy,
            "FLUSH" | "RESET" | "INSTALL" | "UNINSTALL" | "HANDLER" | "KILL" | "PURGE" | "CHANGE" | "STOP"
            | "BINLOG" | "CACHE" | "LOAD" | "CLONE" | "IMPORT" | "RESTART" | "SHUTDOWN" | "SIGNAL" | "RESIGNAL"
            | "GET" | "BACKUP" => Verb::Administer,
            _ => Verb::Unknown,
        };
        self.set(verb, None);
    }

    /// `RENAME TABLE a TO b, c TO d`.
    fn rename(&mut self) {
        let table = self.cursor.eat("TABLE") || self.cursor.eat("TABLES");
        self.set(Verb::Rename, Some(if table { ObjectKind::Table } else { ObjectKind::Role }));
        self.reading.flags.if_exists = self.cursor.eat("IF EXISTS");
        if !table {
            return;
        }
        let mut renames = Vec::new();
        for mut part in self.cursor.parts() {
            let from = part.qualified(self.grammar);
            if part.eat("WAIT") {
                part.step();
            }
            part.eat("NOWAIT");
            let to = part.eat("TO").then(|| part.qualified(self.grammar)).flatten();
            let (Some(from), Some(to)) = (from, to) else { return self.set(Verb::Unknown, None) };
            self.reading.names.push(from);
            renames.push(to);
        }
        self.reading.detail = Detail::Renames(renames);
    }

    fn sqlite(&mut self, word: &str) {
        let verb = match word {
            "PRAGMA" => Verb::Pragma,
            "VACUUM" => Verb::Vacuum,
            "REINDEX" => Verb::Reindex,
            "ANALYZE" => Verb::Analyze,
            "ATTACH" => Verb::Attach,
            "DETACH" => Verb::Detach,
            "END" => Verb::Transaction,
            _ => Verb::Unknown,
        };
        self.set(verb, None);
        if verb == Verb::Pragma {
            self.name();
        }
    }
}

/// What comes after the common table expressions.
fn with(cursor: Cursor<'_>) -> Verb {
    let mut rest = cursor;
    while !rest.is_end() {
        match &*rest.keyword(0) {
            "INSERT" | "REPLACE" => return Verb::Insert,
            "UPDATE" => return Verb::Update,
            "DELETE" => return Verb::Delete,
            "MERGE" => return Verb::Merge,
            "SELECT" | "VALUES" | "TABLE" => return Verb::Query,
            _ => {}
        }
        if rest.group().is_none() {
            rest.step();
        }
    }
    Verb::Query
}
