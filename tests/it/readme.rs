//! The README's sessions are real: its console blocks are run in order and compared.

use std::path::Path;
use std::process::Command;

/// What differs from run to run, made equal: moments, durations and hashes.
fn constant(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words: Vec<String> = Vec::new();
        for word in line.trim_end().split(' ') {
            let bare = word.trim_matches(['(', ')']);
            let number =
                bare.starts_with(|c: char| c.is_ascii_digit()) && bare.chars().all(|c| c.is_ascii_digit() || c == '.');
            let is_hash = word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
            let is_date = word.len() == 10 && word.chars().filter(|c| *c == '-').count() == 2;
            let is_clock = word.matches(':').count() == 2 && word.contains("+00");
            words.push(match word {
                _ if is_hash => "HASH".to_owned(),
                _ if is_date => "DATE".to_owned(),
                _ if is_clock => "CLOCK".to_owned(),
                _ if word.starts_with('(') && number => "(TIME".to_owned(),
                "ms)" | "s)" => "UNIT)".to_owned(),
                _ => word.to_owned(),
            });
        }
        lines.push(words.join(" "));
    }
    lines.join("\n")
}

/// The commands of the console blocks, each with the output that follows it.
fn sessions(readme: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => found.push((command.to_owned(), String::new())),
                (None, Some((_, output))) => output.push_str(&format!("{line}\n")),
                (None, None) => panic!("a console block begins with output"),
            },
            (false, _) => {}
        }
    }
    found
}

#[test]
fn console_blocks_are_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("migrations");
    std::fs::create_dir(&migrations).unwrap();
    for entry in std::fs::read_dir(root.join("migrations-example")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, migrations.join(path.file_name().unwrap())).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_migrate")).parent().unwrap().display().to_string();
    let sessions = sessions(&readme);
    assert!(sessions.len() >= 5, "the README has lost its session");
    for (command, expected) in sessions {
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", format!("{program}:/usr/bin:/bin"))
            .env("DATABASE_URL", "sqlite:shop.db")
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(constant(&printed), constant(expected.trim_end_matches('\n')), "`{command}` printed:\n{printed}");
    }
}
