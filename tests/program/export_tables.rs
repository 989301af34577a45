//! `export … to database.table`: DuckDB files, SQLite files and a Postgres server get the rows, all or
//! none, and only from a run that commits.

use crate::support::database;
use crate::support::project::Project;
use crate::support::sources::{self, Server, camp, camp_well};

/// A database that exports go to, as its own programs see it.
struct Out<'a> {
    /// Its address in scripts.
    address: String,
    kind: &'a str,
    /// How its own program writes 40.50, 60.00, no, yes, and what is missing.
    written: [&'a str; 5],
    /// Runs statements, or gives the rows of a SELECT: lines of values with `|`.
    sql: &'a dyn Fn(&str) -> String,
}

const ROWS: &str = "id,email,spent,born,active\n1,a@x,5.50,2000-01-01,true\n2,b@x,20.25,2001-02-03,false\n\
                    3,c@x,30.00,,true\n";

impl Out<'_> {
    fn script(&self, project: &Project, name: &str, statements: &str) {
        project.write(
            name,
            &format!(
                "database out = \"{}\"\ndimension customers = \"customers.csv\" key id\n\
                 vip = build audience from customers where spent > 10\n  select email, spent * 2 as twice, born, active\n\
                 save audience vip as \"VIP\"\n{statements}",
                self.address
            ),
        );
    }

    fn holds(&self) {
        let project = &Project::new();
        project.write("customers.csv", ROWS);
        self.script(
            project,
            "a.camp",
            "export vip to out.vip\nexport vip to out.names select id, email, length(email) as size\n",
        );
        let rows = || (self.sql)("SELECT id, email, twice, born, active FROM vip ORDER BY id");
        let tables = |name: &str| (self.sql)(&self.tables(name));

        // Neither a plan nor a dry run writes.
        let planned = camp_well(project, &["plan", "a.camp"]);
        assert!(planned.stdout.contains("would export out.vip: 2 rows"), "{}", planned.stdout);
        camp_well(project, &["run", "a.camp", "--dry-run"]);
        assert_eq!(tables("vip"), "0\n");

        let ran = camp_well(project, &["run", "a.camp"]);
        assert!(ran.stdout.contains("exported out.vip: 2 rows"), "{}", ran.stdout);
        let [forty, sixty, no, yes, missing] = self.written;
        assert_eq!(
            rows(),
            format!("2|b@x|{forty}|2001-02-03|{no}\n3|c@x|{sixty}|{missing}|{yes}\n")
        );
        assert_eq!(
            (self.sql)("SELECT id, email, size FROM names ORDER BY id"),
            "2|b@x|3\n3|c@x|3\n"
        );
        assert_eq!(tables("names"), "1\n");

        // The rows are replaced; what the table has beside them stays.
        (self.sql)("CREATE INDEX vip_email ON vip (email)");
        project.write("customers.csv", &ROWS.replace("2,b@x", "9,z@x"));
        camp_well(project, &["run", "a.camp"]);
        assert_eq!((self.sql)("SELECT id, email FROM vip ORDER BY id"), "3|c@x\n9|z@x\n");
        // An index is a relation too.
        assert_eq!(tables("vip_email"), "1\n");

        // What the table does not take leaves everything as it was.
        (self.sql)("CREATE TABLE checked (id BIGINT CHECK (id < 9), email VARCHAR(20))");
        (self.sql)("INSERT INTO checked VALUES (7, 'old')");
        self.script(
            project,
            "b.camp",
            "export vip to out.vip\nexport vip to out.checked select id, email\n",
        );
        project.write("customers.csv", &ROWS.replace("1,a@x,5", "10,new@x,55"));
        let ran = camp(project, &["run", "b.camp"], &[]);
        assert!(ran.exit == Some(4) && ran.stderr.contains("E0571"), "{ran:?}");
        assert_eq!((self.sql)("SELECT id, email FROM checked"), "7|old\n");
        assert_eq!((self.sql)("SELECT id, email FROM vip ORDER BY id"), "3|c@x\n9|z@x\n");
        assert_eq!(project.rows("SELECT id FROM audience.\"VIP\" ORDER BY id"), ["3", "9"]);

        // So does an expectation that does not hold.
        self.script(project, "c.camp", "expect count(vip) > 5\nexport vip to out.vip\n");
        assert_eq!(camp(project, &["run", "c.camp"], &[]).exit, Some(3));
        assert_eq!((self.sql)("SELECT id, email FROM vip ORDER BY id"), "3|c@x\n9|z@x\n");

        // A table of other columns is somebody else's.
        (self.sql)("CREATE TABLE other (id BIGINT, mail VARCHAR(20))");
        for (export, code) in [
            ("export vip to out.other select id, email", "E0580"),
            ("export vip to out.other select id, twice as mail", "E0580"),
            ("export vip to out.nowhere.vip", "E0511"),
            (
                "dimension theirs = out.other key id\nbad = build audience from theirs\nexport bad to out.other select id, mail",
                "E0572",
            ),
        ] {
            self.script(project, "wrong.camp", &format!("{export}\n"));
            let ran = camp(project, &["run", "wrong.camp"], &[]);
            assert!(ran.exit != Some(0) && ran.stderr.contains(code), "{export}: {ran:?}");
            let columns = (self.sql)("SELECT count(id), count(mail) FROM other");
            assert_eq!(columns, "0|0\n", "{export}");
        }
    }

    /// A query for how many relations of a name there are.
    fn tables(&self, name: &str) -> String {
        match self.kind {
            "sqlite" => format!("SELECT count(*) FROM sqlite_master WHERE name = '{name}'"),
            "duckdb" => format!(
                "SELECT (SELECT count(*) FROM duckdb_tables() WHERE table_name = '{name}') + \
                 (SELECT count(*) FROM duckdb_indexes() WHERE index_name = '{name}')"
            ),
            _ => format!("SELECT count(*) FROM pg_class WHERE relname = '{name}'"),
        }
    }
}

