use super::prelude::*;
use crate::lint::Severity;
use crate::lint::algorithm::is_refused;
use crate::sql::ddl::ActionKind;

rule! {
    /// Converting a character set copies the whole table while nobody can write to it.
    ///
    /// Texts may get a larger type, and values that differed may be equal in the new collation, which a unique key refuses. Convert
    /// column by column with an online schema change tool.
    ///
    /// ```sql fires mysql mariadb
    /// alter table users convert to character set utf8mb4;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create table users (id int primary key, name varchar(50) character set latin1);
    /// -- next migration
    /// alter table users modify name varchar(50) character set utf8mb4;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// create table users (id int primary key, name varchar(50));
    /// alter table users convert to character set utf8mb4;
    /// ```
    "mysql-convert-charset", Error [BlocksReadsOrWrites, TableRewrite, BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    // The table is copied once, for whatever is converted.
    let first = context.of_statement(change.statement).iter().find(|one| converts(one));
    let is_first = first.is_some_and(|first| std::ptr::eq(first, change));
    let Some(table) = used(change).filter(|_| is_first && !is_refused(context, change.statement)) else { return };
    let asked = context.reading(change).actions().iter().any(|action| matches!(action.kind, ActionKind::Lock(_)));
    let finding = findings.report(change, format!("all of `{}` is copied while nobody can write to it", table.name));
    finding.help("convert column by column, with an online schema change tool");
    if context.grammar() == Grammar::MariaDb && context.server.since(11, 2, 0) && !asked {
        finding.severity(Severity::Warning);
    }
}

fn converts(change: &Change) -> bool {
    match &change.kind {
        ChangeKind::ConvertCharset { .. } => true,
        ChangeKind::ModifyColumn { old: Some(old), new, .. } => {
            new.more.charset.is_some() && old.more.charset != new.more.charset
        }
        _ => false,
    }
}
