//! JSON: one stable object per result, one object per line for events.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Format, Report, redact_sql};
use crate::databases::{Blocker, Holder};
use crate::history::Entry;
use crate::lint::{Finding, Linted};
use crate::migrator::{Adoption, Difference, Line, Proposal, Status, Verdict, Verification};
use crate::plan::{Direction, Drift, Mode, Prepared};
use crate::run::event::Event;
use crate::run::{Done, Outcome};

/// JSON for programs.
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn report(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        let value = match report {
            Report::Status(status) => status_value(status),
            Report::Proposal(proposal) => proposal_value(proposal),
            Report::Outcome(outcome) => outcome_value(outcome),
            Report::Verification(verification) => verification_value(verification),
            Report::Log(entries) => {
                json!({ "version": 1, "entries": entries.iter().map(entry_value).collect::<Vec<_>>() })
            }
            Report::Marked { done, ids } => {
                json!({ "version": 1, "done": done, "migrations": ids.iter().map(ToString::to_string).collect::<Vec<_>>() })
            }
            Report::Adoption(adoption) => adoption_value(adoption),
            Report::Tagged { tag, head } => json!({ "version": 1, "tag": tag, "head": head }),
            Report::Lock(holder) => {
                json!({ "version": 1, "held": holder.is_some(), "holder": holder.map(holder_value) })
            }
            Report::Created(paths) => {
                json!({ "version": 1, "files": paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>() })
            }
            Report::Converted(converted, paths) => json!({
                "version": 1,
                "from": converted.from,
                "to": converted.to,
                "migrations": converted.migrations,
                "statements": converted.statements,
                "recognised": converted.recognised,
                "files": paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            }),
            Report::Version(id) => json!({ "version": 1, "newest": id.map(ToString::to_string) }),
            Report::Ready => json!({ "version": 1, "ready": true }),
        };
        serde_json::to_writer_pretty(&mut *out, &value)?;
        writeln!(out)
    }

    fn event(&self, event: &Event<'_>, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &event_value(event))?;
        writeln!(out)
    }

    fn is_for_people(&self) -> bool {
        false
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

fn status_value(status: &Status) -> Value {
    let line = |line: &Line| {
        json!({
            "id": line.id.to_string(),
            "name": line.name,
            "repeatable": line.id.is_repeatable(),
            "state": line.condition.word(),
            "applied_at": line.applied.as_ref().map(|applied| &applied.at),
            "release": line.applied.as_ref().and_then(|applied| applied.release.as_deref()),
            "down": line.has_down,
        })
    };
    json!({
        "version": 1,
        "migrations": status.lines.iter().map(line).collect::<Vec<_>>(),
        "pending": status.pending().count(),
        "drift": status.drift.iter().map(drift_value).collect::<Vec<_>>(),
        "head": status.head,
    })
}

fn drift_value(drift: &Drift) -> Value {
    json!({ "kind": drift.word(), "id": drift.id().map(ToString::to_string), "message": drift.to_string(), "hint": drift.hint() })
}

fn proposal_value(proposal: &Proposal) -> Value {
    let step = |prepared: &Prepared| {
        let lines = prepared.step.script.lines();
        let statements = prepared.pieces.iter().map(|piece| {
            let place = lines.place(piece.span.start);
            json!({ "line": place.line, "column": place.column, "sql": redact_sql(piece.sql(prepared)) })
        });
        json!({
            "id": prepared.step.id.to_string(),
            "name": prepared.step.name,
            "direction": direction(prepared.step.direction),
            "file": prepared.step.script.path.display().to_string(),
            "stored": prepared.step.stored,
            "transaction": prepared.mode == Mode::Transaction,
            "checksum": prepared.step.script.checksum.to_string(),
            "loses": prepared.losses(),
            "compatible": prepared.step.compatible,
            "findings": findings_value(prepared, &proposal.linted),
            "statements": statements.collect::<Vec<_>>(),
        })
    };
    json!({
        "version": 1,
        "towards": proposal.towards,
        "head": proposal.approved.head().hash,
        "recovers": proposal.recovers,
        "steps": proposal.approved.steps().iter().map(step).collect::<Vec<_>>(),
    })
}

/// What the linter says of a step.
fn findings_value(prepared: &Prepared, linted: &Linted) -> Vec<Value> {
    let of_step = |finding: &&Finding| linted.migrations[finding.migration].id == prepared.step.id;
    let findings = linted.judgement.findings.iter().filter(of_step);
    let value = |finding: &Finding| {
        let place = linted.script(finding).lines().place(finding.span.start);
        json!({
            "rule": finding.rule,
            "severity": finding.severity.to_string(),
            "line": place.line,
            "column": place.column,
            "message": finding.message,
            "help": finding.help,
        })
    };
    findings.filter(|_| prepared.step.direction == Direction::Up).map(value).collect()
}

fn done_value(done: &Done) -> Value {
    json!({ "id": done.id.to_string(), "name": done.name, "direction": direction(done.direction), "milliseconds": done.milliseconds })
}

fn outcome_value(outcome: &Outcome) -> Value {
    json!({ "version": 1, "done": outcome.done.iter().map(done_value).collect::<Vec<_>>(), "head": outcome.head })
}

fn verification_value(verification: &Verification) -> Value {
    json!({
        "version": 1,
        "clean": verification.is_clean(),
        "compared": verification.compared,
        "drift": verification.drift.iter().map(drift_value).collect::<Vec<_>>(),
        "differences": verification.differences.iter().map(difference_value).collect::<Vec<_>>(),
        "head": verification.head,
        "head_known": verification.head_known,
    })
}

/// How an edited script differs from what was stored, for results and for errors.
pub fn difference_value(difference: &Difference) -> Value {
    json!({
        "id": difference.id.to_string(),
        "direction": direction(difference.direction),
        "file": difference.path.display().to_string(),
        "applied": difference.stored.as_deref().map(redact_sql),
        "found": redact_sql(&difference.file),
    })
}

fn adoption_value(adoption: &Adoption) -> Value {
    let record = |(title, verdict): &(String, Verdict)| json!({ "migration": title, "verdict": verdict.word(), "note": verdict.note() });
    json!({
        "version": 1,
        "tool": adoption.tool,
        "records": adoption.records.iter().map(record).collect::<Vec<_>>(),
        "pending": adoption.pending,
        "adopted": adoption.adopted,
        "known": adoption.known,
        "dry_run": adoption.dry_run,
        "refused": adoption.refused,
        "mirrored": adoption.mirrored,
    })
}

fn entry_value(entry: &Entry) -> Value {
    json!({
        "seq": entry.seq,
        "kind": entry.kind.word(),
        "id": entry.id.as_ref().map(ToString::to_string),
        "name": entry.name,
        "state": entry.state.word(),
        "statements_done": entry.statements_done,
        "statements_total": entry.statements_total,
        "checksum": entry.checksum.as_ref().map(|(algorithm, checksum)| format!("{algorithm}:{checksum}")),
        "tag": entry.tag,
        "release": entry.release,
        "compatible": entry.compatible,
        "applied_by": Some(&entry.applied_by).filter(|user| !user.is_empty()),
        "host": entry.host,
        "tool": entry.tool,
        "run": entry.owner,
        "started_at": entry.started_at,
        "finished_at": entry.finished_at,
        "hash": entry.hash,
    })
}

fn holder_value(holder: &Holder) -> Value {
    json!({
        "who": holder.who,
        "connection": holder.connection,
        "user": holder.user,
        "from": holder.from,
        "connected_for_seconds": holder.since.map(|since| since.as_secs()),
        "query": holder.query.as_deref().map(redact_sql),
    })
}

fn blocker_value(blocker: &Blocker) -> Value {
    json!({
        "connection": blocker.connection,
        "user": blocker.user,
        "application": blocker.application,
        "state": blocker.state,
        "age_seconds": blocker.age.map(|age| age.as_secs()),
        "query": blocker.query.as_deref().map(redact_sql),
        "suspected": blocker.suspected,
    })
}

fn event_value(event: &Event<'_>) -> Value {
    match event {
        Event::Connected { product, database, warnings } => {
            json!({ "event": "connected", "product": product, "database": database, "warnings": warnings })
        }
        Event::WaitingForServer { reason, waited, limit } => json!({
            "event": "waiting_for_server", "reason": reason,
            "waited_seconds": waited.as_secs_f64(), "limit_seconds": limit.as_secs_f64(),
        }),
        Event::WaitingForLock { holder, waited, limit } => json!({
            "event": "waiting_for_lock", "holder": holder.map(holder_value),
            "waited_seconds": waited.as_secs_f64(), "limit_seconds": limit.as_secs_f64(),
        }),
        Event::Recovered { id, name, resolution } => {
            json!({ "event": "recovered", "id": id.to_string(), "name": name, "resolution": resolution })
        }
        Event::Started { steps } => json!({ "event": "started", "steps": steps }),
        Event::MigrationStarted { id, name, direction: way, step, statements } => json!({
            "event": "migration_started", "id": id.to_string(), "name": name,
            "direction": direction(*way), "step": step, "statements": statements,
        }),
        Event::StatementStarted { id, statement, of, sql } => json!({
            "event": "statement_started", "id": id.to_string(), "statement": statement, "of": of, "sql": redact_sql(sql),
        }),
        Event::StatementProgress { id, elapsed, progress, blockers } => json!({
            "event": "statement_progress", "id": id.to_string(), "elapsed_seconds": elapsed.as_secs_f64(),
            "progress": progress, "blockers": blockers.iter().map(blocker_value).collect::<Vec<_>>(),
        }),
        Event::Notice { id, statement, notice } => json!({
            "event": "notice", "id": id.to_string(), "statement": statement,
            "severity": notice.severity.word(), "message": notice.message,
        }),
        Event::Blocked { id, statement, attempt, error, blockers, remaining } => json!({
            "event": "blocked", "id": id.to_string(), "statement": statement, "attempt": attempt,
            "error": error.to_string(), "blockers": blockers.iter().map(blocker_value).collect::<Vec<_>>(),
            "remaining_seconds": remaining.as_secs_f64(),
        }),
        Event::Reconnected { reason } => json!({ "event": "reconnected", "reason": reason }),
        Event::MigrationFinished { id, name, direction: way, step, elapsed } => json!({
            "event": "migration_finished", "id": id.to_string(), "name": name,
            "direction": direction(*way), "step": step, "milliseconds": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        }),
        Event::Warning { message } => json!({ "event": "warning", "message": message }),
    }
}
