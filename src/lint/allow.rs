//! Allowances: written, reasoned exceptions to rules.

use super::finding::Finding;
use super::rules;
use crate::migration::{Directive, Directives, statement_after};
use crate::sql::{Span, Statement};

/// What one allowance says about one rule.
struct Allowance<'d> {
    span: Span,
    rule: &'d str,
    reason: &'d str,
    /// The statement that it is for; none for the whole script.
    statement: Option<usize>,
    used: bool,
}

/// Takes out the findings of one migration that its script allows, and gives what is wrong with its allowances: the
/// place of each and a sentence.
pub(super) fn apply(
    found: &mut Vec<Finding>,
    directives: &Directives,
    statements: &[Statement],
) -> Vec<(Span, String)> {
    let mut allowances = read(directives, statements);
    found.retain(|finding| {
        let covers = |one: &&mut Allowance<'_>| {
            let place = one.statement.is_none() || one.statement == finding.statement;
            place && one.rule == finding.rule && !one.reason.is_empty()
        };
        let mut covering = allowances.iter_mut().filter(covers).peekable();
        let allowed = covering.peek().is_some();
        covering.for_each(|one| one.used = true);
        !allowed
    });
    let wrong = |one: &Allowance<'_>| {
        if rules::find(one.rule).is_none() {
            return Some(unknown(one.rule));
        }
        if one.reason.is_empty() {
            return Some(format!("the allowance of `{}` gives no reason, so it allows nothing", one.rule));
        }
        (!one.used).then(|| format!("`{}` is allowed here, but nothing here needs it", one.rule))
    };
    allowances.iter().filter_map(|one| Some((one.span, wrong(one)?))).collect()
}

fn read<'d>(directives: &'d Directives, statements: &[Statement]) -> Vec<Allowance<'d>> {
    let mut allowances = Vec::new();
    for (span, directive) in &directives.all {
        let (rules, reason, statement) = match directive {
            Directive::Allow { rules, reason } => {
                // For the statement after the last one: an allowance that allows nothing.
                let statement = statement_after(*span, statements).unwrap_or(statements.len());
                (rules, reason, Some(statement))
            }
            Directive::AllowFile { rules, reason } => (rules, reason, None),
            _ => continue,
        };
        let one = |rule: &'d String| Allowance { span: *span, rule, reason: reason.trim(), statement, used: false };
        allowances.extend(rules.iter().map(one));
    }
    allowances
}

fn unknown(name: &str) -> String {
    let near = rules::ALL.iter().map(|rule| (strsim::jaro_winkler(rule.name, name), rule.name));
    let nearest = near.filter(|(likeness, _)| *likeness > 0.85).max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((_, nearest)) => format!("there is no rule `{name}`; `{nearest}` is the nearest"),
        None => format!("there is no rule `{name}`"),
    }
}
