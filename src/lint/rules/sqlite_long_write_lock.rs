use super::prelude::*;
use crate::sql::ddl::Verb;

rule! {
    /// What takes long on SQLite keeps every other writer waiting.
    ///
    /// There is one writer for the whole database. An index, a dropped column, a rebuild, VACUUM and a write of all rows hold its
    /// place for as long as the table is big, and the others fail when their busy timeout is over.
    ///
    /// ```sql fires sqlite
    /// create table users (id int, name text);
    /// -- next migration
    /// create index users_name on users (name);
    /// ```
    ///
    /// ```sql quiet sqlite
    /// create table users (id int, name text);
    /// create index users_name on users (name);
    /// ```
    "sqlite-long-write-lock", Info [BlocksReadsOrWrites] => Check::Migration(check)
}

/// Said once.
fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Sqlite {
        return;
    }
    let grammar = context.grammar();
    let long = |change: &&Change| {
        let Some(table) = used(change) else { return false };
        let few = |keys: &[EcoString]| table.before.as_ref().is_some_and(|known| known.has_key_within(keys, grammar));
        match &change.kind {
            ChangeKind::CreateIndex { .. } | ChangeKind::DropColumn { .. } | ChangeKind::Rebuild { .. } => true,
            ChangeKind::Update { keys, .. } | ChangeKind::Delete { keys, .. } => !few(keys),
            _ => false,
        }
    };
    let change = context.script.changes.iter().find(long).map(|change| (change.statement, change.span));
    let vacuum = context.statements().find(|(_, _, heading)| heading.verb == Verb::Vacuum);
    let place = change.or(vacuum.map(|(number, statement, _)| (number, statement.span)));
    if let Some((number, span)) = place {
        findings
            .report_at(Some(number), span, "every other writer waits until this is done")
            .help("run it when there is little traffic, and give writers a busy timeout");
    }
}
