//! What nearly every rule needs.

pub(super) use ecow::{EcoString, EcoVec};

pub(super) use crate::lint::rule::{
    comes_back, deployed, doubt, has_successor, made_again, rule, table_goes, tolerates, used,
};
pub(super) use crate::lint::{Check, Context, Findings};
pub(super) use crate::schema::{Change, ChangeKind, Origin};
pub(super) use crate::sql::{Grammar, StatementKind};
