//! Customers who live in Postgres, SQLite, a DuckLake or another DuckDB file: real servers and files.

use std::path::Path;

use crate::support::project::Project;
use crate::support::sources::{self, PASSWORD, Server, camp, camp_well};

/// A thousand customers, every tenth in France; two thousand orders of the first five hundred.
const TABLES: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, country text, \
    spent numeric(12,2), seen timestamptz, consent boolean); \
    INSERT INTO customers SELECT i, 'p' || i || '@example.com', CASE WHEN i % 10 = 0 THEN 'FR' ELSE 'DE' END, i * 1.10, \
    timestamptz '2025-06-01 00:00Z' + i * interval '1 minute', CASE WHEN i % 3 = 0 THEN true END \
    FROM generate_series(1, 1000) i; \
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers (id), amount numeric(12,2)); \
    INSERT INTO orders SELECT i, 1 + i % 500, i FROM generate_series(1, 2000) i";

const AUDIENCES: &str = "SELECT label, size FROM camp.camp.audience ORDER BY label";

/// What the server was asked for rows of a table since `mark`.
fn asked(server: &Server, mark: usize, table: &str) -> Vec<String> {
    let log = server.log();
    let table = format!("FROM \"public\".\"{table}\"");
    let asked = log[mark..].lines().filter(|l| l.contains("COPY (SELECT") && l.contains(&table));
    asked.map(str::to_owned).collect()
}

#[test]
fn postgres_gives_tables_with_their_keys_and_links_and_filters_where_the_rows_are() {
    if sources::extensions(&["postgres_scanner"]).is_none() {
        return;
    }
    let Some(server) = Server::start() else { return };
    server.sql(TABLES);
    let project = Project::new();
    let head = format!(
        "database crm = \"{}\"\ndimension customers = crm.public.customers\n\
         dimension orders = crm.public.orders\n",
        server.uri()
    );
    let run = |name: &str, script: String| {
        let mark = server.log().len();
        project.write(name, &script);
        camp_well(&project, &["run", name, "--as-of", "2025-06-30"]);
        mark
    };

    // Neither keys nor links are declared: they are the server's own constraints. The ten orders above
    // 1990 are of customers 1 + i % 500: 492 … 500, and 1.
    let mark = run(
        "links.camp",
        format!(
            "{head}buyers = build audience from customers where any orders where amount > 1990 select email\n\
             known = build audience from orders where customer.country = \"FR\"\n\
             save audience buyers as \"Buyers\"\nsave audience known as \"French orders\"\n"
        ),
    );
    // Every tenth customer; of the first 500 those are 50, with 4 orders each.
    assert_eq!(project.rows(AUDIENCES), ["Buyers|10", "French orders|200"]);
    assert_eq!(project.rows("SELECT min(id), max(id) FROM audience.\"Buyers\""), ["1|500"]);
    let orders = asked(&server, mark, "orders");
    assert!(orders.iter().any(|l| l.contains("\"amount\" > '1990")), "{orders:#?}");

    // The conditions of one audience go to the server, and so do those of a dimension, which hold for
    // all: each kind of value that a rule compares.
    let mark = run(
        "one.camp",
        format!(
            "{head}a = build audience from customers where country = \"FR\" and spent > 500.50 and id <= 990 \
             and seen after 2025-06-01T08:00Z select email, spent\nsave audience a as \"One\"\n"
        ),
    );
    // Tens from 460 (506.00; seen at minute 460, so at least 481 for 8 o'clock) on: 490 … 990.
    assert_eq!(
        project.rows("SELECT count(*), min(id), max(id) FROM audience.\"One\""),
        ["51|490|990"]
    );
    let customers = asked(&server, mark, "customers");
    let filtered = |l: &&String| {
        ["\"country\" = 'FR'", "\"spent\" > '500.50'", "\"id\" <= ", "\"seen\" > "]
            .iter()
            .all(|part| l.contains(part))
    };
    assert!(customers.iter().any(|l| filtered(&l)), "{customers:#?}");
    assert!(!customers.iter().any(|l| l.contains("consent")), "{customers:#?}");

    let mark = run(
        "several.camp",
        format!(
            "{}a = build audience from customers where consent = true\n\
             b = build audience from customers where spent > 1000\n\
             save audience a as \"A\"\nsave audience b as \"B\"\n",
            head.replace(
                "crm.public.customers\n",
                "crm.public.customers where country in (\"FR\", \"IT\")\n"
            )
        ),
    );
    // Of the hundred French every third; and those above 909.
    assert_eq!(project.rows(AUDIENCES)[..2], ["A|33", "B|10"]);
    let customers = asked(&server, mark, "customers");
    assert!(customers.iter().all(|l| l.contains("\"country\" IN ('FR', 'IT')")), "{customers:#?}");

    let log = server.log();
    let after = log.rsplit("generate_series(1, 2000)").next().unwrap();
    for change in ["INSERT", "UPDATE ", "DELETE ", "DROP ", "CREATE ", "TRUNCATE"] {
        assert!(!after.contains(change), "the server was written to:\n{after}");
    }
}

