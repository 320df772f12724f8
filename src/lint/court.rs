//! Where scripts are judged, one after the other, against the schema that those before them built.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use super::again::Again;
use super::category::Category;
use super::finding::{Finding, Severity, Side};
use super::near::Near;
use super::rule::{Check, Context, Findings, Rule, Undo};
use super::server::ServerVersion;
use super::settings::{self, Level, Settings};
use super::subject::Standing;
use super::{Judgement, allow, rules, settle};
use crate::databases::Dialect;
use crate::migration::{Id, Migration, Script, Version};
use crate::schema::{Before, Catalog, Origin, ScriptReading, replay};
use crate::sql::{Lexis, SplitError};

/// Everything that is the same for all scripts.
pub(super) struct Court<'a> {
    migrations: &'a [Migration],
    first: HashMap<&'a Id, usize>,
    lexis: &'static Lexis,
    server: ServerVersion,
    settings: &'a Settings,
}

/// One script before the court.
struct Case<'c> {
    number: usize,
    side: Side,
    standing: &'c Standing,
    /// The newest version of what was deployed before it.
    newest: Option<&'c Version>,
    script: &'c ScriptReading,
    /// Why it could not be cut into statements.
    broken: Option<SplitError>,
    /// The schema after it.
    catalog: &'c Catalog,
    undo: Option<Undo<'c>>,
}

impl<'a> Court<'a> {
    pub fn new(migrations: &'a [Migration], dialect: &dyn Dialect, settings: &'a Settings) -> Self {
        let mut first = HashMap::new();
        for (number, migration) in migrations.iter().enumerate() {
            first.entry(&migration.id).or_insert(number);
        }
        let lexis = dialect.lexis();
        let server = settings.server.unwrap_or_else(|| ServerVersion::oldest(lexis.grammar));
        Court { migrations, first, lexis, server, settings }
    }

    /// The catalog of an empty database.
    fn empty(&self) -> Catalog {
        let mut catalog = Catalog::new(self.lexis.grammar);
        catalog.version = self.settings.server.map(ServerVersion::in_comments);
        catalog
    }

    /// Judges every script that is under judgement.
    pub fn judge(&self, standings: &[Standing]) -> Judgement {
        let mut judgement = self.pass(standings, false);
        // What an earlier script under judgement made is in nobody's way, and was when the allowance was written.
        let first = standings.iter().position(|standing| matches!(standing, Standing::Judged));
        let in_doubt = |found: &Finding| found.rule == rules::UNUSED_SUPPRESSION.name && Some(found.migration) != first;
        let doubtful: HashSet<usize> =
            judgement.findings.iter().filter(|found| in_doubt(found)).map(|found| found.migration).collect();
        if !doubtful.is_empty() {
            let alone = standings.iter().enumerate().map(|(number, standing)| match standing {
                Standing::Judged | Standing::WayBack if !doubtful.contains(&number) => Standing::Deployed,
                standing => standing.clone(),
            });
            let alone = self.pass(&alone.collect::<Vec<_>>(), true).findings;
            let place = |found: &Finding| (found.migration, found.side, found.span.start);
            let unused: HashSet<_> =
                alone.iter().filter(|found| found.rule == rules::UNUSED_SUPPRESSION.name).map(place).collect();
            judgement.findings.retain(|found| !in_doubt(found) || unused.contains(&place(found)));
        }
        judgement
    }

    /// Judges every script, or each `alone`: then what those before it built counts as deployed.
    fn pass(&self, standings: &[Standing], alone: bool) -> Judgement {
        let mut judgement = Judgement::default();
        let mut catalog = self.empty();
        let mut newest = None;
        for (number, (migration, standing)) in self.migrations.iter().zip(standings).enumerate() {
            if !matches!(standing, Standing::Judged) {
                newest = newest.max(migration.id.version());
            }
            match standing {
                // What is wrong with a script was said, or could have been, before it was deployed.
                Standing::Deployed => drop(replay(&mut catalog, &migration.up, self.lexis, Origin::Deployed)),
                Standing::WayBack => {
                    catalog.watch();
                    let read = replay(&mut catalog, &migration.up, self.lexis, Origin::judged(number));
                    let touched = catalog.noted();
                    if let Some(down) = &migration.down {
                        let readable = read.is_ok();
                        let script = read.unwrap_or_default();
                        self.judge_down(number, down, (&script, readable, &touched), &mut catalog, &mut judgement);
                    }
                    catalog.settle(&touched);
                }
                Standing::Edited(was) => {
                    drop(replay(&mut catalog, was, self.lexis, Origin::Deployed));
                    let script = &ScriptReading::default();
                    let (side, broken, undo) = (Side::Up, None, None);
                    let case = Case { number, side, standing, newest, script, broken, catalog: &catalog, undo };
                    self.hear(case, &mut judgement);
                }
                Standing::Judged => {
                    // What was there before matters only to a way back.
                    if alone || migration.down.is_some() {
                        catalog.watch();
                    }
                    let read = replay(&mut catalog, &migration.up, self.lexis, Origin::judged(number));
                    let touched = catalog.noted();
                    let (script, broken) =
                        read.map_or_else(|error| (ScriptReading::default(), Some(error)), |read| (read, None));
                    let readable = broken.is_none();
                    let case = Case {
                        number,
                        side: Side::Up,
                        standing,
                        newest,
                        script: &script,
                        broken,
                        catalog: &catalog,
                        undo: None,
                    };
                    self.hear(case, &mut judgement);
                    if let Some(down) = &migration.down {
                        self.judge_down(number, down, (&script, readable, &touched), &mut catalog, &mut judgement);
                    }
                    if alone {
                        catalog.settle(&touched);
                    }
                }
            }
        }
        judgement
    }

