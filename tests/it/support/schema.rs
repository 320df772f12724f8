//! A schema as one canonical text: two databases have the same one exactly if the texts are equal.
//!
//! Read from the engine's own catalog; what is not the user's choice (numbers of objects, gaps left by dropped columns,
//! times) is left out.

use super::{Engine, TestDatabase};

/// Tables of this name and whatever belongs to them are the program's own.
const OURS: &str = "migrate_history";

/// Everything that users define in the database.
pub fn dump(database: &TestDatabase) -> String {
    let mut lines = match database.engine() {
        Engine::Postgres => postgres(database),
        Engine::Mariadb => mariadb(database),
        Engine::Sqlite => sqlite(database),
    };
    lines.retain(|line| !line.contains(OURS));
    lines.sort();
    lines.join("\n")
}

fn texts(database: &TestDatabase, query: &str) -> Vec<String> {
    database.rows(query).into_iter().map(|row| row.join(" ")).collect()
}

fn sqlite(database: &TestDatabase) -> Vec<String> {
    texts(
        database,
        "select type, name, 'on', tbl_name, sql from sqlite_master where name not like 'sqlite\\_%' escape '\\'",
    )
}

/// In two runs of the client: `show create` takes no list, and needs the names.
fn mariadb(database: &TestDatabase) -> Vec<String> {
    let rows = database.rows(&MARIADB.join(";\n"));
    let tables = rows.iter().filter(|row| row[0] == "table").map(|row| row[1].replace('`', "``"));
    let shows: String = tables.map(|table| format!("show create table `{table}`;\n")).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| row.join(" ")).collect();
    if !shows.is_empty() {
        lines.extend(database.rows(&shows).into_iter().map(|row| without_counter(&row[..2].join(" "))));
    }
    let name = format!("`{}`", database.name());
    lines.iter().map(|line| line.replace(&format!("{name}."), "").replace(&name, "DATABASE")).collect()
}

/// Drops `AUTO_INCREMENT=7`, which counts rows.
fn without_counter(text: &str) -> String {
    let Some((before, after)) = text.split_once(" AUTO_INCREMENT=") else { return text.to_owned() };
    format!("{before}{}", after.trim_start_matches(|character: char| character.is_ascii_digit()))
}

const MARIADB: [&str; 6] = [
    "select 'table', table_name, table_type from information_schema.tables where table_schema = database()",
    "select 'default', default_character_set_name, default_collation_name
     from information_schema.schemata where schema_name = database()",
    "select 'trigger', trigger_name, action_timing, event_manipulation, event_object_table, action_order, action_statement,
            sql_mode, definer
     from information_schema.triggers where trigger_schema = database()",
    "select 'routine', routine_type, routine_name, coalesce(dtd_identifier, ''), routine_definition, is_deterministic,
            sql_data_access, security_type, sql_mode, definer, routine_comment
     from information_schema.routines where routine_schema = database()",
    "select 'parameter', specific_name, ordinal_position, coalesce(parameter_mode, 'returns'), coalesce(parameter_name, ''),
            dtd_identifier
     from information_schema.parameters where specific_schema = database()",
    "select 'event', event_name, event_definition, event_type, coalesce(interval_value, ''), coalesce(interval_field, ''), status
     from information_schema.events where event_schema = database()",
];

/// All in one question, as every run of the client costs a connection; a whole row as text keeps nulls apart.
fn postgres(database: &TestDatabase) -> Vec<String> {
    let question: Vec<String> = POSTGRES.iter().map(|query| format!("select x::text from ({query}) x")).collect();
    let question = question.join("\nunion all\n");
    texts(database, &question.replace("NAMESPACES", NAMESPACES).replace("EXTENSION", NO_EXTENSION))
}

const NAMESPACES: &str =
    "join pg_catalog.pg_namespace n on n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.oid =";

/// Leaves out what an extension brought.
const NO_EXTENSION: &str = "not exists (select from pg_catalog.pg_depend d where d.deptype = 'e' and d.objid =";

