//! The samples that use plugins, run for real, against queries that were written from the reference
//! over the made data: they share nothing with Camp.

use std::fs;
use std::path::Path;

use super::{AS_OF, FOLDER, project};
use crate::support::database;
use crate::support::drive;
use crate::support::project::{Project, Ran};
use crate::support::web;

#[path = "../../plugins/email/tests/server/mod.rs"]
#[allow(dead_code, reason = "the tests of the plugin use more of it")]
mod smtp;

/// The made files as tables, what the model defines over them, and the clock: the morning of
/// Wednesday, 25 November 2026.
const MADE: &str = "
CREATE TEMP VIEW customers AS FROM '{dir}/data/customers.parquet';
CREATE TEMP VIEW orders AS FROM '{dir}/data/orders/2026.parquet';
CREATE TEMP VIEW lines AS FROM '{dir}/data/lines.parquet';
CREATE TEMP VIEW suppressed AS FROM read_csv('{dir}/data/suppression.csv', delim = ';', all_varchar = true);
CREATE TEMP TABLE spent AS
  SELECT customer_id, sum(amount) AS lifetime_value FROM orders WHERE status = 'paid' GROUP BY ALL
  UNION ALL SELECT customer_id, 0 FROM customers
    WHERE customer_id NOT IN (SELECT customer_id FROM orders WHERE status = 'paid');
CREATE TEMP TABLE contactable AS
  SELECT c.*, s.lifetime_value FROM customers c JOIN spent s USING (customer_id)
  WHERE consent IS TRUE AND coalesce(email, '') <> ''
    AND lower(trim(email)) NOT IN (SELECT lower(trim(email)) FROM suppressed);
";

/// A sample that was run.
struct Sample {
    project: Project,
    name: &'static str,
    mail: smtp::Server,
    ran: Ran,
}

impl Sample {
    /// Runs a sample on a project of its own, with a mail server of its own.
    fn run(name: &'static str) -> Self {
        Self::run_changed(name, |text| text)
    }

    fn run_changed(name: &'static str, change: impl Fn(String) -> String) -> Self {
        let project = project();
        let text = fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
        project.write(name, &change(text));
        let mail = smtp::Server::start(&[]);
        let ran = Ran { exit: None, stdout: String::new(), stderr: String::new() };
        let mut sample = Self { project, name, mail, ran };
        sample.again();
        sample
    }

    fn well(self) -> Self {
        assert_eq!(self.ran.exit, Some(0), "{}{}", self.ran.stdout, self.ran.stderr);
        self
    }

    fn again(&mut self) {
        let mut command = drive::program(&self.project.path(""));
        command.args(["run", self.name, "--as-of", AS_OF]).env("CAMP_SMTP_URL", self.mail.url());
        self.ran = Ran::of(command.output().unwrap());
    }

    /// The rows of a query over the made data and the project's database.
    fn rows(&self, sql: &str) -> Vec<String> {
        let db = database::open(&self.project.database()).unwrap();
        let dir = self.project.path(".").to_string_lossy().into_owned();
        db.execute_batch(&MADE.replace("{dir}", &dir)).unwrap();
        let sql = sql.replace("{dir}", &dir);
        database::rows(&db, &sql).unwrap().into_iter().map(|r| r.join("|")).collect()
    }

    /// The members of an audience are those that a query finds, somebody at least: nobody at all proves
    /// nothing.
    fn same(&self, label: &str, members: &str, query: &str) {
        assert!(self.same_or_nobody(label, members, query) > 0, "{label}: nobody");
    }

    fn same_or_nobody(&self, label: &str, members: &str, query: &str) -> usize {
        let found = self.rows(&format!("SELECT {members} FROM audience.\"{label}\" ORDER BY ALL"));
        assert_eq!(found, self.sorted(query), "{label}");
        found.len()
    }

    fn sorted(&self, query: &str) -> Vec<String> {
        self.rows(&format!("SELECT * FROM ({query}) ORDER BY ALL"))
    }

    /// Who got mail, with the subjects, sorted.
    fn mails(&self) -> Vec<String> {
        let mut mails: Vec<_> = self
            .mail
            .messages()
            .iter()
            .map(|m| format!("{}|{}", m.to.join(","), m.header("subject").unwrap_or_default()))
            .collect();
        mails.sort();
        mails
    }

