//! The rules, one file each: its explanation, its name and severity, and its check.
//!
//! To add a rule, write its file and name it here twice; the brackets behind its severity say what its findings endanger.
//! Its examples are run as tests, `fires` must fire it and `quiet` must not; the words behind them name the databases, none
//! means all, and `postgres@10` a version; `hot=orders` and `osc=gh-ost` are what the project says. A line `-- next
//! migration` in an example ends the history; only what follows the last is judged. Versions count up, unless the line goes
//! on with `, same version` or `, earlier version`.
//! A line `-- down` begins the script that undoes the migration.

mod prelude;

mod add_check_validates;
mod add_column_check_scan;
mod add_column_constrained_domain;
mod add_column_default_old_version;
mod add_column_serial;
mod add_column_stored_generated;
mod add_column_volatile_default;
mod add_enum_value;
mod add_exclusion_constraint;
mod add_foreign_key_validates;
mod add_primary_key_builds_index;
mod add_required_column;
mod add_trigger;
mod add_unique_constraint_builds_index;
mod attach_partition_scan;
mod attach_partition_scans_default;
mod backfill_without_guard;
mod bad_suppression;
mod change_collation;
mod change_column_type_rewrite;
mod change_column_wire_type;
mod change_composite_type;
mod change_default;
mod change_function_options;
mod change_function_signature;
mod change_generated_expression;
mod change_inheritance;
mod change_owner;
mod change_policy;
mod change_type_rebuilds_index;
mod change_type_rechecks_constraint;
mod change_view_options;
mod char_type;
mod client_command;
mod column_becomes_required;
mod concurrently_if_not_exists;
mod concurrently_in_transaction;
mod concurrently_with_timeout;
mod constraint_may_fail_on_data;
mod constraint_rejects_old_writes;
mod create_domain_with_constraint;
mod create_enum;
mod create_index_blocks_writes;
mod create_partition_of_locks_parent;
mod create_table_if_not_exists_drift;
mod data_change_in_schema_migration;
mod ddl_and_backfill_same_transaction;
mod deferrable_unique;
mod delete_without_where;
mod dependent_view_blocks_change;
mod detach_partition_blocks;
mod disable_trigger;
mod discard_tablespace;
mod domain_constraint_validates;
mod down_migration_data_loss;
mod drop_cascade;
mod drop_check_or_not_null_invariant;
mod drop_column;
mod drop_column_silent_dependents;
mod drop_constraint_index;
mod drop_database;
mod drop_default;
mod drop_extension;
mod drop_foreign_key;
mod drop_foreign_key_locks_parent;
mod drop_function;
mod drop_generated_expression;
mod drop_identity;
mod drop_index_blocks;
mod drop_not_null;
mod drop_partition;
mod drop_policy;
mod drop_primary_key;
mod drop_schema;
mod drop_sequence;
mod drop_table;
mod drop_trigger;
mod drop_type;
mod drop_unique_index;
mod drop_view;
mod duplicate_column;
mod duplicate_version;
mod edited_applied_migration;
mod empty_migration;
mod enable_rls;
mod enum_add_value_in_transaction;
mod enum_value_order;
mod enum_value_used_same_transaction;
mod expand_and_contract_same_release;
mod extension_change;
mod external_file_access;
mod foreign_key_locks_parent;
mod foreign_key_type_mismatch;
mod function_overload_ambiguity;
mod generated_always_rejects_writes;
mod grant_to_public;
mod hash_index;
mod hot_table_lock;
mod identifier_too_long;
mod incomplete_down_migration;
mod insert_without_column_list;
mod invalidates_prepared_statements;
mod irreversible_migration;
mod json_column;
mod lock_table_statement;
mod merge_alter_table;
mod missing_foreign_key_index;
mod missing_lock_timeout;
mod missing_statement_timeout;
mod mixed_transaction_modes;
mod money_or_float_type;
mod multiple_foreign_keys;
mod multiple_tables_locked;
mod mysql_add_foreign_key_copy;
mod mysql_charset;
mod mysql_combined_alter_loses_instant;
mod mysql_convert_charset;
mod mysql_copy_algorithm;
mod mysql_engine;
mod mysql_enum_rebuild;
mod mysql_forces_copy_or_lock;
mod mysql_implicit_default_fill;
mod mysql_index_blocks_writes;
mod mysql_index_needed_by_fk;
mod mysql_inline_references_ignored;
mod mysql_instant_not_possible;
mod mysql_instant_version_limit;
mod mysql_missing_algorithm;
mod mysql_mixed_ddl_dml;
mod mysql_modify_drops_attributes;
mod mysql_non_atomic_migration;
mod mysql_nondeterministic_default;
mod mysql_osc_incompatible;
mod mysql_partition_copies;
mod mysql_table_rebuild;
mod mysql_varchar_length_boundary;
mod mysql_zero_date;
mod naming_convention;
mod narrow_column_type;
mod non_idempotent_nontransactional;
mod non_transactional_statement;
mod not_enforced_constraint;
mod on_delete_cascade;
mod opaque_dynamic_sql;
mod out_of_order_version;
mod pending_trigger_events;
mod positional_column_change;
mod prefer_identity;
mod prefer_text;
mod prefer_timestamptz;
mod primary_key_nullable_column;
mod publication_change;
mod quoted_or_reserved_identifier;
mod redundant_index;
mod refresh_matview_blocks;
mod reindex_blocks;
mod remove_enum_value;
mod rename_column;
mod rename_constraint;
mod rename_enum_value;
mod rename_index;
mod rename_routine;
mod rename_schema;
mod rename_sequence;
mod rename_table;
mod rename_type;
mod rename_view;
mod replace_routine;
mod replace_table;
mod replace_view_incompatible;
mod replica_identity_change;
mod require_comment;
mod revoke_privilege;
mod rls_enabled_without_policy;
mod secret_in_migration;
mod security_definer_search_path;
mod sequence_rewind;
mod server_config_change;
mod session_setting_leak;
mod set_local_outside_transaction;
mod set_logged_unlogged;
mod set_not_null_scan;
mod set_schema;
mod set_tablespace_or_access_method;
mod small_integer_primary_key;
mod sqlite_add_column_restriction;
mod sqlite_double_quoted_string;
mod sqlite_drop_column_restriction;
mod sqlite_long_write_lock;
mod sqlite_pragma_in_transaction;
mod sqlite_rebuild_loses_objects;
mod sqlite_rebuild_renames_old_first;
mod sqlite_rebuild_view_breaks;
mod sqlite_table_rebuild_cascade_delete;
mod sqlite_unsupported_alter;
mod stale_function_body;
mod statement_after_exclusive_lock;
mod table_without_primary_key;
mod transaction_control_in_migration;
mod truncate_cascade;
mod truncate_table;
mod type_cast_may_fail;
mod unbatched_backfill;
mod uncommitted_transaction;
mod unique_may_fail_on_duplicates;
mod unknown_object;
mod unlogged_table;
mod unnamed_constraint;
mod unparsed_statement;
mod unqualified_name;
mod unused_suppression;
mod update_without_where;
mod vacuum_full_or_cluster;
mod validate_in_same_transaction;
mod view_select_star;
mod volatile_check_constraint;
mod wide_index;

