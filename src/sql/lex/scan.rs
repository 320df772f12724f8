//! Finds the end of the token that starts at the present place.

use super::{DoubleQuotes, Grammar, TokenKind, Tokens, Unclosed};

/// A byte that may start an unquoted identifier; all beyond ASCII may.
fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

impl Tokens<'_> {
    fn byte(&self, at: usize) -> u8 {
        if at < self.end { self.text.as_bytes()[at] } else { 0 }
    }

    /// The first place at or after this one whose byte is not of the kind.
    fn run(&self, from: usize, of: impl Fn(u8) -> bool) -> usize {
        let rest = &self.text.as_bytes()[from..self.end];
        rest.iter().position(|byte| !of(*byte)).map_or(self.end, |length| from + length)
    }

    fn starts_with(&self, at: usize, what: &str) -> bool {
        self.text.as_bytes()[at..self.end].starts_with(what.as_bytes())
    }

    /// What the next token is and where it ends; there is at least one byte left.
    pub(super) fn scan(&mut self) -> (TokenKind, usize) {
        let at = self.at;
        if let Some(delimiter) = self.delimiter
            && self.starts_with(at, delimiter)
        {
            return (TokenKind::Delimiter, at + delimiter.len());
        }
        let (first, second) = (self.byte(at), self.byte(at + 1));
        let lexis = self.lexis;
        match first {
            _ if is_blank(first) => (TokenKind::Blank, self.run(at, is_blank)),
            0xef if at == 0 && self.starts_with(0, "\u{feff}") => (TokenKind::Blank, 3),
            b'-' if second == b'-' && self.dash_comment(at) => self.line_comment(at + 2),
            b'#' if lexis.hash_comments => self.line_comment(at + 1),
            b'/' if second == b'*' => self.block_comment(),
            b'*' if second == b'/' && self.versioned > 0 => {
                self.versioned -= 1;
                (TokenKind::VersionClose, at + 2)
            }
            b'\'' => self.string(at, lexis.backslash_escapes),
            b'"' if lexis.double_quotes == DoubleQuotes::String => self.string(at, lexis.backslash_escapes),
            b'"' => self.quoted_name(at, b'"'),
            b'`' if lexis.backtick_identifiers => self.quoted_name(at, b'`'),
            b'[' if lexis.bracket_identifiers => self.bracketed_name(),
            b'$' if lexis.dollar_quotes => self.dollar(),
            b'?' if lexis.named_parameters => (TokenKind::Parameter, self.run(at + 1, |byte| byte.is_ascii_digit())),
            b':' | b'$' if lexis.named_parameters && continues_word(second) => {
                (TokenKind::Parameter, self.run(at + 1, continues_word))
            }
            b'@' if lexis.at_variables => self.variable(),
            _ if first.is_ascii_digit() || (first == b'.' && second.is_ascii_digit()) => self.number(),
            _ if starts_word(first) => self.word(),
            _ => (TokenKind::Symbol, at + 1),
        }
    }

    fn dash_comment(&self, at: usize) -> bool {
        // https://dev.mysql.com/doc/refman/8.4/en/ansi-diff-comments.html: `5--1` is arithmetic there.
        !self.lexis.dash_comment_needs_blank || at + 2 >= self.end || self.byte(at + 2) <= b' '
    }

    fn line_comment(&self, from: usize) -> (TokenKind, usize) {
        let carriage_return_ends = self.lexis.grammar == Grammar::Postgres;
        let inside = |byte| byte != b'\n' && !(byte == b'\r' && carriage_return_ends);
        (TokenKind::LineComment, self.run(from, inside))
    }

    fn block_comment(&mut self) -> (TokenKind, usize) {
        let at = self.at;
        if let Some(opening) = self.lexis.versioned_comments.iter().find(|opening| self.starts_with(at, opening)) {
            self.versioned += 1;
            return (TokenKind::VersionOpen, self.run(at + opening.len(), |byte| byte.is_ascii_digit()));
        }
        let bytes = self.text.as_bytes();
        let (mut next, mut depth) = (at + 2, 1_usize);
        while next + 1 < self.end {
            match (bytes[next], bytes[next + 1]) {
                (b'*', b'/') => {
                    depth -= 1;
                    next += 2;
                    if depth == 0 {
                        return (TokenKind::BlockComment, next);
                    }
                }
                (b'/', b'*') if self.lexis.nested_comments => {
                    depth += 1;
                    next += 2;
                }
                _ => next += 1,
            }
        }
        (TokenKind::Open(Unclosed::Comment), self.end)
    }

    /// A string whose quote stands at `at`; its token may have started before, at a prefix.
    fn string(&self, at: usize, escapes: bool) -> (TokenKind, usize) {
        let quote = self.byte(at);
        let mut next = at + 1;
        loop {
            next = self.run(next, |byte| byte != quote && byte != b'\\');
            if next >= self.end {
                return (TokenKind::Open(Unclosed::String), self.end);
            }
            if self.byte(next) == b'\\' {
                next += if escapes { self.escaped(next) } else { 1 };
            } else if self.byte(next + 1) == quote {
                next += 2;
            } else {
                return (TokenKind::String, next + 1);
            }
        }
    }

    /// The length of a backslash and the character after it.
    fn escaped(&self, at: usize) -> usize {
        let next = self.text[at + 1..self.end].chars().next();
        1 + next.map_or(0, char::len_utf8)
    }

    /// An `E'…'` string goes on, escapes and all, when its next part stands on another line. Other strings do, too, but
    /// their parts have no escapes either way.
    fn escape_string(&self, quote: usize) -> (TokenKind, usize) {
        let mut part = self.string(quote, true);
        while part.0 == TokenKind::String
            && let Some(next) = self.next_line(part.1).filter(|next| self.byte(*next) == b'\'')
        {
            part = self.string(next, true);
        }
        part
    }

    /// Where it goes on behind blanks, line comments and at least one end of a line.
    fn next_line(&self, from: usize) -> Option<usize> {
        let mut next = from;
        let mut new_line = false;
        loop {
            let blanks = next;
            next = self.run(next, is_blank);
            new_line |= self.text.as_bytes()[blanks..next].iter().any(|byte| matches!(byte, b'\n' | b'\r'));
            if !self.starts_with(next, "--") {
                return new_line.then_some(next);
            }
            next = self.line_comment(next + 2).1;
        }
    }

    fn quoted_name(&self, at: usize, quote: u8) -> (TokenKind, usize) {
        let mut next = at + 1;
        loop {
            next = self.run(next, |byte| byte != quote);
            if next >= self.end {
                return (TokenKind::Open(Unclosed::Name), self.end);
            }
            if self.byte(next + 1) != quote {
                return (TokenKind::QuotedName, next + 1);
            }
            next += 2;
        }
    }

    fn bracketed_name(&self) -> (TokenKind, usize) {
        let end = self.run(self.at + 1, |byte| byte != b']');
        if end < self.end { (TokenKind::QuotedName, end + 1) } else { (TokenKind::Open(Unclosed::Name), end) }
    }

    /// `$1`, `$tag$ … $tag$`, or a lone dollar sign.
    fn dollar(&self) -> (TokenKind, usize) {
        let at = self.at;
        if self.byte(at + 1).is_ascii_digit() {
            return (TokenKind::Parameter, self.run(at + 1, |byte| byte.is_ascii_digit()));
        }
        let tag_end = self.run(at + 1, |byte| byte != b'$' && continues_word(byte));
        if self.byte(tag_end) != b'$' || tag_end >= self.end {
            return (TokenKind::Symbol, at + 1);
        }
        let tag = &self.text[at..=tag_end];
        match self.text[tag_end + 1..self.end].find(tag) {
            Some(length) => (TokenKind::DollarString, tag_end + 1 + length + tag.len()),
            None => (TokenKind::Open(Unclosed::DollarString), self.end),
        }
    }

    /// `@name`, `@@session.name`, `@'quoted'`; a lone `@` is a symbol.
    fn variable(&self) -> (TokenKind, usize) {
        let at = self.run(self.at, |byte| byte == b'@').min(self.at + 2);
        let end = self.run(at, |byte| continues_word(byte) || (byte == b'.' && self.lexis.grammar.is_mysql()));
        if end > at { (TokenKind::Parameter, self.cut(end)) } else { (TokenKind::Symbol, self.at + 1) }
    }

    fn number(&self) -> (TokenKind, usize) {
        let at = self.at;
        let mut end = self.run(at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if self.lexis.words_start_with_digits {
            let word_end = self.run(at, continues_word);
            if !is_number(&self.text[at..word_end]) && self.byte(at) != b'.' {
                return (TokenKind::Word, self.cut(word_end));
            }
        }
        if self.byte(end) == b'.' && self.byte(end + 1) != b'.' {
            end = self.run(end + 1, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        }
        let exponent = matches!(self.byte(end - 1), b'e' | b'E') && !self.starts_with(at, "0x");
        if exponent && matches!(self.byte(end), b'+' | b'-') && self.byte(end + 1).is_ascii_digit() {
            end = self.run(end + 1, |byte| byte.is_ascii_digit());
        }
        (TokenKind::Number, self.cut(end))
    }

    fn word(&self) -> (TokenKind, usize) {
        let (at, lexis) = (self.at, self.lexis);
        let end = self.run(at, continues_word);
        if end == at + 1 {
            let letter = self.byte(at).to_ascii_uppercase();
            if self.byte(end) == b'\'' && lexis.string_prefixes.contains(&letter) {
                return match letter {
                    b'E' => self.escape_string(end),
                    _ => self.string(end, lexis.backslash_escapes),
                };
            }
            if letter == b'U' && lexis.unicode_prefix && self.byte(end) == b'&' {
                match self.byte(end + 1) {
                    b'\'' => return self.string(end + 1, false),
                    b'"' => return self.quoted_name(end + 1, b'"'),
                    _ => {}
                }
            }
        }
        (TokenKind::Word, self.cut(end))
    }

    /// The end of a token that a delimiter such as `$$` may cut short: `END$$`.
    fn cut(&self, end: usize) -> usize {
        let Some(delimiter) = self.delimiter else { return end };
        // A delimiter may begin inside the token and end after it: `END$/`.
        let reach = self.text.floor_char_boundary((end + delimiter.len() - 1).min(self.end));
        self.text[self.at..reach].find(delimiter).map_or(end, |at| self.at + at)
    }
}

/// Whether a run that starts with a digit is a number and not a MySQL identifier such as `2fa`.
fn is_number(run: &str) -> bool {
    let based = |prefix: &str, base| {
        run.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(base)))
    };
    let digits = run.trim_start_matches(|c: char| c.is_ascii_digit());
    let exponent = digits.strip_prefix(['e', 'E']).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    digits.is_empty() || exponent || based("0x", 16) || based("0b", 2)
}
