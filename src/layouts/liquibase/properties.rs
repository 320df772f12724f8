//! Properties: `${name}` in a changelog, with the value that was given first.

use std::collections::BTreeMap;

use super::super::Options;
use super::expression;

/// What `${name}` means in the file that is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    values: BTreeMap<String, String>,
}

impl Properties {
    /// The properties that are given from outside; they come before those of changelogs.
    pub fn given(options: &Options) -> Self {
        Properties {
            values: options.variables.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect(),
        }
    }

    /// Defines a property, unless it has a value already.
    pub fn define(&mut self, name: &str, value: &str) {
        let value = self.expand(value);
        self.values.entry(name.to_lowercase()).or_insert(value);
    }

    /// A text with every known property replaced; `${unknown}` stays, as Liquibase leaves it.
    pub fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, from) = rest.split_at(start);
            out.push_str(before);
            let Some(end) = from.find('}') else {
                rest = from;
                break;
            };
            let (expression, after) = from.split_at(end + 1);
            let name = expression[2..end].trim();
            match (name.strip_prefix(':'), self.values.get(&name.to_lowercase())) {
                // `${:name}` is how `${name}` itself is written.
                (Some(escaped), _) => {
                    out.push_str("${");
                    out.push_str(escaped);
                    out.push('}');
                }
                (None, Some(value)) => out.push_str(value),
                (None, None) => out.push_str(expression),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// Which changesets, and which properties, are meant for where the changelog is read now.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    contexts: Vec<String>,
    labels: String,
    database: Option<&'static str>,
}

impl Filter {
    /// Contexts and the label expression come as variables: `--var liquibase.contexts=test`.
    pub fn given(options: &Options) -> Self {
        let variable = |name: &str| options.variables.get(name).cloned().unwrap_or_default();
        Filter {
            contexts: expression::names(&variable("liquibase.contexts")),
            labels: variable("liquibase.labels"),
            database: options.database,
        }
    }

    /// Whether something with this context expression, these labels and this list of databases is meant.
    pub fn passes(&self, context: &str, labels: &str, dbms: &str) -> bool {
        let labelled = self.labels.trim().is_empty()
            || labels.trim().is_empty()
            || expression::matches(&self.labels, &expression::names(labels));
        expression::matches(context, &self.contexts) && labelled && self.is_for_database(dbms)
    }

    /// `postgresql, mysql`, `!oracle`, `all`, `none`; where the database is not known, everything is meant.
    fn is_for_database(&self, dbms: &str) -> bool {
        let listed = expression::names(dbms);
        let Some(database) = self.database else { return true };
        let ours: &[&str] = match database {
            "postgres" => &["postgresql", "postgres"],
            "mysql" => &["mysql"],
            "mariadb" => &["mariadb"],
            "sqlite" => &["sqlite"],
            other => &[other],
        };
        let is_ours = |name: &str| ours.contains(&name);
        if listed.is_empty() || listed.iter().any(|name| name == "all") {
            return true;
        }
        let refused = listed.iter().filter_map(|name| name.strip_prefix('!')).any(is_ours);
        let mut wanted = listed.iter().filter(|name| !name.starts_with('!')).peekable();
        !refused && (wanted.peek().is_none() || wanted.any(|name| is_ours(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_property_holds() {
        let mut properties = Properties::default();
        properties.define("a", "1");
        properties.define("A", "2");
        properties.define("b", "${a}${a}");
        assert_eq!(properties.expand("${A} ${b} ${c} ${:a} ${"), "1 11 ${c} ${a} ${");
    }

    #[test]
    fn databases_are_listed_or_excluded() {
        let filter = |database| Filter { contexts: Vec::new(), labels: String::new(), database };
        let postgres = filter(Some("postgres"));
        for dbms in ["", "postgresql", "mysql,postgresql", "!oracle", "all"] {
            assert!(postgres.passes("", "", dbms), "{dbms}");
        }
        for dbms in ["mysql", "!postgresql", "none", "h2, mysql"] {
            assert!(!postgres.passes("", "", dbms), "{dbms}");
        }
        assert!(filter(None).passes("", "", "mysql"));
    }
}