use super::rule::Rule;

/// Every rule, by name.
pub static ALL: &[&Rule] = &[
    &add_check_validates::RULE,
    &add_column_check_scan::RULE,
    &add_column_constrained_domain::RULE,
    &add_column_default_old_version::RULE,
    &add_column_serial::RULE,
    &add_column_stored_generated::RULE,
    &add_column_volatile_default::RULE,
    &add_enum_value::RULE,
    &add_exclusion_constraint::RULE,
    &add_foreign_key_validates::RULE,
    &add_primary_key_builds_index::RULE,
    &add_required_column::RULE,
    &add_trigger::RULE,
    &add_unique_constraint_builds_index::RULE,
    &attach_partition_scan::RULE,
    &attach_partition_scans_default::RULE,
    &backfill_without_guard::RULE,
    &bad_suppression::RULE,
    &change_collation::RULE,
    &change_column_type_rewrite::RULE,
    &change_column_wire_type::RULE,
    &change_composite_type::RULE,
    &change_default::RULE,
    &change_function_options::RULE,
    &change_function_signature::RULE,
    &change_generated_expression::RULE,
    &change_inheritance::RULE,
    &change_owner::RULE,
    &change_policy::RULE,
    &change_type_rebuilds_index::RULE,
    &change_type_rechecks_constraint::RULE,
    &change_view_options::RULE,
    &char_type::RULE,
    &client_command::RULE,
    &column_becomes_required::RULE,
    &concurrently_if_not_exists::RULE,
    &concurrently_in_transaction::RULE,
    &concurrently_with_timeout::RULE,
    &constraint_may_fail_on_data::RULE,
    &constraint_rejects_old_writes::RULE,
    &create_domain_with_constraint::RULE,
    &create_enum::RULE,
    &create_index_blocks_writes::RULE,
    &create_partition_of_locks_parent::RULE,
    &create_table_if_not_exists_drift::RULE,
    &data_change_in_schema_migration::RULE,
    &ddl_and_backfill_same_transaction::RULE,
    &deferrable_unique::RULE,
    &delete_without_where::RULE,
    &dependent_view_blocks_change::RULE,
    &detach_partition_blocks::RULE,
    &disable_trigger::RULE,
    &discard_tablespace::RULE,
    &domain_constraint_validates::RULE,
    &down_migration_data_loss::RULE,
    &drop_cascade::RULE,
    &drop_check_or_not_null_invariant::RULE,
    &drop_column::RULE,
    &drop_column_silent_dependents::RULE,
    &drop_constraint_index::RULE,
    &drop_database::RULE,
    &drop_default::RULE,
    &drop_extension::RULE,
    &drop_foreign_key::RULE,
    &drop_foreign_key_locks_parent::RULE,
    &drop_function::RULE,
    &drop_generated_expression::RULE,
    &drop_identity::RULE,
    &drop_index_blocks::RULE,
    &drop_not_null::RULE,
    &drop_partition::RULE,
    &drop_policy::RULE,
    &drop_primary_key::RULE,
    &drop_schema::RULE,
    &drop_sequence::RULE,
    &drop_table::RULE,
    &drop_trigger::RULE,
    &drop_type::RULE,
    &drop_unique_index::RULE,
    &drop_view::RULE,
    &duplicate_column::RULE,
    &duplicate_version::RULE,
    &edited_applied_migration::RULE,
    &empty_migration::RULE,
    &enable_rls::RULE,
    &enum_add_value_in_transaction::RULE,
    &enum_value_order::RULE,
    &enum_value_used_same_transaction::RULE,
    &expand_and_contract_same_release::RULE,
    &extension_change::RULE,
    &external_file_access::RULE,
    &foreign_key_locks_parent::RULE,
    &foreign_key_type_mismatch::RULE,
    &function_overload_ambiguity::RULE,
    &generated_always_rejects_writes::RULE,
    &grant_to_public::RULE,
    &hash_index::RULE,
    &hot_table_lock::RULE,
    &identifier_too_long::RULE,
    &incomplete_down_migration::RULE,
    &insert_without_column_list::RULE,
    &invalidates_prepared_statements::RULE,
    &irreversible_migration::RULE,
    &json_column::RULE,
    &lock_table_statement::RULE,
    &merge_alter_table::RULE,
    &missing_foreign_key_index::RULE,
    &missing_lock_timeout::RULE,
    &missing_statement_timeout::RULE,
    &mixed_transaction_modes::RULE,
    &money_or_float_type::RULE,
    &multiple_foreign_keys::RULE,
    &multiple_tables_locked::RULE,
    &mysql_add_foreign_key_copy::RULE,
    &mysql_charset::RULE,
    &mysql_combined_alter_loses_instant::RULE,
    &mysql_convert_charset::RULE,
    &mysql_copy_algorithm::RULE,
    &mysql_engine::RULE,
    &mysql_enum_rebuild::RULE,
    &mysql_forces_copy_or_lock::RULE,
    &mysql_implicit_default_fill::RULE,
    &mysql_index_blocks_writes::RULE,
    &mysql_index_needed_by_fk::RULE,
    &mysql_inline_references_ignored::RULE,
    &mysql_instant_not_possible::RULE,
    &mysql_instant_version_limit::RULE,
    &mysql_missing_algorithm::RULE,
    &mysql_mixed_ddl_dml::RULE,
    &mysql_modify_drops_attributes::RULE,
    &mysql_non_atomic_migration::RULE,
    &mysql_nondeterministic_default::RULE,
    &mysql_osc_incompatible::RULE,
    &mysql_partition_copies::RULE,
    &mysql_table_rebuild::RULE,
    &mysql_varchar_length_boundary::RULE,
    &mysql_zero_date::RULE,
    &naming_convention::RULE,
    &narrow_column_type::RULE,
    &non_idempotent_nontransactional::RULE,
    &non_transactional_statement::RULE,
    &not_enforced_constraint::RULE,
    &on_delete_cascade::RULE,
    &opaque_dynamic_sql::RULE,
    &out_of_order_version::RULE,
    &pending_trigger_events::RULE,
    &positional_column_change::RULE,
    &prefer_identity::RULE,
    &prefer_text::RULE,
    &prefer_timestamptz::RULE,
    &primary_key_nullable_column::RULE,
    &publication_change::RULE,
    &quoted_or_reserved_identifier::RULE,
    &redundant_index::RULE,
    &refresh_matview_blocks::RULE,
    &reindex_blocks::RULE,
    &remove_enum_value::RULE,
    &rename_column::RULE,
    &rename_constraint::RULE,
    &rename_enum_value::RULE,
    &rename_index::RULE,
    &rename_routine::RULE,
    &rename_schema::RULE,
    &rename_sequence::RULE,
    &rename_table::RULE,
    &rename_type::RULE,
    &rename_view::RULE,
    &replace_routine::RULE,
    &replace_table::RULE,
    &replace_view_incompatible::RULE,
    &replica_identity_change::RULE,
    &require_comment::RULE,
    &revoke_privilege::RULE,
    &rls_enabled_without_policy::RULE,
    &secret_in_migration::RULE,
    &security_definer_search_path::RULE,
    &sequence_rewind::RULE,
    &server_config_change::RULE,
    &session_setting_leak::RULE,
    &set_local_outside_transaction::RULE,
    &set_logged_unlogged::RULE,
    &set_not_null_scan::RULE,
    &set_schema::RULE,
    &set_tablespace_or_access_method::RULE,
    &small_integer_primary_key::RULE,
    &sqlite_add_column_restriction::RULE,
    &sqlite_double_quoted_string::RULE,
    &sqlite_drop_column_restriction::RULE,
    &sqlite_long_write_lock::RULE,
    &sqlite_pragma_in_transaction::RULE,
    &sqlite_rebuild_loses_objects::RULE,
    &sqlite_rebuild_renames_old_first::RULE,
    &sqlite_rebuild_view_breaks::RULE,
    &sqlite_table_rebuild_cascade_delete::RULE,
    &sqlite_unsupported_alter::RULE,
    &stale_function_body::RULE,
    &statement_after_exclusive_lock::RULE,
    &table_without_primary_key::RULE,
    &transaction_control_in_migration::RULE,
    &truncate_cascade::RULE,
    &truncate_table::RULE,
    &type_cast_may_fail::RULE,
    &unbatched_backfill::RULE,
    &uncommitted_transaction::RULE,
    &unique_may_fail_on_duplicates::RULE,
    &unknown_object::RULE,
    &unlogged_table::RULE,
    &unnamed_constraint::RULE,
    &unparsed_statement::RULE,
    &unqualified_name::RULE,
    &unused_suppression::RULE,
    &update_without_where::RULE,
    &vacuum_full_or_cluster::RULE,
    &validate_in_same_transaction::RULE,
    &view_select_star::RULE,
    &volatile_check_constraint::RULE,
    &wide_index::RULE,
];

