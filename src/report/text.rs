//! Text for people: plain lines, coloured where the output is a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::diff::write_difference;
use super::{Format, Report, redact_sql, sanitize};
use crate::databases::{Blocker, Severity};
use crate::history::{Entry, State};
use crate::lint::{Finding, Linted};
use crate::migration::title;
use crate::migrator::{Adoption, Condition, Difference, Proposal, Status, Verdict, Verification};
use crate::plan::{Direction, Mode, Prepared};
use crate::run::event::{Event, duration};
use crate::run::{Outcome, describe};

/// Text for people.
pub struct Text;

const GOOD: Style = AnsiColor::Green.on_default();
const WAITING: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const FAINT: Style = Style::new().dimmed();

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn report(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        match report {
            Report::Status(status) => write_status(status, out),
            Report::Proposal(proposal) => write_proposal(proposal, out),
            Report::Outcome(outcome) => write_outcome(outcome, out),
            Report::Verification(verification) => write_verification(verification, out),
            Report::Log(entries) => write_log(entries, out),
            Report::Marked { done, ids: [] } => writeln!(out, "nothing to be {done}"),
            Report::Marked { done, ids } => {
                ids.iter().try_for_each(|id| writeln!(out, "{done} {}", sanitize(&id.to_string())))
            }
            Report::Adoption(adoption) => write_adoption(adoption, out),
            Report::Tagged { tag, head } => writeln!(out, "tagged {}\nhead {head}", sanitize(tag)),
            Report::Lock(None) => writeln!(out, "nobody holds the lock"),
            Report::Lock(Some(holder)) => {
                writeln!(out, "held by {}", sanitize(&describe(Some(holder))))?;
                match &holder.query {
                    Some(query) => writeln!(out, "  running: {}", one_line(query, 200)),
                    None => Ok(()),
                }
            }
            Report::Created(paths) => paths.iter().try_for_each(|path| writeln!(out, "{}", path.display())),
            Report::Converted(converted, paths) => {
                paths.iter().try_for_each(|path| writeln!(out, "{}", sanitize(&path.display().to_string())))?;
                let (migrations, statements) = (converted.migrations, converted.statements);
                writeln!(
                    out,
                    "{migrations} {}, {statements} {}, the same in both",
                    if migrations == 1 { "migration" } else { "migrations" },
                    if statements == 1 { "statement" } else { "statements" },
                )
            }
            Report::Version(id) => match id {
                Some(id) => writeln!(out, "{}", sanitize(&id.to_string())),
                None => writeln!(out, "no migration"),
            },
            Report::Ready => writeln!(out, "the database answers"),
        }
    }

    fn event(&self, event: &Event<'_>, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Connected { warnings, .. } => warnings
                .iter()
                .try_for_each(|warning| writeln!(out, "{WAITING}warning:{WAITING:#} {}", sanitize(warning))),
            Event::WaitingForServer { reason, waited, limit } => writeln!(
                out,
                "waiting for the database ({}; give up after {}): {}",
                duration(*waited),
                duration(*limit),
                sanitize(reason)
            ),
            Event::WaitingForLock { holder, waited, limit } => {
                writeln!(
                    out,
                    "waiting for another deployment ({}; give up after {}, --lock-wait): {}",
                    duration(*waited),
                    duration(*limit),
                    sanitize(&describe(*holder))
                )?;
                match holder.and_then(|holder| holder.query.as_deref()) {
                    Some(query) => writeln!(out, "  it runs: {}", one_line(query, 120)),
                    None => Ok(()),
                }
            }
            Event::Recovered { id, name, resolution } => {
                writeln!(out, "{WAITING}resuming{WAITING:#} {}: {}", sanitize(&title(id, name)), sanitize(resolution))
            }
            Event::Started { .. } | Event::MigrationStarted { .. } | Event::StatementStarted { .. } => Ok(()),
            Event::StatementProgress { id, elapsed, progress, blockers } => {
                write!(out, "  {id}: still running after {}", duration(*elapsed))?;
                if let Some(progress) = progress {
                    write!(out, ", {}", sanitize(progress))?;
                }
                writeln!(out)?;
                write_blockers("waits for", blockers, out)
            }
            Event::Notice { id, statement, notice } => {
                let style = if notice.severity == Severity::Warning { WAITING } else { FAINT };
                let of = statement.map(|statement| format!(", statement {statement}")).unwrap_or_default();
                let said = sanitize(notice.message.trim_end());
                let id = id.to_string();
                writeln!(out, "{style}{}{style:#} {}{of}: {said}", notice.severity.word(), sanitize(&id))
            }
            Event::Blocked { id, statement, attempt, error, blockers, remaining } => {
                writeln!(
                    out,
                    "{WAITING}blocked{WAITING:#} {id}, statement {statement}, attempt {attempt}: {}; nothing was changed, trying for {} more",
                    sanitize(&error.to_string()),
                    duration(*remaining)
                )?;
                write_blockers("blocked by", blockers, out)
            }
            Event::Reconnected { reason } => {
                writeln!(out, "{WAITING}reconnected{WAITING:#} after: {}", sanitize(reason))
            }
            Event::MigrationFinished { id, name, direction, elapsed, .. } => {
                let verb = match direction {
                    Direction::Up => "applied",
                    Direction::Down => "undone",
                };
                writeln!(
                    out,
                    "{GOOD}{verb}{GOOD:#} {} {FAINT}({}){FAINT:#}",
                    sanitize(&title(id, name)),
                    duration(*elapsed)
                )
            }
            Event::Warning { message } => writeln!(out, "{WAITING}warning:{WAITING:#} {}", sanitize(message)),
        }
    }

    fn is_for_people(&self) -> bool {
        true
    }
}

