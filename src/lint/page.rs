//! What a rule's explanation consists of: its sentences, and examples that are run as tests.

use super::rule::Rule;

/// One part of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A paragraph, in one line.
    Text(String),
    /// A script that the rule judges.
    Example(Example),
}

/// A script in an explanation, and what the rule says to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Whether the rule finds something.
    pub fires: bool,
    /// The databases that it is for, `postgres@10` for a version; all when none is named.
    pub databases: Vec<&'static str>,
    /// What the project says: `hot=orders`, `osc=gh-ost`.
    pub said: Vec<(&'static str, &'static str)>,
    /// The migrations, parted by lines that begin with `-- next migration`.
    pub sql: String,
}

impl Rule {
    /// The parts of its explanation in order, without the summary.
    pub fn page(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut paragraph = String::new();
        let mut example: Option<Example> = None;
        for line in self.explanation.lines().skip(1) {
            let line = line.strip_prefix(' ').unwrap_or(line);
            match (line.strip_prefix("```"), &mut example) {
                (Some(_), Some(_)) => parts.extend(example.take().map(Part::Example)),
                (Some(info), None) => {
                    end(&mut paragraph, &mut parts);
                    let mut words = info.split_whitespace().skip(1);
                    let fires = words.next() == Some("fires");
                    let (said, databases): (Vec<&str>, _) = words.partition(|word| word.contains('='));
                    let said = said.into_iter().filter_map(|word| word.split_once('=')).collect();
                    example = Some(Example { fires, databases, said, sql: String::new() });
                }
                (None, Some(example)) => example.sql += &format!("{line}\n"),
                (None, None) if line.trim().is_empty() => end(&mut paragraph, &mut parts),
                (None, None) => {
                    if !paragraph.is_empty() {
                        paragraph.push(' ');
                    }
                    paragraph.push_str(line.trim());
                }
            }
        }
        end(&mut paragraph, &mut parts);
        parts
    }
}

fn end(paragraph: &mut String, parts: &mut Vec<Part>) {
    if !paragraph.is_empty() {
        parts.push(Part::Text(std::mem::take(paragraph)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules;
    use super::*;

    #[test]
    fn every_word_of_a_page_is_in_one_of_its_parts() {
        for rule in rules::ALL {
            let parts = rule.page();
            let words = |text: &str| text.split_whitespace().count();
            let told: usize = parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => words(text),
                    Part::Example(example) => words(&example.sql),
                })
                .sum();
            let fences = rule.explanation.lines().filter(|line| line.trim_start().starts_with("```"));
            let fenced: usize = fences.map(words).sum();
            assert_eq!(words(rule.explanation), words(rule.summary()) + told + fenced, "{}", rule.name);
        }
    }
}
