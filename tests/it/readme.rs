//! The README's sessions are real: its console blocks are run in order and compared.

use std::path::Path;
use std::process::Command;

use crate::support::{Project, TestDatabase};

/// What differs from run to run, made equal: moments and durations. The history's hashes do not.
fn constant(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words: Vec<String> = Vec::new();
        for word in line.trim_end().split(' ') {
            let bare = word.trim_matches(['(', ')']);
            let number =
                bare.starts_with(|c: char| c.is_ascii_digit()) && bare.chars().all(|c| c.is_ascii_digit() || c == '.');
            let is_date = word.len() == 10 && word.chars().filter(|c| *c == '-').count() == 2;
            let is_clock = word.matches(':').count() == 2 && word.contains("+00");
            words.push(match word {
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

/// The example as the README's session has it.
fn example(db: &TestDatabase) -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations-example");
    let files = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| (format!("migrations/{}", path.file_name().unwrap().to_str().unwrap()), path));
    Project::with(named.map(|(name, path)| (name, std::fs::read_to_string(path).unwrap()))).on(db)
}

each_database! {
    /// Whoever tries the session on another database sees the same.
    fn the_session_runs_everywhere(db: TestDatabase) {
        let project = example(&db);
        project.run(["up", "6", "--release", "v1.0"]).ok().says("6 migrations applied");
        project.run(["up", "--release", "v1.1"]).ok().says("6 migrations applied");
        project.run(["down", "--to", "v1.0", "--yes"]).ok();
        project.run(["status"]).ok().says("6 applied, 6 pending");
        project.run(["up"]).ok().says("6 migrations applied");
    }

    /// What one run creates, the linter lets pass; here every migration finds the tables in use.
    fn the_example_passes_its_own_linter_one_by_one(db: TestDatabase) {
        let project = example(&db);
        let count = std::fs::read_dir(project.path("migrations")).unwrap().count().div_ceil(2);
        for _ in 0..count {
            project.run(["up", "1"]).ok().says("1 migration applied");
        }
        project.run(["up"]).ok().says("nothing to do");
        project.run(["lint", "--dialect", db.dialect(), "--last", "6"]).ok();
        project.run(["down", "--all", "--yes"]).ok();
        assert!(!db.table_exists("customers"));
    }
}

/// The pipelines in the README are YAML, judge against the whole history, and install what can be had; the hook is there.
#[test]
fn its_pipelines_can_be_pasted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let parse = |text: &str| -> serde_json::Value {
        serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
    };
    let readme = read("README.md");
    let blocks = readme.split("```yaml\n").skip(1).map(|rest| parse(rest.split("```").next().unwrap()));
    let blocks: Vec<serde_json::Value> = blocks.collect();
    let [github, gitlab, hook] = &blocks[..] else { panic!("{} blocks", blocks.len()) };
    let steps = github["jobs"]["migrations"]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["with"]["fetch-depth"], 0);
    let runs: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    let install = "cargo install --locked --git \"$COEXIST_REPOSITORY\" coexist";
    assert_eq!(runs, [install, "migrate lint --dialect postgres"]);
    assert!(steps[1]["env"]["COEXIST_REPOSITORY"].as_str().unwrap().contains("vars.COEXIST_REPOSITORY"));
    let job = &gitlab["migrations"];
    assert_eq!(job["variables"]["GIT_DEPTH"], 0);
    let script: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(script[0], install);
    assert!(script[2].ends_with("--format gitlab > findings.json"));
    assert_eq!(job["artifacts"]["reports"]["codequality"], "findings.json");
    let hooks = parse(&read(".pre-commit-hooks.yaml"));
    assert_eq!(hook["repos"][0]["hooks"][0]["id"], hooks[0]["id"]);
    assert_eq!((&hooks[0]["language"], &hooks[0]["entry"]), (&"system".into(), &"migrate lint".into()));
    for entry in std::fs::read_dir(root.join(".github/workflows")).unwrap() {
        let workflow = parse(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        assert!(workflow["jobs"].as_object().is_some_and(|jobs| !jobs.is_empty()));
    }
    // The command of the pipelines is one that there is.
    let help = Project::empty().run(["lint", "--help"]).ok();
    ["--dialect", "--since", "--format"].iter().fold(help, |help, flag| help.says(flag));
}
