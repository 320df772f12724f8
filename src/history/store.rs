//! The history table in SQL: every statement that reads or writes it.

use std::fmt::Display;

use crate::databases::{Dialect, ErrorKind, HistoryTable, Row, Session, SqlError};
use crate::migration::{Checksum, Id, Script};

use super::chain::Link;
use super::{Entry, Fact, Head, History, Kind, State, trouble};

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

/// The scripts that an entry stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// The up script.
    pub up: Option<StoredScript>,
    /// The down script.
    pub down: Option<StoredScript>,
}

/// A script as its entry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredScript {
    /// The entry's number.
    pub seq: u64,
    /// Its text, as [`Script::restored`] reads it.
    pub text: String,
    /// Whether it is still what was written: its checksum is the recorded one. What is not is never run.
    pub is_intact: bool,
}

/// An entry as it would be written now.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The `INSERT`.
    pub sql: String,
    /// What the history's head becomes.
    pub head: Head,
}

/// How much is read of each entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Whatever decides what is to be done. The rest, who and when, is left empty: formatting it costs the server most.
    Deciding,
    /// That, and when each ended.
    Dated,
    /// Everything but the scripts.
    All,
}

const DECIDING: &str = "seq, kind, version, name, repeatable, state, statements_done, statements_total, probe, owner, \
                        checksum, checksum_algorithm, down_checksum, tag, release_name, compatible, hash";
