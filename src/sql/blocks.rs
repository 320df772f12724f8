//! Statements of a script of which parts are marked as whole by its tool, whatever semicolons they hold.

use super::cursor::code;
use super::ddl;
use super::effect::{Effect, effect};
use super::lex::{Lexis, TokenKind};
use super::place::Span;
use super::split::{SplitError, Statement, StatementKind, split};

/// The statements of a script whose `blocks`, in order and apart from each other, are never cut by mistake.
///
/// A block is one statement, unless it can be read as several that are all known: then the server would take it for
/// several, too. What lies between blocks is split as usual, each part by itself.
///
/// # Errors
///
/// When a part between blocks ends inside something, or holds what no script can hold.
pub fn split_around(text: &str, blocks: &[Span], lexis: &Lexis) -> Result<Vec<Statement>, SplitError> {
    if blocks.is_empty() {
        return split(text, lexis);
    }
    let mut statements = Vec::new();
    let mut from = 0;
    for block in blocks {
        statements.extend(within(text, Span::new(from, block.start), lexis)?);
        statements.extend(of_block(text, *block, lexis));
        from = block.end;
    }
    statements.extend(within(text, Span::new(from, text.len()), lexis)?);
    Ok(statements)
}

/// The statements of a part of the text, with places in the whole.
fn within(text: &str, part: Span, lexis: &Lexis) -> Result<Vec<Statement>, SplitError> {
    let moved = |span: Span| Span::new(span.start + part.start, span.end + part.start);
    let statements = split(part.of(text), lexis).map_err(|error| SplitError { span: moved(error.span), ..error })?;
    let moved = statements.into_iter().map(|statement| Statement {
        span: moved(statement.span),
        kind: match statement.kind {
            StatementKind::CopyData { data } => StatementKind::CopyData { data: moved(data) },
            kind => kind,
        },
    });
    Ok(moved.collect())
}

fn of_block(text: &str, block: Span, lexis: &Lexis) -> Vec<Statement> {
    match within(text, block, lexis) {
        Ok(statements) if statements.len() < 2 || statements.iter().all(|one| is_known(one, text, lexis)) => statements,
        _ => whole(text, block, lexis).into_iter().collect(),
    }
}

/// Whether this is certainly a statement, and no piece of one that was cut where it should not have been.
fn is_known(statement: &Statement, text: &str, lexis: &Lexis) -> bool {
    ddl::read(statement, text, lexis).unknown().is_none()
        && !matches!(effect(statement, text, lexis), Effect::Control(_))
}

/// The block as one statement, from its first token to its last but the terminators; none if it says nothing.
fn whole(text: &str, block: Span, lexis: &Lexis) -> Option<Statement> {
    let mut tokens = code(text, block, lexis);
    while tokens.last().is_some_and(|last| last.kind == TokenKind::Delimiter || last.is_symbol(text, ";")) {
        tokens.pop();
    }
    let (start, end) = (tokens.first()?.start(), tokens.last()?.span().end);
    let end = start + text[start..end].trim_end().len();
    Some(Statement { span: Span::new(start, end), kind: StatementKind::Sql })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits a text whose blocks stand between `--[[` and `--]]`.
    fn split_marked<'t>(text: &'t str, lexis: &Lexis) -> Vec<&'t str> {
        let starts = text.match_indices("[[").map(|(at, _)| at + 2);
        let blocks: Vec<Span> =
            starts.zip(text.match_indices("--]]")).map(|(start, (end, _))| Span::new(start, end)).collect();
        split_around(text, &blocks, lexis).unwrap().iter().map(|statement| statement.of(text)).collect()
    }

    #[test]
    fn a_block_is_one_statement_whatever_it_holds() {
        let text = "select 1; --[[\n-- about\ncreate rule r as frobnicate begin; odd; end;\n--]]\nselect 2; select 3";
        assert_eq!(
            split_marked(text, &Lexis::POSTGRES),
            ["select 1", "create rule r as frobnicate begin; odd; end", "select 2", "select 3"]
        );
        let text = "--[[\ncreate function f() returns void as $$ begin; a; end $$ language plpgsql;\n--]]";
        assert_eq!(split_marked(text, &Lexis::POSTGRES).len(), 1);
        assert_eq!(split_marked("--[[\n-- nothing\n;\n--]]\nselect 1", &Lexis::POSTGRES), ["select 1"]);
    }

    #[test]
    fn several_known_statements_in_a_block_are_several() {
        let text = "--[[\ncreate table a (b int);\ninsert into a values (1);\n--]]";
        assert_eq!(split_marked(text, &Lexis::POSTGRES), ["create table a (b int)", "insert into a values (1)"]);
    }

    #[test]
    fn what_is_never_closed_in_a_block_is_for_the_server_to_judge() {
        assert_eq!(split_marked("--[[\nselect 'a;\n--]]\nselect 2", &Lexis::POSTGRES), ["select 'a;", "select 2"]);
        let error = split_around("--\n\nselect 'a;", &[Span::new(2, 3)], &Lexis::POSTGRES).unwrap_err();
        assert_eq!(error.span, Span::new(11, 14));
    }
}
