use super::prelude::*;
use crate::sql::ddl::Verb;
use crate::sql::{Token, TokenKind};

rule! {
    /// PostgreSQL silently cuts names after 63 bytes.
    ///
    /// Code that uses the whole name still finds the object, tools that compare names do not, and two long names may become
    /// one. Choose a shorter name.
    ///
    /// ```sql fires postgres
    /// create table t (this_is_a_column_name_that_is_really_much_longer_than_sixty_three_bytes int);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create table t (id int);
    /// ```
    "identifier-too-long", Warning [Style] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.grammar() != Grammar::Postgres {
        return;
    }
    for (number, statement, heading) in context.statements() {
        if !matches!(heading.verb, Verb::Create | Verb::Alter) {
            continue;
        }
        let is_name = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
        let length = |token: &Token| token.of(context.text()).trim_matches('"').len();
        let mut tokens = statement.tokens(context.text(), context.lexis).code();
        if let Some(long) = tokens.find(|token| is_name(token) && length(token) > LONGEST) {
            findings
                .report_at(Some(number), long.span(), "the server cuts this name after 63 bytes")
                .help("choose a shorter name");
        }
    }
}

/// The bytes that PostgreSQL keeps of a name.
const LONGEST: usize = 63;
