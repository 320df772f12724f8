//! The less plain ways to set something on PostgreSQL: by a function, and inside blocks.

use std::collections::BTreeSet;

use super::{Lexis, Span, Token, TokenKind};
use crate::sql::cursor::code;

/// A call of `set_config`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call<'t> {
    /// The function's name, where it is called.
    pub function: Span,
    /// The setting, if it is written out; a computed one is not known.
    pub setting: Option<&'t str>,
    /// Its value, likewise.
    pub value: Option<&'t str>,
    /// Whether it holds for the transaction alone.
    pub local: bool,
}

impl Call<'_> {
    /// Whether it certainly sets this.
    pub fn sets(&self, setting: &str) -> bool {
        self.setting.is_some_and(|name| name.eq_ignore_ascii_case(setting))
    }
}

/// The calls of `set_config` among these tokens.
pub(super) fn calls<'t>(tokens: &[Token], text: &'t str) -> Vec<Call<'t>> {
    let argument = |token: Option<&Token>| {
        token.filter(|token| token.kind == TokenKind::String).map(|token| within(token, text).of(text))
    };
    let is_call = |three: &&[Token]| three[0].is_name(text, "set_config") && three[1].is_symbol(text, "(");
    let follows = |at: usize| tokens.get(at).is_some_and(|token| token.is_symbol(text, ","));
    let at = |index: usize| Call {
        function: tokens[index].span(),
        setting: argument(tokens.get(index + 2)).filter(|_| follows(index + 3)),
        value: argument(tokens.get(index + 4)).filter(|_| follows(index + 5)),
        local: tokens.get(index + 6).is_some_and(|token| token.is_word(text, "TRUE")),
    };
    tokens.windows(2).enumerate().filter(|(_, two)| is_call(two)).map(|(index, _)| at(index)).collect()
}

/// What a block leaves in its session, as far as its text tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inside {
    /// The settings that it leaves changed, by name; one that is computed has none.
    pub sets: BTreeSet<String>,
    /// It changes with whose rights the session acts.
    pub role: bool,
    /// It makes a temporary table or the like.
    pub temporary: bool,
}

/// How deep strings that are executed may lie in others and still be read.
const DEPTH: usize = 4;

/// What the bodies of a `DO` leave in its session.
pub(super) fn inside(tokens: &[Token], text: &str) -> Inside {
    let mut found = Inside::default();
    for token in tokens.iter().filter(|token| matches!(token.kind, TokenKind::DollarString | TokenKind::String)) {
        found.read(text, within(token, text), DEPTH);
    }
    found
}

impl Inside {
    /// Reads statements: those of a body, or those of a string that it executes.
    fn read(&mut self, text: &str, span: Span, depth: usize) {
        let tokens = code(text, span, &Lexis::POSTGRES);
        let mut calls = calls(&tokens, text).into_iter().filter(|call| !call.local).peekable();
        let (mut begins, mut executes) = (true, false);
        for (index, token) in tokens.iter().enumerate() {
            let word_at = |at: usize, words: &[&str]| {
                tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is_word(text, word)))
            };
            let word = |words: &[&str]| word_at(index, words);
            if let Some(call) = calls.next_if(|call| call.function == token.span()) {
                self.set(call.setting.unwrap_or_default(), call.value.is_some_and(|value| value == "none"));
            } else if begins && word(&["SET"]) && !word_at(index + 1, &["LOCAL", "TRANSACTION", "CONSTRAINTS"]) {
                let at = index + 1 + usize::from(word_at(index + 1, &["SESSION"]));
                let value = at + 1 + usize::from(word_at(at, &["AUTHORIZATION"]));
                let name = tokens.get(at).map_or("", |token| token.of(text));
                self.set(name, word_at(at, &["ROLE", "AUTHORIZATION"]) && word_at(value, &["NONE", "DEFAULT"]));
            } else if begins && word(&["RESET"]) {
                self.reset(tokens.get(index + 1).map_or("", |token| token.of(text)));
            }
            let into = index > 0 && word_at(index - 1, &["INTO"]);
            self.temporary |= token.is_name(text, "pg_temp")
                || word(&["TEMP", "TEMPORARY"])
                    && (into || word_at(index + 1, &["TABLE", "SEQUENCE", "VIEW", "RECURSIVE"]));
            executes |= word(&["EXECUTE"]);
            if executes && depth > 0 && matches!(token.kind, TokenKind::String | TokenKind::DollarString) {
                self.read(text, within(token, text), depth - 1);
            }
            let ends = token.is_symbol(text, ";");
            executes &= !ends;
            begins = ends || word(&["BEGIN", "THEN", "ELSE", "LOOP"]);
        }
    }

    fn set(&mut self, name: &str, gives_back: bool) {
        let name = name.to_ascii_lowercase();
        match &*name {
            "role" | "authorization" | "session_authorization" => self.role = !gives_back,
            _ => drop(self.sets.insert(name)),
        }
    }

    fn reset(&mut self, name: &str) {
        match &*name.to_ascii_lowercase() {
            "role" | "session" => self.role = false,
            "all" => self.sets.clear(),
            name => drop(self.sets.remove(name)),
        }
    }
}

