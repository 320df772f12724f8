use super::prelude::*;
use crate::lint::types::is_integer;
use crate::lint::written::constraints;
use crate::schema::Table;
use crate::sql::ddl::ConstraintKind;

rule! {
    /// A primary key of four bytes runs out after two thousand million rows, and deleted ones count.
    ///
    /// To widen it then is the hardest migration there is: every row is written anew, and so is every table that refers to
    /// it. Take BIGINT from the start.
    ///
    /// ```sql fires postgres mysql mariadb
    /// create table users (id int primary key);
    /// ```
    ///
    /// ```sql fires postgres
    /// create table users (id serial, primary key (id));
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table users (id bigint primary key);
    /// ```
    ///
    /// A key that is another table's, and one of several columns, has the size of what it leads to:
    ///
    /// ```sql quiet postgres mysql mariadb
    /// create table profiles (user_id int primary key, constraint profiles_user foreign key (user_id) references users (id));
    /// create table members (user_id int, group_id int, primary key (user_id, group_id));
    /// ```
    "small-integer-primary-key", optional Warning [Style] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() == Grammar::Sqlite {
        return;
    }
    let known = change.table.as_ref().and_then(|table| context.catalog.table(&table.name)).map(|table| &**table);
    let table = match &change.kind {
        ChangeKind::CreateTable { table, .. } => Some(&**table),
        _ => known,
    };
    let Some(table) = table else { return };
    for new in constraints(change, context) {
        let [column] = new.constraint.columns.as_slice() else { continue };
        if new.constraint.kind != ConstraintKind::PrimaryKey || leads_away(column, table, context.grammar()) {
            continue;
        }
        let data_type = table.column(column, context.grammar()).and_then(|column| column.data_type.as_ref());
        if let Some(small) = data_type.filter(|of| is_integer(of) && of.name != "bigint") {
            findings
                .report_at(
                    Some(change.statement),
                    new.span,
                    format!("the primary key `{}.{column}` is {small} and runs out", table.name),
                )
                .help("take BIGINT from the start");
        }
    }
}

fn leads_away(column: &str, table: &Table, grammar: Grammar) -> bool {
    table.constraints.iter().any(|one| {
        one.kind == ConstraintKind::ForeignKey && one.columns.iter().any(|own| grammar.same_name(own, column))
    })
}
