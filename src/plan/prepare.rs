//! A step made ready to run: split, checked, and told how it will be run. Nothing is sent before every step is ready.

use std::path::PathBuf;
use std::time::Duration;

use crate::databases::{Dialect, Probe};
use crate::migration::{Directive, OuterTransaction};
use crate::sql::{
    Control, Effect, Leaves, Lexis, LineIndex, Place, Span, Statement, StatementKind, effect, leaves, lost_alone,
    may_change_session, mentions, outlasts, suspends_foreign_keys, transaction_pairs,
};

use super::Step;

/// A step that can be run.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What it is.
    pub step: Step,
    /// Its statements.
    pub pieces: Vec<Piece>,
    /// How it is run.
    pub mode: Mode,
    /// Whether its statements may change the session, so that it must be reset after them.
    pub changes_session: bool,
    /// Whether foreign keys are suspended while it runs.
    pub suspends_foreign_keys: bool,
    /// The script's own limit for locks, if it has one; within, none means that it waits without end.
    pub lock_timeout: Option<Option<Duration>>,
    /// The script's own limit for statements, if it has one.
    pub statement_timeout: Option<Option<Duration>>,
    /// Whether it is tried again when a lock was not to be had.
    pub retry: bool,
    /// Whether every statement may run twice.
    pub rerunnable: bool,
    /// Whether it asks what the statement before did, which every statement of ours in between would change.
    pub asks_back: bool,
    /// How its text is cut into tokens.
    pub(super) lexis: &'static Lexis,
}

/// One statement of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it stands in the script's text.
    pub span: Span,
    /// How it is bracketed where statements run one by one.
    pub bracket: Bracket,
    /// What it leaves in its session.
    pub leaves: Leaves,
}

/// How a statement that runs by itself is bracketed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    /// In one transaction with its record.
    Transaction,
    /// Between an intent and a result, with a probe to decide after a crash.
    Alone {
        /// Whether a lock timeout may end it; `CONCURRENTLY` must be left to wait.
        waits_for_locks: bool,
    },
}

/// How a step is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As one transaction together with its history row.
    Transaction,
    /// Statement by statement, each recorded.
    Stepwise,
}

/// A script that cannot be run as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}:{}: {message}", path.display(), place.line, place.column)]
pub struct Unrunnable {
    /// The script's file.
    pub path: PathBuf,
    /// Where in it.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub hint: String,
}

impl Piece {
    /// Its text, as it is sent.
    pub fn sql<'p>(&self, prepared: &'p Prepared) -> &'p str {
        self.span.of(&prepared.step.script.text)
    }
}

impl Prepared {
    /// Splits and checks a step.
    ///
    /// # Errors
    ///
    /// When the script cannot be split, or holds what the runner must not send.
    pub fn new(step: Step, dialect: &'static dyn Dialect) -> Result<Self, Unrunnable> {
        Reader { dialect, step }.read(false)
    }

