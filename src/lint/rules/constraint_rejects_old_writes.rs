use super::prelude::*;
use crate::lint::replaced::{had_key, is_weaker};
use crate::schema::Shared;
use crate::sql::ddl::{ConstraintKind, ObjectKind};

rule! {
    /// A new constraint refuses what deployed code may still write.
    ///
    /// Also one that is `NOT VALID` holds for every new row. Let all code obey it first, then add it.
    ///
    /// ```sql fires postgres
    /// create table orders (id int, state text);
    /// -- next migration
    /// alter table orders add constraint known check (state in ('new', 'paid')) not valid;
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb sqlite
    /// create table users (id int, email varchar(100));
    /// -- next migration
    /// create unique index users_email on users (email);
    /// ```
    ///
    /// A constraint that allows more than the one whose place it takes refuses nothing new:
    ///
    /// ```sql quiet postgres
    /// create table orders (id int, state text constraint known check (state in ('new', 'paid')));
    /// -- next migration
    /// alter table orders drop constraint known;
    /// alter table orders add constraint known check (state in ('new', 'paid', 'sent')) not valid;
    /// ```
    ///
    /// One that forbids more than that does not:
    ///
    /// ```sql fires postgres
    /// create table orders (id int, state text constraint known check (state not in ('lost')));
    /// -- next migration
    /// alter table orders drop constraint known;
    /// alter table orders add constraint known check (state not in ('lost', 'late')) not valid;
    /// ```
    ///
    /// ```sql fires postgres
    /// create table orders (id int, state int constraint known check (state in (12)));
    /// -- next migration
    /// alter table orders drop constraint known;
    /// alter table orders add constraint known check (state in (1, 2)) not valid;
    /// ```
    ///
    /// A key of more columns refuses nothing new, either:
    ///
    /// ```sql quiet postgres sqlite
    /// create table orders (id int, shop int, number int);
    /// create unique index orders_number on orders (number);
    /// -- next migration
    /// drop index orders_number;
    /// create unique index orders_number on orders (shop, number);
    /// ```
    ///
    /// ```sql quiet postgres sqlite
    /// create table orders (id int, number int, paid int);
    /// create unique index orders_number on orders (number) where paid > 0;
    /// -- next migration
    /// drop index orders_number;
    /// create unique index orders_number on orders (number) where paid > 0 and number is not null;
    /// ```
    ///
    /// ```sql fires postgres sqlite
    /// create table orders (id int, number int, paid int);
    /// create unique index orders_number on orders (number) where paid > 0;
    /// -- next migration
    /// drop index orders_number;
    /// create unique index orders_number on orders (number);
    /// ```
    ///
    /// ```sql fires postgres sqlite
    /// create table orders (id int, number int, paid int, sent int);
    /// create unique index orders_number on orders (number) where not (paid > 0 and sent > 0);
    /// -- next migration
    /// drop index orders_number;
    /// create unique index orders_number on orders (number) where not (paid > 0 and sent > 0 and id > 0);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table orders (id int);
    /// -- next migration
    /// alter table orders add column size int;
    /// alter table orders add constraint sane check (size > 0) not valid;
    /// ```
    ///
    /// Old code does not know a new column, and fails already where it must be filled:
    ///
    /// ```sql quiet postgres
    /// create table users (id int primary key);
    /// create table orders (id int);
    /// -- next migration
    /// alter table orders add column user_id int;
    /// alter table orders alter column user_id set not null;
    /// alter table orders add constraint orders_user foreign key (user_id) references users (id);
    /// ```
    "constraint-rejects-old-writes", Info [BreaksOldCode, DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if let ChangeKind::AlterObject { kind: ObjectKind::Domain, name: Some(name), before } = &change.kind {
        let adds =
            change.span.of(context.text()).trim_start().get(..3).is_some_and(|word| word.eq_ignore_ascii_case("add"));
        if adds && deployed(before.as_ref()) {
            findings
                .report(change, format!("deployed code may still write what `{name}` refuses from now on"))
                .help("let all code obey it first");
        }
        return;
    }
    let Some(table) = used(change) else { return };
    let Some(known) = &table.before else { return };
    let grammar = context.grammar();
    let (columns, what) = match &change.kind {
        ChangeKind::AddConstraint { constraint, using_index: None } if constraint.enforced => {
            let tightens = !matches!(constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::NotNull);
            // What only refuses nulls is another rule's to say.
            if !tightens || !constraint.required_columns().is_empty() || is_weaker(constraint, known, change, context) {
                return;
            }
            let uses = |column: &&Shared<crate::schema::Column>| constraint.uses(&column.name, grammar);
            let columns: Vec<EcoString> = known.columns.iter().filter(uses).map(|column| column.name.clone()).collect();
            (columns, constraint.name.clone())
        }
        ChangeKind::CreateIndex { index, .. } if index.is_unique() => {
            let columns: Vec<EcoString> = index.columns.iter().flatten().cloned().collect();
            if had_key(&columns, index.predicate.as_deref(), change, context) || known.has_key_within(&columns, grammar)
            {
                return;
            }
            (columns, index.name.clone())
        }
        _ => return,
    };
    // Old code cannot write to columns that are new, and leaves them null. Where they must not be, it fails by that.
    let harmless = |name: &EcoString| {
        let column = known.column(name, grammar).filter(|column| column.origin != Origin::Deployed);
        column.is_some_and(|column| !column.not_null || column.default.is_none())
    };
    if columns.is_empty() || !columns.iter().any(harmless) {
        let what = what.map_or_else(|| "the new constraint".to_owned(), |name| format!("`{name}`"));
        findings
            .report(change, format!("deployed code may still write to `{}` what {what} refuses", table.name))
            .help("let all code obey it first");
    }
}
