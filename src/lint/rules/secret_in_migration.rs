use super::prelude::*;
use crate::sql::ddl::ObjectKind;
use crate::sql::{Token, TokenKind};

rule! {
    /// A password in a migration is known to everybody who can read the repository, for ever.
    ///
    /// Create logins outside migrations, or without a password.
    ///
    /// ```sql fires postgres
    /// create role app login password 'hunter2';
    /// ```
    ///
    /// ```sql fires mysql mariadb
    /// create user app identified by 'hunter2';
    /// ```
    ///
    /// ```sql quiet postgres
    /// create role app login;
    /// ```
    ///
    /// What is stored of a password does not tell it:
    ///
    /// ```sql quiet postgres
    /// create role app login password 'SCRAM-SHA-256$4096:c2FsdA==$a2V5:c2VydmVy';
    /// ```
    "secret-in-migration", Error [DataLoss] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for (number, statement, heading) in context.statements() {
        if heading.object != Some(ObjectKind::Role) && heading.object != Some(ObjectKind::UserMapping) {
            continue;
        }
        let tokens: Vec<Token> = statement.tokens(context.text(), context.lexis).code().collect();
        let says = |token: &Token| ["PASSWORD", "BY"].iter().any(|word| token.is_word(context.text(), word));
        let is_hash = |token: &Token| token.of(context.text()).contains("SCRAM-SHA-256$");
        let secret =
            tokens.windows(2).find(|pair| says(&pair[0]) && pair[1].kind == TokenKind::String && !is_hash(&pair[1]));
        if let Some([_, secret]) = secret {
            findings
                .report_at(Some(number), secret.span(), "everybody who can read the repository knows this password")
                .help("change it, and set the new one outside migrations");
        }
    }
}