    /// As [`new`](Prepared::new), for a step whose statements are known to have run one by one.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn stepwise(step: Step, dialect: &'static dyn Dialect) -> Result<Self, Unrunnable> {
        Reader { dialect, step }.read(true)
    }

    /// The line and column, in the script's file, of a place in its text.
    pub fn place(&self, offset: usize) -> Place {
        let text = &self.step.script.text;
        self.step.script.lines().place(text.floor_char_boundary(offset.min(text.len())))
    }

    /// The expression for the before-image of a statement, if one is needed.
    pub fn probe(&self, index: usize, dialect: &dyn Dialect) -> Option<String> {
        let piece = self.pieces.get(index)?;
        match piece.bracket {
            Bracket::Alone { .. } => match dialect.probe(piece.sql(self)) {
                Probe::Fingerprint(expression) => Some(expression),
                Probe::Rerun | Probe::Unknown(_) => None,
            },
            Bracket::Transaction => None,
        }
    }

    /// Whether this statement, when it is refused, may have done a part of its work for good.
    pub fn may_leave_a_part(&self, index: usize, dialect: &dyn Dialect) -> bool {
        let alone = |piece: &&Piece| matches!(piece.bracket, Bracket::Alone { .. });
        self.pieces.get(index).filter(alone).is_some_and(|piece| dialect.may_end_halfway(piece.sql(self)))
    }

    /// The same of one that must not simply run again then: a human must decide.
    pub fn may_end_halfway(&self, index: usize, dialect: &dyn Dialect) -> bool {
        !self.rerunnable && self.may_leave_a_part(index, dialect)
    }

    /// Whether no transaction holds this statement, and it may not simply run twice.
    pub fn stands_alone(&self, index: usize) -> bool {
        let piece = self.pieces.get(index);
        !self.rerunnable && piece.is_some_and(|piece| matches!(piece.bracket, Bracket::Alone { .. }))
    }

    /// The before-image that a statement certainly has when the one before it took effect, where the script's own text tells.
    /// Then nothing needs to be recorded between the two: what became of both can be found out afterwards.
    pub fn foreseen(&self, index: usize, dialect: &dyn Dialect) -> Option<&'static str> {
        let before = index.checked_sub(1)?;
        if self.changes_session || self.rerunnable || self.probe(before, dialect).is_none() {
            return None;
        }
        self.probe(index, dialect)?;
        let nearest = &self.pieces[index.saturating_sub(FORESIGHT)..index];
        let earlier: Vec<&str> = nearest.iter().map(|piece| piece.sql(self)).collect();
        dialect.foreseen(&earlier, self.pieces[index].sql(self))
    }

    /// Why it cannot be part of one transaction with all others.
    pub(super) fn not_in_one_transaction(&self) -> Unrunnable {
        let alone = self.pieces.iter().find(|piece| piece.bracket != Bracket::Transaction);
        Unrunnable {
            path: self.step.script.path.clone(),
            place: self.place(alone.map_or(0, |piece| piece.span.start)),
            message: "this cannot be part of one transaction with the other migrations".to_owned(),
            hint: "run it by itself first, or leave `--transaction all` away".to_owned(),
        }
    }

    /// Why no other migration can follow it in one transaction; none if one can.
    pub(super) fn not_before_others(&self) -> Option<Unrunnable> {
        let text = &self.step.script.text;
        let sets = |statement: &Statement| outlasts(statement, text, self.lexis);
        let span = self
            .pieces
            .iter()
            .map(|piece| piece.span)
            .find(|span| sets(&Statement { span: *span, kind: StatementKind::Sql }))?;
        Some(Unrunnable {
            path: self.step.script.path.clone(),
            place: self.place(span.start),
            message: "this would hold for the migrations after it, too, which share its transaction".to_owned(),
            hint:
                "qualify names instead, run it by itself first with `migrate up 1`, or leave `--transaction all` away"
                    .to_owned(),
        })
    }

    /// Whether it can ride in one message with others on a fresh database.
    pub fn can_ride(&self, dialect: &dyn Dialect) -> bool {
        let alone = |piece: &Piece| dialect.transactional_ddl() && matches!(piece.bracket, Bracket::Alone { .. });
        !self.changes_session
            && !self.suspends_foreign_keys
            && (self.mode == Mode::Transaction || !self.pieces.iter().any(alone))
    }
}

/// How many statements back is looked, so that a long script is not read over and over.
const FORESIGHT: usize = 16;

/// Words that ask the server what the statement before did.
const ASKING_BACK: &[&str] = &["row_count", "found_rows", "diagnostics", "warning_count", "error_count"];

struct Reader {
    dialect: &'static dyn Dialect,
    step: Step,
}

