"""Takes whole folders of other projects' migrations up, down and up again, and holds the schema against the shells'.

    cargo build --release
    python3 tests/peers/folders.py target/release/migrate LIST

LIST has a line for each folder: `postgres PATH`, `mysql PATH` or `sqlite PATH`, relative to the list itself; `#` begins
a comment. Words behind the path go to `migrate` (`--layout NAME`). Bring the projects yourself: nothing is fetched.

For each folder, `migrate up` works on one database, and the database's own shell (`psql`, `mariadb`, `sqlite3`) gets the same
files one by one on another. Then both go down as far as the down scripts go, and up again; the dumps of both
databases, without the history, must be the same each time. Where the shell cannot go on, `migrate` must stop at the same file.
So only layouts whose files a shell can read can be compared.

Servers are private and temporary; their programs are looked for on PATH and where Debian's packages put them. The exit code is
1 when a folder differs.
"""

import collections
import difflib
import glob
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TABLE = "migrate_history"


def program(*names):
    """The path of the first of these programs that is installed."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    path = os.pathsep.join([*places, os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    sys.exit(f"`{names[0]}` is not installed")


def run(command, text=None, **options):
    """Runs a command; its exit code, what it printed, and what it said on standard error."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, errors="replace", **options)
    return done.returncode, done.stdout, done.stderr


def must(command, **options):
    code, out, said = run(command, **options)
    if code != 0:
        sys.exit(f"`{command[0]}` failed: {out}{said}")
    return out


class Server:
    """A private server in a temporary folder, as another user when we are root, because servers refuse root."""

    def __init__(self, user):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="coexist-folders-"))
        self.owner = {}
        if os.getuid() == 0:
            names = {entry.pw_name for entry in pwd.getpwall()}
            owner = pwd.getpwnam(user if user in names else "nobody")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def start(self, command, answers):
        log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self.owner)
        for _ in range(300):
            if run(answers)[0] == 0:
                return
            time.sleep(0.1)
        self.process.kill()
        sys.exit(f"`{command[0]}` does not answer: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    def __init__(self):
        super().__init__("postgres")
        data = str(self.folder / "data")
        must([program("initdb"), "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-A", "trust"],
             cwd=self.folder, **self.owner)
        self.psql = [program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
                     "-U", "postgres"]
        settings = ["listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", f"unix_socket_directories={self.folder}",
                    "max_locks_per_transaction=256"]
        self.start([program("postgres"), "-D", data, "-p", str(self.port), *(f"-c{one}" for one in settings)],
                   [*self.psql, "-d", "postgres", "-c", "select 1"])

    def make(self, name):
        must([*self.psql, "-d", "postgres", "-c", f"create database {name}"])
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}?sslmode=disable"

    def feed(self, name, file):
        """Runs a file in the shell: as one transaction, or if that cannot be, statement by statement."""
        code, _, said = run([*self.psql, "-d", name, "-1", "-f", file])
        if code != 0 and re.search("cannot (run inside|be executed from|be executed within)|unsafe use of new value", said):
            code, _, said = run([*self.psql, "-d", name, "-f", file])
        return said if code != 0 else None

    def dump(self, name):
        dump = must([program("pg_dump"), "-s", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-T",
                     f"*.{TABLE}", name])
        # The dump's own key differs every time.
        return re.sub(r"(?m)^(\\(un)?restrict|--).*\n|^\n", "", dump)


