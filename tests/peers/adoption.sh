#!/usr/bin/env bash
# Lets real tools migrate real databases, takes those over with `migrate adopt --mirror`, applies the next migration, and
# asks the tool whether anything is pending: nothing may be. Then undoes it again, and the tool must miss it.
#
#   tests/peers/adoption.sh MIGRATE [TOOL…]
#
# MIGRATE is the program to be tested. The tools are looked for in PATH: sqlx, diesel, refinery, dbmate, liquibase, sqitch,
# graphile-migrate; those that are missing are said and left out. On SQLite always; on PostgreSQL, too, where
# PEERS_POSTGRES names a server on which this login may create databases: postgres://user@host:port
set -u
migrate=$(realpath "$1")
shift
tools=${*:-sqlx diesel refinery dbmate liquibase sqitch graphile-migrate}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
good=0
bad=0

check() { # what, command…
    local what=$1
    shift
    if "$@" >"$root/output" 2>&1; then
        good=$((good + 1))
        echo "ok      $what"
    else
        bad=$((bad + 1))
        echo "FAILED  $what"
        sed 's/^/        | /' "$root/output"
    fi
}

says() { # text, command…
    local text=$1
    shift
    "$@" 2>&1 | tee "$root/said" | grep -qF -- "$text" || { cat "$root/said"; return 1; }
}

silent() { # text, command…
    ! says "$@" >/dev/null
}

first="create table users (id integer primary key, name varchar(50) not null);"
second="create index users_name on users (name);
insert into users values (1, 'it''s me');"
third="create table orders (id integer primary key, user_id integer references users (id));"

# Each tool has: begin (folder and two migrations), deploy, next (a third migration), pending (is anything?), and dir.
sqlx_begin() {
    mkdir -p migrations
    echo "$first" >migrations/20240101000000_users.up.sql
    echo "drop table users;" >migrations/20240101000000_users.down.sql
    printf '%s\n' "$second" >migrations/20240102000000_names.up.sql
    echo "drop index users_name;" >migrations/20240102000000_names.down.sql
}
sqlx_deploy() { sqlx migrate run; }
sqlx_next() {
    echo "$third" >migrations/20240103000000_orders.up.sql
    echo "drop table orders;" >migrations/20240103000000_orders.down.sql
}
sqlx_nothing_pending() { silent "/pending" sqlx migrate info && silent "mismatch" sqlx migrate info && sqlx_deploy; }
sqlx_pending() { says "/pending" sqlx migrate info; }

diesel_begin() {
    mkdir -p migrations/2024-01-01-000000_users migrations/2024-01-02-000000_names
    echo "$first" >migrations/2024-01-01-000000_users/up.sql
    echo "drop table users;" >migrations/2024-01-01-000000_users/down.sql
    printf '%s\n' "$second" >migrations/2024-01-02-000000_names/up.sql
    echo "drop index users_name;" >migrations/2024-01-02-000000_names/down.sql
}
diesel_deploy() { diesel migration run --migration-dir migrations; }
diesel_next() {
    mkdir -p migrations/2024-01-03-000000_orders
    echo "$third" >migrations/2024-01-03-000000_orders/up.sql
    echo "drop table orders;" >migrations/2024-01-03-000000_orders/down.sql
}
diesel_nothing_pending() { says false diesel migration pending --migration-dir migrations; }
diesel_pending() { says true diesel migration pending --migration-dir migrations; }

refinery_begin() {
    mkdir -p migrations
    echo "$first" >migrations/V1__users.sql
    printf '%s\n' "$second" >migrations/V2__names.sql
}
refinery_deploy() { refinery migrate -e DATABASE_URL -p migrations; }
refinery_next() { echo "$third" >migrations/V3__orders.sql; }
refinery_nothing_pending() { says "no migrations to apply" refinery_deploy; }
refinery_pending() { silent "no migrations to apply" refinery_deploy; }

dbmate_begin() {
    mkdir -p migrations
    printf -- '-- migrate:up\n%s\n\n-- migrate:down\ndrop table users;\n' "$first" >migrations/20240101000000_users.sql
    printf -- '-- migrate:up\n%s\n\n-- migrate:down\ndrop index users_name;\n' "$second" >migrations/20240102000000_names.sql
}
dbmate_run() { dbmate --migrations-dir migrations --no-dump-schema "$@"; }
dbmate_deploy() { dbmate_run migrate; }
dbmate_next() {
    printf -- '-- migrate:up\n%s\n\n-- migrate:down\ndrop table orders;\n' "$third" >migrations/20240103000000_orders.sql
}
dbmate_nothing_pending() { dbmate_run status --exit-code; }
dbmate_pending() { ! dbmate_run status --exit-code >/dev/null; }

liquibase_begin() {
    mkdir -p migrations
    {
        printf -- '--liquibase formatted sql\n--property name:table value:users\n\n'
        printf -- '--changeset ann:users\n--comment: who they are\n%s\n--rollback drop table users;\n\n' "${first/users/\$\{table\}}"
        printf -- '--changeset ann:names labels:v1 splitStatements:true\n--preconditions onFail:HALT\n--precondition-sql-check expectedResult:0 select count(*) from users\n%s\n--rollback drop index users_name;\n\n' "$second"
        printf -- '--changeset bob:views runOnChange:true endDelimiter:@@\ndrop view if exists named\n@@\ncreate view named as\n    select name from users\n@@\n'
    } >migrations/changelog.sql
}
liquibase_run() {
    local url="jdbc:sqlite:$file"
    local user=()
    [ "$engine" = postgres ] && url="jdbc:postgresql://${server#*@}/$database" && user=(--username="${server%@*}" --password=)
    liquibase --url="$url" "${user[@]}" --search-path=. --changelog-file=migrations/changelog.sql --show-banner=false "$@"
}
liquibase_deploy() { liquibase_run update; }
liquibase_next() { printf -- '\n--changeset bob:orders\n%s\n--rollback drop table orders;\n' "$third" >>migrations/changelog.sql; }
liquibase_nothing_pending() { says "is up to date" liquibase_run status && liquibase_run validate; }
liquibase_pending() { says "1 changeset" liquibase_run status; }

