//! The names that the catalog takes for those that the server chooses, against the server.

use coexist::migration::Script;
use coexist::schema::{Catalog, Origin, replay};
use coexist::sql::Lexis;

use crate::support::{Engine, TestDatabase};

const SCRIPTS: &[&str] = &[
    "create table t (a int, b int, name text);
     alter table t add check (a > 0);
     alter table t add check (a > b);
     alter table t add check (a < b + 1);
     alter table t add check (length(name::text) > 3);
     alter table t add c int check (c > 0), add d int unique;
     alter table t add unique (a, b)",
    "create table u (a int primary key, b int check (b > a), c text check (c <> '' and upper(c) = c), check (true))",
    "create table v (a int check (a > 0 and a < 10), b int references v2 (id), check (b > 7), unique (a, b))",
    "create table scheduler_dependency_tracker_fri (
         circuit_13_final_prover_job_id int check (circuit_13_final_prover_job_id > 0),
         l1_batch_number_that_is_as_long_as_names_may_be_or_nearly int unique,
         unique (circuit_13_final_prover_job_id, l1_batch_number_that_is_as_long_as_names_may_be_or_nearly))",
];

#[test]
fn constraints_without_names_are_called_as_the_server_calls_them() {
    TestDatabase::run(Engine::Postgres, |db| {
        let mut catalog = Catalog::new(Lexis::POSTGRES.grammar);
        let all = ["create table v2 (id int primary key)"].into_iter().chain(SCRIPTS.iter().copied());
        for sql in all {
            db.sql(sql);
            replay(&mut catalog, &Script::new("a.sql", sql), &Lexis::POSTGRES, Origin::Deployed).unwrap();
        }
        let theirs = db.rows(
            "select c.conrelid::regclass::text || ' ' || c.conname from pg_constraint c
             join pg_class t on t.oid = c.conrelid where c.contype in ('c', 'u', 'p', 'f')
             and t.relnamespace = 'public'::regnamespace order by 1",
        );
        let mut theirs: Vec<String> = theirs.into_iter().flatten().collect();
        theirs.sort();
        let named = |table: &coexist::schema::Table| {
            let names = table.constraints.iter().filter_map(|one| one.name.clone());
            names.map(|name| format!("{} {name}", table.name)).collect::<Vec<_>>()
        };
        let mut ours: Vec<String> = catalog.tables().flat_map(|table| named(table)).collect();
        ours.sort();
        assert_eq!(ours, theirs);
    });
}
