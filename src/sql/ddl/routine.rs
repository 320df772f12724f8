//! Reads the head of a routine: its parameters and what it returns.

use super::Reader;
use super::column::data_type;
use super::definition::DataType;
use super::name::{Name, Names as _};
use super::reading::Detail;
use crate::sql::cursor::Cursor;
use crate::sql::lex::{Grammar, Token, TokenKind};
use crate::sql::place::Span;

/// A routine as its `CREATE` describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutineDefinition {
    /// Its parameters; none where they could not be told.
    pub parameters: Vec<Parameter>,
    /// What it returns, from the word after `RETURNS` on.
    pub returns: Option<Span>,
    /// The type of that; none for `RETURNS TABLE`.
    pub return_type: Option<DataType>,
    /// The columns of `RETURNS TABLE`.
    pub columns: Vec<Parameter>,
    /// Its body, with its quotes.
    pub body: Option<Span>,
}

/// A parameter of a routine.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Option<Name>,
    /// Its type.
    pub data_type: DataType,
    /// Whether a caller gives it a value: it is not only for output.
    pub input: bool,
    /// Whether it is for output.
    pub output: bool,
    /// Whether a caller may leave it out.
    pub has_default: bool,
}

impl Reader<'_, '_> {
    /// The parameters, the type and the body, which are read from where the name ends.
    pub(super) fn routine(&mut self) {
        let grammar = self.grammar;
        let mut head = self.cursor;
        let inside = if head.sees("(") { head.group() } else { None };
        let parameters = inside.map(|inside| parameters(inside, grammar)).unwrap_or_default();
        let body = self.body_span();
        let before_body = |span: &Span| body.is_none_or(|body| span.start < body.start);
        let returns = head.find("RETURNS").map(|found| returned(found, grammar)).filter(before_body);
        let (mut return_type, mut columns) = (None, Vec::new());
        if let Some(returns) = returns {
            let within = |token: &Token| token.start() >= returns.start && token.end() <= returns.end;
            let tokens: Vec<Token> = self.cursor.tokens.iter().filter(|token| within(token)).copied().collect();
            let mut of = Cursor::new(self.cursor.text, &tokens);
            of.eat("SETOF");
            if of.eat("TABLE") {
                columns = of.group().map(|inside| self::parameters(inside, grammar)).unwrap_or_default();
            } else {
                return_type = data_type(&mut of, grammar);
            }
        }
        let routine = RoutineDefinition { parameters, returns, return_type, columns, body };
        self.reading.detail = Detail::Routine(Box::new(routine));
    }
}

/// The parameters between the parentheses.
pub(crate) fn parameters(inside: Cursor<'_>, grammar: Grammar) -> Vec<Parameter> {
    inside.parts().into_iter().filter_map(|part| parameter(part, grammar)).collect()
}

fn parameter(mut part: Cursor<'_>, grammar: Grammar) -> Option<Parameter> {
    let (mut input, mut output) = (true, false);
    match &*part.keyword(0) {
        "IN" | "VARIADIC" => {
            // `IN OUT` is `INOUT`.
            part.step();
            output = part.eat("OUT");
        }
        "OUT" => {
            (input, output) = (false, true);
            part.step();
        }
        "INOUT" => {
            output = true;
            part.step();
        }
        _ => {}
    }
    let named = grammar.is_mysql() || has_name(&part);
    let name = if named { part.name(grammar) } else { None };
    let has_default = part.has("DEFAULT") || part.has("=");
    let head = ["DEFAULT", "=", ":"].iter().filter_map(|word| part.find(word)).map(|found| found.at).min();
    let mut words = Cursor { tokens: &part.tokens[..head.unwrap_or(part.tokens.len())], ..part };
    let data_type = data_type(&mut words, grammar)?;
    Some(Parameter { name, data_type, input, output, has_default })
}

/// Whether a name stands before the type: two words that are not one type.
fn has_name(part: &Cursor<'_>) -> bool {
    const TYPES_OF_TWO_WORDS: &[&str] = &[
        "DOUBLE PRECISION",
        "CHARACTER VARYING",
        "CHAR VARYING",
        "BIT VARYING",
        "NATIONAL CHARACTER",
        "NATIONAL CHAR",
        "TIMESTAMP WITH",
        "TIMESTAMP WITHOUT",
        "TIME WITH",
        "TIME WITHOUT",
    ];
    let is_name = |ahead| {
        part.token(ahead).is_some_and(|token| {
            let kind = token.kind;
            matches!(kind, TokenKind::QuotedName) || (kind == TokenKind::Word && !token.is_word(part.text, "DEFAULT"))
        })
    };
    is_name(0) && is_name(1) && !TYPES_OF_TWO_WORDS.iter().any(|words| part.sees(words)) && !part.sees_interval()
}

impl Cursor<'_> {
    /// `INTERVAL DAY TO SECOND` and its like.
    fn sees_interval(&self) -> bool {
        let fields = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
        self.sees("INTERVAL") && fields.contains(&&*self.keyword(1))
    }
}

/// The type after `RETURNS`, up to the next clause.
fn returned(mut found: Cursor<'_>, grammar: Grammar) -> Span {
    found.step();
    let start = found.here();
    if found.eat("TABLE") {
        let inside = found.group();
        return Span::new(start.start, inside.map_or(start.end, |_| found.tokens[found.at - 1].end()));
    }
    found.eat("SETOF");
    let mut end = start.end;
    if found.qualified(grammar).is_some() {
        end = found.tokens[found.at - 1].end();
    }
    let more = ["PRECISION", "VARYING", "WITH", "WITHOUT", "TIME", "ZONE"];
    loop {
        if found.sees_any(&["(", "["]) {
            found.group();
        } else if found.sees_any(&more) || (found.sees("%") && grammar == Grammar::Postgres) || found.sees("TYPE") {
            found.step();
        } else {
            break;
        }
        end = found.tokens[found.at.min(found.tokens.len()) - 1].end();
    }
    Span::new(start.start, end)
}
