#!/usr/bin/env bash
# Times the release build against other migration tools and against the floor, the database's own shell that runs all the
# statements from one file. The tools take turns, so that whatever else the machine does hits them alike; what is shown are
# medians and their ratios to the floor. Trust the ratios, not the seconds.
#
#   benches/peers.sh postgres postgres://USER@HOST:PORT [N]
#   benches/peers.sh mysql mysql://USER@HOST:PORT [N]
#   benches/peers.sh sqlite - [N]
#
# N is the number of migrations, 1000 unless told otherwise. ROUNDS=5 says how often everything runs, DELAY=5 how many
# milliseconds the slow network takes for a message and its answer, TOOLS="migrate sqlx" which tools run.
# Databases named bench_* are made and dropped on that server; SQLite's lie in a temporary folder ($TMPDIR).
# refinery leaves TCP for MySQL's local socket where it finds one, past proxy and all: start the server without (`--socket` in a
# folder that is removed then).
# Tools that are not on PATH are left out: `cargo install sqlx-cli refinery_cli diesel_cli`, `npm install -g dbmate`.
set -euo pipefail
engine=$1 base=$2 count=${3:-1000} rounds=${ROUNDS:-5} delay=${DELAY:-5}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$root/target/release:$PATH
# Debian's `psql` is a script around the real one, and five times as slow.
! command -v pg_config >/dev/null || PATH=$(pg_config --bindir):$PATH
work=$(mktemp -d)
proxy=
trap '[[ -z $proxy ]] || kill "$proxy"; rm -rf "$work"' EXIT

# Writes N small migrations, in the format of each tool, to a folder.
write_migrations() { # FOLDER N
    mkdir -p "$1"/{migrate,sqlx,diesel,refinery,dbmate}
    local i version sql
    for ((i = 1; i <= $2; i++)); do
        printf -v version '%014d' $((20200101000000 + i))
        sql="create table t$i (id int primary key, a varchar(20), b int);
create index t${i}_a on t$i (a);
alter table t$i add column c int;"
        mkdir "$1/diesel/${version}_m"
        echo "drop table t$i;" >"$1/diesel/${version}_m/down.sql"
        printf -- '-- migrate:up\n%s\n-- migrate:down\n' "$sql" >"$1/dbmate/${version}_m.sql"
        echo "$sql" | tee -a "$1/all.sql" "$1/migrate/${version}_m.up.sql" "$1/sqlx/${version}_m.sql" \
            "$1/diesel/${version}_m/up.sql" >"$1/refinery/V${i}__m.sql"
    done
    { echo 'begin;' && cat "$1/all.sql" && echo 'commit;'; } >"$1/transaction.sql"
}

# Writes N migrations that do nothing: what is left is the tool's own work.
write_idle() { # FOLDER N
    mkdir -p "$1/migrate"
    local i
    for ((i = 1; i <= $2; i++)); do
        printf -v version '%014d' $((20200101000000 + i))
        echo 'select 1;' >"$1/migrate/${version}_idle.up.sql"
    done
}

mysql_shell() {
    local rest=${base#*://}
    local login=${rest%@*} place=${rest##*@}
    local password=${login#*:}
    [[ $login == *:* ]] || password=
    MYSQL_PWD=$password mariadb --protocol=tcp -h "${place%:*}" -P "${place#*:}" -u "${login%%:*}" "$@"
}

fresh() { # TOOL: makes its database and sets `url`
    url=$base/bench_$1
    case $engine in
    postgres) psql -q "$base/postgres" -c "drop database if exists bench_$1" -c "create database bench_$1" 2>"$work/log" ;;
    mysql) mysql_shell -e "drop database if exists bench_$1; create database bench_$1" ;;
    sqlite) rm -f "$work/$1.db"* && url=sqlite:$work/$1.db && : >"$work/$1.db" ;;
    esac
}