class MySql(Server):
    def __init__(self):
        super().__init__("mysql")
        # A server that starts empties its temporary folder, whoever else uses it.
        data = [f"--datadir={self.folder}/data", f"--tmpdir={self.folder}"]
        must([program("mariadb-install-db"), "--no-defaults", *data, "--auth-root-authentication-method=normal", "--skip-test-db"],
             cwd=self.folder, **self.owner)
        self.login = ["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-P", str(self.port), "-u", "folders",
                      "--default-character-set=utf8mb4"]
        init = self.folder / "init.sql"
        init.write_text("create user folders@'127.0.0.1';\ngrant all on *.* to folders@'127.0.0.1' with grant option;\n")
        init.chmod(0o644)
        self.shell = [program("mariadb", "mysql"), *self.login]
        self.start([program("mariadbd"), "--no-defaults", *data, f"--port={self.port}", "--bind-address=127.0.0.1",
                    f"--socket={self.folder}/socket", f"--init-file={init}", "--skip-name-resolve",
                    "--innodb-flush-log-at-trx-commit=2", "--character-set-server=utf8mb4"], [*self.shell, "-e", "select 1"])

    def make(self, name):
        must([*self.shell, "-e", f"create database {name}"])
        return f"mariadb://folders@127.0.0.1:{self.port}/{name}"

    def feed(self, name, file):
        """Runs a file in the shell; as one message when it has routines without the DELIMITER that the shell would need."""
        text = pathlib.Path(file).read_text(errors="replace")
        whole = re.search(r"(?i)\b(procedure|function|trigger|event)\b", text) and not re.search(r"(?im)^\s*delimiter\b", text)
        options = ["--delimiter=//end of the file//"] if whole else []
        code, _, said = run([*self.shell, *options, name], text)
        return said if code != 0 else None

    def dump(self, name):
        dump = must([program("mariadb-dump", "mysqldump"), *self.login, "--no-data", "--routines", "--triggers", "--events",
                     "--skip-comments", f"--ignore-table={name}.{TABLE}", name])
        return re.sub(r"\n{2,}", "\n", dump.replace(f"`{name}`", "`db`"))


class Sqlite(Server):
    def __init__(self):
        super().__init__("nobody")
        self.shell = program("sqlite3")

    def path(self, name):
        return str(self.folder / f"{name}.db")

    def make(self, name):
        must([self.shell, self.path(name), "vacuum"])
        return f"sqlite:{self.path(name)}"

    def feed(self, name, file):
        """Runs a file in the shell, in a transaction if it has none of its own; a file that fails leaves nothing."""
        text = pathlib.Path(file).read_text(errors="replace")
        if not re.search(r"(?im)^\s*(begin|start)\b[^;]*;|^\s*pragma\s+foreign_keys", text):
            text = f"begin;\n{text}\n;commit;"
        shutil.copy(self.path(name), self.path("before"))
        # As the libraries that applications use have it.
        code, _, said = run([self.shell, "-bail", "-cmd", "pragma foreign_keys = on", self.path(name)], text)
        if code != 0:
            shutil.copy(self.path("before"), self.path(name))
        return said if code != 0 else None

    def dump(self, name):
        query = f"select type, name, sql from sqlite_schema where tbl_name <> '{TABLE}' order by type, name"
        return must([self.shell, self.path(name), query])


SERVERS = {"postgres": Postgres, "mysql": MySql, "sqlite": Sqlite}


