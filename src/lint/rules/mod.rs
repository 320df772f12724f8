//! The rules, one file each: its explanation, its name and severity, and its check.
//!
//! To add a rule, write its file and name it here twice. Its examples are run as tests, `fires` must fire it and
//! `quiet` must not; the words behind them name the databases, none means all. A line `-- next migration` in an example
//! ends the history; only what follows is judged.

mod prelude;

mod bad_suppression;
mod unparsed_statement;

use super::rule::Rule;

/// Every rule, by name.
pub static ALL: &[&Rule] = &[&bad_suppression::RULE, &unparsed_statement::RULE];

/// The rule of this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name).copied()
}

/// For a script that cannot even be cut into statements.
pub(super) static UNPARSED: &Rule = &unparsed_statement::RULE;
/// For what is wrong with allowances, which is known only after all other rules have spoken.
pub(super) static BAD_SUPPRESSION: &Rule = &bad_suppression::RULE;
