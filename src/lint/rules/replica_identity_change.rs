use super::prelude::*;
use crate::lint::Severity;
use crate::schema::ReplicaIdentity;

rule! {
    /// Another replica identity decides whether a published table can be updated, and how much is logged.
    ///
    /// With `NOTHING` the publisher refuses UPDATE and DELETE; with `FULL` each writes the whole old row into the log. A unique
    /// index over columns that refuse nulls does as well as a primary key.
    ///
    /// ```sql fires postgres
    /// alter table orders replica identity full;
    /// ```
    ///
    /// ```sql fires postgres
    /// create table orders (id int not null);
    /// create unique index orders_id on orders (id);
    /// alter table orders replica identity using index orders_id;
    /// -- next migration
    /// drop index orders_id;
    /// ```
    ///
    /// ```sql quiet postgres
    /// alter table orders replica identity default;
    /// ```
    "replica-identity-change", Warning [BreaksOldCode] => Check::Change(check)
}

fn check(change: &Change, _: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(table) = used(change) else { return };
    let name = &table.name;
    let identity = table.before.as_ref().and_then(|table| table.more.replica_index.as_deref());
    let message = match &change.kind {
        ChangeKind::ReplicaIdentity(ReplicaIdentity::Nothing) => {
            format!("where `{name}` is published, updates and deletes of it fail from now on")
        }
        ChangeKind::ReplicaIdentity(ReplicaIdentity::Full) => {
            format!("each update and delete of `{name}` writes the whole old row into the log")
        }
        ChangeKind::ReplicaIdentity(ReplicaIdentity::Index) => {
            format!("rows of `{name}` are told apart by an index from now on, which must not be dropped")
        }
        ChangeKind::DropIndex { name: index, .. } if identity == Some(index) => {
            format!("without `{index}` a published `{name}` refuses updates and deletes")
        }
        _ => return,
    };
    let finding = findings.report(change, message);
    finding.help("use REPLICA IDENTITY DEFAULT with a primary key, or USING INDEX on a unique index without nulls");
    if matches!(change.kind, ChangeKind::ReplicaIdentity(ReplicaIdentity::Index)) {
        finding.severity(Severity::Info);
    }
}