    /// How many receipts there are, by status.
    fn receipts(&self) -> Vec<String> {
        self.rows(
            "SELECT channel, status, count(*) FROM camp.camp.delivery GROUP BY ALL ORDER BY ALL",
        )
    }
}

#[test]
fn winback_stops_where_its_guard_does_not_hold() {
    let sample = Sample::run("01_winback.camp");
    let lapsed = |days: u32| {
        format!(
            "SELECT customer_id FROM contactable c WHERE lifetime_value >= 100
               AND (SELECT max(ordered_at) FROM orders o WHERE o.customer_id = c.customer_id)
                 < DATE '2026-11-25' - {days}"
        )
    };
    assert!(sample.sorted(&lapsed(180)).len() < 100, "the guard holds for the made data");
    assert_eq!(sample.ran.exit, Some(3), "{}", sample.ran.stderr);
    // What another campaign saved before is still there.
    let label = "Lapsed buyers, reachable";
    let before = "SELECT customer_id FROM contactable WHERE lifetime_value > 2000";
    sample.same(label, "customer_id", before);

    // The made data has no two rows of one address.
    let sample = Sample::run_changed("01_winback.camp", |text| {
        text.replace("180 days", "30 days").replace("between 100 and", "between 1 and")
    })
    .well();
    sample.same(label, "customer_id", &lapsed(30));
}

#[test]
fn birthday_mails_go_to_those_who_have_one_in_the_language_of_their_country() {
    let sample = Sample::run("02_birthday.camp").well();
    let soon = "FROM contactable WHERE strftime(birthday, '%m-%d') BETWEEN '11-26' AND '12-02'
                AND birthday <= DATE '2008-11-25'";
    sample.same("Birthday this week", "customer_id", &format!("SELECT customer_id {soon}"));
    let expected = sample.sorted(&format!(
        "SELECT email, CASE WHEN country IN ('DE', 'AT', 'CH') THEN 'Alles Gute, ' || first_name || '!'
           ELSE 'Happy birthday, ' || first_name || '!' END {soon}"
    ));
    assert_eq!(sample.mails(), expected);
    assert_eq!(sample.receipts(), [format!("email|sent|{}", expected.len())]);
}

#[test]
fn abandoned_carts_become_people_with_their_best_basket() {
    let sample = Sample::run("03_cart_abandonment.camp").well();
    sample.same(
        "Abandoned carts, last day",
        "customer_id, basket, carts",
        "SELECT k.customer_id, max(basket), count(*) FROM '{dir}/data/carts.parquet' k
           JOIN (SELECT cart_id, sum(price) AS basket FROM lines GROUP BY ALL) b USING (cart_id)
         WHERE k.created_at > TIMESTAMP '2026-11-24 09:30' AND k.created_at < TIMESTAMP '2026-11-25 08:30'
           AND basket >= 30 AND k.customer_id IN (SELECT customer_id FROM customers)
           AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = k.customer_id AND o.ordered_at > k.created_at)
         GROUP BY ALL",
    );
}

#[test]
fn scores_of_surveys_decide_who_is_called() {
    let sample = Sample::run("04_nps_follow_up.camp").well();
    // Everybody answered once at most.
    let by = |rule: &str| {
        format!(
            "SELECT customer_id, score FROM read_csv('{{dir}}/data/nps.csv') JOIN customers USING (customer_id)
             WHERE date_trunc('day', answered_at) > DATE '2026-11-18' AND score {rule}"
        )
    };
    sample.same("NPS: call back", "customer_id, nps", &by("<= 6"));
    sample.same("NPS: ask for a review", "customer_id, nps", &by(">= 9"));
}

#[test]
fn rfm_segments_are_fifths() {
    let sample = Sample::run("05_rfm.camp").well();
    // A score of 5: four fifths or more have less.
    let scored = "WITH b AS (SELECT customer_id, max(ordered_at) AS r, count(*) AS f, sum(amount) AS m
             FROM orders JOIN customers USING (customer_id) GROUP BY ALL),
         s AS (SELECT customer_id,
             1 + (SELECT count(*) FROM b x WHERE x.r < b.r) * 5 // (SELECT count(*) FROM b) AS r,
             1 + (SELECT count(*) FROM b x WHERE x.f < b.f) * 5 // (SELECT count(*) FROM b) AS f,
             1 + (SELECT count(*) FROM b x WHERE x.m < b.m) * 5 // (SELECT count(*) FROM b) AS m FROM b),
         g AS (SELECT customer_id, CASE WHEN r = 5 AND f >= 4 AND m >= 4 THEN 'champions'
             WHEN f >= 4 THEN 'loyal' WHEN r <= 2 AND f >= 3 THEN 'at risk'
             WHEN r <= 2 THEN 'hibernating' ELSE 'others' END AS g FROM s)";
    let mut filled = 0;
    for segment in ["champions", "loyal", "at risk", "hibernating", "others"] {
        let query = format!("{scored} SELECT customer_id FROM g WHERE g = '{segment}'");
        let size = sample.same_or_nobody(&format!("RFM {segment}"), "customer_id", &query);
        filled += usize::from(size > 0);
    }
    assert!(filled >= 4, "the made data fills {filled} segments");
}

