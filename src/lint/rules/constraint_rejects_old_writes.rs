use super::prelude::*;
use crate::schema::Shared;
use crate::schema::{Constraint, Table, mentions};
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
    /// ```sql quiet postgres
    /// create table orders (id int);
    /// -- next migration
    /// alter table orders add column size int;
    /// alter table orders add constraint sane check (size > 0) not valid;
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
            let columns: Vec<String> = known.columns.iter().filter(uses).map(|column| column.name.clone()).collect();
            (columns, constraint.name.clone())
        }
        ChangeKind::CreateIndex { index, .. } if index.is_unique() => {
            let columns: Vec<String> = index.columns.iter().flatten().cloned().collect();
            let had_key = context.before(change).any(|earlier| match &earlier.kind {
                ChangeKind::DropIndex { index: Some(old), .. } => old.is_unique() && old.columns == index.columns,
                ChangeKind::DropConstraint { constraint: Some(old), .. } => old.columns == columns,
                _ => false,
            });
            if had_key || known.has_key_within(&columns, grammar) {
                return;
            }
            (columns, index.name.clone())
        }
        _ => return,
    };
    // Old code cannot write to columns that are new, and leaves them null.
    let harmless = |name: &String| {
        known.column(name, grammar).is_some_and(|column| column.origin != Origin::Deployed && !column.not_null)
    };
    if columns.is_empty() || !columns.iter().any(harmless) {
        let what = what.map_or_else(|| "the new constraint".to_owned(), |name| format!("`{name}`"));
        findings
            .report(change, format!("deployed code may still write to `{}` what {what} refuses", table.name))
            .help("let all code obey it first");
    }
}

/// Whether a constraint that goes in the same script refuses all that this one does.
fn is_weaker(new: &Constraint, known: &Table, change: &Change, context: &Context<'_>) -> bool {
    let same_table = |other: &&Change| other.table.as_ref().is_some_and(|table| table.name == known.name);
    context.about(&known.name).filter(same_table).any(|other| match &other.kind {
        ChangeKind::DropConstraint { constraint: Some(old), .. } if old.kind == new.kind => match old.kind {
            ConstraintKind::Check => allows_more(old, new),
            ConstraintKind::ForeignKey => old.columns == new.columns && same_parent(old, new),
            _ => old.columns.iter().all(|column| new.columns.contains(column)),
        },
        ChangeKind::DropIndex { index: Some(old), .. } => {
            let within = |column: &String| new.columns.contains(column);
            new.kind == ConstraintKind::Unique && old.is_unique() && old.columns.iter().flatten().all(within)
        }
        _ => false,
    }) || (new.kind == ConstraintKind::Unique && known.has_key_within(&new.columns, context.grammar()))
        || (new.kind == ConstraintKind::Check && known.constraints.iter().any(|old| old.valid && allows_more(old, new)))
        || (matches!(change.kind, ChangeKind::AddConstraint { .. }) && attaches(known, context))
}

fn same_parent(old: &Constraint, new: &Constraint) -> bool {
    let parent = |of: &Constraint| of.references.as_ref().map(|to| to.table.clone());
    parent(old) == parent(new)
}

/// Whether the check only helps to attach the table as a partition later.
fn attaches(known: &Table, context: &Context<'_>) -> bool {
    context.about(&known.name).any(|other| match &other.kind {
        ChangeKind::AttachPartition { partition } => partition.name == known.name,
        _ => false,
    })
}

/// Whether the new check is the old one with more values in its lists, or with fewer terms.
fn allows_more(old: &Constraint, new: &Constraint) -> bool {
    let (Some(old), Some(new)) = (&old.expression, &new.expression) else { return false };
    let (old_frame, old_values) = without_strings(old);
    let (new_frame, new_values) = without_strings(new);
    let longer_list = old_frame == new_frame && old_values.iter().all(|value| new_values.contains(value));
    let terms = |of: &str| -> Vec<String> {
        let one = of.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        one.split(" and ").map(|term| term.trim_matches(['(', ')', ' ']).to_owned()).collect()
    };
    let either = mentions(old, "or") || mentions(new, "or");
    let fewer_terms = !either && terms(new).iter().all(|term| terms(old).contains(term));
    longer_list || fewer_terms
}

/// An expression without its strings and the commas and blanks between them, and the strings.
fn without_strings(expression: &str) -> (String, Vec<&str>) {
    let (mut frame, mut strings) = (String::new(), Vec::new());
    for (number, part) in expression.split('\'').enumerate() {
        if number % 2 == 1 {
            strings.push(part);
        } else {
            let kept = part.chars().filter(|c| !c.is_whitespace() && *c != ',');
            frame.extend(kept.map(|c| c.to_ascii_lowercase()));
        }
    }
    (frame, strings)
}