impl Reader {
    fn read(self, stepwise: bool) -> Result<Prepared, Unrunnable> {
        let lexis = self.dialect.lexis();
        let text = self.step.script.text.clone();
        let directives = self.step.script.directives(lexis);
        if let Some(error) = directives.errors.first() {
            return Err(self.refuse(error.span, &error.message, "correct it, or remove the comment"));
        }
        let statements = self.step.script.statements(lexis);
        let statements = statements.map_err(|error| self.refuse(error.span, &error.message, &error.hint))?;
        let held = self.held_together(&statements);
        let (statements, own_transaction) = self.without_pairs(statements, directives.no_transaction())?;
        let no_transaction = stepwise || (directives.no_transaction() && !own_transaction);
        let mut foreign_keys_off = directives.asks(&Directive::ForeignKeysOff);
        let mut pieces = Vec::with_capacity(statements.len());
        let mut changes_session = false;
        let mut must_be_alone: Option<(Span, &'static str)> = None;
        let mut commits = false;
        for statement in &statements {
            changes_session |= may_change_session(statement, &text, lexis);
            let bracket = match effect(statement, &text, lexis) {
                Effect::MayCommit if no_transaction => Bracket::Alone { waits_for_locks: true },
                Effect::Transactional | Effect::MayCommit => Bracket::Transaction,
                // Inside a transaction it would do nothing, silently; it is done around it.
                Effect::IdleInside { .. }
                    if !no_transaction && let Some(off) = suspends_foreign_keys(statement, &text, lexis) =>
                {
                    foreign_keys_off |= off;
                    continue;
                }
                Effect::OutsideOnly { what } | Effect::IdleInside { what } => {
                    must_be_alone.get_or_insert((statement.span, what));
                    Bracket::Alone { waits_for_locks: !what.contains("CONCURRENTLY") }
                }
                Effect::ImplicitCommit => {
                    commits = true;
                    Bracket::Alone { waits_for_locks: true }
                }
                Effect::Control(control) => return Err(self.refuse_control(statement, control)),
                Effect::Refused(refusal) => return Err(self.refuse(refusal.span, &refusal.reason, refusal.hint)),
            };
            // A block that may leave a transaction open may leave other things, too.
            changes_session |= matches!(bracket, Bracket::Alone { .. })
                && !self.dialect.conclusion(statement.span.of(&text)).is_empty();
            pieces.push(Piece { span: statement.span, bracket, leaves: leaves(statement, &text, lexis) });
        }
        let none_can = directives.asks(&Directive::NoTransactionIfNoneCan)
            && pieces.iter().all(|piece| piece.bracket != Bracket::Transaction);
        if let Some((span, what)) = &must_be_alone
            && pieces.len() > 1
            && !no_transaction
            && !none_can
        {
            let hint = format!(
                "put it into a file of its own, or {}: its statements then run one by one, each recorded",
                self.step.script.way_outside
            );
            return Err(self.refuse(
                *span,
                &format!("{what} cannot run inside a transaction, and this file is one"),
                &hint,
            ));
        }
        if let Some(begin) = held.filter(|_| commits) {
            let message = "a transaction of the script's own, and in a file that changes the schema each statement is committed by itself here";
            return Err(self.refuse(begin, message, "put what belongs together into a file of its own"));
        }
        // What has begun is finished as it began.
        let begins = !stepwise;
        let stepwise = no_transaction || must_be_alone.is_some() || commits;
        if begins
            && stepwise
            && let Some(refusal) = statements.iter().find_map(|statement| lost_alone(statement, &text, lexis))
        {
            return Err(self.refuse(refusal.span, &refusal.reason, refusal.hint));
        }
        Ok(Prepared {
            mode: if stepwise { Mode::Stepwise } else { Mode::Transaction },
            pieces,
            changes_session,
            suspends_foreign_keys: foreign_keys_off && !stepwise && self.dialect.foreign_key_suspension().is_some(),
            lock_timeout: directives.lock_timeout().map(Some),
            statement_timeout: directives.statement_timeout().map(Some),
            retry: !directives.asks(&Directive::RetryOff),
            rerunnable: directives.asks(&Directive::Rerunnable),
            asks_back: lexis.grammar.is_mysql() && ASKING_BACK.iter().any(|word| mentions(&text, word)),
            step: self.step,
            lexis,
        })
    }

    /// The first pair of `BEGIN` and `COMMIT` that makes one of several statements, of which none commits by itself.
    fn held_together(&self, statements: &[Statement]) -> Option<Span> {
        let (text, lexis) = (&self.step.script.text, self.dialect.lexis());
        let pairs = transaction_pairs(statements, text, lexis)?;
        let stays_open = |statement: &Statement| !matches!(effect(statement, text, lexis), Effect::ImplicitCommit);
        let (begin, _) = pairs.into_iter().find(|(begin, commit)| {
            let held = &statements[begin + 1..*commit];
            held.len() > 1 && held.iter().all(stays_open)
        })?;
        Some(statements[begin].span)
    }

    /// The statements without the pairs of `BEGIN` and `COMMIT` that are left out, and whether one was around all others.
    fn without_pairs(
        &self,
        statements: Vec<Statement>,
        no_transaction: bool,
    ) -> Result<(Vec<Statement>, bool), Unrunnable> {
        let pairs = transaction_pairs(&statements, &self.step.script.text, self.dialect.lexis()).unwrap_or_default();
        let whole = pairs == [(0, statements.len().saturating_sub(1))];
        match self.step.script.outer_transaction {
            OuterTransaction::Refused if whole => {
                let hint = "remove BEGIN and COMMIT: migrate runs each file in a transaction of its own, together with its record";
                Err(self.refuse(statements[0].span, "the script opens a transaction of its own", hint))
            }
            OuterTransaction::Refused => Ok((statements, false)),
            OuterTransaction::Taken if !whole => Ok((statements, false)),
            // Without a transaction around them, what a pair holds together would fall apart.
            OuterTransaction::Merged if no_transaction && !whole => Ok((statements, false)),
            OuterTransaction::Taken | OuterTransaction::Merged => {
                let is_end = |number: usize| pairs.iter().any(|(begin, commit)| number == *begin || number == *commit);
                let kept = statements.into_iter().enumerate().filter(|(number, _)| !is_end(*number));
                Ok((kept.map(|(_, statement)| statement).collect(), whole))
            }
        }
    }

    fn refuse_control(&self, statement: &Statement, control: Control) -> Unrunnable {
        let words: Vec<&str> = statement.of(&self.step.script.text).split_whitespace().take(2).collect();
        let hint = match control {
            Control::LockTables => "remove it: each statement of the migration takes the locks it needs".to_owned(),
            _ => format!(
                "remove it: migrate opens and ends the transaction itself; if its statements must not share one, {} and they run one by one",
                self.step.script.way_outside
            ),
        };
        let message = format!("`{}` would take the transaction out of migrate's hands", words.join(" "));
        self.refuse(statement.span, &message, &hint)
    }

    fn refuse(&self, span: Span, message: &str, hint: &str) -> Unrunnable {
        let script = &self.step.script;
        let lines: LineIndex<'_> = script.lines();
        Unrunnable {
            path: script.path.clone(),
            place: lines.place(span.start),
            message: message.to_owned(),
            hint: hint.to_owned(),
        }
    }
}
