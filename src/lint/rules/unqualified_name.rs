use super::prelude::*;
use crate::schema::mentions;
use crate::sql::ddl::{ObjectKind, QualifiedName, Reading, Verb};

rule! {
    /// A name without a schema means whatever the search path of the connection says.
    ///
    /// With another login or another setting the object lands in, or goes from, another schema. Write the schema, or fix the
    /// path at the start of the script.
    ///
    /// ```sql fires postgres
    /// create table users (id bigint primary key);
    /// ```
    ///
    /// ```sql fires postgres
    /// create index concurrently users_email on users (email);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table app.users (id bigint primary key);
    /// create index users_email on app.users (email);
    /// ```
    ///
    /// ```sql quiet postgres
    /// set local search_path = app;
    /// create table users (id bigint primary key);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create temporary table scratch (id bigint);
    /// drop table scratch;
    /// ```
    "unqualified-name", optional Info [Style] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    let mut temporary: Vec<EcoString> = Vec::new();
    for (number, statement, heading) in context.statements() {
        let sets = matches!(heading.verb, Verb::Set | Verb::Query);
        if sets && mentions(statement.of(context.text()), "search_path") {
            return;
        }
        let reading = context.read(number);
        let targets = targets(&reading);
        if heading.flags.temporary {
            temporary.extend(targets.iter().map(|name| name.name.value.clone()));
            continue;
        }
        let bare = |name: &&&QualifiedName| name.qualifiers.is_empty() && !temporary.contains(&name.name.value);
        if let Some(name) = targets.iter().find(bare) {
            findings
                .report_at(
                    Some(number),
                    name.span(),
                    format!("the connection's search path decides which `{name}` is meant"),
                )
                .help("write the schema before the name, or SET LOCAL search_path first");
        }
    }
}

/// What a schema statement is done to.
fn targets(reading: &Reading) -> Vec<&QualifiedName> {
    use ObjectKind::{
        Aggregate, Domain, ForeignTable, Function, Index, MaterializedView, Policy, Procedure, Routine, Sequence,
        Table, Trigger, Type, View,
    };
    match (reading.verb, reading.object) {
        // An index is where its table is, and so is what belongs to one.
        (Verb::Create, Some(Index)) | (_, Some(Trigger | Policy)) => reading.table().into_iter().collect(),
        (
            Verb::Create | Verb::Alter | Verb::Drop | Verb::Truncate,
            Some(
                Table | ForeignTable | View | MaterializedView | Index | Sequence | Type | Domain | Function
                | Procedure | Routine | Aggregate,
            ),
        ) => reading.names.iter().collect(),
        _ => Vec::new(),
    }
}
