//! The changes that rules offer in place of what they find.

use super::finding::{Fix, Following, Place};
use super::rule::Context;
use crate::schema::{Change, ChangeKind, Index, mentions};
use crate::sql::ddl::{Action, ActionKind, ConstraintKind, Detail, ObjectKind, Reading, Verb};
use crate::sql::{Span, Token};

/// PostgreSQL cuts longer names.
const LONGEST_NAME: usize = 63;

/// An index that is created, dropped or built anew: `CONCURRENTLY`, and so outside a transaction.
pub fn concurrently(statement: usize, context: &Context<'_>) -> Option<Fix> {
    let reading = context.read(statement);
    let fits = match (reading.verb, reading.object) {
        (Verb::Create, Some(ObjectKind::Index)) => true,
        // It takes one index, and no CASCADE.
        (Verb::Drop, Some(ObjectKind::Index)) => reading.names.len() == 1 && !reading.flags.cascade,
        (Verb::Reindex, Some(ObjectKind::Index | ObjectKind::Table)) => context.server.since(12, 0, 0),
        _ => false,
    };
    if !fits {
        return None;
    }
    let of = if reading.object == Some(ObjectKind::Table) { "TABLE" } else { "INDEX" };
    let after = word(statement, of, context)?;
    Some(Fix {
        title: "let others go on meanwhile".to_owned(),
        edits: vec![(Span::new(after.end(), after.end()), format!(" {}", cased("CONCURRENTLY", after, context)))],
        place: Place::Outside,
        ..Fix::default()
    })
}

/// A materialized view that has a unique index: `CONCURRENTLY`, which runs inside a transaction, too.
pub fn refreshed_concurrently(statement: usize, context: &Context<'_>) -> Option<Fix> {
    let reading = context.read(statement);
    let view = context.catalog.find(reading.names.first()?)?;
    let whole = |index: &Index| index.predicate.is_none() && index.columns.iter().all(Option::is_some);
    view.indexes.iter().find(|index| index.is_unique() && whole(index))?;
    let after = word(statement, "VIEW", context)?;
    Some(Fix {
        title: "let readers go on meanwhile".to_owned(),
        edits: vec![(Span::new(after.end(), after.end()), format!(" {}", cased("CONCURRENTLY", after, context)))],
        ..Fix::default()
    })
}

/// A unique or primary key that is all of its script: its index is built first, outside a transaction, and becomes the
/// key in a migration that follows.
pub fn key_from_index(change: &Change, context: &Context<'_>) -> Option<Fix> {
    let statement = &context.script.statements[change.statement];
    let reading = context.reading(change);
    let [action] = reading.actions() else { return None };
    let ActionKind::AddConstraint { constraint, .. } = &action.kind else { return None };
    let ChangeKind::AddConstraint { constraint: meant, .. } = &change.kind else { return None };
    let text = context.text();
    let known = change.table.as_ref()?.before.as_ref()?;
    let (name, grammar) = (meant.name.as_ref()?.to_string(), context.grammar());
    let is_key = meant.kind == ConstraintKind::PrimaryKey;
    let required = |column: &str| known.column(column, grammar).is_some_and(|column| column.not_null);
    // What stands behind the columns, an index may have no word for.
    let written = constraint.span.of(text).trim_end();
    let columns = written.split_once('(').filter(|(_, rest)| rest.find(')') == Some(rest.len() - 1))?.1;
    let alone = context.statements().count() == 1;
    if !alone
        || meant.deferrable
        || name.len() > LONGEST_NAME
        || (is_key && !meant.columns.iter().all(|column| required(column)))
    {
        return None;
    }
    let first = statement.tokens(text, context.lexis).code().next()?;
    let lower = |words: &str| cased(words, first, context);
    let quoted = match &constraint.name {
        Some(written) => written.span.of(text).to_owned(),
        None if plain(&name) == name => name.clone(),
        None => format!("\"{name}\""),
    };
    let target = target(reading, action, context)?;
    let table = reading.names.first()?.span().of(text);
    let (create, on) = (lower("CREATE UNIQUE INDEX CONCURRENTLY"), lower("ON"));
    let kind = lower(if is_key { "PRIMARY KEY" } else { "UNIQUE" });
    let (add, using, drop) = (lower("ADD CONSTRAINT"), lower("USING INDEX"), lower("DROP CONSTRAINT"));
    Some(Fix {
        needs: vec![plain(&known.name.name), plain(&name)],
        title: "build its index first, which blocks nobody".to_owned(),
        edits: vec![(statement.span, format!("{create} {quoted} {on} {table} ({columns}"))],
        other_edits: undone_by_index(&name, &quoted, context)?,
        following: vec![Following {
            name: format!("add_{}", plain(&name)),
            up: format!("{target} {add} {quoted} {kind} {using} {quoted};\n"),
            // The index is built again by the next way forth; without its key there is none.
            down: format!("{target} {drop} {quoted};\n"),
        }],
        place: Place::Outside,
    })
}