    /// Judges the script that undoes another, and leaves the schema as it is without it.
    fn judge_down(
        &self,
        number: usize,
        down: &Script,
        (up, readable, touched): (&ScriptReading, bool, &Before),
        catalog: &mut Catalog,
        judgement: &mut Judgement,
    ) {
        catalog.watch();
        let read = replay(catalog, down, self.lexis, Origin::judged(number));
        let touched_again = catalog.noted();
        let (script, broken) = read.map_or_else(|error| (ScriptReading::default(), Some(error)), |read| (read, None));
        // What cannot be read may do anything.
        let all_read =
            |script: &ScriptReading| script.unread.is_empty() && script.headings.iter().all(|heading| !heading.unknown);
        let known = readable && broken.is_none() && all_read(up) && all_read(&script);
        let differences = if known { catalog.not_undone(touched, &touched_again) } else { Vec::new() };
        let undo = Some(Undo { up, differences: &differences });
        let (side, standing, newest, script) = (Side::Down, &Standing::Judged, None, &script);
        self.hear(Case { number, side, standing, newest, script, broken, catalog, undo }, judgement);
        catalog.restore(touched_again);
    }

    /// For each script under judgement whether code that ran before it can run after it; none where that is not known. Each
    /// is judged by itself: what those before it built counts as deployed. What a project allows is not asked.
    pub fn compatible(&self, standings: &[Standing]) -> Vec<Option<bool>> {
        let mut catalog = self.empty();
        let mut verdicts = vec![None; self.migrations.len()];
        for (number, (migration, standing)) in self.migrations.iter().zip(standings).enumerate() {
            if !matches!(standing, Standing::Judged) {
                let script = if let Standing::Edited(was) = standing { was } else { &migration.up };
                drop(replay(&mut catalog, script, self.lexis, Origin::Deployed));
                continue;
            }
            catalog.watch();
            let read = replay(&mut catalog, &migration.up, self.lexis, Origin::judged(number));
            let touched = catalog.noted();
            if let Ok(script) = &read {
                let (side, newest, broken, undo) = (Side::Up, None, None, None);
                let case = Case { number, side, standing, newest, script, broken, catalog: &catalog, undo };
                verdicts[number] = self.is_compatible(&case);
            }
            // Before the catalog changes what it has in common with it.
            drop(read);
            catalog.settle(&touched);
        }
        verdicts
    }

    fn is_compatible(&self, case: &Case<'_>) -> Option<bool> {
        let unclear = |rule: &Rule| rules::UNCLEAR.iter().any(|one| one.name == rule.name);
        let breaks = |rule: &Rule| rule.endangers(Category::BreaksOldCode);
        let directives = self.migrations[case.number].up.directives(self.lexis);
        let asked = |rule: &Rule| rule.by_default && (unclear(rule) || breaks(rule));
        let found = self.find(case, &directives, asked);
        let rule = |finding: &&Finding| rules::find(finding.rule);
        if found.iter().filter(|one| one.severity > Severity::Info).filter_map(|one| rule(&one)).any(breaks) {
            return Some(false);
        }
        (!found.iter().filter_map(|one| rule(&one)).any(unclear)).then_some(true)
    }

