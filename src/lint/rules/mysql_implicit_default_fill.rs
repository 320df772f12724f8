use super::prelude::*;

rule! {
    /// A new column that refuses nulls and has no default is filled with zeros and empty texts.
    ///
    /// MySQL chooses 0, `''`, the first label of an enum, or a date of zeros, and says nothing. Write the default that is meant.
    ///
    /// ```sql fires mysql mariadb
    /// alter table users add column age int not null;
    /// ```
    ///
    /// ```sql quiet mysql mariadb
    /// alter table users add column age int not null default 1;
    /// ```
    "mysql-implicit-default-fill", Info [DataLoss] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::AddColumn { column, .. } = &change.kind else { return };
    if !context.grammar().is_mysql() || column.may_be_omitted() {
        return;
    }
    if let Some(table) = used(change) {
        let value = match column.data_type.as_ref().map(|of| of.name.as_str()) {
            Some("varchar" | "char" | "text" | "tinytext" | "mediumtext" | "longtext") => "an empty text",
            Some("enum") => "the first label",
            Some("date" | "datetime" | "timestamp") => "a date of zeros",
            _ => "zero",
        };
        findings
            .report(
                change,
                format!("`{}` of the rows in `{}` becomes {value}, without a word", column.name, table.name),
            )
            .help("write the default that is meant");
    }
}
