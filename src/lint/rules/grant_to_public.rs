use super::prelude::*;
use crate::sql::Token;
use crate::sql::ddl::{ObjectKind, Verb};

rule! {
    /// A grant to everybody, of everything, or with the right to pass it on gives more than anybody needs.
    ///
    /// Name the roles and the privileges.
    ///
    /// ```sql fires postgres mariadb
    /// grant select on orders to public;
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// grant all privileges on orders to app;
    /// ```
    ///
    /// ```sql fires postgres mysql mariadb
    /// grant select on orders to app with grant option;
    /// ```
    ///
    /// ```sql quiet postgres mysql mariadb
    /// grant select, insert on orders to app;
    /// ```
    "grant-to-public", optional Warning [Style] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let text = context.text();
    for (number, statement, heading) in context.statements() {
        let tokens: Vec<Token> = statement.tokens(text, context.lexis).code().collect();
        let word = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(text, word));
        let grants = match (heading.verb, heading.object) {
            (Verb::Grant, _) => Some(0),
            (Verb::Alter, Some(ObjectKind::DefaultPrivileges)) => (0..tokens.len()).find(|at| word(*at, "GRANT")),
            _ => None,
        };
        let Some(start) = grants else { continue };
        let to = (start..tokens.len()).find(|at| word(*at, "TO")).unwrap_or(tokens.len());
        let message = if (to..tokens.len()).any(|at| word(at, "PUBLIC")) {
            "everybody who can connect gets it, now and later"
        } else if word(start + 1, "ALL") {
            "all privileges are given, those of later versions included"
        } else if (to..tokens.len()).any(|at| word(at, "GRANT") && word(at + 1, "OPTION")) {
            "who gets it may pass it on"
        } else {
            continue;
        };
        findings.report_at(Some(number), statement.span, message).help("name the roles and the privileges");
    }
}
