//! Reads `ALTER`: of every object on PostgreSQL, of tables on SQLite.

use super::action::{Action, ActionKind, RowSecurity, Switch};
use super::column::{collation, column, data_type};
use super::constraint::{constraint, starts_constraint};
use super::name::Names as _;
use super::object::object_kind;
use super::reading::{Detail, ObjectKind, Verb};
use super::{Grammar, Reader};
use crate::sql::cursor::Cursor;
use crate::sql::lex::TokenKind;

impl Reader<'_, '_> {
    pub(super) fn alter(&mut self) {
        if self.grammar.is_mysql() {
            return self.alter_mysql();
        }
        let Some(object) = object_kind(&mut self.cursor, self.grammar) else { return };
        self.set(Verb::Alter, Some(object));
        self.reading.flags.if_exists = self.cursor.eat("IF EXISTS");
        if self.cursor.sees("ALL IN TABLESPACE") || object == ObjectKind::System {
            return self.actions(vec![Action { kind: ActionKind::Settings, span: self.cursor.rest() }]);
        }
        if object == ObjectKind::DefaultPrivileges || object == ObjectKind::UserMapping {
            return self.actions(vec![Action { kind: ActionKind::Settings, span: self.cursor.rest() }]);
        }
        self.alter_name(object);
        let rest = self.cursor;
        let actions = match object {
            ObjectKind::Table
            | ObjectKind::ForeignTable
            | ObjectKind::Index
            | ObjectKind::View
            | ObjectKind::MaterializedView => relation_actions(rest, self.grammar),
            ObjectKind::Type => type_actions(rest),
            ObjectKind::Domain => vec![domain_action(rest)],
            ObjectKind::Sequence if rest.sees_any(&["OWNER", "SET", "RENAME"]) => relation_actions(rest, self.grammar),
            _ => vec![whole_action(rest).unwrap_or(Action { kind: ActionKind::Settings, span: rest.rest() })],
        };
        self.reading.flags.cascade = self.cursor.has("CASCADE");
        self.actions(actions);
    }

    pub(super) fn actions(&mut self, actions: Vec<Action>) {
        self.reading.detail = Detail::Alter(actions);
    }

    fn alter_name(&mut self, object: ObjectKind) {
        self.reading.flags.only = self.cursor.eat("ONLY");
        let inside = self.cursor.sees("(").then(|| self.cursor.group()).flatten();
        match inside {
            Some(mut inside) => self.reading.names.extend(inside.qualified(self.grammar)),
            None => self.name(),
        }
        self.cursor.eat("*");
        if matches!(object, ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate)
        {
            self.cursor.group();
        }
        if matches!(object, ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule) && self.cursor.eat("ON") {
            self.cursor.qualified(self.grammar);
        }
    }
}

/// What may be done to any object: rename it, move it, give it away.
fn whole_action(mut cursor: Cursor<'_>) -> Option<Action> {
    let grammar = Grammar::Postgres;
    // Operators and casts are named by symbols, which the caller has not stepped over.
    for phrase in ["RENAME TO", "OWNER TO", "SET SCHEMA", "DEPENDS ON EXTENSION"] {
        if let Some(found) = cursor.find(phrase) {
            cursor = found;
            break;
        }
    }
    let span = cursor.rest();
    let kind = if cursor.eat("RENAME TO") {
        ActionKind::RenameTo(cursor.qualified(grammar)?)
    } else if cursor.eat("OWNER TO") {
        ActionKind::OwnerTo
    } else if cursor.eat("SET SCHEMA") {
        ActionKind::SetSchema(cursor.name(grammar)?)
    } else if cursor.sees("DEPENDS ON") {
        ActionKind::DependsOnExtension
    } else {
        return None;
    };
    Some(Action { kind, span })
}

fn relation_actions(rest: Cursor<'_>, grammar: Grammar) -> Vec<Action> {
    let read = |part: Cursor<'_>| {
        let span = part.rest();
        Action { kind: relation_action(part, grammar).unwrap_or(ActionKind::Unknown), span }
    };
    rest.parts().into_iter().map(read).collect()
}

