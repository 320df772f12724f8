//! What nearly every rule needs.

pub(super) use ecow::{EcoString, EcoVec};

pub(super) use crate::lint::fate::{comes_back, doubt, has_successor, made_again, table_goes, tolerates};
pub(super) use crate::lint::rule::{deployed, rule, used};
pub(super) use crate::lint::{Check, Context, Findings};
pub(super) use crate::schema::{Change, ChangeKind, Origin};
pub(super) use crate::sql::{Grammar, StatementKind};
