//! What is sent for a migration: its statements with our bookkeeping around them, cut into messages.

use std::ops::Range;

use ecow::EcoString;

use crate::databases::{Dialect, Limits, LockName};
use crate::history::{Claim, Fact, Head, Kind, State, Store};
use crate::plan::{Bracket, Direction, Prepared};
use crate::sql::Leaves;

use super::transaction::Beside;

/// One statement to be sent, and what it is for.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The index of the step it belongs to.
    pub step: usize,
    pub role: Role,
    pub sql: String,
    /// Whether it must be a message of its own: several statements in one are an implicit transaction.
    pub alone: bool,
    /// Whether its message ends with it: what follows it in one message might take it back.
    pub last: bool,
}

/// What a part is for; what a failure means depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Opens a transaction, sets limits, prepares.
    Open,
    /// Fails when the lock is not ours.
    Fence,
    /// Claims the next entry of the history; fails when somebody else has, or the lock is not ours.
    Claim,
    /// Fails when the entry that was just claimed is not there: a trigger or a rule may have swallowed it.
    Claimed,
    /// Fails when the running entry is not ours any more.
    Mine,
    /// A statement of the migration, by its index.
    Statement(usize),
    /// Asks what the server has to say about it.
    Warnings(usize),
    /// Ends the transaction that it may have left open.
    Conclusion(usize),
    /// Takes back what the script did to our rights.
    Regain,
    /// Records the end; fails when the script ended our transaction.
    Seal,
    /// Fails when rows point nowhere after foreign keys had been suspended.
    ForeignKeys,
    /// Records progress, or the end of a migration whose statements run one by one; the number of statements then known to be
    /// done.
    Record(usize),
    /// Ends the transaction.
    Commit,
}

/// What is needed to write the bookkeeping around a migration.
pub(super) struct Composer<'a> {
    pub dialect: &'static dyn Dialect,
    pub store: &'a Store,
    pub lock: &'a LockName,
    /// What lock timeouts and the like hold unless a script says otherwise.
    pub limits: Limits,
    pub release: Option<&'a str>,
    /// The limits that the session is under at present.
    pub session_limits: Option<Limits>,
    /// What another tool is told in the same transaction.
    pub beside: &'a Beside,
    /// Whether everything rides in one message.
    pub together: bool,
    /// Whether claims and ends of migrations are prepared.
    pub prepared: bool,
    /// The number of rows that point nowhere before foreign keys are suspended.
    pub dangling: Option<EcoString>,
    /// Whether foreign keys are suspended for all steps, since they share one transaction and one of them asks for it.
    pub all_suspended: bool,
}

/// What happens, as the history will have it.
pub(super) fn fact<'p>(prepared: &'p Prepared, release: Option<&'p str>) -> Fact<'p> {
    let step = &prepared.step;
    let mut fact = match step.direction {
        Direction::Up => Fact {
            up: step.up.as_deref(),
            down: step.down.as_deref(),
            compatible: step.compatible,
            ..Fact::new(Kind::Apply, Some(&step.id), &step.name)
        },
        Direction::Down => Fact { down: Some(&step.script), ..Fact::new(Kind::Revert, Some(&step.id), &step.name) },
    };
    fact.statements = prepared.pieces.len();
    fact.release = release;
    fact
}

