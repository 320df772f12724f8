//! The names that databases choose for what their authors gave none.

use std::collections::HashSet;

use ecow::{EcoString, eco_format};

use super::reader::Reader;
use super::shared::Shared;
use super::table::Constraint;
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{ActionKind, ConstraintKind, Detail};
use crate::sql::{Grammar, Span, TokenKind};

/// PostgreSQL cuts longer names.
const LONGEST: usize = 63;

/// A name that PostgreSQL puts together from those of a table and its columns, and what it is: the longer part is cut
/// where both are too long.
pub fn chosen_name(table: &str, columns: &str, what: &str) -> EcoString {
    let (mut first, mut second) = (table, columns);
    let joints = what.len() + 1 + usize::from(!columns.is_empty());
    while first.len() + second.len() + joints > LONGEST {
        let longer = if first.len() > second.len() { &mut first } else { &mut second };
        let Some((end, _)) = longer.char_indices().next_back() else { break };
        *longer = &longer[..end];
    }
    if second.is_empty() { eco_format!("{first}_{what}") } else { eco_format!("{first}_{second}_{what}") }
}

/// Of two constraints for which PostgreSQL chooses one name, the later one gets a number.
pub fn number(constraint: &mut Constraint, others: &[Shared<Constraint>], grammar: Grammar) {
    let Some(name) = constraint.name.clone().filter(|_| grammar == Grammar::Postgres) else { return };
    let names = others.iter().filter_map(|other| other.name.as_deref());
    let taken: HashSet<&str> = names.filter(|other| other.starts_with(&*name)).collect();
    if taken.contains(&*name) {
        let mut numbered = (1..).map(|number| eco_format!("{name}{number}"));
        constraint.name = numbered.find(|numbered| !taken.contains(&**numbered));
    }
}

impl Reader<'_> {
    /// The name that the database gives a constraint without one; none where it depends on what is not known.
    pub fn chosen_name(
        &self,
        table: &str,
        kind: ConstraintKind,
        columns: &[EcoString],
        demand: Option<Span>,
    ) -> Option<EcoString> {
        match (self.grammar(), kind) {
            (Grammar::Postgres, ConstraintKind::PrimaryKey) => Some(chosen_name(table, "", "pkey")),
            (Grammar::Postgres, ConstraintKind::Check) => {
                Some(chosen_name(table, &self.only_column(demand?)?.unwrap_or_default(), "check"))
            }
            (Grammar::Postgres, _) if !columns.is_empty() => {
                let what = match kind {
                    ConstraintKind::Unique => "key",
                    ConstraintKind::ForeignKey => "fkey",
                    ConstraintKind::Exclusion => "excl",
                    _ => "not_null",
                };
                Some(chosen_name(table, &columns.join("_"), what))
            }
            (Grammar::MySql | Grammar::MariaDb, ConstraintKind::PrimaryKey) => Some("PRIMARY".into()),
            (Grammar::MySql | Grammar::MariaDb, ConstraintKind::Unique) => columns.first().cloned(),
            _ => None,
        }
    }

    /// The one column of the statement's table that an expression uses, or that it uses none or several; nothing when the
    /// table's columns are not known.
    fn only_column(&self, expression: Span) -> Option<Option<EcoString>> {
        let (columns, complete) = self.known_columns();
        let tokens = code(self.text, expression, self.lexis);
        let mut used: Vec<&EcoString> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let here = Cursor { at, ..Cursor::new(self.text, &tokens) };
            let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
            // The name of a function or of a type.
            let after_cast = at > 0 && Cursor { at: at - 1, ..here }.sees(":");
            let calls = Cursor { at: at + 1, ..here }.sees("(");
            let Some(name) = crate::sql::ddl::qualified(&mut { here }, self.grammar()).filter(|_| is_name) else {
                continue;
            };
            let own = columns.iter().copied().find(|own| **own == name.name.value);
            if let Some(own) = own.filter(|own| !calls && !after_cast && !used.contains(own)) {
                used.push(own);
            }
        }
        match used[..] {
            [_, _, ..] => Some(None),
            [one] if complete => Some(Some((*one).clone())),
            [] if complete => Some(None),
            _ => None,
        }
    }

    /// The columns of the table that the statement defines or alters, and whether these are all.
    fn known_columns(&self) -> (Vec<&EcoString>, bool) {
        if let Detail::Table(definition) = &self.reading.detail {
            let inherits = !definition.like.is_empty() || !definition.inherits.is_empty();
            let columns = definition.columns.iter().map(|column| &column.name.value).collect();
            return (columns, !inherits && definition.partition_of.is_none());
        }
        let known = self.reading.names.first().and_then(|name| self.catalog.find(name));
        let added = self.reading.actions().iter().filter_map(|action| match &action.kind {
            ActionKind::AddColumn { column, .. } => Some(&column.name.value),
            _ => None,
        });
        let columns = known.iter().flat_map(|table| &table.columns).map(|column| &column.name).chain(added);
        (columns.collect(), known.is_some_and(|table| table.complete))
    }
}

#[cfg(test)]
mod tests {
    use super::chosen_name;

    #[test]
    fn long_names_are_cut() {
        assert_eq!(chosen_name("orders", "", "pkey"), "orders_pkey");
        assert_eq!(
            chosen_name("scheduler_dependency_tracker_fri", "circuit_13_final_prover_job_id", "seq"),
            "scheduler_dependency_tracker__circuit_13_final_prover_job_i_seq"
        );
        assert_eq!(chosen_name(&"ä".repeat(40), "id", "key").len(), 63);
    }
}