/// Who stands in the way, a line each.
pub fn blocker_lines(verb: &str, blockers: &[Blocker]) -> Vec<String> {
    let line = |blocker: &Blocker| {
        let application = blocker.application.as_ref().filter(|name| !name.is_empty());
        let mut words = vec![format!("connection {}", blocker.connection)];
        words.extend(blocker.user.as_ref().map(|user| format!("user {user}")));
        words.extend(application.map(|name| format!("application {name}")));
        words.extend(blocker.state.clone());
        words.extend(blocker.age.map(|age| format!("transaction open for {}", duration(age))));
        let query = blocker.query.as_deref().map(|query| format!(": {}", one_line(query, 120))).unwrap_or_default();
        let perhaps = if blocker.suspected { "perhaps " } else { "" };
        format!("{perhaps}{verb} {}{query}", sanitize(&words.join(", ")))
    };
    blockers.iter().map(line).collect()
}

fn write_blockers(verb: &str, blockers: &[Blocker], out: &mut dyn Write) -> io::Result<()> {
    blocker_lines(verb, blockers).iter().try_for_each(|line| writeln!(out, "  {line}"))
}

/// A statement on one line, cut where it gets long.
pub fn one_line(sql: &str, longest: usize) -> String {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let line = redact_sql(&words.join(" ")).into_owned();
    let cut: String = line.chars().take(longest).collect();
    let ellipsis = if cut.len() < line.len() { "…" } else { "" };
    format!("{}{ellipsis}", sanitize(&cut))
}

fn write_status(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    let titles: Vec<String> =
        status.lines.iter().map(|line| sanitize(&title(&line.id, &line.name)).into_owned()).collect();
    let width = titles.iter().map(|title| title.width()).max().unwrap_or(0);
    let word_width = status.lines.iter().map(|line| line.condition.word().len()).max().unwrap_or(0);
    for (line, title) in status.lines.iter().zip(&titles) {
        let style = match line.condition {
            Condition::Applied => GOOD,
            Condition::Pending => WAITING,
            _ => BAD,
        };
        write!(out, "{style}{:<word_width$}{style:#}  {title}", line.condition.word())?;
        if let Some(applied) = &line.applied {
            let pad = " ".repeat(width - title.width());
            write!(out, "{pad}  {FAINT}{}{FAINT:#}", sanitize(&applied.at))?;
            if let Some(release) = &applied.release {
                write!(out, "  {}", sanitize(release))?;
            }
        }
        if !line.has_down && !line.id.is_repeatable() {
            write!(out, "  {FAINT}no way back{FAINT:#}")?;
        }
        writeln!(out)?;
    }
    for drift in &status.drift {
        writeln!(out, "{BAD}{}:{BAD:#} {}", drift.word(), sanitize(&drift.to_string()))?;
        writeln!(out, "  {}", drift.hint())?;
    }
    let pending = status.pending().count();
    let waits = |line: &&crate::migrator::Line| line.applied.is_some() && line.condition != Condition::Pending;
    let applied = status.lines.iter().filter(waits).count();
    writeln!(out, "{applied} applied, {pending} pending")
}