#[test]
fn a_duckdb_file_gets_tables_and_a_kill_leaves_the_old_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.duckdb");
    let sql = |sql: &str| {
        let db = database::open(&file).unwrap();
        if !sql.starts_with("SELECT") {
            db.execute_batch(sql).unwrap();
            return String::new();
        }
        let rows = database::rows(&db, sql).unwrap();
        rows.into_iter().map(|r| r.join("|") + "\n").collect()
    };
    sql("CREATE SCHEMA sales");
    let out = Out {
        address: file.display().to_string(),
        kind: "duckdb",
        written: ["40.50", "60.00", "false", "true", "∅"],
        sql: &sql,
    };
    out.holds();

    // Killed before each step from the first that writes the table on.
    let project = &Project::new();
    project.write("customers.csv", ROWS);
    out.script(project, "a.camp", "export vip to out.sales.vip select id\n");
    camp_well(project, &["run", "a.camp"]);
    let told = camp(project, &["run", "a.camp"], &[("CAMP_TEST_STEPS", "1")]);
    let steps: Vec<&str> = told.stderr.lines().filter(|l| l.starts_with("step ")).collect();
    let first = steps.iter().position(|s| s.ends_with("write an exported table"));
    let commit = steps.iter().position(|s| s.ends_with(": COMMIT")).unwrap();
    let mut turn = 3;
    for (step, what) in steps.iter().enumerate().skip(first.unwrap()) {
        // Each time another member, so that old and new differ.
        let before = sql("SELECT id FROM sales.vip ORDER BY id");
        turn += 1;
        project.write("customers.csv", &ROWS.replace("3,c@x", &format!("{turn},c@x")));
        let number = (step + 1).to_string();
        let ran = camp(project, &["run", "a.camp"], &[("CAMP_TEST_KILL", &number)]);
        assert_eq!(ran.exit, None, "{}: {}", what, ran.stderr);
        let (old, new) = (before, format!("2\n{turn}\n"));
        let table = sql("SELECT id FROM sales.vip ORDER BY id");
        assert!(table == old || table == new, "{}: {table:?}", what);
        let members = project.rows("SELECT id FROM audience.\"VIP\" ORDER BY id").join("\n") + "\n";
        assert!(members == old || members == new, "{}: {members:?}", what);
        // The table is never ahead of the audience.
        assert!(table == old || members == new, "{}: {table:?} {members:?}", what);
        assert!(step > commit || members == old, "{}: {members:?}", what);
        camp_well(project, &["run", "a.camp"]);
        assert_eq!(sql("SELECT id FROM sales.vip ORDER BY id"), new, "{}", what);
    }

    // Scripts of others write nowhere but in files of their folder.
    let own = project.path("own.duckdb");
    database::open(&own).unwrap().execute_batch("CREATE TABLE t (i INTEGER)").unwrap();
    let script = std::fs::read_to_string(project.path("a.camp")).unwrap();
    project.write("safe.camp", &script.replace(&out.address, "own.duckdb").replace("sales.", ""));
    let ran = camp(project, &["run", "safe.camp", "--safe"], &[]);
    assert!(ran.exit == Some(4) && ran.stderr.contains("E0528"), "{ran:?}");

    // Not tables of other databases.
    for (target, code) in [
        ("vip", "E0490"),
        ("project.vip", "E0490"),
        ("nowhere.vip", "E0511"),
        ("vip.csv", "E0511"),
        ("self.vip", "E0490"),
        ("out.vip with header: false", "E0207"),
        ("out.vip\nexport vip to out.VIP", "E0419"),
        ("out.seen", "E0490"),
    ] {
        sql("CREATE OR REPLACE VIEW seen AS SELECT 1 AS id");
        out.script(
            project,
            "wrong.camp",
            &format!("database self = \"camp.duckdb\"\nexport vip to {target}\n"),
        );
        let ran = camp(project, &["check", "wrong.camp"], &[]);
        assert!(ran.exit == Some(1) && ran.stderr.contains(code), "{target}: {ran:?}");
    }
    let ran = camp(project, &["check", "wrong.camp"], &[]);
    assert!(ran.stderr.contains("`out.seen` is a view"), "{}", ran.stderr);
}

