//! What the rules claim, shown on the real engines: a row has a statement, what the linter must say about it, and what the
//! engine must do. So that rule and engine cannot drift apart, both are asked about the very same statement.
//!
//! A row whose server is not installed is left out by the versions that it states, and counted.

mod mariadb;
mod postgres;
mod sqlite;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use coexist::databases;
use coexist::lint::{Category, Level, ServerVersion, Settings, Severity, lint, rules};
use coexist::migration::{Id, Migration, Script};

use crate::support::TestDatabase;

/// The rows of one rule.
type Claims = &'static [(&'static str, &'static [Row])];

/// One statement, or a few, and what is claimed of it.
#[derive(Clone, Copy)]
struct Row {
    /// What stands before it, after the setting of all rows.
    extra: &'static str,
    /// What is judged and run.
    script: &'static str,
    /// Whether the rule must speak; otherwise it must be silent.
    fires: bool,
    /// The other rules that must speak.
    also: &'static [&'static str],
    /// The oldest server that it holds for, and the first newer one for which it does not.
    since: Option<ServerVersion>,
    until: Option<ServerVersion>,
    /// What shows it.
    proofs: &'static [Proof],
}

/// What an engine must do.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "not every engine can show everything")]
enum Proof {
    /// The strongest lock that is held on the table afterwards; others are then blocked as that lock says.
    Lock(&'static str, Mode),
    /// The strongest lock that is held on the table or index afterwards.
    Holds(&'static str, Mode),
    /// The rows of the table are read.
    Reads(&'static str),
    /// They are not.
    Spares(&'static str),
    /// The table, or the index, is written anew.
    Rewrites(&'static str),
    /// It is not.
    Keeps(&'static str),
    /// The last statement is refused with this code, or on SQLite these words.
    Fails(&'static str),
    /// As long as the transaction lasts, this waits for a lock.
    Blocks(&'static str),
    /// It does not.
    Frees(&'static str),
    /// Run alone, it waits for one who holds this lock on `t`.
    WaitsFor(&'static str),
    /// Afterwards this is refused with this code.
    Refuses(&'static str, &'static str),
    /// Afterwards this question has this answer.
    Gives(&'static str, &'static str),
    /// After a rollback this question has this answer.
    Survives(&'static str, &'static str),
    /// The best algorithm that the last statement can be carried out by, and whether others can write meanwhile.
    Best(Algorithm, Writers),
}

/// A lock on a table of PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

/// How MariaDB and MySQL carry out an `ALTER TABLE`, the best way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Instant,
    /// In place, without writing the table anew; only MariaDB has a word for it.
    NoCopy,
    /// In place; where `NoCopy` is refused, by writing the table anew.
    InPlace,
    Copy,
}

/// Whether others can write meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writers {
    GoOn,
    Wait,
}

/// A statement on which the rule speaks.
const fn row(script: &'static str, proofs: &'static [Proof]) -> Row {
    Row { extra: "", script, fires: true, also: &[], since: None, until: None, proofs }
}

/// A statement on which the rule is silent, because it is harmless in its way.
const fn quiet(script: &'static str, proofs: &'static [Proof]) -> Row {
    Row { fires: false, ..row(script, proofs) }
}

impl Row {
    const fn after(self, extra: &'static str) -> Row {
        Row { extra, ..self }
    }

    const fn also(self, also: &'static [&'static str]) -> Row {
        Row { also, ..self }
    }

    const fn since(self, major: u32, minor: u32) -> Row {
        Row { since: Some(ServerVersion(major, minor, 0)), ..self }
    }

    const fn until(self, major: u32, minor: u32) -> Row {
        Row { until: Some(ServerVersion(major, minor, 0)), ..self }
    }

    fn fits(&self, server: ServerVersion) -> bool {
        self.since.is_none_or(|since| server >= since) && self.until.is_none_or(|until| server < until)
    }

    /// What is wrong with what the linter says, on a server that the row is about.
    fn misjudged(&self, rule: &str, setting: &str, dialect: &str, installed: ServerVersion) -> Option<String> {
        let before = |ServerVersion(major, minor, _): ServerVersion| match minor {
            0 => ServerVersion(major - 1, u32::MAX, u32::MAX),
            _ => ServerVersion(major, minor - 1, u32::MAX),
        };
        let until = self.until.map(before);
        let server = if self.fits(installed) { installed } else { self.since.or(until)? };
        let migration = |version: &str, text: &str| {
            let id = Id::Version(version.parse().unwrap());
            Migration::new(id, "", Script::new(format!("{version}.sql"), text), None)
        };
        let history = format!("{setting}\n{}", self.extra);
        let migrations = [migration("1", &history), migration("2", self.script)];
        let mut settings = Settings { server: Some(server), ..Settings::default() };
        let known = rules::find(rule).unwrap_or_else(|| panic!("there is no rule `{rule}`"));
        settings.levels.insert(known.name, Level::On);
        let judgement = lint(&migrations, 1, databases::find(dialect).unwrap().dialect(), &settings);
        let weighty = judgement.findings.iter().filter(|one| one.severity >= Severity::Warning || one.rule == rule);
        let found: BTreeSet<&str> = weighty.map(|one| one.rule).collect();
        let expected: BTreeSet<&str> = self.also.iter().copied().chain(self.fires.then_some(rule)).collect();
        (found != expected).then(|| format!("the linter says {found:?}, and not {expected:?}"))
    }
}

/// Asks the linter and the engine about every row.
fn show(
    db: &TestDatabase,
    claims: Claims,
    setting: &str,
    installed: ServerVersion,
    mut run: impl FnMut(&Row) -> Result<(), String>,
) {
    let (mut wrong, mut shown, mut left_out) = (String::new(), 0, 0);
    for (rule, rows) in claims {
        for row in *rows {
            let misjudged = row.misjudged(rule, setting, db.dialect(), installed);
            let refuted = if row.fits(installed) {
                shown += 1;
                run(row).err()
            } else {
                left_out += 1;
                None
            };
            for fault in misjudged.into_iter().chain(refuted) {
                writeln!(wrong, "{rule}: {}\n    {fault}", row.script).unwrap();
            }
        }
    }
    report(&format!("{installed}: {shown} claims shown, {left_out} left out that are about other versions"));
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[allow(clippy::print_stdout, clippy::disallowed_macros, reason = "what was left out must be seen, and is no failure")]
fn report(line: &str) {
    println!("{line}");
}

/// The linter and the server agree about which words can be names, but for those that only other versions reserve.
fn same_reserved_words<'w>(db: &TestDatabase, words: impl Iterator<Item = (&'w str, bool)>, elsewhere: &[&str]) {
    let dialect = databases::find(db.dialect()).unwrap().dialect();
    let rule = rules::find("quoted-or-reserved-identifier").unwrap();
    let settings = Settings { levels: [(rule.name, Level::On)].into(), ..Settings::default() };
    let (mut wrong, mut reserved) = (Vec::new(), 0);
    for (word, refused) in words {
        let text = format!("create table t (id int primary key, {} int)", dialect.quote(word));
        let up = Script::new("1.sql", &text);
        let id = Id::Version("1".parse().unwrap());
        let migration = Migration::new(id, "", up, None);
        let judgement = lint(&[migration], 0, dialect, &settings);
        let said = judgement.findings.iter().any(|one| one.rule == rule.name);
        reserved += usize::from(refused);
        if said != refused && !(said && elsewhere.contains(&word)) {
            wrong.push(word);
        }
    }
    assert!(wrong.is_empty() && reserved > 20, "of {reserved} reserved words, taken wrongly: {wrong:?}");
}

/// The version that a server tells: `15.20 (Debian …)`, `10.11.19-MariaDB`.
fn version(told: &str) -> ServerVersion {
    let number = told.split([' ', '-']).next().unwrap_or_default();
    number.parse().unwrap_or_else(|error| panic!("{told}: {error}"))
}

/// Rules about locks, copies, failures and transactions that no row shows, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("client-command", "no server ever sees it"),
    ("data-change-in-schema-migration", "a matter of order, and of taste"),
    (
        "hot-table-lock",
        "the rules about each statement show the locks, `readers_wait_behind_whoever_waits` what they do",
    ),
    ("incomplete-down-migration", "it compares two scripts, and a row has one"),
    ("missing-lock-timeout", "`readers_wait_behind_whoever_waits` shows it"),
    ("missing-statement-timeout", "what it misses would need time to show"),
    ("mysql-instant-version-limit", "MySQL alone counts versions of rows"),
    ("mysql-osc-incompatible", "it is about tools beside the server"),
    ("mysql-nondeterministic-default", "MariaDB takes it, and MySQL is not among the servers of every run"),
];

#[test]
fn every_claim_is_shown_or_says_why_not() {
    let endangers = [
        Category::BlocksReadsOrWrites,
        Category::TableRewrite,
        Category::DataDependentFailure,
        Category::TransactionMode,
    ];
    let claims = [postgres::CLAIMS, mariadb::CLAIMS, sqlite::CLAIMS].concat();
    let shown: BTreeSet<&str> = claims.iter().map(|(rule, _)| *rule).collect();
    let excused: BTreeSet<&str> = NOT_SHOWN.iter().map(|(rule, _)| *rule).collect();
    let must = rules::ALL.iter().filter(|rule| endangers.iter().any(|one| rule.endangers(*one))).map(|rule| rule.name);
    let missing: Vec<&str> = must.filter(|name| !shown.contains(name) && !excused.contains(name)).collect();
    assert!(missing.is_empty(), "no engine has shown {missing:?}: write a row, or the reason in NOT_SHOWN");
    let both: Vec<&&str> = shown.intersection(&excused).collect();
    assert!(both.is_empty(), "shown, so take it out of NOT_SHOWN: {both:?}");
}
