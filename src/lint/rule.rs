//! What a rule is: its name, its explanation, and one function.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::time::Duration;

use super::again::Again;
use super::category::Category;
use super::finding::{Finding, Severity, Side};
use super::near::Near;
use super::server::ServerVersion;
use super::settings::Settings;
use super::subject::Standing;
use crate::migration::{Directive, Directives, Id, Migration, Script, Version};
use crate::schema::{
    Catalog, Change, ChangeKind, Difference, Object, ObjectName, Origin, ScriptReading, Shared, TableRef,
};
use crate::sql::ddl::{self, Heading, QualifiedName, Reading};
use crate::sql::{Control, Effect, Grammar, Lexis, Span, Statement, effect};

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, which reads as "allow NAME": `drop-column`.
    pub name: &'static str,
    /// How much its findings weigh unless they say otherwise.
    pub severity: Severity,
    /// Whether it judges when nothing is said about it; the others are matters of taste, and wait to be asked for.
    pub by_default: bool,
    /// What its findings endanger, the foremost first.
    pub categories: &'static [Category],
    /// Its page: the first line is the summary; its SQL examples are run as tests.
    pub explanation: &'static str,
    /// What it looks at.
    pub check: Check,
}

impl Rule {
    /// The first line of its explanation.
    pub fn summary(&self) -> &'static str {
        self.explanation.lines().next().unwrap_or_default().trim()
    }

    /// Whether its findings endanger this, among other things.
    pub fn endangers(&self, category: Category) -> bool {
        self.categories.contains(&category)
    }
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Each change by itself; nearly every rule.
    Change(fn(&Change, &Context<'_>, &mut Findings<'_>)),
    /// Each statement by itself, known by its number.
    Statement(fn(usize, &Context<'_>, &mut Findings<'_>)),
    /// The migration as a whole.
    Migration(fn(&Context<'_>, &mut Findings<'_>)),
}

/// What a rule may know beside the change.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// All migrations that were given.
    pub migrations: &'a [Migration],
    /// The number of the one that is judged.
    pub number: usize,
    /// Which of its scripts is judged.
    pub side: Side,
    /// How it stands to what is deployed.
    pub standing: &'a Standing,
    /// Of an up script: the newest version of what was deployed before it.
    pub newest_deployed: Option<&'a Version>,
    /// Its statements and everything that they do.
    pub script: &'a ScriptReading,
    /// Of a script that undoes another: what that did.
    pub undo: Option<Undo<'a>>,
    /// What it asks of the runner and the linter.
    pub directives: &'a Directives,
    /// The schema after it.
    pub catalog: &'a Catalog,
    /// How its text is read.
    pub lexis: &'static Lexis,
    /// The oldest server that it will meet.
    pub server: ServerVersion,
    /// What the project says about rules.
    pub settings: &'a Settings,
    /// The first migration of each version or name.
    pub(super) first: &'a HashMap<&'a Id, usize>,
    /// What of the script concerns what.
    pub(super) near: &'a Near<'a>,
    /// What each statement does to the transaction; read when first asked for.
    pub(super) effects: &'a OnceCell<Vec<Effect>>,
    /// The statements that were read again.
    pub(super) again: &'a Again,
    /// Whether it runs in one transaction; found out when first asked for.
    pub(super) one_transaction: &'a OnceCell<bool>,
}

/// What a down script is to undo.
#[derive(Clone, Copy, Debug)]
pub struct Undo<'a> {
    /// What the up script does.
    pub up: &'a ScriptReading,
    /// What is not as it was, after both; nothing where one of them cannot be read.
    pub differences: &'a [Difference],
}