apply() { # TOOL FOLDER: the command that applies what is pending
    case $engine-$1 in
    *-migrate) run=(migrate up -q -d "$url" -p "$2/migrate") ;;
    *-sqlx) run=(sqlx migrate run --source "$2/sqlx" -D "$url") ;;
    *-diesel) run=(diesel migration run --migration-dir "$2/diesel" --database-url "${url#sqlite:}") ;;
    *-refinery) run=(env "DATABASE_URL=${url/sqlite:/sqlite://}" refinery migrate -e DATABASE_URL -p "$2/refinery") ;;
    postgres-dbmate) run=(dbmate --no-dump-schema -d "$2/dbmate" -u "$url?sslmode=disable" migrate) ;;
    *-dbmate) run=(dbmate --no-dump-schema -d "$2/dbmate" -u "$url" migrate) ;;
    postgres-shell) run=(psql -q1 "$url" -f "$2/all.sql") ;;
    mysql-shell) run=(mysql_shell "${url##*/}" -e "source $2/all.sql") ;;
    sqlite-shell) run=(sqlite3 "${url#sqlite:}" ".read $2/transaction.sql") ;;
    esac
}

status() { # TOOL FOLDER: the command that says where the database is
    case $engine-$1 in
    *-migrate) run=(migrate status -d "$url" -p "$2/migrate") ;;
    *-sqlx) run=(sqlx migrate info --source "$2/sqlx" -D "$url") ;;
    *-diesel) run=(diesel migration list --migration-dir "$2/diesel" --database-url "${url#sqlite:}") ;;
    postgres-dbmate) run=(dbmate -d "$2/dbmate" -u "$url?sslmode=disable" status) ;;
    *-dbmate) run=(dbmate -d "$2/dbmate" -u "$url" status) ;;
    # What a tool cannot do without: to connect, and to read what is applied, here of the history of `migrate`.
    postgres-shell) run=(psql -q "$url" -Atc "select seq, version, hash from migrate_history order by seq") ;;
    mysql-shell) run=(mysql_shell "${url##*/}" -e "select seq, version, hash from migrate_history order by seq") ;;
    sqlite-shell) run=(sqlite3 "${url#sqlite:}" "select seq, version, hash from migrate_history order by seq") ;;
    *) run=() ;;
    esac
}

