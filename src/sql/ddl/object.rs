//! The words that name a kind of object.

use super::reading::ObjectKind;
use crate::sql::cursor::Cursor;
use crate::sql::lex::Grammar;

/// Longer phrases stand before those that they start with.
const KINDS: &[(&str, ObjectKind)] = &[
    ("MATERIALIZED VIEW", ObjectKind::MaterializedView),
    ("EVENT TRIGGER", ObjectKind::EventTrigger),
    ("FOREIGN TABLE", ObjectKind::ForeignTable),
    ("FOREIGN DATA WRAPPER", ObjectKind::ForeignDataWrapper),
    ("ACCESS METHOD", ObjectKind::AccessMethod),
    ("OPERATOR CLASS", ObjectKind::OperatorClass),
    ("OPERATOR FAMILY", ObjectKind::OperatorFamily),
    ("TEXT SEARCH PARSER", ObjectKind::TextSearchParser),
    ("TEXT SEARCH DICTIONARY", ObjectKind::TextSearchDictionary),
    ("TEXT SEARCH TEMPLATE", ObjectKind::TextSearchTemplate),
    ("TEXT SEARCH CONFIGURATION", ObjectKind::TextSearchConfiguration),
    ("USER MAPPING", ObjectKind::UserMapping),
    ("LARGE OBJECT", ObjectKind::LargeObject),
    ("PROCEDURAL LANGUAGE", ObjectKind::Language),
    ("DEFAULT PRIVILEGES", ObjectKind::DefaultPrivileges),
    ("TABLE", ObjectKind::Table),
    ("INDEX", ObjectKind::Index),
    ("VIEW", ObjectKind::View),
    ("SEQUENCE", ObjectKind::Sequence),
    ("SCHEMA", ObjectKind::Schema),
    ("DATABASE", ObjectKind::Database),
    ("FUNCTION", ObjectKind::Function),
    ("PROCEDURE", ObjectKind::Procedure),
    ("ROUTINE", ObjectKind::Routine),
    ("AGGREGATE", ObjectKind::Aggregate),
    ("TRIGGER", ObjectKind::Trigger),
    ("TYPE", ObjectKind::Type),
    ("DOMAIN", ObjectKind::Domain),
    ("COLLATION", ObjectKind::Collation),
    ("CONVERSION", ObjectKind::Conversion),
    ("CAST", ObjectKind::Cast),
    ("OPERATOR", ObjectKind::Operator),
    ("LANGUAGE", ObjectKind::Language),
    ("EXTENSION", ObjectKind::Extension),
    ("POLICY", ObjectKind::Policy),
    ("ROLE", ObjectKind::Role),
    ("USER", ObjectKind::Role),
    ("GROUP", ObjectKind::Role),
    ("RULE", ObjectKind::Rule),
    ("STATISTICS", ObjectKind::Statistics),
    ("PUBLICATION", ObjectKind::Publication),
    ("SUBSCRIPTION", ObjectKind::Subscription),
    ("SERVER", ObjectKind::Server),
    ("TABLESPACE", ObjectKind::Tablespace),
    ("TRANSFORM", ObjectKind::Transform),
    ("SYSTEM", ObjectKind::System),
    ("OWNED", ObjectKind::Owned),
    ("COLUMN", ObjectKind::Column),
    ("CONSTRAINT", ObjectKind::Constraint),
];

const MYSQL_KINDS: &[(&str, ObjectKind)] = &[
    ("TABLES", ObjectKind::Table),
    ("TABLE", ObjectKind::Table),
    ("INDEX", ObjectKind::Index),
    ("VIEW", ObjectKind::View),
    ("TRIGGER", ObjectKind::Trigger),
    ("PROCEDURE", ObjectKind::Procedure),
    ("FUNCTION", ObjectKind::Function),
    ("EVENT", ObjectKind::Event),
    ("DATABASE", ObjectKind::Database),
    ("SCHEMA", ObjectKind::Database),
    ("USER", ObjectKind::Role),
    ("ROLE", ObjectKind::Role),
    ("SERVER", ObjectKind::Server),
    ("UNDO TABLESPACE", ObjectKind::Tablespace),
    ("TABLESPACE", ObjectKind::Tablespace),
    ("SEQUENCE", ObjectKind::Sequence),
    ("LOGFILE GROUP", ObjectKind::LogfileGroup),
    ("RESOURCE GROUP", ObjectKind::ResourceGroup),
    ("SPATIAL REFERENCE SYSTEM", ObjectKind::SpatialReferenceSystem),
    ("INSTANCE", ObjectKind::Instance),
    ("PACKAGE BODY", ObjectKind::Package),
    ("PACKAGE", ObjectKind::Package),
];

const SQLITE_KINDS: &[(&str, ObjectKind)] = &[
    ("TABLE", ObjectKind::Table),
    ("INDEX", ObjectKind::Index),
    ("VIEW", ObjectKind::View),
    ("TRIGGER", ObjectKind::Trigger),
];

/// Steps over the words that name a kind of object.
pub(super) fn object_kind(cursor: &mut Cursor<'_>, grammar: Grammar) -> Option<ObjectKind> {
    let kinds = match grammar {
        Grammar::Postgres => KINDS,
        Grammar::MySql | Grammar::MariaDb => MYSQL_KINDS,
        Grammar::Sqlite => SQLITE_KINDS,
    };
    kinds.iter().find(|(words, _)| cursor.eat(words)).map(|(_, kind)| *kind)
}

impl std::fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phrase = KINDS.iter().find(|(_, kind)| kind == self).map_or("OBJECT", |(phrase, _)| *phrase);
        f.pad(&phrase.to_ascii_lowercase())
    }
}