impl<'a> Context<'a> {
    /// The migration that is judged.
    pub fn migration(&self) -> &'a Migration {
        &self.migrations[self.number]
    }

    /// An earlier migration that is known by the same version or name.
    pub fn twin(&self) -> Option<&'a Migration> {
        let first = *self.first.get(&self.migration().id)?;
        (first < self.number).then(|| &self.migrations[first])
    }

    /// The script that is judged.
    pub fn judged_script(&self) -> &'a Script {
        let migration = self.migration();
        match (self.side, &migration.down) {
            (Side::Down, Some(down)) => down,
            _ => &migration.up,
        }
    }

    /// Whether a migration under judgement made the table of this name.
    pub fn made_here(&self, written: &QualifiedName) -> bool {
        let made = |change: &Change, name: &ObjectName| {
            let own = change.table.as_ref().filter(|table| table.name == *name);
            own.is_some_and(|table| match &table.before {
                Some(before) => !before.in_use(),
                None => matches!(change.kind, ChangeKind::CreateTable { .. }),
            })
        };
        let now = self.catalog.find(written);
        now.is_some_and(|table| !table.in_use())
            || self.catalog.path.candidates(written).any(|name| self.about(&name).any(|change| made(change, &name)))
    }

    /// The text of the script, as the server reads it.
    pub fn text(&self) -> &'a str {
        self.script.text.as_deref().unwrap_or(&self.judged_script().text)
    }

    /// How long a statement of the script may wait for a lock: what the script says, or else whoever runs it. What
    /// `CONCURRENTLY` builds is left to wait.
    pub fn lock_timeout(&self) -> Option<Duration> {
        self.directives.lock_timeout().or(self.settings.lock_timeout)
    }

    /// How long a statement of the script may take: what the script says, or else whoever runs it.
    pub fn statement_timeout(&self) -> Option<Duration> {
        self.directives.statement_timeout().or(self.settings.statement_timeout)
    }

    /// The other script of the migration.
    pub fn other_script(&self) -> Option<&'a Script> {
        match self.side {
            Side::Up => self.migration().down.as_deref(),
            Side::Down => Some(&self.migration().up),
        }
    }

    /// Whose SQL it is.
    pub fn grammar(&self) -> Grammar {
        self.lexis.grammar
    }

    /// The least that a change's statement says.
    pub fn heading(&self, change: &Change) -> &'a Heading {
        &self.script.headings[change.statement]
    }

    /// All that a change's statement says.
    pub fn reading(&self, change: &Change) -> &'a Reading {
        self.reading_of(change.statement)
    }

    /// All that a statement says. It is read again, and kept for the rules that ask about it next; of many statements
    /// ask only for those whose heading is of interest.
    pub fn reading_of(&self, number: usize) -> &'a Reading {
        self.again.get(number, || self.read(number))
    }

    /// All that a statement says, for one look at it.
    pub fn read(&self, number: usize) -> Reading {
        ddl::read(&self.script.statements[number], self.text(), self.lexis)
    }

    /// The changes before this one that concern the same table or object; all, if it concerns none.
    pub fn before(&self, change: &Change) -> impl DoubleEndedIterator<Item = &'a Change> {
        let position = self.position(change);
        self.near.around(change, 0..position).map(|number| &self.script.changes[number])
    }

    /// The changes after this one that concern the same table or object; all, if it concerns none.
    pub fn after(&self, change: &Change) -> impl Iterator<Item = &'a Change> {
        let position = self.position(change);
        self.near.around(change, position + 1..self.script.changes.len()).map(|number| &self.script.changes[number])
    }

    /// The changes that concern a table or an object, in order.
    pub fn about(&self, name: &ObjectName) -> impl Iterator<Item = &'a Change> {
        self.near.about(name).map(|number| &self.script.changes[number])
    }

    /// All changes before this one.
    pub fn all_before(&self, change: &Change) -> &'a [Change] {
        &self.script.changes[..self.position(change)]
    }

    /// All changes after this one.
    pub fn all_after(&self, change: &Change) -> &'a [Change] {
        self.script.changes.get(self.position(change) + 1..).unwrap_or_default()
    }

    /// The changes of the same statement, this one included.
    pub fn beside(&self, change: &Change) -> impl Iterator<Item = &'a Change> {
        self.of_statement(change.statement).iter()
    }

    /// The changes of a statement.
    pub fn of_statement(&self, number: usize) -> &'a [Change] {
        let changes = &self.script.changes;
        let start = changes.partition_point(|change| change.statement < number);
        let end = changes.partition_point(|change| change.statement <= number);
        &changes[start..end]
    }

    /// The statements above this one that may set something for the session.
    pub fn settings_above(&self, number: usize) -> impl DoubleEndedIterator<Item = (&'a Statement, &'a Heading)> {
        let settings = &self.near.settings;
        let above = settings[..settings.partition_point(|setting| *setting < number)].iter();
        above.map(|setting| {
            let number = *setting;
            (&self.script.statements[number], &self.script.headings[number])
        })
    }

    /// The first change that locks a table in use against writes.
    pub fn first_lock(&self) -> Option<&'a Change> {
        self.near.first_lock.map(|number| &self.script.changes[number])
    }

    /// The number of a change, which is one of the script's; found by its place in memory.
    fn position(&self, change: &Change) -> usize {
        let changes = self.script.changes.as_ptr_range();
        let change: *const Change = change;
        debug_assert!(changes.contains(&change), "a change of another script");
        (change.addr().wrapping_sub(changes.start.addr()) / size_of::<Change>()).min(self.script.changes.len())
    }

    /// The statements, each with its number and the least that it says.
    pub fn statements(&self) -> impl Iterator<Item = (usize, &'a Statement, &'a Heading)> {
        let all = self.script.statements.iter().zip(&self.script.headings).enumerate();
        all.map(|(number, (statement, heading))| (number, statement, heading))
    }

    /// What each statement does to the transaction that it runs in.
    pub fn effects(&self) -> &[Effect] {
        let read = || {
            let statements = self.script.statements.iter();
            statements.map(|statement| effect(statement, self.text(), self.lexis)).collect()
        };
        self.effects.get_or_init(read)
    }

    /// Whether the script runs in one transaction, which holds every lock that it takes to the end: where the database
    /// can, unless the script says otherwise, or is one statement that must run alone.
    pub fn one_transaction(&self) -> bool {
        *self.one_transaction.get_or_init(|| self.is_one_transaction())
    }

    /// Whether the script opens transactions itself. SQLite has none within another, so that nobody ran such a script in one.
    pub fn opens_transactions(&self) -> bool {
        self.effects().iter().any(|effect| matches!(effect, Effect::Control(Control::Begin)))
    }

    fn is_one_transaction(&self) -> bool {
        if self.directives.no_transaction() || self.grammar().is_mysql() {
            return false;
        }
        let effects = self.effects();
        let none_can = effects.len() == 1 || self.directives.asks(&Directive::NoTransactionIfNoneCan);
        !(none_can && !effects.is_empty() && effects.iter().all(|one| matches!(one, Effect::OutsideOnly { .. })))
    }
}

