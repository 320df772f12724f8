//! From what statements write about columns, constraints and indexes to what the catalog keeps of them.

use ecow::{EcoString, EcoVec, eco_vec};

use super::data_type::DataType;
use super::reader::Reader;
use super::seldom::Seldom;
use super::table::{Column, Constraint, Generated, Index, Numbering, Reference};
use crate::sql::ddl::{
    ColumnDefinition, ColumnRule, ConstraintKind, IndexDefinition, IndexKind, KeyPart, Name, References,
    TableConstraint,
};
use crate::sql::{Grammar, Span};

impl Reader<'_> {
    /// A column as its definition has it; its constraints are [`Reader::column_constraints`].
    pub fn column(&self, definition: &ColumnDefinition) -> Column {
        let grammar = self.grammar();
        let data_type = definition.data_type.as_ref().map(|written| DataType::read(written, self.text, grammar));
        let mut column = Column {
            name: definition.name.value.clone(),
            origin: self.origin,
            not_null: definition.is_not_null(),
            // A default that is null is none.
            default: definition
                .default()
                .map(|value| self.written(value))
                .filter(|value| !is_null(value))
                .map(Box::from),
            numbering: None,
            invisible: false,
            data_type,
            more: Seldom::default(),
        };
        let charset = grammar.is_mysql().then(|| charset(definition.span.of(self.text))).flatten();
        if charset.is_some() || definition.collation.is_some() {
            column.more.charset = charset;
            column.more.collation = definition.collation.as_ref().map(|name| name.to_string().into_boxed_str());
        }
        let written_type = definition.data_type.as_ref().map_or("", |written| written.name.as_str());
        if grammar != Grammar::Sqlite && written_type.ends_with("serial") || written_type.starts_with("serial") {
            column.numbering = Some(Numbering::Serial);
            column.not_null = true;
        }
        for constraint in &definition.constraints {
            match &constraint.rule {
                ColumnRule::Generated { expression, stored } => {
                    column.more.generated =
                        Some(Generated { expression: self.written(*expression).into(), stored: *stored });
                }
                ColumnRule::Identity { always } => column.numbering = Some(Numbering::Identity { always: *always }),
                ColumnRule::AutoIncrement => column.numbering = Some(Numbering::AutoIncrement),
                ColumnRule::OnUpdate(value) => column.more.on_update = Some(self.written(*value).into()),
                ColumnRule::Comment(text) => column.more.comment = Some(self.written(*text).into()),
                ColumnRule::Visible(visible) => column.invisible = !visible,
                ColumnRule::PrimaryKey if grammar == Grammar::Sqlite && written_type == "integer" => {
                    column.numbering = Some(Numbering::AutoIncrement);
                }
                _ => {}
            }
        }
        column
    }

    /// The constraints written with a column.
    pub fn column_constraints(&self, table: &str, definition: &ColumnDefinition) -> Vec<Constraint> {
        let columns = eco_vec![definition.name.value.clone()];
        let constraints = definition.constraints.iter().filter_map(|written| {
            let (kind, expression, references) = match &written.rule {
                ColumnRule::PrimaryKey => (ConstraintKind::PrimaryKey, None, None),
                ColumnRule::Unique => (ConstraintKind::Unique, None, None),
                ColumnRule::Check(expression) => (ConstraintKind::Check, Some(self.written(*expression)), None),
                ColumnRule::References(to) => (ConstraintKind::ForeignKey, None, Some(self.reference(to))),
                _ => return None,
            };
            let name = written.name.as_ref().map(|name| name.value.clone());
            Some(Constraint {
                name: name.or_else(|| self.chosen_name(table, kind, &columns, demand(&written.rule))),
                origin: self.origin,
                kind,
                columns: columns.clone(),
                expression: expression.map(Into::into),
                references: references.map(Box::new),
                valid: true,
                enforced: true,
                deferrable: written.deferrable,
                deferred: written.deferred,
                with_column: true,
            })
        });
        constraints.collect()
    }

    /// A constraint as a table's definition or `ADD` has it.
    pub fn constraint(&self, table: &str, written: &TableConstraint) -> Constraint {
        let columns: EcoVec<EcoString> = names(&written.columns).flatten().collect();
        let name = written.name.as_ref().map(|name| name.value.clone());
        Constraint {
            name: name.or_else(|| self.chosen_name(table, written.kind, &columns, written.expression)),
            origin: self.origin,
            kind: written.kind,
            expression: written.expression.map(|span| self.written(span).into()),
            references: written.references.as_ref().map(|to| Box::new(self.reference(to))),
            valid: !written.not_valid,
            enforced: !written.not_enforced,
            deferrable: written.deferrable,
            deferred: written.deferred,
            with_column: false,
            columns,
        }
    }

    fn reference(&self, to: &References) -> Reference {
        Reference {
            table: self.table_ref(&to.table).name,
            columns: to.columns.iter().map(|name| name.value.clone()).collect(),
            on_delete: to.on_delete,
        }
    }

    /// The index that a constraint brings.
    pub fn index_of(&self, constraint: &Constraint) -> Option<Index> {
        let unique = matches!(constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::Unique);
        if !unique && constraint.kind != ConstraintKind::Exclusion {
            return None;
        }
        Some(Index {
            name: constraint.name.clone(),
            origin: constraint.origin,
            kind: if unique { IndexKind::Unique } else { IndexKind::Plain },
            columns: constraint.columns.iter().cloned().map(Some).collect(),
            options: EcoVec::new(),
            method: None,
            include: EcoVec::new(),
            text: EcoString::new(),
            predicate: None,
            of_constraint: true,
        })
    }

    /// What follows the column in a part of a key. Ascending is the usual order.
    fn options(&self, part: &KeyPart) -> EcoString {
        let Some(column) = &part.column else { return EcoString::new() };
        let rest = self.text.get(column.span.end..part.span.end).unwrap_or_default();
        let words = rest.split_whitespace().map(str::to_ascii_lowercase).filter(|word| word != "asc");
        words.collect::<Vec<_>>().join(" ").into()
    }

    /// An index as a statement describes it.
    pub fn index(&self, written: &IndexDefinition) -> Index {
        let columns: EcoVec<Option<EcoString>> = names(&written.parts).collect();
        let expressions = written.parts.iter().filter(|part| part.column.is_none());
        let texts = expressions.map(|part| part.span).chain(written.predicate).map(|span| span.of(self.text));
        let chosen = || match self.grammar() {
            Grammar::MySql | Grammar::MariaDb => columns.first().cloned().flatten(),
            _ => None,
        };
        let options: Vec<EcoString> = written.parts.iter().map(|part| self.options(part)).collect();
        let usual = options.iter().all(|own| own.is_empty());
        Index {
            name: written.name.as_ref().map(|name| name.value.clone()).or_else(chosen),
            origin: self.origin,
            kind: written.kind,
            options: if usual { EcoVec::new() } else { options.into() },
            // B-trees are what everybody means.
            method: written
                .method
                .as_ref()
                .map(|name| name.value.to_ascii_lowercase())
                .filter(|name| name != "btree")
                .map(|name| Box::from(&*name)),
            include: written.include.iter().map(|name| name.value.clone()).collect(),
            text: texts.collect::<Vec<_>>().join(" ").into(),
            predicate: written.predicate.map(|span| self.written(span).into()),
            of_constraint: false,
            columns,
        }
    }
}

/// What a check that is written with its column demands.
fn demand(rule: &ColumnRule) -> Option<Span> {
    match rule {
        ColumnRule::Check(expression) => Some(*expression),
        _ => None,
    }
}

/// Whether a value is written as null.
pub fn is_null(value: &str) -> bool {
    value.eq_ignore_ascii_case("null")
}

fn names(parts: &[KeyPart]) -> impl Iterator<Item = Option<EcoString>> {
    parts.iter().map(|part| part.column.as_ref().map(|Name { value, .. }| value.clone()))
}

/// What stands behind `CHARACTER SET` or `CHARSET`, in small letters.
fn charset(definition: &str) -> Option<Box<str>> {
    let lower = definition.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let behind = words.iter().enumerate().find_map(|(at, word)| match *word {
        "charset" => words.get(at + 1),
        "set" if at > 0 && words[at - 1] == "character" => words.get(at + 1),
        _ => None,
    });
    behind.map(|name| name.trim_matches(['=', '\'', '"', ',', ';']).into())
}
