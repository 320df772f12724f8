//! What names must look like, by kind of object.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_lite::Regex;

use crate::sql::ddl::ObjectKind;

/// What names must look like.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// A pattern for each word of [`Naming::KINDS`] that has its own.
    patterns: BTreeMap<&'static str, Regex>,
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamingError {
    /// There are no names of this kind.
    #[error("there are no names of the kind `{0}`: {kinds} have some", kinds = Naming::kinds())]
    Kind(String),
    /// It is no regular expression.
    #[error("the pattern for the names of the kind `{kind}` is no regular expression: {message}")]
    Pattern {
        /// The kind.
        kind: String,
        /// What is wrong.
        message: String,
    },
}

impl Naming {
    /// The kinds that can have a pattern, by the word for them.
    pub const KINDS: &[(&str, ObjectKind)] = &[
        ("column", ObjectKind::Column),
        ("constraint", ObjectKind::Constraint),
        ("function", ObjectKind::Function),
        ("index", ObjectKind::Index),
        ("policy", ObjectKind::Policy),
        ("schema", ObjectKind::Schema),
        ("sequence", ObjectKind::Sequence),
        ("table", ObjectKind::Table),
        ("trigger", ObjectKind::Trigger),
        ("type", ObjectKind::Type),
        ("view", ObjectKind::View),
    ];

    /// Patterns as a configuration has them: a regular expression for the whole name, by kind.
    ///
    /// # Errors
    ///
    /// When there is no such kind, or the text is no regular expression.
    pub fn read<'t>(written: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, NamingError> {
        let mut patterns = BTreeMap::new();
        for (kind, pattern) in written {
            let known = Self::KINDS.iter().find(|(word, _)| *word == kind);
            let (word, _) = known.ok_or_else(|| NamingError::Kind(kind.to_owned()))?;
            let whole = format!("^(?:{pattern})$");
            let pattern = Regex::new(&whole)
                .map_err(|error| NamingError::Pattern { kind: kind.to_owned(), message: error.to_string() })?;
            patterns.insert(*word, pattern);
        }
        Ok(Naming { patterns })
    }

    /// The pattern for names of this kind, with the word for it; none for kinds that nobody names by a pattern.
    pub fn pattern(&self, kind: ObjectKind) -> Option<(&'static str, &Regex)> {
        static USUAL: LazyLock<Regex> =
            LazyLock::new(|| Regex::new("^[a-z_][a-z0-9_]*$").expect("the pattern is constant"));
        let (word, _) = Self::KINDS.iter().find(|(_, known)| *known == kind)?;
        Some((word, self.patterns.get(word).unwrap_or(&USUAL)))
    }

    fn kinds() -> String {
        Self::KINDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_for_the_whole_name() {
        let naming = Naming::read([("index", "ix_.*|pk")]).unwrap();
        let (_, index) = naming.pattern(ObjectKind::Index).unwrap();
        assert!(index.is_match("ix_users") && index.is_match("pk") && !index.is_match("my_ix_users"));
        let (word, table) = naming.pattern(ObjectKind::Table).unwrap();
        assert!(word == "table" && table.is_match("user_accounts2") && !table.is_match("Users"));
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let unknown = Naming::read([("tabel", "x")]).unwrap_err();
        assert!(unknown.to_string().contains("`tabel`") && unknown.to_string().contains("table"));
        assert!(matches!(Naming::read([("table", "(")]).unwrap_err(), NamingError::Pattern { .. }));
    }
}
