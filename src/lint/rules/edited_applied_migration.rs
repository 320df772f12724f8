use super::prelude::*;
use crate::lint::Standing;
use crate::sql::{Span, Tokens};

rule! {
    /// A migration that was edited after it was applied does not run again.
    ///
    /// Databases that have it keep what the old text did, new ones get what the new text does, and `migrate up` refuses to go
    /// on where the checksum differs. Restore the file and write the change as a new migration. Comments and blanks change
    /// the checksum, too, and `migrate repair` accepts them.
    ///
    /// ```sql fires
    /// create table tags (id int primary key);
    /// -- edited
    /// create table tags (id int primary key, name varchar(20));
    /// ```
    ///
    /// ```sql quiet
    /// create table tags (id int primary key);
    /// -- next migration
    /// alter table tags add column name varchar(20);
    /// ```
    "edited-applied-migration", Error [Meta] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    let Standing::Edited(was) = context.standing else { return };
    let now = context.judged_script();
    let code = |text: &str| -> Vec<String> {
        let tokens = Tokens::new(text, context.lexis).filter(|token| !token.kind.is_trivia());
        tokens.map(|token| token.of(text).to_owned()).collect()
    };
    let first = now.text.bytes().zip(was.text.bytes()).take_while(|(now, was)| now == was).count();
    let start = now.text.floor_char_boundary(first.min(now.text.len()));
    let end = start + now.text[start..].lines().next().map_or(0, str::len);
    let id = &context.migration().id;
    if code(&now.text) == code(&was.text) {
        findings
            .report_at(None, Span::new(start, end), format!("comments or blanks of {id} changed after it was deployed"))
            .help(format!("restore the file; or accept the edit where it is applied: `migrate repair {id}`"))
            .severity(crate::lint::Severity::Warning);
    } else {
        findings
            .report_at(
                None,
                Span::new(start, end),
                format!("{id} was edited after it was deployed, and will not run again"),
            )
            .help("restore the file, and write the change as a new migration");
    }
}
