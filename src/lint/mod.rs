//! What migrations do to old code, new code, traffic and data: every rule over every change, minus what is allowed.
//!
//! Pure: the same scripts, dialect and server version always give the same findings. A rule sees one [`Change`] with
//! the facts that [`crate::schema`] resolved for it, and may ask its [`Context`] for the rest of the migration. The
//! migrations before those under judgement are replayed as history; what they built is *in use*, what the judged ones
//! create is not.
//!
//! One hazard is one finding: where two rules see the same, the less specific one looks for the other's case and is
//! silent. Lock and compatibility are two hazards.
//!
//! [`Change`]: crate::schema::Change

mod algorithm;
mod allow;
mod category;
mod finding;
mod linted;
mod locks;
mod naming;
mod reserved;
mod rule;
pub mod rules;
mod server;
mod settings;
mod types;
mod written;

use std::cell::OnceCell;

pub use category::Category;
pub use finding::{Finding, Fix, Severity, Side};
pub use linted::Linted;
pub use naming::{Naming, NamingError};
pub use rule::{Check, Context, Findings, Rule};
pub use server::{ServerVersion, VersionError};
pub use settings::{Level, Settings};

use crate::databases::Dialect;
use crate::migration::Migration;
use crate::schema::{Catalog, Origin, ScriptReading, replay};
use crate::sql::Statement;

/// What was judged and what was found.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// What was found, in the order of the migrations and of their text.
    pub findings: Vec<Finding>,
    /// How many scripts were judged.
    pub scripts: usize,
    /// How many statements were judged.
    pub statements: usize,
    /// How many of them could not be read.
    pub unreadable: usize,
    /// How many findings were allowed.
    pub allowed: usize,
}

/// Judges the migrations from number `judged` on; those before it are the history that they build on.
pub fn lint(migrations: &[Migration], judged: usize, dialect: &dyn Dialect, settings: &Settings) -> Judgement {
    let lexis = dialect.lexis();
    let server = settings.server.unwrap_or_else(|| ServerVersion::oldest(lexis.grammar));
    let mut catalog = Catalog::new(lexis.grammar);
    let mut judgement = Judgement::default();
    for (number, migration) in migrations.iter().enumerate() {
        let origin = if number < judged { Origin::Deployed } else { Origin::Judged(number) };
        let read = replay(&mut catalog, &migration.up, lexis, origin);
        if number < judged {
            continue;
        }
        let mut found = Vec::new();
        let script = match read {
            Ok(script) => script,
            Err(error) => {
                let mut findings = Findings { rule: rules::UNPARSED, migration: number, found: &mut found };
                findings.report_at(None, error.span, error.message).help(error.hint);
                ScriptReading::default()
            }
        };
        let directives = migration.up.directives(lexis);
        let effects = OnceCell::new();
        let context = Context {
            migrations,
            number,
            script: &script,
            directives: &directives,
            catalog: &catalog,
            lexis,
            server,
            settings,
            effects,
        };
        for rule in rules::ALL.iter().filter(|rule| settings.level(rule) != Level::Off) {
            check(rule, &context, &mut found);
        }
        found.iter_mut().for_each(|finding| settings.weigh(finding));
        keep_decisive(&mut found);
        let before = found.len();
        let statements: Vec<Statement> = script.statements.iter().map(|(statement, _)| *statement).collect();
        let wrong = allow::apply(&mut found, &directives, &statements);
        judgement.allowed += before - found.len();
        let mut findings = Findings { rule: rules::BAD_SUPPRESSION, migration: number, found: &mut found };
        for (span, message) in wrong {
            findings.report_at(None, span, message);
        }
        found.sort_by_key(|finding| (finding.span.start, finding.rule));
        judgement.scripts += 1;
        judgement.statements += statements.len();
        judgement.unreadable += script.statements.iter().filter(|(_, reading)| reading.unknown().is_some()).count();
        judgement.findings.append(&mut found);
    }
    judgement
}

/// Of a statement that cannot be read, or that the server refuses whole, nothing else is said.
fn keep_decisive(found: &mut Vec<Finding>) {
    for decisive in rules::DECISIVE {
        let statements: Vec<Option<usize>> =
            found.iter().filter(|finding| finding.rule == decisive.name).map(|finding| finding.statement).collect();
        found.retain(|finding| {
            let decided = finding.statement.is_some() && statements.contains(&finding.statement);
            !decided || finding.rule == decisive.name
        });
    }
}

fn check(rule: &'static Rule, context: &Context<'_>, found: &mut Vec<Finding>) {
    let mut findings = Findings { rule, migration: context.number, found };
    match rule.check {
        Check::Change(check) => {
            context.script.changes.iter().for_each(|change| check(change, context, &mut findings));
        }
        Check::Migration(check) => check(context, &mut findings),
    }
}

#[cfg(test)]
mod tests;