/// Collects what one rule finds in one migration.
pub struct Findings<'f> {
    pub(super) rule: &'static Rule,
    pub(super) migration: usize,
    pub(super) side: Side,
    pub(super) found: &'f mut Vec<Finding>,
}

impl Findings<'_> {
    /// A finding about a change; the message says what happens here, in lower case and without a full stop.
    pub fn report(&mut self, change: &Change, message: impl Into<String>) -> &mut Finding {
        let finding = self.report_at(Some(change.statement), change.span, message);
        finding.table = change.table.as_ref().map(|table| table.name.clone());
        finding
    }

    /// A finding anywhere in the script.
    pub fn report_at(&mut self, statement: Option<usize>, span: Span, message: impl Into<String>) -> &mut Finding {
        self.found.push(Finding {
            rule: self.rule.name,
            severity: self.rule.severity,
            migration: self.migration,
            side: self.side,
            statement,
            span,
            table: None,
            message: message.into(),
            help: None,
            fix: None,
        });
        self.found.last_mut().expect("it was just pushed")
    }
}

/// The table of a change, if deployed code may use it.
pub fn used(change: &Change) -> Option<&TableRef> {
    change.table.as_ref().filter(|table| table.in_use())
}

/// Whether deployed code may use an object: it was there before the migrations under judgement.
pub fn deployed(before: Option<&Shared<Object>>) -> bool {
    before.is_none_or(|object| object.origin == Origin::Deployed)
}

/// Writes a rule: its explanation as a doc comment, its name, its severity, what it endangers, and what it checks. A
/// rule that is off until it is asked for says `optional` before its severity.
macro_rules! rule {
    ($(#[doc = $line:literal])+ $name:literal, $severity:ident [$($category:ident),+] => $check:expr) => {
        $crate::lint::rule::rule! { @ $name, $severity, true, $check, [$($category)+], $($line)+ }
    };
    ($(#[doc = $line:literal])+ $name:literal, optional $severity:ident [$($category:ident),+] => $check:expr) => {
        $crate::lint::rule::rule! { @ $name, $severity, false, $check, [$($category)+], $($line)+ }
    };
    (@ $name:literal, $severity:ident, $by_default:literal, $check:expr, [$($category:ident)+], $($line:literal)+) => {
        $(#[doc = $line])+
        pub static RULE: $crate::lint::Rule = $crate::lint::Rule {
            name: $name,
            severity: $crate::lint::Severity::$severity,
            by_default: $by_default,
            categories: &[$($crate::lint::Category::$category),+],
            explanation: concat!($($line, "\n"),+),
            check: $check,
        };
    };
    ($(#[doc = $line:literal])+ $name:literal, $($rest:tt)+) => {
        compile_error!("a rule is written `\"name\", Error [BreaksOldCode, DataLoss] => check`; see lint::Category");
    };
}
pub(super) use rule;