#[test]
fn a_password_is_neither_printed_nor_kept() {
    if sources::extensions(&["postgres_scanner"]).is_none() {
        return;
    }
    let Some(server) = Server::start() else { return };
    server.sql(TABLES);
    let project = Project::new();
    let script = |uri: &str, table: &str| {
        format!(
            "database crm = \"{uri}\"\ndimension c = crm.public.{table} key id\n\
             a = build audience from c where country = \"FR\"\nsave audience a as \"A\"\n"
        )
    };
    let uri = server.uri();
    let pairs = format!(
        "postgres:host=127.0.0.1 port={} user=camp password='s3cr3t w0rd' dbname=none",
        server.port
    );
    let scripts = [
        ("good.camp", script(&uri, "customers")),
        ("table.camp", script(&uri, "custommers")),
        ("wrong.camp", script(&uri.replace("s3cr3t", "s3cr3tX"), "customers")),
        ("pairs.camp", script(&pairs, "customers")),
        ("syntax.camp", format!("database crm = \"{uri}\" oops\n")),
        (
            "twice.camp",
            format!(
                "database crm = \"{uri}\"\n{}",
                script(&uri.replace("s3", "S3cr3t"), "customers")
            ),
        ),
        ("kind.camp", script(&uri.replace("postgres:", "mysql:"), "customers")),
        ("lake.camp", script(&format!("ducklake:{pairs}"), "customers")),
    ];
    for (file, text) in &scripts {
        project.write(file, text);
        let mut commands = vec![
            vec!["check", file, "--format", "json"],
            vec!["run", file],
            vec!["run", file, "--log", "json", "--messages", "json"],
        ];
        if *file == "good.camp" {
            commands.extend([
                vec!["plan", file, "--save-plan", "plan.json"],
                vec!["explain", file, "--analyze"],
                vec!["graph", file, "--format", "html"],
                vec!["run", file, "--format", "json"],
                vec!["runs", "show", "--format", "json"],
                vec!["debug", "program", file],
                vec!["debug", "plan", file],
            ]);
        }
        for args in commands {
            let ran = camp(&project, &args, &[]);
            assert_eq!(ran.exit == Some(0), *file == "good.camp", "{args:?}: {}", ran.stderr);
            for text in [&ran.stdout, &ran.stderr] {
                let text = text.to_lowercase();
                assert!(!text.contains("s3cr3t") && !text.contains("w0rd"), "{args:?}: {text}");
            }
        }
    }
    let kept: Vec<String> =
        project.files().into_iter().filter(|f| scripts.iter().all(|(s, _)| s != f)).collect();
    assert!(kept.contains(&"camp.duckdb".into()) && kept.contains(&"plan.json".into()), "{kept:?}");
    for file in kept {
        let bytes = std::fs::read(project.path(&file)).unwrap();
        assert!(!bytes.windows(6).any(|w| w == b"s3cr3t"), "the password is in {file}");
    }

    // From the environment, and from a file of passwords, as every client of Postgres takes it.
    let bare = format!("postgres://camp@127.0.0.1:{}/postgres", server.port);
    project.write("env.camp", &script(&bare, "customers"));
    let ran = camp(&project, &["run", "env.camp"], &[("PGPASSWORD", PASSWORD)]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    project.write("passwords", &format!("127.0.0.1:*:*:camp:{PASSWORD}\n"));
    let file = project.path("passwords");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let ran = camp(&project, &["run", "env.camp"], &[("PGPASSFILE", file.to_str().unwrap())]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let ran = camp(&project, &["run", "env.camp"], &[("PGPASSFILE", "/dev/null")]);
    assert_eq!(ran.exit, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("E0513"), "{}", ran.stderr);
}

const SHOP: &str = "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, country TEXT); \
    CREATE TABLE Orders (number INTEGER, line INTEGER, customer_id INTEGER REFERENCES Customers, \
    PRIMARY KEY (number, line)); \
    CREATE TABLE returns (id INTEGER PRIMARY KEY, order_number INTEGER, order_line INTEGER, \
    FOREIGN KEY (order_number, order_line) REFERENCES orders (number, line)); \
    WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 100) \
    INSERT INTO customers SELECT i, 'p' || i, CASE WHEN i % 4 = 0 THEN 'FR' END FROM r; \
    INSERT INTO orders VALUES (1, 1, 7), (1, 2, 7), (2, 1, 8); INSERT INTO returns VALUES (1, 1, 2), (2, 2, 1)";

#[test]
fn a_sqlite_file_gives_tables_with_keys_and_links_and_stays_as_it_is() {
    if sources::extensions(&["sqlite_scanner"]).is_none() {
        return;
    }
    let project = Project::new();
    let file = project.path("shop.sqlite");
    if sources::sqlite(&file, SHOP).is_none() {
        return;
    }
    let before = std::fs::read(&file).unwrap();
    // The second name is found by what is in the file.
    for (address, safe) in [("sqlite:shop.sqlite", false), ("shop.sqlite", true)] {
        project.write(
            "a.camp",
            &format!(
                "database shop = \"{address}\"\ndimension customers = shop.customers\n\
                 dimension orders = shop.orders\ndimension returns = shop.returns\n\
                 a, rest = build audience from customers where country = \"FR\" select email\n\
                 buyers = build audience from customers where any orders\n\
                 back = build audience from returns where Orders.customer.id = 8\n\
                 save audience a as \"A\"\nsave audience rest as \"Rest\"\n\
                 save audience buyers as \"Buyers\"\nsave audience back as \"Back\"\n"
            ),
        );
        let mut args = vec!["run", "a.camp"];
        args.extend(safe.then_some("--safe"));
        camp_well(&project, &args);
        // Every fourth of a hundred; customers 7 and 8; the return of order 2, line 1.
        assert_eq!(project.rows(AUDIENCES), ["A|25", "Back|1", "Buyers|2", "Rest|75"]);
        assert_eq!(project.rows("SELECT id FROM audience.\"Back\""), ["2"]);
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

/// The engine without Camp, with one of its extensions.
fn engine(extension: &str) -> duckdb::Connection {
    let config = duckdb::Config::default().enable_autoload_extension(false).unwrap();
    let db = duckdb::Connection::open_in_memory_with_flags(config).unwrap();
    let file = sources::extensions(&[extension]).unwrap();
    let file = file.join(format!("{extension}.duckdb_extension"));
    db.execute_batch(&format!("LOAD '{}'", file.display())).unwrap();
    db
}

fn bytes_below(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(bytes_below(&path));
        } else {
            all.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[test]
fn a_ducklake_gives_its_newest_rows_and_stays_as_it_is() {
    if sources::extensions(&["ducklake"]).is_none() {
        return;
    }
    let project = Project::new();
    let lake = project.path("lake");
    std::fs::create_dir(&lake).unwrap();
    let address = format!("ducklake:{}", lake.join("meta.ducklake").display());
    let db = engine("ducklake");
    db.execute_batch(&format!(
        "ATTACH '{address}' AS made (DATA_PATH '{}'); \
         CREATE TABLE made.customers AS SELECT i AS id, CASE WHEN i % 4 = 0 THEN 'FR' END AS country FROM range(1000) r(i); \
         DELETE FROM made.customers WHERE id < 100; DETACH made",
        lake.join("data").display()
    ))
    .unwrap();
    drop(db);
    let before = bytes_below(&lake);
    project.write(
        "a.camp",
        "database lake = \"ducklake:lake/meta.ducklake\"\ndimension customers = lake.customers key id\n\
         a, rest = build audience from customers where country = \"FR\"\n\
         save audience a as \"A\"\nsave audience rest as \"Rest\"\n",
    );
    camp_well(&project, &["run", "a.camp"]);
    assert_eq!(project.rows(AUDIENCES), ["A|225", "Rest|675"]);
    assert!(bytes_below(&lake) == before, "the lake was written to");
    let ran = camp(&project, &["run", "a.camp", "--safe"], &[]);
    assert!(ran.exit != Some(0) && ran.stderr.contains("E0528"), "{}", ran.stderr);
    project.write("none.camp", "database lake = \"ducklake:lake/none.ducklake\"\n");
    let ran = camp(&project, &["check", "none.camp"], &[]);
    assert!(ran.stderr.contains("E0509"), "{}", ran.stderr);
    assert!(!lake.join("none.ducklake").exists());
}

#[test]
fn an_extension_is_fetched_only_where_the_settings_allow_it() {
    let Some(folder) = sources::extensions(&["sqlite_scanner"]) else { return };
    let project = Project::new();
    if sources::sqlite(&project.path("shop.sqlite"), "CREATE TABLE t (id INTEGER PRIMARY KEY)")
        .is_none()
    {
        return;
    }
    project.write(
        "a.camp",
        "database shop = \"sqlite:shop.sqlite\"\ndimension t = shop.t\na = build audience from t\n",
    );
    // A mirror as DuckDB's own repository is: by version and platform, packed.
    let platform = if cfg!(target_arch = "aarch64") { "linux_arm64" } else { "linux_amd64" };
    let good = std::fs::read(folder.join("sqlite_scanner.duckdb_extension")).unwrap();
    let mut forged = good.clone();
    forged[good.len() / 2] ^= 1;
    for (mirror, bytes) in [("mirror", &good), ("forged", &forged)] {
        let place = project.path(&format!("{mirror}/v1.5.5/{platform}"));
        std::fs::create_dir_all(&place).unwrap();
        let file = place.join("sqlite_scanner.duckdb_extension");
        std::fs::write(&file, bytes).unwrap();
        let packed = sources::finish(std::process::Command::new("gzip").arg("-1").arg(&file));
        assert!(packed.status.success(), "{packed:?}");
    }
    let own = project.path("own");
    std::fs::create_dir(&own).unwrap();
    let check = |setting: &str, more: &[&str]| {
        project.write("camp.toml", &format!("timezone = \"UTC\"\n{setting}\n"));
        let args: Vec<&str> = ["check", "a.camp"].into_iter().chain(more.iter().copied()).collect();
        camp(&project, &args, &[("CAMP_EXTENSION_DIRECTORY", own.to_str().unwrap())])
    };
    for (setting, more) in [
        ("", &[][..]),
        ("install_extensions = false", &[]),
        ("install_extensions = \"mirror\"", &["--safe"]),
        ("install_extensions = \"forged\"", &[]),
        ("install_extensions = \"nowhere\"", &[]),
    ] {
        let ran = check(setting, more);
        assert!(ran.exit == Some(4) && ran.stderr.contains("E0514"), "{setting}: {ran:?}");
        let inside = bytes_below(&own);
        assert!(
            inside.is_empty(),
            "{setting}: {:?}",
            inside.iter().map(|(p, _)| p).collect::<Vec<_>>()
        );
    }
    let ran = check("install_extensions = \"mirror\"", &[]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    // It is there now.
    let ran = check("", &[]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
}