#[test]
fn a_tenth_of_each_country_is_held_out() {
    let sample = Sample::run("06_control_group.camp").well();
    let both = "SELECT customer_id FROM audience.\"Spring sale: control\"
                UNION ALL SELECT customer_id FROM audience.\"Spring sale: mailed\"";
    assert_eq!(sample.sorted(both), sample.sorted("SELECT customer_id FROM contactable"));
    assert_eq!(
        sample.rows("SELECT count(*) FROM audience.\"Spring sale: control\""),
        sample.rows("SELECT floor(count(*) * 0.1 + 0.5)::BIGINT FROM contactable")
    );
    let uneven = sample.rows(
        "SELECT country FROM contactable c GROUP BY country
         HAVING abs(count(*) * 0.1 - (SELECT count(*) FROM audience.\"Spring sale: control\" h WHERE h.country = c.country)) >= 1",
    );
    assert_eq!(uneven, [""; 0], "more than a person away from a tenth");
    assert_eq!(
        sample.sorted("SELECT customer_id FROM '{dir}/out/spring.csv'"),
        sample.sorted("SELECT customer_id FROM audience.\"Spring sale: mailed\"")
    );
}

#[test]
fn two_people_of_each_warm_account() {
    let sample = Sample::run("08_b2b_accounts.camp").well();
    let crm = sample.project.path("crm.duckdb");
    let db = database::open(&crm).unwrap();
    let expected = database::rows(
        &db,
        // In New York it is half past four in the morning of the 25th.
        "WITH hot AS (SELECT id FROM public.accounts a WHERE employees BETWEEN 200 AND 1000
             AND NOT EXISTS (SELECT 1 FROM public.contacts c WHERE c.account_id = a.id AND unsubscribed)
             AND 2 <= (SELECT count(*) FROM public.contacts c WHERE c.account_id = a.id AND EXISTS (
               SELECT 1 FROM public.web_events e WHERE e.contact_id = c.id AND page LIKE '/pricing%'
                 AND e.at >= DATE '2026-10-27'))),
           ranked AS (SELECT c.id, row_number() OVER (PARTITION BY account_id ORDER BY
               (SELECT count(*) FROM public.web_events e WHERE e.contact_id = c.id AND e.at >= DATE '2026-08-28') DESC,
               created_at) AS n
             FROM public.contacts c WHERE account_id IN (SELECT id FROM hot))
         SELECT id FROM ranked WHERE n <= 2 ORDER BY id",
    )
    .unwrap();
    let expected: Vec<String> = expected.into_iter().flatten().collect();
    assert_eq!(
        sample.rows("SELECT id FROM audience.\"ABM: two people per account\" ORDER BY id"),
        expected
    );
    assert!(!expected.is_empty());
}

#[test]
fn tiers_follow_the_points_of_the_year_before() {
    let sample = Sample::run("14_loyalty_tiers.camp").well();
    let points = "WITH p AS (SELECT c.customer_id, c.tier, coalesce((SELECT sum(amount) FROM orders o
               WHERE o.customer_id = c.customer_id AND status = 'paid' AND year(ordered_at) = 2025), 0) * 10
               + CASE WHEN staff IS TRUE THEN 0 ELSE 100 END AS points
             FROM customers c WHERE coalesce(loyalty_card, '') <> '') SELECT customer_id FROM p WHERE ";
    sample.same("Tier gold", "customer_id", &format!("{points} points >= 10000"));
    sample.same(
        "Tier silver",
        "customer_id",
        &format!("{points} points >= 4000 AND points < 10000"),
    );
    sample.same("Tier bronze", "customer_id", &format!("{points} points > 0 AND points < 4000"));
    let promoted = format!("{points} points >= 10000 AND tier IS DISTINCT FROM 'gold'");
    sample.same("Promoted to gold", "customer_id", &promoted);
    let lost = format!("{points} points < 10000 AND tier = 'gold'");
    sample.same("Lost gold", "customer_id", &lost);
}

