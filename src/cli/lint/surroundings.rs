//! What the surroundings say to the linter.

use coexist::config;
use coexist::lint::{Settings, Severity};
use coexist::migration::Version;

use crate::cli::exit::Failure;
use crate::cli::settings::Surroundings;

impl Surroundings {
    /// What the configuration says about rules, and which limits the runner puts on statements.
    pub fn lint_settings(&self, database: &str) -> Result<Settings, Failure> {
        let settings = self.lint().settings(database);
        let settings = settings.map_err(|error| {
            let place = self.place_of(error.path.iter().map(String::as_str));
            Failure::usage(format!("{place}{error}"), error.hint)
        })?;
        let limits = self.settings()?.limits;
        Ok(Settings { lock_timeout: limits.lock, statement_timeout: limits.statement, ..settings })
    }

    /// The oldest version of the database in production, unless the configuration says it.
    pub fn server_version(&self, flag: Option<&str>) -> Option<String> {
        flag.map(str::to_owned).or_else(|| self.variable("MIGRATE_SERVER_VERSION"))
    }

    /// The lightest finding that fails the check.
    pub fn fail_on(&self, flag: Option<&str>) -> Result<Option<Severity>, Failure> {
        let word = flag.map(str::to_owned).or_else(|| self.variable("MIGRATE_FAIL_ON"));
        let place = if word.is_none() { self.place_of(["lint", "fail_on"]) } else { String::new() };
        match word.or_else(|| self.lint().fail_on.clone()) {
            None => Ok(Some(Severity::Error)),
            Some(word) => {
                config::threshold(&word).map_err(|message| Failure::usage(format!("{place}fail_on: {message}"), None))
            }
        }
    }

    /// The branch or commit whose migrations count as deployed, if somebody says it.
    pub fn since(&self, flag: Option<&str>) -> Option<String> {
        flag.map(str::to_owned).or_else(|| self.variable("MIGRATE_SINCE")).or_else(|| self.lint().since.clone())
    }

    /// The branch that a pipeline says the change is meant for.
    pub fn target_branch(&self) -> Option<String> {
        let names = ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "BITBUCKET_PR_DESTINATION_BRANCH"];
        names.into_iter().find_map(|name| self.variable(name))
    }

    /// The last version about which nothing is said.
    pub fn start_after(&self, flag: Option<&str>) -> Result<Option<Version>, Failure> {
        let word = flag.map(str::to_owned).or_else(|| self.lint().start_after.clone());
        let version = word.map(|word| word.parse());
        version.transpose().map_err(|error: coexist::migration::VersionError| Failure::usage(error.to_string(), None))
    }
}
