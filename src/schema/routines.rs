//! Routines: what a call of one looks like.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::change::ChangeKind;
use super::data_type::DataType;
use super::reader::Reader;
use super::shared::Shared;
use super::table::{Object, Origin};
use crate::sql::cursor::{Cursor, code};
use crate::sql::ddl::{Detail, ObjectKind, Parameter, QualifiedName, RoutineDefinition, parameters};
use crate::sql::{Grammar, Span};

/// One of the routines that share a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Who made it.
    pub origin: Origin,
    /// Its parameters for input.
    pub inputs: Vec<Input>,
    /// What it returns: a type, or the columns that it fills.
    pub returns: String,
    /// Its body.
    pub body: Arc<str>,
}

/// A parameter for input.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: Option<EcoString>,
    /// Its type.
    pub data_type: DataType,
    /// Whether a caller may leave it out.
    pub has_default: bool,
}

impl Signature {
    pub(super) fn read(definition: &RoutineDefinition, text: &str, grammar: Grammar, origin: Origin) -> Self {
        let input = |parameter: &&Parameter| parameter.input;
        let inputs = definition.parameters.iter().filter(input).map(|parameter| Input {
            name: parameter.name.as_ref().map(|name| name.value.clone()),
            data_type: DataType::read(&parameter.data_type, text, grammar),
            has_default: parameter.has_default,
        });
        let outputs = definition.parameters.iter().filter(|parameter| parameter.output);
        let output = |parameter: &Parameter| {
            let name = parameter.name.as_ref().map_or("", |name| name.value.as_str());
            format!("{name} {}", DataType::read(&parameter.data_type, text, grammar))
        };
        let outputs = outputs.chain(&definition.columns).map(output).collect::<Vec<_>>().join(", ");
        let written = definition.returns.map(|span| span.of(text)).unwrap_or_default().to_ascii_lowercase();
        let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
        let many = if written.starts_with("setof ") { "setof " } else { "" };
        let returns = match &definition.return_type {
            _ if !outputs.is_empty() => outputs,
            // A length is no part of the type that a function returns.
            Some(of) => format!("{many}{}", DataType { arguments: EcoVec::new(), ..DataType::read(of, text, grammar) }),
            None => written,
        };
        let body = definition.body.map(|body| body.of(text)).unwrap_or_default();
        Signature { origin, inputs: inputs.collect(), returns, body: Arc::from(body) }
    }

    /// Whether it is the same routine to the database: it takes the same types.
    pub fn same_inputs(&self, other: &Signature) -> bool {
        let types = |of: &Signature| of.inputs.iter().map(|input| input.data_type.name.clone()).collect::<Vec<_>>();
        let arrays = |of: &Signature| of.inputs.iter().map(|input| input.data_type.array).collect::<Vec<_>>();
        types(self) == types(other) && arrays(self) == arrays(other)
    }

    /// Whether a call with so many values fits.
    pub fn takes(&self, values: usize) -> bool {
        let required = self.inputs.iter().filter(|input| !input.has_default).count();
        (required..=self.inputs.len()).contains(&values)
    }
}

impl Reader<'_> {
    pub fn create_routine(&mut self, kind: ObjectKind) {
        let (Some(written), Detail::Routine(definition)) = (self.reading.names.first(), &self.reading.detail) else {
            return;
        };
        let before = self.object_before(kind, written);
        let name = self.catalog.path.for_new(written);
        let (replace, if_not_exists) = (self.reading.flags.or_replace, self.reading.flags.if_not_exists);
        let mut signature = Signature::read(definition, self.text, self.grammar(), self.origin);
        let mut after = self.object();
        if let Some(before) = &before {
            let overloads = self.grammar() == Grammar::Postgres;
            let (same, others): (Vec<&Signature>, Vec<&Signature>) =
                before.overloads.iter().partition(|other| !overloads || other.same_inputs(&signature));
            if let Some(same) = same.first().filter(|_| replace) {
                signature.origin = same.origin;
            }
            after.overloads = others.into_iter().cloned().collect();
            if replace || !after.overloads.is_empty() {
                after.origin = before.origin;
            }
        }
        after.overloads.push(signature);
        self.routines.extend(definition.body.map(|body| (name.clone(), body)));
        let after = Shared::from(after);
        if !(if_not_exists && before.is_some()) {
            self.catalog.insert_object(kind, name.clone(), after.clone());
        }
        self.push_whole(None, ChangeKind::CreateObject { kind, name, replace, if_not_exists, before, after });
    }

    pub fn drop_routines(&mut self, kind: ObjectKind) {
        let cascade = self.reading.flags.cascade;
        for written in &self.reading.names {
            let known = [ObjectKind::Function, ObjectKind::Procedure]
                .into_iter()
                .filter(|known| kind == ObjectKind::Routine || *known == kind)
                .find(|known| self.object_before(*known, written).is_some());
            let kind = known.unwrap_or(kind);
            let name = self.resolved(kind, written);
            let mut before = self.catalog.remove_object(kind, &name);
            if let (Some(object), Some(types)) = (&mut before, self.written_types(written)) {
                let dropped = |one: &Signature| one.inputs.iter().map(|input| &input.data_type).eq(&types);
                let (dropped, others): (Vec<Signature>, Vec<Signature>) =
                    object.overloads.iter().cloned().partition(|one| dropped(one));
                if !others.is_empty() {
                    let rest = Object { overloads: others.into(), ..(**object).clone() };
                    self.catalog.insert_object(kind, name.clone(), rest.into());
                }
                if let Some(dropped) = dropped.first() {
                    object.origin = dropped.origin;
                }
                object.overloads = dropped.into();
            }
            self.push_whole(None, ChangeKind::DropObject { kind, name, cascade, before });
        }
    }

    /// The types in the parentheses behind a name, if there are any.
    fn written_types(&self, name: &QualifiedName) -> Option<Vec<DataType>> {
        let rest = Span::new(name.span().end, self.reading.span.end);
        let tokens = code(self.text, rest, self.lexis);
        let inside = Cursor::new(self.text, &tokens).group()?;
        let inputs = parameters(inside, self.grammar()).into_iter().filter(|parameter| parameter.input);
        Some(inputs.map(|parameter| DataType::read(&parameter.data_type, self.text, self.grammar())).collect())
    }
}