#[test]
fn erasure_requests_find_their_customers() {
    let sample = Sample::run("15_gdpr_erasure.camp").well();
    let asked = "read_csv('{dir}/in/erasure_1.csv', all_varchar = true)";
    sample.same(
        "To erase",
        "customer_id",
        &format!("SELECT customer_id FROM customers WHERE lower(trim(email)) IN (SELECT lower(trim(email)) FROM {asked})"),
    );
    assert_eq!(
        sample.sorted("SELECT email FROM read_csv('{dir}/out/erasure_unmatched.csv')"),
        sample.sorted(&format!(
            "SELECT email FROM {asked} WHERE lower(trim(email)) NOT IN (SELECT lower(trim(email)) FROM customers WHERE email IS NOT NULL)"
        ))
    );
}

#[test]
fn nobody_is_active_without_an_address() {
    let sample = Sample::run("17_newsletter_hygiene.camp");
    let without = sample.rows("SELECT count(*) > 0 FROM customers WHERE consent AND email IS NULL");
    assert_eq!(without, ["true"], "the guard on addresses holds for the made data");
    assert_eq!(sample.ran.exit, Some(3), "{}", sample.ran.stderr);
    assert!(sample.ran.stderr.contains("an address without @"), "{}", sample.ran.stderr);
    let saved = sample.rows(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'audience' AND table_name LIKE 'Newsletter:%'",
    );
    assert_eq!(saved, ["0"]);
}

#[test]
fn everybody_gets_the_best_offer_only() {
    let sample = Sample::run("18_waterfall.camp").well();
    // The stable hash of the reference, written out.
    let pool = "WITH pool AS (SELECT customer_id, lifetime_value,
             md5('11:offers-2026' || length(customer_id) || ':' || customer_id) AS hash,
             (SELECT max(ordered_at) FROM orders o WHERE o.customer_id = c.customer_id
               AND ordered_at <= TIMESTAMP '2026-11-25 09:30') AS bought FROM contactable c),
           first AS (SELECT customer_id FROM pool WHERE lifetime_value >= 1000
             AND coalesce(bought < DATE '2026-09-27', true)),
           second AS (SELECT customer_id FROM pool WHERE lifetime_value >= 300
             AND customer_id NOT IN (FROM first) ORDER BY hash
             LIMIT (SELECT floor(count(*) * 0.2 + 0.5)::BIGINT FROM pool)),
           third AS (SELECT customer_id FROM pool WHERE bought >= DATE '2026-10-27'
             AND customer_id NOT IN (FROM first) AND customer_id NOT IN (FROM second))";
    for (label, subset) in [("Offer 25", "first"), ("Offer 15", "second"), ("Offer 10", "third")] {
        sample.same(label, "customer_id", &format!("{pool} SELECT customer_id FROM {subset}"));
    }
}

#[test]
fn the_third_day_is_greeted_once() {
    let mut sample = Sample::run("19_welcome_series.camp").well();
    let day3 = "FROM customers c WHERE signed_up_at::DATE = DATE '2026-11-22'
         AND NOT (country = 'IT' AND consent IS TRUE)
         AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id
           AND ordered_at BETWEEN signed_up_at AND signed_up_at + INTERVAL 3 DAY)";
    let mails = sample.sorted(&format!(
        "SELECT email, first_name || ', three days with us' {day3} AND email IS NOT NULL"
    ));
    assert_eq!(sample.mails(), mails);
    assert!(!mails.is_empty());
    let welcomed = format!(
        "SELECT customer_id FROM customers WHERE country = 'IT' AND consent IS TRUE UNION SELECT customer_id {day3}"
    );
    sample.same("Welcomed", "customer_id", &welcomed);
    sample.again();
    let sample = sample.well();
    assert_eq!(sample.mails(), mails, "nobody is greeted twice");
}