/// The rule of this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.binary_search_by(|rule| rule.name.cmp(name)).ok().map(|at| ALL[at])
}

/// The rule that is spelled most like a word that is none.
pub fn nearest(name: &str) -> Option<&'static str> {
    let near = ALL.iter().map(|rule| (strsim::jaro_winkler(rule.name, name), rule.name));
    let nearest = near.filter(|(likeness, _)| *likeness > 0.85).max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map(|(_, name)| name)
}

/// For a script that cannot even be cut into statements.
pub(super) static UNPARSED: &Rule = &unparsed_statement::RULE;
/// For what is wrong with allowances, which is known only after all other rules have spoken.
pub(super) static BAD_SUPPRESSION: &Rule = &bad_suppression::RULE;
/// For allowances that nothing needed, likewise.
pub(super) static UNUSED_SUPPRESSION: &Rule = &unused_suppression::RULE;
/// For tables that are never idle, if nothing more exact is said.
pub(super) static HOT_TABLE: &Rule = &hot_table_lock::RULE;
/// Rules whose findings mean that nobody knows what a script does.
pub(super) static UNCLEAR: &[&Rule] = &[&unparsed_statement::RULE, &opaque_dynamic_sql::RULE];
/// Rules whose findings leave nothing else to say about a statement, the most decisive first.
pub(super) static DECISIVE: &[&Rule] = &[&sqlite_unsupported_alter::RULE, &unparsed_statement::RULE];