impl Composer<'_> {
    fn limits(&self, prepared: &Prepared) -> Limits {
        Limits {
            lock: prepared.lock_timeout.unwrap_or(self.limits.lock),
            statement: prepared.statement_timeout.unwrap_or(self.limits.statement),
        }
    }

    fn fence(&self) -> Option<String> {
        self.dialect.fence(self.lock).map(|condition| self.dialect.guard(&condition))
    }

    fn claim(&self, prepared: &Prepared, head: &Head, state: State, probe: Option<&str>) -> Claim {
        let fence = self.dialect.fence(self.lock);
        self.store.claim(head, &fact(prepared, self.release), state, probe, fence.as_deref())
    }

    /// Puts the session under these limits, as far as it is not yet: what else it is under, the script may have set.
    fn limit(&mut self, parts: &mut Parts, limits: Limits) {
        let already = self.session_limits.map(|limits| self.dialect.limit_session(&limits)).unwrap_or_default();
        let wanted = self.dialect.limit_session(&limits);
        parts.extend(Role::Open, wanted.into_iter().filter(|one| !already.contains(one)));
        self.session_limits = Some(limits);
    }

    /// The parts before all others of a message in which several migrations ride, each a transaction.
    pub fn prepare(&mut self) -> Vec<Part> {
        let mut parts = Parts { step: 0, parts: Vec::new() };
        parts.extend(Role::Open, self.store.prepare(self.dialect.fence(self.lock).as_deref()));
        self.prepared = !parts.parts.is_empty();
        parts.parts
    }

    /// The parts of a migration that is one transaction, together with its history row.
    pub fn transaction(
        &mut self,
        step: usize,
        prepared: &Prepared,
        head: &Head,
        opens: bool,
        commits: bool,
    ) -> (Vec<Part>, Head) {
        let mut parts = Parts { step, parts: Vec::with_capacity(prepared.pieces.len() + 10) };
        if opens {
            if prepared.suspends_foreign_keys || self.all_suspended {
                self.suspend_foreign_keys(&mut parts);
            }
            self.limit(&mut parts, self.limits(prepared));
            parts.extend(Role::Open, self.dialect.begin());
        } else {
            self.limit(&mut parts, self.limits(prepared));
        }
        let claim = match self.prepared {
            true => self.store.claim_prepared(head, &fact(prepared, self.release)),
            false => self.claim(prepared, head, State::Done, None),
        };
        parts.push(Role::Claim, claim.sql);
        for (index, piece) in prepared.pieces.iter().enumerate() {
            parts.push(Role::Statement(index), piece.sql(prepared).to_owned());
            self.ask_for_warnings(&mut parts, prepared, index);
        }
        self.regain(&mut parts, prepared);
        // After each that asks for it, so that the right one is named; and at the end what the others did meanwhile.
        if prepared.suspends_foreign_keys || (self.all_suspended && commits) {
            self.check_foreign_keys(&mut parts);
        }
        self.tell(&mut parts, prepared);
        let finish = match self.prepared {
            true => self.store.finish_prepared(claim.head.seq),
            false => self.store.finish(claim.head.seq),
        };
        parts.push(Role::Seal, finish);
        // A script that names the history may have taken our row away, which not every server's seal notices.
        let table = self.store.table().name.as_bytes();
        let text = prepared.step.script.text.as_bytes();
        let names_it = || text.windows(table.len()).any(|word| word.eq_ignore_ascii_case(table));
        if self.dialect.still_ours().is_none() && names_it() {
            parts.push(Role::Seal, self.dialect.guard(&self.store.exists(claim.head.seq)));
        }
        if commits {
            parts.push(Role::Commit, "COMMIT".to_owned());
        }
        (parts.parts, claim.head)
    }

    /// The parts that announce a migration whose statements run one by one.
    pub fn intent(&mut self, step: usize, prepared: &Prepared, head: &Head) -> (Vec<Part>, Head) {
        let mut parts = Parts { step, parts: Vec::new() };
        let probe = prepared.probe(0, self.dialect);
        let claim = self.claim(prepared, head, State::Running, probe.as_deref());
        let transactional = self.dialect.transactional_ddl();
        self.limit(&mut parts, self.limits(prepared));
        if transactional {
            parts.extend(Role::Open, self.dialect.begin());
        }
        parts.push(Role::Claim, claim.sql);
        if transactional {
            parts.push(Role::Claimed, self.dialect.guard(&self.store.is_mine(claim.head.seq)));
            parts.push(Role::Commit, "COMMIT".to_owned());
        }
        (parts.parts, claim.head)
    }

    /// The parts that repeat, in a new session, statements that set something in the one that is gone.
    pub fn settings(&self, step: usize, prepared: &Prepared, statements: Vec<String>) -> Vec<Part> {
        let mut parts = Parts { step, parts: Vec::new() };
        parts.extend(Role::Open, statements);
        if self.dialect.transactional_ddl() {
            self.regain(&mut parts, prepared);
        }
        parts.parts
    }

    /// The role that statements before this one took on, and that was given back for the sake of our record.
    fn role<'p>(&self, prepared: &'p Prepared, before: usize) -> Option<&'p str> {
        let last = prepared.settings(before).filter(|piece| piece.leaves == Leaves::Setting { role: true }).last();
        last.filter(|_| self.dialect.transactional_ddl()).map(|piece| piece.sql(prepared))
    }

    /// The parts that run the statements from this one on, in a migration whose entry stands or is claimed by the parts
    /// right before. Each is recorded, unless the next one's before-image is foreseen.
    pub fn statements(&mut self, step: usize, prepared: &Prepared, seq: u64, from: usize, claimed: bool) -> Vec<Part> {
        let mut parts = Parts { step, parts: Vec::new() };
        let total = prepared.pieces.len();
        let mine = self.dialect.guard(&self.store.is_mine(seq));
        for (index, piece) in prepared.pieces.iter().enumerate().skip(from) {
            let recorded = prepared.foreseen(index + 1, self.dialect).is_none();
            let record = if index + 1 == total {
                self.store.complete(seq, total)
            } else {
                self.store.advance(seq, index + 1, prepared.probe(index + 1, self.dialect).as_deref())
            };
            let sql = piece.sql(prepared).to_owned();
            let role = self.role(prepared, index).map(str::to_owned);
            match piece.bracket {
                Bracket::Transaction => {
                    self.limit(&mut parts, self.limits(prepared));
                    parts.extend(Role::Open, self.dialect.begin());
                    parts.extend(Role::Fence, self.fence());
                    parts.push(Role::Mine, mine.clone());
                    parts.extend(Role::Open, role);
                    parts.push(Role::Statement(index), sql);
                    self.ask_for_warnings(&mut parts, prepared, index);
                    self.regain(&mut parts, prepared);
                    parts.push(Role::Mine, mine.clone());
                    if index + 1 == total {
                        self.tell(&mut parts, prepared);
                    }
                    parts.push(Role::Record(index + 1), record);
                    parts.push(Role::Commit, "COMMIT".to_owned());
                }
                Bracket::Alone { waits_for_locks } => {
                    let mut limits = self.limits(prepared);
                    if !waits_for_locks {
                        limits.lock = None;
                    }
                    self.limit(&mut parts, limits);
                    // Where the claim, or the record of the statement before, was written a moment ago in the same message,
                    // asking again would be idle: a message reaches one connection, whole.
                    if index == from && !claimed {
                        parts.push(Role::Mine, mine.clone());
                    }
                    let fenced = if index == from { claimed } else { self.together && !prepared.changes_session };
                    if !fenced {
                        parts.extend(Role::Fence, self.fence());
                    }
                    let alone = self.dialect.transactional_ddl();
                    let regain = role.is_some();
                    parts.extend(Role::Open, role);
                    parts.parts.push(Part { step, role: Role::Statement(index), sql, alone, last: false });
                    self.ask_for_warnings(&mut parts, prepared, index);
                    let conclusion = self.dialect.conclusion(piece.sql(prepared));
                    parts.extend(Role::Conclusion(index), conclusion.iter().map(|sql| (*sql).to_owned()));
                    if regain {
                        self.regain(&mut parts, prepared);
                    }
                    if prepared.changes_session {
                        parts.push(Role::Mine, mine.clone());
                    }
                    if index + 1 == total {
                        self.tell(&mut parts, prepared);
                    }
                    if recorded {
                        parts.parts.push(Part {
                            step,
                            role: Role::Record(index + 1),
                            sql: record,
                            alone: false,
                            last: alone,
                        });
                    }
                }
            }
        }
        if from >= total {
            parts.push(Role::Mine, mine);
            self.tell(&mut parts, prepared);
            parts.push(Role::Record(total), self.store.complete(seq, total));
        }
        parts.parts
    }

    fn ask_for_warnings(&self, parts: &mut Parts, prepared: &Prepared, index: usize) {
        let question = self.dialect.warnings().filter(|_| !prepared.asks_back);
        parts.extend(Role::Warnings(index), question.map(str::to_owned));
    }

    /// Tells another tool that the migration is done: before our own record, so that what is recorded here was told.
    fn tell(&self, parts: &mut Parts, prepared: &Prepared) {
        let statements = self.beside.of(&prepared.step.id, prepared.step.direction);
        parts.extend(Role::Record(prepared.pieces.len()), statements.iter().cloned());
    }

    fn regain(&self, parts: &mut Parts, prepared: &Prepared) {
        if prepared.changes_session {
            parts.extend(Role::Regain, self.dialect.regain().iter().map(|sql| (*sql).to_owned()));
        }
    }

    fn suspend_foreign_keys(&self, parts: &mut Parts) {
        if let Some(suspension) = self.dialect.foreign_key_suspension() {
            parts.push(Role::Open, suspension.off.to_owned());
        }
    }

    fn check_foreign_keys(&self, parts: &mut Parts) {
        if let Some(suspension) = self.dialect.foreign_key_suspension() {
            let before = self.dangling.as_deref().unwrap_or("0");
            parts.push(Role::ForeignKeys, self.dialect.guard(&format!("({}) <= {before}", suspension.dangling)));
        }
    }
}