fn write_proposal(proposal: &Proposal, out: &mut dyn Write) -> io::Result<()> {
    let steps = proposal.approved.steps();
    if let Some(recovers) = &proposal.recovers {
        writeln!(out, "{WAITING}first:{WAITING:#} {}", sanitize(recovers))?;
    }
    if steps.is_empty() {
        return writeln!(out, "nothing to do");
    }
    if let Some(towards) = &proposal.towards {
        writeln!(out, "going back to {}", sanitize(towards))?;
    }
    for prepared in steps {
        write_step(prepared, out)?;
        write_findings(prepared, &proposal.linted, out)?;
    }
    if proposal.linted.fails() {
        writeln!(out, "{BAD}the linter would stop this:{BAD:#} mend it, allow it, or say `--no-lint`")?;
    }
    writeln!(out, "{} to run", count(steps.len(), "migration"))
}

fn write_step(prepared: &Prepared, out: &mut dyn Write) -> io::Result<()> {
    let step = &prepared.step;
    let verb = match step.direction {
        Direction::Up => "apply",
        Direction::Down => "undo",
    };
    let how = match prepared.mode {
        Mode::Transaction => "one transaction",
        Mode::Stepwise => "statement by statement, each recorded",
    };
    let source = if step.stored {
        "from the history".to_owned()
    } else {
        sanitize(&step.script.path.display().to_string()).into_owned()
    };
    writeln!(out, "{WAITING}{verb}{WAITING:#} {} {FAINT}({source}, {how}){FAINT:#}", sanitize(&step.title()))?;
    for loss in prepared.losses() {
        writeln!(out, "  {BAD}loses data:{BAD:#} {}", sanitize(&loss))?;
    }
    let lines = step.script.lines();
    for piece in &prepared.pieces {
        let place = lines.place(piece.span.start);
        writeln!(out, "  {FAINT}{:>4}{FAINT:#}  {}", place.line, one_line(piece.sql(prepared), 160))?;
    }
    Ok(())
}

/// What the linter says of a step.
fn write_findings(prepared: &Prepared, linted: &Linted, out: &mut dyn Write) -> io::Result<()> {
    let of_step = |finding: &&Finding| linted.migrations[finding.migration].id == prepared.step.id;
    let findings = linted.judgement.findings.iter().filter(of_step);
    for finding in findings.filter(|_| prepared.step.direction == Direction::Up) {
        let style = if finding.severity == crate::lint::Severity::Error { BAD } else { WAITING };
        let (severity, rule) = (finding.severity, finding.rule);
        let line = linted.script(finding).lines().place(finding.span.start).line;
        let message = sanitize(&finding.message);
        writeln!(out, "  {style}{severity}:{style:#} {message} {FAINT}({rule}, line {line}){FAINT:#}")?;
    }
    Ok(())
}

/// A finding in one line: its place, its weight, what happens, and its rule.
pub fn finding_line(linted: &Linted, finding: &Finding) -> String {
    let script = linted.script(finding);
    let place = script.lines().place(finding.span.start);
    let (path, severity, message, rule) = (script.path.display(), finding.severity, &finding.message, finding.rule);
    format!("{path}:{}:{}: {severity}: {message} ({rule})", place.line, place.column)
}

