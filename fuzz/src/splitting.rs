//! Splitting: nothing is lost, nothing is skipped in silence, and a statement stays one.

use coexist::sql::{Client, Lexis, Span, StatementKind, Statements, TokenKind, Tokens, split};

/// Tokens cover the text, in order, and end between characters.
pub fn tokens_cover(text: &str, lexis: &Lexis) {
    let mut at = 0;
    for token in Tokens::new(text, lexis) {
        assert_eq!(token.start(), at);
        assert!(token.end() > at && text.is_char_boundary(token.end()));
        at = token.end();
    }
    assert_eq!(at, text.len());
}

/// Statements are in order and apart; what lies between them is blank, a comment, or ends a statement.
pub fn nothing_is_skipped(text: &str, lexis: &Lexis) {
    let mut gap = Gap { text, lexis, at: 0, delimiter: ";" };
    for result in Statements::new(text, lexis) {
        let statement = match result {
            Ok(statement) => statement,
            Err(error) => {
                assert!(text.get(error.span.start..error.span.end).is_some(), "{error:?}");
                assert!(!error.message.is_empty() && !error.hint.is_empty());
                return;
            }
        };
        assert!(statement.span.start < statement.span.end && statement.span.start >= gap.at);
        assert!(text.get(statement.span.start..statement.span.end).is_some());
        gap.reaches(statement.span.start);
        gap.at = statement.span.end;
        if let StatementKind::CopyData { data } = statement.kind {
            gap.reaches_line_before(data.start);
            assert!(text.get(data.start..data.end).is_some());
            let ending = text[data.end..].split_inclusive('\n').next().unwrap_or_default();
            assert!(ending.is_empty() || ending.trim_end_matches(['\n', '\r']) == "\\.", "{ending:?}");
            gap.at = data.end + ending.len();
        }
    }
    gap.reaches(text.len());
}

/// The text of a statement, by itself, is that statement.
pub fn a_statement_stays_one(text: &str, lexis: &Lexis) {
    let versioned = lexis.versioned_comments.iter().any(|opening| text.contains(opening));
    if text.to_ascii_lowercase().contains("delimiter") || (versioned && text.contains('\\')) {
        // What ends statements there ends none elsewhere, and a shell's command may cut a versioned comment, too.
        return;
    }
    for statement in Statements::new(text, lexis).map_while(Result::ok) {
        let alone = statement.of(text);
        let behind = Span::new(statement.span.end, text.len());
        let next = Tokens::within(text, behind, lexis).code().next();
        let is_cut = next.is_some_and(|next| next.is_symbol(text, "\\"));
        // A shell's command cuts a statement wherever it stands, two dashes are a comment where nothing follows, and at
        // the start of a file a mark is no character.
        let ends_in_dashes = alone.ends_with("--");
        if is_cut || ends_in_dashes || alone.starts_with('\u{feff}') {
            continue;
        }
        let again = split(alone, lexis).unwrap_or_else(|error| panic!("{alone:?}: {error}"));
        assert_eq!(again.len(), 1, "{alone:?}: {again:?}");
        assert_eq!((again[0].span.start, again[0].span.end), (0, alone.len()), "{alone:?}");
        assert_eq!(std::mem::discriminant(&again[0].kind), std::mem::discriminant(&statement.kind), "{alone:?}");
    }
}

/// Walks over what lies between statements.
struct Gap<'t> {
    text: &'t str,
    lexis: &'t Lexis,
    at: usize,
    delimiter: &'t str,
}

impl<'t> Gap<'t> {
    fn reaches(&mut self, end: usize) {
        let shell = self.lexis.client == Client::MySql;
        while self.at < end {
            let rest = &self.text[self.at..end];
            if rest.starts_with(self.delimiter) {
                self.at += self.delimiter.len();
            } else if shell && (rest.starts_with("\\g") || rest.starts_with("\\G")) {
                self.at += 2;
            } else if shell && rest.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("delimiter")) {
                self.delimiter_command(end);
            } else {
                let token = Tokens::new(rest, self.lexis).next().expect("there is some text");
                let marks = matches!(token.kind, TokenKind::VersionOpen | TokenKind::VersionClose);
                let closes = rest.starts_with("*/") || rest.starts_with('\u{feff}');
                let trivia = token.kind.is_trivia() || marks || closes;
                assert!(trivia, "{:?} is skipped in {:?}", token.of(rest), self.text);
                self.at += if closes { rest.chars().next().map_or(0, char::len_utf8).max(2) } else { token.end() };
            }
        }
        assert_eq!(self.at, end, "a comment reaches into a statement");
    }

    fn delimiter_command(&mut self, end: usize) {
        let rest = &self.text[self.at..end];
        let mut length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        if rest[9..length].trim().is_empty() {
            // It stands on the next line.
            let next = &rest[(length + 1).min(rest.len())..];
            length = rest.len() - next.len() + next.find(['\n', '\r']).unwrap_or(next.len());
        }
        let word = rest[9..length].split_whitespace().next().unwrap_or_default();
        self.delimiter = word.trim_matches(['\'', '"', '`']);
        assert!(!self.delimiter.is_empty());
        self.at += length;
    }

    fn reaches_line_before(&mut self, start: usize) {
        // Behind the terminator, the rest of the line says nothing to the server.
        assert!(start >= self.at && (start == self.text.len() || self.text[..start].ends_with('\n')));
    }
}
