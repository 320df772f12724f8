#!/usr/bin/env bash
# Everything that must pass before a change is merged: format, lints, all tests on real databases, documentation.
# Installs the databases by the system's package manager when they are missing. Works from any folder, as root or not.
#
#   COEXIST_TEST_DATABASES=sqlite tests/run.sh    # fewer databases: any of postgres, mariadb, sqlite
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

wanted() {
    [[ ",${COEXIST_TEST_DATABASES:-postgres,mariadb,sqlite}," == *",$1,"* ]]
}

# Whether a program is on the path, or where packages put what only servers run.
have() {
    local folder
    command -v "$1" >/dev/null && return
    for folder in "${COEXIST_TEST_POSTGRES_BIN:-}" "${COEXIST_TEST_MARIADB_BIN:-}" /usr/sbin /usr/local/sbin \
        /usr/lib/postgresql/*/bin /opt/homebrew/bin /opt/homebrew/opt/*/bin; do
        [[ -n $folder && -x $folder/$1 ]] && return
    done
    return 1
}

have_all() {
    local program
    for program in "$@"; do
        have "$program" || return
    done
}

install_what_is_missing() {
    local apt=() brew=() command
    have cc || { apt+=(gcc libc6-dev) && brew+=(gcc); }
    if wanted postgres; then
        have_all initdb postgres psql || { apt+=(postgresql) && brew+=(postgresql@18); }
        have pgbouncer || { apt+=(pgbouncer) && brew+=(pgbouncer); }
    fi
    if wanted mariadb && ! { have_all mariadbd mariadb-install-db mariadb || have_all mysqld mysql; }; then
        apt+=(mariadb-server) && brew+=(mariadb)
    fi
    if wanted sqlite && ! have sqlite3; then
        apt+=(sqlite3) && brew+=(sqlite)
    fi
    [[ ${#apt[@]} -eq 0 ]] && return
    if ! command -v apt-get >/dev/null; then
        echo "tests/run.sh: please install what is missing; with Homebrew: brew install ${brew[*]}" >&2
        echo "tests/run.sh: or leave databases out: COEXIST_TEST_DATABASES=sqlite tests/run.sh" >&2
        exit 1
    fi
    command=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    if [[ $(id -u) -ne 0 ]]; then
        if ! command -v sudo >/dev/null; then
            echo "tests/run.sh: please run as root: apt-get install --no-install-recommends ${apt[*]}" >&2
            exit 1
        fi
        command=(sudo "${command[@]}")
    fi
    echo "installing ${apt[*]}"
    "${command[@]}" update --quiet=2 &&
        "${command[@]}" install --yes --quiet=2 --no-install-recommends "${apt[@]}"
}

times=""
part() {
    local name=$1 start=$SECONDS
    shift
    echo "== $name: $*"
    if ! "$@"; then
        printf '%s== %s failed\n' "$times" "$name" >&2
        exit 1
    fi
    times+="$(printf '%6d s  %s' $((SECONDS - start)) "$name")"$'\n'
}

# Where rustup puts it, for a shell that was not opened since.
PATH=$PATH:${CARGO_HOME:-${HOME:-}/.cargo}/bin
if ! command -v cargo >/dev/null; then
    echo "tests/run.sh: Rust is missing: https://rustup.rs" >&2
    exit 1
fi

# One set of features for all parts, so that the crate is built once.
features=(--locked --features failpoints)

part "set-up" install_what_is_missing
part "format" cargo fmt --check
part "lints" cargo clippy "${features[@]}" --all-targets -- -D warnings
part "tests" cargo test "${features[@]}"
part "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc "${features[@]}" --no-deps
printf '%s== all passed\n' "$times"
