//! Reads directives out of the comments of a script.

use std::time::Duration;

use super::{Directive, DirectiveError, Directives, Phase};
use crate::sql::{Lexis, Span, TokenKind, Tokens};

/// What a directive's comment starts with, after the dashes.
const MARK: &str = "migrate:";

/// Every directive with the form its error messages show.
const FORMS: &[(&str, &str)] = &[
    ("no-transaction", "no-transaction"),
    ("allow", "allow RULE: reason"),
    ("allow-file", "allow-file RULE: reason"),
    ("phase", "phase expand` or `phase contract"),
    ("after", "after RELEASE"),
    ("lock-timeout", "lock-timeout 2s"),
    ("statement-timeout", "statement-timeout 15m"),
    ("retry", "retry off"),
    ("down", "down irreversible: reason"),
    ("rerunnable", "rerunnable"),
    ("foreign-keys", "foreign-keys off"),
];

impl Directives {
    /// The directives of a script, by the lexical rules of its database.
    pub fn read(text: &str, lexis: &Lexis) -> Self {
        let mut directives = Directives::default();
        // Nearly all scripts have none and need not be read for them.
        if !text.contains(MARK) {
            return directives;
        }
        for token in Tokens::new(text, lexis).filter(|token| token.kind == TokenKind::LineComment) {
            let comment = token.of(text).trim_end();
            let Some(words) = comment.trim_start_matches(['-', '#']).trim_start().strip_prefix(MARK) else { continue };
            let span = Span::new(token.start(), token.start() + comment.len());
            let read = if comment.starts_with('#') {
                Err("a directive starts with `-- migrate:`".to_owned())
            } else if !starts_line(text, token.start()) {
                Err("a directive stands on a line of its own, before its statement".to_owned())
            } else {
                directive(words.trim())
            };
            match read {
                Ok(directive) => directives.all.push((span, directive)),
                Err(message) => directives.errors.push(DirectiveError { span, message }),
            }
        }
        directives
    }
}

fn starts_line(text: &str, offset: usize) -> bool {
    let line = text[..offset].rfind('\n').map_or(0, |end| end + 1);
    text[line..offset].trim_start_matches('\u{feff}').trim().is_empty()
}

