#!/usr/bin/env bash
# Times the release build against other migration tools and the databases' own shells: small migrations from empty, then
# `up` with nothing to do. Tools that are not on PATH are left out. Trust the ratios, not the seconds.
#
#   benches/peers.sh postgres postgres://USER@HOST:PORT [N]
#   benches/peers.sh mysql mysql://USER@HOST:PORT [N]
#   benches/peers.sh sqlite - [N]
#
# Databases named bench_* are made and dropped on that server.
set -euo pipefail
engine=$1 base=$2 count=${3:-1000}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work"/{ours,sqlx,diesel,refinery,dbmate}
for ((i = 1; i <= count; i++)); do
    version=$(printf '%014d' $((20200101000000 + i)))
    sql="create table t$i (id int primary key, a varchar(20), b int); create index t${i}_a on t$i (a); alter table t$i add column c int;"
    echo "$sql" | tee -a "$work/all.sql" "$work/ours/${version}_m.up.sql" "$work/sqlx/${version}_m.sql" >"$work/refinery/V${i}__m.sql"
    mkdir "$work/diesel/${version}_m"
    echo "$sql" >"$work/diesel/${version}_m/up.sql"
    echo "drop table t$i;" >"$work/diesel/${version}_m/down.sql"
    printf -- '-- migrate:up\n%s\n-- migrate:down\n' "$sql" >"$work/dbmate/${version}_m.sql"
done

mysql_shell() {
    local rest=${base#*://}
    local host=${rest#*@}
    mariadb --protocol=tcp -h "${host%:*}" -P "${host#*:}" -u "${rest%%@*}" "$@"
}

fresh() { # TOOL: makes its database and sets `url`
    url=$base/bench_$1
    case $engine in
    postgres) psql -q "$base/postgres" -c "drop database if exists bench_$1" -c "create database bench_$1" 2>"$work/log" ;;
    mysql) mysql_shell -e "drop database if exists bench_$1; create database bench_$1" ;;
    sqlite) rm -f "$work/$1.db"* && url=sqlite:$work/$1.db && : >"$work/$1.db" ;;
    esac
}

run() { # TOOL
    case $engine-$1 in
    *-migrate) "$root/target/release/migrate" up -q -d "$url" -p "$work/ours" ;;
    *-sqlx) sqlx migrate run --source "$work/sqlx" -D "$url" ;;
    *-diesel) (cd "$work" && diesel migration run --migration-dir "$work/diesel" --database-url "${url#sqlite:}") ;;
    *-refinery) DATABASE_URL=${url/sqlite:/sqlite://} refinery migrate -e DATABASE_URL -p "$work/refinery" ;;
    postgres-dbmate) dbmate --no-dump-schema -d "$work/dbmate" -u "$url?sslmode=disable" migrate ;;
    *-dbmate) dbmate --no-dump-schema -d "$work/dbmate" -u "$url" migrate ;;
    postgres-shell) psql -q1 "$url" -f "$work/all.sql" ;;
    mysql-shell) mysql_shell "${url##*/}" <"$work/all.sql" ;;
    sqlite-shell) { echo 'begin;' && cat "$work/all.sql" && echo 'commit;'; } | sqlite3 "${url#sqlite:}" ;;
    esac
}

seconds() {
    local start=$EPOCHREALTIME
    run "$1" >"$work/log" 2>&1 || echo "$1 failed: $(tail -n 2 "$work/log")" >&2
    awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.3f", end - start }'
}

printf '%-10s %10s %10s\n' tool "up $count" again
for _ in 1 2 3; do
    for tool in shell migrate sqlx diesel refinery dbmate; do
        [[ $tool == shell || $tool == migrate ]] || command -v "$tool" >/dev/null || continue
        fresh "$tool"
        up=$(seconds "$tool")
        again=-
        [[ $tool == shell ]] || again=$(seconds "$tool")
        printf '%-10s %10s %10s\n' "$tool" "$up" "$again"
    done
done