fn relation_action(mut cursor: Cursor<'_>, grammar: Grammar) -> Option<ActionKind> {
    let start = cursor;
    let verb = cursor.keyword(0);
    cursor.step();
    Some(match &*verb {
        "RENAME" => rename(cursor, grammar)?,
        "ADD" => add(cursor, grammar)?,
        "DROP" => drop_part(cursor, grammar)?,
        "ALTER" => alter_part(cursor, grammar)?,
        "VALIDATE" if cursor.eat("CONSTRAINT") => ActionKind::ValidateConstraint { name: cursor.name(grammar)? },
        "CLUSTER" if cursor.eat("ON") => ActionKind::ClusterOn { index: cursor.name(grammar) },
        "INHERIT" => ActionKind::Inherit(cursor.qualified(grammar)?),
        "NO" if cursor.eat("INHERIT") => ActionKind::NoInherit(cursor.qualified(grammar)?),
        "NO" if cursor.sees("FORCE") => ActionKind::RowSecurity(RowSecurity::NoForce),
        "NO" if cursor.sees("DEPENDS") => ActionKind::DependsOnExtension,
        "DEPENDS" => ActionKind::DependsOnExtension,
        "OF" => ActionKind::OfType(cursor.qualified(grammar)?),
        "NOT" if cursor.sees("OF") => ActionKind::NotOfType,
        "OWNER" => ActionKind::OwnerTo,
        "REPLICA" => ActionKind::ReplicaIdentity,
        "OPTIONS" => ActionKind::ForeignOptions,
        "FORCE" => ActionKind::RowSecurity(RowSecurity::Force),
        "ENABLE" | "DISABLE" => switch(&verb, cursor)?,
        "ATTACH" if cursor.eat("PARTITION") => ActionKind::AttachPartition(cursor.qualified(grammar)?),
        "DETACH" if cursor.eat("PARTITION") => ActionKind::DetachPartition {
            partition: cursor.qualified(grammar)?,
            concurrently: cursor.sees("CONCURRENTLY"),
            finalize: cursor.sees("FINALIZE"),
        },
        "RESET" => ActionKind::ResetOptions,
        "SET" => set(cursor, grammar)?,
        _ if start.is_end() => return None,
        _ => return None,
    })
}

fn rename(mut cursor: Cursor<'_>, grammar: Grammar) -> Option<ActionKind> {
    if cursor.eat("TO") {
        return Some(ActionKind::RenameTo(cursor.qualified(grammar)?));
    }
    let constraint = cursor.eat("CONSTRAINT");
    if !constraint && !cursor.sees("COLUMN TO") && !cursor.eat("COLUMN") {
        cursor.eat("ATTRIBUTE");
    }
    let from = cursor.name(grammar)?;
    let to = cursor.eat("TO").then(|| cursor.name(grammar)).flatten()?;
    Some(if constraint { ActionKind::RenameConstraint { from, to } } else { ActionKind::RenameColumn { from, to } })
}

fn add(mut cursor: Cursor<'_>, grammar: Grammar) -> Option<ActionKind> {
    if starts_constraint(&cursor, grammar) {
        let constraint = constraint(&mut cursor, grammar)?;
        return Some(ActionKind::AddConstraint { constraint, if_not_exists: false });
    }
    if !cursor.eat("COLUMN") {
        cursor.eat("ATTRIBUTE");
    }
    let if_not_exists = cursor.eat("IF NOT EXISTS");
    let (column, position) = column(&mut cursor, grammar)?;
    Some(ActionKind::AddColumn { column, if_not_exists, position })
}

fn drop_part(mut cursor: Cursor<'_>, grammar: Grammar) -> Option<ActionKind> {
    let cascade = cursor.has("CASCADE");
    let constraint = cursor.eat("CONSTRAINT");
    if !constraint && !cursor.eat("COLUMN") {
        cursor.eat("ATTRIBUTE");
    }
    let if_exists = cursor.eat("IF EXISTS");
    let name = cursor.name(grammar)?;
    Some(if constraint {
        ActionKind::DropConstraint { name: Some(name), kind: None, if_exists, cascade }
    } else {
        ActionKind::DropColumn { column: name, if_exists, cascade }
    })
}

