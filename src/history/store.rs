//! The history table in SQL: every statement that reads or writes it.

use crate::databases::{Dialect, ErrorKind, HistoryTable, Row, Session, SqlError};
use crate::migration::{Checksum, Id, Script};

use super::chain::Link;
use super::{Entry, Fact, Head, History, Kind, State};

/// Writes and reads one history table.
#[derive(Clone)]
pub struct Store {
    dialect: &'static dyn Dialect,
    table: HistoryTable,
    /// The table's name as statements write it.
    name: String,
    /// What identifies this run in `owner`.
    run: String,
    /// The machine or pipeline, for `host`.
    host: String,
}

/// The scripts that an entry stored, as [`Script::restored`] reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// The up script.
    pub up: Option<String>,
    /// The down script.
    pub down: Option<String>,
}

/// An entry as it would be written now.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The `INSERT`.
    pub sql: String,
    /// What the history's head becomes.
    pub head: Head,
}

const COLUMNS: &str = "seq, kind, version, name, repeatable, state, statements_done, statements_total, probe, owner, \
                       checksum, checksum_algorithm, down_checksum, tag, release_name, compatible, source_tool, \
                       source_checksum, applied_by, host, tool";

impl Store {
    /// A store over this table, writing as this run from this machine.
    pub fn new(dialect: &'static dyn Dialect, table: HistoryTable, run: &str, host: &str) -> Self {
        let name = dialect.history_name(&table);
        Store { dialect, table, name, run: run.to_owned(), host: host.to_owned() }
    }

    /// The table.
    pub fn table(&self) -> &HistoryTable {
        &self.table
    }

    /// The table's name as statements write it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the whole history; a missing table is an empty history, and stays missing.
    ///
    /// # Errors
    ///
    /// When the server refuses, or the table is not one of ours.
    pub async fn read(&self, session: &mut dyn Session) -> Result<History, SqlError> {
        let sql = format!(
            "SELECT {COLUMNS}, {}, {}, hash FROM {} ORDER BY seq",
            self.dialect.utc("started_at"),
            self.dialect.utc("finished_at"),
            self.name
        );
        match session.query(&sql).await {
            Ok(rows) => rows.iter().map(read_entry).collect::<Result<_, _>>().map(History::new),
            Err(error) if error.kind == ErrorKind::NoSuchTable => Ok(History::default()),
            Err(error) => Err(error),
        }
    }

