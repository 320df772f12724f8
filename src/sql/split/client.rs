//! What scripts hold that is for a shell and not for the server: `\…`, `DELIMITER`, `.…`, and data after `COPY`.

use super::{Client, Draft, Span, SplitError, Statements, Token, TokenKind};

/// The longest delimiter of the mysql shell, in bytes.
const LONGEST_DELIMITER: usize = 15;

/// A command of a shell.
pub(super) enum Command<'t> {
    /// Ends the statement as a semicolon does.
    Terminator,
    /// Chooses what ends statements from here on; none is the semicolon.
    Delimiter(Option<&'t str>),
    /// Anything else, to the end of its line.
    Other(Span),
}

impl<'t> Statements<'t> {
    /// The shell's command that this token starts, if it starts one.
    pub(super) fn client_command(
        &mut self,
        token: &Token,
        draft: &Draft<'t>,
    ) -> Result<Option<Command<'t>>, SplitError> {
        let word = token.of(self.text);
        let fresh = draft.span.is_none();
        let line = || Command::Other(self.rest_of_line(token.start()));
        Ok(match self.lexis.client {
            Client::Psql if word == "\\" => Some(line()),
            Client::Sqlite if word == "." && fresh => Some(line()),
            Client::MySql if word == "\\" => {
                let letter = self.text[token.end()..].chars().next();
                if matches!(letter, Some('g' | 'G')) {
                    self.tokens.seek(token.end() + 1);
                    Some(Command::Terminator)
                } else {
                    Some(line())
                }
            }
            Client::MySql if token.is_word(self.text, "DELIMITER") && self.starts_line(token.start()) => {
                self.delimiter_command(token, draft)?
            }
            Client::MySql if fresh && token.is_word(self.text, "SOURCE") => Some(line()),
            _ => None,
        })
    }

    fn delimiter_command(&mut self, token: &Token, draft: &Draft<'t>) -> Result<Option<Command<'t>>, SplitError> {
        let mut line = self.rest_of_line(token.start());
        let mut argument = self.text[token.end()..line.end].trim();
        if argument.is_empty() && draft.span.is_none() {
            // Flyway takes a delimiter that stands alone on the next line.
            let next = self.rest_of_line((line.end + 1).min(self.text.len()));
            if !next.of(self.text).trim().contains(|c: char| c.is_whitespace() || c.is_alphanumeric()) {
                line.end = next.end;
                argument = next.of(self.text).trim();
            }
        }
        if draft.span.is_some() {
            // A column may be called `delimiter`; a script that has changed its terminator means the command.
            if !self.tokens.has_delimiter() || argument.is_empty() || argument.contains([' ', ',', '(']) {
                return Ok(None);
            }
            let message = "`DELIMITER` stands inside a statement that has not ended";
            return Err(SplitError::new(line, message, "end the statement with the delimiter in force first"));
        }
        let word = argument.split_whitespace().next().unwrap_or_default();
        let word = word.trim_matches(['\'', '"', '`']);
        if word.is_empty() || word.contains('\\') {
            let hint = "write it on the same line, as in `DELIMITER $$`";
            return Err(SplitError::new(line, "`DELIMITER` names no delimiter", hint));
        }
        if word.len() > LONGEST_DELIMITER {
            let message =
                format!("this delimiter is longer than {LONGEST_DELIMITER} bytes, where the mysql shell cuts it");
            return Err(SplitError::new(line, message, "write a shorter one, as in `DELIMITER $$`"));
        }
        self.tokens.seek(line.end);
        Ok(Some(Command::Delimiter(Some(word).filter(|word| *word != ";"))))
    }

    /// From this place to the end of the line, without trailing blanks.
    fn rest_of_line(&self, start: usize) -> Span {
        let rest = &self.text[start..];
        let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
        Span::new(start, start + line.trim_end().len())
    }

    fn starts_line(&self, offset: usize) -> bool {
        let before = self.text[..offset].trim_end_matches([' ', '\t']);
        before.is_empty() || before.ends_with(['\n', '\r', '\u{feff}'])
    }

    /// Steps over the data of a `COPY … FROM stdin` whose terminator has just been read.
    pub(super) fn copy_data(&mut self) -> Span {
        let from = self.tokens.offset();
        let start = self.text[from..].find('\n').map_or(self.text.len(), |at| from + at + 1);
        let mut line_start = start;
        for line in self.text[start..].split_inclusive('\n') {
            if line.trim_end_matches(['\n', '\r']) == "\\." {
                self.tokens.seek(line_start + line.len());
                return Span::new(start, line_start);
            }
            line_start += line.len();
        }
        self.tokens.seek(self.text.len());
        Span::new(start, self.text.len())
    }
}

/// Recognises `COPY … FROM stdin`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum CopyFrom {
    #[default]
    Start,
    Copy,
    From,
    Stdin,
    Other,
}

impl CopyFrom {
    pub(super) fn feed(&mut self, token: &Token, text: &str, outside_parentheses: bool) {
        let word = |word: &str| token.kind == TokenKind::Word && token.is_word(text, word);
        *self = match *self {
            CopyFrom::Start if word("COPY") => CopyFrom::Copy,
            CopyFrom::Start => CopyFrom::Other,
            CopyFrom::Copy if outside_parentheses && word("FROM") => CopyFrom::From,
            CopyFrom::From if word("STDIN") => CopyFrom::Stdin,
            CopyFrom::From => CopyFrom::Other,
            state => state,
        }
    }

    pub(super) fn is_from_stdin(self) -> bool {
        matches!(self, CopyFrom::Stdin)
    }
}