fn alter_part(mut cursor: Cursor<'_>, grammar: Grammar) -> Option<ActionKind> {
    if cursor.eat("CONSTRAINT") {
        return Some(ActionKind::AlterConstraint { name: cursor.name(grammar)? });
    }
    if !cursor.eat("COLUMN") {
        cursor.eat("ATTRIBUTE");
    }
    if cursor.kind() == Some(TokenKind::Number) {
        // ALTER INDEX … ALTER COLUMN 1 SET STATISTICS: an index's columns have no names.
        return Some(ActionKind::SetStatistics { column: None });
    }
    let column = cursor.name(grammar)?;
    Some(if cursor.eat("TYPE") || cursor.eat("SET DATA TYPE") {
        let data_type = data_type(&mut cursor, grammar)?;
        let collation = collation(&mut cursor, grammar);
        let using = cursor.find("USING").map(|mut using| {
            using.step();
            using.rest()
        });
        ActionKind::SetType { column, data_type, collation, using }
    } else if cursor.eat("SET DEFAULT") {
        ActionKind::SetDefault { column, value: cursor.rest() }
    } else if cursor.sees("DROP DEFAULT") {
        ActionKind::DropDefault { column }
    } else if cursor.sees("SET NOT NULL") {
        ActionKind::SetNotNull { column }
    } else if cursor.sees("DROP NOT NULL") {
        ActionKind::DropNotNull { column }
    } else if cursor.eat("SET EXPRESSION") {
        ActionKind::SetExpression { column, expression: cursor.rest() }
    } else if cursor.sees("DROP EXPRESSION") {
        ActionKind::DropExpression { column }
    } else if cursor.sees("ADD GENERATED") {
        ActionKind::AddIdentity { column }
    } else if cursor.eat("DROP IDENTITY") {
        ActionKind::DropIdentity { column, if_exists: cursor.sees("IF EXISTS") }
    } else if cursor.sees("SET STATISTICS") {
        ActionKind::SetStatistics { column: Some(column) }
    } else if cursor.sees("SET (") {
        ActionKind::SetColumnOptions { column }
    } else if cursor.sees("RESET") {
        ActionKind::ResetColumnOptions { column }
    } else if cursor.sees("SET STORAGE") {
        ActionKind::SetStorage { column }
    } else if cursor.sees("SET COMPRESSION") {
        ActionKind::SetCompression { column }
    } else if cursor.sees("OPTIONS") {
        ActionKind::SetForeignOptions { column }
    } else if cursor.sees("RESTART") || cursor.sees("SET") {
        ActionKind::SetIdentity { column }
    } else {
        return None;
    })
}

fn switch(verb: &str, mut cursor: Cursor<'_>) -> Option<ActionKind> {
    let enable = verb == "ENABLE";
    if cursor.sees("ROW") {
        return Some(ActionKind::RowSecurity(if enable { RowSecurity::Enable } else { RowSecurity::Disable }));
    }
    let switch = match (enable, &*cursor.keyword(0)) {
        (true, "ALWAYS") => Switch::EnableAlways,
        (true, "REPLICA") => Switch::EnableReplica,
        (true, _) => Switch::Enable,
        (false, _) => Switch::Disable,
    };
    if matches!(switch, Switch::EnableAlways | Switch::EnableReplica) {
        cursor.step();
    }
    match &*cursor.keyword(0) {
        "TRIGGER" => Some(ActionKind::Trigger(switch)),
        "RULE" => Some(ActionKind::Rule(switch)),
        _ => None,
    }
}

fn set(mut cursor: Cursor<'_>, grammar: Grammar) -> Option<ActionKind> {
    let options = cursor;
    if let Some(inside) = cursor.group() {
        return Some(ActionKind::SetOptions(inside.rest()));
    }
    let word = options.keyword(0);
    cursor.step();
    Some(match &*word {
        "SCHEMA" => ActionKind::SetSchema(cursor.name(grammar)?),
        "LOGGED" => ActionKind::SetLogged(true),
        "UNLOGGED" => ActionKind::SetLogged(false),
        "TABLESPACE" => ActionKind::SetTablespace,
        "ACCESS" => ActionKind::SetAccessMethod,
        "WITHOUT" if cursor.sees("CLUSTER") => ActionKind::ClusterOn { index: None },
        "WITHOUT" if cursor.sees("OIDS") => ActionKind::DropOids,
        _ => return None,
    })
}

fn type_actions(mut cursor: Cursor<'_>) -> Vec<Action> {
    let span = cursor.rest();
    let one = |kind| vec![Action { kind, span }];
    if cursor.eat("ADD VALUE") {
        let if_not_exists = cursor.eat("IF NOT EXISTS");
        let value = cursor.here();
        cursor.step();
        let position = cursor.sees_any(&["BEFORE", "AFTER"]).then(|| cursor.rest());
        return one(ActionKind::AddValue { value, if_not_exists, position });
    }
    if cursor.eat("RENAME VALUE") {
        let from = cursor.here();
        cursor.at += 2;
        return one(ActionKind::RenameValue { from, to: cursor.here() });
    }
    if cursor.sees("SET (") {
        return one(ActionKind::Settings);
    }
    relation_actions(cursor, Grammar::Postgres)
}

fn domain_action(mut cursor: Cursor<'_>) -> Action {
    let span = cursor.rest();
    let kind = if cursor.eat("SET DEFAULT") {
        ActionKind::DomainDefault { value: Some(cursor.rest()) }
    } else if cursor.eat("DROP DEFAULT") {
        ActionKind::DomainDefault { value: None }
    } else if cursor.eat("SET NOT NULL") {
        ActionKind::DomainNotNull(true)
    } else if cursor.eat("DROP NOT NULL") {
        ActionKind::DomainNotNull(false)
    } else if cursor.eat("ADD NOT NULL") {
        ActionKind::DomainNotNull(true)
    } else {
        relation_action(cursor, Grammar::Postgres).unwrap_or(ActionKind::Unknown)
    };
    Action { kind, span }
}
