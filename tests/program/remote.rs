//! Files behind `http://` and `s3://`: real servers on loopback.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::database;
use crate::support::file_server::FileServer;
use crate::support::project::Project;
use crate::support::sources::{self, camp, camp_well};

/// A thousand customers and, in a column that no rule asks for, much more.
fn write_customers(project: &Project) {
    std::fs::create_dir(project.path("web")).unwrap();
    let rows = "SELECT i AS id, CASE WHEN i % 4 = 0 THEN 'FR' ELSE 'DE' END AS country, \
                array_to_string(list_transform(range(100), lambda x: md5((i * 1000 + x)::VARCHAR)), '') AS story \
                FROM range(1000) r(i)";
    let db = database::open(Path::new(":memory:")).unwrap();
    for (name, query) in [
        ("customers.parquet", rows),
        (
            "customers.csv",
            "SELECT i AS id, CASE WHEN i % 4 = 0 THEN 'FR' ELSE 'DE' END AS country FROM range(1000) r(i)",
        ),
        (
            "customers.csv.gz",
            "SELECT i AS id, CASE WHEN i % 4 = 0 THEN 'FR' ELSE 'DE' END AS country FROM range(1000) r(i)",
        ),
        (
            "customers.json",
            "SELECT i AS id, CASE WHEN i % 4 = 0 THEN 'FR' ELSE 'DE' END AS country FROM range(1000) r(i)",
        ),
    ] {
        let file = project.path(&format!("web/{name}"));
        db.execute_batch(&format!("COPY ({query}) TO '{}'", file.display())).unwrap();
    }
}

fn script(address: &str) -> String {
    format!(
        "dimension c = \"{address}\" key id\na, rest = build audience from c where country = \"FR\"\n\
         save audience a as \"A\"\nsave audience rest as \"Rest\"\n"
    )
}

const SIZES: &str = "SELECT label, size FROM camp.camp.audience ORDER BY label";

#[test]
fn files_of_a_web_server_are_read_as_far_as_they_are_needed() {
    if sources::extensions(&["httpfs"]).is_none() {
        return;
    }
    let project = Project::new();
    write_customers(&project);
    let server = FileServer::start(&project.path("web"));
    for name in ["customers.parquet", "customers.csv", "customers.csv.gz", "customers.json"] {
        project.write("a.camp", &script(&server.address(name)));
        let before = server.sent();
        camp_well(&project, &["run", "a.camp"]);
        assert_eq!(project.rows(SIZES), ["A|250", "Rest|750"], "{name}");
        assert!(server.seen().iter().any(|s| s.contains(name)), "{:?}", server.seen());
        if name == "customers.parquet" {
            let size = std::fs::metadata(project.path("web/customers.parquet")).unwrap().len();
            let sent = server.sent() - before;
            assert!(size > 1_000_000 && sent < size / 4, "{sent} of {size} bytes");
        }
    }

    // What cannot be read is an error that tells no secret, and saves nothing.
    project.write("broken.parquet", "PAR1");
    std::fs::write(project.path("web/broken.parquet"), "PAR1 and no more PAR1").unwrap();
    std::fs::write(project.path("web/ragged.csv"), "id,country\n1,FR\n2\n").unwrap();
    let gone = "http://127.0.0.1:1/customers.csv?sig=t0ps3cret".to_owned();
    let signed = |name: &str| server.address(&format!("{name}?sig=t0ps3cret"));
    for (address, code) in [
        (signed("nothing.csv"), "E0517"),
        (signed("nothing.parquet"), "E0517"),
        (signed("broken.parquet"), "E0517"),
        (signed("ragged.csv"), "E0522"),
        (gone, "E0517"),
    ] {
        project.write("b.camp", &script(&address));
        for args in [
            &["run", "b.camp"][..],
            &["check", "b.camp", "--format", "json"],
            &["run", "b.camp", "--messages", "json"],
        ] {
            let ran = camp(&project, args, &[]);
            assert_eq!(ran.exit, Some(4), "{address} {args:?}: {ran:?}");
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(
                said.contains(code) && !said.contains("t0ps3cret"),
                "{address} {args:?}: {said}"
            );
        }
    }
    project.write("signed.camp", &script(&signed("customers.csv")));
    camp_well(&project, &["run", "signed.camp"]);
    for file in project.files().iter().filter(|f| f.starts_with("camp.duckdb")) {
        let bytes = std::fs::read(project.path(file)).unwrap();
        assert!(!bytes.windows(9).any(|w| w == b"t0ps3cret"), "the signature is in {file}");
    }
    let ran = camp(&project, &["run", "a.camp", "--safe"], &[]);
    assert!(ran.exit == Some(4) && ran.stderr.contains("E0528"), "{ran:?}");
    let asked = server.seen().len();
    assert_eq!(server.seen().len(), asked);
}

/// An object store of its own, ended with the test.
struct Store(Child);

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn files_of_an_object_store_are_read_with_credentials_of_the_environment() {
    if sources::extensions(&["httpfs"]).is_none() {
        return;
    }
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".extensions/moto/bin/python");
    if !python.exists() {
        eprintln!("left out: there is no object store; scripts/object_store.sh fetches one");
        return;
    }
    let project = Project::new();
    write_customers(&project);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(&python)
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _store = Store(child.unwrap());
    let endpoint = format!("http://127.0.0.1:{port}");
    const FILL: &str = "import boto3, sys, time\nfrom botocore.config import Config\n\
        s = boto3.client('s3', endpoint_url=sys.argv[1], aws_access_key_id='id', aws_secret_access_key='t0ps3cret', region_name='eu-west-3')\n\
        for i in range(100):\n  try:\n    s.create_bucket(Bucket='shop', CreateBucketConfiguration={'LocationConstraint': 'eu-west-3'})\n    break\n\
        \x20 except Exception as e:\n    time.sleep(0.2)\n\
        for n in ('customers.parquet', 'customers.csv'):\n  s.upload_file(sys.argv[2] + '/' + n, 'shop', 'a/' + n)\n\
        s.upload_file(sys.argv[2] + '/customers.csv', 'shop', 'b/part 1.csv')\n";
    let web = project.path("web");
    let filled = sources::finish(Command::new(&python).args(["-c", FILL, &endpoint]).arg(&web));
    assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
    let environment = [
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "t0ps3cret"),
        ("AWS_REGION", "eu-west-3"),
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
    ];
    for name in ["a/customers.parquet", "a/customers.csv", "b/*.csv"] {
        project.write("a.camp", &script(&format!("s3://shop/{name}")));
        let ran = camp(&project, &["run", "a.camp"], &environment);
        assert_eq!(ran.exit, Some(0), "{name}: {}", ran.stderr);
        assert_eq!(project.rows(SIZES), ["A|250", "Rest|750"], "{name}");
    }
    for (name, code) in [("a/nothing.csv", "E0517"), ("nothing/*.csv", "E0515")] {
        project.write("b.camp", &script(&format!("s3://shop/{name}")));
        let ran = camp(&project, &["run", "b.camp"], &environment);
        assert!(ran.exit == Some(4) && ran.stderr.contains(code), "{name}: {ran:?}");
        assert!(!ran.stderr.contains("t0ps3cret"), "{}", ran.stderr);
    }
    for file in project.files().iter().filter(|f| f.starts_with("camp.duckdb")) {
        let bytes = std::fs::read(project.path(file)).unwrap();
        assert!(!bytes.windows(9).any(|w| w == b"t0ps3cret"), "the secret is in {file}");
    }
}