fn write_outcome(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    if outcome.done.is_empty() {
        writeln!(out, "nothing to do")?;
    } else {
        let of = |wanted: Direction| outcome.done.iter().filter(|done| done.direction == wanted).count();
        let (up, down) = (of(Direction::Up), of(Direction::Down));
        let mut words = Vec::new();
        words.extend((down > 0).then(|| format!("{} undone", count(down, "migration"))));
        words.extend((up > 0).then(|| format!("{} applied", count(up, "migration"))));
        writeln!(out, "{}", words.join(", "))?;
    }
    writeln!(out, "{FAINT}head {}{FAINT:#}", outcome.head)
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

fn write_verification(verification: &Verification, out: &mut dyn Write) -> io::Result<()> {
    for drift in &verification.drift {
        writeln!(out, "{BAD}{}:{BAD:#} {}", drift.word(), sanitize(&drift.to_string()))?;
        let edited = drift.edited().map(|(id, direction, _)| (id, direction));
        let is_edited = |difference: &&Difference| edited == Some((&difference.id, difference.direction));
        if let Some(difference) = verification.differences.iter().find(is_edited) {
            write_difference(difference, out)?;
        }
        writeln!(out, "  {}", drift.hint())?;
    }
    match verification.head_known {
        Some(true) => writeln!(out, "{GOOD}known:{GOOD:#} the history contains that head")?,
        Some(false) => writeln!(
            out,
            "{BAD}unknown head:{BAD:#} the history never had it: rows were changed, or it belongs to another database"
        )?,
        None => {}
    }
    if verification.is_clean() {
        writeln!(
            out,
            "{GOOD}verified{GOOD:#} {} against the files",
            count(verification.compared, "applied migration")
        )?;
    }
    writeln!(out, "{FAINT}head {}{FAINT:#}", verification.head)
}

fn write_adoption(adoption: &Adoption, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "taking over from {}", adoption.tool)?;
    for (title, verdict) in &adoption.records {
        let style = match verdict {
            Verdict::Matched => GOOD,
            Verdict::Edited { .. } | Verdict::HalfDone(_) => BAD,
            _ => WAITING,
        };
        write!(out, "{style}{:<10}{style:#}  {}", verdict.word(), sanitize(title))?;
        match verdict.note() {
            Some(note) => writeln!(out, "  {FAINT}{}{FAINT:#}", sanitize(&note))?,
            None => writeln!(out)?,
        }
    }
    for title in &adoption.pending {
        writeln!(out, "{WAITING}{:<10}{WAITING:#}  {}", "pending", sanitize(title))?;
    }
    if adoption.mirrored && !adoption.refused && !adoption.dry_run {
        writeln!(out, "its records are kept current from now on; `migrate adopt --no-mirror` ends that")?;
    }
    if adoption.unmirrored && !adoption.dry_run {
        writeln!(out, "its records are kept current no longer")?;
    }
    let (count, pending, known) = (adoption.adopted, adoption.pending.len(), adoption.known);
    match (adoption.refused, adoption.dry_run) {
        (true, _) => writeln!(
            out,
            "nothing was taken over: restore the files that were edited, or say `--accept-edited` if today's are right"
        ),
        (false, true) => writeln!(out, "{count} to adopt, {known} known already, {pending} pending"),
        (false, false) => writeln!(out, "{count} adopted, {known} known already, {pending} pending"),
    }
}

fn write_log(entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    for entry in entries {
        let what = match (&entry.id, &entry.tag) {
            (Some(id), Some(note)) => format!("{}: {note}", title(id, &entry.name)),
            (Some(id), None) => title(id, &entry.name),
            (None, Some(tag)) => tag.to_string(),
            (None, None) => entry.release.as_deref().unwrap_or_default().to_owned(),
        };
        let state = match entry.state {
            State::Done => String::new(),
            State::Running => {
                format!(" {BAD}half-done, {} of {} statements{BAD:#}", entry.statements_done, entry.statements_total)
            }
            State::Abandoned => format!(" {FAINT}abandoned{FAINT:#}"),
        };
        let release = entry
            .release
            .as_deref()
            .filter(|_| entry.id.is_some())
            .map(|release| format!(" [{release}]"))
            .unwrap_or_default();
        // A SQLite file has no logins.
        let who = match entry.applied_by.as_str() {
            "" => entry.host.to_string(),
            login => format!("{login} on {}", entry.host),
        };
        writeln!(
            out,
            "{:>5}  {FAINT}{}{FAINT:#}  {:<9} {}{}{state}  {FAINT}{}{FAINT:#}",
            entry.seq,
            sanitize(entry.finished_at.as_deref().unwrap_or(&entry.started_at)),
            entry.kind.word(),
            sanitize(&what),
            sanitize(&release),
            sanitize(&who),
        )?;
    }
    if entries.is_empty() {
        writeln!(out, "nothing has happened yet")?;
    }
    Ok(())
}