    /// The scripts that these entries stored, in the order asked; entries without any are left empty.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn scripts(&self, session: &mut dyn Session, seqs: &[u64]) -> Result<Vec<Scripts>, SqlError> {
        let mut found = std::collections::HashMap::new();
        for some in seqs.chunks(100) {
            let list = some.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT seq, up_script, down_script FROM {} WHERE seq IN ({list})", self.name);
            for row in session.query(&sql).await? {
                let mut values = row.into_iter();
                let seq = values.next().flatten().and_then(|seq| seq.parse::<u64>().ok()).unwrap_or(0);
                let up = values.next().flatten();
                found.insert(seq, Scripts { up, down: values.next().flatten() });
            }
        }
        Ok(seqs.iter().map(|seq| found.remove(seq).unwrap_or_default()).collect())
    }

    /// Creates the table when it is missing. Call it under the lock, before the first write.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn create(&self, session: &mut dyn Session) -> Result<(), SqlError> {
        if !session.query(&self.dialect.history_exists(&self.table)).await?.is_empty() {
            return Ok(());
        }
        let statements = self.dialect.create_history(&self.table);
        let parts: Vec<&str> = statements.iter().map(String::as_str).collect();
        session.execute(&parts).await.map_err(|failed| failed.error)
    }

    /// The statement that claims the next number for this fact, and fails when somebody else has. `probe` is an
    /// expression for the before-image of the first statement.
    pub fn claim(&self, head: &Head, fact: &Fact<'_>, state: State, probe: Option<&str>) -> Claim {
        let seq = head.seq + 1;
        let literal = |text: &str| self.dialect.literal(text);
        let optional = |text: Option<&str>| text.map_or_else(|| "NULL".to_owned(), literal);
        let (version, repeatable) = match fact.id {
            Some(Id::Version(version)) => (version.to_string(), 0),
            Some(Id::Repeatable(_)) => (String::new(), 1),
            // What has no version is known by its name.
            Some(Id::Named(_)) | None => (String::new(), 0),
        };
        let name = match fact.id {
            Some(Id::Named(name) | Id::Repeatable(name)) => name,
            _ => fact.name,
        };
        let checksum = fact.recorded_checksum();
        let down_checksum = fact.down.map(|down| down.checksum.to_string());
        let hash = Link {
            seq,
            kind: fact.kind.word(),
            id: fact.id,
            name,
            checksum: checksum.as_ref().map(|(_, checksum)| checksum.as_str()),
            down_checksum: down_checksum.as_deref(),
            tag: fact.tag,
            release: fact.release,
        }
        .hash(&head.hash);
        let done = if state == State::Done { fact.statements } else { 0 };
        let finished = if state == State::Done { self.dialect.now() } else { "NULL" };
        let values = [
            seq.to_string(),
            literal(fact.kind.word()),
            literal(&version),
            literal(name),
            repeatable.to_string(),
            literal(state.word()),
            done.to_string(),
            fact.statements.to_string(),
            probe.unwrap_or("NULL").to_owned(),
            literal(&self.run),
            optional(checksum.as_ref().map(|(_, checksum)| checksum.as_str())),
            optional(checksum.as_ref().map(|(algorithm, _)| algorithm.as_str())),
            optional(down_checksum.as_deref()),
            optional(fact.tag),
            optional(fact.release),
            optional(fact.compatible.map(|compatible| if compatible { "yes" } else { "no" })),
            optional(fact.source.map(|(tool, _)| tool)),
            optional(fact.source.and_then(|(_, checksum)| checksum)),
            self.dialect.current_user().to_owned(),
            literal(&self.host),
            literal(TOOL),
            optional(fact.up.map(Script::stored).as_deref()),
            optional(fact.down.map(Script::stored).as_deref()),
            self.dialect.now().to_owned(),
            finished.to_owned(),
            literal(&hash),
        ];
        let sql = format!(
            "INSERT INTO {} ({COLUMNS}, up_script, down_script, started_at, finished_at, hash) VALUES ({})",
            self.name,
            values.join(", ")
        );
        Claim { sql, head: Head { seq, hash } }
    }

    /// The statement that writes the end of a transactional entry.
    pub fn finish(&self, seq: u64) -> String {
        format!("UPDATE {} SET finished_at = {} WHERE seq = {seq}", self.name, self.dialect.now())
    }

    /// The statement that records how far a running entry is, and the before-image of the statement to come.
    pub fn advance(&self, seq: u64, done: usize, probe: Option<&str>) -> String {
        format!(
            "UPDATE {} SET statements_done = {done}, probe = {} WHERE seq = {seq} AND {}",
            self.name,
            probe.unwrap_or("NULL"),
            self.mine()
        )
    }

    /// The statement that records that a running entry is done.
    pub fn complete(&self, seq: u64, statements: usize) -> String {
        self.settle(seq, statements, State::Done)
    }

    /// The statement that records that a running entry has an end, this one.
    pub fn settle(&self, seq: u64, statements: usize, state: State) -> String {
        format!(
            "UPDATE {} SET state = {}, statements_done = {statements}, probe = NULL, finished_at = {} WHERE seq = {seq} AND {}",
            self.name,
            self.dialect.literal(state.word()),
            self.dialect.now(),
            self.mine()
        )
    }

    /// The statement that makes this run the owner of a running entry whose owner is dead.
    pub fn take_over(&self, entry: &Entry) -> String {
        format!(
            "UPDATE {} SET owner = {} WHERE seq = {} AND state = 'running' AND owner = {}",
            self.name,
            self.dialect.literal(&self.run),
            entry.seq,
            self.dialect.literal(&entry.owner)
        )
    }

    /// A condition that is true while the entry is running and ours.
    pub fn is_mine(&self, seq: u64) -> String {
        format!("EXISTS (SELECT 1 FROM {} WHERE seq = {seq} AND {})", self.name, self.mine())
    }

    fn mine(&self) -> String {
        format!("state = 'running' AND owner = {}", self.dialect.literal(&self.run))
    }
}

/// How this program calls itself in the history.
const TOOL: &str = concat!("migrate/", env!("CARGO_PKG_VERSION"));

fn read_entry(row: &Row) -> Result<Entry, SqlError> {
    let text = |at: usize| row.get(at).cloned().flatten();
    let wrong = |what: &str| {
        let message = format!(
            "row {} of the history table has no {what} that this version of migrate knows",
            text(0).unwrap_or_default()
        );
        SqlError::new(ErrorKind::Other, message)
    };
    let number = |at: usize| text(at).and_then(|value| value.parse::<u64>().ok());
    let required = |at: usize| text(at).unwrap_or_default();
    let kind = text(1).as_deref().and_then(Kind::from_word).ok_or_else(|| wrong("kind"))?;
    let (version, name) = (required(2), required(3));
    let id = match (number(4), version.as_str()) {
        (Some(1), _) => Some(Id::Repeatable(name.clone())),
        (_, "") if name.is_empty() => None,
        (_, "") => Some(Id::Named(name.clone())),
        (_, version) => Some(Id::Version(version.parse().map_err(|_| wrong("version"))?)),
    };
    Ok(Entry {
        seq: number(0).ok_or_else(|| wrong("number"))?,
        kind,
        id,
        name,
        state: text(5).as_deref().and_then(State::from_word).ok_or_else(|| wrong("state"))?,
        statements_done: number(6).unwrap_or(0) as usize,
        statements_total: number(7).unwrap_or(0) as usize,
        probe: text(8),
        owner: required(9),
        checksum: text(10).map(|checksum| (text(11).unwrap_or_else(|| Checksum::ALGORITHM.to_owned()), checksum)),
        down_checksum: text(12),
        tag: text(13),
        release: text(14),
        compatible: text(15).map(|word| word == "yes"),
        source_tool: text(16),
        source_checksum: text(17),
        applied_by: required(18),
        host: required(19),
        tool: required(20),
        started_at: required(21),
        finished_at: text(22),
        hash: required(23),
    })
}
