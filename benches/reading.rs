//! How long it takes to cut, read, judge and plan migrations: `cargo bench --bench reading`.

use std::hint::black_box;

use coexist::databases;
use coexist::history::History;
use coexist::lint::{Settings, lint};
use coexist::migration::{Id, Migration, Script};
use coexist::plan::{self, Target};
use coexist::sql::{Lexis, split};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// A small migration as they are written by hand: a table, an index, a column, a constraint.
fn sql(number: usize) -> String {
    format!(
        "-- Orders of the kind {number}.\ncreate table orders_{number} (id bigint primary key, customer bigint not null, total numeric(12, 2));\n\
         create index orders_{number}_customer on orders_{number} (customer);\n\
         alter table orders_{number} add column note text default 'none; nothing';\n\
         alter table orders_{number} add constraint total_{number} check (total >= 0);\n"
    )
}

fn migrations(count: usize) -> Vec<Migration> {
    (1..=count).map(|number| migration(number, &sql(number))).collect()
}

fn migration(number: usize, sql: &str) -> Migration {
    let version = number.to_string().parse().expect("digits are a version");
    let up = Script::new(format!("{number}_orders.up.sql"), sql);
    Migration::new(Id::Version(version), "orders", up, None)
}

/// One script of about so many bytes.
fn script(bytes: usize) -> String {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < bytes {
        text += &sql(number);
        number += 1;
    }
    text
}

fn cutting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("split");
    for megabytes in [1, 10] {
        let text = script(megabytes << 20);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.sample_size(10);
        group.bench_with_input(BenchmarkId::from_parameter(format!("{megabytes} MB")), &text, |bencher, text| {
            bencher.iter(|| split(black_box(text), &Lexis::POSTGRES));
        });
    }
}

fn judging(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lint");
    group.sample_size(10);
    for database in databases::ALL {
        let migrations = migrations(1000);
        group.bench_function(format!("1,000 migrations, {}", database.name()), |bencher| {
            bencher.iter(|| lint(black_box(&migrations), 0, database.dialect(), &Settings::default()));
        });
    }
    let postgres = databases::find("postgres").expect("it is always there");
    // Twice the text may take twice the time, and no more.
    for megabytes in [5, 10] {
        let migrations = [migration(1, &script(megabytes << 20))];
        group.bench_function(format!("one script of {megabytes} MB"), |bencher| {
            bencher.iter(|| lint(black_box(&migrations), 0, postgres.dialect(), &Settings::default()));
        });
    }
}

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    for count in [1000, 10_000] {
        let (migrations, history) = (migrations(count), History::default());
        group.bench_function(format!("{count} pending"), |bencher| {
            bencher.iter(|| plan::up(black_box(&migrations), &history, &Target::All, &Lexis::POSTGRES));
        });
    }
}

criterion_group!(benches, cutting, judging, planning);
criterion_main!(benches);
