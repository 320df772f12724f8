//! libpq's password file: `host:port:database:user:password`, one login a line.

use std::path::Path;

use crate::databases::Secret;

/// Who asks for a password.
pub(super) struct Login<'a> {
    pub host: &'a str,
    pub port: u16,
    pub database: &'a str,
    pub user: &'a str,
}

/// What a password file said.
pub(super) enum Answer {
    Password(Secret),
    Nothing,
    /// The file is not to be trusted; this says why.
    Refused(String),
}

/// Looks a password up in a file.
pub(super) fn look_up(path: &Path, login: &Login<'_>) -> Answer {
    let Ok(metadata) = std::fs::metadata(path) else {
        return Answer::Nothing;
    };
    if !metadata.is_file() {
        return Answer::Refused(format!("the password file `{}` is not a plain file and was ignored", path.display()));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
        let path = path.display();
        return Answer::Refused(format!(
            "the password file `{path}` can be read by others and was ignored: `chmod 600 {path}`"
        ));
    }
    match std::fs::read_to_string(path) {
        Ok(text) => find(&text, login).map_or(Answer::Nothing, Answer::Password),
        Err(error) => {
            Answer::Refused(format!("the password file `{}` cannot be read: {}", path.display(), error.kind()))
        }
    }
}

fn find(text: &str, login: &Login<'_>) -> Option<Secret> {
    let port = login.port.to_string();
    let wanted = [login.host, &port, login.database, login.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for want in wanted {
            let (field, after) = field(rest)?;
            if field != "*" && field != want {
                return None;
            }
            rest = after;
        }
        Some(Secret::new(unescape(rest)))
    })
}

/// The text before the next `:` that no backslash escapes, unescaped, and what follows it. A lone `*` matches
/// everything only when it is not escaped.
fn field(line: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ':' => return Some((unescape(&line[..at]), &line[at + 1..])),
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# comment\n\
                        db:5432:shop:ann:first\n\
                        *:*:*:bob:with\\:colon\\\\\n\
                        short line\n\
                        *:*:*:*:last resort";

    fn ask(host: &str, user: &str) -> Option<String> {
        let login = Login { host, port: 5432, database: "shop", user };
        find(FILE, &login).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn the_first_line_that_matches_counts() {
        assert_eq!(ask("db", "ann").as_deref(), Some("first"));
        assert_eq!(ask("db", "bob").as_deref(), Some("with:colon\\"));
        assert_eq!(ask("elsewhere", "ann").as_deref(), Some("last resort"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, FILE).unwrap();
        let login = Login { host: "db", port: 5432, database: "shop", user: "ann" };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(look_up(&path, &login), Answer::Refused(reason) if reason.contains("chmod 600")));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(look_up(&path, &login), Answer::Password(secret) if secret.expose() == "first"));
        assert!(matches!(look_up(&folder.path().join("none"), &login), Answer::Nothing));
    }
}