const ENDED: &str = "finished_at";
const CIRCUMSTANCES: &str = "source_tool, source_checksum, applied_by, host, tool";
const BEGUN: &str = "started_at";

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

    /// Reads every entry; a missing table is an empty history, and stays missing.
    ///
    /// # Errors
    ///
    /// When the server refuses, or the table is not one of ours.
    pub async fn read(&self, session: &mut dyn Session, detail: Detail) -> Result<History, SqlError> {
        let mut columns: Vec<String> = DECIDING.split(", ").map(str::to_owned).collect();
        if detail != Detail::Deciding {
            columns.push(self.dialect.utc(ENDED));
        }
        if detail == Detail::All {
            columns.extend(CIRCUMSTANCES.split(", ").map(str::to_owned));
            columns.push(self.dialect.utc(BEGUN));
        }
        let packed = self.dialect.packed(&columns, &self.name, "seq");
        let sql =
            packed.clone().unwrap_or_else(|| format!("SELECT {} FROM {} ORDER BY seq", columns.join(", "), self.name));
        match session.query(&sql).await {
            Ok(rows) if packed.is_some() => unpack(&rows).and_then(entries),
            Ok(rows) => entries(rows),
            Err(error) if error.kind == ErrorKind::NoSuchTable || trouble::lacks_schema(&error) => {
                Ok(History::default())
            }
            Err(error) => Err(trouble::unreadable(&self.table, error)),
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
            let sql = format!(
                "SELECT seq, up_script, checksum, down_script, down_checksum FROM {} WHERE seq IN ({list})",
                self.name
            );
            for row in session.query(&sql).await? {
                let mut values = row.into_iter();
                let seq = values.next().flatten().and_then(|seq| seq.parse::<u64>().ok()).unwrap_or(0);
                let mut script = || {
                    let (text, checksum) = (values.next().flatten(), values.next().flatten());
                    text.map(|text| StoredScript {
                        seq,
                        is_intact: Script::is_as_stored(&text, checksum.as_deref()),
                        text: text.into(),
                    })
                };
                found.insert(seq, Scripts { up: script(), down: script() });
            }
        }
        Ok(seqs.iter().map(|seq| found.remove(seq).unwrap_or_default()).collect())
    }

    /// Creates the table when it is missing, and its schema only where that is wanted. Says which schema it has created.
    /// Call it under the lock, before the first write.
    ///
    /// # Errors
    ///
    /// When the server refuses; [`lacks_schema`](super::lacks_schema) tells whether for want of the schema.
    pub async fn create(&self, session: &mut dyn Session, with_schema: bool) -> Result<Option<&str>, SqlError> {
        if !session.query(&self.dialect.history_exists(&self.table)).await?.is_empty() {
            return Ok(None);
        }
        let table = self.dialect.create_history(&self.table);
        let parts: Vec<&str> = table.iter().map(String::as_str).collect();
        let Err(refused) = session.execute(&parts).await else { return Ok(None) };
        let wanted = self.table.schema.as_deref().filter(|_| with_schema && trouble::lacks_schema(&refused.error));
        let created = match wanted.and_then(|schema| self.dialect.create_schema(schema).map(|create| (schema, create)))
        {
            None => Err(refused),
            Some((schema, create)) => {
                let parts: Vec<&str> = std::iter::once(create.as_str()).chain(parts).collect();
                session.execute(&parts).await.map(|()| Some(schema))
            }
        };
        created.map_err(|failed| trouble::uncreatable(&self.table, failed.error))
    }

    /// The statement that claims the next number for this fact, and fails when somebody else has, or when the fence does
    /// not hold. `probe` is an expression for the before-image of the first statement.
    pub fn claim(&self, head: &Head, fact: &Fact<'_>, state: State, probe: Option<&str>, fence: Option<&str>) -> Claim {
        let head = next_head(head, fact);
        let values = self.cells(&head, fact, state, probe).into_iter().map(|cell| cell.sql);
        Claim { sql: self.insert(values, fence), head }
    }

    /// The statements that prepare claims and ends of migrations that are one transaction each, so that many in one message
    /// cost the server less; empty where nothing is gained.
    pub fn prepare(&self, fence: Option<&str>) -> Vec<String> {
        let nothing = Head { seq: 0, hash: String::new() };
        let mut number = 0;
        let cells = self.cells(&nothing, &Fact::new(Kind::Apply, None, ""), State::Done, None);
        let values = cells.into_iter().map(|cell| {
            if cell.shared {
                return cell.sql;
            }
            number += 1;
            format!("${number}")
        });
        let prepared = [(CLAIM, self.insert(values, fence)), (FINISH, self.finish("$1"))];
        let prepared = prepared.iter().filter_map(|(name, sql)| self.dialect.prepare(name, sql));
        let prepared: Vec<String> = prepared.collect();
        if prepared.is_empty() {
            return prepared;
        }
        self.dialect.forget_prepared().map(str::to_owned).into_iter().chain(prepared).collect()
    }

    /// As [`claim`](Store::claim), for a migration that is one transaction, after [`prepare`](Store::prepare).
    pub fn claim_prepared(&self, head: &Head, fact: &Fact<'_>) -> Claim {
        let head = next_head(head, fact);
        let own = self.cells(&head, fact, State::Done, None).into_iter().filter(|cell| !cell.shared);
        let values: Vec<String> = own.map(|cell| cell.sql).collect();
        Claim { sql: self.dialect.run_prepared(CLAIM, &values), head }
    }

    fn insert(&self, values: impl Iterator<Item = String>, fence: Option<&str>) -> String {
        let mut values: Vec<String> = values.collect();
        if let Some(fence) = fence {
            values[0] = self.dialect.assured(fence, &values[0]);
        }
        format!(
            "INSERT INTO {} ({DECIDING}, {CIRCUMSTANCES}, up_script, down_script, started_at, finished_at) VALUES ({})",
            self.name,
            values.join(", ")
        )
    }

    /// The values of an entry, in the order of the columns.
    fn cells(&self, head: &Head, fact: &Fact<'_>, state: State, probe: Option<&str>) -> Vec<Cell> {
        let literal = |text: &str| self.dialect.literal(text);
        let optional = |text: Option<&str>| text.map_or_else(|| "NULL".to_owned(), literal);
        let (version, repeatable) = match fact.id {
            Some(Id::Version(version)) => (version.to_string(), 0),
            Some(Id::Repeatable(_)) => (String::new(), 1),
            // What has no version is known by its name.
            Some(Id::Named(_)) | None => (String::new(), 0),
        };
        let name = recorded_name(fact);
        let checksum = fact.recorded_checksum();
        let down_checksum = fact.down.map(|down| down.checksum.to_string());
        let done = if state == State::Done { fact.statements } else { 0 };
        let finished = if state == State::Done { self.dialect.now() } else { "NULL" };
        let own = |sql: String| Cell { sql, shared: false };
        let shared = |sql: String| Cell { sql, shared: true };
        vec![
            own(head.seq.to_string()),
            own(literal(fact.kind.word())),
            own(literal(&version)),
            own(literal(name)),
            own(repeatable.to_string()),
            shared(literal(state.word())),
            own(done.to_string()),
            own(fact.statements.to_string()),
            shared(probe.unwrap_or("NULL").to_owned()),
            shared(literal(&self.run)),
            own(optional(checksum.as_ref().map(|(_, checksum)| checksum.as_str()))),
            own(optional(checksum.as_ref().map(|(algorithm, _)| algorithm.as_str()))),
            own(optional(down_checksum.as_deref())),
            own(optional(fact.tag)),
            own(optional(fact.release)),
            own(optional(fact.compatible.map(|compatible| if compatible { "yes" } else { "no" }))),
            own(literal(&head.hash)),
            shared(optional(fact.source.map(|(tool, _)| tool))),
            shared(optional(fact.source.and_then(|(_, checksum)| checksum))),
            shared(self.dialect.current_user().to_owned()),
            shared(literal(&self.host)),
            shared(literal(TOOL)),
            own(optional(fact.up.map(Script::stored).as_deref())),
            own(optional(fact.down.map(Script::stored).as_deref())),
            shared(self.dialect.now().to_owned()),
            shared(finished.to_owned()),
        ]
    }

    /// The statement that writes the end of a transactional entry, and fails when its transaction is not the one that wrote
    /// its beginning.
    pub fn finish(&self, seq: impl Display) -> String {
        let update = format!("UPDATE {} SET finished_at = {} WHERE seq = {seq}", self.name, self.dialect.now());
        match self.dialect.still_ours() {
            Some(ours) => {
                let guard = self.dialect.guard("EXISTS (SELECT 1 FROM done)");
                format!("WITH done AS ({update} AND {ours} RETURNING 1) {guard}")
            }
            None => update,
        }
    }

    /// As [`finish`](Store::finish), after [`prepare`](Store::prepare).
    pub fn finish_prepared(&self, seq: u64) -> String {
        self.dialect.run_prepared(FINISH, &[seq.to_string()])
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

    /// The statement that puts an entry of this run that says it is done back to work, with a before-image that says why.
    pub fn reopen(&self, seq: u64, why: &str) -> String {
        format!(
            "UPDATE {} SET state = 'running', statements_done = 0, finished_at = NULL, probe = {} WHERE seq = {seq} AND owner = {}",
            self.name,
            self.dialect.literal(why),
            self.dialect.literal(&self.run)
        )
    }

    /// A condition that is true while there is an entry of this number.
    pub fn exists(&self, seq: u64) -> String {
        format!("EXISTS (SELECT 1 FROM {} WHERE seq = {seq})", self.name)
    }

    /// The statement that makes this run the owner of a running entry whose owner is dead. `probe` is an expression for the
    /// before-image of the next statement, where that is to be taken anew.
    pub fn take_over(&self, entry: &Entry, probe: Option<&str>) -> String {
        format!(
            "UPDATE {} SET owner = {}{} WHERE seq = {} AND state = 'running' AND owner = {}",
            self.name,
            self.dialect.literal(&self.run),
            probe.map(|probe| format!(", probe = {probe}")).unwrap_or_default(),
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

/// What claims and ends are called once they are prepared.
const CLAIM: &str = "migrate_claim";
const FINISH: &str = "migrate_finish";

/// One value of an entry.
struct Cell {
    sql: String,
    /// Whether every migration of one transaction that a run applies has the same.
    shared: bool,
}

/// The name that an entry is written with.
fn recorded_name<'f>(fact: &Fact<'f>) -> &'f str {
    match fact.id {
        Some(Id::Named(name) | Id::Repeatable(name)) => name,
        _ => fact.name,
    }
}

/// Where the history ends once this fact is written.
fn next_head(head: &Head, fact: &Fact<'_>) -> Head {
    let seq = head.seq + 1;
    let hash = Link {
        seq,
        kind: fact.kind.word(),
        id: fact.id,
        name: recorded_name(fact),
        checksum: fact.recorded_checksum().as_ref().map(|(_, checksum)| checksum.as_str()),
        down_checksum: fact.down.map(|down| down.checksum.to_string()).as_deref(),
        tag: fact.tag,
        release: fact.release,
    }
    .hash(&head.hash);
    Head { seq, hash: hash.to_string() }
}

/// How this program calls itself in the history.
const TOOL: &str = concat!("migrate/", env!("CARGO_PKG_VERSION"));

fn entries(rows: Vec<Row>) -> Result<History, SqlError> {
    rows.into_iter().map(read_entry).collect::<Result<_, _>>().map(History::new)
}

/// The rows that [`Dialect::packed`] made one value of.
fn unpack(rows: &[Row]) -> Result<Vec<Row>, SqlError> {
    let packed = rows.first().and_then(|row| row.first()).and_then(Option::as_deref).unwrap_or("[]");
    let wrong = |error| SqlError::new(ErrorKind::Other, format!("the history came back garbled: {error}"));
    serde_json::from_str(packed).map_err(wrong)
}

/// An entry; what was not asked for is left empty.
fn read_entry(mut row: Row) -> Result<Entry, SqlError> {
    let seq = row.first().cloned().flatten().unwrap_or_default();
    let wrong = |what: &str| {
        let message = format!("row {seq} of the history table has no {what} that this version of migrate knows");
        SqlError::new(ErrorKind::Other, message)
    };
    let number =
        |row: &Row, at: usize| row.get(at).and_then(Option::as_deref).and_then(|value| value.parse::<u64>().ok());
    let repeatable = number(&row, 4) == Some(1);
    let (done, total) = (number(&row, 6).unwrap_or(0) as usize, number(&row, 7).unwrap_or(0) as usize);
    let mut text = |at: usize| row.get_mut(at).and_then(Option::take);
    let kind = text(1).as_deref().and_then(Kind::from_word).ok_or_else(|| wrong("kind"))?;
    let (version, name) = (text(2).unwrap_or_default(), text(3).unwrap_or_default());
    let id = match (repeatable, version.as_str()) {
        (true, _) => Some(Id::Repeatable(name.to_string())),
        (_, "") if name.is_empty() => None,
        (_, "") => Some(Id::Named(name.to_string())),
        (_, version) => Some(Id::Version(version.parse().map_err(|_| wrong("version"))?)),
    };
    Ok(Entry {
        seq: seq.parse().map_err(|_| wrong("number"))?,
        kind,
        id,
        name,
        state: text(5).as_deref().and_then(State::from_word).ok_or_else(|| wrong("state"))?,
        statements_done: done,
        statements_total: total,
        probe: text(8),
        owner: text(9).unwrap_or_default(),
        checksum: text(10).map(|checksum| (text(11).unwrap_or_else(|| Checksum::ALGORITHM.into()), checksum)),
        down_checksum: text(12),
        tag: text(13),
        release: text(14),
        compatible: text(15).map(|word| word == "yes"),
        hash: text(16).unwrap_or_default(),
        finished_at: text(17),
        source_tool: text(18),
        source_checksum: text(19),
        applied_by: text(20).unwrap_or_default(),
        host: text(21).unwrap_or_default(),
        tool: text(22).unwrap_or_default(),
        started_at: text(23).unwrap_or_default(),
    })
}
