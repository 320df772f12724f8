//! Writes what the library reads in SQL files as JSON, a line for each statement, for comparison with other readers.
//!
//! `cargo run --example readings -- postgres < list-of-files`

#![allow(clippy::unwrap_used, reason = "a tool for the workbench may stop where its premise fails")]

use std::io::{BufRead, Write};

use coexist::migration::normalise;
use coexist::sql::ddl::{self, ActionKind, ColumnDefinition, ColumnRule, Detail, Reading, TableConstraint};
use coexist::sql::{Grammar, Lexis, StatementKind, Statements};
use serde_json::{Value, json};

fn main() {
    let dialect = std::env::args().nth(1).unwrap_or_default();
    let lexis = match dialect.as_str() {
        "postgres" => &Lexis::POSTGRES,
        "mysql" => &Lexis::MYSQL,
        "mariadb" => &Lexis::MARIADB,
        _ => &Lexis::SQLITE,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for path in std::io::stdin().lock().lines() {
        let path = path.unwrap();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let text = normalise(&text);
        for statement in Statements::new(&text, lexis) {
            let line = match statement {
                Err(error) => json!({"file": path, "error": error.to_string(), "start": error.span.start}),
                Ok(statement) => {
                    let reading = ddl::read(&statement, &text, lexis);
                    let mut line = described(&reading, &text, lexis.grammar);
                    line["file"] = json!(path);
                    line["sql"] = json!(statement.of(&text));
                    line["client"] = json!(statement.kind != StatementKind::Sql);
                    line
                }
            };
            writeln!(out, "{line}").unwrap();
        }
    }
}

fn described(reading: &Reading, text: &str, grammar: Grammar) -> Value {
    let names: Vec<String> = reading.names.iter().map(ToString::to_string).collect();
    let flags = &reading.flags;
    let actions: Vec<Value> = reading.actions().iter().map(|action| described_action(&action.kind)).collect();
    let mut line = json!({
        "verb": format!("{:?}", reading.verb), "object": reading.object.map(|object| format!("{object:?}")),
        "names": names, "if_exists": flags.if_exists, "if_not_exists": flags.if_not_exists, "cascade": flags.cascade,
        "concurrently": flags.concurrently, "or_replace": flags.or_replace, "temporary": flags.temporary,
        "unique": flags.unique, "table": reading.table().map(ToString::to_string), "actions": actions,
        "unknown": reading.unknown().map(|span| span.of(text)), "grammar": format!("{grammar:?}"),
    });
    match &reading.detail {
        Detail::Table(table) => {
            line["columns"] = table.columns.iter().map(described_column).collect();
            line["constraints"] = table.constraints.iter().map(described_constraint).collect();
            line["query"] = json!(table.query.is_some());
            line["partition_of"] = json!(table.partition_of.as_ref().map(ToString::to_string));
            line["inherits"] = table.inherits.iter().map(|name| json!(name.to_string())).collect();
        }
        Detail::Index(index) => {
            line["parts"] =
                index.parts.iter().map(|part| json!(part.column.as_ref().map(|name| &name.value))).collect();
            line["predicate"] = json!(index.predicate.is_some());
            line["include"] = index.include.iter().map(|name| json!(name.value)).collect();
        }
        _ => {}
    }
    line
}

fn described_action(kind: &ActionKind) -> Value {
    let debug = format!("{kind:?}");
    let word: String = debug.chars().take_while(|c| c.is_alphanumeric()).collect();
    let mut line = json!({ "kind": word });
    match kind {
        ActionKind::AddColumn { column, if_not_exists, .. } => {
            line["column"] = described_column(column);
            line["if_not_exists"] = json!(if_not_exists);
        }
        ActionKind::ModifyColumn { column, .. } | ActionKind::ChangeColumn { column, .. } => {
            line["column"] = described_column(column);
        }
        ActionKind::AddConstraint { constraint, .. } => line["constraint"] = described_constraint(constraint),
        ActionKind::DropColumn { column, if_exists, cascade } => {
            line["name"] = json!(column.value);
            line["if_exists"] = json!(if_exists);
            line["cascade"] = json!(cascade);
        }
        ActionKind::DropConstraint { name, if_exists, cascade, .. } => {
            line["name"] = json!(name.as_ref().map(|name| &name.value));
            line["if_exists"] = json!(if_exists);
            line["cascade"] = json!(cascade);
        }
        ActionKind::SetType { column, data_type, using, .. } => {
            line["name"] = json!(column.value);
            line["using"] = json!(using.is_some());
            line["type"] = json!(data_type.name);
        }
        ActionKind::SetDefault { column, .. }
        | ActionKind::DropDefault { column }
        | ActionKind::SetNotNull { column }
        | ActionKind::DropNotNull { column } => line["name"] = json!(column.value),
        ActionKind::RenameColumn { from, to } | ActionKind::RenameConstraint { from, to } => {
            line["from"] = json!(from.value);
            line["to"] = json!(to.value);
        }
        ActionKind::RenameTo(to) => line["to"] = json!(to.name.value),
        ActionKind::DetachPartition { concurrently, finalize, .. } => {
            line["concurrently"] = json!(concurrently);
            line["finalize"] = json!(finalize);
        }
        ActionKind::SetLogged(logged) => line["logged"] = json!(logged),
        ActionKind::Trigger(switch) | ActionKind::Rule(switch) => line["switch"] = json!(format!("{switch:?}")),
        ActionKind::RowSecurity(security) => line["switch"] = json!(format!("{security:?}")),
        ActionKind::ClusterOn { index } => line["on"] = json!(index.is_some()),
        _ => {}
    }
    line
}

fn described_column(column: &ColumnDefinition) -> Value {
    let word = |rule: &ColumnRule| match rule {
        ColumnRule::NotNull => "NOTNULL",
        ColumnRule::Null => "NULL",
        ColumnRule::Default(_) => "DEFAULT",
        ColumnRule::Generated { .. } => "GENERATED",
        ColumnRule::Identity { .. } => "IDENTITY",
        ColumnRule::PrimaryKey => "PRIMARY",
        ColumnRule::Unique => "UNIQUE",
        ColumnRule::Check(_) => "CHECK",
        ColumnRule::References(_) => "FOREIGN",
        ColumnRule::AutoIncrement => "AUTOINCREMENT",
        ColumnRule::OnUpdate(_) | ColumnRule::Comment(_) | ColumnRule::Visible(_) => "OTHER",
    };
    let mut rules: Vec<&str> = column.constraints.iter().map(|constraint| word(&constraint.rule)).collect();
    rules.sort_unstable();
    json!({
        "name": column.name.value, "rules": rules, "type": column.data_type.as_ref().map(|data_type| &data_type.name),
        "array": column.data_type.as_ref().is_some_and(|data_type| data_type.array),
        "references": column.references().map(|references| references.table.to_string()),
    })
}

fn described_constraint(constraint: &TableConstraint) -> Value {
    let columns: Vec<Option<&str>> =
        constraint.columns.iter().map(|part| part.column.as_ref().map(|n| n.value.as_str())).collect();
    json!({
        "kind": format!("{:?}", constraint.kind), "name": constraint.name.as_ref().map(|name| &name.value),
        "not_valid": constraint.not_valid, "using_index": constraint.using_index.as_ref().map(|name| &name.value),
        "columns": columns, "deferrable": constraint.deferrable,
        "references": constraint.references.as_ref().map(|references| references.table.to_string()),
        "on_delete": constraint.references.as_ref().and_then(|r| r.on_delete).map(|action| format!("{action:?}")),
    })
}
