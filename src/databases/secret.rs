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
            if clean.contains(form.expose()) {
                clean = Cow::Owned(clean.replace(form.expose(), MASK));
            }
        }
        clean
    }
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
    fn a_file_gives_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "hunter2\r\nsecond\n").unwrap();
        assert_eq!(Secret::from_file(&path).unwrap().expose(), "hunter2");
        std::fs::write(&path, " spaces stay ").unwrap();
        assert_eq!(Secret::from_file(&path).unwrap().expose(), " spaces stay ");
    }
}
