use super::*;

fn none(_: &str) -> Option<String> {
    None
}

fn parse(url: &str) -> Address {
    Address::parse(url, &none).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn refuse(url: &str) -> String {
    let error = Address::parse(url, &none).expect_err(url);
    format!("{error}{}", error.hint().map(|hint| format!("; {hint}")).unwrap_or_default())
}

fn hosts(address: &Address) -> String {
    match &address.target {
        Target::Hosts(hosts) => hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

fn with(variables: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
    move |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

#[test]
fn a_plain_url() {
    let address = parse("postgres://ann:s%40cret%2F@db.example:6432/shop?sslmode=verify-full&application_name=ci");
    assert_eq!(address.database().name(), "postgres");
    assert_eq!(hosts(&address), "db.example:6432");
    assert_eq!(address.user.as_deref(), Some("ann"));
    assert_eq!(address.password.as_ref().map(Secret::expose), Some("s@cret/"));
    assert_eq!(address.database_name.as_deref(), Some("shop"));
    assert_eq!(address.tls.mode, Some(TlsMode::VerifyFull));
    assert_eq!(address.application.as_deref(), Some("ci"));
    assert_eq!(address.shown(), "db.example:6432/shop");
}

#[test]
fn every_scheme_leads_to_its_database() {
    for (url, name) in [
        ("postgresql://u@h/d", "postgres"),
        ("postgresql+psycopg2://u@h/d", "postgres"),
        ("jdbc:postgresql://h/d?user=u", "postgres"),
        ("POSTGRES://u@h/d", "postgres"),
        ("mysql://u@h/d", "mysql"),
        ("mysql+pymysql://u@h/d", "mysql"),
        ("mariadb://u@h/d", "mariadb"),
        ("sqlite://a.db", "sqlite"),
        ("sqlite3://a.db", "sqlite"),
        ("file:a.db", "sqlite"),
    ] {
        assert_eq!(parse(url).database().name(), name, "{url}");
    }
    assert!(refuse("oracle://u:hunter2@h/d").contains("`postgres:`"));
    assert!(refuse("").contains("the address is empty"));
    assert!(refuse("a/shop.db").ends_with("write `sqlite:a/shop.db`"));
    assert!(!refuse("ann@hunter2.db").contains("hunter2"));
}

#[test]
fn hosts_ports_and_sockets() {
    assert_eq!(hosts(&parse("postgres://u@h/d")), "h:5432");
    assert_eq!(hosts(&parse("postgres://u@[::1]:5433/d")), "[::1]:5433");
    assert_eq!(hosts(&parse("postgres://u@a:1,b:2,c/d")), "a:1 b:2 c:5432");
    assert_eq!(hosts(&parse("mysql://u@h/d")), "h:3306");
    assert_eq!(hosts(&parse("mysql://u:pw@tcp(h:3307)/d?parseTime=true")), "h:3307");
    assert_eq!(hosts(&parse("postgres://u@/d?host=h&port=5433")), "h:5433");
    assert_eq!(hosts(&parse("postgres://u@h/d?port=5433")), "h:5433");
    let socket = |path: &str, port| Target::Socket { path: path.into(), port };
    assert_eq!(parse("postgres://u@%2Fvar%2Frun%2Fpostgresql/d").target, socket("/var/run/postgresql", 5432));
    assert_eq!(parse("postgres:///d?host=/tmp/s&port=5433").target, socket("/tmp/s", 5433));
    assert_eq!(parse("mysql://u@localhost/d?socket=/run/m.sock").target, socket("/run/m.sock", 0));
    assert_eq!(parse("mysql://u@unix(/run/m.sock)/d").target, socket("/run/m.sock", 0));
    for wrong in ["postgres://u@h:0/d", "postgres://u@h:99999/d", "postgres://u@h:5x/d", "postgres://u@[::1/d"] {
        refuse(wrong);
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_without_being_repeated() {
    for url in [
        "postgres://ann:hunter2@secret@h/d",
        "postgres://ann:hun/ter2secret@h/d",
        "postgres://ann:hun?ter2secret@h/d",
        "postgres://ann:hun#ter2secret@h/d",
        "postgres://ann:hun@ter2?secret@h/d",
        "postgres://ann:hunter2secret",
        "postgres://ann:hunter2secret%@h/d",
        "postgres://ann:hunter2%zzsecret@h/d",
        "postgres://ann:hunter2secret%00@h/d",
        "postgres://ann:hunter2secret\n@h/d",
        "postgres://ann@h/d?hunter2/secret=1",
        "postgres://ann@h/d?sslmode=hunter2secret",
        "mysql://ann:hunter2secret@tcp(h/d",
        "ann:hunter2secret@h/d",
    ] {
        let said = refuse(url);
        assert!(!said.contains("hunter2") && !said.contains("secret@"), "{url}: {said}");
        assert!(!said.contains("ter2"), "{url}: {said}");
    }
    assert!(refuse("postgres://a:b@c@h/d").contains("percent-encode"));
}

#[test]
fn parameters() {
    assert!(refuse("postgres://u@h/d?sslmod=require").contains("unknown parameter `sslmod`"));
    assert!(refuse("postgres://u@h/d?sslmod=require").contains("did you mean `sslmode`?"));
    assert!(refuse("postgres://u@h/d?sslmode=allow").contains("never encrypt"));
    assert!(refuse("postgres://u@h/d?sslmode=require&sslmode=disable").contains("twice"));
    assert!(refuse("postgres://u@h/d?sslpassword=hunter2").contains("passphrase"));
    assert!(refuse("postgres://u@h/d?x-migrations-table=m").contains("`--table`"));
    assert!(refuse("postgres://u@h/d?sslcert=a.pem").contains("must be given together"));
    let address = parse(
        "postgres://u@h/d?connect_timeout=3&target_session_attrs=read-write&currentSchema=app,public&keepalives=1&keepalives_idle=5",
    );
    assert_eq!(address.connect_timeout, Some(Duration::from_secs(3)));
    assert!(address.writable);
    assert_eq!(address.settings, [("search_path".to_owned(), "app,public".to_owned())]);
    let address = parse("postgres://u@h/d?options=-c%20search_path%3Da%5C%20b%20--work-mem=1MB%20-cx.y=z");
    let settings: Vec<(&str, &str)> = address.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(settings, [("search_path", "a b"), ("work_mem", "1MB"), ("x.y", "z")]);
    let address = parse("mysql://u@h/d?ssl-mode=VERIFY_IDENTITY&ssl_ca=ca.pem&charset=utf8mb4&timeout=1m5s");
    assert_eq!(address.tls.mode, Some(TlsMode::VerifyFull));
    assert_eq!(address.charset.as_deref(), Some("utf8mb4"));
    assert_eq!(address.connect_timeout, Some(Duration::from_secs(65)));
    assert_eq!(parse("mysql://u@h/d?tls=skip-verify").tls.mode, Some(TlsMode::Require));
}

#[test]
fn files() {
    let file = |url: &str| match parse(url).target {
        Target::File(file) => (file.path.display().to_string(), file.create),
        other => panic!("{url}: {other:?}"),
    };
    assert_eq!(file("sqlite://shop.db?mode=rwc"), ("shop.db".to_owned(), true));
    assert_eq!(file("sqlite:shop.db"), ("shop.db".to_owned(), false));
    assert_eq!(file("sqlite:///var/shop%20a.db"), ("/var/shop a.db".to_owned(), false));
    assert_eq!(file("sqlite3://dir/shop.db"), ("dir/shop.db".to_owned(), false));
    assert_eq!(file("file:shop.db?mode=rwc&cache=shared"), ("shop.db".to_owned(), true));
    assert_eq!(file("file:///var/shop.db"), ("/var/shop.db".to_owned(), false));
    assert_eq!(file("file://localhost/var/shop.db"), ("/var/shop.db".to_owned(), false));
    assert_eq!(parse("sqlite::memory:").target, Target::Memory);
    assert_eq!(parse("sqlite://:memory:").target, Target::Memory);
    assert_eq!(parse("sqlite:shop.db?mode=memory").target, Target::Memory);
    assert!(refuse("sqlite://").contains("names no file"));
    assert!(refuse("sqlite:a.db?nolock=1").contains("unseen"));
    let create = |address: Address| match address.target {
        Target::File(file) => file.create,
        _ => panic!("no file"),
    };
    assert!(create(parse("sqlite:a.db").for_writing()));
    assert!(!create(parse("sqlite:a.db?mode=rw").for_writing()));
    assert!(!create(parse("sqlite:a.db?mode=rwc").for_reading()));
    assert!(parse("sqlite:/nowhere/a.db").missing_file().is_some());
}

#[test]
fn what_is_left_out_comes_from_variables() {
    let env = with(&[
        ("PGHOST", "pg.example"),
        ("PGPORT", "6000"),
        ("PGUSER", "envuser"),
        ("PGPASSWORD", "envsecret"),
        ("PGDATABASE", "envdb"),
        ("PGSSLMODE", "require"),
        ("PGSSLROOTCERT", "/ca.pem"),
        ("PGOPTIONS", "-c work_mem=1MB"),
        ("MYSQL_HOST", "my.example"),
        ("MYSQL_TCP_PORT", "3310"),
        ("MYSQL_PWD", "mysecret"),
        ("USER", "me"),
    ]);
    let address = Address::parse("postgres://", &env).unwrap();
    assert_eq!(address.shown(), "pg.example:6000/envdb");
    assert_eq!(address.user.as_deref(), Some("envuser"));
    assert_eq!(address.password.as_ref().map(Secret::expose), Some("envsecret"));
    assert_eq!(address.tls.mode, Some(TlsMode::VerifyCa));
    assert_eq!(address.settings.len(), 1);
    let address = Address::parse("postgres://u:pw@h/d?sslmode=disable", &env).unwrap();
    assert_eq!(address.shown(), "h:5432/d");
    assert_eq!((address.user.as_deref(), address.tls.mode), (Some("u"), Some(TlsMode::Disable)));
    assert_eq!(address.password.as_ref().map(Secret::expose), Some("pw"));
    let address = Address::parse("mysql:///d", &env).unwrap();
    assert_eq!(address.shown(), "my.example:3310/d");
    assert_eq!(address.user.as_deref(), Some("me"));
    assert_eq!(address.password.as_ref().map(Secret::expose), Some("mysecret"));
    let service = Address::parse("postgres:///d", &with(&[("PGSERVICE", "shop")])).unwrap_err();
    assert!(service.to_string().contains("`PGSERVICE`"));
    let mode = Address::parse("postgres://u@h/d", &with(&[("PGSSLMODE", "strict")])).unwrap_err();
    assert!(mode.to_string().contains("`PGSSLMODE` must be"));
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_runs_it_is_the_login_as_with_psql() {
    let me = std::process::Command::new("id").arg("-un").output().unwrap();
    let me = String::from_utf8(me.stdout).unwrap().trim().to_owned();
    for env in [with(&[]), with(&[("USER", "another")])] {
        let address = Address::parse("postgres://h", &env).unwrap();
        assert_eq!(address.user.as_deref(), Some(me.as_str()));
        assert_eq!(address.database_name.as_deref(), Some(me.as_str()));
    }
}

#[test]
fn parts_instead_of_a_url_and_on_top_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "from file\n").unwrap();
    let parts = Parts {
        database: Some("postgres".to_owned()),
        host: Some("h".to_owned()),
        port: Some(5555),
        user: Some("ann".to_owned()),
        password_file: Some(path.clone()),
        database_name: Some("shop".to_owned()),
        tls: Some(TlsMode::VerifyFull),
        ..Parts::default()
    };
    let address = Address::from_parts(&parts, &none).unwrap();
    assert_eq!(address.shown(), "h:5555/shop");
    assert_eq!(address.password.as_ref().map(Secret::expose), Some("from file"));
    let address = Address::new(Some("postgres://bob:old@other:1/d?sslmode=disable"), &parts, &none).unwrap();
    assert_eq!((address.user.as_deref(), address.tls.mode), (Some("ann"), Some(TlsMode::VerifyFull)));
    assert_eq!(address.shown(), "h:5555/shop");
    let only_port = Parts { port: Some(7777), ..Parts::default() };
    assert_eq!(Address::new(Some("postgres://u@h/d"), &only_port, &none).unwrap().shown(), "h:7777/d");
    let missing = Parts { password_file: Some(folder.path().join("none")), ..parts.clone() };
    assert!(Address::from_parts(&missing, &none).unwrap_err().to_string().contains("cannot read the secret"));
    let both = Parts { socket: Some("/tmp".into()), ..parts.clone() };
    assert_eq!(Address::from_parts(&both, &none).unwrap_err(), AddressError::HostAndSocket);
    let file = Parts { database: Some("sqlite".into()), database_name: Some("a?b#c%.db".into()), ..Parts::default() };
    assert_eq!(Address::from_parts(&file, &none).unwrap().shown(), "a?b#c%.db");
    assert!(Address::new(Some("sqlite:a.db"), &parts, &none).unwrap_err().to_string().contains("`--host`"));
    assert_eq!(Address::from_parts(&Parts::default(), &none).unwrap_err(), AddressError::NoDatabase);
}

#[test]
fn variables_that_name_files_of_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "filed\n").unwrap();
    let file = path.to_str().unwrap().to_owned();
    for name in ["PGPASSWORD_FILE", "MIGRATE_PASSWORD_FILE"] {
        let env = |asked: &str| (asked == name).then(|| file.clone());
        let address = Address::parse("postgres://u@h/d", &env).unwrap();
        assert_eq!(address.password.as_ref().map(Secret::expose), Some("filed"));
    }
}

#[test]
fn nothing_shown_has_the_password() {
    let address = parse("postgres://ann:hun%74er2@h/d");
    assert!(!format!("{address:?} {}", address.shown()).contains("hunter2"));
    let redactor = crate::databases::Redactor::new(address.secrets());
    assert_eq!(redactor.redact("login hun%74er2 or hunter2 failed"), "login **** or **** failed");
}