struct Parts {
    step: usize,
    parts: Vec<Part>,
}

impl Parts {
    fn push(&mut self, role: Role, sql: String) {
        self.parts.push(Part { step: self.step, role, sql, alone: false, last: false });
    }

    fn extend(&mut self, role: Role, statements: impl IntoIterator<Item = String>) {
        for sql in statements {
            self.push(role, sql);
        }
    }
}

/// How parts are cut into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// After each statement but the last, so that progress shows and a crash loses little.
    EachStatement,
    /// Nowhere: everything rides in one.
    Nowhere,
}

/// The messages that carry these parts.
pub(super) fn messages(parts: &[Part], cut: Cut) -> Vec<Range<usize>> {
    // A statement ends with what is asked or done right after it.
    let belongs = |part: &Part| matches!(part.role, Role::Warnings(_) | Role::Conclusion(_));
    let ends_statement = |index: usize| {
        let part = &parts[index];
        (matches!(part.role, Role::Statement(_)) || belongs(part)) && !parts.get(index + 1).is_some_and(belongs)
    };
    let last_statement = (0..parts.len()).rfind(|index| ends_statement(*index));
    let mut messages = Vec::new();
    let mut start = 0;
    for (index, part) in parts.iter().enumerate() {
        if part.alone {
            if start < index {
                messages.push(start..index);
            }
            messages.push(index..index + 1);
            start = index + 1;
        } else if part.last || (cut == Cut::EachStatement && ends_statement(index) && Some(index) != last_statement) {
            messages.push(start..index + 1);
            start = index + 1;
        }
    }
    if start < parts.len() {
        messages.push(start..parts.len());
    }
    messages
}
