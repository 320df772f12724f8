use super::prelude::*;
use crate::sql::ddl::Verb;
use crate::sql::{Lexis, Token, Tokens};

rule! {
    /// SQL that is put together at run time cannot be judged.
    ///
    /// What it does to code, traffic and data is known only when it runs. Write the statements out.
    ///
    /// ```sql fires postgres
    /// do $$ begin execute format('alter table %I add column tag text', 'orders'); end $$;
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// prepare change_it from @sql;
    /// ```
    ///
    /// ```sql quiet postgres
    /// do $$ begin perform 1; end $$;
    /// ```
    ///
    /// ```sql quiet postgres
    /// do $$ begin
    ///   create trigger t after insert on orders for each row execute function log_it();
    ///   grant execute on function log_it() to app;
    /// end $$;
    /// ```
    "opaque-dynamic-sql", Warning [Meta] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, heading) in context.statements() {
        let dynamic = match heading.verb {
            Verb::Dynamic => context.grammar().is_mysql() && makes_sql(statement.of(context.text())),
            Verb::Do => {
                context.read(number).body().is_some_and(|body| executes(body.of(context.text()), context.lexis))
            }
            _ => false,
        };
        if dynamic {
            findings
                .report_at(Some(number), statement.span, "what this does is known only when it runs")
                .help("write the statements out");
        }
    }
}

/// Whether a body has `EXECUTE` with a text, and not `EXECUTE FUNCTION` or `GRANT EXECUTE`.
fn executes(body: &str, lexis: &Lexis) -> bool {
    let inside = body.trim_start_matches('$').trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    let inside = inside.trim_start_matches(['$', '\'']);
    let tokens: Vec<Token> = Tokens::new(inside, lexis).code().collect();
    let is_any = |at: Option<usize>, words: &[&str]| {
        let token = at.and_then(|at| tokens.get(at));
        token.is_some_and(|token| words.iter().any(|word| token.is_word(inside, word)))
    };
    (0..tokens.len()).any(|at| {
        is_any(Some(at), &["EXECUTE"])
            && !is_any(Some(at + 1), &["FUNCTION", "PROCEDURE", "ON"])
            && !is_any(at.checked_sub(1), &["GRANT", "REVOKE", "FOR"])
    })
}

/// Whether the statement makes SQL, and not only runs or forgets what another made.
fn makes_sql(statement: &str) -> bool {
    let mut words = statement.split_whitespace();
    let mut is = |word: &str| words.next().is_some_and(|next| next.eq_ignore_ascii_case(word));
    is("prepare") || (statement.get(..7).is_some_and(|first| first.eq_ignore_ascii_case("execute")) && is("immediate"))
}
