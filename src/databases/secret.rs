//! Passwords, and how they are kept out of everything that is shown.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

/// A text that is never shown, and wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// The first line of a file, as `--password-file` and `..._FILE` variables mean it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is not UTF-8.
    pub fn from_file(path: &Path) -> std::io::Result<Self> {
        let text = Zeroizing::new(std::fs::read_to_string(path)?);
        let line = text.strip_prefix('\u{feff}').unwrap_or(&text).lines().next().unwrap_or("");
        Ok(Secret::new(line))
    }

    /// The text itself, for the driver.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Stands where a secret was.
const MASK: &str = "****";

/// Shorter secrets would mask ordinary words; they are kept out of texts by never being put in.
const SHORTEST: usize = 4;

/// Shorter ones of letters and digits alone may be a part of ordinary words, and are secrets only where they stand by
/// themselves: `test` is one, and `add_test_orders` has none.
const LONG: usize = 12;

/// Keys of JSON whose values come from files, from the command line or from us, and mean something to a program.
const PLAIN: &[&str] = &[
    "applied_at",
    "checksum",
    "database",
    "direction",
    "event",
    "file",
    "files",
    "finished_at",
    "from",
    "hash",
    "head",
    "id",
    "kind",
    "migrations",
    "name",
    "newest",
    "product",
    "release",
    "rule",
    "severity",
    "started_at",
    "state",
    "tag",
    "to",
    "tool",
    "version",
];

/// Takes known secrets out of texts that others wrote: a driver's error, a server's message.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Every form in which a secret may appear, the longest first.
    forms: Vec<Secret>,
}

impl Redactor {
    /// A redactor of these secrets, as they are and as URLs, JSON and SQL literals write them.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        let mut redactor = Redactor::default();
        secrets.into_iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    /// Adds one more secret.
    pub fn add(&mut self, secret: &Secret) {
        let text = secret.expose();
        if text.chars().count() < SHORTEST {
            return;
        }
        let json = serde_json::to_string(text).unwrap_or_default();
        let forms = [
            text.to_owned(),
            percent_encoded(text, Keep::Unreserved, Hex::Upper),
            percent_encoded(text, Keep::Unreserved, Hex::Lower),
            percent_encoded(text, Keep::UserInfo, Hex::Upper),
            percent_encoded(text, Keep::UserInfo, Hex::Lower),
            json.get(1..json.len().saturating_sub(1)).unwrap_or("").to_owned(),
            text.replace('\'', "''"),
        ];
        for form in forms {
            let form = Secret::new(form);
            if form.expose().len() >= SHORTEST && !self.forms.contains(&form) {
                self.forms.push(form);
            }
        }
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.expose().len()));
    }

    /// The text without any of the secrets.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut clean = Cow::Borrowed(text);
        for form in &self.forms {
            if let Some(without) = without(&clean, form.expose()) {
                clean = Cow::Owned(without);
            }
        }
        clean
    }

    /// JSON without any of the secrets. It stays JSON with the same keys, and what is the name of something stays, too.
    pub fn redact_json<'t>(&self, json: &'t str) -> Cow<'t, str> {
        if !self.forms.iter().any(|form| json.contains(form.expose())) {
            return Cow::Borrowed(json);
        }
        let (mut clean, mut rest, mut is_plain) = (String::with_capacity(json.len()), json, false);
        while let Some(start) = rest.find('"') {
            let (before, string) = rest.split_at(start + 1);
            let end = end_of_string(string);
            let (string, after) = string.split_at(end);
            let is_key = after.trim_start_matches('"').trim_start().starts_with(':');
            if is_key {
                is_plain = PLAIN.contains(&string);
            }
            clean.push_str(before);
            clean.push_str(&if is_key || is_plain { Cow::Borrowed(string) } else { self.redact(string) });
            // The quotation mark that ends it.
            let (mark, behind) = after.split_at(after.len().min(1));
            clean.push_str(mark);
            rest = behind;
        }
        clean.push_str(rest);
        Cow::Owned(clean)
    }
}