sqitch_begin() {
    local target="db:sqlite:$file"
    [ "$engine" = postgres ] && target="db:pg://$server/$database"
    sqitch config --user user.name "Ann Baker" && sqitch config --user user.email ann@example.org
    sqitch init shop --engine "${engine/postgres/pg}" --target "$target" --top-dir migrations
    [ "$engine" = postgres ] && [ -n "${PEERS_PSQL:-}" ] && sqitch config engine.pg.client "$PEERS_PSQL"
    sqitch add users -n 'Who they are.' && printf 'BEGIN;\n\n%s\n\nCOMMIT;\n' "$first" >migrations/deploy/users.sql
    echo "drop table users;" >migrations/revert/users.sql
    sqitch tag v1.0 -n 'The first.'
    sqitch add names --requires users -n 'Found by name.' && printf 'BEGIN;\n%s\nCOMMIT;\n' "$second" >migrations/deploy/names.sql
    echo "drop index users_name;" >migrations/revert/names.sql
    rm -rf migrations/verify
}
sqitch_deploy() { sqitch deploy --no-verify; }
sqitch_next() {
    sqitch add orders --requires users -n 'What they bought.' && echo "$third" >migrations/deploy/orders.sql
    echo "drop table orders;" >migrations/revert/orders.sql
    rm -rf migrations/verify
}
sqitch_nothing_pending() { says "Nothing to deploy (up-to-date)" sqitch status; }
sqitch_pending() { says "Undeployed change" sqitch status; }

graphile_migrate_begin() {
    mkdir -p migrations
    echo '{}' >.gmrc
    export ROOT_DATABASE_URL=$PEERS_POSTGRES/postgres SHADOW_DATABASE_URL=${DATABASE_URL}_shadow
    "${PEERS_PSQL:-psql}" -q "$PEERS_POSTGRES/postgres" -c "create database ${database}_shadow"
    echo "$first" >migrations/current.sql && graphile-migrate commit
    printf '%s\n' "$second" >migrations/current.sql && graphile-migrate commit -m names
}
graphile_migrate_deploy() { graphile-migrate migrate; }
graphile_migrate_next() {
    "$migrate" new orders --dir migrations --database-url "$DATABASE_URL"
    echo "$third" >>migrations/committed/000003-orders.sql
}
graphile_migrate_nothing_pending() { graphile-migrate status; }
graphile_migrate_pending() { ! graphile-migrate status; }

whole() { # tool, engine
    local tool=$1 name=${1//-/_} what
    engine=$2
    what="$tool on $engine"
    folder=$root/$tool-$engine
    mkdir -p "$folder"
    cd "$folder" || exit 1
    export HOME=$folder
    if [ "$engine" = sqlite ]; then
        file=$folder/shop.db
        export DATABASE_URL=sqlite:$file
        : >"$file"
        [ "$tool" = diesel ] && export DATABASE_URL=$file
        [ "$tool" = refinery ] && export DATABASE_URL=sqlite://$file
    else
        database=peers_${name}_$$
        server=${PEERS_POSTGRES#*://}
        "${PEERS_PSQL:-psql}" -q "$PEERS_POSTGRES/postgres" -c "create database $database" || return
        export DATABASE_URL=$PEERS_POSTGRES/$database
        # dbmate asks for TLS otherwise.
        [ "$tool" = dbmate ] && DATABASE_URL+="?sslmode=disable"
    fi
    ours=$DATABASE_URL
    [ "$engine" = sqlite ] && ours=sqlite:$file
    local run=("$migrate" --database-url "$ours" --dir migrations)
    [ "$tool" = refinery ] && run+=(--layout refinery)
    check "$what: the tool migrates" eval "${name}_begin && ${name}_deploy"
    check "$what: a dry run writes nothing" says "to adopt" "${run[@]}" adopt --dry-run
    check "$what: it is taken over" says " adopted, 0 known already, 0 pending" "${run[@]}" adopt --mirror
    sed 's/^/          /' "$root/said"
    check "$what: without a mismatch" eval "! grep -q 'edited' $root/said"
    check "$what: again, there is nothing to take over" says "0 adopted" "${run[@]}" adopt
    check "$what: history and files agree" "${run[@]}" verify
    check "$what: nothing is pending" says "nothing to do" "${run[@]}" up
    check "$what: the next migration is written" "${name}_next"
    check "$what: and applied" says "1 migration applied" "${run[@]}" up
    check "$what: the tool has nothing to do" "${name}_nothing_pending"
    if [ "$tool" != refinery ] && [ "$tool" != graphile-migrate ]; then
        check "$what: it is undone" "${run[@]}" down --yes
        check "$what: the tool misses it" "${name}_pending"
        check "$what: the tool takes over again" "${name}_deploy"
        check "$what: and has nothing to do" "${name}_nothing_pending"
    fi
    cd / || exit 1
}

for tool in $tools; do
    if ! command -v "$tool" >/dev/null; then
        echo "missing $tool"
        continue
    fi
    [ "$tool" != graphile-migrate ] && whole "$tool" sqlite
    [ -n "${PEERS_POSTGRES:-}" ] && whole "$tool" postgres
done
echo "$good ok, $bad failed"
[ "$bad" = 0 ]
