//! The names of objects as the catalog keeps them: resolved and folded, so that two spellings of one object meet.

use std::fmt;

use ecow::EcoString;

use crate::sql::Grammar;
use crate::sql::ddl::{QualifiedName, lower};

/// The name of an object in the catalog.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// The schema (on MySQL the database); none for the one in which unqualified names are found at first.
    pub schema: Option<EcoString>,
    /// The name in it.
    pub name: EcoString,
}

impl ObjectName {
    /// Whether it is one of the database's own tables, which no application counts on.
    pub fn is_system(&self) -> bool {
        match self.schema.as_deref() {
            Some(schema) => {
                ["pg_catalog", "information_schema", "performance_schema", "mysql", "sys"].contains(&schema)
            }
            None => self.name.starts_with("pg_") || self.name.starts_with("sqlite_"),
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Where unqualified names are looked for: the `search_path`, or what `USE` said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPath {
    grammar: Grammar,
    schemas: Vec<Option<EcoString>>,
}

impl SearchPath {
    /// What a new session of this database has.
    pub fn new(grammar: Grammar) -> Self {
        SearchPath { grammar, schemas: vec![None] }
    }

    /// Sets the schemas, the one for new objects first. `"$user"` names none that migrations know.
    pub fn set(&mut self, schemas: impl IntoIterator<Item = EcoString>) {
        let grammar = self.grammar;
        let known = schemas.into_iter().filter(|schema| schema != "$user").map(|schema| schema_of(&schema, grammar));
        self.schemas = known.collect();
        if self.schemas.is_empty() {
            self.schemas.push(None);
        }
    }

    /// The names that this one may mean, the most likely first; there is always one.
    pub fn candidates(&self, written: &QualifiedName) -> impl Iterator<Item = ObjectName> {
        let name = fold(&written.name.value, self.grammar);
        let schemas = match written.schema() {
            Some(schema) => vec![schema_of(&schema.value, self.grammar)],
            None => self.schemas.clone(),
        };
        schemas.into_iter().map(move |schema| ObjectName { schema, name: name.clone() })
    }

    /// This name in a schema that is written.
    pub fn in_schema(&self, schema: &str, name: &str) -> ObjectName {
        ObjectName { schema: schema_of(schema, self.grammar), name: fold(name, self.grammar) }
    }

    /// The name that a new object gets.
    pub fn for_new(&self, written: &QualifiedName) -> ObjectName {
        self.candidates(written).next().expect("a search path is never empty")
    }
}

/// A name as it is compared. Where databases fold differently on different machines (MySQL's tables), spellings that
/// differ in case are taken for one object.
pub fn fold(name: &str, grammar: Grammar) -> EcoString {
    if grammar == Grammar::Postgres { name.into() } else { lower(name) }
}

/// The schema that a qualifier means.
fn schema_of(written: &str, grammar: Grammar) -> Option<EcoString> {
    let default = match grammar {
        Grammar::Postgres => Some("public"),
        Grammar::Sqlite => Some("main"),
        Grammar::MySql | Grammar::MariaDb => None,
    };
    let folded = fold(written, grammar);
    (Some(folded.as_str()) != default).then_some(folded)
}
