//! What a project says about rules: which judge, and how much their findings weigh.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use glob::Pattern;

use super::finding::Severity;
use super::naming::Naming;
use super::online_tool::OnlineTool;
use super::rule::Rule;
use super::rules;
use super::selector::Selector;
use super::server::ServerVersion;
use super::tables::Tables;

/// What a project says about rules.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The oldest server that the migrations will meet; the oldest that is supported when nothing is said.
    pub server: Option<ServerVersion>,
    /// Rules that are not to judge as they would by themselves, by name.
    pub levels: BTreeMap<&'static str, Level>,
    /// What names must look like.
    pub naming: Naming,
    /// What is said about rules in some files, in the order in which it counts.
    pub paths: Vec<(Pattern, Vec<(Selector, Level)>)>,
    /// What is said about rules whatever the file, on top of all else.
    pub insisted: Vec<(Selector, Level)>,
    /// Which tables are large, small, or hot.
    pub tables: Tables,
    /// The tool that changes tables of MySQL online, where the project uses one.
    pub osc: Option<OnlineTool>,
    /// Whether whoever runs the migrations takes `PRAGMA foreign_keys` out of the transaction, and so lets it act.
    pub suspends_foreign_keys: bool,
    /// Whether migrations are missing that are no SQL, so that the schema may have more than the others built.
    pub gaps: bool,
    /// How long each statement may wait for a lock, where whoever runs the migrations limits it.
    pub lock_timeout: Option<Duration>,
    /// How long each statement may take, where whoever runs the migrations limits it.
    pub statement_timeout: Option<Duration>,
}

/// What a project says about one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It does not judge.
    Off,
    /// It judges, and its findings weigh what they weigh by themselves.
    On,
    /// It judges, and all its findings weigh so much.
    At(Severity),
}

impl FromStr for Level {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "off" => Ok(Level::Off),
            "on" => Ok(Level::On),
            "error" => Ok(Level::At(Severity::Error)),
            "warning" | "warn" => Ok(Level::At(Severity::Warning)),
            "info" => Ok(Level::At(Severity::Info)),
            _ => Err(format!("`{word}` is no level: write error, warning, info, on or off")),
        }
    }
}

impl Settings {
    /// Settings under which every rule judges, those that wait to be asked for included.
    pub fn every_rule() -> Self {
        let levels = rules::ALL.iter().map(|rule| (rule.name, Level::On)).collect();
        Settings { levels, ..Settings::default() }
    }

    /// Says these things about rules, on top of what was said before: of several in one go the more exact one counts.
    pub fn say(&mut self, words: &[(Selector, Level)]) {
        apply(&mut self.levels, words);
    }

    /// Says these things about rules in every file, whatever is said about it.
    pub fn insist(&mut self, words: Vec<(Selector, Level)>) {
        self.say(&words);
        self.insisted.extend(words);
    }

    /// What is said about a rule where nothing else is said about its file.
    pub fn level(&self, rule: &Rule) -> Level {
        level(&self.levels, rule)
    }

    /// What is said about rules in this file.
    pub(super) fn levels_in(&self, path: &Path) -> Cow<'_, BTreeMap<&'static str, Level>> {
        let mut levels = Cow::Borrowed(&self.levels);
        let path = path.strip_prefix(".").unwrap_or(path);
        for (pattern, words) in &self.paths {
            if pattern.matches_path(path) {
                apply(levels.to_mut(), words);
            }
        }
        if matches!(levels, Cow::Owned(_)) {
            apply(levels.to_mut(), &self.insisted);
        }
        levels
    }
}

/// What is said about a rule; by itself it judges unless it waits to be asked for.
pub(super) fn level(levels: &BTreeMap<&'static str, Level>, rule: &Rule) -> Level {
    let usual = if rule.by_default { Level::On } else { Level::Off };
    levels.get(rule.name).copied().unwrap_or(usual)
}

fn apply(levels: &mut BTreeMap<&'static str, Level>, words: &[(Selector, Level)]) {
    let mut words: Vec<&(Selector, Level)> = words.iter().collect();
    words.sort_by_key(|(selector, _)| selector.exactness());
    for (selector, new) in words {
        for rule in rules::ALL.iter().filter(|rule| selector.picks(rule)) {
            // What weighs many rules anew does not wake those that nobody asked for.
            let asleep = level(levels, rule) == Level::Off;
            if !(asleep && matches!(new, Level::At(_)) && !selector.names_one()) {
                levels.insert(rule.name, *new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pairs: &[(&str, &str)]) -> Vec<(Selector, Level)> {
        pairs.iter().map(|(name, level)| (name.parse().unwrap(), level.parse().unwrap())).collect()
    }

    fn said(settings: &Settings, name: &str) -> Level {
        settings.level(rules::find(name).unwrap())
    }

    #[test]
    fn the_more_exact_word_counts() {
        let mut settings = Settings::default();
        settings.say(&words(&[("drop-column", "error"), ("data-loss", "info"), ("all", "off")]));
        assert_eq!(said(&settings, "drop-column"), Level::At(Severity::Error));
        assert_eq!(said(&settings, "duplicate-version"), Level::Off);
        settings.say(&words(&[("all", "off"), ("duplicate-version", "on")]));
        assert_eq!(said(&settings, "drop-column"), Level::Off);
        assert_eq!(said(&settings, "duplicate-version"), Level::On);
    }

    #[test]
    fn files_may_have_their_own() {
        let mut settings = Settings::default();
        settings.say(&words(&[("drop-table", "warning")]));
        settings.paths.push((Pattern::new("old/**").unwrap(), words(&[("drop-column", "off")])));
        let level_in = |path: &str, name| level(&settings.levels_in(Path::new(path)), rules::find(name).unwrap());
        assert_eq!(level_in("old/2019/1_a.sql", "drop-column"), Level::Off);
        assert_eq!(level_in("./old/1_a.sql", "drop-column"), Level::Off);
        assert_eq!(level_in("old/1_a.sql", "drop-table"), Level::At(Severity::Warning));
        assert_eq!(level_in("new/1_a.sql", "drop-column"), Level::On);
    }

    #[test]
    fn what_is_no_level_says_so() {
        assert!("fatal".parse::<Level>().unwrap_err().contains("`fatal` is no level"));
    }
}
