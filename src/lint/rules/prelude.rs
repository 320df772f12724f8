//! What nearly every rule needs.

pub(super) use ecow::{EcoString, EcoVec};

pub(super) use crate::lint::rule::{comes_back, deployed, doubt, made_again, rule, table_goes, used};
pub(super) use crate::lint::{Check, Context, Findings};
pub(super) use crate::schema::{Change, ChangeKind, Origin};
pub(super) use crate::sql::{Grammar, StatementKind};