class Folder:
    """One folder, on two databases: `name` is `migrate`'s, `name_shell` the shell's."""

    def __init__(self, migrate, server, folder, words, name):
        self.server, self.name, self.shell = server, name, f"{name}_shell"
        self.common = ["-p", str(folder), "-d", server.make(name), "--format", "json", *words]
        self.migrate_program = migrate
        server.make(self.shell)
        self.notes = []
        self.differs = False

    def migrate(self, *arguments):
        code, out, said = run([self.migrate_program, *arguments, *self.common])
        try:
            result = json.loads(out)
        except ValueError:
            result = {}
        return code, result, said

    def problem(self, message):
        self.differs = True
        self.notes.append(message)

    def compare(self, when):
        ours, theirs = self.server.dump(self.name), self.server.dump(self.shell)
        if ours != theirs:
            lines = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), "shell", "migrate", lineterm="", n=1)
            self.problem(f"the schema differs {when}:\n" + "\n".join(list(lines)[:40]))
        return ours

    def go(self, *arguments):
        """Plans, runs the plan in `migrate` and its files in the shell; how many steps each did, of how many."""
        code, plan, said = self.migrate("plan", *arguments)
        if code != 0:
            self.problem(f"`plan {' '.join(arguments)}` is refused: {last_words(said)}")
            return 0, 0
        steps = plan["steps"]
        yes = ["--yes"] if arguments[0] == "down" else []
        code, _, said = self.migrate(*arguments, *yes)
        finished = [json.loads(line) for line in said.splitlines() if '"event":"migration_finished"' in line]
        done = len(finished)
        theirs, complaint = 0, None
        for step in steps:
            complaint = self.server.feed(self.shell, step["file"])
            if complaint:
                break
            theirs += 1
        where = f"`{' '.join(arguments)}`"
        if code != 0 and done >= len(steps):
            self.problem(f"{where} ends with {code}: {last_words(said)}")
        elif done != theirs:
            culprit = steps[min(done, theirs)]["file"]
            self.problem(f"{where}: migrate does {done} of {len(steps)}, the shell {theirs}; at `{culprit}`\n"
                         f"  migrate: {last_words(said)}\n  shell:   {(complaint or 'no complaint').strip()[:300]}")
        elif done < len(steps):
            self.notes.append(f"{where}: both stop at {pathlib.Path(steps[done]['file']).name}\n"
                              f"  migrate: {last_words(said)}\n  shell:   {complaint.strip()[:300]}")
        return done, len(steps)

    def ways_back(self):
        """How many of the newest migrations have a down script that `migrate` would run."""
        _, status, _ = self.migrate("status")
        applied = [line for line in status.get("migrations", []) if line["state"] == "applied" and not line["repeatable"]]
        count = 0
        while count < len(applied) and applied[-1 - count]["down"]:
            count += 1
        low, high = 0, count
        while low < high:
            middle = (low + high + 1) // 2
            code, _, said = self.migrate("plan", "down", str(middle))
            if code == 0:
                low = middle
            else:
                high, refusal = middle - 1, last_words(said)
        if low < count:
            self.notes.append(f"only the newest {low} of {count} down scripts can be run: {refusal[:400]}")
        return low

    def whole(self):
        counts = {}
        counts["up"], counts["of"] = self.go("up")
        first = self.compare("after up")
        if counts["up"] < counts["of"] or self.differs:
            return counts
        back = self.ways_back()
        if back == 0:
            return counts
        counts["down"], counts["back"] = self.go("down", str(back))
        self.compare("after down")
        if self.differs:
            return counts
        if counts["down"] < counts["back"] and isinstance(self.server, MySql):
            self.notes.append("the broken way back is half-done here, as on every MySQL; the next `up` would go on with it")
            return counts
        counts["again"], counts["undone"] = self.go("up")
        again = self.compare("after up again")
        if counts["again"] == counts["undone"] and again != first:
            self.notes.append("up again differs from the first up, in the shell as well: the downs are not exact")
        return counts


def last_words(said):
    """The error of a run, from what it said on standard error."""
    for line in reversed(said.splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and value.get("event") == "error":
            return value["message"]
    return said.strip()[-400:]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    migrate, listing = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    folders = [line.split() for line in listing.read_text().splitlines() if line.split("#")[0].strip()]
    servers, tally = {}, collections.Counter()
    try:
        for number, (dialect, path, *words) in enumerate(folders):
            if dialect not in SERVERS:
                sys.exit(f"`{dialect}` is none of {', '.join(SERVERS)}")
            servers.setdefault(dialect, None)
            servers[dialect] = servers[dialect] or SERVERS[dialect]()
            folder = Folder(migrate, servers[dialect], listing.parent / path, words, f"folder_{number}")
            counts = folder.whole()
            verdict = "DIFFERS" if folder.differs else "same"
            tally[verdict] += 1
            shown = f"up {counts.get('up', 0)}/{counts.get('of', 0)}"
            if "back" in counts:
                shown += f", down {counts['down']}/{counts['back']}"
            if "undone" in counts:
                shown += f", up again {counts['again']}/{counts['undone']}"
            print(f"{verdict:8}{dialect:9}{path}: {shown}", flush=True)
            for note in folder.notes:
                print("    " + note.replace("\n", "\n    "), flush=True)
    finally:
        for server in servers.values():
            if server:
                server.stop()
    print(f"{tally['same']} the same, {tally['DIFFERS']} different")
    sys.exit(1 if tally["DIFFERS"] else 0)


if __name__ == "__main__":
    main()
