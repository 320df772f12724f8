//! Allowances: written, reasoned exceptions to rules.

use std::collections::HashMap;

use super::finding::Finding;
use super::rule::Rule;
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

/// What is wrong with an allowance: the rule that says so, where, and a sentence.
pub(super) type Wrong = (&'static Rule, Span, String);

/// Takes out the findings of one script that it allows, and gives what is wrong with its allowances. An allowance of a rule
/// that does not judge here is not missed.
pub(super) fn apply(
    found: &mut Vec<Finding>,
    directives: &Directives,
    statements: &[Statement],
    judges: impl Fn(&Rule) -> bool,
) -> Vec<Wrong> {
    let mut allowances = read(directives, statements);
    let mut by_place: HashMap<(&str, Option<usize>), Vec<usize>> = HashMap::new();
    for (number, one) in allowances.iter().enumerate().filter(|(_, one)| !one.reason.is_empty()) {
        by_place.entry((one.rule, one.statement)).or_default().push(number);
    }
    found.retain(|finding| {
        let places = [Some(finding.statement), finding.statement.map(|_| None)].into_iter().flatten();
        let mut allowed = false;
        for number in places.filter_map(|place| by_place.get(&(finding.rule, place))).flatten() {
            allowances[*number].used = true;
            allowed = true;
        }
        !allowed
    });
    allowances.iter().filter_map(|one| wrong(one, &judges)).collect()
}

fn wrong(one: &Allowance<'_>, judges: impl Fn(&Rule) -> bool) -> Option<Wrong> {
    let Some(rule) = rules::find(one.rule) else {
        let nearest = rules::nearest(one.rule).map_or(String::new(), |name| format!("; `{name}` is the nearest"));
        return Some((rules::BAD_SUPPRESSION, one.span, format!("there is no rule `{}`{nearest}", one.rule)));
    };
    if one.reason.is_empty() {
        let message = format!("the allowance of `{}` gives no reason, so it allows nothing", one.rule);
        return Some((rules::BAD_SUPPRESSION, one.span, message));
    }
    let unused = !one.used && judges(rule);
    let message = || format!("`{}` is allowed here, but nothing here needs it", one.rule);
    unused.then(|| (rules::UNUSED_SUPPRESSION, one.span, message()))
}

fn read<'d>(directives: &'d Directives, statements: &[Statement]) -> Vec<Allowance<'d>> {
    let mut allowances = Vec::new();
    if directives.all.is_empty() {
        return allowances;
    }
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