/// In the other script: the index is dropped in place of the key, if that is all that it does.
fn undone_by_index(name: &str, quoted: &str, context: &Context<'_>) -> Option<Vec<(Span, String)>> {
    let Some(other) = context.other_script() else { return Some(Vec::new()) };
    let statements = other.statements(context.lexis).ok()?;
    let [statement] = statements[..] else { return statements.is_empty().then(Vec::new) };
    let reading = crate::sql::ddl::read(&statement, &other.text, context.lexis);
    let [action] = reading.actions() else { return None };
    let ActionKind::DropConstraint { name: Some(dropped), .. } = &action.kind else { return None };
    let words = "DROP INDEX CONCURRENTLY IF EXISTS";
    let is_lower = statement.of(&other.text).starts_with(|c: char| c.is_lowercase());
    let words = if is_lower { words.to_lowercase() } else { words.to_owned() };
    (dropped.value == name).then(|| vec![(statement.span, format!("{words} {quoted}"))])
}

/// A statement that the server takes outside a transaction only.
pub fn outside() -> Fix {
    Fix { title: "run it outside a transaction".to_owned(), place: Place::Outside, ..Fix::default() }
}

/// A statement of one action that should not share the transaction of those before it.
pub fn later(statement: usize, context: &Context<'_>) -> Option<Fix> {
    let reading = context.read(statement);
    let fix = Fix { title: "run it in a migration of its own".to_owned(), place: Place::Later, ..Fix::default() };
    (reading.actions().len() == 1).then_some(fix)
}

/// A constraint that is added: `NOT VALID`, and validated in a migration that follows.
pub fn not_valid(change: &Change, context: &Context<'_>) -> Option<Fix> {
    let statement = &context.script.statements[change.statement];
    let reading = context.reading(change);
    let action = action(change, reading)?;
    let ActionKind::AddConstraint { constraint, .. } = &action.kind else { return None };
    let text = context.text();
    let first = statement.tokens(text, context.lexis).code().next()?;
    let lower = |words: &str| cased(words, first, context);
    let mut edits = Vec::new();
    let name = match &constraint.name {
        Some(name) => name.span.of(text).to_owned(),
        // The name that the server would choose, since the way back may use it.
        None => {
            let name = chosen_name(change, context)?;
            let at = constraint.span.start;
            edits.push((Span::new(at, at), format!("{} {name} ", lower("CONSTRAINT"))));
            name
        }
    };
    edits.push((Span::new(action.span.end, action.span.end), format!(" {}", lower("NOT VALID"))));
    let target = target(reading, action, context)?;
    let table = &change.table.as_ref()?.name.name;
    Some(Fix {
        needs: vec![table.to_string(), plain(&name)],
        title: "check only new rows, and those that are there in a later migration".to_owned(),
        edits,
        following: vec![Following {
            name: format!("validate_{}", plain(&name)),
            up: format!("{target} {} {name};\n", lower("VALIDATE CONSTRAINT")),
            down: "-- What is checked needs no undoing.\n".to_owned(),
        }],
        ..Fix::default()
    })
}

