//! Expressions over contexts and labels: `test and !prod`, `a, b`, `(a or b) and c`.

/// Whether an expression is true where these names are given. Where none are, everything runs, as Liquibase has it, but
/// for contexts marked with `@`.
pub(super) fn matches(expression: &str, names: &[String]) -> bool {
    if names.is_empty() {
        return !expression.contains('@');
    }
    if expression.trim().is_empty() {
        return true;
    }
    let words = words(expression);
    let mut parser = Parser { words: &words, at: 0, names };
    parser.any()
}

/// The names that are given where an expression is to be tested: `test, eu`.
pub(super) fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

fn words(expression: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in expression.chars() {
        let alone = matches!(c, '(' | ')' | ',' | '!');
        if (alone || c.is_whitespace()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if alone {
            words.push(c.to_string());
        } else if !c.is_whitespace() && c != '@' {
            word.extend(c.to_lowercase());
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

struct Parser<'a> {
    words: &'a [String],
    at: usize,
    names: &'a [String],
}

impl Parser<'_> {
    fn take(&mut self, wanted: &[&str]) -> bool {
        let found = self.words.get(self.at).is_some_and(|word| wanted.contains(&word.as_str()));
        self.at += usize::from(found);
        found
    }

    /// `a or b, c`: the comma is an `or`.
    fn any(&mut self) -> bool {
        let mut result = self.all();
        while self.take(&["or", ","]) {
            result |= self.all();
        }
        result
    }

    fn all(&mut self) -> bool {
        let mut result = self.one();
        while self.take(&["and"]) {
            result &= self.one();
        }
        result
    }

    fn one(&mut self) -> bool {
        if self.take(&["!", "not"]) {
            return !self.one();
        }
        if self.take(&["("]) {
            let result = self.any();
            self.take(&[")"]);
            return result;
        }
        let found = self.words.get(self.at).is_some_and(|word| self.names.contains(word));
        self.at += 1;
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_true_or_not() {
        let given = names("Test, eu");
        for expression in
            ["test", "TEST and eu", "prod or eu", "prod, test", "!prod", "not (prod or us)", "", "test and (a or !b)"]
        {
            assert!(matches(expression, &given), "{expression}");
        }
        for expression in ["prod", "test and prod", "!test", "not (test)", "prod and eu, us"] {
            assert!(!matches(expression, &given), "{expression}");
        }
        assert!(matches("prod and never", &[]));
        assert!(!matches("@demo", &[]));
    }
}
