use super::prelude::*;
use crate::lint::{Side, Standing};
use crate::sql::Span;

rule! {
    /// A new migration stands before one that is deployed already.
    ///
    /// New databases run it in the order of versions, those that have the newer one run it after that, or not at all. So it
    /// comes about when two branches choose their versions independently: rename the one that is merged last. `migrate up`
    /// applies it late only if it touches nothing that a later one touched; `[run] out_of_order` says otherwise.
    ///
    /// ```sql fires
    /// create table orders (id int primary key);
    /// -- next migration, earlier version
    /// create table tags (id int primary key);
    /// ```
    ///
    /// ```sql quiet
    /// create table orders (id int primary key);
    /// -- next migration
    /// create table tags (id int primary key);
    /// ```
    "out-of-order-version", Warning [Meta] => Check::Migration(check)
}

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    if context.side == Side::Down || !matches!(context.standing, Standing::Judged) {
        return;
    }
    let (Some(version), Some(newest)) = (context.migration().id.version(), context.newest_deployed) else { return };
    if version < newest {
        findings
            .report_at(
                None,
                Span::default(),
                format!("version {version} stands before {newest}, which is deployed already"),
            )
            .help(format!("give it a version after {newest}"));
    }
}
