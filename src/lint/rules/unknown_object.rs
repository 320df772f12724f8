use super::prelude::*;
use crate::sql::ddl::ActionKind;
use crate::sql::{Lexis, Token, TokenKind, Tokens};

rule! {
    /// A statement that names something the migrations never made fails.
    ///
    /// It is a misspelling, or the migration that makes it is missing. Only tables whose whole history is known are looked at.
    ///
    /// ```sql fires postgres
    /// create table users (id int, email text);
    /// -- next migration
    /// alter table users add constraint given check (emial is null) not valid;
    /// ```
    ///
    /// ```sql fires postgres
    /// create table users (id int);
    /// -- next migration
    /// alter table users drop constraint users_key;
    /// ```
    ///
    /// ```sql fires
    /// create table users (id int, email varchar(50));
    /// -- next migration
    /// create index users_email on users (emial);
    /// ```
    ///
    /// ```sql fires
    /// create table users (id int, email varchar(50));
    /// -- next migration
    /// alter table users drop column emial;
    /// ```
    ///
    /// ```sql fires
    /// create table users (id int);
    /// alter table users rename to people;
    /// -- next migration
    /// drop table users;
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table users (id int);
    /// -- next migration
    /// alter table users drop constraint if exists users_key;
    /// alter table users drop column if exists email;
    /// ```
    ///
    /// A key without a name is called as the index that it takes over:
    ///
    /// ```sql quiet postgres
    /// create table users (id int not null);
    /// create unique index users_pk on users (id);
    /// alter table users add primary key using index users_pk;
    /// -- next migration
    /// alter table users drop constraint users_pk;
    /// ```
    ///
    /// A rebuild may bring a column together with the constraint on it:
    ///
    /// ```sql quiet sqlite
    /// create table plays (track text not null);
    /// -- next migration
    /// create table plays_new (id integer primary key, track text not null);
    /// insert into plays_new select rowid, track from plays;
    /// drop table plays;
    /// alter table plays_new rename to plays;
    /// ```
    "unknown-object", Error [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.settings.gaps {
        return;
    }
    if let (ChangeKind::DropTable { .. }, Some(table)) = (&change.kind, &change.table)
        && table.before.is_none()
        && !context.heading(change).flags.if_exists
        && context.reading(change).names.iter().any(|written| context.catalog.is_gone(written))
    {
        findings
            .report(change, format!("`{}` is not there any more: it was dropped, or has another name", table.name))
            .help("name the table that is there, or write IF EXISTS");
        return;
    }
    let Some(known) = used(change).and_then(|table| table.before.as_ref()).filter(|table| table.complete) else {
        return;
    };
    let grammar = context.grammar();
    let missing = match &change.kind {
        ChangeKind::DropConstraint { name: Some(name), constraint: None, if_exists: false, .. } => {
            Some(format!("constraint `{name}`"))
        }
        ChangeKind::AddConstraint { constraint, .. } => {
            let compared = constraint.expression.iter().flat_map(|demand| compared_columns(demand, context.lexis));
            let mut columns = constraint.columns.iter().map(ToString::to_string).chain(compared);
            let added = |name: &str| context.beside(change).any(|other| other.adds_column(name, grammar));
            let missing = columns.find(|column| known.column(column, grammar).is_none() && !added(column));
            missing.map(|column| format!("column `{column}`"))
        }
        ChangeKind::CreateIndex { index, .. } => {
            let mut columns = index.columns.iter().flatten();
            columns.find(|column| known.column(column, grammar).is_none()).map(|column| format!("column `{column}`"))
        }
        _ => changed_column(change, context)
            .filter(|column| known.column(column, grammar).is_none())
            .map(|column| format!("column `{column}`")),
    };
    if let Some(missing) = missing {
        findings
            .report(change, format!("`{}` has no {missing} according to the migrations before", known.name))
            .help("check the spelling, or add the migration that makes it");
    }
}

/// The column that a change needs.
fn changed_column<'c>(change: &'c Change, context: &Context<'_>) -> Option<&'c str> {
    let tolerates = context.reading(change).actions().iter().any(|action| {
        let if_exists = match &action.kind {
            ActionKind::DropColumn { if_exists, .. }
            | ActionKind::ModifyColumn { if_exists, .. }
            | ActionKind::ChangeColumn { if_exists, .. } => *if_exists,
            _ => false,
        };
        action.span == change.span && if_exists
    });
    let column = match &change.kind {
        ChangeKind::DropColumn { name: column, .. }
        | ChangeKind::RenameColumn { from: column, .. }
        | ChangeKind::ChangeType { column, .. }
        | ChangeKind::SetNotNull { column, .. }
        | ChangeKind::DropNotNull { column, .. }
        | ChangeKind::SetDefault { column, .. }
        | ChangeKind::DropDefault { column, .. } => column,
        _ => return None,
    };
    // A whole new definition is one thing that is missing, and not each of its parts.
    let first = context.beside(change).find(|other| other.span == change.span && !is_definition(other));
    (!tolerates && first.is_some_and(|first| std::ptr::eq(first, change))).then_some(column)
}

fn is_definition(change: &Change) -> bool {
    matches!(change.kind, ChangeKind::ModifyColumn { .. })
}

/// The columns that an expression compares: those that stand before a comparison and after what cannot be part of one.
fn compared_columns(expression: &str, lexis: &Lexis) -> Vec<String> {
    let tokens: Vec<Token> = Tokens::new(expression, lexis).code().collect();
    let starts = |token: &Token| token.is_symbol(expression, "(") || is_any(token, expression, &["AND", "OR", "NOT"]);
    let compares = |token: &Token| {
        let symbols = ["=", "<", ">", "<=", ">=", "<>", "!="];
        symbols.iter().any(|symbol| token.is_symbol(expression, symbol))
            || is_any(token, expression, &["IS", "IN", "LIKE"])
    };
    let mut columns = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let word =
            token.kind == TokenKind::Word && !is_any(token, expression, &["NOT", "NULL", "TRUE", "FALSE", "VALUE"]);
        let alone = (at == 0 || starts(&tokens[at - 1])) && tokens.get(at + 1).is_some_and(compares);
        if word && alone {
            columns.push(token.of(expression).to_ascii_lowercase());
        }
    }
    columns
}

fn is_any(token: &Token, text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| token.is_word(text, word))
}