/// `SET NOT NULL`: proven by a check first, which is validated in a migration of its own.
pub fn proven_not_null(change: &Change, context: &Context<'_>) -> Option<Fix> {
    let statement = &context.script.statements[change.statement];
    let reading = context.reading(change);
    let action = action(change, reading)?;
    let ActionKind::SetNotNull { column } = &action.kind else { return None };
    let text = context.text();
    let first = statement.tokens(text, context.lexis).code().next()?;
    let lower = |words: &str| cased(words, first, context);
    let table = &change.table.as_ref()?.name;
    let name = format!("{}_{}_given", table.name, column.value);
    if name.len() > LONGEST_NAME || plain(&name) != name {
        return None;
    }
    let column = column.span.of(text);
    let target = target(reading, action, context)?;
    let check = format!(
        "{} {name} {} ({column} {}) {}",
        lower("ADD CONSTRAINT"),
        lower("CHECK"),
        lower("IS NOT NULL"),
        lower("NOT VALID")
    );
    let (drop, alter) = (lower("DROP CONSTRAINT"), lower("ALTER COLUMN"));
    let if_exists = lower("IF EXISTS");
    Some(Fix {
        needs: vec![table.name.to_string(), plain(column)],
        title: "prove it with a check that blocks nobody".to_owned(),
        edits: vec![(action.span, check.clone())],
        other_edits: undone_as(&format!("{drop} {if_exists} {name}"), column, context),
        following: vec![
            Following {
                name: format!("validate_{name}"),
                up: format!("{target} {} {name};\n", lower("VALIDATE CONSTRAINT")),
                down: "-- What is checked needs no undoing.\n".to_owned(),
            },
            Following {
                name: format!("require_{}_{}", table.name, plain(column)),
                up: format!("{target} {alter} {column} {};\n{target} {drop} {name};\n", lower("SET NOT NULL")),
                down: format!("{target} {alter} {column} {}, {check};\n", lower("DROP NOT NULL")),
            },
        ],
        ..Fix::default()
    })
}

/// Whether a statement above drops this index if it is there, so that the next builds it anew.
pub fn is_dropped_above(index: &str, statement: usize, context: &Context<'_>) -> bool {
    context.statements().take_while(|(number, ..)| *number < statement).any(|(number, _, heading)| {
        (heading.verb, heading.object) == (Verb::Drop, Some(ObjectKind::Index))
            && heading.flags.if_exists
            && context.read(number).names.iter().any(|dropped| dropped.name.value == index)
    })
}

/// All of these statements, which are about indexes, so that they can run twice: `IF EXISTS` where one is dropped, and
/// the same above where one is built, since `IF NOT EXISTS` is content with an invalid index.
pub fn robust(statements: &[usize], context: &Context<'_>) -> Option<Fix> {
    let edit = |statement: &usize| {
        let reading = context.read(*statement);
        let name = reading.names.first()?.span();
        let index = word(*statement, "INDEX", context)?;
        match (reading.verb, reading.object) {
            (Verb::Create, Some(ObjectKind::Index)) => {
                let start = context.script.statements[*statement].span.start;
                let drop = cased("DROP INDEX CONCURRENTLY IF EXISTS", index, context);
                let Detail::Index(built) = &reading.detail else { return None };
                // The index is in the schema of its table.
                let schema = built.table.as_ref()?.schema();
                let schema = schema.map_or_else(String::new, |name| format!("{}.", name.span.of(context.text())));
                Some((Span::new(start, start), format!("{drop} {schema}{};\n", name.of(context.text()))))
            }
            (Verb::Drop, Some(ObjectKind::Index)) => {
                Some((Span::new(name.start, name.start), format!("{} ", cased("IF EXISTS", index, context))))
            }
            _ => None,
        }
    };
    let edits: Option<Vec<_>> = statements.iter().map(edit).collect();
    Some(Fix { title: "let each run twice".to_owned(), edits: edits?, ..Fix::default() })
}

