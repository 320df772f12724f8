//! The rules, one file each: its explanation, its name and severity, and its check.
//!
//! To add a rule, write its file and name it here twice. Its examples are run as tests, `fires` must fire it and
//! `quiet` must not; the words behind them name the databases, none means all. A line `-- next migration` in an example
//! ends the history; only what follows is judged.

mod prelude;

mod add_required_column;
mod bad_suppression;
mod column_becomes_required;
mod delete_without_where;
mod drop_cascade;
mod drop_column;
mod drop_database;
mod drop_default;
mod drop_extension;
mod drop_function;
mod drop_not_null;
mod drop_partition;
mod drop_policy;
mod drop_schema;
mod drop_sequence;
mod drop_table;
mod drop_trigger;
mod drop_type;
mod drop_view;
mod rename_column;
mod rename_enum_value;
mod rename_routine;
mod rename_schema;
mod rename_sequence;
mod rename_table;
mod rename_type;
mod rename_view;
mod replace_table;
mod set_schema;
mod truncate_cascade;
mod truncate_table;
mod unparsed_statement;
mod update_without_where;

use super::rule::Rule;

/// Every rule, by name.
pub static ALL: &[&Rule] = &[
    &add_required_column::RULE,
    &bad_suppression::RULE,
    &column_becomes_required::RULE,
    &delete_without_where::RULE,
    &drop_cascade::RULE,
    &drop_column::RULE,
    &drop_database::RULE,
    &drop_default::RULE,
    &drop_extension::RULE,
    &drop_function::RULE,
    &drop_not_null::RULE,
    &drop_partition::RULE,
    &drop_policy::RULE,
    &drop_schema::RULE,
    &drop_sequence::RULE,
    &drop_table::RULE,
    &drop_trigger::RULE,
    &drop_type::RULE,
    &drop_view::RULE,
    &rename_column::RULE,
    &rename_enum_value::RULE,
    &rename_routine::RULE,
    &rename_schema::RULE,
    &rename_sequence::RULE,
    &rename_table::RULE,
    &rename_type::RULE,
    &rename_view::RULE,
    &replace_table::RULE,
    &set_schema::RULE,
    &truncate_cascade::RULE,
    &truncate_table::RULE,
    &unparsed_statement::RULE,
    &update_without_where::RULE,
];

/// The rule of this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.name == name).copied()
}

/// For a script that cannot even be cut into statements.
pub(super) static UNPARSED: &Rule = &unparsed_statement::RULE;
/// For what is wrong with allowances, which is known only after all other rules have spoken.
pub(super) static BAD_SUPPRESSION: &Rule = &bad_suppression::RULE;
