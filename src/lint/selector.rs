//! Words for rules: one, all of a category, or all.

use std::str::FromStr;

use super::category::Category;
use super::rule::Rule;
use super::rules;

/// A word for one rule, for all that endanger the same, or for all there are.
#[derive(Clone, Copy, Debug)]
pub enum Selector {
    /// `all`.
    All,
    /// `data-loss`.
    Category(Category),
    /// `drop-column`.
    Rule(&'static Rule),
}

/// A word for a rule that means none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{name}`")]
pub struct UnknownRule {
    /// The word.
    pub name: String,
    /// The rule that is spelled most like it.
    pub nearest: Option<&'static str>,
}

impl FromStr for Selector {
    type Err = UnknownRule;

    fn from_str(name: &str) -> Result<Self, UnknownRule> {
        let category = || Category::ALL.iter().find(|category| category.word() == name);
        match rules::find(name) {
            Some(rule) => Ok(Selector::Rule(rule)),
            None if name == "all" => Ok(Selector::All),
            None => match category() {
                Some(category) => Ok(Selector::Category(*category)),
                None => Err(UnknownRule { name: name.to_owned(), nearest: rules::nearest(name) }),
            },
        }
    }
}

impl Selector {
    /// Whether it means this rule.
    pub fn picks(self, rule: &Rule) -> bool {
        match self {
            Selector::All => true,
            Selector::Category(category) => rule.endangers(category),
            Selector::Rule(one) => one.name == rule.name,
        }
    }

    /// Whether it names a single rule.
    pub fn names_one(self) -> bool {
        matches!(self, Selector::Rule(_))
    }

    /// The more exact word has the higher number.
    pub(super) fn exactness(self) -> u8 {
        match self {
            Selector::All => 0,
            Selector::Category(_) => 1,
            Selector::Rule(_) => 2,
        }
    }
}