    /// Judges one script.
    fn hear(&self, case: Case<'_>, judgement: &mut Judgement) {
        let source = script_of(&self.migrations[case.number], case.side);
        let directives = source.directives(self.lexis);
        let levels = self.settings.levels_in(&source.path);
        let level = |rule: &Rule| settings::level(&levels, rule);
        let judges = |rule: &Rule| level(rule) != Level::Off && concerns(rule, &case);
        let mut found = self.find(&case, &directives, judges);
        let before = found.len();
        let wrong = allow::apply(&mut found, &directives, &case.script.statements, judges);
        judgement.allowed += before - found.len();
        for (rule, span, message) in wrong.into_iter().filter(|(rule, ..)| judges(rule)) {
            let mut findings = Findings { rule, migration: case.number, side: case.side, found: &mut found };
            findings.report_at(None, span, message);
        }
        for finding in &mut found {
            let Some(rule) = rules::find(finding.rule) else { continue };
            if let Level::At(severity) = level(rule) {
                finding.severity = severity;
                continue;
            }
            if let Some(table) = &finding.table {
                finding.severity = self.settings.tables.weigh(rule, finding.severity, table);
            }
            if case.side == Side::Down {
                finding.severity = finding.severity.min(heaviest_on_the_way_back(rule));
            }
        }
        found.sort_by_key(|finding| (finding.span.start, finding.rule));
        judgement.scripts += 1;
        judgement.statements += case.script.statements.len();
        judgement.unreadable += case.script.headings.iter().filter(|heading| heading.unknown).count();
        judgement.findings.append(&mut found);
    }

    /// What the rules that are asked find in a script, before anybody allows or weighs anything.
    fn find(
        &self,
        case: &Case<'_>,
        directives: &crate::migration::Directives,
        asked: impl Fn(&Rule) -> bool,
    ) -> Vec<Finding> {
        let mut found = Vec::new();
        if let Some(error) = &case.broken {
            let (migration, side) = (case.number, case.side);
            let mut findings = Findings { rule: rules::UNPARSED, migration, side, found: &mut found };
            findings.report_at(None, error.span, &error.message).help(&error.hint);
        }
        let context = Context {
            migrations: self.migrations,
            number: case.number,
            side: case.side,
            standing: case.standing,
            newest_deployed: case.newest,
            script: case.script,
            undo: case.undo,
            directives,
            catalog: case.catalog,
            lexis: self.lexis,
            server: self.server,
            settings: self.settings,
            first: &self.first,
            near: &Near::of(case.script),
            effects: &OnceCell::new(),
            again: &Again::default(),
            one_transaction: &OnceCell::new(),
        };
        let asked: Vec<&'static Rule> = rules::ALL.iter().copied().filter(|rule| asked(rule)).collect();
        check(&asked, &context, &mut found);
        keep_decisive(&mut found);
        keep_specific(&mut found);
        settle::settle(&mut found, &context);
        found
    }
}

fn script_of(migration: &Migration, side: Side) -> &Script {
    match (side, &migration.down) {
        (Side::Down, Some(down)) => down,
        _ => &migration.up,
    }
}

/// Whether a rule has something to say about a script. What was edited after it was deployed does not run again, so that
/// only the edit itself matters. On the way back the code that is newer is given up: what counts are data, locks, and
/// whether it works at all.
fn concerns(rule: &Rule, case: &Case<'_>) -> bool {
    let about_code = |category: &Category| {
        matches!(category, Category::BreaksOldCode | Category::BreaksNewCodeOnRollback | Category::Style)
    };
    match (case.standing, case.side) {
        (Standing::Edited(_), _) => rule.endangers(Category::Meta),
        (_, Side::Up) => true,
        (_, Side::Down) => !rule.categories.first().is_some_and(about_code) || rule.endangers(Category::DataLoss),
    }
}

/// How much a finding in a down script may weigh: that it gives up what the up script brought is what it is for.
fn heaviest_on_the_way_back(rule: &Rule) -> Severity {
    match rule.categories.first() {
        Some(Category::BlocksReadsOrWrites | Category::TransactionMode | Category::Meta) => Severity::Error,
        _ => Severity::Warning,
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

/// Asks the rules: first about the script as a whole, then about one statement after the other, each with its changes, so
/// that no statement is read again more than once, and what is looked at is at hand.
fn check(asked: &[&'static Rule], context: &Context<'_>, found: &mut Vec<Finding>) {
    let (migration, side) = (context.number, context.side);
    for rule in asked {
        if let Check::Migration(check) = rule.check {
            let context = Context { again: &Again::default(), ..*context };
            check(&context, &mut Findings { rule, migration, side, found });
        }
    }
    let mut changes = context.script.changes.as_slice();
    for number in 0..context.script.statements.len() {
        let (own, later) = changes.split_at(changes.iter().take_while(|change| change.statement == number).count());
        changes = later;
        let context = Context { again: &Again::default(), ..*context };
        for rule in asked {
            let mut findings = Findings { rule, migration, side, found };
            match rule.check {
                Check::Statement(check) => check(number, &context, &mut findings),
                Check::Change(check) => own.iter().for_each(|change| check(change, &context, &mut findings)),
                Check::Migration(_) => {}
            }
        }
    }
}