measure() { # FILE: runs `run`; adds the seconds to FILE, and the peak memory in KiB to FILE.memory
    [[ ${#run[@]} -gt 0 ]] || return 0
    local start=$EPOCHREALTIME timed=("${run[@]}")
    [[ ${run[0]} == mysql_shell || ! -x /usr/bin/time ]] || timed=(/usr/bin/time -q -a -o "$1.memory" -f %M "${run[@]}")
    "${timed[@]}" >"$work/log" 2>&1 || echo "${run[*]} failed: $(tail -n 2 "$work/log")" >&2
    awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.4f\n", end - start }' >>"$1"
}

median() { # FILE
    [[ -s $1 ]] && sort -n "$1" | awk '{ line[NR] = $1 } END { print line[int((NR + 1) / 2)] }' || echo -
}

ratio() { # FILE FLOOR
    local one=$(median "$1") floor=$(median "$2")
    [[ $one == - || $floor == - ]] && echo - || awk -v a="$one" -v b="$floor" 'BEGIN { printf "x%.2f", a / b }'
}

through_proxy() { # DELAY COUNT_FILE: starts a proxy and points `base` to it
    local rest=${direct#*://}
    local port
    port=$(python3 -c "import socket; free = socket.socket(); free.bind((\"127.0.0.1\", 0)); print(free.getsockname()[1])")
    : >"$work/proxy"
    python3 "$root/benches/proxy.py" "$engine" "$port" "${rest##*@}" "$1" "$2" >"$work/proxy" &
    proxy=$!
    base=${direct%@*}@127.0.0.1:$port
    until [[ -s $work/proxy ]]; do sleep 0.1; done
}

without_proxy() {
    kill "$proxy" && wait "$proxy" || true
    proxy= base=$direct
}

counted() { # LABEL: runs `run` through a proxy and writes how many messages it sent
    through_proxy 0 "$work/messages"
    url=$base/${url##*/}
    "$2" "$1" "$work/small"
    [[ ${#run[@]} -eq 0 ]] || "${run[@]}" >"$work/log" 2>&1 || echo "${run[*]} failed: $(tail -n 2 "$work/log")" >&2
    without_proxy
    [[ ${#run[@]} -gt 0 ]] && cat "$work/messages" || echo -
}

direct=$base
tools=()
for tool in ${TOOLS:-migrate sqlx diesel refinery dbmate}; do
    command -v "$tool" >/dev/null && tools+=("$tool")
done
write_migrations "$work/many" "$count"
write_migrations "$work/small" 100

echo "$count migrations of three statements, $rounds rounds; load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo '?') at the start"
for ((round = 1; round <= rounds; round++)); do
    for tool in shell "${tools[@]}"; do
        fresh "$tool"
        apply "$tool" "$work/many" && measure "$work/up.$tool"
        if [[ $tool != shell ]]; then
            apply "$tool" "$work/many" && measure "$work/again.$tool"
            status "$tool" "$work/many" && measure "$work/status.$tool"
        fi
        if [[ $tool == migrate ]]; then
            # The floor of having nothing to do.
            status shell "$work/many" && measure "$work/again.shell"
            run=(migrate --version) && measure "$work/start.migrate"
        fi
    done
done
printf '\n%-9s %9s %8s %9s %8s %9s %8s %9s\n' tool up ratio again ratio status ratio 'peak MiB'
for tool in shell "${tools[@]}"; do
    peak=$(median "$work/up.$tool.memory" 2>/dev/null || echo -)
    [[ $peak == - ]] || peak=$(awk -v kib="$peak" 'BEGIN { printf "%.1f", kib / 1024 }')
    printf '%-9s %9s %8s %9s %8s %9s %8s %9s\n' "$tool" \
        "$(median "$work/up.$tool")" "$(ratio "$work/up.$tool" "$work/up.shell")" \
        "$(median "$work/again.$tool")" "$(ratio "$work/again.$tool" "$work/again.shell")" \
        "$(median "$work/status.$tool")" "$(ratio "$work/status.$tool" "$work/again.shell")" "$peak"
done
echo "migrate --version: $(median "$work/start.migrate")"

if [[ $engine != sqlite ]]; then
    # On PostgreSQL `migrate` sees that something stands in between, and asks three questions more: is it a pooler?
    printf '\nmessages: %-9s %12s %8s\n' tool 'each of 100' again
    for tool in "${tools[@]}"; do
        fresh "$tool"
        up=$(counted "$tool" apply)
        again=$(counted "$tool" apply)
        printf '          %-9s %12s %8s\n' "$tool" "$(awk -v all="$up" 'BEGIN { print all / 100 }')" "$again"
    done
    printf '\n%s migrations, %s ms for a message and its answer:\n' "$count" "$delay"
    for tool in "${tools[@]}"; do
        fresh "$tool"
        through_proxy "$delay" "$work/messages"
        url=$base/bench_$tool
        apply "$tool" "$work/many" && measure "$work/slow.$tool"
        without_proxy
        printf '          %-9s %9s\n' "$tool" "$(median "$work/slow.$tool")"
    done
fi

printf '\nidle migrations: %9s %9s %9s\n' number up again
for number in "$count" $((count * 10)); do
    write_idle "$work/idle$number" "$number"
    fresh migrate
    apply migrate "$work/idle$number" && measure "$work/idle.up$number"
    for _ in 1 2 3; do measure "$work/idle.again$number"; done
    printf '                 %9s %9s %9s\n' "$number" "$(median "$work/idle.up$number")" "$(median "$work/idle.again$number")"
done