#[test]
fn the_sale_is_announced_to_halves() {
    let sample = Sample::run("26_sms_reachable.camp").well();
    let both = "SELECT customer_id FROM audience.\"Flash A\" UNION ALL SELECT customer_id FROM audience.\"Flash B\"";
    let reachable = sample.sorted(
        "SELECT customer_id FROM customers WHERE regexp_matches(mobile, '^\\+33[67]') AND sms_consent IS TRUE AND country <> 'FR'",
    );
    assert_eq!(sample.sorted(both), reachable);
    let sizes = sample.rows(
        "SELECT abs((SELECT count(*) FROM audience.\"Flash A\") - (SELECT count(*) FROM audience.\"Flash B\")) <= 1",
    );
    assert_eq!(sizes, ["true"]);
    assert!(!reachable.is_empty());
}

#[test]
fn scanned_badges_find_their_people() {
    let sample = Sample::run("27_event_attendees.camp").well();
    let scans = "read_csv('{dir}/in/scans.csv')";
    sample.same(
        "Conference 2026",
        "person_id",
        &format!("SELECT person_id FROM people WHERE person_id < 10 OR lower(email) IN (SELECT lower(email) FROM {scans})"),
    );
    assert_eq!(
        sample.sorted("SELECT badge FROM read_csv('{dir}/out/new_leads.csv')"),
        sample.sorted(&format!(
            "SELECT badge FROM {scans} WHERE lower(email) NOT IN (SELECT lower(email) FROM people)"
        ))
    );
}

#[test]
fn a_small_pool_goes_to_the_hook_and_not_to_the_mail() {
    let hook = web::Server::start("nothing is refused");
    let sample = Sample::run_changed("28_pause_campaign_small.camp", |text| {
        text.replace("https://hooks.example/", &format!("http://127.0.0.1:{}/", hook.port))
    })
    .well();
    let pool =
        sample.sorted("SELECT customer_id, email FROM contactable WHERE lifetime_value > 500");
    assert!((1..1000).contains(&pool.len()));
    let mut posted: Vec<String> = hook
        .requests()
        .iter()
        .flat_map(|request| request.body["rows"].as_array().unwrap().clone())
        .map(|row| {
            format!("{}|{}", row["customer_id"].as_str().unwrap(), row["email"].as_str().unwrap())
        })
        .collect();
    posted.sort();
    assert_eq!(posted, pool);
    assert_eq!(sample.mail.connections(), 0);
    assert_eq!(sample.receipts(), [format!("webhook|sent|{}", pool.len())]);
    assert_eq!(sample.sorted("SELECT customer_id, email FROM '{dir}/out/vip.csv'"), pool);
}

#[test]
fn a_household_gets_one_catalogue() {
    let sample = Sample::run("31_household.camp").well();
    assert_eq!(
        sample.sorted("SELECT customer_id FROM '{dir}/out/catalogue.csv'"),
        sample.sorted(
            "SELECT customer_id FROM (SELECT c.customer_id, row_number() OVER (
               PARTITION BY lower(trim(address)), postcode
               ORDER BY CASE WHEN phone IS NOT NULL THEN 0 WHEN email IS NOT NULL THEN 1 ELSE 2 END,
                 lifetime_value DESC, signed_up_at) AS n
             FROM customers c JOIN spent USING (customer_id)
             WHERE postal_consent IS TRUE AND address IS NOT NULL AND moved IS NOT TRUE) WHERE n = 1"
        )
    );
}

#[test]
fn a_parcel_is_announced_once() {
    let mut sample = Sample::run("35_incremental.camp").well();
    let shipped = "FROM orders o LEFT JOIN customers c USING (customer_id) WHERE status = 'shipped'
         AND shipped_at >= DATE '2026-11-23' AND shipped_at <= TIMESTAMP '2026-11-25 09:30'";
    sample.same("Shipping mails sent", "order_id", &format!("SELECT order_id {shipped}"));
    let mails = sample.sorted(&format!(
        "SELECT email, 'Your order ' || order_id || ' is on its way' {shipped} AND email IS NOT NULL"
    ));
    assert_eq!(sample.mails(), mails);
    assert!(!mails.is_empty());
    let without: usize =
        sample.rows(&format!("SELECT count(*) {shipped} AND email IS NULL"))[0].parse().unwrap();
    let mut receipts = vec![format!("email|sent|{}", mails.len())];
    if without > 0 {
        receipts.push(format!("email|skipped|{without}"));
        receipts.sort();
    }
    assert_eq!(sample.receipts(), receipts);
    sample.again();
    let sample = sample.well();
    assert_eq!(sample.mails(), mails, "nobody hears of a parcel twice");
}
