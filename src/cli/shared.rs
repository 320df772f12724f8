//! The arguments that most commands take.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{ArgAction, ValueEnum, ValueHint};
use coexist::report;

/// The arguments that most commands take.
#[derive(Clone, Debug, clap::Args)]
pub struct Shared {
    /// The database's URL; MIGRATE_DATABASE_URL and DATABASE_URL otherwise
    #[arg(
        short = 'd',
        long,
        visible_alias = "url",
        global = true,
        value_name = "URL",
        help_heading = "Database",
        hide_env_values = true
    )]
    pub database_url: Option<String>,
    /// The host, instead of a URL or on top of it
    #[arg(long, global = true, value_name = "HOST", help_heading = "Database")]
    pub host: Option<String>,
    /// The port
    #[arg(long, global = true, value_name = "PORT", help_heading = "Database")]
    pub port: Option<u16>,
    /// The login
    #[arg(long, global = true, value_name = "USER", help_heading = "Database")]
    pub user: Option<String>,
    /// A file with the password; there is no flag for the password itself, which `ps` would show
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Database")]
    pub password_file: Option<PathBuf>,
    /// The database on the server
    #[arg(long, global = true, value_name = "NAME", help_heading = "Database")]
    pub database_name: Option<String>,
    /// A local socket
    #[arg(long, global = true, value_name = "PATH", help_heading = "Database")]
    pub socket: Option<PathBuf>,
    /// disable, prefer, require, verify-ca or verify-full
    #[arg(long, global = true, value_name = "MODE", help_heading = "Database")]
    pub tls: Option<String>,
    /// The certificates to trust
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Database")]
    pub tls_root_cert: Option<PathBuf>,
    /// Our certificate
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Database")]
    pub tls_cert: Option<PathBuf>,
    /// Our certificate's key
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Database")]
    pub tls_key: Option<PathBuf>,
    /// How long to wait for a server that is still starting, such as 60s
    #[arg(long, global = true, value_name = "TIME", help_heading = "Database")]
    pub wait: Option<String>,
    /// postgres, mysql, mariadb or sqlite, where no URL says it
    #[arg(long, global = true, value_name = "NAME", help_heading = "Database")]
    pub dialect: Option<String>,

    /// The folder of migrations; may be repeated [default: migrations]
    #[arg(short = 'p', long, visible_alias = "path", global = true, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Project")]
    pub dir: Vec<PathBuf>,
    /// The configuration file [default: migrate.toml, where there is one]
    #[arg(short = 'c', long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Project")]
    pub config: Option<PathBuf>,
    /// The database that [env.NAME] of the configuration describes
    #[arg(short = 'e', long, global = true, value_name = "NAME", help_heading = "Project")]
    pub env: Option<String>,
    /// How the folder is laid out, where it cannot be recognised
    #[arg(long, global = true, value_name = "NAME", help_heading = "Project")]
    pub layout: Option<String>,
    /// Look for migrations in subfolders, too
    #[arg(long, global = true, help_heading = "Project")]
    pub recursive: bool,
    /// The value of a placeholder
    #[arg(long, global = true, value_name = "NAME=VALUE", help_heading = "Project")]
    pub var: Vec<String>,
    /// The table that holds the history [default: migrate_history]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Project")]
    pub table: Option<String>,
    /// The schema that the table is in
    #[arg(long, global = true, value_name = "NAME", help_heading = "Project")]
    pub schema: Option<String>,
    /// Create that schema where there is none (PostgreSQL)
    #[arg(long, global = true, help_heading = "Project")]
    pub create_schema: bool,

    /// How long to wait for another deployment [default: 10m]
    #[arg(long, global = true, value_name = "TIME", help_heading = "Locks and limits")]
    pub lock_wait: Option<String>,
    /// How long each attempt of a statement may wait for a lock [default: 300ms]
    #[arg(long, global = true, value_name = "TIME", help_heading = "Locks and limits")]
    pub lock_timeout: Option<String>,
    /// How long to go on trying for locks [default: 10m]
    #[arg(long, global = true, value_name = "TIME", help_heading = "Locks and limits")]
    pub retry_for: Option<String>,
    /// How long each statement may take [default: none]
    #[arg(long, global = true, value_name = "TIME", help_heading = "Locks and limits")]
    pub statement_timeout: Option<String>,

    /// text or json; of findings also github, gitlab, sarif, junit, markdown or checkstyle
    #[arg(long, global = true, value_name = "FORMAT", value_parser = formats(), hide_possible_values = true, help_heading = "Output")]
    pub format: Option<String>,
    /// Only results and what needs attention
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// Every statement as it begins, and notes on the folder
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

fn formats() -> clap::builder::PossibleValuesParser {
    let results = report::ALL.iter().map(|format| format.name());
    let findings = report::findings::ALL.iter().map(|format| format.name());
    let names: BTreeSet<&str> = results.chain(findings).collect();
    names.into_iter().collect::<Vec<_>>().into()
}
