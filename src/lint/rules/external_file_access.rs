use super::prelude::*;
use crate::sql::ddl::Verb;

rule! {
    /// A migration that reads or writes a file works on one machine only.
    ///
    /// The file is there for one server, or one laptop, and needs rights that the application's login seldom has. Load data
    /// outside migrations.
    ///
    /// ```sql fires postgres
    /// copy orders (id) from '/srv/seed/orders.csv';
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// load data local infile '/tmp/orders.csv' into table orders;
    /// ```
    ///
    /// ```sql fires sqlite
    /// attach database 'other.db' as other;
    /// ```
    ///
    /// ```sql quiet
    /// insert into orders (id) values (1);
    /// ```
    "external-file-access", Warning [DataDependentFailure] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, heading) in context.statements() {
        let reads = matches!(heading.verb, Verb::Copy | Verb::Attach) && statement.kind == StatementKind::Sql;
        if reads {
            findings
                .report_at(Some(number), statement.span, "the file exists on one machine only")
                .help("load data outside migrations, or write it as INSERT statements");
        }
    }
}
