//! What nearly every rule needs.

pub(super) use crate::lint::rule::{rule, used};
pub(super) use crate::lint::{Check, Context, Findings};
pub(super) use crate::schema::{Change, ChangeKind};
pub(super) use crate::sql::StatementKind;