const POSTGRES: [&str; 17] = [
    "select 'schema', nspname, nspacl from pg_catalog.pg_namespace n where nspname !~ '^pg_' and nspname <> 'information_schema'
     and EXTENSION n.oid)",
    "select 'extension', extname, extversion from pg_catalog.pg_extension",
    "select 'relation', n.nspname, relname, relkind, relpersistence, reloptions, relrowsecurity, relforcerowsecurity, relreplident,
            relacl, pg_catalog.pg_get_userbyid(relowner), (select amname from pg_catalog.pg_am a where a.oid = relam),
            pg_catalog.pg_get_expr(relpartbound, c.oid), case when relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end,
            case when relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end, relispopulated
     from pg_catalog.pg_class c NAMESPACES relnamespace where relkind in ('r', 'p', 'v', 'm', 'f', 'c') and EXTENSION c.oid)",
    "select 'column', n.nspname, relname, row_number() over (partition by c.oid order by attnum), attname,
            pg_catalog.format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, attstattarget,
            -- minor releases of 2026 note the row's own version among the options
            array(select o from unnest(attoptions) o where o not like 'pg\\_attver=%'), attacl, pg_catalog.pg_get_expr(adbin, adrelid),
            (select collname from pg_catalog.pg_collation l where l.oid = attcollation)
     from pg_catalog.pg_class c NAMESPACES relnamespace join pg_catalog.pg_attribute on attrelid = c.oid
     left join pg_catalog.pg_attrdef on adrelid = attrelid and adnum = attnum
     where relkind in ('r', 'p', 'v', 'm', 'f', 'c') and attnum > 0 and not attisdropped and EXTENSION c.oid)",
    "select 'inherits', inhrelid::pg_catalog.regclass, inhparent::pg_catalog.regclass, inhseqno from pg_catalog.pg_inherits",
    "select 'constraint', n.nspname, conname, conrelid::pg_catalog.regclass, contypid::pg_catalog.regtype,
            pg_catalog.pg_get_constraintdef(c.oid), convalidated, condeferrable, condeferred
     from pg_catalog.pg_constraint c NAMESPACES connamespace where EXTENSION conrelid)",
    "select 'index', n.nspname, pg_catalog.pg_get_indexdef(indexrelid), indisvalid, indisready, indisclustered, indisreplident
     from pg_catalog.pg_index join pg_catalog.pg_class c on c.oid = indexrelid NAMESPACES relnamespace where EXTENSION indrelid)",
    "select 'sequence', n.nspname, relname, relpersistence, relacl, seqtypid::pg_catalog.regtype, seqstart, seqincrement, seqmax,
            seqmin, seqcache, seqcycle,
            (select refobjid::pg_catalog.regclass || '.' || refobjsubid from pg_catalog.pg_depend d
             where d.objid = c.oid and classid = 'pg_catalog.pg_class'::pg_catalog.regclass and deptype in ('a', 'i'))
     from pg_catalog.pg_sequence join pg_catalog.pg_class c on c.oid = seqrelid NAMESPACES relnamespace where EXTENSION c.oid)",
    "select 'routine', pg_catalog.pg_get_functiondef(p.oid), proacl, pg_catalog.pg_get_userbyid(proowner)
     from pg_catalog.pg_proc p NAMESPACES pronamespace where prokind <> 'a' and EXTENSION p.oid)",
    "select 'aggregate', p.oid::pg_catalog.regprocedure, aggtransfn, aggfinalfn, aggtranstype::pg_catalog.regtype, agginitval
     from pg_catalog.pg_aggregate join pg_catalog.pg_proc p on p.oid = aggfnoid NAMESPACES pronamespace where EXTENSION p.oid)",
    "select 'trigger', pg_catalog.pg_get_triggerdef(t.oid), tgenabled from pg_catalog.pg_trigger t
     join pg_catalog.pg_class c on c.oid = tgrelid NAMESPACES relnamespace where not tgisinternal",
    "select 'event trigger', evtname, evtevent, evtenabled, evttags, evtfoid::pg_catalog.regproc from pg_catalog.pg_event_trigger",
    "select 'rule', pg_catalog.pg_get_ruledef(r.oid), ev_enabled from pg_catalog.pg_rewrite r
     join pg_catalog.pg_class c on c.oid = ev_class NAMESPACES relnamespace where rulename <> '_RETURN' and EXTENSION c.oid)",
    "select 'policy', polname, polrelid::pg_catalog.regclass, polcmd, polpermissive, polroles::pg_catalog.regrole[],
            pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid) from pg_catalog.pg_policy",
    "select 'type', n.nspname, typname, typtype, pg_catalog.format_type(typbasetype, typtypmod), typnotnull, typdefault, typacl,
            (select string_agg(enumlabel, ',' order by enumsortorder) from pg_catalog.pg_enum where enumtypid = t.oid)
     from pg_catalog.pg_type t NAMESPACES typnamespace where typtype in ('e', 'd', 'r') and EXTENSION t.oid)",
    "select 'comment', pg_catalog.pg_describe_object(classoid, objoid, objsubid), description
     from pg_catalog.pg_description c where objoid >= 16384 and EXTENSION c.objoid)
     and classoid <> 'pg_catalog.pg_extension'::pg_catalog.regclass",
    "select 'statistics', pg_catalog.pg_get_statisticsobjdef(s.oid) from pg_catalog.pg_statistic_ext s NAMESPACES stxnamespace",
];

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = "create table users (id integer primary key, name varchar(20) not null default 'x');
        create table posts (id integer primary key, author integer not null references users (id));
        create index by_author on posts (author);
        create view authors as select name from users;";

    each_database! {
        /// The way there does not matter, the program's own table does not count, and everything else does.
        fn equal_schemas_have_equal_texts(db: TestDatabase) {
            let other = TestDatabase::fresh(db.engine());
            assert_eq!(db.schema(), other.schema());
            db.sql(TABLES);
            other.sql("create table migrate_history (seq integer primary key, what varchar(10));
                       create index migrate_history_what on migrate_history (what);");
            other.sql(TABLES);
            assert_eq!(db.schema(), other.schema());
            assert!(db.schema().contains("by_author"));
            let mut seen = vec![db.schema()];
            for change in [
                "alter table users add column age integer;",
                "alter table users drop column age; alter table users add column age integer default 1;",
                "create unique index names on users (name);",
                "drop view authors;",
                "create view authors as select id from users;",
                "drop table posts;",
            ] {
                db.sql(change);
                let schema = db.schema();
                assert!(!seen.contains(&schema), "`{change}` is not seen in:\n{schema}");
                seen.push(schema);
            }
        }
    }

    #[test]
    fn what_only_postgres_has_is_seen() {
        if !Engine::Postgres.is_wanted() {
            return;
        }
        let db = TestDatabase::fresh(Engine::Postgres);
        db.sql(TABLES);
        let mut seen = vec![db.schema()];
        for change in [
            "create schema other;",
            "create type mood as enum ('sad', 'glad');",
            "alter type mood add value 'so so' before 'glad';",
            "create domain positive as integer check (value > 0);",
            "create sequence numbers increment 2;",
            "create function one() returns integer language sql as 'select 1';",
            "create or replace function one() returns integer language sql as 'select 1 + 0';",
            "create aggregate total(integer) (sfunc = int4pl, stype = integer);",
            "create function touch() returns trigger language plpgsql as 'begin return new; end';",
            "create trigger touched before update on users for each row execute function touch();",
            "alter table users disable trigger touched;",
            "create rule nothing as on delete to users do instead nothing;",
            "alter table users enable row level security;",
            "create policy mine on users using (id = 1);",
            "comment on column users.name is 'as written';",
            "grant select on users to public;",
            "create table parted (a integer) partition by range (a);",
            "create table parted_1 partition of parted for values from (1) to (2);",
            "alter table parted detach partition parted_1;",
            "alter table posts add constraint later check (id > 0) not valid;",
            "alter table posts validate constraint later;",
            "create materialized view names as select name from users;",
            "create statistics both_columns on id, name from users;",
            "alter table users set (fillfactor = 70);",
            "alter table users alter column id add generated by default as identity;",
        ] {
            db.sql(change);
            let schema = db.schema();
            assert!(!seen.contains(&schema), "`{change}` is not seen in:\n{schema}");
            seen.push(schema);
        }
        // Before version 13 only a superuser may.
        db.admin("create extension pgcrypto;");
        assert!(db.schema().contains("pgcrypto"));
    }

    #[test]
    fn what_only_mariadb_has_is_seen() {
        if !Engine::Mariadb.is_wanted() {
            return;
        }
        let db = TestDatabase::fresh(Engine::Mariadb);
        db.sql("create table users (id integer primary key auto_increment, name varchar(20));");
        let before = db.schema();
        db.sql("insert into users (name) values ('a'), ('b');");
        assert_eq!(db.schema(), before, "rows are no schema");
        let mut seen = vec![before];
        for change in [
            "create trigger touched before update on users for each row set new.name = 'a';",
            "create procedure nothing(in a integer) select a;",
            "create function one() returns integer deterministic return 1;",
            "create event daily on schedule every 1 day do select 1;",
            "alter table users comment = 'people';",
            "alter table users engine = MyISAM;",
        ] {
            db.sql(change);
            let schema = db.schema();
            assert!(!seen.contains(&schema), "`{change}` is not seen in:\n{schema}");
            seen.push(schema);
        }
    }
}
