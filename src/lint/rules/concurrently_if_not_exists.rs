use super::prelude::*;

rule! {
    /// IF NOT EXISTS also skips an index that is broken.
    ///
    /// A build that failed leaves an invalid index behind, which costs every write and serves no query; the next run finds the name
    /// taken and is content. Drop what a failed run left, and leave the words out.
    ///
    /// ```sql fires postgres
    /// create index concurrently if not exists orders_tag on orders (tag);
    /// ```
    ///
    /// ```sql quiet postgres
    /// create index concurrently orders_tag on orders (tag);
    /// ```
    "concurrently-if-not-exists", Info [DataDependentFailure] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let ChangeKind::CreateIndex { index, concurrently: true, if_not_exists: true } = &change.kind else { return };
    let name = index.name.as_deref().unwrap_or("the index");
    findings
        .report(change, format!("an invalid `{name}`, left by a build that failed, is taken for a good one"))
        .help("leave out IF NOT EXISTS, and drop what a failed build left");
}