/// Words at the end of a statement.
pub fn appended(statement: usize, title: &str, words: &str, context: &Context<'_>) -> Option<Fix> {
    let statement = &context.script.statements[statement];
    let first = statement.tokens(context.text(), context.lexis).code().next()?;
    let end = statement.span.end;
    let edits = vec![(Span::new(end, end), cased(words, first, context))];
    Some(Fix { title: title.to_owned(), edits, ..Fix::default() })
}

/// A directive at the top of the script.
pub fn directive(title: &str, directive: &str) -> Fix {
    let edits = vec![(Span::new(0, 0), format!("-- migrate:{directive}\n"))];
    Fix { title: title.to_owned(), edits, ..Fix::default() }
}

/// In the other script: another action in place of the one that undoes `SET NOT NULL`.
fn undone_as(action: &str, column: &str, context: &Context<'_>) -> Vec<(Span, String)> {
    let Some(other) = context.other_script() else { return Vec::new() };
    for statement in other.statements(context.lexis).unwrap_or_default() {
        let reading = crate::sql::ddl::read(&statement, &other.text, context.lexis);
        for one in reading.actions() {
            if let ActionKind::DropNotNull { column: of } = &one.kind
                && of.span.of(&other.text) == column
            {
                return vec![(one.span, action.to_owned())];
            }
        }
    }
    Vec::new()
}

/// The action that a change is.
fn action<'r>(change: &Change, reading: &'r Reading) -> Option<&'r Action> {
    reading.actions().iter().find(|action| action.span == change.span)
}

/// `alter table users`, as the statement begins.
fn target(reading: &Reading, action: &Action, context: &Context<'_>) -> Option<String> {
    let text = context.text();
    let first = reading.actions().first()?.span.start.min(action.span.start);
    let beginning = &text[reading.span.start..first];
    // A comment in it belongs where it is.
    let words: Vec<&str> = beginning.split_whitespace().collect();
    (!beginning.contains("--") && !beginning.contains("/*")).then(|| words.join(" "))
}

/// The name that PostgreSQL gives a constraint without one; none where that is not certain.
fn chosen_name(change: &Change, context: &Context<'_>) -> Option<String> {
    let ChangeKind::AddConstraint { constraint, .. } = &change.kind else { return None };
    let table = change.table.as_ref()?;
    let known = table.before.as_ref()?;
    let name = match (&constraint.expression, constraint.kind) {
        (Some(expression), ConstraintKind::Check) if known.complete => {
            let used: Vec<&str> = known.columns.iter().map(|column| &*column.name).collect();
            match used.into_iter().filter(|column| mentions(expression, column)).collect::<Vec<_>>()[..] {
                [column] => format!("{}_{column}_check", table.name.name),
                _ => format!("{}_check", table.name.name),
            }
        }
        (_, ConstraintKind::ForeignKey) => constraint.name.as_ref()?.to_string(),
        _ => return None,
    };
    let taken = known.constraint(&name, context.grammar()).is_some();
    (name.len() <= LONGEST_NAME && plain(&name) == name && !taken).then_some(name)
}

/// The first token of the statement that is this word.
fn word(statement: usize, word: &str, context: &Context<'_>) -> Option<Token> {
    let statement = &context.script.statements[statement];
    statement.tokens(context.text(), context.lexis).code().find(|token| token.is_word(context.text(), word))
}

/// Words in capitals as the author would write them.
fn cased(words: &str, like: Token, context: &Context<'_>) -> String {
    let is_lower = like.of(context.text()).starts_with(|c: char| c.is_lowercase());
    if is_lower { words.to_lowercase() } else { words.to_owned() }
}

/// A name as part of another that needs no quotes.
pub fn plain(name: &str) -> String {
    let mut plain: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if plain.starts_with(|c: char| c.is_ascii_digit()) {
        plain.insert(0, '_');
    }
    plain.trim_matches('_').to_owned()
}