/// What the quotes of a string enclose.
fn within(string: &Token, text: &str) -> Span {
    let written = string.of(text);
    let quote = match string.kind {
        TokenKind::DollarString => written.get(1..).and_then(|rest| rest.find('$')).map_or(1, |end| end + 2),
        _ => 1,
    };
    let opens = if string.kind == TokenKind::DollarString { 0 } else { written.find('\'').unwrap_or(0) };
    let start = string.start() + opens + quote;
    Span::new(start, (string.end() - quote).max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        code(text, Span::new(0, text.len()), &Lexis::POSTGRES)
    }

    #[test]
    fn calls_are_read_with_what_is_written_out() {
        let text = "select pg_catalog.\"set_config\"('Role', 'app', false), set_config(a, b || 'c', true), set_config";
        let tokens = tokens(text);
        let calls = calls(&tokens, text);
        assert_eq!(
            calls.iter().map(|call| (call.setting, call.value)).collect::<Vec<_>>(),
            [(Some("Role"), Some("app")), (None, None)]
        );
        assert!(calls[0].sets("role") && !calls[1].sets("role"));
    }

    #[test]
    fn what_a_block_leaves_is_seen() {
        let found = |text: &str| {
            let Inside { sets, role, temporary } = inside(&tokens(text), text);
            [(!sets.is_empty(), "sets"), (role, "role"), (temporary, "temporary")]
                .into_iter()
                .filter_map(|(is, word)| is.then_some(word))
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (text, expected) in [
            ("do $$ begin execute 'set search_path to tenant'; end $$", "sets"),
            ("do $b$ begin if x then set role a; end if; end $b$", "role"),
            ("do $$ begin set role a; create table t (x int); reset role; end $$", ""),
            (
                "do $$ begin perform set_config('role', 'a', false); perform set_config('role', 'none', false); end $$",
                "",
            ),
            ("do $$ begin set work_mem = '64MB'; perform 1; reset work_mem; end $$", ""),
            ("do $$ begin execute format($f$ set session role %I $f$, r); end $$", "role"),
            ("do language plpgsql 'begin perform set_config(''role'', r, false); end'", "sets"),
            ("do $$ begin perform set_config('role', r, false); end $$", "role"),
            ("do $$ begin perform set_config('role', 'r', true); end $$", ""),
            ("do $$ begin create temp table t (x int); end $$", "temporary"),
            ("do $$ begin select 1 into temp t; end $$", "temporary"),
            ("do $$ begin create table pg_temp.t (x int); end $$", "temporary"),
            ("do $$ begin set local role a; update t set temp = 1; raise notice 'set role'; end $$", ""),
            ("do $$ begin execute 'update t set x = 1'; end $$", ""),
            ("do $$ $$", ""),
            ("do '", ""),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
