//! `rules` and `explain`.

use clap::Args;
use coexist::lint::{Category, Rule, Selector, rules};
use coexist::report::rules as pages;

use super::exit::{Exit, Failure};
use super::shared::Shared;
use super::terminal::Terminal;

/// List the linter's rules
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Only these: names or categories
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Show what a rule says, why, and what to write instead
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The rule
    #[arg(value_name = "RULE")]
    name: String,
}

/// `migrate rules`.
pub fn rules(args: &RulesArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let selectors: Vec<Selector> = args.names.iter().map(|name| selector(name)).collect::<Result<_, _>>()?;
    let wanted = |rule: &&&Rule| selectors.is_empty() || selectors.iter().any(|selector| selector.picks(rule));
    let rules: Vec<&Rule> = rules::ALL.iter().filter(wanted).copied().collect();
    if shared.format.as_deref() == Some("json") {
        terminal.json(&pages::list_value(&rules));
    } else {
        terminal.show(|out| pages::write_list(&rules, out));
    }
    Ok(Exit::Done)
}

/// `migrate explain`.
pub fn explain(args: &ExplainArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Selector::Rule(rule) = selector(&args.name)? else {
        let hint = format!("`migrate rules {}` lists them", args.name);
        return Err(Failure::usage(format!("`{}` is no rule, but several", args.name), Some(hint)));
    };
    if shared.format.as_deref() == Some("json") {
        terminal.json(&pages::rule_value(rule));
    } else {
        let width = terminal.width();
        terminal.show(|out| pages::write_page(rule, width, out));
    }
    Ok(Exit::Done)
}

fn selector(name: &str) -> Result<Selector, Failure> {
    name.parse().map_err(|unknown: coexist::lint::UnknownRule| {
        let hint = match unknown.nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => {
                let words: Vec<&str> = Category::ALL.iter().map(|category| category.word()).collect();
                format!("`migrate rules` lists them; categories are {}", words.join(", "))
            }
        };
        Failure::usage(unknown.to_string(), Some(hint))
    })
}