#[test]
fn a_sqlite_file_gets_tables() {
    if sources::extensions(&["sqlite_scanner"]).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.sqlite");
    if sources::sqlite(&file, "CREATE TABLE something (i INTEGER)").is_none() {
        return;
    }
    let sql = |sql: &str| sources::sqlite(&file, sql).unwrap();
    let out = Out {
        address: format!("sqlite:{}", file.display()),
        kind: "sqlite",
        written: ["40.5", "60.0", "0", "1", "None"],
        sql: &sql,
    };
    out.holds();
    assert_eq!(
        sql("SELECT name || ' ' || type FROM pragma_table_info('vip')"),
        "id BIGINT\nemail VARCHAR\ntwice DOUBLE\nborn VARCHAR\nactive BIGINT\n"
    );
}

#[test]
fn a_postgres_server_gets_tables() {
    if sources::extensions(&["postgres_scanner"]).is_none() {
        return;
    }
    let Some(server) = Server::start() else { return };
    let sql = |sql: &str| server.sql(sql);
    let out = Out {
        address: server.uri(),
        kind: "postgres",
        written: ["40.50", "60.00", "f", "t", ""],
        sql: &sql,
    };
    out.holds();
    assert_eq!(
        sql(
            "SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = 'vip' \
             ORDER BY ordinal_position"
        ),
        "id bigint\nemail character varying\ntwice numeric\nborn date\nactive boolean\n"
    );
    // Lists and numbers of any size have a type there; rights stay with the table.
    let project = &Project::new();
    project.write("customers.csv", ROWS);
    out.script(
        project,
        "types.camp",
        "export vip to out.types\n  select id, id * 1_000_000_000_000 * 1_000_000 as big, now as seen, split_text(email, \"@\") as tags\n",
    );
    camp_well(project, &["run", "types.camp", "--as-of", "2025-06-30T12:00Z"]);
    assert_eq!(
        sql("SELECT id, big, seen AT TIME ZONE 'UTC', tags FROM types ORDER BY id"),
        "2|2000000000000000000|2025-06-30 12:00:00|{b,x}\n3|3000000000000000000|2025-06-30 12:00:00|{c,x}\n"
    );
    sql("CREATE ROLE reader LOGIN; GRANT SELECT ON types TO reader");
    camp_well(project, &["run", "types.camp", "--as-of", "2025-06-30T12:00Z"]);
    assert_eq!(sql("SELECT has_table_privilege('reader', 'types', 'SELECT')"), "t\n");
    // A lock is not waited for without end.
    assert!(server.log().contains("SET LOCAL lock_timeout"), "{}", server.log());
}