/// A directive from what follows `migrate:`.
fn directive(words: &str) -> Result<Directive, String> {
    let end = words.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(words.len());
    let (name, rest) = (&words[..end], words[end..].trim());
    let Some((_, form)) = FORMS.iter().find(|(known, _)| *known == name) else { return Err(unknown(name)) };
    let wrong = || format!("`{words}` is not complete: write `-- migrate:{form}`");
    match name {
        "no-transaction" if rest.is_empty() => Ok(Directive::NoTransaction),
        "rerunnable" if rest.is_empty() => Ok(Directive::Rerunnable),
        "retry" if rest == "off" => Ok(Directive::RetryOff),
        "foreign-keys" if rest == "off" => Ok(Directive::ForeignKeysOff),
        "phase" if rest == "expand" => Ok(Directive::Phase(Phase::Expand)),
        "phase" if rest == "contract" => Ok(Directive::Phase(Phase::Contract)),
        "after" if !rest.is_empty() => Ok(Directive::After(rest.to_owned())),
        "lock-timeout" => duration(rest).map(Directive::LockTimeout).ok_or_else(wrong),
        "statement-timeout" => duration(rest).map(Directive::StatementTimeout).ok_or_else(wrong),
        "down" => match rest.strip_prefix("irreversible").map(reason) {
            Some(reason) if !reason.is_empty() => Ok(Directive::DownIrreversible(reason.to_owned())),
            _ => Err(wrong()),
        },
        "allow" => rules(rest).map(|(rules, reason)| Directive::Allow { rules, reason }).ok_or_else(wrong),
        "allow-file" => rules(rest).map(|(rules, reason)| Directive::AllowFile { rules, reason }).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn reason(rest: &str) -> &str {
    rest.trim_start().trim_start_matches(':').trim()
}

/// `RULE[, RULE]: reason`; the colon may be missing.
fn rules(rest: &str) -> Option<(Vec<String>, String)> {
    let is_rule = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let (mut rules, mut rest) = (Vec::new(), rest);
    loop {
        let end = rest.find(|c| !is_rule(c)).unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        rules.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => break,
        }
    }
    (!rules.is_empty()).then(|| (rules, reason(rest).to_owned()))
}

/// `300ms`, `2s`, `15m`, `1h`.
fn duration(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let count: u64 = digits.parse().ok()?;
    let milliseconds = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.checked_mul(milliseconds).map(Duration::from_millis)
}

fn unknown(name: &str) -> String {
    let nearest = FORMS.iter().map(|(known, form)| (distance(name, known), form)).min();
    match nearest {
        Some((distance, form)) if distance <= 3 && distance < name.len() => {
            format!("there is no directive `{name}`; did you mean `-- migrate:{form}`?")
        }
        _ => {
            let known: Vec<&str> = FORMS.iter().map(|(known, _)| *known).collect();
            format!("there is no directive `{name}`; known are {}", known.join(", "))
        }
    }
}

/// How many characters must be put in, left out or replaced to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    // A name of this length is near nothing, and need not be compared.
    if from.len() > 40 {
        return from.len();
    }
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, from) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::statement_after;
    use crate::sql::split;

    fn read(text: &str) -> Directives {
        Directives::read(text, &Lexis::POSTGRES)
    }

    fn one(words: &str) -> Directive {
        let directives = read(&format!("  -- migrate:{words}  \nselect 1;"));
        assert_eq!(directives.errors, []);
        directives.all[0].1.clone()
    }

    #[test]
    fn every_directive() {
        assert_eq!(one("no-transaction"), Directive::NoTransaction);
        assert_eq!(one(" phase contract"), Directive::Phase(Phase::Contract));
        assert_eq!(one("after 2026.11-rc1"), Directive::After("2026.11-rc1".into()));
        assert_eq!(one("lock-timeout 300ms"), Directive::LockTimeout(Duration::from_millis(300)));
        assert_eq!(one("statement-timeout 1h"), Directive::StatementTimeout(Duration::from_secs(3600)));
        assert_eq!(one("retry off"), Directive::RetryOff);
        assert_eq!(one("down irreversible: data is gone"), Directive::DownIrreversible("data is gone".into()));
        assert_eq!(one("rerunnable"), Directive::Rerunnable);
        assert_eq!(one("foreign-keys off"), Directive::ForeignKeysOff);
        let rules = vec!["drop-column".to_owned(), "x_1".to_owned()];
        let reason = "nobody reads it: see the log".to_owned();
        let allow = Directive::Allow { rules: rules.clone(), reason: reason.clone() };
        assert_eq!(one("allow drop-column, x_1: nobody reads it: see the log"), allow);
        assert_eq!(one("allow drop-column,x_1 nobody reads it: see the log"), allow);
        assert_eq!(
            one("allow-file drop-column, x_1: nobody reads it: see the log"),
            Directive::AllowFile { rules, reason }
        );
        assert_eq!(one("allow a"), Directive::Allow { rules: vec!["a".into()], reason: String::new() });
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let text = "-- migrate:no-transactions\n-- migrate:phase shrink\n-- migrate:lock-timeout 5\n\
                    select 1; -- migrate:retry off\n-- migrate:frobnicate\n-- migrate:down irreversible\n-- migrate:";
        let messages: Vec<String> = read(text).errors.into_iter().map(|error| error.message).collect();
        assert_eq!(messages[0], "there is no directive `no-transactions`; did you mean `-- migrate:no-transaction`?");
        assert_eq!(messages[1], "`phase shrink` is not complete: write `-- migrate:phase expand` or `phase contract`");
        assert_eq!(messages[2], "`lock-timeout 5` is not complete: write `-- migrate:lock-timeout 2s`");
        assert_eq!(messages[3], "a directive stands on a line of its own, before its statement");
        assert!(messages[4].starts_with("there is no directive `frobnicate`; known are no-transaction, allow"));
        assert!(messages[5].contains("down irreversible: reason"));
        assert_eq!(messages.len(), 7);
    }

    #[test]
    fn only_comments_count() {
        let text = "select '\n-- migrate:retry off\n', $$\n-- migrate:nothing\n$$; /*\n-- migrate:retry off\n*/";
        assert_eq!(read(text), Directives::default());
        let text = "select '\\'\n-- migrate:retry off\n-- '";
        assert_eq!(Directives::read(text, &Lexis::POSTGRES).all.len(), 1);
        assert_eq!(Directives::read(text, &Lexis::MYSQL).all.len(), 0);
    }

    #[test]
    fn an_allowance_belongs_to_the_next_statement() {
        let text =
            "select 1;\n-- migrate:allow a: b\nselect 2;\nselect\n-- migrate:allow a: b\n3;\n-- migrate:allow a: b";
        let statements = split(text, &Lexis::POSTGRES).unwrap();
        let found: Vec<_> = read(text).all.iter().map(|(span, _)| statement_after(*span, &statements)).collect();
        assert_eq!(found, [Some(1), Some(2), None]);
    }
}
