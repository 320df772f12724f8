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
mod fix;
mod limits;
mod linted;
mod locks;
mod mending;
mod naming;
mod online_tool;
mod reserved;
mod rule;
pub mod rules;
mod selector;
mod server;
mod settings;
mod settle;
mod sqlite;
mod subject;
mod tables;
mod types;
mod written;

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

pub use category::Category;
pub use finding::{Finding, Fix, Following, Place, Severity, Side};
pub use fix::{Edit, Mended, NewMigration, ScriptId, mend};
pub use linted::Linted;
pub use naming::{Naming, NamingError};
pub use online_tool::OnlineTool;
pub use rule::{Check, Context, Findings, Rule};
pub use selector::{Selector, UnknownRule};
pub use server::{ServerVersion, VersionError};
pub use settings::{Level, Settings};
pub use subject::{Standing, Subject};
pub use tables::Tables;

use crate::databases::Dialect;
use crate::migration::{Id, Migration};
use crate::schema::{Catalog, Origin, ScriptReading, replay};
use crate::sql::{Lexis, SplitError, Statement};

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
    let standing = |number| if number < judged { Standing::Deployed } else { Standing::Judged };
    let standings: Vec<Standing> = (0..migrations.len()).map(standing).collect();
    judge(migrations, &standings, dialect, settings)
}

/// Judges migrations as they stand to what is deployed, in the order in which they meet the database.
pub fn judge(
    migrations: &[Migration],
    standings: &[Standing],
    dialect: &dyn Dialect,
    settings: &Settings,
) -> Judgement {
    let lexis = dialect.lexis();
    let server = settings.server.unwrap_or_else(|| ServerVersion::oldest(lexis.grammar));
    let mut first = HashMap::new();
    for (number, migration) in migrations.iter().enumerate() {
        first.entry(&migration.id).or_insert(number);
    }
    let mut court = Court { migrations, first, lexis, server, settings, judgement: Judgement::default() };
    let mut catalog = Catalog::new(lexis.grammar);
    catalog.version = settings.server.map(ServerVersion::in_comments);
    for (number, (migration, standing)) in migrations.iter().zip(standings).enumerate() {
        match standing {
            // What is wrong with a script was said, or could have been, before it was deployed.
            Standing::Deployed => drop(replay(&mut catalog, &migration.up, lexis, Origin::Deployed)),
            Standing::Judged => {
                let read = replay(&mut catalog, &migration.up, lexis, Origin::Judged(number));
                court.hear(number, Side::Up, standing, read, &catalog);
            }
            Standing::Edited(was) => {
                drop(replay(&mut catalog, was, lexis, Origin::Deployed));
                court.hear(number, Side::Up, standing, Ok(ScriptReading::default()), &catalog);
            }
        }
    }
    court.judgement
}

/// Where scripts are judged, one after the other.
struct Court<'a> {
    migrations: &'a [Migration],
    first: HashMap<&'a Id, usize>,
    lexis: &'static Lexis,
    server: ServerVersion,
    settings: &'a Settings,
    judgement: Judgement,
}

impl Court<'_> {
    /// Judges one script.
    fn hear(
        &mut self,
        number: usize,
        side: Side,
        standing: &Standing,
        read: Result<ScriptReading, SplitError>,
        catalog: &Catalog,
    ) {
        let (migrations, lexis, settings) = (self.migrations, self.lexis, self.settings);
        let mut found = Vec::new();
        let script = match read {
            Ok(script) => script,
            Err(error) => {
                let mut findings = Findings { rule: rules::UNPARSED, migration: number, side, found: &mut found };
                findings.report_at(None, error.span, error.message).help(error.hint);
                ScriptReading::default()
            }
        };
        let migration = &migrations[number];
        let source = if side == Side::Down { migration.down.as_ref().unwrap_or(&migration.up) } else { &migration.up };
        let directives = source.directives(lexis);
        let levels = settings.levels_in(&source.path);
        let level = |rule: &Rule| settings::level(&levels, rule);
        let judges = |rule: &Rule| level(rule) != Level::Off && concerns(rule, standing);
        let context = Context {
            migrations,
            number,
            side,
            standing,
            script: &script,
            directives: &directives,
            catalog,
            lexis,
            server: self.server,
            settings,
            first: &self.first,
            effects: OnceCell::new(),
        };
        for rule in rules::ALL.iter().filter(|rule| judges(rule)) {
            check(rule, &context, &mut found);
        }
        keep_decisive(&mut found);
        keep_specific(&mut found);
        settle::settle(&mut found, &context);
        let before = found.len();
        let statements: Vec<Statement> = script.statements.iter().map(|(statement, _)| *statement).collect();
        let wrong = allow::apply(&mut found, &directives, &statements, judges);
        self.judgement.allowed += before - found.len();
        for (rule, span, message) in wrong.into_iter().filter(|(rule, ..)| judges(rule)) {
            let mut findings = Findings { rule, migration: number, side, found: &mut found };
            findings.report_at(None, span, message);
        }
        for finding in &mut found {
            let Some(rule) = rules::find(finding.rule) else { continue };
            match (level(rule), &finding.table) {
                (Level::At(severity), _) => finding.severity = severity,
                (_, Some(table)) => finding.severity = settings.tables.weigh(rule, finding.severity, table),
                _ => {}
            }
        }
        found.sort_by_key(|finding| (finding.span.start, finding.rule));
        self.judgement.scripts += 1;
        self.judgement.statements += statements.len();
        self.judgement.unreadable += script.statements.iter().filter(|(_, read)| read.unknown().is_some()).count();
        self.judgement.findings.append(&mut found);
    }
}

/// Whether a rule has something to say about a script. What was edited after it was deployed does not run again, so that
/// only the edit itself matters.
fn concerns(rule: &Rule, standing: &Standing) -> bool {
    match standing {
        Standing::Edited(_) => rule.endangers(Category::Meta),
        Standing::Judged | Standing::Deployed => true,
    }
}

/// Of a statement that cannot be read, or that the server refuses whole, nothing else is said.
fn keep_decisive(found: &mut Vec<Finding>) {
    for decisive in rules::DECISIVE {
        let decided: HashSet<usize> =
            found.iter().filter(|one| one.rule == decisive.name).filter_map(|one| one.statement).collect();
        if !decided.is_empty() {
            let is_decided = |one: &Finding| one.statement.is_some_and(|statement| decided.contains(&statement));
            found.retain(|one| one.rule == decisive.name || !is_decided(one));
        }
    }
}

/// That a statement locks a table is said by the rule that knows why, if there is one.
fn keep_specific(found: &mut Vec<Finding>) {
    let locks = |one: &&Finding| {
        let rule = rules::find(one.rule).filter(|rule| rule.by_default && rule.name != rules::HOT_TABLE.name);
        let lasts = [Category::BlocksReadsOrWrites, Category::TableRewrite];
        let weighs = one.severity >= Severity::Warning;
        weighs && rule.is_some_and(|rule| lasts.iter().any(|category| rule.endangers(*category)))
    };
    let said: HashSet<Option<usize>> = found.iter().filter(locks).map(|one| one.statement).collect();
    found.retain(|one| one.rule != rules::HOT_TABLE.name || !said.contains(&one.statement));
}

fn check(rule: &'static Rule, context: &Context<'_>, found: &mut Vec<Finding>) {
    let mut findings = Findings { rule, migration: context.number, side: context.side, found };
    match rule.check {
        Check::Change(check) => {
            context.script.changes.iter().for_each(|change| check(change, context, &mut findings));
        }
        Check::Migration(check) => check(context, &mut findings),
    }
}

#[cfg(test)]
mod tests;