/// Where a JSON string ends whose first quotation mark has been passed.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// The text with a mask wherever this stands; none where it does not.
fn without(text: &str, secret: &str) -> Option<String> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let by_itself = secret.len() >= LONG || !secret.bytes().all(is_word);
    let stands = |at: usize| {
        let (before, after) = (text[..at].bytes().next_back(), text[at + secret.len()..].bytes().next());
        by_itself || ![before, after].into_iter().flatten().any(is_word)
    };
    let (mut clean, mut from) = (String::new(), 0);
    for (at, _) in text.match_indices(secret).filter(|(at, _)| stands(*at)) {
        clean.push_str(&text[from..at]);
        clean.push_str(MASK);
        from = at + secret.len();
    }
    (from > 0).then(|| clean + &text[from..])
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(…)")
    }
}

/// The text without any of these secrets, in whatever form they appear.
pub fn redact<'t>(text: &'t str, secrets: &[Secret]) -> Cow<'t, str> {
    Redactor::new(secrets).redact(text)
}

#[derive(Clone, Copy)]
enum Keep {
    Unreserved,
    UserInfo,
}

#[derive(Clone, Copy)]
enum Hex {
    Upper,
    Lower,
}

fn percent_encoded(text: &str, keep: Keep, hex: Hex) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let kept = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || (matches!(keep, Keep::UserInfo) && b"!$&'()*+,;=".contains(&byte));
        match (kept, hex) {
            (true, _) => encoded.push(char::from(byte)),
            (false, Hex::Upper) => encoded.push_str(&format!("%{byte:02X}")),
            (false, Hex::Lower) => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret} {secret:?} {:?}", Some(&secret)).contains("hunter2"));
        assert!(!format!("{:?}", Redactor::new([&secret])).contains("hunter2"));
    }

    #[test]
    fn every_form_is_redacted() {
        let secrets = [Secret::new("p/ss'w%rd\"é")];
        for form in [
            "p/ss'w%rd\"é",
            "p%2Fss%27w%25rd%22%C3%A9",
            "p%2fss%27w%25rd%22%c3%a9",
            "p%2Fss'w%25rd%22%C3%A9",
            "p/ss'w%rd\\\"é",
            "p/ss''w%rd\"é",
        ] {
            assert_eq!(redact(&format!("login with {form} failed"), &secrets), "login with **** failed");
        }
    }

    #[test]
    fn short_secrets_do_not_mask_ordinary_words() {
        assert_eq!(redact("a table", &[Secret::new("a")]), "a table");
        assert_eq!(redact("a table", &[Secret::new("")]), "a table");
    }

    #[test]
    fn simple_secrets_do_not_mask_parts_of_words() {
        let test = [Secret::new("test")];
        assert_eq!(
            redact("login with test failed: add_test_orders, testing", &test),
            "login with **** failed: add_test_orders, testing"
        );
        assert_eq!(redact("//me:test@host", &test), "//me:****@host");
        assert_eq!(redact("xcorrecthorsebatteryx", &[Secret::new("correcthorsebattery")]), "x****x");
        assert_eq!(redact("ap/ssb", &[Secret::new("p/ss")]), "a****b");
    }

    #[test]
    fn json_stays_json_with_its_keys_and_names() {
        let json =
            r#"{"down": true, "name": "down", "files": ["down", "a"], "sql": "say \"down\" \\", "down" : ["down"]}"#;
        let clean = Redactor::new([&Secret::new("down"), &Secret::new("true")]).redact_json(json).into_owned();
        let expected =
            r#"{"down": true, "name": "down", "files": ["down", "a"], "sql": "say \"****\" \\", "down" : ["****"]}"#;
        assert_eq!(clean, expected);
        let value: serde_json::Value = serde_json::from_str(&clean).unwrap();
        assert_eq!(value["sql"], "say \"****\" \\");
        let odd = Secret::new("a\"b\\c");
        let json = serde_json::json!({ "message": odd.expose() }).to_string();
        assert_eq!(Redactor::new([&odd]).redact_json(&json), r#"{"message":"****"}"#);
    }

    #[test]
    fn a_file_gives_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "hunter2\r\nsecond\n").unwrap();
        assert_eq!(Secret::from_file(&path).unwrap().expose(), "hunter2");
        std::fs::write(&path, " spaces stay ").unwrap();
        assert_eq!(Secret::from_file(&path).unwrap().expose(), " spaces stay ");
    }
}
